package redis

import (
	"context"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

const (
	// fewest is how many names are read at once at the least: some may be of
	// nothing.
	fewest = 10
	// sweeps is how many documents that have ended lose their names along with a
	// put: more than it adds.
	sweeps = 4
)

// naming is a document and the lists that it has a name in, by their terms; the
// list of all is that of the empty term.
type naming struct {
	doc   gate.DocumentName
	lists []string
}

// add writes the names.
func (n naming) add(ctx context.Context, pipe goredis.Pipeliner) {
	for _, term := range n.lists {
		pipe.ZAdd(ctx, documentsKey(n.doc.Kind, term), goredis.Z{Member: n.doc.ID})
	}
}

// execAny makes a trip unless there is nothing to do.
func execAny(ctx context.Context, pipe goredis.Pipeliner) error {
	if pipe.Len() == 0 {
		return nil
	}
	_, err := pipe.Exec(ctx)
	return err
}

// missing are the lists that may not have the document's name yet.
func (s *Store) missing(ctx context.Context, doc gate.Document) ([]string, error) {
	if doc.Rev <= 0 {
		return append(slices.Clone(doc.Index), ""), nil
	}
	if len(doc.Index) == 0 {
		return nil, nil
	}
	docs, err := s.look(ctx, nameOf(doc))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(doc.Index), func(term string) bool {
		return slices.Contains(docs[0].Index, term)
	}), nil
}

// announceNames writes the names of a document that is about to be written, and
// when they are to be swept away. It returns those of others whose time has come.
func (s *Store) announceNames(ctx context.Context, doc gate.Document, lists []string) (over []string, err error) {
	pipe := s.client.Pipeline()
	naming{nameOf(doc), lists}.add(ctx, pipe)
	if doc.Until.IsZero() {
		return nil, execAny(ctx, pipe)
	}
	due := pipe.ZRangeByScore(ctx, endsKey(doc.Kind), &goredis.ZRangeBy{
		Min: "-inf", Max: strconv.FormatInt(s.latest.Load(), 10), Count: sweeps,
	})
	schedule(ctx, pipe, doc)
	_, err = pipe.Exec(ctx)
	return due.Val(), err
}

// name writes names.
func (s *Store) name(ctx context.Context, n naming) error {
	pipe := s.client.Pipeline()
	n.add(ctx, pipe)
	return execAny(ctx, pipe)
}

// schedule notes when the names of a document are to be swept away.
func schedule(ctx context.Context, pipe goredis.Pipeliner, doc gate.Document) {
	pipe.ZAdd(ctx, endsKey(doc.Kind), goredis.Z{Score: float64(doc.Until.UnixMilli()), Member: ending(doc)})
}

// ending is a document with its terms, which have to be known when the document
// is gone. No term has a space.
func ending(doc gate.Document) string { return joinTerms(doc.Index) + " " + doc.ID }

// unname removes names, and puts those back that somebody has given again by
// writing the document in between. It returns the documents as they are then.
func (s *Store) unname(ctx context.Context, namings ...naming) ([]stored, error) {
	pipe := s.client.Pipeline()
	names := make([]gate.DocumentName, len(namings))
	for i, n := range namings {
		names[i] = n.doc
		for _, term := range n.lists {
			pipe.ZRem(ctx, documentsKey(n.doc.Kind, term), n.doc.ID)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	docs, err := s.look(ctx, names...)
	if err != nil {
		return nil, err
	}
	for i, n := range namings {
		n.lists = slices.DeleteFunc(n.lists, func(term string) bool {
			return !docs[i].exists() || term != "" && !slices.Contains(docs[i].Index, term)
		})
		n.add(ctx, pipe)
	}
	return docs, execAny(ctx, pipe)
}

// sweep removes the names of documents that have ended; the documents themselves
// are let go of by time. Where it fails, it is done again along with a later put.
func (s *Store) sweep(ctx context.Context, kind gate.Kind, over []string) {
	if len(over) == 0 {
		return
	}
	namings := make([]naming, len(over))
	for i, name := range over {
		terms, id, _ := strings.Cut(name, " ")
		namings[i] = naming{gate.DocumentName{Kind: kind, ID: id}, append(splitTerms(terms), "")}
	}
	docs, err := s.unname(ctx, namings...)
	if err != nil {
		return
	}
	pipe := s.client.Pipeline()
	for i, doc := range docs {
		ends := doc.exists() && !doc.Until.IsZero()
		if ends { // it was put again
			schedule(ctx, pipe, doc.Document)
		}
		if !ends || ending(doc.Document) != over[i] {
			pipe.ZRem(ctx, endsKey(kind), over[i])
		}
	}
	_ = execAny(ctx, pipe)
}

// List implements [gate.Documents].
func (s *Store) List(ctx context.Context, kind gate.Kind, term, below string, limit int) ([]gate.Document, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("list", err)
	}
	from := "+"
	if below != "" {
		from = "(" + below
	}
	var found []gate.Document
	for len(found) < limit {
		count := min(max(limit-len(found), fewest), page)
		names, docs, err := s.documentPage(ctx, kind, term, from, count)
		if err != nil {
			return nil, wrap("list", err)
		}
		found = append(found, docs[:min(len(docs), limit-len(found))]...)
		if len(names) < count {
			break
		}
		from = "(" + names[count-1].ID
	}
	return found, nil
}

// documentPage reads so many names and the documents behind them, where there
// are some and they still have the term.
func (s *Store) documentPage(
	ctx context.Context, kind gate.Kind, term, from string, count int,
) (names []gate.DocumentName, found []gate.Document, err error) {
	ids, err := s.client.ZRevRangeByLex(ctx, documentsKey(kind, term),
		&goredis.ZRangeBy{Max: from, Min: "-", Count: int64(count)}).Result()
	if err != nil || len(ids) == 0 {
		return nil, nil, err
	}
	for _, id := range ids {
		names = append(names, gate.DocumentName{Kind: kind, ID: id})
	}
	docs, err := s.readDocuments(ctx, names...)
	if err != nil {
		return nil, nil, err
	}
	for _, doc := range docs {
		if doc.exists() && (term == "" || slices.Contains(doc.Index, term)) {
			found = append(found, doc.Document)
		}
	}
	return names, found, nil
}
