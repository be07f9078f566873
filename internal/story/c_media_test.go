package story

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Viewing is getting and asking for the head of everything that a film is made
// of, and nothing else.
func TestC1ViewingIsGetAndHeadOfEverythingAFilmHas(t *testing.T) {
	s := onStage(t)
	for _, name := range []string{"key.key", "de.vtt", "thumb.jpg"} {
		if err := os.WriteFile(filepath.Join(s.Dir, "site", "clock", name), []byte("some of it"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.collect("clock", "link")
	l := s.share("--collection", "clock", "--can", "view")
	viewer := s.anybody()
	session := viewer.opens(l, "/clock/master.m3u8")
	for _, name := range []string{"master.m3u8", "360p/index.m3u8", "key.key", "de.vtt", "thumb.jpg", "360p/0.ts", "clock.mp4"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			wantStatus(t, do(t, viewer.Client, method, s.URL+session+"/clock/"+name), http.StatusOK, "")
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete, "MKCOL"} {
		if a := do(t, viewer.Client, method, s.URL+session+"/clock/clock.mp4"); a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, a.StatusCode)
		}
	}
	viewer.asks(session+"/clock/", http.StatusNotFound, "not_covered")
}

// Keeping a film takes the capability: without it a browser that navigates to the
// file is refused, and so is whoever asks for it by the word. A player plays it.
func TestC2KeepingAFilmTakesDownload(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	path := "/clock/clock.mp4"
	document := []string{"Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Accept", "text/html"}
	view, keep := s.share("--collection", "clock", "--can", "view"), s.share("--collection", "clock", "--can", "view,download")
	viewer := s.anybody()
	viewer.tries(view, path, http.StatusFound, "")
	session := viewer.opens(view, path)
	viewer.asks(session+path, http.StatusForbidden, "no_capability", document...)
	viewer.asks(session+path+"?download", http.StatusForbidden, "no_capability")
	wantViews(t, s.Server, view.ID, 0, 0)
	viewer.plays(session, path)
	viewer.asks(session+path, http.StatusPartialContent, "", "Range", "bytes=100-")
	viewer.asks(session+"/clock/master.m3u8", http.StatusOK, "", document...)

	holder := s.anybody()
	session = holder.opens(keep, path)
	if a := holder.asks(session+path, http.StatusOK, "", document...); a.Header.Get("Content-Disposition") != "" {
		t.Errorf("asked to show it: %s", a.Header.Get("Content-Disposition"))
	}
	if a := holder.asks(session+path+"?download", http.StatusOK, ""); a.Header.Get("Content-Disposition") != `attachment; filename=clock.mp4` {
		t.Errorf("asked to keep it: %s", a.Header.Get("Content-Disposition"))
	}
	_, token, _ := strings.Cut(keep.MediaURL, "?usher=")
	if to := s.anybody().asks(path+"?usher="+token+"&download", http.StatusFound, "").Header.Get("Location"); !strings.HasSuffix(to, path+"?download") {
		t.Errorf("sent to %s", to)
	}
	for l, offers := range map[string]bool{view.URL: false, keep.URL: true} {
		c := s.anybody()
		page := c.asks(c.post(l[len(s.URL):]).Header.Get("Location"), http.StatusOK, "", "Accept", "text/html")
		if strings.Contains(page.body, `id="download"`) != offers {
			t.Errorf("%s: the page offers a download: %t", l, !offers)
		}
	}
	metrics := s.metrics()
	if !strings.Contains(metrics, "usher_downloads_total 1") {
		t.Errorf("downloads are not counted apart")
	}
	// What upstream says of saving holds for who may.
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=x")
		_, _ = io.WriteString(w, "media")
	})
	s = &stage{Server: before(t, u), TB: t}
	c := s.anybody()
	if a := c.plays(c.opens(s.share("--path", "/a/*"), "/a/x.mp4"), "/a/x.mp4"); a.Header.Get("Content-Disposition") != "inline" {
		t.Errorf("upstream makes it saved: %s", a.Header.Get("Content-Disposition"))
	}
}

// shelf is an upstream that keeps what is put there.
type shelf struct {
	*upstream
	mu    sync.Mutex
	files map[string]string
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{files: map[string]string{"/drop/old.mp4": "old"}}
	s.upstream = newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, there := s.files[r.URL.Path]
		switch r.Method {
		case http.MethodPut, http.MethodPost, http.MethodPatch:
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			s.files[r.URL.Path] = string(body)
			w.WriteHeader(http.StatusCreated)
		case http.MethodDelete:
			delete(s.files, r.URL.Path)
			w.WriteHeader(http.StatusNoContent)
		default:
			if !there {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, s.files[r.URL.Path])
		}
	})
	return s
}

func (s *shelf) holds(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[path]
}

// puts sends a file, and wants the status and reason.
func (a *actor) puts(method, path, body string, status int, reason string, header ...string) {
	a.Helper()
	wantStatus(a, a.send(method, path, body, header...), status, reason)
}

