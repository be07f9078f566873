package manifest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// uris makes URIs of all kinds, odd ones among them.
func uris() *rapid.Generator[string] {
	path := rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b.ts", "..", "..", ".", "c d", "e=f", "...", "", "~u", "%C3%BC", "x:y", "$Number$"}), 0, 7).Draw(t, "parts")
		return strings.Join(parts, "/")
	})
	return rapid.Custom(func(t *rapid.T) string {
		head := rapid.SampledFrom([]string{
			"", "", "/", "/", "//media.test/", "https://media.test/", "HTTP://Media.test:80/", "http://127.0.0.1:8080/", "https://media.test",
			"//cdn.example/", "https://cdn.example/", "https://media.test:444/", "/~SESSION/", "https://media.test/~SESSION/", "skd://x/", "data:,", "../../../", "../",
		}).Draw(t, "head")
		tail := rapid.SampledFrom([]string{"", "", "?a=1&b=/../..", "#t=1", "?x"}).Draw(t, "tail")
		return head + path.Draw(t, "path") + tail
	}).Filter(func(uri string) bool { return !nowhere.MatchString(uri) })
}

// nowhere are URIs with an empty host, which no two readers take for the same.
var nowhere = regexp.MustCompile("^//([/?#]|$)")

const where = "https://media.test/~SESSION"

// stray says what is wrong with a URI on such a base: it leaves the session
// without leaving the site, or takes it to another host.
func stray(base, uri string) string {
	to, err := follow(base, uri)
	if err != nil || nowhere.MatchString(uri) {
		return "" // no player gets anywhere with it
	}
	scheme := to.Scheme
	if scheme != "http" && scheme != "https" {
		scheme = ""
	}
	ours := slices.Contains(session("/").Own, Authority(scheme, to.Host)) && to.User == nil
	switch inside := strings.HasPrefix(to.EscapedPath(), "/~SESSION/"); {
	case ours && !inside && scheme != "":
		return "leaves the session: " + to.String()
	case !ours && inside:
		return "takes the session along: " + to.String()
	}
	return ""
}

// A URI stays inside or is foreign, doing it twice does nothing more, and what
// it leads to is what it led to without a gate.
func TestURIsStayInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SampledFrom([]string{"/m.m3u8", "/a/m.m3u8", "/a/b/c/m.m3u8"}).Draw(t, "path")
		uri := uris().Draw(t, "uri")
		s := session(path)
		got, err := s.Reference(uri)
		if err != nil {
			return
		}
		if fault := stray(where+path, got); fault != "" {
			t.Fatalf("%q becomes %q, which %s", uri, got, fault)
		}
		if again, err := s.Reference(got); again != got || err != nil {
			t.Fatalf("%q becomes %q becomes %q, %v", uri, got, again, err)
		}
		before, err1 := follow("https://media.test"+path, uri)
		after, err2 := follow(where+path, got)
		before.Path, after.Path = squeezed(before.Path), squeezed(after.Path)
		if err1 == nil && err2 == nil && got != uri && before.RequestURI() != after.RequestURI() {
			t.Fatalf("%q becomes %q and leads to %s instead of %s", uri, got, &after, &before)
		}
	})
}

// squeezed is a path without the session. Of several slashes, which net/url
// does not always keep, it has one.
func squeezed(path string) string {
	return slashes.ReplaceAllString(strings.TrimPrefix(path, "/~SESSION"), "/")
}

var slashes = regexp.MustCompile("//+")

func follow(base, uri string) (url.URL, error) {
	on, err := url.Parse(base)
	if err != nil {
		return url.URL{}, err
	}
	to, err := on.Parse(uri)
	if err != nil {
		return url.URL{}, err
	}
	return *to, nil
}

