package redis

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// stored is a document as it is kept, as of a moment. Its Rev is 0 where it does
// not exist.
type stored struct {
	gate.Document
	untold string
}

func (d stored) exists() bool { return d.Rev != 0 }

func nameOf(doc gate.Document) gate.DocumentName {
	return gate.DocumentName{Kind: doc.Kind, ID: doc.ID}
}

var readDocumentFields = boxed([]string{"rev", "body", "until", "index", "untold"})

func decodeDocument(name gate.DocumentName, now time.Time, values []any) (stored, error) {
	f := fields{values: values}
	doc := stored{Document: gate.Document{Kind: name.Kind, ID: name.ID, Rev: f.number(), Body: []byte(f.text())}}
	doc.Until, doc.Index, doc.untold = f.time(), splitTerms(f.text()), f.text()
	if f.err != nil {
		return stored{}, f.err
	}
	if !doc.Until.IsZero() && !now.Before(doc.Until) {
		doc.Rev = 0
	}
	return doc, nil
}

// joinTerms and splitTerms are how terms are kept, none of which has a comma.
func joinTerms(terms []string) string { return strings.Join(terms, ",") }

func splitTerms(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// look reads documents, in the order of their names, whether or not they exist.
func (s *Store) look(ctx context.Context, names ...gate.DocumentName) ([]stored, error) {
	pipe := s.client.Pipeline()
	cmds := make([]*goredis.SliceCmd, len(names))
	for i, name := range names {
		cmds[i] = readHash(ctx, pipe, documentKey(name.Kind, name.ID), readDocumentFields)
	}
	now, err := s.exec(ctx, pipe)
	if err != nil {
		return nil, err
	}
	docs := make([]stored, len(names))
	for i, name := range names {
		if docs[i], err = decodeDocument(name, now, cmds[i].Val()); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// readDocuments looks, and tells of changes that were not told yet.
func (s *Store) readDocuments(ctx context.Context, names ...gate.DocumentName) ([]stored, error) {
	docs, err := s.look(ctx, names...)
	if err != nil {
		return nil, err
	}
	for i, doc := range docs {
		if err := s.tell(ctx, doc.untold, names[i]); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// Get implements [gate.Documents].
func (s *Store) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	if err := ctx.Err(); err != nil {
		return gate.Document{}, wrap("get", err)
	}
	docs, err := s.readDocuments(ctx, gate.DocumentName{Kind: kind, ID: id})
	if err == nil && !docs[0].exists() {
		err = gate.ErrNotFound
	}
	if err != nil {
		return gate.Document{}, wrap("get", err)
	}
	return docs[0].Document, nil
}

// Put implements [gate.Documents].
func (s *Store) Put(ctx context.Context, doc gate.Document) (int64, error) {
	rev, err := s.put(ctx, doc)
	return rev, wrap("put", err)
}

// put writes the names of a document before the document, so that a crash leaves
// no document without a name, and once more after it, because somebody who
// deletes the same id just then may have taken the names away again.
func (s *Store) put(ctx context.Context, doc gate.Document) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := doc.Validate(); err != nil {
		return 0, err
	}
	doc.Index = slices.Sorted(slices.Values(doc.Index))
	added, err := s.missing(ctx, doc)
	if err != nil {
		return 0, err
	}
	over, err := s.announceNames(ctx, doc, added)
	if err != nil {
		return 0, err
	}
	change := newChange(doc.Kind, doc.Rev == 0)
	done, err := s.write(ctx, putScript, nameOf(doc),
		doc.Rev, doc.Body, millisText(doc.Until), joinTerms(doc.Index), change)
	if err != nil {
		return 0, err
	}
	if err := s.name(ctx, naming{nameOf(doc), added}); err != nil {
		return 0, err
	}
	if err := s.tell(ctx, change, nameOf(doc)); err != nil {
		return 0, err
	}
	gone := slices.DeleteFunc(done.index, func(term string) bool { return slices.Contains(doc.Index, term) })
	if len(gone) > 0 {
		if _, err := s.unname(ctx, naming{nameOf(doc), gone}); err != nil {
			return 0, err
		}
	}
	s.sweep(ctx, doc.Kind, over)
	return done.rev, nil
}

// Delete implements [gate.Documents].
func (s *Store) Delete(ctx context.Context, kind gate.Kind, id string) error {
	return wrap("delete", s.delete(ctx, gate.DocumentName{Kind: kind, ID: id}))
}

// delete removes the document before its names.
func (s *Store) delete(ctx context.Context, name gate.DocumentName) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	change := newChange(name.Kind, false)
	done, err := s.write(ctx, deleteScript, name, change)
	if err != nil {
		return err
	}
	if err := s.tell(ctx, change, name); err != nil {
		return err
	}
	_, err = s.unname(ctx, naming{name, append(done.index, "")})
	return err
}

// written is what a script says that writes documents.
type written struct {
	index []string // the terms of what was there before
	rev   int64
}

// write runs a script on a document. Where it refuses, a change that was there
// before and was not told yet is told first.
func (s *Store) write(
	ctx context.Context, script *goredis.Script, doc gate.DocumentName, args ...any,
) (written, error) {
	reply, err := script.Run(ctx, s.client, []string{documentKey(doc.Kind, doc.ID)}, s.timed(args...)...).Slice()
	if err != nil {
		return written{}, err
	}
	f := fields{values: reply}
	word, reading, untold := f.text(), f.number(), f.text()
	done := written{index: splitTerms(f.text()), rev: f.number()}
	if f.err != nil {
		return written{}, f.err
	}
	s.saw(reading)
	if word == "ok" {
		return done, nil
	}
	if err := s.tell(ctx, untold, doc); err != nil {
		return written{}, err
	}
	return written{}, cmp.Or(failures[word], errReply)
}
