package gate

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseRange(t *testing.T) {
	for header, want := range map[string]RangeKind{
		"":                                    RangeNone,
		"bytes=0-":                            RangePart,
		"bytes=0-0":                           RangeProbe,
		"bytes=0-1":                           RangeProbe,
		"bytes=0-2":                           RangePart,
		"bytes=1-1":                           RangePart,
		"bytes=-500":                          RangeProbe,
		"bytes=-1048576":                      RangeProbe,
		"bytes=-1048577":                      RangePart,
		"bytes=-99999999999":                  RangePart,
		"bytes=12058624-24068759":             RangePart,
		"bytes=0-1, 5-9":                      RangePart,
		"bytes=0-0,1-1":                       RangePart,
		"bytes=0-9,20-29,40-49,60-":           RangePart,
		"bytes=0-9,20-29,40-49,60-69,80":      RangeBad,
		"bytes=0-9,5-19":                      RangeBad,
		"bytes=20-29,0-9":                     RangeBad,
		"bytes=0-,5-9":                        RangeBad,
		"bytes=0-1,-5":                        RangeBad,
		"bytes=-5,-6":                         RangeBad,
		"bytes=-0":                            RangeBad,
		"bytes=5-4":                           RangeBad,
		"bytes=":                              RangeBad,
		"bytes=-":                             RangeBad,
		"bytes=a-b":                           RangeBad,
		"bytes=+1-2":                          RangeBad,
		"bytes=0 -1":                          RangeBad,
		"bytes = 0-1":                         RangeBad,
		"BYTES=0-1":                           RangeBad,
		"seconds=1-2":                         RangeBad,
		"bytes=9223372036854775808-":          RangeBad,
		"bytes=18446744073709551616-":         RangeBad,
		"bytes=0-" + strings.Repeat("9", 300): RangeBad,
		"bytes=" + strings.Repeat("0-0,", 60): RangeBad,
	} {
		if got := ParseRange(header); got != want {
			t.Errorf("ParseRange(%.40q) = %d, want %d", header, got, want)
		}
	}
}

// FuzzParseRange: whatever is accepted makes a standard server answer no more
// bytes than the file has, and a probe never more than MaxTail.
func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-", "bytes=-5", "bytes=0-1,5-9", "bytes=0-0,0-0"} {
		f.Add(seed)
	}
	film := strings.Repeat("x", 3<<20)
	f.Fuzz(func(t *testing.T, header string) {
		kind := ParseRange(header)
		if kind == RangeBad || kind == RangeNone || strings.ContainsAny(header, "\r\n\x00") {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/film.mp4", nil)
		r.Header.Set("Range", header)
		w := httptest.NewRecorder()
		http.ServeContent(w, r, "film.mp4", time.Time{}, strings.NewReader(film))
		if n := w.Body.Len(); n > len(film)+4096 {
			t.Fatalf("%q: %d bytes of a file of %d", header, n, len(film))
		}
		if n := w.Body.Len(); kind == RangeProbe && n > MaxTail {
			t.Fatalf("%q passes as a probe and gets %d bytes", header, n)
		}
	})
}

func TestSplitQuery(t *testing.T) {
	for _, c := range []struct {
		raw    string
		tokens []string
		rest   string
	}{
		{"", nil, ""},
		{"usher=abc", []string{"abc"}, ""},
		{"a=1&usher=abc&CMCD=bl%3D100%2Csid%3D%22x%22&_HLS_msn=4", []string{"abc"}, "a=1&CMCD=bl%3D100%2Csid%3D%22x%22&_HLS_msn=4"},
		{"URISigningPackage=x&b", []string{"x"}, "b"},
		{"usher=a&usher=b", []string{"a", "b"}, ""},
		{"usher=", []string{""}, ""},
	} {
		tokens, rest, ok := SplitQuery(c.raw)
		if !ok || !slices.Equal(tokens, c.tokens) || rest != c.rest {
			t.Errorf("SplitQuery(%q) = %q, %q, %v; want %q, %q", c.raw, tokens, rest, ok, c.tokens, c.rest)
		}
	}
	for _, raw := range []string{
		"&", "a&&b", "=x", "a=1;usher=b", "u%73her=x", "USHER=x", "usher[]=x", "usher[0]=x", "amp;usher=x", "%20usher=x", "+usher=x",
		"a=%zz", "%zz=a", "a=%", "a=\x00", "a=\x80", "a=%00", "a=%0a", "a b=c", "a=#", strings.Repeat("a&", 64) + "a", "a=" + strings.Repeat("x", 2100),
	} {
		if tokens, rest, ok := SplitQuery(raw); ok {
			t.Errorf("SplitQuery(%.40q) = %q, %q; want it refused", raw, tokens, rest)
		}
	}
}

