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
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Grant returns `usher grant`.
func Grant(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "grant",
		Short: "Gives persons and groups access to collections, and takes it back",
		Long: `A grant says what a person or a group may do in a collection: view, download,
upload, share, stats, manage or comment. There is one for each pair; another one
takes its place. It is worth no more than what whoever gave it holds themselves.`,
		Example: `  usher grant create spring-launch --person ada@example.com --can view,download
  usher grant create spring-launch --group judges --preset can_view --ends 2026-06-30T18:00:00Z
  usher grant list --collection spring-launch
  usher grant delete spring-launch --person ada@example.com`,
	}, newGrant(c), listGrants(c), showGrant(c), deleteGrant(c))
	c.flags(cmd)
	return cmd
}

func newGrant(c *common) *cobra.Command {
	var body api.NewGrant
	var starts, end string
	cmd := &cobra.Command{
		Use: "create COLLECTION --person EMAIL|--group NAME --can CAN|--preset NAME", Aliases: []string{"add"},
		Short: "Gives a person or a group access to a collection",
		Example: `  usher grant create spring-launch --person ada@example.com --can view,download
  usher grant create spring-launch --group judges --preset can_view --starts 2026-06-01T08:00:00Z --ends 30d`,
		Args: takes(whichCollection),
	}
	flags := cmd.Flags()
	holderFlags(cmd, &body.Person, &body.Group, "Who gets it")
	flags.StringSliceVar(&body.Can, "can", nil, "What they may do: view, download, upload, share, stats, manage, comment")
	flags.StringVar(&body.Preset, "preset", "", "Named set of these, such as can_view or can_manage; see usher role table")
	flags.StringVar(&starts, "starts", "", "When it begins, written the same way (default now)")
	flags.StringVar(&end, "ends", "", "When it ends: "+timeFlag+" (default never)")
	return c.leaf(cmd, func(r *run, args []string) error {
		switch {
		case (body.Person == "") == (body.Group == ""):
			return errors.New("say who gets it, with either --person or --group")
		case (len(body.Can) == 0) == (body.Preset == ""):
			return errors.New("say what they may do, with either --can or --preset")
		}
		body.Collection, body.StartsAt, body.EndsAt = args[0], optional(starts, starts != ""), optional(end, end != "")
		return show(r, http.MethodPut, "/grants", body, printGrant)
	})
}

func holderFlags(cmd *cobra.Command, person, group *string, what string) {
	cmd.Flags().StringVar(person, "person", "", what+": a person, by e-mail address or id")
	cmd.Flags().StringVar(group, "group", "", what+": a group, by name or id")
}

func listGrants(c *common) *cobra.Command {
	var p page
	var collection, person, group string
	cmd := &cobra.Command{
		Use: "list --collection NAME|--person EMAIL|--group NAME", Short: "Lists grants",
		Example: "  usher grant list --collection spring-launch\n  usher grant list --person ada@example.com",
		Args:    takesNothing,
	}
	cmd.Flags().StringVar(&collection, "collection", "", "Those on this collection, by name or id")
	holderFlags(cmd, &person, &group, "Those to")
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		query, again, n := p.query(), "usher grant list", 0
		for _, filter := range [][2]string{{"collection", collection}, {"person", person}, {"group", group}} {
			if filter[1] != "" {
				query.Set(filter[0], filter[1])
				again += fmt.Sprintf(" --%s %s", filter[0], quoted(filter[1]))
				n++
			}
		}
		if n != 1 {
			return errors.New("say which grants, with one of --collection, --person and --group")
		}
		return show(r, http.MethodGet, "/grants?"+query.Encode(), nil, func(out io.Writer, list api.GrantList) {
			printGrants(out, list)
			more(out, again, list.Next)
		})
	})
}

func printGrants(out io.Writer, list api.GrantList) {
	if len(list.Grants) == 0 {
		fmt.Fprintln(out, "There are no such grants. Make one: usher grant create demo --person ada@example.com --can view")
		return
	}
	rows := make([][]string, len(list.Grants))
	for i, g := range list.Grants {
		rows[i] = []string{either(g.CollectionName, g.Collection), either(g.Email, holderGroup(g)), strings.Join(g.Can, ","), stamp(g.StartsAt), ends(g.EndsAt), g.By}
	}
	table(out, []string{"COLLECTION", "TO", "MAY", "STARTS", "ENDS", "BY"}, rows)
}

// holderGroup is the group that a grant is to, by name where that may be known.
func holderGroup(g api.Grant) string {
	return either(g.GroupName, g.Group)
}

func printGrant(out io.Writer, g api.Grant) {
	can := strings.Join(g.Can, ", ")
	if g.Preset != "" {
		can += " (" + g.Preset + ")"
	}
	facts(out,
		[2]string{"Grant", g.ID}, [2]string{"Collection", either(g.CollectionName, g.Collection)}, [2]string{"Person", g.Email}, [2]string{"Group", holderGroup(g)},
		[2]string{"May", can}, [2]string{"Starts", stamp(g.StartsAt)}, [2]string{"Ends", ends(g.EndsAt)}, [2]string{"Given by", g.By},
		[2]string{"Made", stamp(g.CreatedAt)}, [2]string{"Changed", stamp(g.ChangedAt)},
	)
}

func showGrant(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "show GRANT", Short: "Shows a grant",
		Example: "  usher grant show grt_p1e5q0k2h4m6p8r0t2v4g1e5q0k2h4m6p8r0t2v4g",
		Args:    takes("the grant's id (grt_…)"),
	}, func(r *run, args []string) error {
		return show(r, http.MethodGet, "/grants/"+url.PathEscape(args[0]), nil, printGrant)
	})
}

func deleteGrant(c *common) *cobra.Command {
	var person, group string
	cmd := &cobra.Command{
		Use: "delete COLLECTION --person EMAIL|--group NAME", Aliases: []string{"remove"},
		Short: "Takes a grant back: what it gave ends with the next request",
		Example: `  usher grant delete spring-launch --person ada@example.com
  usher grant delete grt_p1e5q0k2h4m6p8r0t2v4g1e5q0k2h4m6p8r0t2v4g`,
		Args: takes(whichCollection + "; or the grant's id (grt_…)"),
	}
	holderFlags(cmd, &person, &group, "Whose it is")
	return c.leaf(cmd, func(r *run, args []string) error {
		id, err := r.grantID(args[0], person, group)
		if err != nil {
			return err
		}
		return show(r, http.MethodDelete, "/grants/"+id, nil, func(out io.Writer, g api.Grant) {
			fmt.Fprintf(out, "Grant %s is gone: %s for %s in %s.\n", g.ID, strings.Join(g.Can, ", "), either(g.Email, holderGroup(g)), either(g.CollectionName, g.Collection))
		})
	})
}

// grantID returns the id of a grant that stands on the command line as its id,
// or as a collection and whose it is.
func (r *run) grantID(text, person, group string) (string, error) {
	if id, err := directory.ParseGrantID(text); err == nil {
		return id.String(), nil
	}
	if (person == "") == (group == "") {
		return "", errors.New("say whose grant, with either --person or --group, or give its id")
	}
	collection, err := r.collectionID(text)
	if err != nil {
		return "", err
	}
	var holder string
	if person != "" {
		holder, err = r.personID(person)
	} else {
		holder, err = r.groupID(group)
	}
	if err != nil {
		return "", err
	}
	var id directory.GrantID
	if id.Holder, err = directory.ParseHolder(holder); err != nil {
		return "", err
	}
	id.Collection, err = gate.ParseCollectionID(collection)
	return id.String(), err
}