// Playlists made of pieces: all that is no URI comes out as it went in.
func TestPlaylistsKeepTheirBytes(t *testing.T) {
	tags := []string{
		`#EXT-X-KEY:METHOD=AES-128,URI="%"`, `#EXT-X-SESSION-KEY:URI="%",METHOD=AES-128`, ` #EXT-X-MAP: URI="%",BYTERANGE="1@2"`, `#EXT-X-MEDIA:NAME="a,b=""%"`,
		`#EXT-X-MEDIA:NAME="URI=/x",URI="%"`, `#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="%" `, `#EXT-X-PART:DURATION=1,URI="%",GAP=YES`,
		`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="%"`, `#EXT-X-RENDITION-REPORT:URI="%"`, `#EXT-X-SESSION-DATA:DATA-ID="x",URI="%"`, `#EXT-X-IMAGE-STREAM-INF:URI="%"`,
		`#EXT-X-CONTENT-STEERING:SERVER-URI="%",PATHWAY-ID="p"`, `#EXT-X-DATERANGE:ID="1",X-ASSET-URI="%",X-ASSET-LIST="%"`, "%", "  %\t", "#EXTINF:4,/x", "#/x", "", "#EXT-X-FOO:URI=\"/x\"",
	}
	rapid.Check(t, func(t *rapid.T) {
		s := session(playlistPath)
		var given, want strings.Builder
		given.WriteString(rapid.SampledFrom([]string{"", "\ufeff"}).Draw(t, "bom"))
		want.WriteString(given.String())
		for range rapid.IntRange(0, 8).Draw(t, "lines") {
			tag := rapid.SampledFrom(tags).Draw(t, "tag")
			if strings.Contains(tag, `""%`) {
				continue // that one is refused
			}
			end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "end")
			for i, piece := range strings.Split(tag+end, "%") {
				if i > 0 {
					uri := uris().Filter(func(u string) bool {
						return !strings.HasPrefix(u, "#") && !strings.HasPrefix(u, " ") && strings.TrimSpace(u) == u
					}).Draw(t, "uri")
					kept, err := s.Reference(uri)
					if err != nil {
						return
					}
					given.WriteString(uri)
					want.WriteString(kept)
				}
				given.WriteString(piece)
				want.WriteString(piece)
			}
		}
		got, err := s.HLS([]byte(given.String()))
		if err != nil || string(got) != want.String() {
			t.Fatalf("%v\n%q becomes\n%q, want\n%q", err, given.String(), got, want.String())
		}
	})
}

// part is an element of a description as encoding/xml reads it.
type part struct {
	BaseURL   []string
	Location  []string
	Template  *template `xml:"SegmentTemplate"`
	Period    []part
	Set       []part `xml:"AdaptationSet"`
	Represent []part `xml:"Representation"`
}

type template struct {
	Media string `xml:"media,attr"`
	Init  string `xml:"initialization,attr"`
}

func parts(depth int) *rapid.Generator[string] {
	// An upstream does not know the session.
	uris := func() *rapid.Generator[string] {
		return uris().Filter(func(uri string) bool { return !strings.Contains(uri, "~SESSION") })
	}
	return rapid.Custom(func(t *rapid.T) string {
		names := []string{"MPD", "Period", "AdaptationSet", "Representation"}
		var b strings.Builder
		b.WriteString("<" + names[depth] + " id='/x'>")
		if depth == 0 && rapid.IntRange(0, 4).Draw(t, "located") == 0 {
			b.WriteString("<Location>" + escaper.Replace(uris().Draw(t, "location")) + "</Location>")
		}
		for range rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(t, "bases") {
			b.WriteString("<BaseURL>" + escaper.Replace(uris().Draw(t, "base")) + "</BaseURL>")
		}
		if depth > 0 && rapid.Bool().Draw(t, "has a template") {
			b.WriteString(`<SegmentTemplate media="` + escaper.Replace(uris().Draw(t, "media")) + `" initialization='` + escaper.Replace(uris().Draw(t, "init")) + `'/>`)
		}
		if depth < 3 {
			for range rapid.IntRange(0, 2).Draw(t, "inner") {
				b.WriteString(parts(depth+1).Draw(t, "part"))
			}
		}
		return b.String() + "</" + names[depth] + ">"
	})
}

// walk resolves everything as players do, and calls visit for what comes out.
func (p part) walk(bases []string, above *template, visit func(base, uri string)) {
	next := bases
	if len(p.BaseURL) > 0 {
		next = nil
		for _, base := range bases {
			for _, uri := range p.BaseURL {
				visit(base, uri)
				if to, err := follow(base, uri); err == nil {
					next = append(next, to.String())
				}
			}
		}
	}
	if p.Template == nil {
		p.Template = above
	}
	inner := slices.Concat(p.Period, p.Set, p.Represent)
	for _, one := range inner {
		one.walk(next, p.Template, visit)
	}
	if len(inner) > 0 || p.Template == nil {
		return
	}
	for _, base := range next {
		visit(base, p.Template.Media)
		visit(base, p.Template.Init)
	}
}

