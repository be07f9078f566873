package caddymodule

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/manifest"
)

// cinema is a gate of whose session the path is known.
type cinema struct {
	handler *Handler
	session string // /~…
}

func openCinema(t *testing.T) cinema {
	t.Helper()
	h, path := benchHandler(t, "strict")
	h.app.PublicURL = "https://media.test"
	return cinema{h, path[:strings.Index(path[1:], "/")+1]}
}

// show asks for a path of the session, at a host, and answers by behind.
func (c cinema) show(t *testing.T, method, host, path string, behind caddyhttp.HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), method, c.session+path, nil)
	r.Host = host
	r.Header.Set("Accept-Encoding", "gzip, br")
	r.Header.Set("Range", "bytes=0-")
	server := &caddyhttp.Server{Routes: caddyhttp.RouteList{{MatcherSets: caddyhttp.MatcherSets{{&caddyhttp.MatchHost{"named.test", "*.films.test"}}}}}}
	if err := c.handler.ServeHTTP(rec, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), rec, server), behind); err != nil {
		t.Fatal(err)
	}
	return rec
}

// TestAPublicManifestHasNoSession in it, and nothing else done to it: whoever asks
// may have none.
func TestAPublicManifestHasNoSession(t *testing.T) {
	c := openCinema(t)
	s := &site{TB: t, Handler: c.handler, dir: c.handler.app.directory}
	s.collection("film", gate.Public, "/film/*")
	if err := c.handler.app.backing.view.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, session := range []string{"", c.session, "/~nonsense"} {
		c.session = session
		if rec := c.show(t, http.MethodGet, "media.test", "/film/master.m3u8", sends(nil, rooted)); rec.Code != http.StatusOK || rec.Body.String() != rooted {
			t.Errorf("%s: %d %s", session, rec.Code, rec.Body)
		}
	}
	c.session = ""
	moved := sends(map[string]string{"Location": "/film/other.m3u8"})
	if rec := c.show(t, http.MethodGet, "media.test", "/film/old.m3u8", moved); rec.Header().Get("Location") != "/film/other.m3u8" {
		t.Errorf("led to %s", rec.Header().Get("Location"))
	}
}

const rooted = "#EXTM3U\n#EXTINF:4,\n/film/0.ts\n"

// sends answers with a body, in the given pieces.
func sends(header map[string]string, pieces ...string) caddyhttp.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		if len(pieces) == 0 {
			w.WriteHeader(http.StatusOK)
		}
		for _, piece := range pieces {
			if _, err := io.WriteString(w, piece); err != nil {
				return err
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
		}
		return nil
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	w.Close()
	return b.String()
}

