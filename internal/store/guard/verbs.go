package guard

import (
	"context"

	"github.com/usher-media/usher/internal/gate"
)

var _ gate.Store = (*Store)(nil)

// nothing stands for the result of verbs that only succeed or fail.
type nothing = struct{}

func only(err error) (nothing, error) { return nothing{}, err }

// Get implements [gate.Documents].
func (s *Store) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	return call(s, ctx, verbGet, func(ctx context.Context) (gate.Document, error) { return s.inner.Get(ctx, kind, id) })
}

// Put implements [gate.Documents]. A document that no store takes says nothing
// about the store, which is not asked.
func (s *Store) Put(ctx context.Context, doc gate.Document) (int64, error) {
	if err := doc.Validate(); err != nil {
		return 0, err
	}
	return call(s, ctx, verbPut, func(ctx context.Context) (int64, error) { return s.inner.Put(ctx, doc) })
}

// Delete implements [gate.Documents].
func (s *Store) Delete(ctx context.Context, kind gate.Kind, id string) error {
	_, err := call(s, ctx, verbDelete, func(ctx context.Context) (nothing, error) { return only(s.inner.Delete(ctx, kind, id)) })
	return err
}

// List implements [gate.Documents].
func (s *Store) List(ctx context.Context, kind gate.Kind, term, below string, limit int) ([]gate.Document, error) {
	return call(s, ctx, verbList, func(ctx context.Context) ([]gate.Document, error) {
		return s.inner.List(ctx, kind, term, below, limit)
	})
}

// edited is what Edits answers.
type edited struct {
	names    []gate.DocumentName
	edition  int64
	complete bool
}

// Edits implements [gate.Documents].
func (s *Store) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	got, err := call(s, ctx, verbEdits, func(ctx context.Context) (e edited, err error) {
		e.names, e.edition, e.complete, err = s.inner.Edits(ctx, since)
		return e, err
	})
	return got.names, got.edition, got.complete, err
}

// Issue implements [gate.Ledger].
func (s *Store) Issue(ctx context.Context, link gate.LinkID, terms gate.Terms) (gate.Account, error) {
	return call(s, ctx, verbIssue, func(ctx context.Context) (gate.Account, error) { return s.inner.Issue(ctx, link, terms) })
}

// Account implements [gate.Ledger].
func (s *Store) Account(ctx context.Context, link gate.LinkID) (gate.Account, error) {
	return call(s, ctx, verbAccount, func(ctx context.Context) (gate.Account, error) { return s.inner.Account(ctx, link) })
}

// Extend implements [gate.Ledger].
func (s *Store) Extend(ctx context.Context, link gate.LinkID, change gate.Extension) (gate.Account, error) {
	return call(s, ctx, verbExtend, func(ctx context.Context) (gate.Account, error) { return s.inner.Extend(ctx, link, change) })
}

// SetStanding implements [gate.Ledger].
func (s *Store) SetStanding(ctx context.Context, link gate.LinkID, standing gate.Standing) (gate.Account, error) {
	return call(s, ctx, verbSetStanding, func(ctx context.Context) (gate.Account, error) {
		return s.inner.SetStanding(ctx, link, standing)
	})
}

// Open implements [gate.Ledger].
func (s *Store) Open(ctx context.Context, opening gate.Opening) (gate.Opened, error) {
	return call(s, ctx, verbOpen, func(ctx context.Context) (gate.Opened, error) { return s.inner.Open(ctx, opening) })
}

// Check implements [gate.Ledger].
func (s *Store) Check(ctx context.Context, query gate.Query) (gate.State, error) {
	return call(s, ctx, verbCheck, func(ctx context.Context) (gate.State, error) { return s.inner.Check(ctx, query) })
}

// Reserve implements [gate.Ledger].
func (s *Store) Reserve(ctx context.Context, claim gate.Claim) (gate.Claimed, error) {
	return call(s, ctx, verbReserve, func(ctx context.Context) (gate.Claimed, error) { return s.inner.Reserve(ctx, claim) })
}

// Settle implements [gate.Ledger].
func (s *Store) Settle(ctx context.Context, settlement gate.Settlement) (gate.Settled, error) {
	return call(s, ctx, verbSettle, func(ctx context.Context) (gate.Settled, error) { return s.inner.Settle(ctx, settlement) })
}

// Gather implements [gate.Ledger].
func (s *Store) Gather(ctx context.Context, link gate.LinkID, session gate.SessionID, whole string) error {
	_, err := call(s, ctx, verbGather, func(ctx context.Context) (nothing, error) { return only(s.inner.Gather(ctx, link, session, whole)) })
	return err
}

// End implements [gate.Ledger].
func (s *Store) End(ctx context.Context, link gate.LinkID, session gate.SessionID) (gate.Session, error) {
	return call(s, ctx, verbEnd, func(ctx context.Context) (gate.Session, error) { return s.inner.End(ctx, link, session) })
}

// Sessions implements [gate.Ledger].
func (s *Store) Sessions(ctx context.Context, whose gate.Whose, below gate.SessionID, limit int) ([]gate.Session, error) {
	return call(s, ctx, verbSessions, func(ctx context.Context) ([]gate.Session, error) {
		return s.inner.Sessions(ctx, whose, below, limit)
	})
}

// Seated implements [gate.Ledger].
func (s *Store) Seated(ctx context.Context, link gate.LinkID) (int64, error) {
	return call(s, ctx, verbSeated, func(ctx context.Context) (int64, error) { return s.inner.Seated(ctx, link) })
}

// Flush implements [gate.Ledger].
func (s *Store) Flush(ctx context.Context, facts []gate.Usage) error {
	_, err := call(s, ctx, verbFlush, func(ctx context.Context) (nothing, error) { return only(s.inner.Flush(ctx, facts)) })
	return err
}

// Watch is passed on as it is: it lasts, and goes on after every failure by
// itself. A Change tells nothing about the store's health.
func (s *Store) Watch(ctx context.Context, tell func(gate.Change)) { s.inner.Watch(ctx, tell) }

// Announce implements [gate.Changes].
func (s *Store) Announce(ctx context.Context, change gate.Change) error {
	_, err := call(s, ctx, verbAnnounce, func(ctx context.Context) (nothing, error) { return only(s.inner.Announce(ctx, change)) })
	return err
}

// Ready asks the store itself, past an open breaker, and closes it on success.
func (s *Store) Ready(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	err := s.inner.Ready(bounded)
	if !wentAway(ctx) {
		s.breaker.record(err != nil)
	}
	return err
}

// Close closes the inner store.
func (s *Store) Close() error { return s.inner.Close() }
