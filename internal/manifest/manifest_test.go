package manifest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what comes out instead of comparing it; look at the difference")

// session is where the manifests of the tests stand.
func session(path string) *Session {
	return &Session{Token: "SESSION", Path: path, Own: []string{Authority("https", "media.test"), Authority("http", "127.0.0.1:8080")}}
}

const (
	playlistPath    = "/acme/film/hls/index.m3u8"
	descriptionPath = "/acme/film/dash/manifest.mpd"
)

// form is one of the two kinds of manifests.
type form struct {
	name, path string
	rewrite    func(*Session, []byte) ([]byte, error)
	least      int // samples
}

var forms = []form{
	{"hls", playlistPath, (*Session).HLS, 25},
	{"dash", descriptionPath, (*Session).DASH, 12},
}

func (f form) do(body []byte) ([]byte, error) { return f.rewrite(session(f.path), body) }

// samples are the manifests of the corpus by name.
func (f form) samples(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", f.name, "*.m*"))
	if err != nil || len(names) < f.least {
		t.Fatalf("%d samples, %v", len(names), err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if filepath.Ext(name) == ".want" {
			continue
		}
		if all[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// The corpus. What has no .want beside it comes out as it went in, and is not
// even copied.
func TestCorpus(t *testing.T) {
	for _, f := range forms {
		for name, body := range f.samples(t) {
			given := bytes.Clone(body)
			got, err := f.do(body)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !bytes.Equal(body, given) {
				t.Errorf("%s: what was given has changed", name)
			}
			same := len(body) == len(got) && (len(body) == 0 || &body[0] == &got[0])
			if *update {
				os.Remove(name + ".want")
				if !same {
					if err := os.WriteFile(name+".want", got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				continue
			}
			want, err := os.ReadFile(name + ".want")
			if os.IsNotExist(err) {
				if !same {
					t.Errorf("%s has changed to\n%s", name, got)
				}
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s: %v, got\n%s\nwant\n%s", name, err, got, want)
			}
		}
	}
}

// Doing it twice does nothing more.
func TestCorpusIsIdempotent(t *testing.T) {
	for _, f := range forms {
		for name, body := range f.samples(t) {
			once, err := f.do(body)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if twice, err := f.do(once); err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%s: %v, the second time\n%s\nafter\n%s", name, err, twice, once)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	mpd := func(text string) string { return "<MPD>\n" + text + "</MPD>" }
	for _, c := range []struct {
		form        form
		body, fault string
	}{
		{forms[0], "#EXTM3U\n/~other/x.ts\n", "line 2: a URI begins with /~"},
		{forms[0], "#EXTM3U\r\nhttps://media.test/~other/x.ts", "line 2: a URI begins with /~"},
		{forms[0], "../../../../~other/x.ts", "begins with /~"},
		{forms[0], "/a/../~other/x.ts", "begins with /~"},
		{forms[0], "/~SESSION/../~other/x.ts", "begins with /~"},
		{forms[0], "/~SESSIONS/x.ts", "begins with /~"},
		{forms[0], "\n\n#EXT-X-KEY:METHOD=AES-128,URI=/k\n", "line 3: #EXT-X-KEY: its attributes"},
		{forms[0], `#EXT-X-KEY:METHOD=AES-128,URI="/k`, "its attributes"},
		{forms[0], `#EXT-X-KEY:METHOD=AES-128,URI = "/k"`, "its attributes"},
		{forms[0], `#EXT-X-KEY:METHOD=AES-128,URI="/k"x`, "its attributes"},
		{forms[0], `#EXT-X-MEDIA:NAME="a"b",URI="/k"`, "its attributes"},
		{forms[0], `#EXT-X-MEDIA:NAME=a"b,URI="/k"`, "its attributes"},
		{forms[0], `#EXT-X-MEDIA:NAME="a\"b",URI="/k"`, "its attributes"},
		{forms[0], `#EXT-X-MEDIA:NAME URI="/k"`, "its attributes"},
		{forms[0], `#EXT-X-DATERANGE:ID,X-ASSET-LIST="/k"`, "its attributes"},
		{forms[0], strings.Repeat("/\n", Max/2), "too long"},
		{forms[1], "", "not well-formed"},
		{forms[1], "#EXTM3U", "not well-formed"},
		{forms[1], "<MPD>", "not well-formed"},
		{forms[1], "<MPD></mpd>", "not well-formed"},
		{forms[1], "<MPD/><MPD/>", "not well-formed"},
		{forms[1], "<MPD/>x", "not well-formed"},
		{forms[1], "<MPD a=b/>", "not well-formed"},
		{forms[1], `<MPD a="<"/>`, "not well-formed"},
		{forms[1], `<MPD a="1"b="2"/>`, "not well-formed"},
		{forms[1], "<MPD><!-- </MPD>", "not well-formed"},
		{forms[1], "<![CDATA[x]]><MPD/>", "not well-formed"},
		{forms[1], "\n\n<!DOCTYPE MPD [<!ENTITY x \"/y\">]><MPD/>", "line 3: it has a document type"},
		{forms[1], strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1), "too deep"},
		{forms[1], mpd("<BaseURL>/~other/</BaseURL>"), "line 2: a URI begins with /~"},
		{forms[1], mpd("<BaseURL>&x;/</BaseURL>"), "line 2: a URI has a character reference"},
		{forms[1], mpd("<BaseURL>a&amp</BaseURL>"), "character reference"},
		{forms[1], mpd("<BaseURL>&#0;&#xFFFFFFFFF;</BaseURL>"), "character reference"},
		{forms[1], mpd("<BaseURL><![CDATA[/x/]]></BaseURL>"), "line 2: a URI has markup"},
		{forms[1], mpd("<BaseURL>/x<!-- -->/</BaseURL>"), "has markup"},
		{forms[1], mpd("<BaseURL>/x<b/></BaseURL>"), "has markup"},
		{forms[1], mpd(`<BaseURL>//cdn.example</BaseURL><BaseURL>/a/</BaseURL><Period><SegmentTemplate media="/x"/></Period>`), "several bases"},
		{forms[1], mpd(`<Period><SegmentTemplate media="/x"/><AdaptationSet/><AdaptationSet><BaseURL>//cdn.example</BaseURL></AdaptationSet></Period>`), "several bases"},
		{forms[1], mpd(`<BaseURL>/a/b/</BaseURL><BaseURL>/a/</BaseURL><Period><SegmentTemplate media="../../x"/></Period>`), "several bases"},
		{forms[1], mpd(`<Location>https://cdn.example/x.mpd</Location><Period><SegmentTemplate media="/x"/></Period>`), "several bases"},
		{forms[1], mpd(`<Location>https://cdn.example/x.mpd</Location><BaseURL>/x</BaseURL>`), "several bases"},
		{forms[1], `<Period><SegmentTemplate media="/x"/></Period>`, "several bases"},
	} {
		got, err := c.form.do([]byte(c.body))
		if err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%.200q becomes %.200q, %v; want an error: %s", c.body, got, err, c.fault)
		}
	}
}

// A redirect follows the same rules.
func TestReference(t *testing.T) {
	s := session("/a/b/c.ts")
	for uri, want := range map[string]string{
		"d.ts": "d.ts", "/x": "/~SESSION/x", "//media.test/x?y#z": "/~SESSION/x?y#z", "http://127.0.0.1:8080": "/~SESSION/",
		"https://cdn.example/x": "https://cdn.example/x", "../../../x": "/~SESSION/x", "": "", "//127.0.0.1:8080/x": "/~SESSION/x",
		"https://127.0.0.1:8080/x": "/~SESSION/x", "http://media.test:443/x": "http://media.test:443/x",
	} {
		if got, err := s.Reference(uri); got != want || err != nil {
			t.Errorf("%q becomes %q, %v; want %q", uri, got, err, want)
		}
	}
}

// Whatever a manifest is made of, it takes time in proportion to its length:
// none of these would end.
func TestNoManifestTakesForever(t *testing.T) {
	const size = Max / 4
	for name, one := range map[string]struct {
		form form
		body string
	}{
		"carriage returns": {forms[0], strings.Repeat("a\r", size/2)},
		"attributes":       {forms[0], "#EXT-X-KEY:" + strings.Repeat("A=,", size/4)},
		"dots":             {forms[0], "/" + strings.Repeat("../", size/4)},
		"long bases": {forms[1], "<MPD><BaseURL>/" + strings.Repeat("a/", size/8) + "</BaseURL>" +
			strings.Repeat("<Period><BaseURL>a/</BaseURL></Period>", size/64) + "</MPD>"},
		"many bases": {forms[1], "<MPD>" + strings.Repeat("<BaseURL>a/</BaseURL>", size/64) + strings.Repeat("<Period><BaseURL>b/</BaseURL></Period>", size/64) + "</MPD>"},
		"text":       {forms[1], "<MPD>" + strings.Repeat("&lt;", size/8) + strings.Repeat("<a/>", size/8) + "</MPD>"},
	} {
		if _, err := one.form.do([]byte(one.body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
