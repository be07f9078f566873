package story

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// onEachStore runs a story on the embedded store and on a real Redis. The words
// are directives of the site.
func onEachStore(t *testing.T, story func(t *testing.T, s *storytest.Server), words ...string) {
	for name, caddyfile := range map[string]func(t *testing.T) string{
		"embedded": func(*testing.T) string { return storytest.DefaultCaddyfile },
		"redis":    func(t *testing.T) string { return redisCaddyfile(redistest.Start(t).URL()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := gated(t, storytest.Options{Caddyfile: onSite(caddyfile(t), words...)})
			withBigFile(t, s)
			story(t, s)
		})
	}
}

// arrive opens a link's media URL with a player of its own.
func arrive(t *testing.T, s *storytest.Server, l link, player string) answer {
	t.Helper()
	token, err := url.Parse(l.MediaURL)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, browser(), http.MethodGet, s.URL+"/clock/big.mp4?usher="+token.Query().Get("usher"), "User-Agent", player+"/1.0")
}

// seat is arrive for one who gets a session, and returns its base URL.
func seat(t *testing.T, s *storytest.Server, l link, player string) string {
	t.Helper()
	a := arrive(t, s, l, player)
	wantStatus(t, a, http.StatusFound, "")
	return s.URL + strings.TrimSuffix(a.Header.Get("Location"), "/clock/big.mp4")
}

// The third device on two seats is turned away, and let in once one of the two
// has gone.
func TestTheThirdDeviceWaitsForASeat(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--seats", "2")
		first, second := seat(t, s, l, "tv"), seat(t, s, l, "phone")
		third := arrive(t, s, l, "laptop")
		wantStatus(t, third, http.StatusTooManyRequests, "too_many_seats")
		if after, err := strconv.Atoi(third.Header.Get("Retry-After")); err != nil || after < 1 {
			t.Errorf("Retry-After %q", third.Header.Get("Retry-After"))
		}
		page := do(t, browser(), http.MethodPost, s.URL+l.URL[strings.LastIndex(l.URL, "/s/"):], "Accept", "text/html")
		wantStatus(t, page, http.StatusTooManyRequests, "too_many_seats")
		for _, text := range []string{"This link lets 2 devices watch at once", "Stop watching on another device"} {
			if !strings.Contains(page.body, text) {
				t.Errorf("the page does not say %q:\n%s", text, page.body)
			}
		}
		type session struct {
			ID string `json:"id"`
		}
		listed := decode[struct{ Sessions []session }](t, s.CLI("session", "list", "--link", l.ID, "--json")).Sessions
		if len(listed) != 2 {
			t.Fatalf("%d sessions", len(listed))
		}
		s.CLI("session", "end", listed[0].ID)
		seat(t, s, l, "laptop")
		statuses := []int{
			do(t, browser(), http.MethodGet, first+"/clock/360p/0.ts").StatusCode,
			do(t, browser(), http.MethodGet, second+"/clock/360p/0.ts").StatusCode,
		}
		slices.Sort(statuses)
		if !slices.Equal(statuses, []int{http.StatusOK, http.StatusForbidden}) {
			t.Errorf("the two who had a seat get %d; one of them was ended, and the other was not", statuses)
		}
	})
}

// Where a link says replace, the oldest device makes room: its next request is
// refused in so many words, and what runs on it is cut.
func TestTheOldestDeviceMakesRoom(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--seats", "1", "--when-full", "replace")
		first := seat(t, s, l, "tv")
		running := startDownload(t, first+"/clock/big.mp4")
		second := seat(t, s, l, "phone")
		wantStatus(t, do(t, browser(), http.MethodGet, first+"/clock/360p/0.ts"), http.StatusForbidden, "replaced")
		wantStatus(t, do(t, browser(), http.MethodGet, second+"/clock/360p/0.ts"), http.StatusOK, "")
		select {
		case n := <-running.total:
			if n >= bigFile {
				t.Errorf("the download was complete before it was cut: %d bytes", n)
			}
		case <-time.After(5 * time.Second):
			t.Error("the download runs 5 s after its session was replaced")
		}
	})
}

// twoNodes are two gateway processes on one Redis, with one keyring.
func twoNodes(t *testing.T, change func(caddyfile string) string) []*storytest.Server {
	caddyfile := change(redisCaddyfile(redistest.Start(t).URL()))
	first := gated(t, storytest.Options{Caddyfile: caddyfile})
	eventually(t, "the first node makes the keyring", func() bool {
		_, err := os.Stat(filepath.Join(first.Dir, "keys.json"))
		return err == nil
	})
	dir := t.TempDir()
	copyFile(t, filepath.Join(first.Dir, "keys.json"), filepath.Join(dir, "keys.json"))
	return []*storytest.Server{first, gated(t, storytest.Options{Caddyfile: caddyfile, Dir: dir})}
}

// Two gateways never seat more devices than a link has seats, whoever comes
// when to which of them.
func TestTwoNodesShareSeats(t *testing.T) {
	const seats, devices = 3, 60
	nodes := twoNodes(t, unpaced)
	for range 5 {
		l := createLink(t, nodes[0], "--path", "/clock/*", "--seats", strconv.Itoa(seats))
		code := l.URL[strings.LastIndex(l.URL, "/s/"):]
		var seated atomic.Int64
		var all sync.WaitGroup
		for i := range devices {
			all.Go(func() {
				resp := insist(t, browser(), http.MethodPost, nodes[i%len(nodes)].URL+code)
				resp.Body.Close()
				switch resp.StatusCode {
				case http.StatusSeeOther:
					seated.Add(1)
				case http.StatusTooManyRequests:
				default:
					t.Errorf("status %d", resp.StatusCode)
				}
			})
		}
		all.Wait()
		if n := seated.Load(); n != seats {
			t.Fatalf("%d devices got one of %d seats", n, seats)
		}
	}
}

// A session that turns to one gateway and the other in turn gets one rate, and
// not one of each.
func TestTwoNodesShareARate(t *testing.T) {
	const rate, burst = 20, 20
	nodes := twoNodes(t, func(caddyfile string) string {
		// The idle window is also how soon a node tells what it has seen.
		return strings.Replace(caddyfile, "api\n", "api\n\t\trate 20/s burst 20\n\t\tidle 1s\n", 1)
	})
	l := createLink(t, nodes[0], "--path", "/clock/*")
	session := strings.TrimPrefix(seat(t, nodes[0], l, "tv"), nodes[0].URL)
	c := browser()
	c.Transport = &http.Transport{} // connections are kept
	start := time.Now()
	var passed, refused int
	every := time.NewTicker(3 * time.Millisecond)
	defer every.Stop()
	for n := 0; time.Since(start) < 8*time.Second; n++ {
		<-every.C
		a := do(t, c, http.MethodGet, nodes[n%2].URL+session+"/clock/360p/0.ts")
		switch a.StatusCode {
		case http.StatusOK:
			passed++
		case http.StatusTooManyRequests:
			refused++
			if after, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || after < 1 || after > 2 {
				t.Fatalf("Retry-After %q", a.Header.Get("Retry-After"))
			}
		default:
			t.Fatalf("status %d", a.StatusCode)
		}
	}
	allowed := burst + rate*time.Since(start).Seconds()
	t.Logf("%d passed and %d were refused in %s; %.0f are allowed", passed, refused, time.Since(start).Round(time.Millisecond), allowed)
	if refused == 0 || passed < burst || float64(passed) > 1.5*allowed {
		t.Errorf("%d passed and %d were refused, where %.0f are allowed", passed, refused, allowed)
	}
}
