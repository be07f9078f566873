package story

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// upstream answers each path by a script, and records what it saw.
type upstream struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
}

func newUpstream(t *testing.T, serve http.HandlerFunc) *upstream {
	t.Helper()
	u := new(upstream)
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		u.seen = append(u.seen, r.Clone(r.Context()))
		u.mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

func before(t *testing.T, u *upstream) *storytest.Server {
	t.Helper()
	origin := strings.TrimPrefix(u.URL, "http://")
	return storytest.Start(t, storytest.Options{Caddyfile: strings.Replace(storytest.DefaultCaddyfile, "\tfile_server {\n\t\troot {dir}/site\n\t}\n", "\treverse_proxy "+origin+"\n", 1)})
}

// resetAfter answers with a length and closes after n bytes of the body.
func resetAfter(w http.ResponseWriter, n int) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: 1000\r\n\r\n%s", strings.Repeat("x", n))
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// A view is charged with the first byte: an upstream that fails before it
// costs nothing, one that fails after it costs one.
func TestUpstreamFailuresAreNotViews(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a/404.ts":
			http.NotFound(w, r)
		case "/a/500.ts":
			http.Error(w, "broken", http.StatusInternalServerError)
		case "/a/empty.ts":
			w.WriteHeader(http.StatusOK)
		case "/a/204.ts":
			w.WriteHeader(http.StatusNoContent)
		case "/a/redirect.ts":
			http.Redirect(w, r, "/a/ok.ts", http.StatusFound)
		case "/a/reset0.ts":
			resetAfter(w, 0)
		case "/a/reset1.ts":
			resetAfter(w, 1)
		case "/a/playlist":
			w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
			fmt.Fprint(w, "#EXTM3U\n")
		default:
			fmt.Fprint(w, "media")
		}
	})
	s := before(t, u)
	for path, charged := range map[string]int64{
		"/a/404.ts": 0, "/a/500.ts": 0, "/a/empty.ts": 0, "/a/204.ts": 0, "/a/redirect.ts": 0, "/a/reset0.ts": 0, "/a/playlist": 0,
		"/a/reset1.ts": 1, "/a/ok.ts": 1,
	} {
		l := createLink(t, s, "--path", "/a/*", "--views", "1")
		base := enter(t, s, browser(), l, path)
		resp, err := browser().Get(base + path)
		if err == nil {
			if location := resp.Header.Get("Location"); location != "" && s.URL+location != base+"/a/ok.ts" {
				t.Errorf("a redirect of upstream leaves the session: %s", location)
			}
			resp.Body.Close()
		}
		eventually(t, path+": the reservation is settled", func() bool { return showLink(t, s, l.ID).Views.Reserved == 0 })
		wantViews(t, s, l.ID, charged, 0)
	}
}

// A probe, an "init" name or a disguised content type does not get a film for
// nothing.
func TestNoFilmForNothing(t *testing.T) {
	film := strings.Repeat("x", 3<<20)
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a/deaf.mp4": // ignores Range
			fmt.Fprint(w, film)
			return
		case "/a/disguised.mp4":
			w.Header().Set("Content-Type", "image/png")
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(film))
	})
	s := before(t, u)
	for _, c := range []struct{ path, ranges string }{
		{"/a/deaf.mp4", "bytes=0-1"}, {"/a/film-init.mp4", "bytes=0-"}, {"/a/film-init.mp4", "bytes=262144-524287"}, {"/a/disguised.mp4", "bytes=5-"},
	} {
		l := createLink(t, s, "--path", "/a/*", "--views", "1")
		base := enter(t, s, browser(), l, c.path)
		a := do(t, browser(), http.MethodGet, base+c.path, "Range", c.ranges)
		if len(a.body) > 2 && showLink(t, s, l.ID).Views.Used != 1 {
			t.Errorf("%s %s: %d bytes for no view", c.path, c.ranges, len(a.body))
		}
	}
	// Where no view is left, the refusal arrives, in the place of the film.
	l := createLink(t, s, "--path", "/a/*", "--views", "1")
	c := browser()
	base := enter(t, s, c, l, "/a/one.mp4")
	other := enter(t, s, c, l, "/a/deaf.mp4")
	wantStatus(t, do(t, c, http.MethodGet, base+"/a/one.mp4"), http.StatusOK, "")
	a := do(t, c, http.MethodGet, other+"/a/deaf.mp4", "Range", "bytes=0-1")
	wantStatus(t, a, http.StatusGone, "views_spent")
	if strings.Contains(a.body, "xxx") {
		t.Error("with a piece of the film")
	}
}

