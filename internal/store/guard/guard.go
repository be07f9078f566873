// Package guard puts a time budget and a breaker around a store. A store that
// is away, slow or full must cost a request little time and never open the
// gate: every call ends in an answer or an error.
package guard

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/budget"
	"github.com/usher-media/usher/internal/gate"
)

// ErrOpen reports that the store was not asked, because it failed just now.
var ErrOpen = errors.New("store is failing and was not asked")

// Budget is the most that one call may take.
const Budget = 250 * time.Millisecond

// Observer is told about every call, and how long it took.
type Observer func(verb Verb, outcome Outcome, took time.Duration)

// Store is a gate.Store behind a budget and a breaker.
type Store struct {
	inner   gate.Store
	observe Observer
	breaker breaker
}

// New guards inner.
func New(inner gate.Store, observe Observer) *Store {
	return &Store{inner: inner, observe: observe, breaker: breaker{made: time.Now()}}
}

// call runs one verb inside the budget.
func call[T any](s *Store, ctx context.Context, verb Verb, do func(context.Context) (T, error)) (T, error) {
	start := time.Now()
	if !s.breaker.allow(start) {
		s.observe(verb, Open, 0)
		var none T
		return none, ErrOpen
	}
	bounded := ctx
	if end, ok := ctx.Deadline(); !ok || end.Sub(start) > Budget {
		within := budget.New(ctx, start.Add(Budget))
		defer within.Stop()
		bounded = within
	}
	got, err := do(bounded)
	outcome := OK
	if failed(ctx, err) {
		outcome = Failed
	}
	if err == nil || !wentAway(ctx) {
		s.breaker.record(outcome == Failed)
	}
	s.observe(verb, outcome, time.Since(start))
	return got, err
}

// failed tells the store's failures from its answers.
func failed(ctx context.Context, err error) bool {
	switch {
	case err == nil, errors.Is(err, gate.ErrNotFound), errors.Is(err, gate.ErrConflict), errors.Is(err, gate.ErrFinal),
		errors.Is(err, gate.ErrTooFew):
		return false
	}
	return !wentAway(ctx)
}

// wentAway reports a caller who no longer wants the answer, which says nothing
// about the store. A deadline that passed does: it is the request's budget.
func wentAway(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
