package story

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// stage is a running gateway with the sample clip in /clock/, and a copy of it
// below each folder that a story wants.
type stage struct {
	*storytest.Server
	testing.TB
	actors atomic.Int64
}

// Log is the test's; the server has one as well.
func (s *stage) Log(args ...any) { s.TB.Log(args...) }

// onStage is a stage on the embedded store; change is made to its Caddyfile.
func onStage(t *testing.T, change ...string) *stage {
	t.Helper()
	return &stage{Server: gated(t, storytest.Options{Caddyfile: strings.NewReplacer(change...).Replace(storytest.DefaultCaddyfile)}), TB: t}
}

// onBothStages tells a story on the embedded store and on a real Redis.
func onBothStages(t *testing.T, story func(s *stage), change ...string) {
	t.Run("embedded", func(t *testing.T) { story(onStage(t, change...)) })
	t.Run("redis", func(t *testing.T) {
		story(onStage(t, slices.Concat([]string{"store embedded {dir}/store", "store redis " + redistest.Start(t).URL()}, change)...))
	})
}

// folder is a copy of the clip's files.
func (s *stage) folder(name string) {
	s.Helper()
	to := filepath.Join(s.Dir, "site", name)
	if err := os.CopyFS(to, os.DirFS(filepath.Join(s.Dir, "site", "clock"))); err != nil {
		s.Fatal(err)
	}
}

// fails wants a command to be refused, for a reason with these words in it.
func (s *stage) fails(words string, args ...string) {
	s.Helper()
	out, err := s.TryCLI(args...)
	if err == nil {
		s.Fatalf("usher %s: it was done\n%s", strings.Join(args, " "), out)
	}
	if !strings.Contains(err.Error(), words) {
		s.Errorf("usher %s: no %q in %v", strings.Join(args, " "), words, err)
	}
}

// told is what a command says as JSON.
func (s *stage) told(args ...string) map[string]any {
	s.Helper()
	return decode[map[string]any](s, s.CLI(append(args, "--json")...))
}

// field is a value further in: "collections/0/name".
func field(t testing.TB, in any, path string) any {
	t.Helper()
	for name := range strings.SplitSeq(path, "/") {
		switch at := in.(type) {
		case map[string]any:
			in = at[name]
		case []any:
			var i int
			if err := json.Unmarshal([]byte(name), &i); err != nil || i >= len(at) {
				t.Fatalf("no %s in %v", path, at)
			}
			in = at[i]
		default:
			t.Fatalf("no %s: %v", path, in)
		}
	}
	return in
}

// wantField fails unless the value is this one.
func wantField(t testing.TB, in any, path string, want any) {
	t.Helper()
	got, _ := json.Marshal(field(t, in, path))
	wanted, _ := json.Marshal(want)
	if string(got) != string(wanted) {
		t.Errorf("%s is %s, want %s", path, got, wanted)
	}
}

// collect makes a collection of everything below a folder.
func (s *stage) collect(name, level string, args ...string) {
	s.Helper()
	if name != "clock" {
		s.folder(name)
	}
	s.CLI(append([]string{"collection", "create", name, "--path", "/" + name + "/*", "--level", level}, args...)...)
}

// share makes a link.
func (s *stage) share(args ...string) link {
	s.Helper()
	return createLink(s, s.Server, args...)
}

// actor is somebody with a browser of their own.
type actor struct {
	*stage
	*http.Client
	email string
}

// anybody is somebody whom nobody knows.
func (s *stage) anybody() *actor { return &actor{stage: s, Client: s.program()} }

// program is a browser that is not taken for any other one: without cookies yet,
// those of one address are told apart by what they call themselves.
func (s *stage) program() *http.Client {
	c := browser()
	wire := &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: 10 * time.Second}
	c.Transport = called{fmt.Sprintf("viewer-%d/1.0", s.actors.Add(1)), wire}
	return c
}

type called struct {
	name string
	http.RoundTripper
}

func (c called) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", c.name)
	return c.RoundTripper.RoundTrip(r)
}

// person is somebody who is known, and signed in.
func (s *stage) person(email string, args ...string) *actor {
	s.Helper()
	s.CLI(append([]string{"person", "create", email}, args...)...)
	return s.activated(email)
}

// activated signs in whoever is known by the address already.
func (s *stage) activated(email string) *actor {
	s.Helper()
	invited := s.told("invite", "create", email)
	message, _ := field(s, invited, "items/0/message/text").(string)
	_, code, found := strings.Cut(message, "/_usher/activate/")
	if !found {
		s.Fatalf("no activation link in %v", invited)
	}
	a := &actor{s, s.program(), email}
	a.post("/_usher/activate/"+strings.Fields(code)[0], "new", "a few words of "+email)
	return a
}

// post posts a form as the site's own page would, and wants to be sent on.
func (a *actor) post(path string, fields ...string) answer {
	a.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	got := a.send(http.MethodPost, path, values.Encode(), "Origin", a.URL, "Content-Type", "application/x-www-form-urlencoded")
	if got.StatusCode != http.StatusSeeOther {
		a.Fatalf("%s: %d %s", path, got.StatusCode, got.body)
	}
	return got
}

// send sends a request with a body.
func (a *actor) send(method, path, body string, header ...string) answer {
	a.Helper()
	return a.stream(method, path, strings.NewReader(body), header...)
}

// stream is send for a body whose length is not said, unless it is that of a text.
func (a *actor) stream(method, path string, body io.Reader, header ...string) answer {
	a.Helper()
	req, err := http.NewRequestWithContext(a.Context(), method, a.URL+path, body)
	if err != nil {
		a.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return finished(a, a.Client, req)
}

func finished(t testing.TB, c *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(text)}
}

// asks asks for a path, and wants the status and reason.
func (a *actor) asks(path string, status int, reason string, header ...string) answer {
	a.Helper()
	got := do(a, a.Client, http.MethodGet, a.URL+path, header...)
	wantStatus(a, got, status, reason)
	return got
}

// enters is let into a collection by what they were granted, and returns their
// session: what stands before a path.
func (a *actor) enters(path string) string {
	a.Helper()
	return a.sentOn(a.asks(path, http.StatusFound, ""), path)
}

// watches wants a film to play by what they were granted, whether or not their
// browser has a session yet.
func (a *actor) watches(path string) {
	a.Helper()
	got := do(a, a.Client, http.MethodGet, a.URL+path)
	if got.StatusCode == http.StatusFound {
		got = do(a, a.Client, http.MethodGet, a.URL+got.Header.Get("Location"))
	}
	wantStatus(a, got, http.StatusOK, "")
}

// opens opens a link by its signed media URL, at a path.
func (a *actor) opens(l link, path string) string {
	a.Helper()
	return a.sentOn(a.tries(l, path, http.StatusFound, ""), path)
}

func (a *actor) sentOn(to answer, path string) string {
	a.Helper()
	session, ok := strings.CutSuffix(to.Header.Get("Location"), path)
	if !ok || !strings.HasPrefix(session, "/~") {
		a.Fatalf("sent to %q", to.Header.Get("Location"))
	}
	return session
}

// tries is opens for who may be refused.
func (a *actor) tries(l link, path string, status int, reason string) answer {
	a.Helper()
	_, token, _ := strings.Cut(l.MediaURL, "?usher=")
	return a.asks(path+"?usher="+token, status, reason)
}

// plays wants a film to play in a session.
func (a *actor) plays(session, path string) answer {
	a.Helper()
	return a.asks(session+path, http.StatusOK, "")
}
