package model

import (
	"context"
	"slices"

	"github.com/usher-media/usher/internal/gate"
)

// document returns the document, unless it has ended.
func (s *Store) document(kind gate.Kind, id string) (gate.Document, bool) {
	doc, found := s.documents[kind][id]
	if !found || (!doc.Until.IsZero() && !s.time().Before(doc.Until)) {
		return gate.Document{}, false
	}
	return copied(doc), true
}

// copied shares nothing with doc.
func copied(doc gate.Document) gate.Document {
	doc.Body, doc.Index = slices.Clone(doc.Body), slices.Clone(doc.Index)
	return doc
}

// Get implements [gate.Documents].
func (s *Store) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return gate.Document{}, err
	}
	doc, found := s.document(kind, id)
	if !found {
		return gate.Document{}, gate.ErrNotFound
	}
	return doc, nil
}

// Put implements [gate.Documents].
func (s *Store) Put(ctx context.Context, doc gate.Document) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := doc.Validate(); err != nil {
		return 0, err
	}
	old, found := s.document(doc.Kind, doc.ID)
	if !found && doc.Rev > 0 {
		return 0, gate.ErrNotFound
	}
	if old.Rev != doc.Rev {
		return 0, gate.ErrConflict
	}
	if s.documents[doc.Kind] == nil {
		s.documents[doc.Kind] = make(map[string]gate.Document)
	}
	doc = copied(doc)
	doc.Rev++
	doc.Until = toMillisecond(doc.Until)
	slices.Sort(doc.Index)
	s.documents[doc.Kind][doc.ID] = doc
	s.edited(doc.Kind, doc.ID, !found)
	return doc.Rev, nil
}

// edited makes a new edition where somebody may remember the document.
func (s *Store) edited(kind gate.Kind, id string, made bool) {
	if !kind.Remembered(made) {
		return
	}
	name := gate.DocumentName{Kind: kind, ID: id}
	s.edits = append(s.edits, name)
	s.changes.Tell(gate.Change{Kind: gate.DocumentChanged, Document: name, Edition: s.edition()})
}

func (s *Store) edition() int64 { return int64(len(s.edits)) }

// Delete implements [gate.Documents].
func (s *Store) Delete(ctx context.Context, kind gate.Kind, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, found := s.document(kind, id); !found {
		return gate.ErrNotFound
	}
	delete(s.documents[kind], id)
	s.edited(kind, id, false)
	return nil
}

// List implements [gate.Documents].
func (s *Store) List(ctx context.Context, kind gate.Kind, term, below string, limit int) ([]gate.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var ids []string
	for id := range s.documents[kind] {
		doc, found := s.document(kind, id)
		if found && (below == "" || id < below) && (term == "" || slices.Contains(doc.Index, term)) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	var docs []gate.Document
	for _, id := range ids[:min(len(ids), max(limit, 0))] {
		docs = append(docs, copied(s.documents[kind][id]))
	}
	return docs, nil
}

// Edits implements [gate.Documents].
func (s *Store) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, 0, false, err
	}
	if since < 0 || since > s.edition() {
		return nil, s.edition(), false, nil
	}
	var names []gate.DocumentName
	for _, name := range s.edits[since:] {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, s.edition(), true, nil
}
