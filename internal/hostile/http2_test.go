package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// stream2 is one request of HTTP/2, field by field.
type stream2 struct {
	name   string
	fields []string // name, value, name, value …
	sees   string   // what the upstream may be asked for
}

// http2 sends frames that no client library would make. The families over
// HTTP/1.1 reach the same handler; what is tried here is what only HTTP/2 can
// say, and that a path is read as strictly.
func (l *lane) http2(t *testing.T) {
	l.origin.take()
	session := l.credentials[base]
	watched := session.link
	before := l.count(t, watched)
	for _, s := range streams2(session.prefix, l.words) {
		answer, err := l.send2(s.fields)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		tr := trial{lane: l, shot: shot{name: s.name, path: s.sees}, asked: session, who: session, answer: answer, hits: l.origin.take(), before: before}
		tr.shot.refuse = s.sees == ""
		tr.after = l.settled(t, watched, before)
		before = tr.after
		for _, fault := range tr.faults() {
			t.Errorf("%s: %s, status %d", s.name, fault, answer.status)
		}
		if s.name == "control" && answer.status != http.StatusOK {
			t.Errorf("the control is answered with %d", answer.status)
		}
	}
}

func streams2(prefix string, words *strings.Replacer) []stream2 {
	film := prefix + oneScope
	get := func(path string, more ...string) []string {
		return append([]string{":method", "GET", ":scheme", "http", ":authority", "media.test", ":path", path}, more...)
	}
	list := []stream2{
		{"control", get(film), oneScope},
		{"dot segments", get(prefix + "/acme/demo/../secret.mp4"), ""},
		{"encoded slash", get(prefix + "/acme/demo/..%2fsecret.mp4"), ""},
		{"backslash", get(prefix + `/acme/demo/..\secret.mp4`), ""},
		{"fragment", get(film + "#x"), ""},
		{"absolute", get("http://media.test" + film), ""},
		{"no slash", get(film[1:]), ""},
		{"asterisk", get("*"), ""},
		{"empty path", get(""), ""},
		{"space in the path", get(film + " HTTP/1.1"), ""},
		{"line break in the path", get(film + "\r\nX: 1"), ""},
		{"no path", []string{":method", "GET", ":scheme", "http", ":authority", "media.test"}, ""},
		{"two paths", get(film, ":path", "/acme/secret.mp4"), ""},
		{"two methods", get(film, ":method", "DELETE"), ""},
		{"two authorities", get(film, ":authority", "other.test"), ""},
		{"authority and host", get(film, "host", "other.test"), oneScope},
		{"a late pseudo header", get(film, "x", "1", ":path", "/acme/secret.mp4"), ""},
		{"capitals in a name", get(film, "Usher-Link", "lnk_forged"), ""},
		{"a connection header", get(film, "connection", "usher-link"), ""},
		{"transfer encoding", get(film, "transfer-encoding", "chunked"), ""},
		{"line break in a value", get(film, "x", "a\r\nusher-link: lnk_forged"), ""},
		{"forged identity", get(film, "usher-link", "lnk_forged", "usher_session", "ses_forged"), oneScope},
		{"target override", get(film, "x-original-url", "/acme/secret.mp4"), oneScope},
		{"a tunnel", []string{":method", "CONNECT", ":authority", "127.0.0.1:80"}, ""},
		{"an extended tunnel", []string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "http", ":authority", "media.test", ":path", film}, ""},
		{"another method", append([]string{":method", "DELETE"}, get(film)[2:]...), ""},
		{"two cookies in crumbs", get(oneScope, "cookie", words.Replace("usher={session}"), "cookie", words.Replace("usher={other}")), ""},
	}
	return list
}

// send2 opens a connection, sends one stream's header fields, and reads what
// comes of it. A reset stream and a closed connection are answers.
func (l *lane) send2(fields []string) (answer, error) {
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		if err := encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
			return answer{}, err
		}
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_, greeting := io.WriteString(conn, http2.ClientPreface)
	err = errors.Join(greeting, framer.WriteSettings(), framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true,
	}))
	if err != nil {
		return answer{}, err
	}
	return read2(framer)
}

func read2(framer *http2.Framer) (answer, error) {
	a := answer{header: http.Header{}}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return a, closedOr(err)
		}
		ended := false
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			for _, field := range f.Fields {
				a.header.Add(field.Name, field.Value)
				a.wire = fmt.Appendf(a.wire, "%s: %s\r\n", field.Name, field.Value)
				if field.Name == ":status" {
					_, _ = fmt.Sscan(field.Value, &a.status)
				}
			}
			ended = f.StreamEnded()
		case *http2.DataFrame:
			a.body, a.wire = append(a.body, f.Data()...), append(a.wire, f.Data()...)
			ended = f.StreamEnded()
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			ended = true
		}
		if ended {
			return a, nil
		}
	}
}
