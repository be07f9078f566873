package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

const whichInvite = "the invitation's id (inv_…)"

// Invite returns `usher invite`.
func Invite(dial Dial) *cobra.Command {
	c := &common{dial: dial}
	cmd := tree(&cobra.Command{
		Use:   "invite",
		Short: "Asks persons to come, and gives them access",
		Long: `An invitation gives somebody access at once and mails them an activation link, with
which they choose a password of their own. The link is for their address, works
once and on one device. Whoever has an account already is told that there is more.
Without a mail setting the messages are printed, to be sent by hand.`,
		Example: `  usher invite create ann@example.com ben@example.com --collection acme
  usher invite create --emails-file guests.txt --collection acme --can view,download --until 30d
  usher invite show inv_1e5q0k2h4m6p8r0t2v4g
  usher invite revoke inv_1e5q0k2h4m6p8r0t2v4g`,
	}, createInvites(c), listInvites(c), showInvite(c), resendInvite(c), revokeInvite(c))
	c.flags(cmd)
	return cmd
}

func createInvites(c *common) *cobra.Command {
	var body api.NewInvites
	var file, until, messageFile string
	cmd := &cobra.Command{
		Use:   "create EMAIL… [--collection NAME | --group NAME]",
		Short: "Invites persons, and says what became of each address",
		Long: `Invites persons by their e-mail addresses, and says what became of each. With a
collection they may do there what --can or --preset says (default view); with a
group, what the group may; with neither they get an account and access to nothing.
The same command may be given again: nobody is given anything twice.`,
		Example: `  usher invite create ann@example.com --collection acme --message 'Have a look'
  usher invite create --emails-file - --group jury --dry-run`,
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) == 0) == (file == "") {
				return errors.New("want e-mail addresses, or --emails-file with a file of them, and not both")
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "emails-file", "", "File with addresses, separated by commas or line breaks, or - for standard input")
	flags.StringVar(&body.Collection, "collection", "", "The collection that they are asked into, by name or id")
	flags.StringVar(&body.Group, "group", "", "The group that they are put into, by name or id")
	flags.StringSliceVar(&body.Can, "can", nil, "What they may do in the collection: view, download, upload, share, stats, manage, comment")
	flags.StringVar(&body.Preset, "preset", "", "The same as a named set, such as can_view or can_manage")
	flags.StringVar(&body.Message, "message", "", "What the mail says beside the invitation, on one line")
	flags.StringVar(&messageFile, "message-file", "", "File with what it says, or - for standard input")
	flags.StringVar(&until, "until", "", "When what they are given ends: a duration such as 30d, or a time such as 2026-01-31T18:00:00Z (default never)")
	flags.BoolVar(&body.DryRun, "dry-run", false, "Do nothing, and say what would become of each address")
	return c.leaf(cmd, func(r *run, args []string) (err error) {
		body.Emails = args
		if file != "" {
			if body.Emails, err = readAddresses(file, r.in); err != nil {
				return err
			}
		}
		if body.Message, err = r.message(body.Message, messageFile); err != nil {
			return err
		}
		if until != "" {
			at, err := parseTime("until", until, time.Now())
			if err != nil {
				return err
			}
			body.Until = new(at.UTC().Format(time.RFC3339))
		}
		return show(r, http.MethodPost, "/invites", body, printInvited)
	})
}

func printInvited(out io.Writer, list api.Invited) {
	rows := make([][]string, len(list.Items))
	for i, item := range list.Items {
		rows[i] = []string{item.Email, item.Outcome, item.Mail, item.Invite, item.Why}
	}
	table(out, []string{"ADDRESS", "OUTCOME", "MAIL", "INVITATION", "WHY"}, rows)
	if list.DryRun {
		fmt.Fprintln(out, "\nNothing was done: this is what would become of them.")
	}
	for _, item := range list.Items {
		printLetter(out, item.Message)
	}
}

