package manifest

import "strings"

// reference is a URI in its parts. Backslashes of its path are slashes, as
// browsers read them; nobody else may use them in a gated path.
type reference struct {
	scheme    string // in lower case
	host      bool   // it names an authority
	authority string
	path      string
	tail      string // query and fragment
}

func parse(uri string) (r reference) {
	rest := uri
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest, r.tail = rest[:i], rest[i:]
	}
	if i := schemeLen(rest); i > 0 {
		r.scheme, rest = strings.ToLower(rest[:i]), rest[i+1:]
	}
	if strings.IndexByte(rest, '\\') >= 0 {
		rest = strings.ReplaceAll(rest, `\`, "/")
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		r.host, rest = true, ""
		if i := strings.IndexByte(after, '/'); i >= 0 {
			after, rest = after[:i], after[i:]
		}
		r.authority = after
	}
	r.path = rest
	return r
}

// schemeLen is the length of the scheme that a URI begins with, 0 for none.
func schemeLen(uri string) int {
	for i := range len(uri) {
		switch c := uri[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return i
		default:
			return 0
		}
	}
	return 0
}

// base is what a URI may be resolved against: one place, or several that are
// alternatives. Of several own ones it knows how deep the least deep one is.
type base struct {
	own, foreign bool
	folder       string // of the own ones; empty: they differ, or nobody knows
	depth        int
}

// anywhere is the base of which nothing is known.
var anywhere = base{own: true, foreign: true, depth: 1 << 30}

// or is a base that is one or the other.
func (b base) or(other base) base {
	switch {
	case !b.own:
		other.foreign = other.foreign || b.foreign
		return other
	case !other.own:
		b.foreign = b.foreign || other.foreign
		return b
	}
	if b.folder != other.folder {
		b.folder = ""
	}
	b.foreign, b.depth = b.foreign || other.foreign, min(b.depth, other.depth)
	return b
}

// at is the base that a URI makes of b.
func (s *Session) at(uri string, b base) base {
	r := parse(uri)
	foreign := base{foreign: true}
	switch {
	case r.host && (r.scheme == "" || r.scheme == "http" || r.scheme == "https"):
		if !s.owns(r.scheme, r.authority) {
			return foreign
		}
		return s.folder("/" + strings.TrimPrefix(r.path, "/"))
	case r.scheme != "":
		return foreign
	case r.path == "" || !b.own:
		return b
	}
	next := base{own: true, depth: max(0, b.depth+depthOf(r.path))}
	switch {
	case r.path[0] == '/':
		next = s.folder(r.path)
	case b.folder != "":
		next = s.folder(b.folder + r.path)
	case dotted(r.path):
		next.depth = max(0, b.depth+lowest(r.path)) // at the worst
	}
	next.foreign = b.foreign
	return next
}

// maxFolder bounds what is remembered of a base. The gate lets no longer path
// pass anyhow.
const maxFolder = 4 << 10

// folder is the own base that a rooted path makes.
func (s *Session) folder(path string) base {
	path = clean(path)
	if rest, ok := s.without(path); ok {
		path = rest
	}
	path = folderOf(path)
	b := base{own: true, folder: path, depth: depthOf(path)}
	if len(path) > maxFolder {
		b.folder = ""
	}
	return b
}

func folderOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// depthOf is how many folders a path without dot segments goes down.
func depthOf(path string) int { return strings.Count(strings.TrimPrefix(path, "/"), "/") }

// dots is how many levels a segment stands for by dots: 1 for ".", 2 for "..",
// in the spellings that browsers take for them; 0 for a name.
func dots(segment string) int {
	n := 0
	for len(segment) > 0 {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && segment[:2] == "%2" && segment[2]|0x20 == 'e':
			segment = segment[3:]
		default:
			return 0
		}
		if n++; n > 2 {
			return 0
		}
	}
	return n
}

// dotted reports whether a path has dot segments.
func dotted(path string) bool {
	if !strings.Contains(path, "/.") && !strings.HasPrefix(path, ".") && strings.IndexByte(path, '%') < 0 {
		return false // almost every one
	}
	for segment := range strings.SplitSeq(path, "/") {
		if dots(segment) > 0 {
			return true
		}
	}
	return false
}

// lowest is the lowest level that a relative path comes by, 0 where it starts.
func lowest(path string) int {
	level, low := 0, 0
	for segment := range strings.SplitSeq(path, "/") {
		switch dots(segment) {
		case 0:
			level++
		case 2:
			level--
			low = min(low, level)
		}
	}
	return low
}

// clean resolves the dot segments of a rooted path (RFC 3986 section 5.2.4).
func clean(path string) string {
	if !dotted(path) {
		return path
	}
	segments := strings.Split(path[1:], "/")
	kept := segments[:0]
	for i, segment := range segments {
		n := dots(segment)
		if n == 0 {
			kept = append(kept, segment)
			continue
		}
		if n == 2 && len(kept) > 0 {
			kept = kept[:len(kept)-1]
		}
		if i == len(segments)-1 {
			kept = append(kept, "") // "/a/." is a folder
		}
	}
	return "/" + strings.Join(kept, "/")
}
