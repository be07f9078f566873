package pages_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/speech"
)

// maxWeight is what a page may weigh as it travels, with everything that it
// loads before the video: it is opened once, often on a phone.
const maxWeight = 40_000

func packed(t *testing.T, body []byte) int {
	t.Helper()
	var out bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := zip.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

var loaded = regexp.MustCompile(`/_usher/assets/[a-z]+\.[a-z]+|from '\./[a-z]+\.js'`)

// weights remembers what files weigh.
var weights = map[string]int{}

// weigh adds what a page, or a script, loads.
func weigh(t *testing.T, text string, seen map[string]bool) (total int) {
	t.Helper()
	for _, name := range loaded.FindAllString(text, -1) {
		name = path.Base(strings.Trim(name, "'"))
		if seen[name] {
			continue
		}
		seen[name] = true
		body, err := os.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if weights[name] == 0 {
			weights[name] = packed(t, body)
		}
		total += weights[name] + weigh(t, string(body), seen)
	}
	return total
}

func TestPagesStayLight(t *testing.T) {
	heaviest := 0
	for _, l := range speech.All() {
		for name, p := range flat(l) {
			text := drawFor(t, p, pages.Reader{Language: l})
			weight := packed(t, []byte(text)) + weigh(t, text, map[string]bool{})
			if weight > maxWeight {
				t.Errorf("%s in %s weighs %d bytes, more than %d", name, l.Tag, weight, maxWeight)
			}
			heaviest = max(heaviest, weight)
		}
	}
	t.Logf("the heaviest page weighs %d bytes", heaviest)
}

func get(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	pages.Assets().ServeHTTP(w, r)
	return w.Result()
}

func TestAssetsAreServed(t *testing.T) {
	entries, err := os.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for _, entry := range entries {
		target := pages.AssetPrefix + entry.Name()
		answer := get(t, http.MethodGet, target)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", target, answer.StatusCode)
		}
		for name, want := range map[string]string{
			"Content-Type":           kinds[path.Ext(target)],
			"X-Content-Type-Options": "nosniff",
			"Cache-Control":          "no-cache",
		} {
			if got := answer.Header.Get(name); got != want || want == "" {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
		again := get(t, http.MethodGet, target, "If-None-Match", answer.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again with its ETag: status %d, want 304", target, again.StatusCode)
		}
	}
}

func TestOtherNamesAreNotFound(t *testing.T) {
	for _, name := range []string{
		"", "/", "nothing.js", "usher.css/", "usher.css/x", "USHER.CSS", "usher.css%00", "./usher.css",
		"../templates/frame.html", "..%2ftemplates%2fframe.html", "assets/usher.css", "usher", "usher.css.map",
	} {
		answer := get(t, http.MethodGet, pages.AssetPrefix+name)
		if answer.StatusCode != http.StatusNotFound || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: status %d, want 404 with nosniff", name, answer.StatusCode)
		}
	}
	if answer := get(t, http.MethodGet, "/usher.css"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("outside the prefix: status %d, want 404", answer.StatusCode)
	}
	if answer := get(t, http.MethodPost, pages.AssetPrefix+"usher.css"); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", answer.StatusCode)
	}
}

func TestHeaders(t *testing.T) {
	h := http.Header{"Cache-Control": {"public"}}
	pages.SetHeaders(h)
	for name, want := range map[string]string{
		"Content-Type":               "text/html; charset=utf-8",
		"Cache-Control":              "no-store",
		"Referrer-Policy":            "no-referrer",
		"X-Content-Type-Options":     "nosniff",
		"X-Robots-Tag":               "noindex, noarchive",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := strings.Join(h.Values(name), "|"); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := h.Get("Content-Security-Policy")
	for _, directive := range []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "media-src 'self'", "connect-src 'self'",
		"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
	} {
		if !strings.Contains(policy, directive) {
			t.Errorf("the policy %q lacks %q", policy, directive)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy %q has a hole", policy)
	}
	if h.Get("Permissions-Policy") == "" {
		t.Error("no Permissions-Policy")
	}
}
