package directory

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Chart returns the role table as text for a terminal.
func Chart() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range chart() {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // a Builder never fails
	return b.String()
}

// ChartMarkdown returns the role table for the docs.
func ChartMarkdown() string {
	var b strings.Builder
	for i, row := range chart() {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	return b.String()
}

// chart is the table with the most powerful role first.
func chart() [][]string {
	head := []string{"permission"}
	for r := Owner; ; r-- {
		head = append(head, r.String())
		if r == Limited {
			break
		}
	}
	rows := [][]string{append(head, "what it is")}
	for _, p := range Permissions() {
		row := []string{p.String()}
		for r := Owner; ; r-- {
			row = append(row, r.Reach(p).String())
			if r == Limited {
				break
			}
		}
		rows = append(rows, append(row, p.Sentence()))
	}
	return rows
}