// Uploading takes the capability, and who uploaded something may change it, and
// nobody else but who manages the collection. It is never a view.
func TestC3UploadingIsForWhoMayAndChangingForTheOwner(t *testing.T) {
	onUploads(t, func(s *stage, shelf *shelf) {
		s.CLI("collection", "create", "drop", "--path", "/drop/*", "--level", "link")
		upload, view := s.share("--collection", "drop", "--can", "view,upload", "--views", "1"), s.share("--collection", "drop")
		ann, ben, boss := s.person("ann@example.com"), s.person("ben@example.com"), s.person("boss@example.com")
		for email, can := range map[string]string{"ann@example.com": "view,upload", "ben@example.com": "view", "boss@example.com": "manage"} {
			s.CLI("grant", "create", "drop", "--person", email, "--can", can)
		}
		one, two, watcher := s.anybody(), s.anybody(), s.anybody()
		first, second, watches := one.opens(upload, "/drop/x.mp4"), two.opens(upload, "/drop/x.mp4"), watcher.opens(view, "/drop/x.mp4")

		s.anybody().puts("PUT", "/drop/a.mp4", "a", http.StatusNotFound, "")
		watcher.puts("PUT", watches+"/drop/a.mp4", "a", http.StatusForbidden, "no_capability")
		one.puts("PUT", first+"/elsewhere/a.mp4", "a", http.StatusNotFound, "not_covered")
		one.puts("PUT", first+"/drop/old.mp4", "a", http.StatusForbidden, "no_capability")
		one.puts("DELETE", first+"/drop/old.mp4", "", http.StatusForbidden, "no_capability")
		one.puts("PUT", first+"/drop/a.mp4", "a", http.StatusForbidden, "", "Origin", "https://evil.example")
		one.puts("PUT", first+"/drop/a.mp4", "one's", http.StatusCreated, "")
		two.puts("PUT", second+"/drop/a.mp4", "two's", http.StatusForbidden, "no_capability")
		one.puts("PATCH", first+"/drop/a.mp4", "one's again", http.StatusCreated, "")
		if shelf.holds("/drop/a.mp4") != "one's again" || shelf.holds("/drop/old.mp4") != "old" {
			s.Errorf("the upstream has %v", shelf.files)
		}
		ben.puts("PUT", "/drop/b.mp4", "b", http.StatusForbidden, "no_capability")
		ann.puts("PUT", "/drop/b.mp4", "ann's", http.StatusCreated, "")
		one.puts("PUT", first+"/drop/b.mp4", "x", http.StatusForbidden, "no_capability")
		boss.puts("PUT", "/drop/b.mp4", "the boss's", http.StatusCreated, "")
		ann.puts("DELETE", "/drop/b.mp4", "", http.StatusNoContent, "")
		one.puts("PUT", first+"/drop/b.mp4", "one's now", http.StatusCreated, "")
		ann.puts("PUT", "/drop/c.mp4", strings.Repeat("x", 1<<20), http.StatusCreated, "")
		ann.puts("PUT", "/drop/c.mp4", strings.Repeat("x", 1<<20+1), http.StatusRequestEntityTooLarge, "", "Expect", "100-continue")
		if n := len(shelf.holds("/drop/c.mp4")); n != 1<<20 {
			s.Errorf("%d bytes came", n)
		}
		long := io.LimitReader(neverending{}, 1<<20+1000) // how long it is, is not said before
		wantStatus(s, ann.stream("PUT", "/drop/d.mp4", long), http.StatusRequestEntityTooLarge, "too_large")
		if n := len(shelf.holds("/drop/d.mp4")); n != 0 {
			s.Errorf("%d bytes came", n)
		}
		wantViews(s, s.Server, upload.ID, 0, 0)
		one.plays(first, "/drop/a.mp4")
		wantViews(s, s.Server, upload.ID, 1, 0)
		s.CLI("link", "suspend", upload.ID)
		one.puts("PUT", first+"/drop/a.mp4", "late", http.StatusForbidden, "suspended")
	})
}

// neverending is a body without an end.
type neverending struct{}

func (neverending) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// onUploads tells a story of uploads on both stores.
func onUploads(t *testing.T, story func(s *stage, shelf *shelf)) {
	shelf := newShelf(t)
	files := "\tfile_server {\n\t\troot {dir}/site\n\t}\n"
	onBothStages(t, func(s *stage) {
		shelf.mu.Lock()
		shelf.files = map[string]string{"/drop/old.mp4": "old"}
		shelf.mu.Unlock()
		story(s, shelf)
	}, files, "\treverse_proxy "+strings.TrimPrefix(shelf.URL, "http://")+"\n", "\t\tapi\n", "\t\tapi\n\t\tupload 1MiB\n")
}

// Where nothing is said of uploads, there are none.
func TestC3NoUploadsWithoutTheSetting(t *testing.T) {
	shelf := newShelf(t)
	s := &stage{Server: before(t, shelf.upstream), TB: t}
	c := s.anybody()
	session := c.opens(s.share("--path", "/drop/*", "--can", "view,upload"), "/drop/x.mp4")
	for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
		c.puts(method, session+"/drop/a.mp4", "a", http.StatusMethodNotAllowed, "")
	}
	if shelf.holds("/drop/a.mp4") != "" {
		t.Error("it came through")
	}
}

// metrics are what Prometheus would read.
func (s *stage) metrics() string {
	s.Helper()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(s.Admin, "unix/"))
	}
	c := &http.Client{Transport: &http.Transport{DialContext: dial}}
	a := once(s, c, http.MethodGet, "http://127.0.0.1/metrics")
	if a.StatusCode != http.StatusOK {
		s.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return a.body
}
