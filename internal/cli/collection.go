package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// Collection returns `usher collection`.
func Collection(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "collection",
		Short: "Manages sets of paths, how open they are, and who has access",
		Long: `A collection is a set of paths with one level. locked: only persons with a grant,
and those whom a link names. members: whoever is signed in, too. link: whoever has
a link, too. public: everybody. A path is in the one collection that names it most
closely.

Wherever a command takes a collection, its name and its id (col_…) will do.`,
		Example: `  usher collection create spring-launch --path '/acme/spring/*' --title 'Spring launch'
  usher collection unlock spring-launch
  usher collection lock spring-launch
  usher collection who spring-launch`,
	},
		newCollection(c), listCollections(c), showCollection(c), changeCollection(c),
		lockCollection(c), unlockCollection(c), whoCollection(c), cutCollection(c), deleteCollection(c),
	)
	c.flags(cmd)
	return cmd
}

const (
	levelFlag    = "How open it is: locked, members, link or public"
	externalFlag = "What becomes of somebody unknown who opens an invitation: deny, approve or jit (they are added on the spot)"
	embedFlag    = "Site whose pages may show it, such as https://www.example.com; may be given more than once"
	trackFlag    = "While it is public, count visitors: each gets a session of nobody in particular"
	pathFlag     = "Path in it: a file such as /acme/film.mp4, or '/acme/demo/*' for everything below that folder; may be given more than once"
)

func newCollection(c *common) *cobra.Command {
	var body api.NewCollection
	cmd := &cobra.Command{
		Use: "create NAME --path PATH", Aliases: []string{"add"},
		Short: "Makes a collection, which is locked unless told otherwise",
		Example: `  usher collection create spring-launch --path '/acme/spring/*' --title 'Spring launch'
  usher collection create all-launches --include spring-launch --include autumn-launch`,
		Args: takes("the collection's name, of a-z, 0-9 and -"),
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&body.Paths, "path", nil, pathFlag)
	flags.StringVar(&body.Title, "title", "", "What people read")
	flags.StringVar(&body.Level, "level", "", levelFlag+" (default locked)")
	flags.StringSliceVar(&body.Includes, "include", nil, "Collection inside it: what is granted on the outer one holds there, too")
	flags.StringVar(&body.External, "external", "", externalFlag+" (default deny)")
	flags.StringSliceVar(&body.Embed, "embed", nil, embedFlag)
	flags.BoolVar(&body.Track, "track", false, trackFlag)
	brandFlags(flags, &body.Brand)
	return c.leaf(cmd, func(r *run, args []string) error {
		body.Name = args[0]
		return show(r, http.MethodPost, "/collections", body, printCollection)
	})
}

func listCollections(c *common) *cobra.Command {
	var p page
	cmd := &cobra.Command{
		Use: "list", Short: "Lists collections, the newest first",
		Example: "  usher collection list\n  usher collection list --as ada@example.com",
		Args:    takesNothing,
	}
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		return show(r, http.MethodGet, "/collections?"+p.query().Encode(), nil, func(out io.Writer, list api.CollectionList) {
			if len(list.Collections) == 0 {
				fmt.Fprintln(out, "There are no collections. Make one: usher collection create demo --path '/acme/demo/*'")
				return
			}
			rows := make([][]string, len(list.Collections))
			for i, col := range list.Collections {
				rows[i] = []string{col.Name, col.Level, strings.Join(col.Paths, " "), strings.Join(col.Can, ","), col.Title}
			}
			table(out, []string{"COLLECTION", "LEVEL", "PATHS", "MAY", "TITLE"}, rows)
			more(out, "usher collection list", list.Next)
		})
	})
}

