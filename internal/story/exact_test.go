package story

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

const openers = 200

// contend lets many devices race for one link over the given servers. Each
// presses Watch and asks for media; the ledger is what the clients got.
func contend(t *testing.T, servers []*storytest.Server, l link) (winners int64) {
	t.Helper()
	code := l.URL[strings.LastIndex(l.URL, "/s/"):]
	var won atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range openers {
		wg.Go(func() {
			s := servers[i%len(servers)]
			<-start
			if watches(t, s, code) {
				won.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return won.Load()
}

// watches reports whether a new device got media bytes.
func watches(t *testing.T, s *storytest.Server, code string) bool {
	c := browser()
	resp := insist(t, c, http.MethodPost, s.URL+code)
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		if resp.StatusCode != http.StatusGone {
			t.Errorf("redeem: status %d", resp.StatusCode)
		}
		return false
	}
	session := ""
	for _, cookie := range resp.Cookies() {
		if cookie.Name == "usher" {
			session = cookie.Value
		}
	}
	resp = insist(t, c, http.MethodGet, s.URL+"/~"+session+"/clock/360p/0.ts")
	defer resp.Body.Close()
	buf := make([]byte, 1)
	n, _ := resp.Body.Read(buf)
	if resp.StatusCode == http.StatusOK && n == 1 {
		return true
	}
	t.Errorf("whoever redeemed was let in with status %d", resp.StatusCode)
	return false
}

// insist asks again while a busy store says 503 with Retry-After, as a browser's
// user would.
func insist(t *testing.T, c *http.Client, method, target string) *http.Response {
	for range 50 {
		req, _ := http.NewRequestWithContext(t.Context(), method, target, nil) // the URL is ours
		resp, err := c.Do(req)
		if err != nil {
			t.Error(err)
			return &http.Response{Body: http.NoBody}
		}
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			return resp
		}
		resp.Body.Close()
		time.Sleep(100 * time.Millisecond) // sooner than Retry-After asks
	}
	t.Error("the store stays away")
	return &http.Response{Body: http.NoBody}
}

// Of 200 concurrent openers of a 3-view link exactly 3 win: two gateways on
// one Redis, twenty times.
func TestExactlyThreeWinOverTwoGateways(t *testing.T) {
	r := redistest.Start(t)
	first := gated(t, storytest.Options{Caddyfile: unpaced(redisCaddyfile(r.URL()))})
	dir := t.TempDir()
	copyFile(t, filepath.Join(first.Dir, "keys.json"), filepath.Join(dir, "keys.json"))
	second := gated(t, storytest.Options{Caddyfile: unpaced(redisCaddyfile(r.URL())), Dir: dir})
	for round := range 20 {
		l := createLink(t, first, "--path", "/clock/*", "--views", "3")
		if n := contend(t, []*storytest.Server{first, second}, l); n != 3 {
			t.Fatalf("round %d: %d winners", round, n)
		}
		wantViews(t, second, l.ID, 3, 0)
	}
}

// The same on one process with the embedded store.
func TestExactlyThreeWinOnTheEmbeddedStore(t *testing.T) {
	s := gated(t, storytest.Options{Caddyfile: unpaced(storytest.DefaultCaddyfile)})
	for round := range 20 {
		l := createLink(t, s, "--path", "/clock/*", "--views", "3")
		if n := contend(t, []*storytest.Server{s}, l); n != 3 {
			t.Fatalf("round %d: %d winners", round, n)
		}
		wantViews(t, s, l.ID, 3, 0)
	}
}

// unpaced lifts the request rate: all openers come from one address.
func unpaced(caddyfile string) string {
	return strings.Replace(caddyfile, "api\n", "api\n\t\trate 100000/s burst 100000\n", 1)
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A gateway that is killed in the middle forgets no charged view and grants
// none above the limit.
func TestKilledInTheMiddle(t *testing.T) {
	for name, caddyfile := range map[string]func(t *testing.T) string{
		"embedded": func(*testing.T) string { return storytest.DefaultCaddyfile },
		"redis":    func(t *testing.T) string { return redisCaddyfile(redistest.Start(t).URL()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := gated(t, storytest.Options{Caddyfile: unpaced(caddyfile(t))})
			for round := range 5 {
				l := createLink(t, s, "--path", "/clock/*", "--views", "40")
				won := contendAndKill(t, s, l, 5+7*round)
				s.Run()
				after := showLink(t, s, l.ID)
				if after.Views.Used < won || after.Views.Used+after.Views.Reserved > 40 {
					t.Fatalf("round %d: clients got %d views; the ledger has used %d, reserved %d of 40", round, won, after.Views.Used, after.Views.Reserved)
				}
				t.Logf("round %d: killed after %d views; used %d, reserved %d", round, won, after.Views.Used, after.Views.Reserved)
			}
		})
	}
}

// contendAndKill kills the server once some viewers got their first byte, or at
// the latest when a busy store has turned the others away, and returns how many
// did.
func contendAndKill(t *testing.T, s *storytest.Server, l link, after int) int64 {
	t.Helper()
	code := l.URL[strings.LastIndex(l.URL, "/s/"):]
	var won atomic.Int64
	var once sync.Once
	var wg sync.WaitGroup
	kill := make(chan struct{})
	for range 60 {
		wg.Go(func() {
			if gotByte(s, code) && won.Add(1) >= int64(after) {
				once.Do(func() { close(kill) })
			}
		})
	}
	go func() {
		wg.Wait()
		once.Do(func() { close(kill) })
	}()
	<-kill
	s.Kill()
	wg.Wait()
	return won.Load()
}

// gotByte is watches for a server that may die at any point.
func gotByte(s *storytest.Server, code string) bool {
	c := browser()
	resp, err := c.Post(s.URL+code, "", nil)
	if err != nil {
		return false
	}
	resp.Body.Close()
	for _, cookie := range resp.Cookies() {
		if cookie.Name != "usher" {
			continue
		}
		media, err := c.Get(s.URL + "/~" + cookie.Value + "/clock/360p/0.ts")
		if err != nil {
			return false
		}
		defer media.Body.Close()
		n, _ := media.Body.Read(make([]byte, 1))
		return media.StatusCode == http.StatusOK && n == 1
	}
	return false
}
