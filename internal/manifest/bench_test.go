package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRewrite is a manifest of two hours, 2000 segments, as packagers
// write them: with relative URIs, which pass as they are, and with others.
func BenchmarkRewrite(b *testing.B) {
	for _, c := range []struct {
		name string
		form form
		body string
	}{
		{"hls relative", forms[0], longPlaylist("seg%05d.ts")},
		{"hls rooted", forms[0], longPlaylist("/acme/film/hls/seg%05d.ts")},
		{"hls absolute", forms[0], longPlaylist("https://media.test/acme/film/hls/seg%05d.ts")},
		{"dash template", forms[1], longDescription("/acme/film/", `<S d="3600"/>`)},
		{"dash relative list", forms[1], longDescription("", `<SegmentURL media="seg.m4s" mediaRange="1000-1999"/>`)},
		{"dash rooted list", forms[1], longDescription("/acme/film/", `<SegmentURL media="/acme/film/seg.m4s" mediaRange="1000-1999"/>`)},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := []byte(c.body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.form.do(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func longPlaylist(uri string) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "#EXTINF:3.600000,\n"+uri+"\n", i)
	}
	return b.String() + "#EXT-X-ENDLIST\n"
}

func longDescription(root, segment string) string {
	return `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><SegmentTemplate media="` + root +
		`$RepresentationID$/$Number$.m4s" initialization="` + root + `$RepresentationID$/init.mp4"><SegmentTimeline>` +
		strings.Repeat(segment+"\n", 2000) + `</SegmentTimeline></SegmentTemplate><Representation id="1"/></AdaptationSet></Period></MPD>`
}
