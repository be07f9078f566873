package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// Group returns `usher group`.
func Group(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "group",
		Short: "Manages groups of persons that are granted to as one",
		Long: `A group is granted to as if it were one person: whoever is put into it has it, and
whoever is taken out has it no more, both from the next request on. It may have a
beginning and an end.

Wherever a command takes a group, its name and its id (grp_…) will do.`,
		Example: `  usher group create judges --ends 2026-06-30T18:00:00Z
  usher group import judges judges.txt
  usher grant create finalists --group judges --can view
  usher group close judges`,
	},
		newGroup(c), listGroups(c), showGroup(c), changeGroup(c), groupMembers(c),
		joinGroup(c, "join", "Puts persons into a group, who have to be known already",
			"Puts persons into a group. They have to be known already; usher group import\nadds those who are not."),
		joinGroup(c, "leave", "Takes persons out of a group",
			"Takes persons out of a group. What they had by it ends with the next request, and\nthey stay known."),
		importGroup(c), closeGroup(c), reportGroup(c), cutGroup(c), deleteGroup(c),
	)
	c.flags(cmd)
	return cmd
}

func newGroup(c *common) *cobra.Command {
	var body api.NewGroup
	var starts, end string
	cmd := &cobra.Command{
		Use: "create NAME", Aliases: []string{"add"}, Short: "Makes a group, with nobody in it yet",
		Example: "  usher group create editors\n  usher group create judges --starts 2026-06-01T08:00:00Z --ends 2026-06-30T18:00:00Z",
		Args:    ofGroup("the group's name", "join"),
	}
	flags := cmd.Flags()
	flags.StringVar(&starts, "starts", "", "When it begins to grant anything, written the same way (default now)")
	flags.StringVar(&end, "ends", "", "When it ends: "+timeFlag+" (default never)")
	return c.leaf(cmd, func(r *run, args []string) error {
		body.Name, body.StartsAt, body.EndsAt = args[0], optional(starts, starts != ""), optional(end, end != "")
		return show(r, http.MethodPost, "/groups", body, printGroup)
	})
}

func listGroups(c *common) *cobra.Command {
	var p page
	cmd := &cobra.Command{
		Use: "list", Short: "Lists groups, the newest first",
		Example: "  usher group list",
		Args:    takesNothing,
	}
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		return show(r, http.MethodGet, "/groups?"+p.query().Encode(), nil, func(out io.Writer, list api.GroupList) {
			if len(list.Groups) == 0 {
				fmt.Fprintln(out, "There are no groups. Make one: usher group create judges")
				return
			}
			printGroupRows(out, list.Groups)
			more(out, "usher group list", list.Next)
		})
	})
}

func printGroup(out io.Writer, g api.Group) {
	facts(out, [2]string{"Group", g.ID}, [2]string{"Name", g.Name}, [2]string{"Starts", stamp(g.StartsAt)},
		[2]string{"Ends", groupEnds(g)}, [2]string{"Made", stamp(g.CreatedAt)})
}

func groupEnds(g api.Group) string {
	if g.EndsAt.IsZero() {
		return "never"
	}
	return stamp(g.EndsAt)
}

func printGroupRows(out io.Writer, groups []api.Group) {
	rows := make([][]string, len(groups))
	for i, g := range groups {
		rows[i] = []string{g.ID, stamp(g.StartsAt), groupEnds(g), g.Name}
	}
	table(out, []string{"GROUP", "STARTS", "ENDS", "NAME"}, rows)
}

// onGroup makes a command about one group.
func onGroup(c *common, cmd *cobra.Command, do func(r *run, id string) error) *cobra.Command {
	cmd.Args = takes(whichGroup)
	return c.leaf(cmd, func(r *run, args []string) error {
		id, err := r.groupID(args[0])
		if err != nil {
			return err
		}
		return do(r, id)
	})
}

func showGroup(c *common) *cobra.Command {
	return onGroup(c, &cobra.Command{
		Use: "show GROUP", Short: "Shows a group",
		Example: "  usher group show judges\n  usher group members judges\n  usher grant list --group judges",
	}, func(r *run, id string) error { return show(r, http.MethodGet, "/groups/"+id, nil, printGroup) })
}

func changeGroup(c *common) *cobra.Command {
	var name, starts, end string
	cmd := &cobra.Command{
		Use: "change GROUP", Short: "Changes a group's name, or when it begins and ends",
		Example: "  usher group change judges --ends 2026-07-15T18:00:00Z\n  usher group change judges --name 'jury 2026'",
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "What the group is called")
	flags.StringVar(&starts, "starts", "", "When it begins to grant anything, written the same way")
	flags.StringVar(&end, "ends", "", "When it ends: "+timeFlag+"; to end it now, close it")
	return onGroup(c, cmd, func(r *run, id string) error {
		body := api.GroupChange{
			Name: optional(name, flags.Changed("name")), StartsAt: optional(starts, flags.Changed("starts")), EndsAt: optional(end, flags.Changed("ends")),
		}
		if body == (api.GroupChange{}) {
			return errors.New("say what to change, with --name, --starts or --ends")
		}
		return show(r, http.MethodPatch, "/groups/"+id, body, printGroup)
	})
}

