package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// table prints rows in aligned columns.
func table(out io.Writer, head []string, rows [][]string) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
}

// facts prints names and values, one a line; empty values are left out.
func facts(out io.Writer, pairs ...[2]string) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, pair := range pairs {
		if pair[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", pair[0], pair[1])
		}
	}
	w.Flush()
}

// stamp writes a time the way --expires reads it; empty where there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// ends says when something ends.
func ends(t time.Time) string {
	if t.IsZero() {
		return "never expires"
	}
	return stamp(t)
}

// either is the name of something, or what else there is to call it by.
func either(name, otherwise string) string {
	if name != "" {
		return name
	}
	return otherwise
}

// count writes "1 play" and "2 plays".
func count(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// more says how to read on where a list has another page.
func more(out io.Writer, command, next string) {
	if next != "" {
		fmt.Fprintf(out, "\nThere are more: %s --cursor %s\n", command, next)
	}
}
