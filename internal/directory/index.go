package directory

import (
	"slices"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// entry is what the index keeps of a collection. It is never changed.
type entry struct {
	id       gate.CollectionID
	level    gate.Level
	paths    []gate.Scope
	includes []Include
	owner    gate.PersonID
	cutAt    time.Time
}

func entryOf(c *Collection) *entry {
	return &entry{c.ID, c.Level, c.Paths, c.Includes, c.Owner, c.CutAt}
}

// edge says that outer includes a collection, and who said so.
type edge struct {
	outer gate.CollectionID
	by    gate.PersonID
}

// index is all collections, and the site. Its lock is held for lookups and
// single changes only, never over a trip to the store.
type index struct {
	mu    sync.RWMutex
	site  Site
	all   map[gate.CollectionID]*entry
	above map[gate.CollectionID][]edge // by the inner one
	tree  tree
}

func newIndex() *index {
	return &index{all: map[gate.CollectionID]*entry{}, above: map[gate.CollectionID][]edge{}}
}

// set puts the collection in place of what was known of it.
func (x *index) set(e *entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(e.id)
	x.all[e.id] = e
	x.tree.add(e)
	for _, inner := range e.includes {
		// A new slice: readers hold the old one.
		x.above[inner.Collection] = append(slices.Clip(x.above[inner.Collection]), edge{e.id, inner.By})
	}
}

func (x *index) remove(id gate.CollectionID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(id)
}

func (x *index) drop(id gate.CollectionID) {
	e := x.all[id]
	if e == nil {
		return
	}
	delete(x.all, id)
	x.tree.remove(e)
	for _, inner := range e.includes {
		var left []edge
		for _, over := range x.above[inner.Collection] {
			if over.outer != id {
				left = append(left, over)
			}
		}
		if x.above[inner.Collection] = left; len(left) == 0 {
			delete(x.above, inner.Collection)
		}
	}
}

func (x *index) setSite(s Site) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.site = s
}

func (x *index) getSite() Site {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.site
}

// collection returns the entry and what includes it; nil where there is none.
func (x *index) collection(id gate.CollectionID) (*entry, []edge) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.all[id], x.above[id]
}

func (x *index) count() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.all)
}

func (x *index) place(p gate.Path) gate.Place {
	x.mu.RLock()
	defer x.mu.RUnlock()
	l, ok := x.tree.find(p.String())
	if !ok {
		return gate.Place{}
	}
	return gate.Place{Collection: l.collection, Level: l.level, Scope: l.scope}
}

// ids returns at most limit ids of collections in falling order, only those
// below the given one where it is not zero, and only those that are wanted.
func (x *index) ids(below gate.CollectionID, limit int, want func(*entry) bool) []gate.CollectionID {
	x.mu.RLock()
	var ids []gate.CollectionID
	for id, e := range x.all {
		if (below.IsZero() || older(id, below)) && (want == nil || want(e)) {
			ids = append(ids, id)
		}
	}
	x.mu.RUnlock()
	slices.SortFunc(ids, func(a, b gate.CollectionID) int { return slices.Compare(b[:], a[:]) })
	return ids[:min(len(ids), limit)]
}

func older(a, b gate.CollectionID) bool { return slices.Compare(a[:], b[:]) < 0 }
