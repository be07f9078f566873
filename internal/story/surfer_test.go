package story

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"
)

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
		t.Fatalf("%s: status %d %s\n%.300s", a.Request.URL.Path, a.StatusCode, a.Header.Get("Usher-Reason"), a.body)
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
