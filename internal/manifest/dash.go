package manifest

import (
	"bytes"
	"errors"
)

// DASH keeps the URIs of a media presentation description inside the session,
// at their places in the text; all else stays as it is. What a URI leads to
// depends on the BaseURLs around it, and on those of the representations that
// inherit it, so that the document is read to its end before one is decided
// about.
func (s *Session) DASH(body []byte) ([]byte, error) {
	m := mpd{session: s, scanner: scanner{src: body, at: len(bom(body))}, document: s.base(), scopes: []scope{{above: ofDocument}}}
	if err := m.read(); err != nil {
		return nil, err
	}
	m.resolve()
	out := splice{src: body}
	for _, p := range m.places {
		kept, err := s.keep(p.uri, m.baseOf(p))
		if err == nil && kept != p.uri {
			err = out.replace(p.from, p.to, escaper.Replace(kept))
		}
		if err != nil {
			m.at = p.from
			return nil, m.fault(err)
		}
	}
	return out.text(), nil
}

// mpd is a description that is being read.
type mpd struct {
	scanner
	session  *Session
	document base    // what Locations are resolved against
	scopes   []scope // the outermost first; [0] is around the root element
	within   []element
	places   []place
}

// ofDocument is in the place of a scope where the document itself is meant.
const ofDocument = -1

// element is one that is open.
type element struct {
	scope int
	text  int // where its content begins
}

// scope is an element that may have BaseURLs, which all below it inherit.
type scope struct {
	above    int
	relative []string // its own BaseURLs, one as good as the other; of [0] the Locations
	bases    base     // what its URIs are resolved against
	leaves   base     // and those of the innermost scopes in it
	inner    bool     // it has scopes in it
}

// place is where a URI stands, unescaped.
type place struct {
	from, to int
	uri      string
	scope    int
	// inherited: it is a template, to be filled in by the scopes below.
	inherited bool
}

var errMixed = errors.New("a URI has markup in it")

func (m *mpd) read() error {
	for {
		t, err := m.next()
		if t == nil || err != nil {
			return err
		}
		if t.starts {
			err = m.start(t)
		}
		if t.ends && err == nil {
			err = m.end(t)
		}
		if err != nil {
			m.at = t.from
			return m.fault(err)
		}
	}
}

func (m *mpd) start(t *tag) error {
	around, name := 0, local(t.name)
	if len(m.within) > 0 {
		around = m.within[len(m.within)-1].scope
	}
	for _, a := range t.attributes {
		linked := a.name != "href" && local(a.name) == "href"
		if (!linked && !bearsURI(name, a.name)) || m.harmless(a) {
			continue
		}
		if err := m.add(a.from, a.to, around, !linked); err != nil {
			return err
		}
	}
	switch {
	case len(m.within) == 0:
		if around = m.begin(0); name != "MPD" {
			m.document = anywhere // a part of some MPD, whose bases are not known
		}
	case name == "Period", name == "AdaptationSet", name == "Representation", name == "SubRepresentation", name == "Preselection":
		around = m.begin(around)
	}
	m.within = append(m.within, element{around, t.to})
	return nil
}

// bearsURI tells attributes that are URIs of what a player fetches.
func bearsURI(element, attribute string) bool {
	switch element {
	case "SegmentTemplate":
		return attribute == "media" || attribute == "initialization" || attribute == "index" || attribute == "bitstreamSwitching"
	case "SegmentURL":
		return attribute == "media" || attribute == "index"
	case "Initialization", "RepresentationIndex", "BitstreamSwitching":
		return attribute == "sourceURL"
	case "InitializationSet":
		return attribute == "initialization"
	}
	return false
}

func (m *mpd) begin(above int) int {
	m.scopes = append(m.scopes, scope{above: above})
	m.scopes[above].inner = true
	return len(m.scopes) - 1
}

func (m *mpd) end(t *tag) error {
	scope, text := m.within[len(m.within)-1].scope, m.within[len(m.within)-1].text
	m.within = m.within[:len(m.within)-1]
	if t.starts {
		return nil // empty
	}
	switch local(t.name) {
	case "PatchLocation":
		return m.add(text, t.from, ofDocument, false)
	case "ContentSteering":
		return m.add(text, t.from, scope, false)
	case "Location": // players may resolve all that is in the document against it
		scope = 0
	case "BaseURL":
	default:
		return nil
	}
	own := &m.scopes[scope]
	if err := m.add(text, t.from, own.above, false); err != nil {
		return err
	}
	own.relative = append(own.relative, m.places[len(m.places)-1].uri)
	return nil
}

// harmless tells attributes that stay inside whatever their base is.
func (m *mpd) harmless(a attribute) bool {
	value := m.src[a.from:a.to]
	return len(value) == 0 || (value[0] > ' ' && bytes.IndexByte(value, '&') < 0 && plainly(value))
}

// add notes a URI.
func (m *mpd) add(from, to, scope int, inherited bool) error {
	if bytes.IndexByte(m.src[from:to], '<') >= 0 {
		return errMixed
	}
	const blanks = " \t\r\n"
	to = from + len(bytes.TrimRight(m.src[from:to], blanks))
	from = to - len(bytes.TrimLeft(m.src[from:to], blanks))
	uri, err := unescape(string(m.src[from:to]))
	if err != nil {
		return err
	}
	m.places = append(m.places, place{from, to, uri, scope, inherited})
	return nil
}

// resolve finds out what the scopes' URIs are resolved against.
func (m *mpd) resolve() {
	for i := range m.scopes {
		own, above := &m.scopes[i], m.document
		if i > 0 {
			above = m.scopes[own.above].bases
		}
		if i == 0 || len(own.relative) == 0 {
			own.bases = above // a Location is one more, a BaseURL stands for it
		}
		for _, uri := range own.relative {
			own.bases = own.bases.or(m.session.at(uri, above))
		}
	}
	for i := len(m.scopes) - 1; i > 0; i-- {
		own := &m.scopes[i]
		if !own.inner {
			own.leaves = own.bases
		}
		m.scopes[own.above].leaves = m.scopes[own.above].leaves.or(own.leaves)
	}
}

// baseOf is what the URI of a place is resolved against.
func (m *mpd) baseOf(p place) base {
	switch {
	case p.scope == ofDocument:
		return m.document
	case p.inherited:
		return m.scopes[p.scope].leaves
	}
	return m.scopes[p.scope].bases
}
