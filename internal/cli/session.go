package cli

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

const whichSession = "the session's id (ses_…)"

// Session returns `usher session`.
func Session(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "session",
		Short: "Shows who is watching, and ends sessions",
		Long: `A session is one browser or player that opened a link. It is kept for a day
after it is over. Its plays are the views it used: each says which request began
it, and when it was last seen.`,
		Example: `  usher session list --link lnk_1e5q0k2h4m6p8r0t2v4g
  usher session show ses_1e5q0k2h4m6p8r0t2v4g
  usher session end ses_1e5q0k2h4m6p8r0t2v4g`,
	}, listSessions(c), showSession(c), endSession(c))
	c.flags(cmd)
	return cmd
}

func listSessions(c *common) *cobra.Command {
	var p page
	var link, person, visitors string
	var follow bool
	cmd := &cobra.Command{
		Use: "list", Short: "Lists sessions, the newest first",
		Example: "  usher session list\n  usher session list --link lnk_1e5q0k2h4m6p8r0t2v4g\n  usher session list --person ada@example.com",
		Args:    takesNothing,
	}
	cmd.Flags().StringVar(&link, "link", "", "Only sessions of this link: its id, or its share or media URL")
	cmd.Flags().StringVar(&person, "person", "", "Only sessions of this person: their e-mail address or id")
	cmd.Flags().StringVar(&visitors, "visitors", "", "Only sessions of visitors of this public collection, where they are counted: its name or id")
	cmd.Flags().BoolVar(&follow, "follow", false, "Print live sessions, and go on with each that comes, goes or changes, until it is interrupted")
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		query, again := p.query(), "usher session list"
		if visitors != "" {
			query.Set("visitors", visitors)
			again += " --visitors " + visitors
		}
		if link != "" {
			id, err := r.linkID(link)
			if err != nil {
				return err
			}
			query.Set("link", id)
			again += " --link " + id
		}
		if person != "" {
			query.Set("person", person)
			again += " --person " + person
		}
		if follow {
			return followSessions(r, query)
		}
		return show(r, http.MethodGet, "/sessions?"+query.Encode(), nil, func(out io.Writer, list api.SessionList) {
			printSessions(out, list)
			more(out, again, list.Next)
		})
	})
}

func showSession(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "show SESSION", Short: "Shows a session and its plays",
		Example: "  usher session show ses_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichSession),
	}, func(r *run, args []string) error {
		id, err := gate.ParseSessionID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodGet, "/sessions/"+id.String(), nil, printSession)
	})
}

func endSession(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "end SESSION", Short: "Ends a session now",
		Long: `Ends a session now: its player is cut off within seconds. Its viewer may open the
link again, as long as the link allows; to prevent that, suspend or revoke the
link.`,
		Example: "  usher session end ses_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichSession),
	}, func(r *run, args []string) error {
		id, err := gate.ParseSessionID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPost, "/sessions/"+id.String()+"/end", nil, printSession)
	})
}

func printSessions(out io.Writer, list api.SessionList) {
	if len(list.Sessions) == 0 {
		fmt.Fprintln(out, "There are no sessions.")
		return
	}
	rows := make([][]string, len(list.Sessions))
	for i, s := range list.Sessions {
		rows[i] = []string{s.ID.String(), s.State, personOf(s), s.Agent, fmt.Sprint(len(s.Plays)), stamp(s.LastSeen), s.Link.String()}
	}
	table(out, []string{"SESSION", "STATE", "WHO", "PLAYER", "PLAYS", "LAST SEEN", "LINK"}, rows)
}

// personOf says whose a session is.
func personOf(s api.Session) string {
	if s.Person.IsZero() {
		return "anybody"
	}
	return either(s.Email, s.Person.String())
}

func printSession(out io.Writer, s api.Session) {
	facts(out,
		[2]string{"Session", s.ID.String()},
		[2]string{"Link", s.Link.String()},
		[2]string{"State", s.State},
		[2]string{"Person", personOf(s)},
		[2]string{"Device", s.Device.String()},
		[2]string{"Player", s.Agent},
		[2]string{"Made", stamp(s.CreatedAt)},
		[2]string{"Last seen", stamp(s.LastSeen)},
		[2]string{"Ends", stamp(s.ExpiresAt)},
		[2]string{"Ended", strings.TrimSuffix(stamp(s.EndedAt)+", "+s.EndedWhy, ", ")},
		[2]string{"Bytes", fmt.Sprint(s.Bytes)},
	)
	if len(s.Plays) == 0 {
		fmt.Fprintln(out, "\nThis viewer has no plays.")
		return
	}
	rows := make([][]string, len(s.Plays))
	for i, p := range s.Plays {
		asset := p.Asset
		if asset == gate.WholeScope {
			asset = "(all of the link)"
		}
		rows[i] = []string{asset, p.State, stamp(p.OpenedAt), stamp(p.LastSeen), p.Opener}
	}
	fmt.Fprintln(out)
	table(out, []string{"PLAY OF", "STATE", "OPENED", "LAST SEEN", "BEGUN BY"}, rows)
}
