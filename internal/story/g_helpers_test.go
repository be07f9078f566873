package story

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/internal/storytest"
)

// guest is somebody with a browser that keeps cookies.
type guest struct {
	t testing.TB
	*http.Client
}

func newGuest(t testing.TB) *guest { return &guest{t, browser()} }

// form posts a form as the site's own page would.
func (g *guest) form(s *storytest.Server, target string, fields ...string) answer {
	g.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	for range 50 {
		req, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, s.URL+local(target), strings.NewReader(values.Encode()))
		if err != nil {
			g.t.Fatal(err)
		}
		req.Header.Set("Origin", s.URL)
		req.Header.Set("Accept", "text/html")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := read(g.t, g.Client, req)
		if a.StatusCode != http.StatusServiceUnavailable {
			return a
		}
		time.Sleep(100 * time.Millisecond) // a busy store; sooner than Retry-After asks
	}
	g.t.Fatalf("%s: the store stays away", target)
	return answer{}
}

// local is a URL's path and query: what it is on whichever node.
func local(target string) string {
	if _, rest, absolute := strings.Cut(target, "://"); absolute {
		_, rest, _ = strings.Cut(rest, "/")
		return "/" + rest
	}
	return target
}

// see looks at something with a browser.
func (g *guest) see(s *storytest.Server, target string) answer {
	g.t.Helper()
	return do(g.t, g.Client, http.MethodGet, s.URL+local(target), "Accept", "text/html")
}

// press presses Watch on a link's page, and wants to be let in. It returns the
// session: what stands before a path.
func (g *guest) press(s *storytest.Server, l link, fields ...string) string {
	g.t.Helper()
	a := g.form(s, l.URL, fields...)
	wantStatus(g.t, a, http.StatusSeeOther, "")
	return g.session(a)
}

// session is the one that an answer gave the browser.
func (g *guest) session(a answer) string {
	g.t.Helper()
	for _, cookie := range a.Cookies() {
		if cookie.Name == "usher" {
			return "/~" + cookie.Value
		}
	}
	g.t.Fatalf("%s gave no session", a.Request.URL)
	return ""
}

// gets asks for media in a session, without a cookie.
func gets(t testing.TB, s *storytest.Server, session, path string) answer {
	t.Helper()
	return do(t, browser(), http.MethodGet, s.URL+session+path)
}

const (
	firstSegment = "/clock/360p/0.ts"
	ownPassword  = "a few words of mine"
)

// known is a person who accepted an invitation, and the browser that they are
// signed in with.
func known(t testing.TB, s *storytest.Server, email string, args ...string) *guest {
	t.Helper()
	list := decode[struct {
		Items []struct {
			Message struct{ Text string }
		}
	}](t, s.CLI(append([]string{"invite", "create", email, "--json"}, args...)...))
	_, path, found := strings.Cut(list.Items[0].Message.Text, "/_usher/activate/")
	if !found {
		t.Fatalf("no activation link in %q", list.Items[0].Message.Text)
	}
	g := newGuest(t)
	wantStatus(t, g.form(s, "/_usher/activate/"+strings.Fields(path)[0], "new", ownPassword), http.StatusSeeOther, "")
	return g
}

// elsewhere is the same person with a browser on another device.
func elsewhere(t testing.TB, s *storytest.Server, email string) *guest {
	t.Helper()
	g := newGuest(t)
	wantStatus(t, g.form(s, "/_usher/signin", "email", email, "password", ownPassword), http.StatusSeeOther, "")
	return g
}

// secretFile writes a password where a command reads it.
func secretFile(t testing.TB, s *storytest.Server, text string) string {
	t.Helper()
	path := filepath.Join(s.Dir, "password")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// more puts another copy of the sample into the site, below a folder.
func more(t testing.TB, s *storytest.Server, folder string) {
	t.Helper()
	if err := sample.Write(filepath.Join(s.Dir, "site", folder)); err != nil {
		t.Fatal(err)
	}
}

// onSite adds words to the directives of the site.
func onSite(caddyfile string, words ...string) string {
	if len(words) == 0 {
		return caddyfile
	}
	return strings.Replace(caddyfile, "api\n", "api\n\t\t"+strings.Join(words, "\n\t\t")+"\n", 1)
}

// atOnce does something so many times at once.
func atOnce(n int, do func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	all.Wait()
}

// contains wants all the texts in a page or a command's output.
func contains(t testing.TB, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// lacks wants none of the texts there.
func lacks(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in\n%s", secret, text)
		}
	}
}