// Descriptions with bases of all kinds: whatever a player makes of them stays
// inside or is foreign, and no session goes to another host.
func TestDescriptionsStayInside(t *testing.T) {
	rewritten, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		given := parts(0).Draw(t, "mpd")
		s := session(descriptionPath)
		got, err := s.DASH([]byte(given))
		if err != nil {
			if !errors.Is(err, errManyBases) && !errors.Is(err, errOtherSession) {
				t.Fatalf("%v: %s", err, given)
			}
			refused++
			return
		}
		if !bytes.Equal(got, []byte(given)) {
			rewritten++
		}
		var root part
		if err := xml.Unmarshal(got, &root); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		at := []string{where + descriptionPath}
		for _, uri := range root.Location {
			if to, err := follow(at[0], uri); err == nil {
				at = append(at, to.String())
			}
		}
		root.walk(at, nil, func(base, uri string) {
			if fault := stray(base, uri); fault != "" {
				t.Fatalf("%s\nbecomes\n%s\nin which %q on %q %s", given, got, uri, base, fault)
			}
		})
		if again, err := s.DASH(got); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%s\nbecomes\n%s\nbecomes\n%s, %v", given, got, again, err)
		}
	})
	t.Logf("%d were rewritten, %d refused", rewritten, refused)
	if rewritten == 0 || refused == 0 {
		t.Error("the generator does not make what this is about")
	}
}

var sessionOnly = regexp.MustCompile(`/~SESSION`)

// FuzzHLS: nothing but URIs changes, and nothing the second time.
func FuzzHLS(f *testing.F) {
	for _, body := range forms[0].samples(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := forms[0].do(body)
		if err != nil {
			return
		}
		if again, err := forms[0].do(got); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%q becomes %q becomes %q, %v", body, got, again, err)
		}
		ends := func(r rune) bool { return r == '\n' || r == '\r' }
		before, after := bytes.FieldsFunc(body, ends), bytes.FieldsFunc(got, ends)
		if len(before) != len(after) {
			t.Fatalf("%q becomes %q: another number of lines", body, got)
		}
		for i, line := range after {
			line, was := strings.Trim(strings.TrimPrefix(string(line), "\ufeff"), " \t"), string(before[i])
			tag := strings.HasPrefix(line, "#")
			switch {
			case tag && line != strings.Trim(strings.TrimPrefix(was, "\ufeff"), " \t") && (!strings.HasPrefix(line, "#EXT-X-") || !sessionOnly.MatchString(line)):
				t.Fatalf("%q becomes %q", was, line)
			case !tag && !bytes.Contains(body, []byte("~SESSION")) && !strings.ContainsAny(line, "\\%{") && !strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }):
				if fault := stray(where+playlistPath, line); fault != "" {
					t.Fatalf("%q becomes %q, which %s", was, line, fault)
				}
			}
		}
	})
}

// FuzzDASH: for encoding/xml the document says the same as before but for the
// session in places of URIs.
func FuzzDASH(f *testing.F) {
	for _, body := range forms[1].samples(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := forms[1].do(body)
		if err != nil {
			return
		}
		if again, err := forms[1].do(got); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%q becomes %q becomes %q, %v", body, got, again, err)
		}
		before, err := told(body)
		if err != nil {
			return // it is stricter about names and characters
		}
		after, err := told(got)
		if err != nil || len(before) != len(after) {
			t.Fatalf("%q becomes %q, which is another document: %v", body, got, err)
		}
		for i := range before {
			if before[i] != after[i] && !sessionOnly.MatchString(after[i].value) {
				t.Fatalf("%q becomes %q: %v is now %v", body, got, before[i], after[i])
			}
			if before[i].name != after[i].name || (before[i] != after[i] && !bearing(before[i].name)) {
				t.Fatalf("%q becomes %q: %v is now %v", body, got, before[i], after[i])
			}
		}
	})
}

// bearing reports a place, element/attribute or element/, that may change.
func bearing(name string) bool {
	element, attribute, _ := strings.Cut(name, "/")
	switch element {
	case "BaseURL", "Location", "PatchLocation", "ContentSteering":
		return attribute == "" || attribute == "href"
	}
	return attribute == "href" || bearsURI(element, attribute)
}

type saying struct{ name, value string }

// told is what encoding/xml reads in a document, comments and all.
func told(body []byte) (all []saying, err error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			for _, a := range token.Attr {
				all = append(all, saying{token.Name.Local + "/" + a.Name.Local, a.Value})
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			within := ""
			if len(open) > 0 {
				within = open[len(open)-1]
			}
			all = append(all, saying{within + "/", string(token)})
		case xml.Comment:
			all = append(all, saying{"!", string(token)})
		case xml.ProcInst:
			all = append(all, saying{"?", token.Target + string(token.Inst)})
		}
	}
}
