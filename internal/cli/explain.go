package cli

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// Explain returns `usher explain`.
func Explain(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	var method string
	cmd := &cobra.Command{
		Use:   "explain URL",
		Short: "Says what the gate would answer to a URL, and why",
		Long: `Says what the gate would answer to a share, media or session URL, step by step. It
changes nothing: no session is opened and no view is used. Cookies and headers of
a real request are not known here. Put the URL in quotes: shells read & and ?
otherwise.`,
		Example: `  usher explain 'https://media.example.com/s/…'
  usher explain 'https://media.example.com/acme/demo/master.m3u8?usher=…'
  usher explain --method HEAD '/acme/film.mp4?usher=…'`,
		Args: takes("the URL, in quotes"),
	}
	cmd.Flags().StringVar(&method, "method", http.MethodGet, "Method of the request: GET, HEAD or POST")
	c.flags(cmd)
	return c.leaf(cmd, func(r *run, args []string) error {
		question := api.Question{URL: args[0], Method: strings.ToUpper(method)}
		return show(r, http.MethodPost, "/explain", question, printExplanation)
	})
}

func printExplanation(out io.Writer, e api.Explanation) {
	for _, step := range e.Steps {
		fmt.Fprintf(out, "%-10s%s\n", step.Step, step.Finding)
	}
	fmt.Fprintln(out)
	verdict := fmt.Sprintf("%s (%d)", e.Outcome, e.Status)
	if e.Reason != "ok" {
		verdict = fmt.Sprintf("%s: %s (%d)", e.Outcome, e.Reason, e.Status)
	}
	facts(out, [2]string{"Outcome", verdict}, [2]string{"Allowance", e.Allowance}, [2]string{"Link", e.Link}, [2]string{"Session", e.Session})
}
