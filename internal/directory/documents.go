package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// record is a kind of document: a pointer to one of the package's nouns.
type record interface {
	document() (kind gate.Kind, id string, terms []string)
	Validate() error
}

type recordOf[T any] interface {
	*T
	record
}

// nouns are what the kinds are called in errors.
var nouns = map[gate.Kind]string{
	gate.KindPerson: "person", gate.KindGroup: "group", gate.KindMember: "member",
	gate.KindCollection: "collection", gate.KindGrant: "grant", gate.KindInvite: "invitation", gate.KindSite: "site",
}

// parse reads a record out of its document.
func parse[T any](doc gate.Document) (*T, error) {
	var out T
	if err := json.Unmarshal(doc.Body, &out); err != nil {
		return nil, fmt.Errorf("reading %s %s from the store: %w", doc.Kind, doc.ID, err)
	}
	return &out, nil
}

// fetch reads the record and its revision; *NotFound where there is none.
func fetch[T any](ctx context.Context, store gate.Documents, kind gate.Kind, id string) (*T, int64, error) {
	doc, err := store.Get(ctx, kind, id)
	if errors.Is(err, gate.ErrNotFound) {
		return nil, 0, &NotFound{Noun: nouns[kind], ID: id}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading %s %s: %w", kind, id, err)
	}
	out, err := parse[T](doc)
	return out, doc.Rev, err
}

// keep writes the record in place of revision rev.
func keep(ctx context.Context, store gate.Documents, r record, rev int64) error {
	if err := r.Validate(); err != nil {
		return err
	}
	kind, id, terms := r.document()
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing %s %s: %w", kind, id, err)
	}
	if _, err := store.Put(ctx, gate.Document{Kind: kind, ID: id, Rev: rev, Body: body, Index: terms}); err != nil {
		if errors.Is(err, gate.ErrNotFound) {
			return &NotFound{Noun: nouns[kind], ID: id}
		}
		return fmt.Errorf("writing %s %s: %w", kind, id, err)
	}
	return nil
}

// tries is how often a change is begun anew because somebody else changed the
// same record in the meantime.
const tries = 8

// change reads a record, changes it and writes it, again and again until
// nobody came in between. Where change leaves all as it was, nothing is
// written. It may be called several times.
func change[T any, P recordOf[T]](ctx context.Context, store gate.Documents, kind gate.Kind, id string, change func(P) error) (*T, error) {
	var err error
	for range tries {
		var old, now *T
		var rev int64
		if old, rev, err = fetch[T](ctx, store, kind, id); err != nil {
			return nil, err
		}
		if now, err = copied(old); err != nil {
			return nil, err
		}
		if err = change(now); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(old, now) {
			return now, nil
		}
		if err = keep(ctx, store, P(now), rev); !errors.Is(err, gate.ErrConflict) {
			return now, err
		}
	}
	return nil, err
}

// copied shares nothing with the record.
func copied[T any](r *T) (*T, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var out T
	return &out, json.Unmarshal(body, &out)
}

// remove deletes a document; one that is gone already is as good.
func remove(ctx context.Context, store gate.Documents, kind gate.Kind, id string) error {
	if err := store.Delete(ctx, kind, id); err != nil && !errors.Is(err, gate.ErrNotFound) {
		return fmt.Errorf("deleting %s %s: %w", kind, id, err)
	}
	return nil
}

// batch is how many documents are read at once where all are read.
const batch = 500

// each calls do with every document of the kind that has the term. do may
// delete the document.
func each[T any](ctx context.Context, store gate.Documents, kind gate.Kind, term string, do func(*T) error) error {
	for below := ""; ; {
		docs, err := store.List(ctx, kind, term, below, batch)
		if err != nil {
			return fmt.Errorf("listing %s: %w", kind, err)
		}
		for _, doc := range docs {
			r, err := parse[T](doc)
			if err != nil {
				return err
			}
			if err := do(r); err != nil {
				return err
			}
			below = doc.ID
		}
		if len(docs) < batch {
			return nil
		}
	}
}

// fold makes names that people take for the same one equal.
func fold(name string) string { return strings.ToLower(name) }
