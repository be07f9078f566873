package hostile

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// origin is a server behind the gate. It notes everything it is asked.
type origin struct {
	addr string
	// reads turns a request's path, as it came over the wire, into the file
	// that this server takes it for.
	reads func(raw string) string
	// gullible: it obeys override headers, and knows no ranges.
	gullible bool
	tree     tree

	mu   sync.Mutex
	hits []hit
}

// hit is one request that an origin saw.
type hit struct {
	method, target string
	header         http.Header
}

func startOrigin(t *testing.T, o *origin) *origin {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: o, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	o.addr = listener.Addr().String()
	return o
}

// take returns the hits since it was asked last.
func (o *origin) take() []hit {
	o.mu.Lock()
	defer o.mu.Unlock()
	hits := o.hits
	o.hits = nil
	return hits
}

var written = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.hits = append(o.hits, hit{r.Method, r.RequestURI, r.Header.Clone()})
	o.mu.Unlock()

	raw, _, _ := strings.Cut(r.RequestURI, "?")
	if o.gullible {
		raw = overridden(r, raw)
	}
	header := w.Header()
	header.Set("Set-Cookie", "origin=1; Path=/")
	header.Set("X-Accel-Redirect", "/acme/secret.mp4")
	header.Set("Usher-Reason", "forged")
	f, found := o.tree.at(o.reads(raw), o.gullible)
	if !found {
		http.NotFound(w, r)
		return
	}
	header.Set("Content-Type", f.kind)
	header.Set("ETag", `"1"`)
	if o.gullible {
		_, _ = io.Copy(w, bytes.NewReader(f.content))
		return
	}
	http.ServeContent(w, r, "", written, bytes.NewReader(f.content))
}

// overridden is what frameworks do that let a header speak for the URL.
func overridden(r *http.Request, raw string) string {
	for _, name := range overrideHeaders {
		if value := r.Header.Get(name); strings.HasPrefix(value, "/") {
			return value
		}
	}
	return raw
}

// careful decodes once and cleans, as most servers do.
func careful(raw string) string {
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return ""
	}
	return path.Clean("/" + decoded)
}

// sloppy makes every mistake at once: it decodes twice, repairs overlong
// UTF-8, folds compatibility forms, best-fit look-alikes and case, drops what
// is not seen, takes backslashes for slashes, cuts at NUL, semicolon and
// colon, drops trailing dots and spaces, and merges slashes.
func sloppy(raw string) string {
	text := unescape(unescape(raw))
	text = overlong.Replace(text)
	text = bestFit.Replace(norm.NFKC.String(text))
	text = strings.Map(visible, text)
	text = strings.ToLower(strings.ToUpper(text))
	text = strings.ReplaceAll(text, `\`, "/")
	text, _, _ = strings.Cut(text, "\x00")
	text, _, _ = strings.Cut(text, "#")
	text, _, _ = strings.Cut(text, "?")
	segments := strings.Split(text, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		s, _, _ = strings.Cut(s, ":")
		s = strings.TrimSpace(s)
		switch trimmed := strings.TrimRight(s, ". "); {
		case trimmed == "" && len(s) > 1:
			s = ".."
		default:
			s = trimmed
		}
		segments[i] = s
	}
	return path.Clean("/" + strings.Join(segments, "/"))
}

// unescape undoes percent-encoding where it can, %uXXXX as well.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if n, r := escape(text[i:]); n > 0 {
			b.WriteString(r)
			i += n - 1
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func escape(text string) (length int, decoded string) {
	if len(text) >= 6 && (text[:2] == "%u" || text[:2] == "%U") {
		if n, ok := hexNumber(text[2:6]); ok {
			return 6, string(rune(n))
		}
	}
	if len(text) >= 3 && text[0] == '%' {
		if n, ok := hexNumber(text[1:3]); ok {
			return 3, string([]byte{byte(n)})
		}
	}
	return 0, ""
}

func hexNumber(digits string) (n int, ok bool) {
	for _, c := range strings.ToLower(digits) {
		d := strings.IndexRune("0123456789abcdef", c)
		if d < 0 {
			return 0, false
		}
		n = n<<4 | d
	}
	return n, true
}

var overlong = strings.NewReplacer(
	"\xc0\xae", ".", "\xc0\xaf", "/", "\xc1\x9c", `\`,
	"\xe0\x80\xae", ".", "\xe0\x80\xaf", "/", "\xe0\x81\x9c", `\`,
	"\xf0\x80\x80\xae", ".", "\xf0\x80\x80\xaf", "/", "\xf0\x80\x81\x9c", `\`,
)

// bestFit is what Windows code pages make of look-alikes.
var bestFit = strings.NewReplacer(
	"\u2044", "/", "\u2215", "/", "\u29f8", "/", "\u2571", "/",
	"\u2216", `\`, "\u29f5", `\`, "\u2572", `\`, "\u3002", ".", "\uff61", ".",
)

// visible drops what a reader does not see.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
		return -1
	}
	return r
}
