package cli

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// Link returns `usher link`.
func Link(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "link",
		Short: "Makes and manages share links",
		Long: `A link opens one file, a folder with everything below it, or a collection, to
whoever has its URL, or only to persons whom it names: for so many views, for so
long. It has two URLs. The share URL is for people: it shows a page with a Watch
button. The media URL is for players.

Wherever a command takes a link, its id (lnk_…) and both URLs will do.`,
		Example: `  usher link create --path '/acme/demo/*' --views 3 --expires 48h
  usher link list
  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --views +2
  usher link revoke https://media.example.com/s/… --why 'sent to the wrong person'`,
	},
		createLink(c), listLinks(c), showLink(c), extendLink(c), changeLink(c), mintLinks(c), mailLink(c), linkForwarding(c), linkFine(c),
		standLink(c, "suspend", "Closes a link until it is resumed", "Whoever is watching is cut off within seconds. Nothing is lost: resume opens it\nagain."),
		standLink(c, "resume", "Opens a suspended link again", "Views used so far stay used."),
		standLink(c, "revoke", "Closes a link for good", "Whoever is watching is cut off within seconds. This cannot be undone; suspend can."),
		cutLink(c), linkPresets(c), linkStrength(c),
	)
	c.flags(cmd)
	return cmd
}

func createLink(c *common) *cobra.Command {
	var body api.NewLink
	var flags newLinkFlags
	cmd := &cobra.Command{
		Use:   "create --path PATH | --collection NAME | --parent LINK",
		Short: "Makes a link and prints its URLs",
		Long: `Makes a link and prints its URLs. Unless told otherwise it has no views limit
and never expires, and it opens for viewing only. With --parent it is made from
another link, is never more than that one, and gets its views from it. A password
is read from a file or from standard input: what stands on a command line can be
read by others on the machine.`,
		Example: `  usher link create --path '/acme/demo/*' --views 3 --expires 48h
  usher link create --path /acme/film.mp4 --views-each 2 --can view,download --title 'Rough cut'
  usher link create --collection acme --preset exam --for ann@example.com --for ben@example.com
  usher link create --path '/acme/demo/*' --seats 2 --when-full replace --password-file -
  usher link create --path '/acme/demo/*' --entry hls/master.m3u8 --starts 2026-02-01T18:00:00Z
  usher link create --parent lnk_1e5q0k2h4m6p8r0t2v4g --views 1 --for cleo@example.com`,
		Args: takesNothing,
	}
	flags.add(cmd, &body)
	return c.leaf(cmd, func(r *run, _ []string) error {
		if body.Path == "" && body.Collection == "" && body.Parent == "" {
			return errors.New("say with --path what the link opens, such as --path '/acme/demo/*', or name a --collection or a --parent")
		}
		if err := flags.fill(r, cmd, &body); err != nil {
			return err
		}
		return show(r, http.MethodPost, "/links", body, printLink)
	})
}

// newLinkFlags are the flags of a new link that are not fields of its body.
type newLinkFlags struct {
	expires, starts, startBy, playFor, passwordFile string
	audience, onForward                             string
	views, viewsEach, seats, seatsEach              int64
	emails                                          []string
}

func (f *newLinkFlags) add(cmd *cobra.Command, body *api.NewLink) {
	flags := cmd.Flags()
	flags.StringVar(&body.Path, "path", "", "What the link opens: a file such as /acme/film.mp4, or '/acme/demo/*' for everything below that folder")
	flags.StringVar(&body.Collection, "collection", "", "The collection that it opens, by name or id; with --path: that the path is in")
	flags.StringVar(&body.Parent, "parent", "", "The link that it is made from: its id, or its share or media URL")
	flags.StringVar(&body.Preset, "preset", "", "A named set of limits, which other flags change: see usher link presets")
	flags.StringArrayVar(&f.emails, "for", nil, "E-mail address of somebody whom it is for; may be given again")
	flags.StringVar(&f.passwordFile, "password-file", "", "File with the link's password, or - for standard input")
	flags.Int64Var(&f.views, "views", 0, "How many views the link is good for (0: no limit)")
	flags.Int64Var(&f.viewsEach, "views-each", 0, "How many of them one viewer may use (0: no limit)")
	flags.Int64Var(&f.seats, "seats", 0, "How many devices may watch at once (0: no limit)")
	flags.Int64Var(&f.seatsEach, "seats-each", 0, "How many of them may be one viewer's (0: no limit)")
	flags.StringVar(&body.WhenFull, "when-full", "", whenFullFlag)
	flags.StringVar(&f.expires, "expires", "", "When the link ends: a duration such as 48h or 7d, or a time such as 2026-01-31T18:00:00Z")
	flags.StringVar(&f.starts, "starts", "", "When it opens, written the same way (default now)")
	flags.StringVar(&f.startBy, "start-by", "", "When the last view may begin, written the same way; begun ones go on to the end")
	flags.StringVar(&f.playFor, "play-for", "", "How long it is good for from its first view on, such as 48h")
	flags.StringSliceVar(&body.Can, "can", nil, "What it allows: view, download, upload, share, stats, comment (default view)")
	flags.StringVar(&body.Title, "title", "", "What the link's page calls the video (default nothing)")
	flags.StringVar(&f.audience, "audience", "", audienceFlag)
	flags.StringVar(&f.onForward, "on-forward", "", onForwardFlag)
	flags.StringVar(&body.Landing, "landing", "", landingFlag)
	flags.StringVar(&body.Entry, "entry", "", "File below the folder that players start with, such as master.m3u8 (default looked for)")
}

