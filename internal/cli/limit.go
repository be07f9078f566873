package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// Limit returns `usher limit`.
func Limit(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "limit",
		Short: "Shows who waits after wrong tries at passwords and codes, and lets them try again",
		Long: `Whoever tries wrong passwords or codes has to wait longer and longer. Wrong tries
are counted three times: those of a client group at one thing, those of everybody
at it, and those of a client group at all things of the kind. A device that was let
in before has a counter of its own and waits for nobody else's tries.

A client group is shown as a hash, never as an address; sessions show the same one.`,
		Example: `  usher limit list
  usher limit list --link lnk_1e5q0k2h4m6p8r0t2v4g
  usher limit show lim_1e5q0k2h4m6p8r0t2v4g
  usher limit clear --person ada@example.com`,
	}, listLimits(c), showLimit(c), clearLimit(c))
	c.flags(cmd)
	return cmd
}

// limitFilter are the flags that say whose limits.
type limitFilter struct{ link, person string }

func (f *limitFilter) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.link, "link", "", "Those at the password of this link: its id, or its share or media URL")
	cmd.Flags().StringVar(&f.person, "person", "", "Those at signing in as this person: their e-mail address or id")
}

// query puts the filter into a query, and returns the flags that say the same.
func (f *limitFilter) query(r *run, query url.Values) (again string, err error) {
	if f.link != "" {
		id, err := r.linkID(f.link)
		if err != nil {
			return "", err
		}
		query.Set("link", id)
		again = " --link " + id
	}
	if f.person != "" {
		query.Set("person", f.person)
		again += " --person " + f.person
	}
	return again, nil
}

func listLimits(c *common) *cobra.Command {
	var p page
	var f limitFilter
	cmd := &cobra.Command{
		Use: "list", Short: "Lists counters with wrong tries in them, each with a sentence",
		Example: "  usher limit list\n  usher limit list --link lnk_1e5q0k2h4m6p8r0t2v4g\n  usher limit list --person ada@example.com",
		Args:    takesNothing,
	}
	f.flags(cmd)
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		query := p.query()
		again, err := f.query(r, query)
		if err != nil {
			return err
		}
		return show(r, http.MethodGet, "/limits?"+query.Encode(), nil, func(out io.Writer, list api.LimitList) {
			printLimits(out, list)
			more(out, "usher limit list"+again, list.Next)
		})
	})
}

func printLimits(out io.Writer, list api.LimitList) {
	if len(list.Limits) == 0 {
		fmt.Fprintln(out, "Nobody has tried anything wrong.")
	} else {
		rows := make([][]string, len(list.Limits))
		for i, l := range list.Limits {
			rows[i] = []string{l.ID.String(), either(stamp(l.WaitsUntil), "nobody waits"), l.Why}
		}
		table(out, []string{"LIMIT", "WAITS UNTIL", "WHY"}, rows)
	}
	if n := list.Rates; n != nil {
		fmt.Fprintf(out, "\nHeld to a request rate on this node: %d of %s, and %d of %s, have to wait right now.\n",
			n.SessionsWaiting, count(int64(n.Sessions), "session"), n.GroupsWaiting, count(int64(n.Groups), "client group"))
	}
}

const whichLimit = "the limit's id (lim_…)"

func showLimit(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "show LIMIT", Short: "Shows a counter of wrong tries: what it counts, and until when it makes wait",
		Example: "  usher limit show lim_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichLimit),
	}, func(r *run, args []string) error {
		return show(r, http.MethodGet, "/limits/"+url.PathEscape(args[0]), nil, printLimit)
	})
}

func printLimit(out io.Writer, l api.Limit) {
	facts(out,
		[2]string{"Limit", l.ID.String()},
		[2]string{"Tried", strings.ReplaceAll(l.What, "_", " ")},
		[2]string{"Link", l.Link},
		[2]string{"Person", l.Email},
		[2]string{"Counted", strings.ReplaceAll(l.Whom, "_", " ")},
		[2]string{"Device", l.Device},
		[2]string{"Client group", l.ClientGroup},
		[2]string{"Wrong tries", fmt.Sprint(l.Wrong)},
		[2]string{"Last", stamp(l.Last)},
		[2]string{"Waits until", either(stamp(l.WaitsUntil), "nobody waits")},
		[2]string{"Why", l.Why},
	)
}

func clearLimit(c *common) *cobra.Command {
	var f limitFilter
	cmd := &cobra.Command{
		Use:   "clear [LIMIT]",
		Short: "Begins counters anew, so that nobody waits there",
		Long: `Begins a counter anew, or all of a link or of a person: nobody waits there any more,
those included whose guesses were counted. Devices that were let in stay known.`,
		Example: "  usher limit clear lim_1e5q0k2h4m6p8r0t2v4g\n  usher limit clear --link lnk_1e5q0k2h4m6p8r0t2v4g\n  usher limit clear --person ada@example.com",
		Args:    cobra.MaximumNArgs(1),
	}
	f.flags(cmd)
	return c.leaf(cmd, func(r *run, args []string) error {
		query := url.Values{}
		if _, err := f.query(r, query); err != nil {
			return err
		}
		if len(args)+len(query) != 1 {
			return errors.New("say what to clear: a limit's id, --link or --person")
		}
		if len(args) == 1 {
			return show(r, http.MethodDelete, "/limits/"+url.PathEscape(args[0]), nil, func(out io.Writer, l api.Limit) {
				fmt.Fprintf(out, "Limit %s begins anew. It was: %s\n", l.ID, l.Why)
			})
		}
		return show(r, http.MethodDelete, "/limits?"+query.Encode(), nil, func(out io.Writer, n api.LimitsCleared) {
			fmt.Fprintf(out, "%s begun anew: nobody waits there now.\n", count(int64(n.Cleared), "limit"))
		})
	})
}