// FuzzSplitQuery: no parser of what is forwarded finds a credential in it.
func FuzzSplitQuery(f *testing.F) {
	for _, seed := range []string{"a=1&usher=x", "usher=a&b", "u%73her=x", "a;usher=b", "usher%00=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		_, rest, ok := SplitQuery(raw)
		if !ok || rest == "" {
			return
		}
		values, err := url.ParseQuery(rest)
		if err != nil {
			t.Fatalf("%q was accepted; the rest %q does not parse: %v", raw, rest, err)
		}
		for name := range values {
			if strings.EqualFold(name, QueryToken) || strings.EqualFold(name, QueryPackage) {
				t.Fatalf("%q: a credential is left in %q", raw, rest)
			}
		}
	})
}

func TestClassOf(t *testing.T) {
	for path, want := range map[string]Class{
		"/a/master.m3u8": Manifest, "/a/M.MPD": Manifest, "/a/1.ts": Media, "/a/film.mp4": Media, "/a/init.mp4": Initial,
		"/a/init-1.m4s": Initial, "/a/v_init.mp4": Initial, "/a/initiation.mp4": Media, "/a/seg-1.m4s": Media, "/a/en.vtt": Support,
		"/a/k.key": Support, "/a/p.JPG": Support, "/a/noext": Media, "/a/x.bin": Media, "/a/x.mkv": Media,
	} {
		if got := ClassOf(mustPath(t, path)); got != want {
			t.Errorf("ClassOf(%s) = %d, want %d", path, got, want)
		}
	}
}

func TestClientGroup(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32", "64:ff9b::c000:207": "192.0.2.7/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := ClientGroup(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("ClientGroup(%s) = %s, want %s", addr, got, want)
		}
	}
}

func TestAgentFamily(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36":               "chrome",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0": "edge",
		"Lavf/59.27.100": "lavf", "VLC/3.0.24 LibVLC/3.0.24": "vlc", "mpv 0.35.1": "mpv", "": "other", "<script>": "other", "curl/7.88": "curl",
	} {
		if got := AgentFamily(agent); got != want {
			t.Errorf("AgentFamily(%q) = %q, want %q", agent, got, want)
		}
	}
}

func TestPresent(t *testing.T) {
	in := func(carrier Carrier, text string) Credential { return Credential{carrier, text} }
	for _, c := range []struct {
		name  string
		given []Credential
		want  string
		no    Reason
	}{
		{"none", nil, "", NoToken},
		{"one", []Credential{in(InQuery, "A")}, "A", OK},
		{"the same twice", []Credential{in(InQuery, "A"), in(InHeader, "A")}, "A", OK},
		{"two in the query", []Credential{in(InQuery, "A"), in(InQuery, "B")}, "", TwoTokens},
		{"path and query", []Credential{in(InPath, "A"), in(InQuery, "B")}, "", TwoTokens},
		{"query and header", []Credential{in(InQuery, "A"), in(InHeader, "B")}, "", TwoTokens},
		{"header and cookie", []Credential{in(InHeader, "A"), in(InCookie, "B")}, "A", OK},
		{"query and cookie", []Credential{in(InQuery, "A"), in(InCookie, "B")}, "A", OK},
		{"path and cookie", []Credential{in(InPath, "A"), in(InCookie, "B")}, "A", OK},
		{"cookie alone", []Credential{in(InCookie, "B")}, "B", OK},
	} {
		got, no := present(&Request{Presented: c.given})
		if got.Text != c.want || no != c.no {
			t.Errorf("%s: %q, %s; want %q, %s", c.name, got.Text, no, c.want, c.no)
		}
	}
}

func TestReasonsAreComplete(t *testing.T) {
	words := map[string]bool{}
	for _, no := range Reasons() {
		row := reasons[no]
		if row.word == "" || words[row.word] || row.meaning == "" || row.status == 0 {
			t.Errorf("reason %d (%q) lacks something or is named twice", no, row.word)
		}
		if no != OK && (row.heading == "" || row.advice == "") {
			t.Errorf("reason %s tells people nothing", no)
		}
		words[row.word] = true
	}
}
