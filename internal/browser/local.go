package browser

import (
	"net/url"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// maxLocal bounds where somebody may be sent on to.
const maxLocal = 2048

// Local is a page of this site, to be sent on to after signing in. The zero Local
// is none.
type Local struct{ text string }

// ParseLocal reads the target of a redirect. It takes nothing but a path in the
// one spelling that the gate takes as well, and a plain query: no scheme, no
// host in any disguise ("//host", "/\host", a tab between the slashes), no
// fragment (oauth2-proxy CVE-2021-21291, Pomerium CVE-2021-29651).
func ParseLocal(text string) (Local, bool) {
	if len(text) > maxLocal {
		return Local{}, false
	}
	path, query, asked := strings.Cut(text, "?")
	if !plainPath(path) || strings.ContainsFunc(query, unfitForQuery) || (asked && query == "") {
		return Local{}, false
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil || u.Fragment != "" {
		return Local{}, false
	}
	return Local{text}, true
}

// plainPath reports whether the gate would take the path, without the session
// that may stand before it.
func plainPath(path string) bool {
	session, rest, ok := gate.SplitTarget(path)
	if !ok {
		return false
	}
	if session != "" {
		path = rest
	}
	_, ok = gate.ParsePath(path)
	return ok
}

func unfitForQuery(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-._~%&=+/:,@!*", r)
}

// String returns the target; "/" where there is none.
func (l Local) String() string {
	if l.text == "" {
		return "/"
	}
	return l.text
}

// IsZero reports whether there is no target.
func (l Local) IsZero() bool { return l.text == "" }
