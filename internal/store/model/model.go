// Package model is the obvious store: maps and a mutex, each verb written
// straight from its comment in package gate. It is the oracle that the real
// stores are compared with and is used by tests only; nothing in it is clever,
// and nothing in it is kept when the process ends.
package model

import (
	"context"
	"slices"
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

// Get implements [gate.Documents].
func (s *Store) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return gate.Document{}, err
	}
	doc, found := s.documents[kind][id]
	if !found {
		return gate.Document{}, gate.ErrNotFound
	}
	doc.Body = slices.Clone(doc.Body)
	return doc, nil
}

// Put implements [gate.Documents].
func (s *Store) Put(ctx context.Context, doc gate.Document) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	old, found := s.documents[doc.Kind][doc.ID]
	if !found && doc.Rev > 0 {
		return 0, gate.ErrNotFound
	}
	if old.Rev != doc.Rev {
		return 0, gate.ErrConflict
	}
	if s.documents[doc.Kind] == nil {
		s.documents[doc.Kind] = make(map[string]gate.Document)
	}
	doc.Rev++
	doc.Body = slices.Clone(doc.Body)
	s.documents[doc.Kind][doc.ID] = doc
	return doc.Rev, nil
}

// Delete implements [gate.Documents].
func (s *Store) Delete(ctx context.Context, kind gate.Kind, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, found := s.documents[kind][id]; !found {
		return gate.ErrNotFound
	}
	delete(s.documents[kind], id)
	return nil
}

// List implements [gate.Documents].
func (s *Store) List(ctx context.Context, kind gate.Kind, below string, limit int) ([]gate.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var ids []string
	for id := range s.documents[kind] {
		if below == "" || id < below {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	var docs []gate.Document
	for _, id := range ids[:min(len(ids), max(limit, 0))] {
		doc := s.documents[kind][id]
		doc.Body = slices.Clone(doc.Body)
		docs = append(docs, doc)
	}
	return docs, nil
}
