package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

func extendLink(c *common) *cobra.Command {
	var f extendFlags
	cmd := &cobra.Command{
		Use:   "extend LINK",
		Short: "Changes how many views and seats a link has, or when it is open",
		Long: `Changes the limits of a link that is out already; its URLs stay the same. Views
that were used stay used: a link with 3 of 3 views used and --views +2 is good
for 2 more. Fewer seats cut nobody off: the next device that opens the link makes
room for itself or is refused. A link signed elsewhere keeps the end that its
issuer gave it; one made from another link gets more views from that one.`,
		Example: `  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --views +2
  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --views 10 --expires 7d
  usher link extend lnk_1e5q0k2h4m6p8r0t2v4g --expires 2026-12-31T00:00:00Z`,
		Args: takes(whichLink),
	}
	f.add(cmd)
	return c.leaf(cmd, func(r *run, args []string) error {
		body, err := f.body(time.Now())
		if err != nil {
			return err
		}
		if body.IsZero() {
			return errors.New("say what to change, with --views, --views-each, --seats, --seats-each, --starts, --start-by, --play-for, --when-full or --expires")
		}
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPatch, "/links/"+id, body, printLink)
	})
}

// extendFlags are the flags of a change of limits.
type extendFlags struct {
	views, viewsEach, seats, seatsEach, whenFull, expires, starts, startBy, playFor string
}

func (f *extendFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.views, "views", "", "New limit of views, such as 10 (0: no limit), or +2 to add 2")
	flags.StringVar(&f.viewsEach, "views-each", "", "New limit for each viewer, or +N to add to it")
	flags.StringVar(&f.seats, "seats", "", "New limit of devices at once (0: no limit)")
	flags.StringVar(&f.seatsEach, "seats-each", "", "New limit of devices at once for each viewer")
	flags.StringVar(&f.whenFull, "when-full", "", whenFullFlag)
	flags.StringVar(&f.expires, "expires", "", "New end: a duration from now such as 48h, or a time such as 2026-01-31T18:00:00Z")
	flags.StringVar(&f.starts, "starts", "", "New opening, written the same way")
	flags.StringVar(&f.startBy, "start-by", "", "New time by which the last view has to begin, written the same way")
	flags.StringVar(&f.playFor, "play-for", "", "New time that it is good for from its first view on, such as 48h")
}

