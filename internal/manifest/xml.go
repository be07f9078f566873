package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep elements may stand in one another. An MPD has
// about ten levels.
const maxDepth = 64

var (
	errNotXML = errors.New("it is not well-formed XML")
	errDTD    = errors.New("it has a document type, which no manifest needs")
	errDepth  = errors.New("its elements stand too deep in one another")
	errEntity = errors.New("a URI has a character reference that XML does not know")
)

// scanner goes through an XML document and knows where everything stands. It
// reads structure only, and no more of XML than manifests have: there are no
// document types, and so no entities but those of XML itself.
type scanner struct {
	src  []byte
	at   int
	open []string // names of the elements that are open
	root bool     // there was one
	tag  tag      // the one that next returns
}

// tag is the start of an element, its end, or both.
type tag struct {
	name       string
	starts     bool
	ends       bool
	attributes []attribute
	from, to   int
}

// attribute is where an attribute's value stands.
type attribute struct {
	name     string
	from, to int
}

// next returns the next tag, or none at the end of the document.
func (s *scanner) next() (*tag, error) {
	for {
		i := bytes.IndexByte(s.src[s.at:], '<')
		text := s.src[s.at:]
		if i >= 0 {
			text = text[:i]
		}
		if len(s.open) == 0 && len(bytes.Trim(text, " \t\r\n")) > 0 {
			return nil, s.fault(errNotXML)
		}
		if i < 0 {
			if !s.root || len(s.open) > 0 {
				return nil, s.fault(errNotXML)
			}
			return nil, nil
		}
		s.at += i
		skipped, err := s.skip()
		if err == nil && skipped {
			continue
		}
		if err == nil {
			err = s.read()
		}
		if err != nil {
			return nil, s.fault(err)
		}
		return &s.tag, nil
	}
}

// fault says where in the document something is wrong.
func (s *scanner) fault(err error) error {
	return fmt.Errorf("line %d: %w", 1+bytes.Count(s.src[:s.at], []byte("\n")), err)
}

// skip passes by what is no tag.
func (s *scanner) skip() (bool, error) {
	rest := s.src[s.at:]
	for _, kind := range [...]struct{ open, end string }{{"<?", "?>"}, {"<!--", "-->"}, {"<![CDATA[", "]]>"}} {
		if !bytes.HasPrefix(rest, []byte(kind.open)) {
			continue
		}
		i := bytes.Index(rest[len(kind.open):], []byte(kind.end))
		if i < 0 || (kind.end == "]]>" && len(s.open) == 0) {
			return false, errNotXML
		}
		s.at += len(kind.open) + i + len(kind.end)
		return true, nil
	}
	if bytes.HasPrefix(rest, []byte("<!")) {
		return false, errDTD
	}
	return false, nil
}

// read reads the tag that begins here.
func (s *scanner) read() error {
	t := &s.tag
	*t = tag{from: s.at, attributes: t.attributes[:0]}
	s.at++
	t.ends = s.take('/')
	t.starts = !t.ends
	if t.name = s.name(); t.name == "" {
		return errNotXML
	}
	if t.starts {
		if err := s.attributes(); err != nil {
			return err
		}
		t.ends = s.take('/')
	}
	if t.ends && !t.starts {
		s.blanks()
	}
	if !s.take('>') {
		return errNotXML
	}
	t.to = s.at
	return s.count()
}

// count keeps the list of what is open.
func (s *scanner) count() error {
	t, last := &s.tag, len(s.open)-1
	switch {
	case !t.starts && (last < 0 || s.open[last] != t.name), t.starts && last < 0 && s.root:
		return errNotXML
	case !t.starts:
		s.open = s.open[:last]
	case last+1 == maxDepth:
		return errDepth
	case !t.ends:
		s.open = append(s.open, t.name)
	}
	s.root = true
	return nil
}

func (s *scanner) attributes() error {
	for {
		blanks := s.blanks()
		if s.at < len(s.src) && (s.src[s.at] == '>' || s.src[s.at] == '/') {
			return nil
		}
		name := s.name()
		if blanks == 0 || name == "" {
			return errNotXML
		}
		s.blanks()
		if !s.take('=') {
			return errNotXML
		}
		s.blanks()
		if s.at == len(s.src) || (s.src[s.at] != '"' && s.src[s.at] != '\'') {
			return errNotXML
		}
		quote, from := s.src[s.at], s.at+1
		i := bytes.IndexByte(s.src[from:], quote)
		if i < 0 || bytes.IndexByte(s.src[from:from+i], '<') >= 0 {
			return errNotXML
		}
		s.tag.attributes = append(s.tag.attributes, attribute{name, from, from + i})
		s.at = from + i + 1
	}
}

func (s *scanner) take(c byte) bool {
	if s.at < len(s.src) && s.src[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) blanks() (n int) {
	for s.at < len(s.src) && strings.IndexByte(" \t\r\n", s.src[s.at]) >= 0 {
		s.at++
		n++
	}
	return n
}

// name reads a name. All that is ASCII and not of a name ends it.
func (s *scanner) name() string {
	from := s.at
	for s.at < len(s.src) && ofName(s.src[s.at]) {
		s.at++
	}
	return known(s.src[from:s.at])
}

func ofName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= utf8.RuneSelf ||
		c == ':' || c == '_' || c == '-' || c == '.'
}

// known is a name as a string; those that a timeline has by the thousand cost
// no memory.
func known(name []byte) string {
	switch string(name) {
	case "S":
		return "S"
	case "t":
		return "t"
	case "d":
		return "d"
	case "r":
		return "r"
	case "SegmentURL":
		return "SegmentURL"
	case "media":
		return "media"
	case "mediaRange":
		return "mediaRange"
	}
	return string(name)
}

// local is a name without its prefix.
func local(name string) string {
	if prefix, rest, found := strings.Cut(name, ":"); found && prefix != "" {
		return rest
	}
	return name
}

var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

// unescape reads the character references of a text.
func unescape(text string) (string, error) {
	if strings.IndexByte(text, '&') < 0 {
		return text, nil
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "&")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, ended := strings.Cut(rest, ";")
		if digits, numeric := strings.CutPrefix(name, "#"); numeric {
			c, err := character(digits)
			if err != nil {
				return "", err
			}
			b.WriteRune(c)
		} else if meant, ok := entities[name]; ok {
			b.WriteString(meant)
		} else {
			return "", errEntity
		}
		if !ended {
			return "", errEntity
		}
		text = after
	}
}

func character(digits string) (rune, error) {
	radix := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, radix = hex, 16
	}
	n, err := strconv.ParseUint(digits, radix, 21)
	if err != nil || n < ' ' || !utf8.ValidRune(rune(n)) {
		return 0, errEntity
	}
	return rune(n), nil
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
