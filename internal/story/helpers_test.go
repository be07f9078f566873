package story

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/internal/storytest"
)

func TestMain(m *testing.M) { storytest.Main(m) }

// link is a link as `usher link … --json` prints it.
type link struct {
	ID       string `json:"id"`
	URL      string `json:"url"`
	MediaURL string `json:"media_url"`
	Standing string `json:"standing"`
	Views    struct {
		Limit    *int64 `json:"limit"`
		Used     int64  `json:"used"`
		Reserved int64  `json:"reserved"`
		Left     *int64 `json:"left"`
	} `json:"views"`
	Plays   int64 `json:"plays"`
	Redeems int64 `json:"redeems"`
	Devices int64 `json:"devices"`
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

func createLink(t testing.TB, s *storytest.Server, args ...string) link {
	t.Helper()
	return decode[link](t, s.CLI(append([]string{"link", "create", "--json"}, args...)...))
}

func showLink(t testing.TB, s *storytest.Server, id string) link {
	t.Helper()
	return decode[link](t, s.CLI("link", "show", id, "--json"))
}

// wantViews fails unless the link's counts are these.
func wantViews(t testing.TB, s *storytest.Server, id string, used, reserved int64) {
	t.Helper()
	if l := showLink(t, s, id); l.Views.Used != used || l.Views.Reserved != reserved {
		t.Fatalf("used %d, reserved %d; want %d and %d", l.Views.Used, l.Views.Reserved, used, reserved)
	}
}

// gated starts a server in front of the sample clip, in /clock/.
func gated(t testing.TB, o storytest.Options) *storytest.Server {
	t.Helper()
	s := storytest.New(t, o)
	if err := sample.Write(filepath.Join(s.Dir, "site")); err != nil {
		t.Fatal(err)
	}
	s.Run()
	return s
}

// browser returns a client that keeps cookies and shows redirects.
func browser() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &http.Client{
		Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a whole response.
type answer struct {
	*http.Response
	body string
}

// do asks, and asks again while a disk or a Redis that is busy with other
// tests makes the gate say 503; once asks a single time.
func do(t testing.TB, c *http.Client, method, target string, header ...string) answer {
	t.Helper()
	for range 50 {
		a := once(t, c, method, target, header...)
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			return a
		}
		time.Sleep(100 * time.Millisecond) // sooner than Retry-After asks
	}
	return once(t, c, method, target, header...)
}

func once(t testing.TB, c *http.Client, method, target string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return read(t, c, req)
}

func read(t testing.TB, c *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v after %d bytes", req.Method, req.URL, err, len(body))
	}
	return answer{resp, string(body)}
}

func wantStatus(t testing.TB, a answer, status int, reason string) {
	t.Helper()
	if a.StatusCode != status || a.Header.Get("Usher-Reason") != reason {
		t.Fatalf("%s: status %d, reason %q; want %d, %q\n%.300s", a.Request.URL.Path, a.StatusCode, a.Header.Get("Usher-Reason"), status, reason, a.body)
	}
}

// enter opens the signed media URL and returns the base URL of the session:
// what stands before the viewer's path.
func enter(t testing.TB, s *storytest.Server, c *http.Client, l link, path string) string {
	t.Helper()
	token, err := url.Parse(l.MediaURL)
	if err != nil {
		t.Fatal(err)
	}
	a := do(t, c, http.MethodGet, s.URL+path+"?usher="+token.Query().Get("usher"))
	wantStatus(t, a, http.StatusFound, "")
	session, _, ok := strings.Cut(strings.TrimPrefix(a.Header.Get("Location"), "/~"), "/")
	if !ok {
		t.Fatalf("Location %q", a.Header.Get("Location"))
	}
	return s.URL + "/~" + session
}

// eventually waits until done reports true.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// redisCaddyfile is the default site on a Redis.
func redisCaddyfile(redisURL string) string {
	return strings.Replace(storytest.DefaultCaddyfile, "store embedded {dir}/store", "store redis "+redisURL, 1)
}
