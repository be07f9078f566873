// Package manifest keeps the URIs of manifests inside a session's path. Players
// resolve what a playlist names against the playlist's own URL, so relative
// URIs carry the session by themselves; those that begin with a slash, or that
// name the site, leave it. They are given the session, and every other byte
// stays as it was. Of players' formats it knows HLS and DASH; it does no I/O.
package manifest

import (
	"errors"
	"strings"
)

// Max is the most bytes that a manifest may have, and maxOut what it may
// become: a list of very short URIs grows by a session for each.
const (
	Max    = 4 << 20
	maxOut = 4 * Max
)

// What is wrong with a URI that cannot be kept inside.
var (
	errOtherSession = errors.New("a URI begins with /~ and is not of this session")
	errManyBases    = errors.New("a URI that begins with a slash or climbs out has several bases, and not all keep it on this site")
	errTooLong      = errors.New("with the session on its URIs it is too long")
)

// Session is where a viewer finds a manifest.
type Session struct {
	// Token is the session as it stands in the path, /~Token/…
	Token string
	// Path is the manifest's path, encoded and without the session.
	Path string
	// Own are the site's own hosts, as [Authority] writes them.
	Own []string
}

// Authority is a URL's host and port in the one form that is compared: in lower
// case and without the port that goes without saying. Scheme may be empty.
func Authority(scheme, authority string) string {
	authority = strings.ToLower(authority)
	if scheme != "https" {
		authority = strings.TrimSuffix(authority, ":80")
	}
	if scheme != "http" {
		authority = strings.TrimSuffix(authority, ":443")
	}
	return authority
}

func (s *Session) owns(scheme, authority string) bool {
	normal := Authority(scheme, authority)
	for _, own := range s.Own {
		if own != "" && own == normal {
			return true
		}
	}
	return false
}

// Reference returns what to write for a URI that stands on the session's page:
// the same text where it stays inside, or is none of the site's.
func (s *Session) Reference(uri string) (string, error) { return s.keep(uri, s.base()) }

// base is what the manifest's own URIs are resolved against.
func (s *Session) base() base {
	folder := folderOf(s.Path)
	return base{own: true, folder: folder, depth: depthOf(folder)}
}

// keep returns the text for a URI so that it stays inside the session, whatever
// of its bases a player resolves it against. It must never put the session on
// what leads to another host.
func (s *Session) keep(uri string, on base) (string, error) {
	r := parse(uri)
	switch {
	case r.scheme != "" && r.scheme != "http" && r.scheme != "https":
		return uri, nil
	case r.host:
		return s.keepHost(uri, r, on)
	case r.scheme != "": // "http:x": no two readers agree on it
		return uri, nil
	case strings.HasPrefix(r.path, "/"):
		if s.carried(r.path) || !on.own {
			return uri, nil
		}
		if on.foreign {
			return "", errManyBases
		}
		path, err := s.enter(r.path)
		return path + r.tail, err
	case !on.own || lowest(r.path) >= -on.depth:
		return uri, nil
	case on.foreign || on.folder == "":
		return "", errManyBases
	}
	path, err := s.enter(on.folder + r.path)
	return path + r.tail, err
}

// keepHost keeps a URI that names a host. It becomes root-relative only where
// that leads to the site for certain.
func (s *Session) keepHost(uri string, r reference, on base) (string, error) {
	if !s.owns(r.scheme, r.authority) || s.carried(r.path) {
		return uri, nil
	}
	path, err := s.enter("/" + strings.TrimPrefix(r.path, "/"))
	if err != nil || !on.foreign {
		return path + r.tail, err
	}
	head := "//" + r.authority
	if r.scheme != "" {
		head = r.scheme + ":" + head
	}
	return head + path + r.tail, nil
}

// carried reports a path that carries this session and stays in it.
func (s *Session) carried(path string) bool {
	rest, ok := s.without(path)
	return ok && lowest(rest[1:]) >= 0
}

// without takes this session off a path.
func (s *Session) without(path string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, "/~")
	if ok {
		rest, ok = strings.CutPrefix(rest, s.Token)
	}
	return rest, ok && strings.HasPrefix(rest, "/")
}

// enter puts the session before a rooted path. Dot segments are resolved first,
// as a player does: "/a/../../x" would climb out of the session as it climbed
// to the root. A path of another session is somebody else's credential, in a
// manifest that was cached where it must not be; other paths that begin so do
// not exist on a gated site.
func (s *Session) enter(path string) (string, error) {
	path = clean(path)
	if _, ok := s.without(path); ok {
		return path, nil
	}
	if strings.HasPrefix(path, "/~") {
		return "", errOtherSession
	}
	return "/~" + s.Token + path, nil
}
