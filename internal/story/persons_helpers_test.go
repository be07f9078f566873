package story

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

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

// open starts a cinema. more is put into the usher block, and what edit makes of
// the Caddyfile is used.
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

// onBothStores runs a story on the embedded store and on a real Redis; dump
// returns all that is stored.
func onBothStores(t *testing.T, story func(t *testing.T, o storytest.Options, redis *redistest.Server)) {
	t.Run("embedded", func(t *testing.T) { story(t, storytest.Options{}, nil) })
	t.Run("redis", func(t *testing.T) {
		r := redistest.Start(t)
		story(t, storytest.Options{Caddyfile: redisCaddyfile(r.URL())}, r)
	})
}

// try runs a command that has to fail, and returns what it said.
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

// surfer is a browser with its cookies, in a network of its own.
type surfer struct {
	*http.Client
	c *cinema
	t testing.TB
}

var networks atomic.Int32

func (c *cinema) surfer() *surfer {
	n := networks.Add(1)
	from := &net.TCPAddr{IP: net.IPv4(127, 77, byte(n>>8), byte(n))}
	dialer := net.Dialer{LocalAddr: from}
	jar, _ := cookiejar.New(nil) // never fails without options
	return &surfer{c: c, t: c.t, Client: &http.Client{
		Jar: jar, Timeout: 20 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addr)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// twin is another browser in the same network.
func (b *surfer) twin() *surfer {
	twin := *b.Client
	twin.Jar, _ = cookiejar.New(nil)
	return &surfer{&twin, b.c, b.t}
}

func (b *surfer) url(target string) string {
	if strings.HasPrefix(target, "/") {
		return b.c.URL + target
	}
	return target
}

func (b *surfer) get(target string) answer {
	b.t.Helper()
	return do(b.t, b.Client, http.MethodGet, b.url(target), "Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "none")
}

// post sends a form as a page of the site does.
func (b *surfer) post(target string, form url.Values) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url(target), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Origin": b.c.URL,
		"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin",
	} {
		req.Header.Set(name, value)
	}
	resp, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp, string(body)}
}

// press fills in the form of a page as it was served and presses a button.
func (b *surfer) press(page answer, button string, fields ...string) answer {
	b.t.Helper()
	form, action := formOf(b.t, page, button)
	for i := 0; i < len(fields); i += 2 {
		if !form.Has(fields[i]) {
			b.t.Fatalf("the form has no field %s:\n%s", fields[i], page.body)
		}
		form.Set(fields[i], fields[i+1])
		if b.c.postbox != nil && (fields[i] == "new" || fields[i] == "password") && fields[i+1] != "" && !slices.Contains(b.c.secrets, fields[i+1]) {
			b.c.secrets = append(b.c.secrets, fields[i+1])
		}
	}
	to, err := page.Request.URL.Parse(action)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.post(to.String(), form)
}

// formOf reads the form with a button: what its fields hold, and where it goes.
func formOf(t testing.TB, page answer, button string) (url.Values, string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		t.Fatal(err)
	}
	for form := range root.Descendants() {
		if form.Data != "form" || attr(form, "method") != "post" {
			continue
		}
		values, action, found := url.Values{}, attr(form, "action"), false
		for e := range form.Descendants() {
			switch {
			case e.Data == "input" && attr(e, "name") != "":
				values.Set(attr(e, "name"), attr(e, "value"))
			case e.Data == "button" && e.FirstChild != nil && e.FirstChild.Data == button:
				found = true
				if other := attr(e, "formaction"); other != "" {
					action = other
				}
			}
		}
		if found {
			return values, action
		}
	}
	t.Fatalf("no button %q on the page %d:\n%s", button, page.StatusCode, page.body)
	return nil, ""
}

func attr(e *html.Node, name string) string {
	for _, a := range e.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// leads wants an answer that sends the browser on, and returns where.
func leads(t testing.TB, a answer) string {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther && a.StatusCode != http.StatusFound {
		t.Fatalf("%s: status %d %s\n%s", a.Request.URL.Path, a.StatusCode, a.Header.Get("Usher-Reason"), a.body)
	}
	return a.Header.Get("Location")
}

// says wants a page with this status and these texts.
func says(t testing.TB, a answer, status int, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if a.StatusCode != status || !strings.Contains(a.body, text) {
			t.Fatalf("%s: status %d, want %d with %q:\n%s", a.Request.URL.Path, a.StatusCode, status, text, a.body)
		}
	}
}

// activate follows an activation link and chooses a password.
func (b *surfer) activate(link, password string) answer {
	b.t.Helper()
	return b.press(b.get(link), "Go on", "new", password)
}

// signIn signs in by password.
func (b *surfer) signIn(address, password string) answer {
	b.t.Helper()
	return b.press(b.get("/_usher/signin"), "Sign in", "email", address, "password", password)
}

// who says whom the site takes the browser for; empty: nobody.
func (b *surfer) who() string {
	b.t.Helper()
	page := b.get("/_usher/signin")
	if page.StatusCode != http.StatusOK {
		b.t.Fatalf("status %d: %s", page.StatusCode, page.body)
	}
	_, rest, found := strings.Cut(page.body, "As ")
	if !found {
		return ""
	}
	address, _, _ := strings.Cut(rest, ".</p>")
	return address
}

// watches opens a file by what the browser is signed in with, and returns the
// base URL of the session.
func (b *surfer) watches(file string) string {
	b.t.Helper()
	to := leads(b.t, b.get(file))
	session, _, found := strings.Cut(strings.TrimPrefix(to, "/~"), "/")
	if !found || !strings.HasPrefix(to, "/~") {
		b.t.Fatalf("Location %q", to)
	}
	wantStatus(b.t, b.get(to), http.StatusOK, "")
	return "/~" + session
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
