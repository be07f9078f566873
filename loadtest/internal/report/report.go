// Package report says what a measurement found: Markdown for people and for
// the docs, one JSON object for machines, and which promises were kept.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Report is what a mode found out.
type Report struct {
	Mode    string  `json:"mode"`
	Machine Machine `json:"machine"`
	// Kept says that every promise was kept.
	Kept     bool      `json:"kept"`
	Promises []Promise `json:"promises"`
	// Figures are the mode's own.
	Figures any `json:"figures"`

	tables []Table
	notes  []string
}

// New begins the report of a mode, and judges the promises.
func New(mode string, figures any, promises []Promise) *Report {
	r := &Report{Mode: mode, Figures: figures, Promises: promises, Kept: true}
	for i := range promises {
		promises[i].judge()
		r.Kept = r.Kept && (promises[i].Kept || !promises[i].Binding)
	}
	return r
}

// Add adds a table.
func (r *Report) Add(t Table) { r.tables = append(r.tables, t) }

// Note adds a sentence below the tables.
func (r *Report) Note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// Write writes the report, as JSON or as Markdown.
func (r *Report) Write(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Mode, r.Machine)
	for _, t := range append(r.tables, promiseTable(r.Promises)) {
		b.WriteString("\n" + t.String())
	}
	for _, note := range r.notes {
		b.WriteString("\n" + note + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Table is a Markdown table.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Row adds a row.
func (t *Table) Row(cells ...string) { t.Rows = append(t.Rows, cells) }

func (t Table) String() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.Columns)
	rule := make([]string, len(t.Columns))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}

// None stands in a cell where there is nothing to say.
const None = "–"
