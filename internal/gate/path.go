package gate

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the path grammar.
const (
	maxPath     = 2048
	maxSegments = 32
	maxSegment  = 255
)

// Path is a request path in the one spelling Usher accepts, decoded.
type Path struct {
	text string
	dir  bool
}

// String returns the decoded path; it starts with a slash.
func (p Path) String() string { return p.text }

// Dir reports whether the path ends with a slash.
func (p Path) Dir() bool { return p.dir }

// Base returns the last segment.
func (p Path) Base() string {
	text := strings.TrimSuffix(p.text, "/")
	return text[strings.LastIndexByte(text, '/')+1:]
}

// ParsePath reads the path of a request target as it came over the wire, still
// encoded. The grammar is strict: what is not canonical already is refused and
// never cleaned, because a gate that decides about one spelling while an
// upstream reads another is no gate (Oathkeeper CVE-2026-33494, Envoy
// CVE-2021-29492, Traefik CVE-2025-66490 and many more). In particular there
// are no dot segments, no empty segments, no encoded octet that could stand
// for itself or for a delimiter, and no character that a careless upstream
// folds into one.
func ParsePath(raw string) (Path, bool) {
	if len(raw) > maxPath || raw == "" || raw[0] != '/' {
		return Path{}, false
	}
	text, ok := decodePath(raw)
	if !ok || !utf8.ValidString(text) {
		return Path{}, false
	}
	if text == "/" {
		return Path{text: text, dir: true}, true
	}
	rest, dir := strings.CutSuffix(text[1:], "/")
	n := 0
	for segment := range strings.SplitSeq(rest, "/") {
		if n++; n > maxSegments || !validSegment(segment) {
			return Path{}, false
		}
	}
	return Path{text: text, dir: dir}, true
}

// decodePath undoes percent-encoding once. Only octets that cannot stand raw
// may be encoded, with upper-case hex digits (RFC 3986 section 6.2.2.1), so
// that each path has one encoding.
func decodePath(raw string) (string, bool) {
	if strings.IndexByte(raw, '%') < 0 {
		for i := range len(raw) {
			if !rawAllowed[raw[i]] {
				return "", false
			}
		}
		return raw, true
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '%' {
			if !rawAllowed[c] {
				return "", false
			}
			out = append(out, c)
			continue
		}
		if i+2 >= len(raw) {
			return "", false
		}
		hi, lo := hexDigit(raw[i+1]), hexDigit(raw[i+2])
		if hi < 0 || lo < 0 {
			return "", false
		}
		octet := byte(hi<<4 | lo)
		if !encodedAllowed(octet) {
			return "", false
		}
		out = append(out, octet)
		i += 2
	}
	return string(out), true
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}

// rawAllowed are the octets that may stand for themselves: RFC 3986 pchar
// without the colon, semicolon and asterisk, which some upstreams read as
// drive letters, path parameters and patterns.
var rawAllowed = octets("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~!$&'()+,=@")

// encodedAllowed lists the octets that may be percent-encoded: UTF-8 beyond
// ASCII, the space and square brackets. Every other octet either can stand raw
// or is refused in any form.
func encodedAllowed(c byte) bool {
	return c >= utf8.RuneSelf || c == ' ' || c == '[' || c == ']'
}

func validSegment(s string) bool {
	if s == "" || len(s) > maxSegment {
		return false
	}
	// This covers "." and ".." too. Windows and some stores drop trailing dots
	// and spaces, and so would read another name than the one decided about.
	// Variation selectors (U+FE0F makes a heart red) are not seen, and who
	// folds names drops them: they must not hide a dot either.
	shown := s
	if s[len(s)-1] >= utf8.RuneSelf {
		shown = strings.TrimRightFunc(s, isVariation)
	}
	if shown == "" || strings.HasSuffix(shown, ".") || strings.HasSuffix(shown, " ") || s[0] == ' ' {
		return false
	}
	for _, r := range s {
		if r >= utf8.RuneSelf && treacherous(r) {
			return false
		}
	}
	return true
}

func isVariation(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) }

// treacherous tells characters that change what follows, that are not seen, or
// that compatibility folding (NFKC) and best-fit tables turn into the
// delimiters of paths and URLs, or into ASCII letters of another case. Package
// hostile holds the list against all of Unicode.
func treacherous(r rune) bool {
	switch r {
	case '\u2024', '\u2025', '\u2026', '\ufe19', '\ufe30', '\ufe52', '\uff0e', '\u3002', '\uff61', // dots
		'\u33c2', '\u33c7', '\u33d8', '\U0001f100', // a.m., Co., p.m., 0.
		'\u2044', '\u2215', '\uff0f', '\u29f8', '\u2571', '\u2100', '\u2101', '\u2105', '\u2106', // slashes, a/c
		'\u2216', '\u29f5', '\ufe68', '\uff3c', '\u2572', // backslashes
		'\uff05', '\ufe6a', // percent
		'\uff1b', '\ufe14', '\ufe54', '\uff1a', '\ufe13', '\ufe55', '\u2a74', // ; :
		'\uff1f', '\ufe16', '\ufe56', '\u2047', '\u2048', '\u2049', '\uff03', '\ufe5f', // ? #
		'\u017f', '\u212a', '\u0130', '\u0131': // fold to s, k, i
		return true
	}
	if '\u2488' <= r && r <= '\u249b' { // numbers with a full stop
		return true
	}
	return !unicode.IsGraphic(r) || unicode.IsSpace(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