// fill puts the flags into the body. A limit that was not given stays out of it:
// a preset may set it then.
func (f *newLinkFlags) fill(r *run, cmd *cobra.Command, body *api.NewLink) (err error) {
	for name, limit := range map[string]struct {
		from *int64
		to   **int64
	}{
		"views": {&f.views, &body.Views}, "views-each": {&f.viewsEach, &body.ViewsEach},
		"seats": {&f.seats, &body.Seats}, "seats-each": {&f.seatsEach, &body.SeatsEach},
	} {
		if cmd.Flags().Changed(name) {
			*limit.to = limit.from
		}
	}
	now := time.Now()
	end, err := parseWhen("expires", f.expires)
	if err != nil {
		return err
	}
	body.ExpiresAt, body.ExpiresIn = end.at, end.in
	if body.StartsAt, err = parseTime("starts", f.starts, now); err != nil {
		return err
	}
	if body.StartBy, err = parseTime("start-by", f.startBy, now); err != nil {
		return err
	}
	if f.playFor != "" {
		body.PlayFor = &f.playFor
	}
	if body.Password, err = r.readPassword("password-file", f.passwordFile); err != nil {
		return err
	}
	if f.emails != nil {
		body.For = f.emails
	}
	body.Audience, body.OnForward = given(f.audience), given(f.onForward)
	if body.Parent != "" {
		body.Parent, err = r.linkID(body.Parent)
	}
	return err
}

const landingFlag = "What whoever follows it meets: confirm, a page with a button, or none, for links that limit and ask nothing (default confirm)"

const whenFullFlag = "What becomes of one more device: refuse it, or replace the oldest (default refuse)"

func listLinks(c *common) *cobra.Command {
	var p page
	filters := url.Values{}
	var collection, by, person, parent string
	cmd := &cobra.Command{
		Use: "list", Short: "Lists links, the newest first",
		Long: `Lists links, the newest first: all of them, or those of a collection, those that
somebody made, those that are for somebody, or those made from a link.`,
		Example: "  usher link list\n  usher link list --collection acme\n  usher link list --for ann@example.com --json",
		Args:    takesNothing,
	}
	flags := cmd.Flags()
	flags.StringVar(&collection, "collection", "", "Only links of this collection, by name or id")
	flags.StringVar(&by, "by", "", "Only links that this person made, by e-mail address or id")
	flags.StringVar(&person, "for", "", "Only links that are for this person, by e-mail address or id")
	flags.StringVar(&parent, "parent", "", "Only links made from this one, and those made from these")
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		for name, value := range map[string]string{"collection": collection, "by": by, "for": person} {
			if value != "" {
				filters.Set(name, value)
			}
		}
		if parent != "" {
			id, err := r.linkID(parent)
			if err != nil {
				return err
			}
			filters.Set("parent", id)
		}
		again, query := "usher link list", p.query()
		for _, name := range slices.Sorted(maps.Keys(filters)) {
			again += " --" + name + " " + filters.Get(name)
			query.Set(name, filters.Get(name))
		}
		return show(r, http.MethodGet, "/links?"+query.Encode(), nil, func(out io.Writer, list api.LinkList) {
			printLinks(out, list, again)
		})
	})
}

func showLink(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "show LINK", Short: "Shows a link: its URLs, views, end and standing",
		Example: "  usher link show lnk_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichLink),
	}, func(r *run, args []string) error {
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodGet, "/links/"+id, nil, printLink)
	})
}
