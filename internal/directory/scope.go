package directory

import (
	"context"

	"github.com/usher-media/usher/internal/gate"
)

// Contains reports whether the outer collection is the inner one, or includes
// it by whatever way that holds. It checks nobody.
func (d *Directory) Contains(ctx context.Context, outer, inner gate.CollectionID) (bool, error) {
	if outer == inner {
		return true, nil
	}
	if err := d.view.Refresh(ctx); err != nil {
		return false, err
	}
	now, err := d.now(ctx)
	if err != nil {
		return false, err
	}
	return newSolver(ctx, d.view, whole(now)).within(inner, outer)
}

// Inside reports whether all of the inner scope is in the outer one.
func Inside(inner, outer gate.Scope) bool { return inside(inner, outer) }

// Level returns how open a collection is, as far as is known without asking; of
// one that is not there, or of none, false. It checks nobody.
func (d *Directory) Level(id gate.CollectionID) (gate.Level, bool) {
	if x := d.view.index.Load(); x != nil {
		if e, _ := x.collection(id); e != nil {
			return e.level, true
		}
	}
	return gate.Locked, false
}

// NameOf is what a collection is called, likewise; empty: there is none.
func (d *Directory) NameOf(id gate.CollectionID) string {
	if x := d.view.index.Load(); x != nil {
		if e, _ := x.collection(id); e != nil {
			return e.name
		}
	}
	return ""
}

// LevelAt is Level of the collection that governs the scope.
func (d *Directory) LevelAt(scope gate.Scope) (gate.Level, bool) {
	x := d.view.index.Load()
	if x == nil {
		return gate.Locked, false
	}
	return d.Level(x.governs(scope))
}

// Worth is what a link is good for in a collection: what it says, cut down to
// what each link that it was made from says, and to what everybody who handed on
// still holds. The link need not be there yet. It checks nobody.
func (d *Directory) Worth(ctx context.Context, link *gate.Link, in gate.CollectionID) (gate.Capability, error) {
	if err := d.view.Refresh(ctx); err != nil {
		return 0, err
	}
	now, err := d.now(ctx)
	if err != nil {
		return 0, err
	}
	c := gate.Case{Now: whole(now), Place: gate.Place{Collection: in}, Link: link}
	j := judge{ctx: ctx, view: d.view, index: d.view.index.Load(), c: &c}
	return j.handed()
}
