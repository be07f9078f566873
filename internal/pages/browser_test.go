package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"rsc.io/qr"

	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/internal/speech"
)

// stage serves every state below /p/, the assets, the sample clip where the
// watch page looks for it, and a Watch button that leads there.
func stage(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(pages.AssetPrefix, pages.Assets())
	mux.Handle("/~abc/", http.StripPrefix("/~abc", http.FileServerFS(sample.FS())))
	all := flat(speech.English())
	mux.HandleFunc("/p/{name}", func(w http.ResponseWriter, r *http.Request) {
		pages.SetHeaders(w.Header())
		if err := all[r.PathValue("name")].Render(w, pages.Reader{}); err != nil {
			t.Error(err)
		}
	})
	for _, l := range speech.All() {
		spoken := flat(l)
		mux.HandleFunc("/"+l.Tag+"/{name}", func(w http.ResponseWriter, r *http.Request) {
			pages.SetHeaders(w.Header())
			if err := spoken[r.PathValue("name")].Render(w, pages.Reader{Language: l}); err != nil {
				t.Error(err)
			}
		})
	}
	mux.HandleFunc("HEAD /s/abc", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Usher-Reason", "expired") // whoever waits goes on waiting, but for who waits for something else
		w.WriteHeader(http.StatusGone)
	})
	mux.HandleFunc("/_usher/watch/lnk_a/qr.png", func(w http.ResponseWriter, _ *http.Request) {
		code, err := qr.Encode(personal, qr.L)
		if err != nil {
			t.Error(err)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(code.PNG())
	})
	mux.HandleFunc("POST /s/abc", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/p/watch", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// tab is one browser tab and what its console complained of.
type tab struct {
	context.Context
	mu         sync.Mutex
	complaints []string
}

func openTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	opened := &tab{Context: ctx}
	if err := chromedp.Listen(ctx, opened.hear); err != nil {
		t.Fatal(err)
	}
	return opened
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, fmt.Sprint(event.ExceptionDetails.Text, " ", event.ExceptionDetails.Exception.Description))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", event.Entry.Level, event.Entry.Text, event.Entry.URL))
	}
}

// heard returns what the console complained of so far, and forgets it.
func (b *tab) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	heard := b.complaints
	b.complaints = nil
	return heard
}

// hears waits for a complaint that has to come: the browser tells of it in its own
// time.
func (b *tab) hears(t *testing.T, words string) {
	t.Helper()
	for range 1000 {
		for _, complaint := range b.heard() {
			if strings.Contains(complaint, words) {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the browser said nothing of %q", words)
}

func (b *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	value, err := chromedp.Run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits for the page to make the expression true.
func until(t *testing.T, b *tab, expression string) {
	t.Helper()
	if _, err := chromedp.Run(b, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(pollEvery))); err != nil {
		t.Fatalf("never true: %s: %v\nthe page says %s", expression, err, eval[string](t, b, "document.body.innerText"))
	}
}

// dress sets the width and the colour scheme.
func (b *tab) dress(t *testing.T, width int64, scheme string) {
	t.Helper()
	b.do(t, chromedp.EmulateViewport(width, 800))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // a picture is not taken half way
	}}
	if _, err := chromedp.Call(b, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
}

// inspect looks at what is on the screen: nothing may hang over the edge, be
// too small for a finger, too pale to read, or have been complained of.
func (b *tab) inspect(t *testing.T, name string) {
	t.Helper()
	faults := eval[[]string](t, b, inspection)
	for _, fault := range append(faults, b.heard()...) {
		t.Errorf("%s: %s", name, fault)
	}
	// Chromium shifts a whole page that is read from the right: what is pictured
	// is a screen that is high enough.
	size := eval[[]int64](t, b, `[innerWidth, Math.max(innerHeight, document.documentElement.scrollHeight)]`)
	b.do(t, chromedp.EmulateViewport(size[0], size[1]))
	picture, err := chromedp.Run(b, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	// Kept where `go test -artifacts` is given: pages are to be looked at.
	file := filepath.Join(t.ArtifactDir(), strings.ReplaceAll(name, " ", "-")+".png")
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// inspection returns a list of faults. Contrast is WCAG's ratio, over the
// nearest opaque background.
const inspection = `(() => {
	const faults = [];
	if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the screen: ' + document.documentElement.scrollWidth);
	const shown = (e) => e.checkVisibility() && e.getClientRects().length > 0;
	for (const e of document.querySelectorAll('button, .button, summary, input')) {
		const box = (e.closest('label') ?? e).getBoundingClientRect(); // a tick's label is pressed as well
		if (shown(e) && (box.height < 43.5 || box.width < 43.5)) faults.push('too small to touch: ' + e.outerHTML);
	}
	for (const e of document.querySelectorAll('script:not([src]), style, [style]')) faults.push('inline: ' + e.outerHTML);
	for (const e of document.querySelectorAll('*')) {
		for (const a of e.attributes) if (a.name.startsWith('on')) faults.push('handler: ' + e.outerHTML);
	}
	for (const e of document.querySelectorAll('input:not([type=hidden])')) if (!e.labels.length) faults.push('no label: ' + e.outerHTML);
	const rgb = (text) => text.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => {
		const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
		return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const colour = rgb(getComputedStyle(e).backgroundColor);
			if (colour.length === 3 || colour[3] === 1) return colour;
		}
		return [255, 255, 255];
	};
	for (const e of document.querySelectorAll('body *')) {
		const text = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
		if (!text || !shown(e) || e.disabled || e.closest('video')) continue;
		const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) faults.push('contrast ' + ratio.toFixed(2) + ': ' + e.outerHTML);
	}
	return faults;
})()`

// The script turns UTC into the reader's own time and keeps UTC at hand.
func TestTimesBecomeLocal(t *testing.T) {
	server := stage(t)
	browser := openTab(t, browsertest.New(t))
	if _, err := chromedp.Call(browser, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"}); err != nil {
		t.Fatal(err)
	}
	browser.do(t, chromedp.Navigate(server.URL+"/p/landing"))
	until(t, browser, `document.querySelector('time').title !== ''`)
	if got := eval[string](t, browser, `document.querySelector('time').title`); got != "4 March 2031, 15:30 UTC" {
		t.Errorf("the title is %q, want what the server wrote", got)
	}
	got := eval[string](t, browser, `document.querySelector('time').textContent`)
	if !strings.Contains(got, "5") || !strings.Contains(got, "12:30") || !strings.Contains(got, "(in ") {
		t.Errorf("the time is %q, want 5 March 2031, 00:30 in Tokyo and a distance", got)
	}
}

// Without scripts, Watch is a form and the player the browser's own.
func TestWatchingNeedsNoScript(t *testing.T) {
	server := stage(t)
	browser := openTab(t, browsertest.New(t))
	off := emulation.SetScriptExecutionDisabledParams{Value: true}
	if _, err := chromedp.Call(browser, emulation.SetScriptExecutionDisabled, off); err != nil {
		t.Fatal(err)
	}
	browser.do(t, chromedp.Navigate(server.URL+"/p/landing"), chromedp.Click(chromedp.CSS("button")),
		chromedp.WaitVisible(chromedp.CSS("video")))
	if got := eval[string](t, browser, "location.pathname"); got != "/p/watch" {
		t.Errorf("Watch led to %s", got)
	}
	// The browser's own controls do not need the page's scripts; asking does.
	off.Value = false
	if _, err := chromedp.Call(browser, emulation.SetScriptExecutionDisabled, off); err != nil {
		t.Fatal(err)
	}
	until(t, browser, `document.querySelector('video').currentTime > 0.2`)
}
