package embedded

import (
	"bytes"
	"context"
	"errors"
	"slices"

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

func decodeDocument(kind gate.Kind, id string, value []byte) (gate.Document, error) {
	r := reader{rest: value}
	doc := gate.Document{Kind: kind, ID: id, Rev: r.number()}
	doc.Body = bytes.Clone(r.rest)
	return doc, r.err
}

func getDocument(tx *bolt.Tx, kind gate.Kind, id string) (gate.Document, error) {
	value, err := get(tx, documentsBucket, documentKey(kind, id))
	if err != nil {
		return gate.Document{}, err
	}
	if value == nil {
		return gate.Document{}, gate.ErrNotFound
	}
	return decodeDocument(kind, id, value)
}

// Get implements [gate.Documents].
func (s *Store) Get(ctx context.Context, kind gate.Kind, id string) (doc gate.Document, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		doc, err = getDocument(tx, kind, id)
		return err
	})
	return doc, err
}

// Put implements [gate.Documents].
func (s *Store) Put(ctx context.Context, doc gate.Document) (int64, error) {
	body := bytes.Clone(doc.Body) // the committer may read it after a caller who gave up has gone on
	return submit(ctx, s, func(b *batch) (int64, error) {
		old, err := getDocument(b.tx, doc.Kind, doc.ID)
		if err != nil && (doc.Rev > 0 || !errors.Is(err, gate.ErrNotFound)) {
			return 0, err
		}
		if old.Rev != doc.Rev {
			return 0, gate.ErrConflict
		}
		w := new(writer).number(doc.Rev + 1)
		b.put(documentsBucket, documentKey(doc.Kind, doc.ID), append(w.bytes, body...))
		return doc.Rev + 1, nil
	})
}

// Delete implements [gate.Documents].
func (s *Store) Delete(ctx context.Context, kind gate.Kind, id string) error {
	_, err := submit(ctx, s, func(b *batch) (struct{}, error) {
		if _, err := getDocument(b.tx, kind, id); err != nil {
			return struct{}{}, err
		}
		b.delete(documentsBucket, documentKey(kind, id))
		return struct{}{}, nil
	})
	return err
}

// List implements [gate.Documents].
func (s *Store) List(ctx context.Context, kind gate.Kind, below string, limit int) (docs []gate.Document, err error) {
	prefix := documentKey(kind, "")
	err = s.view(ctx, func(tx *bolt.Tx) error {
		for key, sealed := range falling(tx, documentsBucket, prefix, []byte(below)) {
			if len(docs) >= limit {
				return nil
			}
			value, err := unseal(documentsBucket, key, sealed)
			if err != nil {
				return err
			}
			doc, err := decodeDocument(kind, string(key[len(prefix):]), value)
			if err != nil {
				return err
			}
			docs = append(docs, doc)
		}
		return nil
	})
	return docs, err
}