// What an upstream may send for a manifest, and what becomes of it.
func TestManifestAnswers(t *testing.T) {
	c := openCinema(t)
	inside := strings.ReplaceAll(rooted, "/film", c.session+"/film")
	relative := "#EXTM3U\n#EXTINF:4,\n0.ts\n"
	tag := map[string]string{"Etag": `"1"`, "Digest": "sha-256=x", "Content-Md5": "x", "Repr-Digest": "x"}
	packed := map[string]string{"Etag": `"1"`, "Content-Encoding": "gzip"}
	for name, one := range map[string]struct {
		path   string
		behind caddyhttp.HandlerFunc
		body   string // empty: refused
		etag   string
	}{
		"rewritten":                 {"/film/m.m3u8", sends(tag, rooted), inside, ""},
		"in pieces":                 {"/film/m.m3u8", sends(tag, rooted[:20], rooted[20:25], rooted[25:]), inside, ""},
		"an .m3u":                   {"/film/m.m3u", sends(map[string]string{"Content-Type": "audio/x-mpegurl"}, rooted), inside, ""},
		"as it is":                  {"/film/m.m3u8", sends(tag, relative), relative, `"1"`},
		"as it is, packed":          {"/film/m.m3u8", sends(packed, zipped(relative)), zipped(relative), `"1"`},
		"packed":                    {"/film/m.m3u8", sends(packed, zipped(rooted)), inside, ""},
		"dash":                      {"/film/m.mpd", sends(nil, "<MPD><BaseURL>/film/</BaseURL></MPD>"), "<MPD><BaseURL>" + c.session + "/film/</BaseURL></MPD>", ""},
		"with its length":           {"/film/m.m3u8", sends(map[string]string{"Content-Length": strconv.Itoa(len(rooted))}, rooted), inside, ""},
		"as large as may be":        {"/film/m.m3u8", sends(nil, strings.Repeat("#", manifest.Max)), strings.Repeat("#", manifest.Max), ""},
		"one byte larger":           {"/film/m.m3u8", sends(nil, strings.Repeat("#", manifest.Max), "#"), "", ""},
		"larger by its length":      {"/film/m.m3u8", sends(map[string]string{"Content-Length": "4194305"}, rooted), "", ""},
		"larger, unpacked":          {"/film/m.m3u8", sends(packed, zipped(strings.Repeat("#", manifest.Max+1))), "", ""},
		"cut short":                 {"/film/m.m3u8", sends(map[string]string{"Content-Length": "500"}, rooted), "", ""},
		"cut short, packed":         {"/film/m.m3u8", sends(packed, zipped(rooted)[:30]), "", ""},
		"packed otherwise":          {"/film/m.m3u8", sends(map[string]string{"Content-Encoding": "br"}, rooted), "", ""},
		"of another session":        {"/film/m.m3u8", sends(nil, "/~another/film/0.ts"), "", ""},
		"no XML":                    {"/film/m.mpd", sends(nil, "<html><p></html>"), "", ""},
		"a part":                    {"/film/m.m3u8", partly, "", ""},
		"an error in the middle":    {"/film/m.m3u8", broken(io.ErrUnexpectedEOF), "", ""},
		"an abort in the middle":    {"/film/m.m3u8", aborted, "", ""},
		"copied, as from a file":    {"/film/m.m3u8", copied, inside, ""},
		"a film that says it is":    {"/film/m.m3u8", sends(map[string]string{"Content-Type": "video/mp2t"}, rooted), rooted, ""},
		"a segment is none of this": {"/film/x.ts", sends(tag, rooted), rooted, `"1"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.show(t, http.MethodGet, "media.test", one.path, one.behind)
			if one.body == "" {
				if got.Code != http.StatusBadGateway || got.Header().Get("Usher-Reason") != "bad_manifest" || strings.Contains(got.Body.String(), "EXTM3U") {
					t.Errorf("status %d, %.200q", got.Code, got.Body)
				}
				return
			}
			if got.Code != http.StatusOK || got.Body.String() != one.body || got.Header().Get("Etag") != one.etag {
				t.Errorf("status %d, ETag %s, %.300q", got.Code, got.Header().Get("Etag"), got.Body)
			}
			if length := got.Header().Get("Content-Length"); strings.HasPrefix(one.path, "/film/m.") && got.Header().Get("Content-Type") != "video/mp2t" && length != strconv.Itoa(len(one.body)) {
				t.Errorf("Content-Length %q of %d", length, len(one.body))
			}
			if strings.Contains(one.body, c.session) && len(got.Header()["Content-Encoding"])+len(got.Header()["Repr-Digest"])+len(got.Header()["Content-Md5"])+len(got.Header()["Digest"]) > 0 {
				t.Errorf("headers of other bytes: %v", got.Header())
			}
		})
	}
}

func partly(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Range", "bytes 0-4/100")
	w.WriteHeader(http.StatusPartialContent)
	_, err := io.WriteString(w, "/film")
	return err
}

func broken(err error) caddyhttp.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, rooted)
		return err
	}
}

func aborted(w http.ResponseWriter, _ *http.Request) error {
	_, _ = io.WriteString(w, rooted)
	panic(http.ErrAbortHandler)
}

func copied(w http.ResponseWriter, _ *http.Request) error {
	_, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader(rooted))
	return err
}

// What upstream is asked, and what a HEAD promises.
func TestManifestRequests(t *testing.T) {
	c := openCinema(t)
	for path, want := range map[string]string{"/film/m.m3u8": "identity", "/film/x.ts": "gzip, br"} {
		c.show(t, http.MethodGet, "media.test", path, func(_ http.ResponseWriter, r *http.Request) error {
			if got := r.Header.Get("Accept-Encoding"); got != want {
				t.Errorf("%s: upstream is asked for %q", path, got)
			}
			return nil
		})
	}
	got := c.show(t, http.MethodHead, "media.test", "/film/m.m3u8", sends(map[string]string{"Content-Length": "27", "Etag": `"1"`}))
	if got.Code != http.StatusOK || len(got.Header()["Content-Length"])+len(got.Header()["Etag"]) != 0 {
		t.Errorf("HEAD: %d %v", got.Code, got.Header())
	}
}

// Which hosts are the site's own: what only a request says is nobody's.
func TestOwnHosts(t *testing.T) {
	c := openCinema(t)
	for _, one := range []struct {
		public, host, uri string
		own               bool
	}{
		{"https://media.test", "media.test", "https://media.test/film/0.ts", true},
		{"https://media.test", "behind.internal:8080", "https://media.test:443/film/0.ts", true},
		{"https://media.test", "behind.internal:8080", "http://behind.internal:8080/film/0.ts", false},
		{"https://media.test", "named.test", "http://named.test/film/0.ts", true},
		{"https://media.test", "Named.Test:8080", "//named.test:8080/film/0.ts", true},
		{"https://media.test", "a.films.test", "https://a.films.test/film/0.ts", true},
		{"https://media.test", "a.films.test", "https://b.films.test/film/0.ts", false},
		{"https://media.test", "named.test", "https://media.test/film/0.ts", true},
		{"https://named.test", "a.films.test", "https://named.test/film/0.ts", false},
		{"https://named.test", "named.test", "https://named.test/film/0.ts", true},
		{"", "evil.test", "https://evil.test/film/0.ts", false},
		{"", "named.test", "https://named.test/film/0.ts", true},
	} {
		c.handler.app.PublicURL = one.public
		got := c.show(t, http.MethodGet, one.host, "/film/m.m3u8", sends(nil, one.uri))
		want := one.uri
		if one.own {
			want = c.session + "/film/0.ts"
		}
		if got.Body.String() != want {
			t.Errorf("%+v becomes %s", one, got.Body)
		}
		redirected := c.show(t, http.MethodGet, one.host, "/film/x.ts", func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Location", one.uri)
			w.WriteHeader(http.StatusFound)
			return nil
		})
		if location := redirected.Header().Get("Location"); location != want {
			t.Errorf("%+v: a redirect goes to %s", one, location)
		}
	}
	got := c.show(t, http.MethodGet, "media.test", "/film/x.ts", sends(map[string]string{"Location": "/~another/film/x.ts"}))
	if location, ok := got.Header()["Location"]; ok {
		t.Errorf("a redirect goes to %s", location)
	}
}