func groupMembers(c *common) *cobra.Command {
	var p page
	cmd := &cobra.Command{
		Use: "members GROUP", Short: "Lists who is in a group",
		Example: "  usher group members judges",
	}
	p.flags(cmd)
	return onGroup(c, cmd, func(r *run, id string) error {
		query := p.query()
		query.Set("group", id)
		return show(r, http.MethodGet, "/persons?"+query.Encode(), nil, func(out io.Writer, list api.PersonList) {
			if len(list.Persons) == 0 {
				fmt.Fprintln(out, "There is nobody in the group.")
				return
			}
			printPersons(out, list)
			more(out, "usher group members "+id, list.Next)
		})
	})
}

// joinGroup makes the two commands that change who is in a group.
func joinGroup(c *common, verb, short, long string) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: verb + " GROUP PERSON…", Short: short, Long: long,
		Example: "  usher group " + verb + " judges ada@example.com grace@example.com",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("want the group, and then at least one person by e-mail address or id; got %d arguments", len(args))
			}
			return nil
		},
	}, func(r *run, args []string) error {
		id, err := r.groupID(args[0])
		if err != nil {
			return err
		}
		var body api.MemberChange
		if verb == "join" {
			body.Add = args[1:]
		} else {
			body.Remove = args[1:]
		}
		outcomes, err := asked[api.Outcomes](r, http.MethodPost, "/groups/"+id+"/members", body)
		if err != nil {
			return err
		}
		return r.outcomes(outcomes)
	})
}

// outcomes prints what became of many. That some were refused is an error, also
// where others were not.
func (r *run) outcomes(o api.Outcomes) error {
	if err := put(r, o, printOutcomes); err != nil {
		return err
	}
	if n := o.Counts["refused"]; n > 0 {
		return fmt.Errorf("%d of %d were refused", n, len(o.Results))
	}
	return nil
}

func closeGroup(c *common) *cobra.Command {
	return onGroup(c, &cobra.Command{
		Use:   "close GROUP",
		Short: "Ends a group now, and says who of it watched what",
		Long: `Ends a group now: it grants nothing any more, and sessions end that had nothing
else to stand on. Then it says who of the group watched what, as far as that is
known: sessions and plays are kept for a day after they are over.`,
		Example: "  usher group close judges",
	}, func(r *run, id string) error { return r.report(http.MethodPost, "/groups/"+id+"/close") })
}

func reportGroup(c *common) *cobra.Command {
	return onGroup(c, &cobra.Command{
		Use: "report GROUP", Short: "Says who of a group watched what",
		Long: `Says who of a group watched what the group was granted, as far as that is known:
sessions and plays are kept for a day after they are over. It changes nothing.`,
		Example: "  usher group report judges",
	}, func(r *run, id string) error { return r.report(http.MethodGet, "/groups/"+id+"/report") })
}

// report reads a report to its end, which may take several requests.
func (r *run) report(method, path string) error {
	sum, err := asked[api.GroupReport](r, method, path, nil)
	if err != nil {
		return err
	}
	for sum.Next != "" {
		next, err := asked[api.GroupReport](r, method, path+"?"+url.Values{"cursor": {sum.Next}}.Encode(), nil)
		if err != nil {
			return err
		}
		next.SessionsEnded += sum.SessionsEnded
		next.Members = append(sum.Members, next.Members...)
		sum = next
	}
	return put(r, sum, printReport)
}

func printReport(out io.Writer, g api.GroupReport) {
	facts(out, [2]string{"Group", g.Group.Name + " (" + g.Group.ID + ")"}, [2]string{"Ends", groupEnds(g.Group)},
		[2]string{"Sessions ended", fmt.Sprint(g.SessionsEnded)})
	if len(g.Members) == 0 {
		fmt.Fprintln(out, "\nThere is nobody in the group.")
		return
	}
	var rows [][]string
	for _, m := range g.Members {
		rows = append(rows, []string{m.Email, fmt.Sprint(m.Sessions), fmt.Sprint(m.Plays), stamp(m.LastSeen), m.Name})
	}
	fmt.Fprintln(out)
	table(out, []string{"MEMBER", "SESSIONS", "PLAYS", "LAST SEEN", "NAME"}, rows)
}

func deleteGroup(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "delete GROUP", Aliases: []string{"remove"}, Short: "Deletes a group, with what it was granted",
		Long: `Deletes a group, with what it was granted and who was in it. The persons stay.
usher group close ends it too, and leaves it to be looked at.`,
		Example: "  usher group delete judges",
		Args:    ofGroup(whichGroup, "leave"),
	}, func(r *run, args []string) error {
		id, err := r.groupID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodDelete, "/groups/"+id, nil, func(out io.Writer, g api.Group) {
			fmt.Fprintf(out, "Group %s (%s) is gone. What it was granted ended with it.\n", g.Name, g.ID)
		})
	})
}

// ofGroup is takes for a command that may be mistaken for another one, which
// changes who is in a group.
func ofGroup(what, other string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("want one argument, %s; got %d (persons: usher group %s)", what, len(args), other)
		}
		return takes(what)(cmd, args)
	}
}
