package redis

import (
	"context"
	"errors"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// Get implements [gate.Documents].
func (s *Store) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	if err := ctx.Err(); err != nil {
		return gate.Document{}, wrap("get", err)
	}
	values, err := s.client.HMGet(ctx, documentKey(kind, id), "rev", "body").Result()
	if err != nil {
		return gate.Document{}, wrap("get", err)
	}
	doc, err := decodeDocument(kind, id, values)
	return doc, wrap("get", err)
}

func decodeDocument(kind gate.Kind, id string, values []any) (gate.Document, error) {
	f := fields{values: values}
	doc := gate.Document{Kind: kind, ID: id, Rev: f.number(), Body: []byte(f.text())}
	if f.err != nil {
		return gate.Document{}, f.err
	}
	if doc.Rev == 0 {
		return gate.Document{}, gate.ErrNotFound
	}
	return doc, nil
}

// Put implements [gate.Documents].
func (s *Store) Put(ctx context.Context, doc gate.Document) (int64, error) {
	rev, err := s.put(ctx, doc)
	return rev, wrap("put", err)
}

// put writes the name of a new document before the document, so that a crash
// leaves no document without a name, and once more after it, because somebody
// who deletes the same id just then may have taken the name away again.
func (s *Store) put(ctx context.Context, doc gate.Document) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if doc.Rev != 0 {
		return s.replace(ctx, doc)
	}
	if err := s.name(ctx, doc.Kind, doc.ID); err != nil {
		return 0, err
	}
	rev, err := s.replace(ctx, doc)
	if err != nil {
		return 0, err
	}
	return rev, s.name(ctx, doc.Kind, doc.ID)
}

func (s *Store) name(ctx context.Context, kind gate.Kind, id string) error {
	return s.client.ZAdd(ctx, documentsKey(kind), goredis.Z{Member: id}).Err()
}

func (s *Store) replace(ctx context.Context, doc gate.Document) (int64, error) {
	reply, err := putScript.Run(ctx, s.client, []string{documentKey(doc.Kind, doc.ID)}, doc.Rev, doc.Body).Result()
	if err != nil {
		return 0, err
	}
	switch reply := reply.(type) {
	case int64:
		return reply, nil
	case string:
		if err, failed := failures[reply]; failed {
			return 0, err
		}
	}
	return 0, errReply
}

// Delete implements [gate.Documents].
func (s *Store) Delete(ctx context.Context, kind gate.Kind, id string) error {
	return wrap("delete", s.delete(ctx, kind, id))
}

// delete removes the document before its name, and puts the name back where
// somebody has made the document anew in between.
func (s *Store) delete(ctx context.Context, kind gate.Kind, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	gone, err := s.client.Del(ctx, documentKey(kind, id)).Result()
	if err != nil {
		return err
	}
	if err := s.client.ZRem(ctx, documentsKey(kind), id).Err(); err != nil {
		return err
	}
	there, err := s.client.Exists(ctx, documentKey(kind, id)).Result()
	if err == nil && there > 0 {
		err = s.name(ctx, kind, id)
	}
	if err == nil && gone == 0 {
		err = gate.ErrNotFound
	}
	return err
}

// List implements [gate.Documents].
func (s *Store) List(ctx context.Context, kind gate.Kind, below string, limit int) ([]gate.Document, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("list", err)
	}
	from := "+"
	if below != "" {
		from = "(" + below
	}
	var found []gate.Document
	for len(found) < limit {
		names, docs, err := s.documentPage(ctx, kind, from)
		if err != nil {
			return nil, wrap("list", err)
		}
		found = append(found, docs[:min(len(docs), limit-len(found))]...)
		if len(names) < page {
			break
		}
		from = "(" + names[page-1]
	}
	return found, nil
}

// documentPage reads a page of names and the documents behind them, where
// there are some.
func (s *Store) documentPage(
	ctx context.Context, kind gate.Kind, from string,
) (names []string, docs []gate.Document, err error) {
	names, err = s.client.ZRevRangeByLex(ctx, documentsKey(kind),
		&goredis.ZRangeBy{Max: from, Min: "-", Count: page}).Result()
	if err != nil || len(names) == 0 {
		return nil, nil, err
	}
	pipe := s.client.Pipeline()
	cmds := make([]*goredis.SliceCmd, len(names))
	for i, id := range names {
		cmds[i] = pipe.HMGet(ctx, documentKey(kind, id), "rev", "body")
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, nil, err
	}
	for i, id := range names {
		doc, err := decodeDocument(kind, id, cmds[i].Val())
		if errors.Is(err, gate.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		docs = append(docs, doc)
	}
	return names, docs, nil
}
