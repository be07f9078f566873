package pages_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/speech"
)

// axe looks for what WCAG 2.2 forbids, up to level AA, and for what its makers
// advise against. It is given to the page by the debugger: the policy of the
// page lets no such script in.
func (b *tab) axe(t *testing.T, name string) {
	t.Helper()
	for _, fault := range eval[[]string](t, b, `(async () => {
		const found = await axe.run(document, {
			runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'],
			// The clip of the tests has nobody who speaks; captions are the owner's to give.
			rules: { 'video-caption': { enabled: false } },
		});
		return found.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.html + ' ' + n.failureSummary));
	})()`) {
		t.Errorf("%s: axe: %s", name, fault)
	}
}

// loadAxe gives axe to the page that is shown.
func (b *tab) loadAxe(t *testing.T) {
	t.Helper()
	eval[bool](t, b, axeSource()+"; true")
}

var axeSource = sourceOf("testdata/axe/axe.min.js")

func sourceOf(file string) func() string {
	return func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
}

// Every page, in both schemes, on a small and a wide screen, read from the left
// and from the right.
func TestPagesInABrowser(t *testing.T) {
	server := stage(t)
	type look struct {
		width  int64
		scheme string
	}
	for tag, looks := range map[string][]look{"en": {{320, "light"}, {1280, "dark"}}, "ar": {{320, "dark"}, {1280, "light"}}} {
		t.Run(tag, func(t *testing.T) {
			browser := openTab(t, browsertest.New(t))
			for _, name := range slices.Sorted(maps.Keys(flat(speech.English()))) {
				browser.do(t, chromedp.Navigate(server.URL+"/"+tag+"/"+url.PathEscape(name)))
				browser.loadAxe(t)
				for _, look := range looks {
					browser.dress(t, look.width, look.scheme)
					title := fmt.Sprintf("%s %s %d %s", name, tag, look.width, look.scheme)
					browser.axe(t, title)
					browser.inspect(t, title)
				}
			}
		})
	}
}

// Languages have words of different lengths; none hangs over the edge.
func TestLanguagesFitTheScreen(t *testing.T) {
	server := stage(t)
	browser := openTab(t, browsertest.New(t))
	browser.dress(t, 320, "light")
	for _, tag := range []string{"de", "fr", "es", "ja"} {
		for name := range flat(speech.English()) {
			browser.do(t, chromedp.Navigate(server.URL+"/"+tag+"/"+url.PathEscape(name)))
			for _, fault := range append(eval[[]string](t, browser, inspection), browser.heard()...) {
				t.Errorf("%s in %s: %s", name, tag, fault)
			}
		}
	}
}

// Whoever has no mouse gets to everything that can be pressed or filled in, in
// order, sees where they are, and out again.
func TestEverythingIsReachedByTheKeyboard(t *testing.T) {
	server := stage(t)
	browser := openTab(t, browsertest.New(t))
	browser.dress(t, 1280, "light")
	for name, p := range flat(speech.English()) {
		if w, isWatch := p.(pages.Watch); isWatch && len(w.Sources) > 0 {
			continue // the browser's own controls are the browser's
		}
		browser.do(t, chromedp.Navigate(server.URL+"/en/"+url.PathEscape(name)))
		want := eval[[]string](t, browser, `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), summary')]
			.filter((e) => e.checkVisibility()).map((e, i) => e.dataset.walk = String(i))`)
		var walked []string
		for range len(want) {
			browser.do(t, chromedp.KeyEvent(kb.Tab))
			walked = append(walked, eval[string](t, browser, `(() => {
				const e = document.activeElement;
				const ring = getComputedStyle(e);
				return e.dataset.walk + (ring.outlineStyle === 'none' || parseFloat(ring.outlineWidth) < 2 ? ' without a ring' : '');
			})()`))
		}
		if !slices.Equal(walked, want) {
			t.Errorf("%s: the keyboard gets to %v, want %v", name, walked, want)
		}
	}
}

