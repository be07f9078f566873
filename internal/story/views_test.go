package story

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// A share link opens a page; pressing Watch uses a view; the fourth device is
// told why not; the owner extends, and the same link works again.
func TestThreeViewsAndAnExtension(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "3", "--title", "Clock")
	for range 5 { // mail scanners and previews
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			if a := do(t, browser(), method, l.URL); a.StatusCode >= 300 {
				t.Fatalf("%s: %d", method, a.StatusCode)
			}
		}
	}
	wantViews(t, s, l.ID, 0, 0)
	for n := range int64(3) {
		c := browser()
		do(t, c, http.MethodGet, l.URL)
		a := do(t, c, http.MethodPost, l.URL, "Origin", s.URL)
		wantStatus(t, a, http.StatusSeeOther, "")
		if strings.Contains(a.Header.Get("Location"), "/s/") || strings.Contains(a.Header.Get("Location"), "~") {
			t.Fatalf("not a clean URL: %s", a.Header.Get("Location"))
		}
		wantViews(t, s, l.ID, n, 1)
		page := do(t, c, http.MethodGet, s.URL+a.Header.Get("Location"))
		wantStatus(t, page, http.StatusOK, "")
		source := between(t, page.body, `<source src="`, `"`)
		for _, file := range []string{"", "360p/index.m3u8", "360p/0.ts", "180p/1.ts", "360p/2.ts"} {
			target := strings.TrimSuffix(source, "master.m3u8") + file
			if file == "" {
				target = source
			}
			wantStatus(t, do(t, c, http.MethodGet, s.URL+target), http.StatusOK, "")
		}
		wantViews(t, s, l.ID, n+1, 0)
	}
	fourth := browser()
	a := do(t, fourth, http.MethodPost, l.URL, "Origin", s.URL, "Accept", "text/html")
	wantStatus(t, a, http.StatusGone, "views_spent")
	if !strings.Contains(a.body, "All views of this link are used") || !strings.Contains(a.body, "3 views") {
		t.Errorf("the page does not say why: %s", a.body)
	}
	wantViews(t, s, l.ID, 3, 0)
	s.CLI("link", "extend", l.ID, "--views", "+1")
	wantStatus(t, do(t, fourth, http.MethodPost, l.URL, "Origin", s.URL), http.StatusSeeOther, "")
}

func between(t testing.TB, text, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, from)
	found, _, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("no %q…%q in %s", from, to, text)
	}
	return found
}

// The folder of a link opens also where the site's files are set before the
// gate, and what was found there is not believed for ever.
func TestFolderLinksWithARootOfTheSite(t *testing.T) {
	s := gated(t, storytest.Options{Caddyfile: strings.Replace(strings.Replace(storytest.DefaultCaddyfile,
		"\tfile_server {\n\t\troot {dir}/site\n\t}\n", "\tfile_server\n", 1),
		"\tusher {\n\t\tapi", "\troot * {dir}/site\n\tusher {\n\t\tapi", 1)})
	l := createLink(t, s, "--path", "/clock/*")
	a := do(t, browser(), http.MethodGet, l.MediaURL)
	wantStatus(t, a, http.StatusFound, "")
	if !strings.HasSuffix(a.Header.Get("Location"), "/clock/master.m3u8") {
		t.Errorf("Location %s", a.Header.Get("Location"))
	}
	wantStatus(t, do(t, browser(), http.MethodHead, l.MediaURL), http.StatusNotFound, "not_covered")
}

// A landing page lets the browser say where its form came from.
func TestLandingPageLetsOriginThrough(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*")
	if got := do(t, browser(), http.MethodGet, l.URL).Header.Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("Referrer-Policy %q: with no-referrer, browsers post with Origin null", got)
	}
}

// A film that was begun as a file and goes on as a playlist is one view.
func TestAFileAndThenItsPlaylist(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	c := browser()
	base := enter(t, s, c, l, "/clock/clock.mp4")
	for _, path := range []string{"/clock/clock.mp4", "/clock/master.m3u8", "/clock/360p/0.ts", "/clock/clock.mp4", "/clock/180p/1.ts"} {
		wantStatus(t, do(t, c, http.MethodGet, base+path), http.StatusOK, "")
	}
	wantViews(t, s, l.ID, 1, 0)
}

// Only our own page may redeem.
func TestRedeemIsSameOrigin(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	for _, header := range [][]string{
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "none"},
	} {
		a := do(t, browser(), http.MethodPost, l.URL, header...)
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %d", header, a.StatusCode)
		}
	}
	wantViews(t, s, l.ID, 0, 0)
}

// views_each limits one viewer, and the answer says so.
func TestViewsEach(t *testing.T) {
	s := gated(t, storytest.Options{Caddyfile: strings.Replace(storytest.DefaultCaddyfile, "api\n", "api\n\t\tidle 1s\n", 1)})
	l := createLink(t, s, "--path", "/clock/clock.mp4", "--views", "9", "--views-each", "1")
	c := browser()
	base := enter(t, s, c, l, "/clock/clock.mp4")
	wantStatus(t, do(t, c, http.MethodGet, base+"/clock/clock.mp4"), http.StatusOK, "")
	wantViews(t, s, l.ID, 1, 0)
	time.Sleep(1100 * time.Millisecond) // longer than idle: the play is over
	a := do(t, c, http.MethodGet, base+"/clock/clock.mp4", "Accept", "text/html")
	wantStatus(t, a, http.StatusGone, "views_spent")
	if !strings.Contains(a.body, "Each viewer of this link has 1 view.") {
		t.Errorf("which allowance? %s", a.body)
	}
}

// A probe, a HEAD, a manifest, a missing file cost nothing; a range does.
func TestWhatIsNoView(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	c := browser()
	base := enter(t, s, c, l, "/clock/clock.mp4")
	for _, r := range []string{"bytes=0-0", "bytes=0-1", "bytes=-500"} {
		if a := do(t, c, http.MethodGet, base+"/clock/clock.mp4", "Range", r); a.StatusCode != http.StatusPartialContent {
			t.Errorf("%s: %d", r, a.StatusCode)
		}
	}
	wantStatus(t, do(t, c, http.MethodHead, base+"/clock/clock.mp4"), http.StatusOK, "")
	wantStatus(t, do(t, c, http.MethodGet, base+"/clock/missing.mp4"), http.StatusNotFound, "")
	m := do(t, c, http.MethodGet, base+"/clock/master.m3u8", "Range", "bytes=0-")
	wantStatus(t, m, http.StatusOK, "") // manifests are whole, never ranged
	if m.Header.Get("Content-Type") != "application/vnd.apple.mpegurl" {
		t.Errorf("type %s", m.Header.Get("Content-Type"))
	}
	wantViews(t, s, l.ID, 0, 0)
	if a := do(t, c, http.MethodGet, base+"/clock/clock.mp4", "Range", "bytes=1000-2000"); a.StatusCode != http.StatusPartialContent || len(a.body) != 1001 {
		t.Errorf("%d, %d bytes", a.StatusCode, len(a.body))
	}
	wantViews(t, s, l.ID, 1, 0)
	etag := do(t, c, http.MethodHead, base+"/clock/clock.mp4").Header.Get("Etag")
	if a := do(t, c, http.MethodGet, base+"/clock/clock.mp4", "If-None-Match", etag); a.StatusCode != http.StatusNotModified {
		t.Errorf("with its tag: %d", a.StatusCode)
	}
	wantViews(t, s, l.ID, 1, 0)
}
