package pages_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/sample"
)

const pollEvery = 50 * time.Millisecond

// cinema serves a watch page of the sample, and its media as a gateway in
// front of a slow origin would: a part at once, the rest when it is let go.
type cinema struct {
	*httptest.Server
	// refusal is a gate.Reason; media is answered while it is OK.
	refusal atomic.Uint32
	// heads counts the questions of the script.
	heads atomic.Int32
	// credit is how many bytes of media may leave before cut is closed; the
	// answer that would go beyond it is then broken off.
	credit atomic.Int64
	cut    chan struct{}
}

func openCinema(t *testing.T, show pages.Watch) *cinema {
	t.Helper()
	c := &cinema{cut: make(chan struct{})}
	c.credit.Store(1 << 40)
	mux := http.NewServeMux()
	mux.Handle(pages.AssetPrefix, pages.Assets())
	mux.HandleFunc("/watch", func(w http.ResponseWriter, _ *http.Request) {
		pages.SetHeaders(w.Header())
		if err := show.Render(w, pages.Reader{}); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/~abc/", c.media)
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c *cinema) media(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		c.heads.Add(1)
	}
	w.Header().Set("Cache-Control", "no-store")
	if reason := gate.Reason(c.refusal.Load()); reason != gate.OK {
		w.Header().Set("Usher-Reason", reason.String())
		w.WriteHeader(reason.Status())
		_, _ = io.WriteString(w, "no\n")
		return
	}
	if path.Ext(r.URL.Path) == ".m3u8" {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	}
	http.StripPrefix("/~abc", http.FileServerFS(sample.FS())).ServeHTTP(rationed{w, r, c}, r)
}

// rationed is an answer that spends the cinema's credit.
type rationed struct {
	http.ResponseWriter
	request *http.Request
	cinema  *cinema
}

func (w rationed) Write(p []byte) (int, error) {
	if w.cinema.credit.Add(-int64(len(p))) < 0 {
		select {
		case <-w.cinema.cut:
		case <-w.request.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}
	return w.ResponseWriter.Write(p)
}

func (c *cinema) refuse(reason gate.Reason) { c.refusal.Store(uint32(reason)) }

const playing = `document.querySelector('video').currentTime > 0.5 && !document.querySelector('video').paused`

// Both forms of the sample play in a browser by themselves: no library, and a
// policy that lets nothing else load.
func TestTheSamplePlays(t *testing.T) {
	browser := browsertest.New(t)
	for name, source := range map[string]pages.Source{"hls": sources[0], "mp4": sources[1]} {
		t.Run(name, func(t *testing.T) {
			c := openCinema(t, pages.Watch{Sources: []pages.Source{source}})
			screen := openTab(t, browser)
			screen.do(t, chromedp.EmulateViewport(960, 800), chromedp.Navigate(c.URL+"/watch"))
			until(t, screen, playing)
			if got := eval[float64](t, screen, `document.querySelector('video').duration`); got < 23.8 || got > 24.3 {
				t.Errorf("the browser says it lasts %v s, want 24", got)
			}
			if got := eval[float64](t, screen, `document.querySelector('video').videoWidth`); got < 320 {
				t.Errorf("the picture is %v wide", got)
			}
			// Beyond what has been buffered, so that a seek is one.
			eval[bool](t, screen, `(document.querySelector('video').currentTime = 17, true)`)
			until(t, screen, `document.querySelector('video').currentTime > 17.2`)
			screen.inspect(t, "plays "+name)
		})
	}
}

// A refusal on the way becomes a sentence, in the words of the gate.
func TestARefusedPlayerSaysWhy(t *testing.T) {
	browser := browsertest.New(t)
	for _, c := range []struct {
		reason gate.Reason
		again  bool
	}{
		{gate.RevokedLink, false}, {gate.SuspendedLink, false}, {gate.NoSession, false}, {gate.Replaced, false}, {gate.StoreDown, true},
	} {
		t.Run(c.reason.String(), func(t *testing.T) {
			cinema := openCinema(t, pages.Watch{Title: "Second cut", Sources: sources, AppURL: sources[0].URL, ViewsLeft: 2, Views: 3})
			cinema.refuse(c.reason)
			screen := openTab(t, browser)
			screen.do(t, chromedp.EmulateViewport(960, 800), chromedp.Navigate(cinema.URL+"/watch"))
			until(t, screen, `document.getElementById('notice').textContent !== ''`)
			got := eval[string](t, screen, `document.getElementById('notice').innerText`)
			if !strings.Contains(got, c.reason.Heading()) || !strings.Contains(got, c.reason.Advice()) {
				t.Errorf("the page says %q", got)
			}
			if strings.Contains(got, "Try again") != c.again {
				t.Errorf("the page says %q, want a way to try again: %v", got, c.again)
			}
			if all := eval[string](t, screen, `document.body.innerText`); strings.Contains(all, "of 3 views left") != c.again {
				t.Errorf("the page says %q, want what is left of the link: %v", all, c.again)
			}
			if strings.Contains(got, "Watch here instead") != (c.reason == gate.Replaced) {
				t.Errorf("the page says %q, want a way to take the seat only where it was lost", got)
			}
			if strings.Contains(got, "looks again by itself") != pages.Waits(c.reason) && !c.again {
				t.Errorf("the page says %q, want it to wait: %v", got, pages.Waits(c.reason))
			}
			if cinema.heads.Load() == 0 {
				t.Error("the script asked by something else than HEAD")
			}
			screen.heard() // the browser names the refused request, as it should
			screen.inspect(t, "refused "+c.reason.String())
		})
	}
}

// A link that ends while its video plays stops it with a sentence: the running
// answer is cut, the browser asks for the rest, and is refused. When the link
// is good again, the player goes on from where it stood.
func TestAPlayerIsStoppedOnItsWay(t *testing.T) {
	browser := browsertest.New(t)
	for name, source := range map[string]pages.Source{"hls": sources[0], "mp4": sources[1]} {
		t.Run(name, func(t *testing.T) {
			cinema := openCinema(t, pages.Watch{Sources: []pages.Source{source}})
			cinema.credit.Store(200_000)
			screen := openTab(t, browser)
			screen.do(t, chromedp.Navigate(cinema.URL+"/watch"))
			eval[bool](t, screen, `document.querySelector('video').play().then(() => true)`)
			until(t, screen, playing)
			cinema.refuse(gate.StoreDown)
			close(cinema.cut)
			until(t, screen, `document.getElementById('notice').innerText.includes('Not available right now')`)
			at := eval[float64](t, screen, `document.querySelector('video').currentTime`)

			cinema.credit.Store(1 << 40)
			cinema.refuse(gate.OK)
			screen.do(t, chromedp.Click(chromedp.CSS(`#notice button`)))
			until(t, screen, playing+` && document.getElementById('notice').textContent === ''`)
			if again := eval[float64](t, screen, `document.querySelector('video').currentTime`); again < at {
				t.Errorf("the player went on at %v s, want the %v s where it stopped", again, at)
			}
		})
	}
}

// The address for other apps is shown whole, and never without its warning.
func TestTheAppAddressIsWhole(t *testing.T) {
	cinema := openCinema(t, pages.Watch{Sources: sources, AppURL: sources[0].URL})
	screen := openTab(t, browsertest.New(t))
	screen.do(t, chromedp.Navigate(cinema.URL+"/watch"))
	until(t, screen, `document.getElementById('app').textContent.startsWith('http')`)
	if got, want := eval[string](t, screen, `document.getElementById('app').textContent`), cinema.URL+sources[0].URL; got != want {
		t.Errorf("the page shows %q, want %q", got, want)
	}
}

// A browser that knows none of the formats says so and leaves the way out.
func TestAForeignFormatLeavesTheAddress(t *testing.T) {
	cinema := openCinema(t, pages.Watch{AppURL: sources[1].URL, Sources: []pages.Source{{URL: sources[1].URL, Type: "video/x-unheard-of"}}})
	screen := openTab(t, browsertest.New(t))
	screen.do(t, chromedp.Navigate(cinema.URL+"/watch"))
	until(t, screen, `document.getElementById('notice').innerText.includes('This browser cannot play the video')`)
	if !eval[bool](t, screen, `document.querySelector('.other').checkVisibility() && !document.querySelector('video').checkVisibility()`) {
		t.Error("the page shows a dead player, or no address for another app")
	}
}