// payloads are what an owner, a viewer or a file system may write where the
// pages show it. Any that ran would leave a mark.
var payloads = []string{
	`<script>window.mark = 1</script>`,
	`"><img src=x onerror="window.mark = 1">`,
	`' autofocus onfocus=window.mark=1 x='`,
	`</title><svg onload=window.mark=1>`,
	`</template></video><script>window.mark=1</script>`,
	`<iframe srcdoc="<script>parent.mark=1</script>">`,
	`javascript:window.mark=1`,
	`{{.}}{{template "body"}} {env.HOME}`,
	"`${window.mark = 1}`",
	`<!--<script>`,
	`<base href=//evil.example><meta http-equiv=refresh content="0;url=//evil.example">`,
	"\u202e\u2066reversed \u202d and never closed",
	strings.Repeat("Donaudampfschifffahrt", 30),
	strings.Repeat("\u0635\u0628\u0627\u062d", 60),
	strings.Repeat("W", 200),
	strings.Repeat("a\u0300\u0301\u0302\u0303", 40),
}

// written is each page that shows somebody's text, with that text.
func written(text string) map[string]page {
	return map[string]page{
		"landing": pages.Landing{Title: text, Action: "/s/abc", ViewsLeft: 1, Views: 3, ExpiresAt: someday},
		"watch":   pages.Watch{Title: text, Sources: []pages.Source{{URL: "/~abc/none.mp4", Type: text}}, AppURL: personal, Parts: []pages.Part{{Name: text, URL: "/a", Shown: true}, {Name: text, URL: "/b"}}},
		"form": pages.Form{
			Title: text, Lead: text, Problem: text, Note: text, Action: "/a", Hidden: []pages.Hidden{{Name: "n", Value: text}},
			Fields: []pages.Field{{Name: "x", Label: text, Type: "text", Value: text, Hint: text, Problem: text}}, Buttons: []pages.Button{{Text: text}}, Links: []pages.Link{{Text: text, URL: "/b"}},
		},
		"refusal": pages.Refusal{Reason: gate.ViewsSpent, Signed: true, Look: "/s/abc?wait=1"},
	}
}

// Whatever somebody wrote stays text, also for a browser: no script runs, no
// node appears, nothing is asked of anybody, and nothing hangs over the edge.
func TestHostileTextStaysText(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle(pages.AssetPrefix, pages.Assets())
	mux.HandleFunc("/{number}/{name}", func(w http.ResponseWriter, r *http.Request) {
		text, brand := "word", "word"
		if n, err := strconv.Atoi(r.PathValue("number")); err == nil {
			text, brand = payloads[n], payloads[n]
		}
		pages.SetHeaders(w.Header())
		if err := written(text)[r.PathValue("name")].Render(w, pages.Reader{Brand: pages.Brand{Name: brand}}); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	browser := openTab(t, browsertest.New(t))
	browser.dress(t, 320, "light")
	const count = `document.querySelectorAll('*').length - document.querySelectorAll('#notice *').length`
	for name := range written("") {
		browser.do(t, chromedp.Navigate(server.URL+"/plain/"+name))
		nodes := eval[int](t, browser, count)
		for i, payload := range payloads {
			browser.do(t, chromedp.Navigate(fmt.Sprintf("%s/%d/%s", server.URL, i, name)))
			if got := eval[int](t, browser, count); got != nodes {
				t.Errorf("%q brought %d nodes into the %s", payload, got-nodes, name)
			}
			if eval[bool](t, browser, `'mark' in window || document.querySelector('base') !== null`) {
				t.Errorf("%q ran on the %s", payload, name)
			}
			for _, fault := range eval[[]string](t, browser, inspection) {
				t.Errorf("%q on the %s: %s", payload, name, fault)
			}
			foreign := eval[[]string](t, browser, `performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith(location.origin))`)
			if len(foreign) > 0 {
				t.Errorf("%q on the %s asked for %v", payload, name, foreign)
			}
		}
	}
}