func (f *extendFlags) body(now time.Time) (body api.LinkChange, err error) {
	if body.Views, body.AddViews, err = parseAmount("views", f.views); err != nil {
		return body, err
	}
	if body.ViewsEach, body.AddViewsEach, err = parseAmount("views-each", f.viewsEach); err != nil {
		return body, err
	}
	if body.Seats, err = parseLimit("seats", f.seats); err != nil {
		return body, err
	}
	if body.SeatsEach, err = parseLimit("seats-each", f.seatsEach); err != nil {
		return body, err
	}
	if f.whenFull != "" {
		body.WhenFull = &f.whenFull
	}
	end, err := parseWhen("expires", f.expires)
	if err != nil {
		return body, err
	}
	body.ExpiresAt, body.ExpiresIn = end.at, end.in
	if body.StartsAt, err = parseTime("starts", f.starts, now); err != nil {
		return body, err
	}
	if f.playFor != "" {
		body.PlayFor = &f.playFor
	}
	body.StartBy, err = parseTime("start-by", f.startBy, now)
	return body, err
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

func changeLink(c *common) *cobra.Command {
	var body api.LinkChange
	var emails []string
	var passwordFile, landing string
	var anybody, noPassword bool
	var audience, onForward string
	cmd := &cobra.Command{
		Use:   "change LINK",
		Short: "Changes what a link allows, whom it is for, its password or its page",
		Long: `Changes what a link allows, whom it is for, its password, or whether it has a page
in front; its URLs stay the same. What it loses is lost at the next request. Who
was let in by the former password stays in, unless --end-sessions ends their
sessions.`,
		Example: `  usher link change lnk_1e5q0k2h4m6p8r0t2v4g --can view
  usher link change lnk_1e5q0k2h4m6p8r0t2v4g --for ann@example.com --for ben@example.com
  usher link change lnk_1e5q0k2h4m6p8r0t2v4g --password-file - --end-sessions`,
		Args: takes(whichLink),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&body.Can, "can", nil, "What it allows from now on: view, download, upload, share, stats, comment")
	flags.StringArrayVar(&emails, "for", nil, "E-mail address of somebody whom it is for, in place of those before; may be given again")
	flags.BoolVar(&anybody, "for-anybody", false, "Make it for whoever has it")
	flags.StringVar(&passwordFile, "password-file", "", "File with its new password, or - for standard input")
	flags.StringVar(&landing, "landing", "", landingFlag)
	flags.BoolVar(&noPassword, "no-password", false, "Take its password away")
	flags.StringVar(&audience, "audience", "", audienceFlag)
	flags.StringVar(&onForward, "on-forward", "", onForwardFlag)
	flags.BoolVar(&body.EndSessions, "end-sessions", false, "End what was opened by it before")
	return c.leaf(cmd, func(r *run, args []string) (err error) {
		switch {
		case anybody && emails != nil:
			return errors.New("give --for or --for-anybody, not both")
		case noPassword && passwordFile != "":
			return errors.New("give --password-file or --no-password, not both")
		case anybody:
			body.For = &api.Addresses{}
		case emails != nil:
			body.For = (*api.Addresses)(&emails)
		}
		if body.Password, err = r.readPassword("password-file", passwordFile); err != nil {
			return err
		}
		if noPassword {
			body.Password = new("")
		}
		body.Audience, body.OnForward = given(audience), given(onForward)
		if landing != "" {
			body.Landing = &landing
		}
		if body.IsZero() {
			return errors.New("say what to change, with --can, --for, --for-anybody, --password-file, --no-password, --audience, --on-forward, --landing or --end-sessions")
		}
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPatch, "/links/"+id, body, printLink)
	})
}

func cutLink(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "cut LINK", Short: "Ends whatever was opened by a link; the link stays open",
		Long: `Ends the sessions of a link, and of all links made from it: players are cut off
within seconds. The links stay open: who may come again comes again, and pays
another view unless the one before is still running.`,
		Example: "  usher link cut lnk_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichLink),
	}, func(r *run, args []string) error {
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPost, "/links/"+id+"/cut", nil, func(out io.Writer, cut api.LinkCut) {
			fmt.Fprintf(out, "%s ended. The link stays open.\n", count(cut.SessionsEnded, "session"))
		})
	})
}

func linkPresets(c *common) *cobra.Command {
	return c.tableOf(&cobra.Command{
		Use: "presets", Short: "Prints what each preset sets",
		Example: "  usher link presets",
		Args:    takesNothing,
	}, api.Presets(), api.PrintPresets)
}

func linkStrength(c *common) *cobra.Command {
	return c.tableOf(&cobra.Command{
		Use: "strength", Short: "Prints what each level of strength stops, and what it does not",
		Example: "  usher link strength",
		Args:    takesNothing,
	}, api.Strengths(), api.PrintStrengths)
}

// tableOf makes a command that prints what every server has in it, and asks none.
func (c *common) tableOf(cmd *cobra.Command, rows any, print func(io.Writer)) *cobra.Command {
	return plain(cmd, func(cmd *cobra.Command, _ []string) error {
		out := cmd.OutOrStdout()
		if !c.json {
			print(out)
			return nil
		}
		text, err := json.Marshal(map[string]any{cmd.Name(): rows})
		if err != nil {
			return fmt.Errorf("writing the table: %w", err)
		}
		_, err = fmt.Fprintf(out, "%s\n", text)
		return err
	})
}
