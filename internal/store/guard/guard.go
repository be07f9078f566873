// Package guard puts a time budget and a breaker around a store. A store that
// is away, slow or full must cost a request little time and never open the
// gate: every call ends in an answer or an error.
package guard

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// ErrOpen reports that the store was not asked, because it failed just now.
var ErrOpen = errors.New("store is failing and was not asked")

const (
	// Budget is the most that one call may take.
	Budget = 250 * time.Millisecond
	// tripAfter failures in a row open the breaker.
	tripAfter = 5
	// coolDown is how long an open breaker refuses before it lets one call
	// through to see.
	coolDown = 500 * time.Millisecond
)

// Observer is told about every call: the verb, "ok", "error" or "open", and
// how long it took.
type Observer func(verb, outcome string, took time.Duration)

// Store is a gate.Store behind a budget and a breaker.
type Store struct {
	inner   gate.Store
	observe Observer
	breaker breaker
}

// New guards inner.
func New(inner gate.Store, observe Observer) *Store {
	return &Store{inner: inner, observe: observe, breaker: breaker{now: time.Now}}
}

// breaker counts failures in a row. While it is open, one call per coolDown
// probes; its success closes it.
type breaker struct {
	now func() time.Time

	mu       sync.Mutex
	failures int
	probeAt  time.Time
}

func (b *breaker) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < tripAfter {
		return true
	}
	now := b.now()
	if now.Before(b.probeAt) {
		return false
	}
	b.probeAt = now.Add(coolDown) // the others wait for this probe's outcome
	return true
}

func (b *breaker) record(failed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !failed {
		b.failures = 0
		return
	}
	if b.failures++; b.failures >= tripAfter {
		b.probeAt = b.now().Add(coolDown)
	}
}

// call runs one verb inside the budget.
func call[T any](s *Store, ctx context.Context, verb string, do func(context.Context) (T, error)) (T, error) {
	if !s.breaker.allow() {
		s.observe(verb, "open", 0)
		var none T
		return none, ErrOpen
	}
	start := time.Now()
	bounded, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	got, err := do(bounded)
	outcome := "ok"
	if failed(ctx, err) {
		outcome = "error"
	}
	if err == nil || !wentAway(ctx) {
		s.breaker.record(outcome == "error")
	}
	s.observe(verb, outcome, time.Since(start))
	return got, err
}

// failed tells the store's failures from its answers.
func failed(ctx context.Context, err error) bool {
	switch {
	case err == nil, errors.Is(err, gate.ErrNotFound), errors.Is(err, gate.ErrConflict), errors.Is(err, gate.ErrFinal):
		return false
	}
	return !wentAway(ctx)
}

// wentAway reports a caller who no longer wants the answer, which says nothing
// about the store. A deadline that passed does: it is the request's budget.
func wentAway(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// Verbs are the names calls are counted under.
var Verbs = []string{
	"get", "put", "delete", "list", "issue", "account", "extend", "set_standing", "open",
	"check", "reserve", "settle", "gather", "end", "seated", "sessions", "flush", "announce", "ready",
}
