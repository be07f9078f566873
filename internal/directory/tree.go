package directory

import (
	"slices"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// tree finds the collection of a path, segment by segment.
type tree struct {
	root branch
	// folds makes paths that differ in case one; see caseless.
	folds bool
	// nested says that a path is, or was, at or below one of another entry.
	nested bool
}

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
		for segment := range segments(t.key(scope)) {
			t.nested = t.nested || len(b.below) > 0
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
		t.nested = t.nested || len(b.below) > 0 || len(b.file) > 0 || scope.Tree() && len(b.children) > 0
		leaves := b.leaves(scope)
		*leaves = append(*leaves, e.place(scope))
		slices.SortFunc(*leaves, func(x, y gate.Place) int { return slices.Compare(x.Collection[:], y.Collection[:]) })
	}
}

func (t *tree) remove(e *entry) {
	for _, scope := range e.paths {
		t.root.remove(strings.TrimPrefix(t.key(scope), "/"), scope, e.id)
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

// key is where the scope is in the tree.
func (t *tree) key(scope gate.Scope) string {
	if t.folds {
		return caseless(scope.Root())
	}
	return scope.Root()
}

func segments(root string) func(func(string) bool) {
	if root == "" {
		return func(func(string) bool) {}
	}
	return strings.SplitSeq(root[1:], "/")
}

// find returns the place with the longest path that the path is in. It
// allocates nothing.
func (t *tree) find(path string) (found gate.Place, ok bool) {
	if all := t.leaf(path); len(all) > 0 {
		return all[0], true
	}
	return gate.Place{}, false
}

// leaf returns all that have the longest path that the path is in.
func (t *tree) leaf(path string) (found []gate.Place) {
	b := &t.root
	for rest := path; rest != ""; {
		if len(b.below) > 0 {
			found = b.below
		}
		segment, more := rest[1:], ""
		if i := strings.IndexByte(segment, '/'); i >= 0 {
			segment, more = segment[:i], segment[i:]
		}
		if b = b.children[segment]; b == nil {
			return found
		}
		if rest = more; rest == "" && len(b.file) > 0 {
			found = b.file
		}
	}
	return found
}
