package gate

import (
	"context"
	"time"
)

// public lets a request pass that is for a public place. No credential is looked
// at, so that a dead session never closes what is open to everybody. What the
// rules remember is only believed once the store has confirmed their edition, so
// that a place that was closed is closed with the next request. For one that does
// not pass so, place is what the rules remember.
//
// tracks says that the place is public, and that visitors are counted there.
func (g *Gate) public(ctx context.Context, now time.Time, req *Request) (place Place, passes, tracks bool, err error) {
	if g.policy.Lease > 0 {
		if err := g.hear(ctx); err != nil {
			return Place{}, false, false, err
		}
	}
	if place = g.rules.Place(req.Path); place.Level != Public || askable(req) != OK {
		return place, false, false, nil
	}
	if err = g.confirm(ctx, now); err != nil {
		return place, false, false, err
	}
	place = g.rules.Place(req.Path)
	passes = g.free(place, ClassOf(req.Path))
	return place, passes, place.Level == Public && !passes, nil
}

// free reports a place where no session is asked for. Where visitors are counted,
// that is so for what comes beside media only; and everywhere, if sessions do not
// travel in the path: who keeps no cookie could not be given one.
func (g *Gate) free(place Place, class Class) bool {
	return place.Level == Public && (!place.Track || class == Support || !g.policy.InPath)
}

// publicly is the verdict about a request at a public place.
func publicly(req *Request, place Place) Verdict {
	return Verdict{Outcome: Pass, Public: true, Can: View, Path: req.Path, Class: ClassOf(req.Path), Embed: place.Embed}
}

// visit lets everybody pass at a public place where visitors are counted: with
// the session that they bring, where that still passes, or else with one of
// nobody in particular. A session that is dead, or of another place, closes
// nothing: only one that asks too fast has to wait.
func (g *Gate) visit(ctx context.Context, now time.Time, req *Request, place Place) (v Verdict, err error) {
	if credential, no := present(req); no == OK {
		err = g.brought(ctx, now, req, credential, place, &v)
		if err != nil || v.Outcome != Refuse || v.Refusal.Reason == TooFast {
			return v, err
		}
	}
	v = Verdict{Signed: true, Can: View | Download, Link: visitsTo(place.Collection, now)}
	return v, g.beginHidden(ctx, now, req, Case{Now: now, Place: place, Link: &v.Link}, &v)
}

// VisitsTo is the id of the hidden link on whose sessions visitors of a public
// collection are counted.
func VisitsTo(collection CollectionID) LinkID { return hiddenID('v', collection, PersonID{}) }

func visitsTo(collection CollectionID, now time.Time) Link {
	return Link{
		ID: VisitsTo(collection), Scope: Scope{tree: true}, Can: View | Download, CreatedAt: now.UTC().Truncate(time.Second),
		CreatedBy: "visit", Collection: collection, Pass: true,
	}
}

// confirmed says that the rules knew the edition of the moment.
type confirmed struct {
	asked  time.Time // this process' clock just before the store was asked
	missed uint32
}

// confirm brings the rules to the edition of the moment; under a lease, to one
// that was it no longer ago than that.
func (g *Gate) confirm(ctx context.Context, now time.Time) error {
	if g.policy.Lease > 0 {
		if err := g.hear(ctx); err != nil {
			return err
		}
		c := g.confirmed.Load()
		if c != nil && now.Sub(c.asked) >= 0 && now.Sub(c.asked) < g.policy.Lease && c.missed == g.marks.missed.Load() {
			return nil
		}
	}
	var state State
	return g.consult(ctx, now, Query{}, &state)
}

// hear brings the rules to the newest edition that was told.
func (g *Gate) hear(ctx context.Context) error {
	if told := g.marks.told.Load(); told > g.rules.Edition() {
		return g.rules.Know(ctx, told)
	}
	return nil
}

// consult asks the store, and brings the rules to the edition that it says.
func (g *Gate) consult(ctx context.Context, now time.Time, q Query, state *State) (err error) {
	missed, told := g.marks.missed.Load(), g.marks.told.Load()
	if *state, err = g.store.Check(ctx, q); err != nil {
		return err
	}
	g.marks.unhear(told, state.Edition)
	if err := g.rules.Know(ctx, state.Edition); err != nil {
		return err
	}
	if g.policy.Lease > 0 {
		g.confirmed.Store(&confirmed{now, missed})
	}
	return nil
}
