package story

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/storytest"
)

// packaged packages the sample clip with ffmpeg: HLS with an AES-128 key, and
// DASH, in the folder film of a new directory.
func packaged(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	film := filepath.Join(dir, "film")
	if err := os.Mkdir(film, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"secret.key": "0123456789abcdef",
		"keyinfo":    "/film/secret.key\n" + filepath.Join(film, "secret.key") + "\n",
		"master.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=190000,RESOLUTION=640x360,CODECS=\"avc1.4d401e,mp4a.40.2\"\n" +
			"{site}/film/index.m3u8\n",
	} {
		if err := os.WriteFile(filepath.Join(film, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	clip := filepath.Join(storytest.Root(), "internal", "sample", "media", "clock", "clock.mp4")
	for _, args := range [][]string{
		{"-hls_time", "4", "-hls_playlist_type", "vod", "-hls_key_info_file", filepath.Join(film, "keyinfo"),
			"-hls_base_url", "/film/", "-hls_segment_filename", filepath.Join(film, "%d.ts"), filepath.Join(film, "index.m3u8")},
		{"-f", "dash", "-seg_duration", "4", filepath.Join(film, "manifest.mpd")},
	} {
		cmd := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "error", "-i", clip, "-c", "copy"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, out)
		}
	}
	return dir
}

var (
	everyOther = regexp.MustCompile(`/film/[024]\.ts`)
	templates  = regexp.MustCompile(`(media|initialization)="`)
)

// asUpstreamsDo serves the folder with the kinds of URIs that leave a session:
// with a slash in front, with the site's name, with its name and no scheme. The
// playlist of segments comes in pieces and without a length, the master one
// packed for everybody, as an object that is stored so.
func asUpstreamsDo(dir string) http.HandlerFunc {
	files := http.FileServer(http.Dir(dir))
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path.Clean(r.URL.Path))))
		if err != nil || !strings.HasPrefix(path.Ext(r.URL.Path), ".m") || path.Ext(r.URL.Path) == ".m4s" {
			files.ServeHTTP(w, r)
			return
		}
		text := strings.ReplaceAll(string(body), "{site}", "http://"+r.Host)
		w.Header().Set("Etag", `"of the original"`)
		switch path.Base(r.URL.Path) {
		case "master.m3u8":
			w.Header().Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			packed := gzip.NewWriter(&b)
			_, _ = packed.Write([]byte(text))
			packed.Close()
			text = b.String()
		case "index.m3u8":
			text = everyOther.ReplaceAllString(text, "http://"+r.Host+"$0")
		case "manifest.mpd":
			text = templates.ReplaceAllString(text, `$1="/film/`)
			text = strings.Replace(text, "<Period", "<BaseURL>//"+r.Host+"/nowhere/</BaseURL><Period", 1)
		}
		for _, line := range strings.SplitAfter(text, "\n") {
			_, _ = w.Write([]byte(line))
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// pathOnly is a site on which no cookie helps a URI that leaves the session.
func pathOnly(t *testing.T, u *upstream) *storytest.Server {
	t.Helper()
	caddyfile := strings.Replace(storytest.DefaultCaddyfile, "\tfile_server {\n\t\troot {dir}/site\n\t}\n", "\treverse_proxy "+strings.TrimPrefix(u.URL, "http://")+"\n", 1)
	return storytest.Start(t, storytest.Options{Caddyfile: strings.Replace(caddyfile, "\tusher {\n\t\tapi", "\tusher {\n\t\tcarry path\n\t\tapi", 1)})
}

var named = regexp.MustCompile(`(?m)^[^#\s].*$|URI="[^"]+"|(?:media|initialization)="[^"]+"`)

// Manifests whose URIs begin with a slash or name the site play as others do,
// the key included, and cost one view. None of what they name is to be had
// without the session.
func TestManifestsStayInTheSession(t *testing.T) {
	u := newUpstream(t, asUpstreamsDo(packaged(t)))
	s := pathOnly(t, u)
	for _, entry := range []string{"master.m3u8", "manifest.mpd"} {
		l := createLink(t, s, "--path", "/film/*", "--views", "1", "--entry", entry)
		if seconds := decodeMedia(t, l.MediaURL); seconds < 23 || seconds > 26 {
			t.Errorf("%s: ffmpeg decoded %.1f s of 24", entry, seconds)
		}
		wantViews(t, s, l.ID, 1, 0)
	}
	l := createLink(t, s, "--path", "/film/*")
	base := enter(t, s, browser(), l, "/film/master.m3u8")
	count := 0
	for _, manifest := range []string{"master.m3u8", "index.m3u8", "manifest.mpd"} {
		a := do(t, browser(), http.MethodGet, base+"/film/"+manifest)
		wantStatus(t, a, http.StatusOK, "")
		if a.ContentLength != int64(len(a.body)) || a.Header.Get("Etag") != "" || a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d bytes, %v", manifest, len(a.body), a.Header)
		}
		for _, uri := range named.FindAllString(a.body, -1) {
			uri = strings.Trim(uri[strings.IndexByte(uri, '=')+1:], `"`)
			bare, ok := strings.CutPrefix(uri, strings.TrimPrefix(base, s.URL))
			if manifest == "manifest.mpd" && !strings.HasPrefix(uri, "/") {
				continue // lines of text in an MPD
			}
			if !ok {
				t.Errorf("%s names %s, which is not in the session", manifest, uri)
				continue
			}
			count++
			for _, target := range []string{s.URL + bare, s.URL + "/~x" + bare} {
				if a := do(t, browser(), http.MethodGet, strings.NewReplacer("$RepresentationID$", "0", "$Number%05d$", "00001").Replace(target)); a.StatusCode < 400 {
					t.Errorf("%s without the session: %d", target, a.StatusCode)
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("%d URIs were looked at", count)
	}
	if strings.Contains(s.Log(), "cannot be kept") {
		t.Error("something was refused:\n" + s.Log())
	}
}

var (
	corpusURI = regexp.MustCompile(`/~SESSION(/[^"'\s<>]*)`)
	plainFile = regexp.MustCompile(`^/acme/([\w-]+/)*[\w-]+\.\w+$`)
)

// Whatever the corpus of manifests names on the site is refused without the
// session, and upstream is not even asked; with it, it is there.
func TestWhatManifestsNameIsGated(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("media")) })
	s := pathOnly(t, u)
	l := createLink(t, s, "--path", "/acme/*")
	base := enter(t, s, browser(), l, "/acme/x.ts")
	names, err := filepath.Glob(filepath.Join(storytest.Root(), "internal", "manifest", "testdata", "*", "*.want"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range corpusURI.FindAllStringSubmatch(strings.ReplaceAll(string(text), "&amp;", "&"), -1) {
			targets[found[1]] = true
		}
	}
	passed := 0
	for target := range targets {
		if a := do(t, browser(), http.MethodGet, s.URL+target); a.StatusCode < 400 || strings.Contains(a.body, "media") {
			t.Errorf("%s without the session: %d", target, a.StatusCode)
		}
	}
	u.mu.Lock()
	if len(u.seen) != 0 {
		t.Errorf("upstream was asked for %s", u.seen[0].URL)
	}
	u.mu.Unlock()
	for target := range targets {
		if a := do(t, browser(), http.MethodGet, base+target); a.StatusCode == http.StatusOK {
			passed++
		} else if plainFile.MatchString(target) {
			t.Errorf("%s with the session: %d", target, a.StatusCode)
		}
	}
	t.Logf("%d URIs, %d pass with the session", len(targets), passed)
	if len(targets) < 40 || passed < 30 {
		t.Errorf("%d URIs, %d pass with the session", len(targets), passed)
	}
}

// A browser's own player goes through the same manifests.
func TestManifestsInABrowser(t *testing.T) {
	u := newUpstream(t, asUpstreamsDo(packaged(t)))
	s := pathOnly(t, u)
	l := createLink(t, s, "--path", "/film/*", "--views", "1", "--entry", "master.m3u8")
	ctx, cancel := context.WithTimeout(browsertest.New(t), 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(l.URL), chromedp.Click(chromedp.CSS("button.primary")), chromedp.WaitVisible(chromedp.CSS("video"))); err != nil {
		t.Fatal(err)
	}
	run(t, ctx, chromedp.Poll[bool](playing, chromedp.WithPollingTimeout(30*time.Second)))
	if source := run(t, ctx, chromedp.Evaluate[string]("document.querySelector('video').currentSrc")); !strings.Contains(source, "master.m3u8") {
		t.Errorf("it plays %s", source)
	}
	wantViews(t, s, l.ID, 1, 0)
}

// The same behind encode, from files, and where a manifest cannot be kept.
func TestManifestsFromFiles(t *testing.T) {
	caddyfile := strings.Replace(storytest.DefaultCaddyfile, "\tusher {\n\t\tapi", "\troute {\n\tencode {\n\t\tgzip\n\t\tmatch {\n\t\t\theader Content-Type application/vnd.apple.mpegurl*\n\t\t}\n\t}\n\tusher {\n\t\tapi", 1)
	caddyfile = strings.TrimSuffix(strings.TrimSpace(caddyfile), "}") + "}\n}\n"
	s := storytest.New(t, storytest.Options{Caddyfile: caddyfile})
	film := filepath.Join(s.Dir, "site", "film")
	if err := os.MkdirAll(film, 0o700); err != nil {
		t.Fatal(err)
	}
	long := "#EXTM3U\n" + strings.Repeat("#EXTINF:4,\n/film/0.ts\n", 1000)
	for name, text := range map[string]string{"long.m3u8": long, "broken.m3u8": "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=/film/k\n/film/0.ts\n"} {
		if err := os.WriteFile(filepath.Join(film, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Run()
	l := createLink(t, s, "--path", "/film/*")
	base := enter(t, s, browser(), l, "/film/long.m3u8")
	want := strings.ReplaceAll(long, "/film/", strings.TrimPrefix(base, s.URL)+"/film/")
	for _, accepted := range []string{"identity", "gzip"} {
		a := do(t, browser(), http.MethodGet, base+"/film/long.m3u8", "Accept-Encoding", accepted, "Range", "bytes=0-")
		wantStatus(t, a, http.StatusOK, "")
		body := a.body
		if packed := a.Header.Get("Content-Encoding") == "gzip"; packed != (accepted == "gzip") {
			t.Errorf("asked for %s: %v", accepted, a.Header)
		} else if packed {
			body = unpack(t, body)
		}
		if body != want {
			t.Errorf("asked for %s: %d bytes, want %d: %.200s", accepted, len(body), len(want), body)
		}
	}
	wantStatus(t, do(t, browser(), http.MethodGet, base+"/film/broken.m3u8"), http.StatusBadGateway, "bad_manifest")
	if log := s.Log(); !strings.Contains(log, "line 2: #EXT-X-KEY: its attributes") || strings.Contains(log, base) {
		t.Errorf("the log does not say what is wrong, or says too much:\n%s", log)
	}
}

func unpack(t *testing.T, text string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
