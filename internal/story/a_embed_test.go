package story

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const friend, stranger = "https://www.example.com", "https://evil.example"

// preflight asks as a browser does before a script's request.
func (s *stage) preflight(path, origin string) answer {
	s.Helper()
	return do(s, browser(), http.MethodOptions, s.URL+path, "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "range")
}

// wantShared fails unless a script of the origin may, or may not, read the answer.
func wantShared(t testing.TB, a answer, origin string, may bool) {
	t.Helper()
	want := map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
	for name, value := range want {
		if !may {
			value = ""
		}
		if got := a.Header.Get(name); got != value {
			t.Errorf("%s %s: %s is %q, want %q", a.Request.URL.Path, origin, name, got, value)
		}
	}
	if may && !slices.Contains(a.Header.Values("Vary"), "Origin") {
		t.Errorf("%s: Vary %v", a.Request.URL.Path, a.Header.Values("Vary"))
	}
}

// A collection's media may be shown on the pages that it names: browsers let
// their scripts read passes and refusals, and let them frame its pages. Others
// get nothing of it, and nobody gets in by it.
func TestA5EmbeddingIsForNamedSitesAlone(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link", "--embed", friend, "--embed", "http://localhost:3000")
	s.collect("plain", "link")
	l, other := s.share("--collection", "clock", "--views", "1"), s.share("--collection", "plain")
	for _, origin := range []string{friend, "http://localhost:3000", stranger, "null", "https://www.example.com.evil.example"} {
		may := origin == friend || origin == "http://localhost:3000"
		asked := s.preflight("/clock/clock.mp4", origin)
		wantStatus(t, asked, http.StatusNoContent, "")
		wantShared(t, asked, origin, may)
		if age := asked.Header.Get("Access-Control-Max-Age"); (age != "") != may {
			t.Errorf("%s: Max-Age %q", origin, age)
		}
		wantShared(t, s.preflight("/plain/clock.mp4", origin), origin, false)
		viewer := s.anybody()
		wantShared(t, viewer.asks("/clock/clock.mp4", http.StatusNotFound, "", "Origin", origin), origin, may)
		_, token, _ := strings.Cut(l.MediaURL, "?usher=")
		to := viewer.asks("/clock/360p/0.ts?usher="+token, http.StatusFound, "", "Origin", origin)
		wantShared(t, to, origin, may)
		session := viewer.sentOn(to, "/clock/360p/0.ts")
		wantShared(t, viewer.asks(session+"/clock/master.m3u8", http.StatusOK, "", "Origin", origin), origin, may)
		wantShared(t, viewer.asks(session+"/clock/nothing.vtt", http.StatusNotFound, "", "Origin", origin), origin, may)
		wantShared(t, viewer.asks(session+"/plain/clock.mp4", http.StatusNotFound, "not_covered", "Origin", origin), origin, false)
		out := s.anybody()
		wantShared(t, out.asks(out.opens(other, "/plain/clock.mp4")+"/plain/clock.mp4", http.StatusOK, "", "Origin", origin), origin, false)
	}
	wantViews(t, s.Server, l.ID, 0, 0) // asking first takes nothing
	viewer := s.anybody()
	session := viewer.opens(l, "/clock/clock.mp4")
	played := viewer.asks(session+"/clock/clock.mp4", http.StatusPartialContent, "", "Origin", friend, "Range", "bytes=0-99")
	wantShared(t, played, friend, true)
	for _, name := range []string{"Content-Range", "Content-Length", "Accept-Ranges", "Date", "Usher-Views-Left", "Usher-Expires", "Usher-Reason"} {
		if !strings.Contains(played.Header.Get("Access-Control-Expose-Headers"), name) {
			t.Errorf("a page may not read %s", name)
		}
	}
	late := s.anybody()
	wantShared(t, late.asks("/clock/clock.mp4?usher="+l.MediaURL[strings.Index(l.MediaURL, "?usher=")+7:], http.StatusGone, "views_spent", "Origin", friend), friend, true)

	ancestors := func(page answer) string {
		t.Helper()
		wantStatus(t, page, http.StatusOK, "")
		return between(t, page.Header.Get("Content-Security-Policy"), "frame-ancestors ", ";")
	}
	get := func(c *actor, path string) answer {
		return do(t, c.Client, http.MethodGet, s.URL+path, "Accept", "text/html")
	}
	s.CLI("link", "extend", l.ID, "--views", "+5")
	for l, want := range map[*link]string{&l: friend + " http://localhost:3000", &other: "'none'"} {
		c := s.anybody()
		if got := ancestors(get(c, l.URL[len(s.URL):])); got != want {
			t.Errorf("the landing page may be framed by %q, want %q", got, want)
		}
		if got := ancestors(get(c, c.post(l.URL[len(s.URL):]).Header.Get("Location"))); got != want {
			t.Errorf("the watch page may be framed by %q, want %q", got, want)
		}
	}
	s.fails("https://HOST", "collection", "change", "clock", "--embed", "*")
	s.fails("https://HOST", "collection", "change", "clock", "--embed", "http://www.example.com")
	s.CLI("collection", "change", "clock", "--embed", "")
	wantShared(t, s.preflight("/clock/clock.mp4", friend), friend, false)
	wantShared(t, viewer.asks(session+"/clock/clock.mp4", http.StatusOK, "", "Origin", friend), friend, false)
}

// What a link may carry, it carries to the upstream; managing it never does.
func TestA8LinksCarryCapabilitiesButNeverManage(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Header.Get("Usher-Capabilities")))
	})
	s := &stage{Server: before(t, u), TB: t}
	s.CLI("collection", "create", "acme", "--path", "/acme/*", "--level", "link")
	for _, can := range []string{"view", "view,download", "view,upload,share,stats", "view,download,upload,share,stats"} {
		viewer := s.anybody()
		l := s.share("--collection", "acme", "--can", can)
		if got := viewer.plays(viewer.opens(l, "/acme/a.ts"), "/acme/a.ts").body; got != can {
			t.Errorf("a link for %s tells the upstream %s", can, got)
		}
	}
	s.fails("whoever has a URL manages nothing", "link", "create", "--collection", "acme", "--can", "view,manage")
	l := s.share("--collection", "acme")
	s.fails("whoever has a URL manages nothing", "link", "change", l.ID, "--can", "manage")
}
