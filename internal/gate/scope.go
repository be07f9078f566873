package gate

import (
	"errors"
	"fmt"
	"strings"
)

// Scope is what a link opens: one path, or everything below a folder. Scopes
// are compared by whole segments and byte for byte, never as string prefixes:
// "/vid1" must not open "/vid10" (Go CVE-2025-47910 and others).
type Scope struct {
	root string // no trailing slash; "" is the root of the site
	tree bool
}

// WholeSite is the scope of all paths there are.
var WholeSite = Scope{tree: true}

// ParseScope reads "/a/b.mp4" (that path) or "/a/b/*" (all below that folder).
// Scopes are written decoded, as people read paths.
func ParseScope(text string) (Scope, error) {
	root, tree := strings.CutSuffix(text, "/*")
	s := Scope{root: root, tree: tree}
	if tree && root == "" {
		return s, nil
	}
	p, ok := ParsePath(EncodePath(root))
	if !ok || p.Dir() || p.String() != root {
		return Scope{}, fmt.Errorf("path %q: want an absolute path such as /acme/film.mp4, or /acme/film/* for everything below; no dot segments, no double slashes, none of \\ ; : * ? # %% | < > \"", text)
	}
	if reserved(root) {
		return Scope{}, fmt.Errorf("path %q: /s, /_usher and paths that begin with /~ are Usher's own", text)
	}
	return s, nil
}

func reserved(path string) bool {
	return path == "/s" || strings.HasPrefix(path, "/s/") || strings.HasPrefix(path, "/~") ||
		path == "/_usher" || strings.HasPrefix(path, "/_usher/")
}

// String returns the scope as ParseScope reads it.
func (s Scope) String() string {
	if s.tree {
		return s.root + "/*"
	}
	return s.root
}

// MarshalText writes the scope as ParseScope reads it.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Scope) UnmarshalText(text []byte) (err error) {
	*s, err = ParseScope(string(text))
	return err
}

// Tree reports whether the scope is a folder with everything below it.
func (s Scope) Tree() bool { return s.tree }

// Root returns the path, or the folder without its trailing slash.
func (s Scope) Root() string { return s.root }

// Covers reports whether the scope opens the path.
func (s Scope) Covers(p Path) bool {
	if !s.tree {
		return p.text == s.root
	}
	rest, below := strings.CutPrefix(p.text, s.root)
	return below && rest != "" && rest[0] == '/'
}

// Asset returns what a request for p watches: the first segment below the
// scope, or the whole scope where the link is to one path, or where media
// segments stand in the scope's folder itself. top reports that p stands
// directly in that folder.
func (s Scope) Asset(p Path) (asset string, top bool) {
	if !s.tree {
		return WholeScope, true
	}
	rest := strings.TrimPrefix(p.text[len(s.root):], "/")
	first, _, deeper := strings.Cut(rest, "/")
	if !deeper && isSegment(first) {
		return WholeScope, true
	}
	return first, !deeper
}

var errEntry = errors.New("entry: want a path below the link's path, such as master.m3u8")

// Entry checks where a player starts: a path relative to a folder scope. It
// returns the absolute path.
func (s Scope) Entry(entry string) (Path, error) {
	if !s.tree {
		if entry != "" {
			return Path{}, errors.New("entry: only a link to a folder (a path that ends with /*) has one")
		}
		p, _ := ParsePath(EncodePath(s.root))
		return p, nil
	}
	p, ok := ParsePath(EncodePath(s.root + "/" + entry))
	if !ok || p.Dir() {
		return Path{}, errEntry
	}
	return p, nil
}

// EncodePath percent-encodes what ParsePath wants encoded and nothing else.
func EncodePath(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; encodedAllowed(c) {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
