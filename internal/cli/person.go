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

const timeFlag = "a time such as 2026-01-31T18:00:00Z, a duration from now such as 30d, or never"

// Person returns `usher person`.
func Person(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "person",
		Short: "Manages who is known by an e-mail address, and their roles",
		Long: `A person is known by an e-mail address, and has one of four roles: owner, manager,
standard or limited; usher role table says what each may do. Somebody new is
limited and has access to nothing until it is granted.

Wherever a command takes a person, their e-mail address and their id (per_…) will
do.`,
		Example: `  usher person create ada@example.com --name 'Ada Lovelace'
  usher person list --role manager
  usher person show ada@example.com
  usher person suspend ada@example.com --why 'left the project'
  usher person delete ada@example.com --heir grace@example.com`,
	},
		newPerson(c), listPersons(c), showPerson(c), changePerson(c),
		standPerson(c, "suspend", "Takes everything from a person until they are resumed", "What they opened is refused from the next request on, and so is what their guests\nopened."),
		standPerson(c, "resume", "Gives a suspended person back what they had", "They have again what was granted to them, unless it ended meanwhile."),
		deletePerson(c), cutPerson(c), listFactors(c), removeFactor(c), resetFactors(c),
	)
	c.flags(cmd)
	return cmd
}

func newPerson(c *common) *cobra.Command {
	var body api.NewPerson
	var until string
	cmd := &cobra.Command{
		Use: "create EMAIL", Aliases: []string{"add"},
		Short: "Makes a person known, who has access to nothing yet",
		Long: `Makes a person known, who has access to nothing yet: grant it, or put them into a group.
A guest has a sponsor, and has nothing once the sponsor has nothing.`,
		Example: `  usher person create ada@example.com --name 'Ada Lovelace'
  usher person create grace@example.com --role manager
  usher person create guest@example.org --sponsor ada@example.com --until 30d --group judges`,
		Args: takes("the person's e-mail address"),
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Name, "name", "", "What the person is called")
	flags.StringVar(&body.Role, "role", "", "Their role: owner, manager, standard or limited (default limited)")
	flags.StringVar(&body.Sponsor, "sponsor", "", "Who answers for a guest")
	flags.StringVar(&until, "until", "", "When their rights end: "+timeFlag+" (default never)")
	flags.StringSliceVar(&body.Groups, "group", nil, "Group to put them into; may be given more than once")
	flags.StringVar(&body.Collection, "collection", "", "On account of which collection they are added by somebody who may not manage persons")
	return c.leaf(cmd, func(r *run, args []string) error {
		body.Email, body.Until = args[0], optional(until, until != "")
		return show(r, http.MethodPost, "/persons", body, printPerson)
	})
}

func listPersons(c *common) *cobra.Command {
	var p page
	var role, sponsor, group string
	cmd := &cobra.Command{
		Use: "list", Short: "Lists persons, the newest first",
		Example: "  usher person list\n  usher person list --role owner\n  usher person list --sponsor ada@example.com",
		Args:    takesNothing,
	}
	flags := cmd.Flags()
	flags.StringVar(&role, "role", "", "Only those with this role")
	flags.StringVar(&sponsor, "sponsor", "", "Only guests of this person")
	flags.StringVar(&group, "group", "", "Only members of this group")
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		query, again := p.query(), "usher person list"
		for _, filter := range [][2]string{{"role", role}, {"sponsor", sponsor}, {"group", group}} {
			if filter[1] != "" {
				query.Set(filter[0], filter[1])
				again += fmt.Sprintf(" --%s %s", filter[0], quoted(filter[1]))
			}
		}
		return show(r, http.MethodGet, "/persons?"+query.Encode(), nil, func(out io.Writer, list api.PersonList) {
			printPersons(out, list)
			more(out, again, list.Next)
		})
	})
}

// quoted writes a word for a shell.
func quoted(word string) string {
	if strings.ContainsAny(word, " '\"\\$`!*?;&|<>()[]{}#~") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

func showPerson(c *common) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: "show PERSON", Short: "Shows a person: their role, groups, collections and sessions",
		Example: "  usher person show ada@example.com\n  usher session list --person ada@example.com",
		Args:    takes(whichPerson),
	}, func(r *run, args []string) error {
		id, err := r.personID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodGet, "/persons/"+id, nil, printProfile)
	})
}

func changePerson(c *common) *cobra.Command {
	var name, role, until, sponsor string
	cmd := &cobra.Command{
		Use:   "change PERSON",
		Short: "Changes a person's name, role, end or sponsor",
		Long: `Changes a person's name, role, end or sponsor. Only owners make somebody manager
or owner. Ownership passes to a manager, and the last owner stays one until there
is another.`,
		Example: `  usher person change ada@example.com --role manager
  usher person change guest@example.org --until 90d --sponsor grace@example.com
  usher person change guest@example.org --until never --sponsor ''`,
		Args: takes(whichPerson),
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "What the person is called")
	flags.StringVar(&role, "role", "", "Their role: owner, manager, standard or limited")
	flags.StringVar(&until, "until", "", "When their rights end: "+timeFlag)
	flags.StringVar(&sponsor, "sponsor", "", "Who answers for a guest; '' for nobody")
	return c.leaf(cmd, func(r *run, args []string) error {
		body := api.PersonChange{
			Name: optional(name, flags.Changed("name")), Role: optional(role, flags.Changed("role")),
			Until: optional(until, flags.Changed("until")), Sponsor: optional(sponsor, flags.Changed("sponsor")),
		}
		if body == (api.PersonChange{}) {
			return errors.New("say what to change, with --name, --role, --until or --sponsor")
		}
		id, err := r.personID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPatch, "/persons/"+id, body, printPerson)
	})
}

func standPerson(c *common, verb, short, long string) *cobra.Command {
	var body api.StandingChange
	cmd := &cobra.Command{
		Use: verb + " PERSON", Short: short, Long: short + ".\n" + long,
		Example: "  usher person " + verb + " ada@example.com",
		Args:    takes(whichPerson),
	}
	if verb == "suspend" {
		cmd.Flags().StringVar(&body.Why, "why", "", "Why, in a few words, for whoever looks at the person later")
	}
	return c.leaf(cmd, func(r *run, args []string) error {
		id, err := r.personID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPost, "/persons/"+id+"/"+verb, body, printPerson)
	})
}

func deletePerson(c *common) *cobra.Command {
	var heir string
	var cut bool
	cmd := &cobra.Command{
		Use: "delete PERSON", Aliases: []string{"remove"},
		Short: "Deletes a person: what they opened ends, what they own passes on",
		Long: `Deletes a person. Their sessions and sign-ins end, and what they were granted. The
collections they own pass to the heir, who from then on also answers for the links
and grants that they gave, each with no more than it was worth. Their guests are
suspended.`,
		Example: `  usher person delete ada@example.com
  usher person delete ada@example.com --heir grace@example.com
  usher person delete mallory@example.com --cut`,
		Args: takes(whichPerson),
	}
	cmd.Flags().StringVar(&heir, "heir", "", "Who comes after them (default the first owner, or operators)")
	cmd.Flags().BoolVar(&cut, "cut", false, "End the links and grants that they gave, too")
	return c.leaf(cmd, func(r *run, args []string) error {
		id, err := r.personID(args[0])
		if err != nil {
			return err
		}
		query := url.Values{}
		if heir != "" {
			query.Set("heir", heir)
		}
		if cut {
			query.Set("cut", "true")
		}
		path := "/persons/" + id
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		return show(r, http.MethodDelete, path, nil, printFarewell)
	})
}
