package gate

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParsePathAccepts(t *testing.T) {
	for raw, want := range map[string]string{
		"/":                                  "/",
		"/a":                                 "/a",
		"/a/b.mp4":                           "/a/b.mp4",
		"/a/":                                "/a/",
		"/.well/x..y":                        "/.well/x..y",
		"/a%20b/c.mp4":                       "/a b/c.mp4",
		"/%5B1080p%5D.mp4":                   "/[1080p].mp4",
		"/f(1)+2,3=4@5!$&'~_-.ts":            "/f(1)+2,3=4@5!$&'~_-.ts",
		"/%E2%9D%A4%EF%B8%8F.mp4":            "/\u2764\ufe0f.mp4",
		"/%C3%BCbung/%E6%98%A0%E7%94%BB.mp4": "/übung/映画.mp4",
		"/" + strings.Repeat("a", 255):       "/" + strings.Repeat("a", 255),
	} {
		got, ok := ParsePath(raw)
		if !ok || got.String() != want {
			t.Errorf("ParsePath(%q) = %q, %v; want %q", raw, got, ok, want)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, raw := range []string{
		"", "a", "*", "//", "//host/p", "/a//b", "/./a", "/a/.", "/a/..", "/../a", "/...", "/a./b", "/a.", "/a%20", "/%20a",
		"/a%2eb", "/%2e%2e/a", "/%2E%2E/a", "/a%2fb", "/a%2Fb", "/a%5cb", "/a%5Cb", `/a\b`, "/a%252fb", "/a%25b", "/a%00b",
		"/a;b", "/a%3Bb", "/a:b", "/a%3Ab", "/a*b", "/a%2Ab", "/a?b", "/a%3Fb", "/a#b", "/a%23b", "/a|b", "/a<b", "/a\"b",
		"/{env.SECRET}", "/%7Benv.SECRET%7D", "/a%61", "/a%7E", "/%41", "/a%c3%bc", "/a%C3", "/a%FF", "/a%", "/a%2", "/a%zz", "/a%u002f",
		"/a\x00b", "/a\x7fb", "/a b", "/\u00fc", "/%C0%AE%C0%AE/a", "/%C0%AF", "/%E0%80%AF",
		"/a%EF%BC%8Fb", "/a%EF%BC%8E%EF%BC%8E", "/a%E2%88%95b", "/a%E2%81%84b", "/a%E2%A7%B8b", "/a%EF%B9%A8b", "/a%E2%80%AEb", "/a%E2%80%8Bb", "/%EF%BB%BFa",
		"/a/%EF%B8%B0/b", "/a/%EF%B8%99", "/a%E2%84%80b", "/a%EF%B9%94b", "/a/..%EF%B8%8F/b", "/a/%EF%B8%8F", "/a/..%CD%8F/b", "/a%E3%85%A4b",
		"/a%C5%BFb", "/a%E2%84%AAb", "/a%0Ab", "/a%0D", "/a%C2%85b", "/a%C2%A0b", "/a%ED%A0%80b",
		"/" + strings.Repeat("a", 256), strings.Repeat("/a", 33), "/" + strings.Repeat("a/", 2000),
	} {
		if got, ok := ParsePath(raw); ok {
			t.Errorf("ParsePath(%q) = %q; want it refused", raw, got)
		}
	}
}

// FuzzParsePath holds the grammar to its promise: what is accepted has exactly
// one spelling, and no reader of that spelling finds dot segments in it.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"/a/b.mp4", "/%C3%BC", "/a%20b", "/..", "/%2e", "/a%25", "/\uff0e", "/a%2f..%2f", "/a/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, ok := ParsePath(raw)
		if !ok {
			return
		}
		if EncodePath(p.String()) != raw {
			t.Fatalf("%q was accepted as %q, which encodes to %q", raw, p, EncodePath(p.String()))
		}
		decoded, err := url.PathUnescape(raw)
		if err != nil || decoded != p.String() || !utf8.ValidString(decoded) {
			t.Fatalf("%q was accepted as %q; net/url reads %q, %v", raw, p, decoded, err)
		}
		if strings.ContainsAny(decoded, "\\%;:*?#|<>\"{}\x00") || strings.Contains(decoded, "//") {
			t.Fatalf("%q was accepted with a delimiter in it", raw)
		}
		twice, err := url.PathUnescape(decoded)
		if err != nil || twice != decoded {
			t.Fatalf("%q reads differently when decoded twice: %q, %v", raw, twice, err)
		}
		for segment := range strings.SplitSeq(decoded[1:], "/") {
			if strings.Trim(segment, ". ") == "" && segment != "" {
				t.Fatalf("%q was accepted with the segment %q", raw, segment)
			}
		}
	})
}

func mustScope(t *testing.T, text string) Scope {
	t.Helper()
	s, err := ParseScope(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustPath(t *testing.T, text string) Path {
	t.Helper()
	p, ok := ParsePath(EncodePath(text))
	if !ok {
		t.Fatalf("path %q was refused", text)
	}
	return p
}

func TestScopeCoversWholeSegments(t *testing.T) {
	for _, c := range []struct {
		scope, path string
		want        bool
	}{
		{"/vid1/*", "/vid1/a.mp4", true},
		{"/vid1/*", "/vid1/x/y.ts", true},
		{"/vid1/*", "/vid10/a.mp4", false},
		{"/vid1/*", "/vid1", false},
		{"/vid1/*", "/vid1.mp4", false},
		{"/vid1/*", "/vid1-x/a", false},
		{"/vid1/*", "/VID1/a", false},
		{"/vid1/*", "/a.mp4", false},
		{"/a/b.mp4", "/a/b.mp4", true},
		{"/a/b.mp4", "/a/b.mp4/c", false},
		{"/a/b.mp4", "/a/b.mp4x", false},
		{"/a/b.mp4", "/a", false},
		{"/*", "/anything/at/all", true},
	} {
		if got := mustScope(t, c.scope).Covers(mustPath(t, c.path)); got != c.want {
			t.Errorf("%s covers %s: %v, want %v", c.scope, c.path, got, c.want)
		}
	}
}

func TestParseScopeRefuses(t *testing.T) {
	for _, text := range []string{"", "a", "*", "/a/", "/a//b", "/a/../b", "/a/*/b", "/a*", "/s/*", "/s", "/_usher/*", "/~x/*", "/a?b", `/a\b`, "/a/./*", "/a;b/*", "//*"} {
		if s, err := ParseScope(text); err == nil {
			t.Errorf("ParseScope(%q) = %v; want an error", text, s)
		}
	}
}

func TestAsset(t *testing.T) {
	for _, c := range []struct {
		scope, path, asset string
		top                bool
	}{
		{"/lib/*", "/lib/film/master.m3u8", "film", false},
		{"/lib/*", "/lib/film/720p/1.ts", "film", false},
		{"/lib/*", "/lib/film.mp4", "film.mp4", true},
		{"/lib/*", "/lib/seg1.ts", WholeScope, true},
		{"/lib/*", "/lib/init.mp4", WholeScope, true},
		{"/lib/film.mp4", "/lib/film.mp4", WholeScope, true},
	} {
		asset, top := mustScope(t, c.scope).Asset(mustPath(t, c.path))
		if asset != c.asset || top != c.top {
			t.Errorf("%s in %s is asset %q, top %v; want %q, %v", c.path, c.scope, asset, top, c.asset, c.top)
		}
	}
}