func printCollection(out io.Writer, col api.Collection) {
	var inner []string
	for _, include := range col.Includes {
		inner = append(inner, include.Collection)
	}
	ended := ""
	if col.SessionsEnded != nil {
		ended = fmt.Sprintf("%d live and anonymous", *col.SessionsEnded)
		if col.SessionsLeft {
			ended += "; more are refused at their next request"
		}
	}
	facts(out,
		[2]string{"Collection", col.ID}, [2]string{"Name", col.Name}, [2]string{"Title", col.Title},
		[2]string{"Paths", strings.Join(col.Paths, " ")}, [2]string{"Level", col.Level}, [2]string{"Sessions ended", ended},
		[2]string{"You may", strings.Join(col.Can, ", ")}, [2]string{"Includes", strings.Join(inner, " ")},
		[2]string{"Embedded by", strings.Join(col.Embed, " ")}, [2]string{"Visitors", tracked(col)}, [2]string{"Brand", branded(col.Brand)},
		[2]string{"Unknown people", col.External}, [2]string{"Owner", either(col.OwnerEmail, col.Owner)}, [2]string{"Cut", stamp(col.CutAt)},
		[2]string{"Made", strings.TrimSuffix(stamp(col.CreatedAt)+" by "+col.CreatedBy, " by ")},
	)
}

func tracked(col api.Collection) string {
	if !col.Track {
		return ""
	}
	return "counted while it is public; see usher session list --visitors " + col.Name
}

// onCollection makes a command about one collection.
func onCollection(c *common, cmd *cobra.Command, do func(r *run, id string) error) *cobra.Command {
	cmd.Args = takes(whichCollection)
	return c.leaf(cmd, func(r *run, args []string) error {
		id, err := r.collectionID(args[0])
		if err != nil {
			return err
		}
		return do(r, id)
	})
}

func showCollection(c *common) *cobra.Command {
	return onCollection(c, &cobra.Command{
		Use: "show COLLECTION", Short: "Shows a collection",
		Example: "  usher collection show spring-launch",
	}, func(r *run, id string) error {
		return show(r, http.MethodGet, "/collections/"+id, nil, printCollection)
	})
}

func changeCollection(c *common) *cobra.Command {
	var name, title, level, external, owner string
	var paths, includes, embed []string
	var track bool
	var brand api.Brand
	cmd := &cobra.Command{
		Use:   "change COLLECTION",
		Short: "Changes a collection",
		Long: `Changes a collection. The paths that are given take the place of all there were,
and so do the collections to include, the sites that may embed it, and the brand as
a whole; '' for none.`,
		Example: `  usher collection change spring-launch --path '/acme/spring/*' --path /acme/teaser.mp4
  usher collection change spring-launch --level members
  usher collection change spring-launch --embed https://www.example.com
  usher collection change spring-launch --owner ada@example.com`,
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "Its name, of a-z, 0-9 and -")
	flags.StringVar(&title, "title", "", "What people read")
	flags.StringArrayVar(&paths, "path", nil, pathFlag)
	flags.StringVar(&level, "level", "", levelFlag)
	flags.StringSliceVar(&includes, "include", nil, "Collection inside it")
	flags.StringVar(&external, "external", "", externalFlag)
	flags.StringSliceVar(&embed, "embed", nil, embedFlag)
	flags.BoolVar(&track, "track", false, trackFlag)
	brandFlags(flags, &brand)
	flags.StringVar(&owner, "owner", "", "Whose it is; '' for operators, owners and managers alone")
	return onCollection(c, cmd, func(r *run, id string) error {
		body := api.CollectionChange{
			Name: optional(name, flags.Changed("name")), Title: optional(title, flags.Changed("title")), Level: optional(level, flags.Changed("level")),
			External: optional(external, flags.Changed("external")), Owner: optional(owner, flags.Changed("owner")),
			Paths: several(paths, flags.Changed("path")), Includes: several(includes, flags.Changed("include")),
			Embed: several(embed, flags.Changed("embed")),
		}
		if flags.Changed("track") {
			body.Track = &track
		}
		if brandGiven(flags) {
			body.Brand = &brand
		}
		if body == (api.CollectionChange{}) {
			return errors.New("say what to change, with --name, --title, --path, --level, --include, --external, --embed, --track, --brand-name or --owner")
		}
		return show(r, http.MethodPatch, "/collections/"+id, body, printCollection)
	})
}

// several makes a flag that may be given more than once a body's field.
func several(texts []string, given bool) *[]string {
	if !given {
		return nil
	}
	if len(texts) == 0 || len(texts) == 1 && texts[0] == "" {
		texts = []string{}
	}
	return &texts
}

