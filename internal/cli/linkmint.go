package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// mintFlags are the limits of links that are made for many.
type mintFlags struct {
	views, viewsEach, expires string
	can                       []string
	message, messageFile      string
}

func (f *mintFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.views, "views", "", "How many views each of the links gets; they leave this one, if it has a limit")
	flags.StringVar(&f.viewsEach, "views-each", "", "How many of them one viewer may use")
	flags.StringVar(&f.expires, "expires", "", "When each of them ends: a duration such as 48h, or a time (default as this one)")
	flags.StringSliceVar(&f.can, "can", nil, "What each of them allows (default view)")
	flags.StringVar(&f.message, "message", "", "What the mail says beside the link, on one line")
	flags.StringVar(&f.messageFile, "message-file", "", "File with what it says, or - for standard input")
}

func (f *mintFlags) body(r *run) (b api.Mint, err error) {
	if b.Views, err = parseLimit("views", f.views); err != nil {
		return b, err
	}
	if b.ViewsEach, err = parseLimit("views-each", f.viewsEach); err != nil {
		return b, err
	}
	end, err := parseWhen("expires", f.expires)
	if err != nil {
		return b, err
	}
	b.ExpiresAt, b.ExpiresIn, b.Can = end.at, end.in, f.can
	b.Message, err = r.message(f.message, f.messageFile)
	return b, err
}

// message reads what somebody writes in a mail.
func (r *run) message(line, file string) (string, error) {
	switch {
	case file == "":
		return line, nil
	case line != "":
		return "", errors.New("give --message or --message-file, not both")
	}
	return r.readFile("message-file", file)
}

func mintLinks(c *common) *cobra.Command {
	var f mintFlags
	var list string
	var mails bool
	cmd := &cobra.Command{
		Use:   "mint LINK --for-each FILE",
		Short: "Makes a link of their own for each of many addresses",
		Long: `Makes, from one link, a link of their own for each address in a file: separated by
commas or line breaks. So a URL that turns up elsewhere names whose it was. Whoever
has such a link already keeps it: the same command may be given again.`,
		Example: `  usher link mint lnk_1e5q0k2h4m6p8r0t2v4g --for-each jury.txt --views 2
  pbpaste | usher link mint lnk_1e5q0k2h4m6p8r0t2v4g --for-each - --mail --message 'The final cut'`,
		Args: takes(whichLink),
	}
	flags := cmd.Flags()
	flags.StringVar(&list, "for-each", "", "File with e-mail addresses, or - for standard input")
	flags.BoolVar(&mails, "mail", false, "Mail each link to its address")
	f.add(cmd)
	return c.leaf(cmd, func(r *run, args []string) error {
		if list == "" {
			return errors.New("say with --for-each which file the addresses are in, or - for standard input")
		}
		body, err := f.body(r)
		if err != nil {
			return err
		}
		if body.ForEach, err = readAddresses(list, r.in); err != nil {
			return err
		}
		body.Mail = mails
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		return show(r, http.MethodPost, "/links/"+id+"/mint", body, printMinted)
	})
}

func mailLink(c *common) *cobra.Command {
	var f mintFlags
	var to []string
	cmd := &cobra.Command{
		Use:   "mail LINK --to EMAIL",
		Short: "Mails a link: to each address a link of their own, made from it",
		Long: `Mails a link: each address gets a link of their own, made from it, which is for them
alone. How open the collection is does not change by it. Without a mail setting the
messages are printed, to be sent by hand.`,
		Example: `  usher link mail lnk_1e5q0k2h4m6p8r0t2v4g --to ann@example.com --to ben@example.com --views 2`,
		Args:    takes(whichLink),
	}
	cmd.Flags().StringArrayVar(&to, "to", nil, "E-mail address; may be given again")
	f.add(cmd)
	return c.leaf(cmd, func(r *run, args []string) error {
		if len(to) == 0 {
			return errors.New("say with --to whom to mail it to")
		}
		b, err := f.body(r)
		if err != nil {
			return err
		}
		id, err := r.linkID(args[0])
		if err != nil {
			return err
		}
		body := api.LinkMail{
			To: to, Message: b.Message, Views: b.Views, ViewsEach: b.ViewsEach, ExpiresAt: b.ExpiresAt, ExpiresIn: b.ExpiresIn, Can: b.Can,
		}
		return show(r, http.MethodPost, "/links/"+id+"/mail", body, printMinted)
	})
}

func printMinted(out io.Writer, m api.Minted) {
	rows := make([][]string, len(m.Items))
	for i, item := range m.Items {
		said := item.Why
		if item.Link != nil {
			said = item.Link.URL
			if item.Why != "" {
				said += " (" + item.Why + ")"
			}
		}
		rows[i] = []string{item.Email, item.Outcome, item.Mail, said}
	}
	table(out, []string{"ADDRESS", "OUTCOME", "MAIL", "LINK"}, rows)
	if m.LevelBefore != "" {
		fmt.Fprintf(out, "\nThe collection was open to %s before, and is open to %s after.\n", levelText(m.LevelBefore), levelText(m.LevelAfter))
	}
	for _, item := range m.Items {
		printLetter(out, item.Message)
	}
}

// levelText says to whom a level is open.
func levelText(level string) string {
	switch level {
	case "locked":
		return "whom it was granted or a link names (locked)"
	case "members":
		return "whoever is signed in (members)"
	case "link":
		return "whoever has a link (link)"
	}
	return "everybody (" + level + ")"
}

// printLetter prints a message that has to be sent by hand.
func printLetter(out io.Writer, l *api.Letter) {
	if l == nil {
		return
	}
	fmt.Fprintf(out, "\n---- to be sent by hand ----\nTo: %s\nSubject: %s\n\n%s\n", l.To, l.Subject, l.Text)
}