func listInvites(c *common) *cobra.Command {
	var p page
	var collection, group, person string
	cmd := &cobra.Command{
		Use: "list", Short: "Lists invitations, the newest first",
		Example: "  usher invite list\n  usher invite list --collection acme",
		Args:    takesNothing,
	}
	flags := cmd.Flags()
	flags.StringVar(&collection, "collection", "", "Only invitations into this collection, by name or id")
	flags.StringVar(&group, "group", "", "Only invitations into this group, by name or id")
	flags.StringVar(&person, "person", "", "Only invitations of this person, by e-mail address or id")
	p.flags(cmd)
	return c.leaf(cmd, func(r *run, _ []string) error {
		query, again := p.query(), "usher invite list"
		for _, filter := range [][2]string{{"collection", collection}, {"group", group}, {"person", person}} {
			if filter[1] != "" {
				query.Set(filter[0], filter[1])
				again += " --" + filter[0] + " " + filter[1]
			}
		}
		return show(r, http.MethodGet, "/invites?"+query.Encode(), nil, func(out io.Writer, list api.InviteList) {
			printInvites(out, list)
			more(out, again, list.Next)
		})
	})
}

func printInvites(out io.Writer, list api.InviteList) {
	if len(list.Invites) == 0 {
		fmt.Fprintln(out, "There are no invitations. Make one: usher invite create ann@example.com --collection acme")
		return
	}
	rows := make([][]string, len(list.Invites))
	for i, one := range list.Invites {
		rows[i] = []string{one.ID, statusOf(one), one.Email, into(one), stamp(one.CreatedAt), one.By}
	}
	table(out, []string{"INVITATION", "STATUS", "ADDRESS", "INTO", "MADE", "BY"}, rows)
}

// statusOf is the status, and whether the person may have got nothing.
func statusOf(i api.Invite) string {
	if i.Mail == api.MailUnsent && i.Status == "pending" {
		return i.Status + ", not sent"
	}
	return i.Status
}

// into says what somebody was asked into.
func into(i api.Invite) string {
	switch {
	case i.CollectionName != "":
		return "collection " + i.CollectionName
	case i.Group != "":
		return "group " + either(i.GroupName, i.Group)
	}
	return ""
}

func showInvite(c *common) *cobra.Command {
	return c.aboutInvite("show", "Shows an invitation: whether it was accepted, and what was watched since", http.MethodGet, "",
		"")
}

func resendInvite(c *common) *cobra.Command {
	return c.aboutInvite("resend", "Mails a new activation link", http.MethodPost, "/resend",
		"Mails a new activation link. Links of the same invitation that were not used end.")
}

func revokeInvite(c *common) *cobra.Command {
	return c.aboutInvite("revoke", "Withdraws an invitation and takes back what it gave", http.MethodPost, "/revoke",
		"Withdraws an invitation and takes back what it gave. Its activation links end. The\nperson stays; see usher person.")
}

func (c *common) aboutInvite(verb, short, method, path, long string) *cobra.Command {
	return c.leaf(&cobra.Command{
		Use: verb + " INVITATION", Short: short, Long: long,
		Example: "  usher invite " + verb + " inv_1e5q0k2h4m6p8r0t2v4g",
		Args:    takes(whichInvite),
	}, func(r *run, args []string) error {
		return show(r, method, "/invites/"+url.PathEscape(args[0])+path, nil, printInvite)
	})
}

func printInvite(out io.Writer, i api.Invite) {
	watched := ""
	if w := i.Watched; w != nil {
		watched = count(int64(w.Sessions), "session") + ", " + count(int64(w.Plays), "play")
		if !w.LastSeen.IsZero() {
			watched += ", last seen " + stamp(w.LastSeen)
		}
	}
	facts(out,
		[2]string{"Invitation", i.ID},
		[2]string{"Address", i.Email},
		[2]string{"Person", i.Person},
		[2]string{"Into", into(i)},
		[2]string{"Status", i.Status},
		[2]string{"Until", stamp(i.Until)},
		[2]string{"Made", stamp(i.CreatedAt)},
		[2]string{"By", i.By},
		[2]string{"Sent", fmt.Sprintf("%s, last %s", count(int64(i.Sent), "time"), stamp(i.SentAt))},
		[2]string{"Accepted", stamp(i.AcceptedAt)},
		[2]string{"Revoked", stamp(i.RevokedAt)},
		[2]string{"Watched", watched},
		[2]string{"Mail", i.Mail},
	)
	printLetter(out, i.Message)
}