func lockCollection(c *common) *cobra.Command {
	return onCollection(c, &cobra.Command{
		Use:   "lock COLLECTION",
		Short: "Closes a collection to all but named persons",
		Long: `Closes a collection to all but persons with a grant, and those whom a link names:
from the next request on, links that anybody may use open nothing in it. Anonymous
sessions end, those of persons with a grant go on.`,
		Example: "  usher collection lock spring-launch",
	}, func(r *run, id string) error {
		locked := "locked"
		return show(r, http.MethodPatch, "/collections/"+id, api.CollectionChange{Level: &locked}, printCollection)
	})
}

func unlockCollection(c *common) *cobra.Command {
	var level string
	cmd := &cobra.Command{
		Use:     "unlock COLLECTION",
		Short:   "Opens a collection to whoever has a link",
		Example: "  usher collection unlock spring-launch\n  usher collection unlock spring-launch --level members",
	}
	cmd.Flags().StringVar(&level, "level", "link", "How far: members, link or public")
	return onCollection(c, cmd, func(r *run, id string) error {
		if level == "locked" {
			return errors.New("--level locked is no unlocking; see usher collection lock")
		}
		return show(r, http.MethodPatch, "/collections/"+id, api.CollectionChange{Level: &level}, printCollection)
	})
}

func whoCollection(c *common) *cobra.Command {
	var p page
	cmd := &cobra.Command{
		Use:   "who COLLECTION",
		Short: "Says who has access to a collection, with what, and why",
		Long: `Says who has access to a collection, or was given some: with what grants on it and
owning it give, with what comes from collections that include it and from account
roles, and with what is left of both. It takes managing the collection.`,
		Example: "  usher collection who spring-launch",
	}
	p.flags(cmd)
	return onCollection(c, cmd, func(r *run, id string) error {
		return show(r, http.MethodGet, "/collections/"+id+"/who?"+p.query().Encode(), nil, func(out io.Writer, list api.InsiderList) {
			printInsiders(out, list)
			more(out, "usher collection who "+id, list.Next)
		})
	})
}

func printInsiders(out io.Writer, list api.InsiderList) {
	if len(list.Who) == 0 {
		fmt.Fprintln(out, "Nobody in particular has access.")
		return
	}
	var rows [][]string
	for _, one := range list.Who {
		var why []string
		for _, reason := range one.Reasons {
			why = append(why, tellReason(reason))
		}
		rows = append(rows, []string{one.Email, dash(one.Can), dash(one.Own), dash(one.Inherited), strings.Join(why, "; ")})
	}
	table(out, []string{"PERSON", "MAY", "OWN", "INHERITED", "BECAUSE OF"}, rows)
}

func dash(can []string) string {
	if len(can) == 0 {
		return "–"
	}
	return strings.Join(can, ",")
}

func tellReason(reason api.Reason) string {
	text := reason.Via
	switch {
	case reason.Group != "":
		text = "grant to group " + either(reason.GroupName, reason.Group)
	case reason.Via == "owner":
		text = "owns it"
	case reason.Via == "role":
		text = "account role"
	}
	if reason.By != "" {
		text += " by " + reason.By
	}
	if len(reason.Cut) > 0 {
		text += " (" + strings.Join(reason.Cut, ", ") + ")"
	}
	return text
}

func deleteCollection(c *common) *cobra.Command {
	return onCollection(c, &cobra.Command{
		Use: "delete COLLECTION", Aliases: []string{"remove"}, Short: "Deletes a collection, with the grants on it",
		Long: `Deletes a collection, with the grants on it. Its files stay. What it governed is
governed by the collection around it then, or opened by links alone.`,
		Example: "  usher collection delete spring-launch",
	}, func(r *run, id string) error {
		return show(r, http.MethodDelete, "/collections/"+id, nil, func(out io.Writer, col api.Collection) {
			fmt.Fprintf(out, "Collection %s (%s) is gone. The grants on it ended with it.\n", col.Name, col.ID)
		})
	})
}
