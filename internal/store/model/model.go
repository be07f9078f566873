// Package model is the obvious store: maps and a mutex, each verb written
// straight from its comment in package gate. It is the oracle that the real
// stores are compared with and is used by tests only; nothing in it is clever,
// and nothing in it is kept when the process ends.
package model

import (
	"context"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/changes"
)

// Store is a [gate.Store] in maps.
type Store struct {
	mu        sync.Mutex
	now       func() time.Time
	latest    time.Time
	documents map[gate.Kind]map[string]gate.Document
	edits     []gate.DocumentName // the nth made the edition n+1
	links     map[gate.LinkID]*link
	changes   changes.Feed
}

var _ gate.Store = (*Store)(nil)

// New returns an empty store that tells the time by now.
func New(now func() time.Time) *Store {
	return &Store{
		now:       now,
		documents: make(map[gate.Kind]map[string]gate.Document),
		links:     make(map[gate.LinkID]*link),
	}
}

// Ready always reports yes.
func (s *Store) Ready(ctx context.Context) error { return ctx.Err() }

// Close has nothing to let go of.
func (s *Store) Close() error { return nil }

// Watch implements [gate.Changes].
func (s *Store) Watch(ctx context.Context, tell func(gate.Change)) { s.changes.Watch(ctx, tell) }

// Announce implements [gate.Changes].
func (s *Store) Announce(ctx context.Context, change gate.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.changes.Tell(change)
	return nil
}

// time returns now, to the millisecond and never before a time returned earlier.
func (s *Store) time() time.Time {
	if now := toMillisecond(s.now()); now.After(s.latest) {
		s.latest = now
	}
	return s.latest
}

func toMillisecond(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
