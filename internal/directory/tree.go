package directory

import (
	"slices"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// tree finds the collection of a path, segment by segment.
type tree struct{ root branch }

// branch is a folder, or a file, with what is below it.
type branch struct {
	children map[string]*branch
	// file is whose the path itself is, below whose all that is under it. There
	// is at most one of each, unless something was half done: then the one that
	// was made first has it, on every node alike.
	file, below []gate.Place
}

func (t *tree) add(e *entry) {
	for _, scope := range e.paths {
		b := &t.root
		for segment := range segments(scope) {
			next := b.children[segment]
			if next == nil {
				next = &branch{}
				if b.children == nil {
					b.children = map[string]*branch{}
				}
				b.children[segment] = next
			}
			b = next
		}
		leaves := b.leaves(scope)
		*leaves = append(*leaves, e.place(scope))
		slices.SortFunc(*leaves, func(x, y gate.Place) int { return slices.Compare(x.Collection[:], y.Collection[:]) })
	}
}

func (t *tree) remove(e *entry) {
	for _, scope := range e.paths {
		t.root.remove(strings.TrimPrefix(scope.Root(), "/"), scope, e.id)
	}
}

// remove takes the place out below b, with the branches that nothing is on then.
func (b *branch) remove(rest string, scope gate.Scope, id gate.CollectionID) {
	if rest == "" {
		leaves := b.leaves(scope)
		*leaves = slices.DeleteFunc(*leaves, func(p gate.Place) bool { return p.Collection == id })
		return
	}
	segment, rest, _ := strings.Cut(rest, "/")
	next := b.children[segment]
	if next == nil {
		return
	}
	next.remove(rest, scope, id)
	if len(next.children) == 0 && len(next.file) == 0 && len(next.below) == 0 {
		delete(b.children, segment)
	}
}

func (b *branch) leaves(scope gate.Scope) *[]gate.Place {
	if scope.Tree() {
		return &b.below
	}
	return &b.file
}

func segments(scope gate.Scope) func(func(string) bool) {
	if scope.Root() == "" {
		return func(func(string) bool) {}
	}
	return strings.SplitSeq(scope.Root()[1:], "/")
}

// find returns the place with the longest path that the path is in. It
// allocates nothing.
func (t *tree) find(path string) (found gate.Place, ok bool) {
	b := &t.root
	for rest := path; rest != ""; {
		if len(b.below) > 0 {
			found, ok = b.below[0], true
		}
		segment, more := rest[1:], ""
		if i := strings.IndexByte(segment, '/'); i >= 0 {
			segment, more = segment[:i], segment[i:]
		}
		if b = b.children[segment]; b == nil {
			return found, ok
		}
		if rest = more; rest == "" && len(b.file) > 0 {
			found, ok = b.file[0], true
		}
	}
	return found, ok
}
