package embedded

import (
	"bytes"
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
)

// view runs a verb that only reads what the front does not keep. It sees what
// was committed last, and waits for nobody.
func (s *Store) view(ctx context.Context, read func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.explain(s.use(func() error { return s.db.View(read) }))
}

// documentKey sorts the documents by kind and then by id.
func documentKey(kind gate.Kind, id string) []byte {
	return slices.Concat([]byte(kind), []byte{0}, []byte(id))
}

// termKey sorts those of a kind by term and then by id. No term has a zero byte.
func termKey(kind gate.Kind, term, id string) []byte {
	return slices.Concat([]byte(kind), []byte{0}, []byte(term), []byte{0}, []byte(id))
}

func encodeDocument(doc gate.Document) []byte {
	w := new(writer).number(doc.Rev).time(doc.Until).number(int64(len(doc.Index)))
	for _, term := range doc.Index {
		w.text(term)
	}
	return append(w.bytes, doc.Body...)
}

func decodeDocument(kind gate.Kind, id string, value []byte) (gate.Document, error) {
	r := reader{rest: value}
	doc := gate.Document{Kind: kind, ID: id, Rev: r.number(), Until: r.time()}
	for n := r.number(); n > 0 && r.err == nil; n-- {
		doc.Index = append(doc.Index, r.text())
	}
	doc.Body = bytes.Clone(r.rest)
	return doc, r.err
}

// ended reports whether the document does not exist any more at now.
func ended(doc gate.Document, now time.Time) bool {
	return !doc.Until.IsZero() && !now.Before(doc.Until)
}

// keptDocument returns the document as it is kept, which may have ended.
func keptDocument(tx *bolt.Tx, kind gate.Kind, id string) (doc gate.Document, found bool, err error) {
	value, err := get(tx, documentsBucket, documentKey(kind, id))
	if err != nil || value == nil {
		return gate.Document{}, false, err
	}
	doc, err = decodeDocument(kind, id, value)
	return doc, err == nil, err
}

// getDocument returns the document as of now.
func getDocument(tx *bolt.Tx, kind gate.Kind, id string, now time.Time) (gate.Document, error) {
	doc, found, err := keptDocument(tx, kind, id)
	if err == nil && (!found || ended(doc, now)) {
		err = gate.ErrNotFound
	}
	if err != nil {
		return gate.Document{}, err
	}
	return doc, nil
}

// Get implements [gate.Documents].
func (s *Store) Get(ctx context.Context, kind gate.Kind, id string) (doc gate.Document, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		doc, err = getDocument(tx, kind, id, s.clock.now())
		return err
	})
	return doc, err
}

// Put implements [gate.Documents].
func (s *Store) Put(ctx context.Context, doc gate.Document) (int64, error) {
	if err := doc.Validate(); err != nil {
		return 0, err
	}
	// The committer may read it after a caller who gave up has gone on.
	doc.Body, doc.Index = bytes.Clone(doc.Body), slices.Sorted(slices.Values(doc.Index))
	doc.Until = toMillisecond(doc.Until)
	return submit(ctx, s, func(b *batch) (int64, error) { return b.putDocument(doc) })
}

func (b *batch) putDocument(doc gate.Document) (int64, error) {
	old, found, err := keptDocument(b.tx, doc.Kind, doc.ID)
	if err != nil {
		return 0, err
	}
	made := !found || ended(old, b.now)
	switch {
	case made && doc.Rev > 0:
		return 0, gate.ErrNotFound
	case !made && old.Rev != doc.Rev, made && doc.Rev < 0:
		return 0, gate.ErrConflict
	}
	for _, term := range old.Index {
		if !slices.Contains(doc.Index, term) {
			b.delete(termsBucket, termKey(doc.Kind, term, doc.ID))
		}
	}
	for _, term := range doc.Index {
		if !slices.Contains(old.Index, term) {
			b.put(termsBucket, termKey(doc.Kind, term, doc.ID), nil)
		}
	}
	if !doc.Until.IsZero() && !doc.Until.Equal(old.Until) {
		b.schedule(broomKey{doc.Until, broomDocument, string(documentKey(doc.Kind, doc.ID))})
	}
	doc.Rev++
	b.put(documentsBucket, documentKey(doc.Kind, doc.ID), encodeDocument(doc))
	b.edited(doc.Kind, doc.ID, made)
	return doc.Rev, nil
}

// edited makes a new edition where somebody may remember the document.
func (b *batch) edited(kind gate.Kind, id string, made bool) {
	if !kind.Remembered(made) {
		return
	}
	name := gate.DocumentName{Kind: kind, ID: id}
	b.edits = append(b.edits, name)
	b.edition++
	b.tell(gate.Change{Kind: gate.DocumentChanged, Document: name, Edition: b.edition})
}

// Delete implements [gate.Documents].
func (s *Store) Delete(ctx context.Context, kind gate.Kind, id string) error {
	_, err := submit(ctx, s, func(b *batch) (struct{}, error) {
		doc, err := getDocument(b.tx, kind, id, b.now)
		if err != nil {
			return struct{}{}, err
		}
		b.deleteDocument(doc)
		b.edited(kind, id, false)
		return struct{}{}, nil
	})
	return err
}

func (b *batch) deleteDocument(doc gate.Document) {
	for _, term := range doc.Index {
		b.delete(termsBucket, termKey(doc.Kind, term, doc.ID))
	}
	b.delete(documentsBucket, documentKey(doc.Kind, doc.ID))
}

// List implements [gate.Documents].
func (s *Store) List(
	ctx context.Context, kind gate.Kind, term, below string, limit int,
) (docs []gate.Document, err error) {
	bucket, prefix := documentsBucket, documentKey(kind, "")
	if term != "" {
		bucket, prefix = termsBucket, termKey(kind, term, "")
	}
	err = s.view(ctx, func(tx *bolt.Tx) error {
		now := s.clock.now()
		for key, sealed := range falling(tx, bucket, prefix, []byte(below)) {
			if len(docs) >= limit {
				return nil
			}
			id := string(key[len(prefix):])
			if term != "" {
				key = documentKey(kind, id)
				sealed = tx.Bucket(documentsBucket).Get(key)
			}
			value, err := unseal(documentsBucket, key, sealed)
			if err != nil {
				return err
			}
			doc, err := decodeDocument(kind, id, value)
			if err != nil {
				return err
			}
			if !ended(doc, now) {
				docs = append(docs, doc)
			}
		}
		return nil
	})
	return docs, err
}
