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
func (g *Gate) public(ctx context.Context, now time.Time, req *Request) (place Place, passes bool, err error) {
	if g.policy.Lease > 0 {
		if err := g.hear(ctx); err != nil {
			return Place{}, false, err
		}
	}
	if place = g.rules.Place(req.Path); place.Level != Public || askable(req) != OK {
		return place, false, nil
	}
	err = g.confirm(ctx, now)
	place = g.rules.Place(req.Path)
	return place, err == nil && place.Level == Public, err
}

// publicly is the verdict about a request at a public place.
func publicly(req *Request) Verdict {
	return Verdict{Outcome: Pass, Public: true, Can: View, Path: req.Path, Class: ClassOf(req.Path)}
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
	missed := g.marks.missed.Load()
	if *state, err = g.store.Check(ctx, q); err != nil {
		return err
	}
	if err := g.rules.Know(ctx, state.Edition); err != nil {
		return err
	}
	if g.policy.Lease > 0 {
		g.confirmed.Store(&confirmed{now, missed})
	}
	return nil
}
