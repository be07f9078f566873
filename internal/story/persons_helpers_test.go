package story

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/mail/mailtest"
	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// cinema is a site with persons: /clock/* and /other/* are there to be watched.
type cinema struct {
	*storytest.Server
	*postbox
	t testing.TB
}

// open starts a cinema. more is put into its usher block; a box makes it mail.
func open(t testing.TB, o storytest.Options, box *postbox, more ...string) *cinema {
	t.Helper()
	if o.Caddyfile == "" {
		o.Caddyfile = storytest.DefaultCaddyfile
	}
	if box != nil {
		o.Env = append(o.Env, "SMTP_PASSWORD="+mailtest.Password, "SSL_CERT_FILE="+box.RootsFile())
		more = append(more, fmt.Sprintf(`mail smtp://%s:{env.SMTP_PASSWORD}@127.0.0.1:%d from "Cinema Zoë <cinema@example.com>"`, mailtest.User, box.Port()))
	}
	o.Caddyfile = strings.Replace(o.Caddyfile, "\t\tpublic_url", "\t\t"+strings.Join(append(more, "public_url"), "\n\t\t"), 1)
	s := storytest.New(t, o)
	for _, folder := range []string{"site", "site/other"} {
		if err := sample.Write(filepath.Join(s.Dir, folder)); err != nil {
			t.Fatal(err)
		}
	}
	s.Run()
	return &cinema{Server: s, postbox: box, t: t}
}

// onBothStores runs a story on the embedded store and on a real Redis.
func onBothStores(t *testing.T, story func(t *testing.T, o storytest.Options, redis *redistest.Server)) {
	t.Run("embedded", func(t *testing.T) { story(t, storytest.Options{}, nil) })
	t.Run("redis", func(t *testing.T) {
		r := redistest.Start(t)
		story(t, storytest.Options{Caddyfile: redisCaddyfile(r.URL())}, r)
	})
}

// refused runs a command that has to fail, and returns what it said.
func (c *cinema) refused(args ...string) string {
	c.t.Helper()
	out, err := c.TryCLI(args...)
	if err == nil {
		c.t.Fatalf("usher %s was done: %s", strings.Join(args, " "), out)
	}
	return err.Error()
}

// postbox is where the mails of a story arrive: a real SMTP server, by STARTTLS.
type postbox struct {
	*mailtest.Server
	t testing.TB
	// secrets are the passwords that were chosen: no mail may hold one (B8).
	secrets []string
}

func newPostbox(t testing.TB) *postbox {
	p := &postbox{Server: mailtest.Serve(t, mailtest.Options{}), t: t}
	t.Cleanup(func() {
		for _, m := range p.Mails() {
			l := p.read(m)
			for _, secret := range p.secrets {
				if strings.Contains(m.Data, secret) || strings.Contains(l.Text, secret) || strings.Contains(l.HTML, secret) {
					t.Errorf("a mail to %s holds the password %q:\n%s", l.To, secret, l.Text)
				}
			}
			if !m.Secured || m.Auth == "" {
				t.Errorf("a mail to %s came in clear, or from nobody", l.To)
			}
		}
	})
	return p
}

func (p *postbox) read(m mailtest.Mail) mailtest.Letter {
	p.t.Helper()
	l, err := m.Read()
	if err != nil {
		p.t.Fatalf("%v in %s", err, m.Data)
	}
	if m.To != "TO:<"+l.To.Address+">" || !strings.HasPrefix(m.From, "FROM:<cinema@example.com>") {
		p.t.Fatalf("the envelope says %s %s, the mail %v", m.From, m.To, l.To)
	}
	return l
}

// to returns the mails to an address.
func (p *postbox) to(address string) (found []mailtest.Letter) {
	p.t.Helper()
	for _, m := range p.Mails() {
		if l := p.read(m); l.To.Address == address {
			found = append(found, l)
		}
	}
	return found
}

// nth waits for the nth mail to an address, counted from 1, and wants no more.
func (p *postbox) nth(address string, n int) mailtest.Letter {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("mail %d to %s", n, address), func() bool { return len(p.to(address)) >= n })
	found := p.to(address)
	if len(found) > n {
		p.t.Fatalf("%d mails to %s, want %d: the last is %s", len(found), address, n, found[n].Text)
	}
	return found[n-1]
}

var (
	urlInText  = regexp.MustCompile(`https?://\S+`)
	codeInText = regexp.MustCompile(`(?m)^ +([0-9]{6})$`)
)

// urlIn is the only address in a mail.
func urlIn(t testing.TB, text string) string {
	t.Helper()
	found := urlInText.FindAllString(text, -1)
	if len(found) != 1 {
		t.Fatalf("%d addresses in %q", len(found), text)
	}
	return found[0]
}

// person is a person who has a password, and a browser they are signed in with.
func (c *cinema) person(address, password string, args ...string) *surfer {
	c.t.Helper()
	c.CLI(append([]string{"person", "create", address}, args...)...)
	return c.activated(address, password)
}

// activated lets somebody who is a person choose a password: an operator invites
// them to nothing but their account.
func (c *cinema) activated(address, password string) *surfer {
	c.t.Helper()
	b := c.surfer()
	leads(c.t, b.activate(c.invite(address).url, password))
	return b
}

// invited is what one address got.
type invited struct {
	Email   string
	Outcome string
	Why     string
	Invite  string
	Mail    string
	Message *struct{ To, Subject, Text string }
	url     string
}

// invite invites one address, and returns the link in the mail.
func (c *cinema) invite(address string, args ...string) invited {
	c.t.Helper()
	before := 0
	if c.postbox != nil {
		before = len(c.to(address))
	}
	items := c.invites(append([]string{address}, args...)...)
	if len(items) != 1 {
		c.t.Fatalf("%+v", items)
	}
	one := items[0]
	switch one.Mail {
	case "sent":
		one.url = urlIn(c.t, c.nth(address, before+1).Text)
	case "by_hand":
		one.url = urlIn(c.t, one.Message.Text)
	default:
		c.t.Fatalf("%+v", one)
	}
	return one
}

func (c *cinema) invites(args ...string) []invited {
	c.t.Helper()
	return decode[struct{ Items []invited }](c.t, c.CLI(append([]string{"invite", "create", "--json"}, args...)...)).Items
}

// clock makes the collection clock of /clock/*.
func (c *cinema) clock(args ...string) {
	c.t.Helper()
	c.CLI(append([]string{"collection", "create", "clock", "--path", "/clock/*", "--title", "The clock"}, args...)...)
}
