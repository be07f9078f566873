package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// HLS keeps the URIs of a playlist inside the session. It goes line by line and
// touches nothing but URIs; a playlist in which nothing leaves the session is
// returned as it is, not copied.
func (s *Session) HLS(body []byte) ([]byte, error) {
	p := playlist{session: s, base: s.base(), splice: splice{src: body}}
	feed := 0 // the next line feed
	for at, n := len(bom(body)), 1; at < len(body); n++ {
		if feed <= at {
			feed = upTo(body, at, len(body), '\n')
		}
		end := upTo(body, at, feed, '\r') // alone it ends a line as well, for some players
		if err := p.line(at, end); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if at = end + 1; end+1 < len(body) && body[end] == '\r' && body[end+1] == '\n' {
			at++
		}
	}
	return p.text(), nil
}

// bom is the mark that a text may begin with.
func bom(body []byte) []byte {
	if bytes.HasPrefix(body, []byte("\ufeff")) {
		return body[:3]
	}
	return nil
}

// upTo is where c stands first in body[from:to], or else to.
func upTo(body []byte, from, to int, c byte) int {
	if i := bytes.IndexByte(body[from:to], c); i >= 0 {
		return from + i
	}
	return to
}

// playlist is one that is being rewritten.
type playlist struct {
	splice
	session *Session
	base    base
}

func (p *playlist) line(from, to int) error {
	from, to = trim(p.src, from, to)
	switch {
	case from == to:
		return nil
	case p.src[from] != '#':
		return p.uri(from, to)
	case !bytes.HasPrefix(p.src[from:to], []byte("#EXT-X-")):
		return nil
	}
	name, _, valued := bytes.Cut(p.src[from:to], []byte(":"))
	bears := bearers(name)
	if !valued || bears[0] == "" {
		return nil
	}
	if err := p.attributes(from+len(name)+1, to, bears); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// trim leaves the blanks at both ends out: players differ about them.
func trim(text []byte, from, to int) (int, int) {
	for from < to && (text[from] == ' ' || text[from] == '\t') {
		from++
	}
	for from < to && (text[to-1] == ' ' || text[to-1] == '\t') {
		to--
	}
	return from, to
}

// bearers are the attributes of a tag that are URIs of what a player fetches.
func bearers(tag []byte) [2]string {
	switch string(tag) {
	case "#EXT-X-KEY", "#EXT-X-SESSION-KEY", "#EXT-X-MAP", "#EXT-X-MEDIA", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-IMAGE-STREAM-INF",
		"#EXT-X-PART", "#EXT-X-PRELOAD-HINT", "#EXT-X-RENDITION-REPORT", "#EXT-X-SESSION-DATA":
		return [2]string{"URI"}
	case "#EXT-X-CONTENT-STEERING":
		return [2]string{"SERVER-URI"}
	case "#EXT-X-DATERANGE":
		return [2]string{"X-ASSET-URI", "X-ASSET-LIST"}
	}
	return [2]string{}
}

var errAttributes = errors.New("its attributes, of which one is a URI, cannot be read")

// attributes reads an attribute list (RFC 8216 section 4.2), strictly but for
// blanks and commas too many. What cannot be read and may hold a URI is an
// error: a player that reads it anyhow would leave the session.
func (p *playlist) attributes(at, to int, bears [2]string) error {
	unreadable := func() error {
		for _, name := range bears {
			if name != "" && bytes.Contains(p.src[at:to], []byte(name)) {
				return errAttributes
			}
		}
		return nil
	}
	for {
		for at < to && strings.IndexByte(" \t,", p.src[at]) >= 0 {
			at++
		}
		if at == to {
			return nil
		}
		i := bytes.IndexByte(p.src[at:to], '=')
		if i < 1 || bytes.ContainsAny(p.src[at:at+i], "\", \t") {
			return unreadable()
		}
		name, value := string(p.src[at:at+i]), at+i+1
		bearing := name == bears[0] || name == bears[1]
		end, quoted := valueEnd(p.src, value, to)
		if end < 0 || (bearing && !quoted) {
			return unreadable()
		}
		if at = end; quoted {
			at = end + 1
		}
		if after, end := trim(p.src, at, to); after < end && p.src[after] != ',' {
			if bearing {
				return errAttributes
			}
			return unreadable()
		}
		if bearing {
			if err := p.uri(trim(p.src, value+1, end)); err != nil {
				return err
			}
		}
	}
}

// valueEnd is where an attribute's value ends, without its closing quote; less
// than 0 where it does not.
func valueEnd(src []byte, value, to int) (end int, quoted bool) {
	if value < to && src[value] == '"' {
		i := bytes.IndexByte(src[value+1:to], '"')
		if i < 0 {
			return -1, true
		}
		return value + 1 + i, true
	}
	end = to
	if i := bytes.IndexByte(src[value:to], ','); i >= 0 {
		end = value + i
	}
	if bytes.IndexByte(src[value:end], '"') >= 0 {
		return -1, false
	}
	return end, false
}

// uri keeps the URI that stands there inside the session. Variables are the
// player's to fill in: what stands before the first one has to settle where it
// leads, and nothing after it may climb.
func (p *playlist) uri(from, to int) error {
	if from == to || plainly(p.src[from:to]) {
		return nil
	}
	uri := string(p.src[from:to])
	before, _, _ := strings.Cut(uri, "?")
	if i := strings.Index(before, "{$"); i == 0 || (i > 0 && dotted(before[i:])) {
		return nil
	}
	kept, err := p.session.keep(uri, p.base)
	if err != nil || kept == uri {
		return err
	}
	return p.replace(from, to, kept)
}

// plainly reports a URI that stays inside for certain: almost every one.
func plainly(uri []byte) bool {
	return uri[0] != '/' && uri[0] != '\\' && bytes.IndexByte(uri, ':') < 0 && bytes.IndexByte(uri, '%') < 0 &&
		bytes.IndexByte(uri, '\\') < 0 && !bytes.Contains(uri, []byte(".."))
}
