package cli

import (
	"errors"
	"net/http"
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
		Long: `A link opens one file, or a folder with everything below it, to whoever has its
URL: for so many views, for so long. It has two URLs. The share URL is for
people: it shows a page with a Watch button. The media URL is for players.

Wherever a command takes a link, its id (lnk_…) and both URLs will do.`,
		Example: `  usher link create --path '/acme/demo/*' --views 3 --expires 48h
  usher link list
  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --views +2
  usher link revoke https://media.example.com/s/… --why 'sent to the wrong person'`,
	},
		createLink(c), listLinks(c), showLink(c), extendLink(c),
		standLink(c, "suspend", "Closes a link until it is resumed", "Whoever is watching is cut off within seconds. Nothing is lost: resume opens it\nagain."),
		standLink(c, "resume", "Opens a suspended link again", "Views used so far stay used."),
		standLink(c, "revoke", "Closes a link for good", "Whoever is watching is cut off within seconds. This cannot be undone; suspend can."),
	)
	c.flags(cmd)
	return cmd
}

func createLink(c *common) *cobra.Command {
	var body api.NewLink
	var expires, starts string
	cmd := &cobra.Command{
		Use:   "create --path PATH",
		Short: "Makes a link and prints its URLs",
		Long: `Makes a link and prints its URLs. Unless told otherwise it has no views limit
and never expires, and it opens for viewing only.`,
		Example: `  usher link create --path '/acme/demo/*' --views 3 --expires 48h
  usher link create --path /acme/film.mp4 --views-each 2 --can view,download --title 'Rough cut'
  usher link create --path '/acme/demo/*' --seats 2 --when-full replace
  usher link create --path '/acme/demo/*' --entry hls/master.m3u8 --starts 2026-02-01T18:00:00Z`,
		Args: takesNothing,
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Path, "path", "", "What the link opens: a file such as /acme/film.mp4, or '/acme/demo/*' for everything below that folder")
	flags.Int64Var(&body.Views, "views", 0, "How many views the link is good for (0: no limit)")
	flags.Int64Var(&body.ViewsEach, "views-each", 0, "How many of them one viewer may use (0: no limit)")
	flags.Int64Var(&body.Seats, "seats", 0, "How many devices may watch at once (0: no limit)")
	flags.Int64Var(&body.SeatsEach, "seats-each", 0, "How many of them may be one viewer's (0: no limit)")
	flags.StringVar(&body.WhenFull, "when-full", "", whenFullFlag)
	flags.StringVar(&expires, "expires", "", "When the link ends: a duration such as 48h or 7d, or a time such as 2026-01-31T18:00:00Z")
	flags.StringVar(&starts, "starts", "", "When it opens, written the same way (default now)")
	flags.StringSliceVar(&body.Can, "can", nil, "What it allows: view, download, upload, share, stats (default view)")
	flags.StringVar(&body.Title, "title", "", "What the link's page calls the video (default nothing)")
	flags.StringVar(&body.Entry, "entry", "", "File below the folder that players start with, such as master.m3u8 (default looked for)")
	return c.leaf(cmd, func(r *run, _ []string) error {
		if body.Path == "" {
			return errors.New("say with --path what the link opens, such as --path '/acme/demo/*'")
		}
		end, err := parseWhen("expires", expires)
		if err != nil {
			return err
		}
		start, err := parseWhen("starts", starts)
		if err != nil {
			return err
		}
		body.ExpiresAt, body.ExpiresIn, body.StartsAt = end.at, end.in, start.time(time.Now())
		return show(r, http.MethodPost, "/links", body, printLink)
	})
}

const whenFullFlag = "What becomes of one more device: refuse it, or replace the oldest (default refuse)"

func listLinks(c *common) *cobra.Command {
	var p page
	cmd := &cobra.Command{
		Use: "list", Short: "Lists links, the newest first",
		Example: "  usher link list\n  usher link list --limit 200 --json",
		Args:    takesNothing,
	}
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		return show(r, http.MethodGet, "/links?"+p.query().Encode(), nil, printLinks)
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

func extendLink(c *common) *cobra.Command {
	var views, viewsEach, seats, seatsEach, whenFull, expires string
	cmd := &cobra.Command{
		Use:   "extend LINK",
		Short: "Changes how many views and seats a link has, or when it ends",
		Long: `Changes the limits of a link that is out already; its URLs stay the same. Views
that were used stay used: a link with 3 of 3 views used and --views +2 is good
for 2 more. Fewer seats cut nobody off: the next device that opens the link makes
room for itself or is refused. A link signed elsewhere keeps the end that its
issuer gave it.`,
		Example: `  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --views +2
  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --views 10 --expires 7d
  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --expires 2026-12-31T00:00:00Z`,
		Args: takes(whichLink),
	}
	flags := cmd.Flags()
	flags.StringVar(&views, "views", "", "New limit of views, such as 10 (0: no limit), or +2 to add 2")
	flags.StringVar(&viewsEach, "views-each", "", "New limit for each viewer, or +N to add to it")
	flags.StringVar(&seats, "seats", "", "New limit of devices at once (0: no limit)")
	flags.StringVar(&seatsEach, "seats-each", "", "New limit of devices at once for each viewer")
	flags.StringVar(&whenFull, "when-full", "", whenFullFlag)
	flags.StringVar(&expires, "expires", "", "New end: a duration from now such as 48h, or a time such as 2026-01-31T18:00:00Z")
	return c.leaf(cmd, func(r *run, args []string) error {
		var body api.LinkChange
		var err error
		if body.Views, body.AddViews, err = parseAmount("views", views); err != nil {
			return err
		}
		if body.ViewsEach, body.AddViewsEach, err = parseAmount("views-each", viewsEach); err != nil {
			return err
		}
		if body.Seats, err = parseLimit("seats", seats); err != nil {
			return err
		}
		if body.SeatsEach, err = parseLimit("seats-each", seatsEach); err != nil {
			return err
		}
		if whenFull != "" {
			body.WhenFull = &whenFull
		}
		end, err := parseWhen("expires", expires)
		if err != nil {
			return err
		}
		body.ExpiresAt, body.ExpiresIn = end.at, end.in
		if body == (api.LinkChange{}) {
			return errors.New("say what to change, with --views, --views-each, --seats, --seats-each, --when-full or --expires")
		}
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPatch, "/links/"+id, body, printLink)
	})
}

// standLink makes the three commands that change a link's standing.
func standLink(c *common, verb, short, long string) *cobra.Command {
	var body api.StandingChange
	cmd := &cobra.Command{
		Use: verb + " LINK", Short: short, Long: short + ".\n" + long,
		Example: "  usher link " + verb + " lnk_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichLink),
	}
	cmd.Flags().StringVar(&body.Why, "why", "", "Why, in a few words, for whoever looks at the link later")
	return c.leaf(cmd, func(r *run, args []string) error {
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPost, "/links/"+id+"/"+verb, body, printLink)
	})
}
