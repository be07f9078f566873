package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

// Events returns `usher events`.
func Events(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	var p page
	var link, session, person, collection, kind, since string
	var follow bool
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Shows what happened: who changed what, and what viewers met",
		Long: `Events are kept for 90 days. With --as, or an API key of a person, only those are
shown that the person may see.

--follow prints what happens from now on, the newest last, until it is interrupted.
With --json each event is one line.`,
		Example: `  usher events --link lnk_1e5q0k2h4m6p8r0t2v4g
  usher events --type link.refused --since 24h
  usher events --follow`,
		Args: takesNothing,
	}
	flags := cmd.Flags()
	flags.BoolVar(&follow, "follow", false, "Go on with what happens from now on, until it is interrupted")
	flags.StringVar(&link, "link", "", "Only events of this link: its id, or its share or media URL")
	flags.StringVar(&session, "session", "", "Only events of this session: its id")
	flags.StringVar(&person, "person", "", "Only events that this person made or that are about them: their e-mail address or id")
	flags.StringVar(&collection, "collection", "", "Only events of this collection: its name or id")
	flags.StringVar(&kind, "type", "", "Only events of this type, such as link.refused: see docs/reference/events.md")
	flags.StringVar(&since, "since", "", "Only events since then: a time, or how long ago such as 24h or 7d")
	p.flags(cmd)
	c.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"session": session, "person": person, "collection": collection, "type": kind} {
			if value != "" {
				query.Set(name, value)
			}
		}
		if link != "" {
			id, err := r.linkID(link)
			if err != nil {
				return err
			}
			query.Set("link", id)
		}
		if follow {
			if since != "" {
				return fmt.Errorf("--follow begins now: leave --since out, or list first")
			}
			return followEvents(r, query)
		}
		return listEvents(r, query, since, p)
	})
}

func listEvents(r *run, query url.Values, since string, p page) error {
	if since != "" {
		query.Set("since", since)
	}
	again := "usher events"
	for _, name := range []string{"link", "session", "person", "collection", "type", "since"} {
		if value := query.Get(name); value != "" {
			again += " --" + name + " " + value
		}
	}
	for name, values := range p.query() {
		query[name] = values
	}
	return show(r, http.MethodGet, "/events?"+query.Encode(), nil, func(out io.Writer, list api.EventList) {
		if len(list.Events) == 0 && list.Next == "" {
			fmt.Fprintln(out, "There are no events.")
			return
		}
		rows := make([][]string, len(list.Events))
		for i, e := range list.Events {
			rows[i] = []string{stamp(e.Time), e.Type.String(), aboutOf(e), byOf(e), moreOf(e)}
		}
		table(out, []string{"TIME", "TYPE", "ABOUT", "BY", "MORE"}, rows)
		more(out, again, list.Next)
	})
}

func followEvents(r *run, query url.Values) error {
	return r.follow("/events/stream?"+query.Encode(), func(event string, data []byte) error {
		if r.json {
			return line(r.out, data)
		}
		if event == "gap" {
			_, err := fmt.Fprintln(r.out, "More happened than could be told: usher events lists it.")
			return err
		}
		e, err := read[events.Event](data)
		if err != nil {
			return err
		}
		words := []string{stamp(e.Time), e.Type.String(), aboutOf(e), byOf(e), moreOf(e)}
		_, err = fmt.Fprintln(r.out, strings.TrimRight(strings.Join(words, "  "), " "))
		return err
	})
}

// aboutOf says what an event is about, most closely.
func aboutOf(e events.Event) string {
	for _, one := range []struct {
		zero bool
		id   fmt.Stringer
	}{
		{e.Link.IsZero(), e.Link}, {e.Person.IsZero(), e.Person}, {e.Group.IsZero(), e.Group}, {e.Collection.IsZero(), e.Collection},
	} {
		if !one.zero {
			return one.id.String()
		}
	}
	return e.Key
}

// byOf says who did it: of what viewers did, nobody by name.
func byOf(e events.Event) string { return either(e.By, "-") }

// moreOf is what else an event says, in a few words.
func moreOf(e events.Event) string {
	var words []string
	add := func(word, value string) {
		if value != "" {
			words = append(words, strings.TrimSpace(word+" "+value))
		}
	}
	add("", e.Reason)
	add("", e.Detail)
	if e.Count > 0 {
		add("count", fmt.Sprint(e.Count))
	}
	if e.Unfinished {
		add("", "not known how much of it was made")
	}
	if e.Session != (gate.SessionID{}) {
		add("session", e.Session.String())
	}
	add("asset", e.Asset)
	add("player", e.Agent)
	add("client", e.Client)
	return strings.Join(words, ", ")
}
