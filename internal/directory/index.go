package directory

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// entry is what the index keeps of a collection. It is never changed.
type entry struct {
	id       gate.CollectionID
	name     string
	level    gate.Level
	paths    []gate.Scope
	includes []Include
	owner    gate.PersonID
	cutAt    time.Time
	embed    *gate.Embedding
	track    bool
	brand    *gate.Brand
}

func entryOf(c *Collection) *entry {
	e := &entry{c.ID, c.Name, c.Level, c.Paths, c.Includes, c.Owner, c.CutAt, gate.NewEmbedding(c.Embed), c.Track, nil}
	if c.Brand != (gate.Brand{}) {
		e.brand = &c.Brand
	}
	return e
}

// place is where a path is that is in this scope of the collection.
func (e *entry) place(scope gate.Scope) gate.Place {
	return gate.Place{Collection: e.id, Level: e.level, Scope: scope, Embed: e.embed, Track: e.track, Brand: e.brand}
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
	// folded is the tree of paths that do not differ in case.
	folded tree
}

func newIndex() *index {
	return &index{all: map[gate.CollectionID]*entry{}, above: map[gate.CollectionID][]edge{}, folded: tree{folds: true}}
}

// set puts the collection in place of what was known of it.
func (x *index) set(e *entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(e.id)
	x.all[e.id] = e
	x.tree.add(e)
	x.folded.add(e)
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
	x.folded.remove(e)
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
	return x.eitherCase(p.String())
}

// maxHomes bounds what is looked at for one link.
const maxHomes = 12

// homes returns the places of a collection and of those that it includes.
func (x *index) homes(id gate.CollectionID) (homes []gate.Place) {
	for _, id := range x.below([]gate.CollectionID{id}) {
		e, _ := x.collection(id)
		if e == nil {
			continue
		}
		for _, scope := range e.paths {
			if len(homes) == maxHomes {
				return homes
			}
			homes = append(homes, e.place(scope))
		}
	}
	return homes
}

// ids returns the collections that are wanted, nil: all, in falling order.
func (x *index) ids(want func(*entry) bool) []gate.CollectionID {
	x.mu.RLock()
	var ids []gate.CollectionID
	for id, e := range x.all {
		if want == nil || want(e) {
			ids = append(ids, id)
		}
	}
	x.mu.RUnlock()
	return sortedDown(ids)
}

// below returns the collections and all that they include, each once.
func (x *index) below(from []gate.CollectionID) []gate.CollectionID {
	return reach(from, x.inner)
}

func (x *index) inner(id gate.CollectionID) (ids []gate.CollectionID) {
	if e, _ := x.collection(id); e != nil {
		for _, include := range e.includes {
			ids = append(ids, include.Collection)
		}
	}
	return ids
}

// over returns the collections and all that include them, each once.
func (x *index) over(from []gate.CollectionID) []gate.CollectionID {
	return reach(from, x.outer)
}

func (x *index) outer(id gate.CollectionID) (ids []gate.CollectionID) {
	_, above := x.collection(id)
	for _, edge := range above {
		ids = append(ids, edge.outer)
	}
	return ids
}

// reach follows next from where it begins, breadth first.
func reach(from []gate.CollectionID, next func(gate.CollectionID) []gate.CollectionID) []gate.CollectionID {
	var all []gate.CollectionID
	seen := map[gate.CollectionID]bool{}
	add := func(ids []gate.CollectionID) {
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	add(from)
	for i := 0; i < len(all); i++ {
		add(next(all[i]))
	}
	return all
}

// depth is the length of the longest chain that next leads along, with the
// collection itself; more than most is as bad as one more.
func depth(id gate.CollectionID, most int, next func(gate.CollectionID) []gate.CollectionID) int {
	level, n := []gate.CollectionID{id}, 0
	for ; len(level) > 0 && n <= most; n++ {
		var deeper []gate.CollectionID
		seen := map[gate.CollectionID]bool{}
		for _, id := range level {
			for _, id := range next(id) {
				if !seen[id] {
					seen[id] = true
					deeper = append(deeper, id)
				}
			}
		}
		level = deeper
	}
	return n
}

// overlaps reports whether a path of another collection than the given one is
// within the scope.
func (x *index) overlaps(scope gate.Scope, but gate.CollectionID) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for id, e := range x.all {
		for _, path := range e.paths {
			if id != but && inside(path, scope) {
				return true
			}
		}
	}
	return false
}

// inside reports whether all of inner is in outer.
func inside(inner, outer gate.Scope) bool {
	if !outer.Tree() {
		return inner == outer
	}
	if outer.Root() == "" {
		return true
	}
	if inner.Tree() && inner.Root() == outer.Root() {
		return true
	}
	return strings.HasPrefix(inner.Root(), outer.Root()+"/")
}

// governs returns the collection that a scope would be taken out of, if it were
// a path of another one; zero: none.
func (x *index) governs(scope gate.Scope) gate.CollectionID {
	path := scope.Root()
	if scope.Tree() {
		path += "/"
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	place, _ := x.tree.find(path)
	return place.Collection
}