// Upstream sees the authorised request, our identity headers and nothing of
// the credentials.
func TestWhatUpstreamSees(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "upstream=1")
		w.Header().Set("Usher-Views-Left", "99")
		fmt.Fprint(w, "media")
	})
	s := before(t, u)
	l := createLink(t, s, "--path", "/a/*", "--views", "5")
	c := browser()
	base := enter(t, s, c, l, "/a/x.ts")
	a := do(t, c, http.MethodGet, base+"/a/b%20c.ts?CMCD=bl%3D1&_HLS_msn=2",
		"Usher-Person", "root", "usher-link", "lnk_x", "Usher_Session", "x", "X-Original-URL", "/secret", "Referer", base+"/a/x.ts", "Cookie", "mine=1; usher=junk")
	wantStatus(t, a, http.StatusOK, "")
	if a.Header.Get("Set-Cookie") != "" || a.Header.Get("Usher-Views-Left") != "4" || !strings.HasPrefix(a.Header.Get("Cache-Control"), "private") {
		t.Errorf("answer headers: %v", a.Header)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.seen) != 1 {
		t.Fatalf("upstream saw %d requests", len(u.seen))
	}
	r := u.seen[0]
	if r.RequestURI != "/a/b%20c.ts?CMCD=bl%3D1&_HLS_msn=2" {
		t.Errorf("target %s", r.RequestURI)
	}
	if r.Header.Get("Usher-Link") != l.ID || !strings.HasPrefix(r.Header.Get("Usher-Session"), "ses_") || r.Header.Get("Usher-Capabilities") != "view" {
		t.Errorf("identity: %v", r.Header)
	}
	session := strings.TrimPrefix(base, s.URL+"/~")
	for name, values := range r.Header {
		if strings.Contains(strings.Join(values, " "), session) {
			t.Errorf("the session is in %s", name)
		}
	}
	for _, name := range []string{"Usher-Person", "Usher_Session", "X-Original-Url"} {
		if r.Header.Get(name) != "" || len(r.Header[name]) > 0 {
			t.Errorf("%s came through", name)
		}
	}
	if got := r.Header.Get("Cookie"); got != "mine=1" {
		t.Errorf("cookies %q", got)
	}
}

var sendfileCall = regexp.MustCompile(`sendfile.*\) += (\d+)`)

// Files leave by sendfile(2), through the gate, and whatever range was asked
// for is what comes.
func TestSendfileIsKept(t *testing.T) {
	s := gated(t, storytest.Options{})
	big := make([]byte, 8<<20+12345)
	for i := range big {
		big[i] = byte(i * i >> 8)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "site", "clock", "big.mp4"), big, 0o600); err != nil {
		t.Fatal(err)
	}
	l := createLink(t, s, "--path", "/clock/*")
	base := enter(t, s, browser(), l, "/clock/big.mp4")
	trace := startTrace(t, s.PID())
	a := do(t, browser(), http.MethodGet, base+"/clock/big.mp4")
	sent := trace()
	if a.body != string(big) {
		t.Fatalf("%d bytes came, or others", len(a.body))
	}
	t.Logf("%d of %d bytes went by sendfile", sent, len(big))
	if sent < int64(len(big))*9/10 {
		t.Errorf("%d of %d bytes went by sendfile", sent, len(big))
	}
	const chunk = 64 << 10
	for _, r := range [][2]int{{0, 511}, {0, 512}, {0, chunk - 513}, {0, chunk - 2}, {0, chunk - 1}, {0, 2*chunk - 1}, {0, 2*chunk - 2}, {5, 2*chunk + 4}, {0, chunk}, {1, chunk}, {5, 5}, {3*chunk + 7, 9*chunk + 6}, {100, 100 + 2*chunk}, {len(big) - chunk, len(big) - 1}, {len(big) - 5, len(big) - 1}, {7, len(big) - 2}} {
		a := do(t, browser(), http.MethodGet, base+"/clock/big.mp4", "Range", fmt.Sprintf("bytes=%d-%d", r[0], r[1]))
		if a.StatusCode != http.StatusPartialContent || a.body != string(big[r[0]:r[1]+1]) {
			t.Errorf("range %v: status %d, %d bytes", r, a.StatusCode, len(a.body))
		}
	}
}

// startTrace watches a process' sendfile calls; the returned function ends
// that and says how many bytes they sent.
func startTrace(t *testing.T, pid int) func() int64 {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing: make tools installs it")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-e", "trace=sendfile", "-o", trace, "-p", fmt.Sprint(pid))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stderr)
	for said.Scan() && !strings.Contains(said.Text(), "attached") {
	}
	return func() (sent int64) {
		_ = cmd.Process.Signal(os.Interrupt)
		for said.Scan() {
		}
		_ = cmd.Wait()
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range sendfileCall.FindAllStringSubmatch(string(text), -1) {
			n, err := strconv.ParseInt(call[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sent += n
		}
		return sent
	}
}
