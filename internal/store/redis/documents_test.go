package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// TestListDoesNotScan sees that what a listing asks for goes by what it returns,
// and not by how many documents there are, or have the term.
func TestListDoesNotScan(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	for _, size := range []int{200, 20_000} {
		do(t, c, "FLUSHALL")
		copies(t, c, size, func(i int) []any {
			return []any{"ZADD", documentsKey(gate.KindGrant, ""), 0, fmt.Sprintf("%06d", i)}
		})
		copies(t, c, size, func(i int) []any {
			return []any{"ZADD", documentsKey(gate.KindGrant, "all"), 0, fmt.Sprintf("%06d", i)}
		})
		copies(t, c, size, func(i int) []any {
			key := documentKey(gate.KindGrant, fmt.Sprintf("%06d", i))
			return []any{"HSET", key, "rev", 1, "body", "1", "until", "", "index", "all"}
		})
		// Those of one collection are everywhere among them.
		for i := range 5 {
			doc := gate.Document{Kind: gate.KindGrant, ID: fmt.Sprintf("%06dx", i*size/5), Index: []string{"all", "col:1"}}
			if _, err := s.Put(t.Context(), doc); err != nil {
				t.Fatal(err)
			}
		}
		for _, try := range []struct {
			term, below string
			limit, want int
			commands    []string
		}{
			{"col:1", "", 100, 5, []string{"1 time", "1 zrevrangebylex", "5 hmget"}},
			{"col:1", "", 2, 2, []string{"1 time", "1 zrevrangebylex", "5 hmget"}},
			{"col:1", fmt.Sprintf("%06dx", 2*size/5), 9, 2, []string{"1 time", "1 zrevrangebylex", "2 hmget"}},
			{"col:2", "", 9, 0, []string{"1 zrevrangebylex"}},
			{"all", "", 10, 10, []string{"1 time", "1 zrevrangebylex", "10 hmget"}},
			{"", fmt.Sprintf("%06d", size/2), 20, 20, []string{"1 time", "1 zrevrangebylex", "20 hmget"}},
		} {
			commands(t, c)
			docs, err := s.List(t.Context(), gate.KindGrant, try.term, try.below, try.limit)
			if err != nil || len(docs) != try.want {
				t.Fatalf("%q of %d: %d documents, %v", try.term, size, len(docs), err)
			}
			if got := commands(t, c); !slices.Equal(got, try.commands) {
				t.Errorf("%q of %d: asked for %q, want %q", try.term, size, got, try.commands)
			}
		}
	}
}

// TestEndedNamesAreSweptAway sees that names of documents that have ended go away
// from all lists while others come that end, and those of others stay.
func TestEndedNamesAreSweptAway(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	now := time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	s := open(t, srv.URL(), func() time.Time { return now })
	put := func(id string, rev int64, life time.Duration, terms ...string) {
		t.Helper()
		doc := gate.Document{Kind: gate.KindSignIn, ID: id, Rev: rev, Index: terms}
		if life > 0 {
			doc.Until = now.Add(life)
		}
		if _, err := s.Put(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	sizes := func() (sizes []int64) {
		for _, list := range []string{
			documentsKey(gate.KindSignIn, ""), documentsKey(gate.KindSignIn, "a"),
			documentsKey(gate.KindSignIn, "b"), endsKey(gate.KindSignIn),
		} {
			sizes = append(sizes, c.ZCard(t.Context(), list).Val())
		}
		return sizes
	}
	const old = 40
	for i := range old {
		put(fmt.Sprint("old", i), 0, time.Hour, "a", "b")
	}
	put("for ever", 0, 0, "a")
	put("longer", 0, time.Hour, "a", "b")
	put("longer", 1, 1000*time.Hour, "b")
	put("not for ever any more", 0, time.Hour, "a")
	put("not for ever any more", 1, 0, "a")
	if got, want := sizes(), []int64{old + 3, old + 2, old + 1, old + 3}; !slices.Equal(got, want) {
		t.Errorf("at first the lists have %v, want %v", got, want)
	}
	now = now.Add(time.Hour)
	put("new", 0, 1000*time.Hour, "a")
	for i := range (old + 3) / sweeps {
		put("new", int64(i+1), 1000*time.Hour, "a")
	}
	put("new", int64((old+3)/sweeps+1), 1000*time.Hour, "a")
	if got, want := sizes(), []int64{4, 3, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("in the end the lists have %v, want %v", got, want)
	}
	for term, want := range map[string]int{"": 4, "a": 3, "b": 1} {
		docs, err := s.List(t.Context(), gate.KindSignIn, term, "", 99)
		if err != nil || len(docs) != want {
			t.Errorf("by %q: %+v, %v", term, docs, err)
		}
	}
	// The documents themselves are let go of by time, and only those that end.
	for id, forever := range map[string]bool{"old1": false, "for ever": true, "longer": false, "not for ever any more": true} {
		if ttl := c.TTL(t.Context(), documentKey(gate.KindSignIn, id)).Val(); forever != (ttl < 0) {
			t.Errorf("%s has a time to live of %v", id, ttl)
		}
	}
}

// TestNamesOfWriters lets many make, change and delete one document. Whatever
// comes last, it is listed by its terms and by no others.
func TestNamesOfWriters(t *testing.T) {
	srv := redistest.Start(t)
	s := open(t, srv.URL(), nil)
	terms := [][]string{{"a", "b"}, {"b", "c"}, {"c", "a"}, nil}
	for round := range 100 {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				doc := gate.Document{Kind: gate.KindLink, ID: "x", Index: terms[(i+round)%len(terms)]}
				if i%3 == 0 {
					doc.Until = time.Now().Add(time.Hour)
				}
				old, err := s.Get(t.Context(), doc.Kind, doc.ID)
				if doc.Rev = old.Rev; err == nil && i%4 == 0 {
					err = s.Delete(t.Context(), doc.Kind, doc.ID)
				} else if err == nil || errors.Is(err, gate.ErrNotFound) {
					_, err = s.Put(t.Context(), doc)
				}
				if err != nil && !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		doc := lookUp(t, s, gate.DocumentName{Kind: gate.KindLink, ID: "x"})
		for _, term := range []string{"", "a", "b", "c"} {
			docs, err := s.List(t.Context(), gate.KindLink, term, "", 9)
			want := doc.Rev > 0 && (term == "" || slices.Contains(doc.Index, term))
			if err != nil || want != (len(docs) == 1) {
				t.Fatalf("%+v is listed by %q: %+v, %v", doc, term, docs, err)
			}
		}
	}
}

// meanwhile does something once, before a node's next script.
type meanwhile struct {
	scissors
	do func()
}

func (m *meanwhile) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if do := m.do; do != nil && strings.HasPrefix(cmd.Name(), "eval") {
			m.do = nil
			do()
		}
		return next(ctx, cmd)
	}
}

// TestNamesTakenAwayMeanwhile sees that a document is listed although somebody who
// deleted it before takes its names away just before it is written.
func TestNamesTakenAwayMeanwhile(t *testing.T) {
	srv := redistest.Start(t)
	node, writer := open(t, srv.URL(), nil), open(t, srv.URL(), nil)
	hook := &meanwhile{scissors: scissors{left: 1 << 30}}
	writer.client.AddHook(hook)
	for rev, terms := range [][]string{{"a", "b"}, {"b", "c"}, {"a", "b", "c"}} {
		doc := person("x", int64(rev), "1", terms...)
		hook.do = func() {
			if _, err := node.unname(t.Context(), naming{nameOf(doc), []string{"", "a", "b", "c"}}); err != nil {
				t.Error(err)
			}
		}
		if _, err := writer.Put(t.Context(), doc); err != nil || hook.do != nil {
			t.Fatal(err)
		}
		for _, term := range []string{"", "a", "b", "c"} {
			docs, err := node.List(t.Context(), gate.KindPerson, term, "", 9)
			if want := term == "" || slices.Contains(terms, term); err != nil || want != (len(docs) == 1) {
				t.Errorf("at revision %d it is listed by %q: %+v, %v", rev+1, term, docs, err)
			}
		}
	}
}

// TestDocumentsOnAFullServer sees that somebody can be suspended where nothing new
// can be made any more, and that everybody is told.
func TestDocumentsOnAFullServer(t *testing.T) {
	srv := redistest.Start(t, "--maxmemory", "8mb", "--maxmemory-policy", "noeviction")
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	for _, id := range []string{"x", "y", "z"} {
		for rev := range int64(2) {
			if _, err := s.Put(t.Context(), person(id, rev, "active", "a")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Delete(t.Context(), gate.KindPerson, "z"); err != nil {
		t.Fatal(err) // so that the server knows every script
	}
	fill(t, c)
	known := edition(t, s)
	if _, err := s.Put(t.Context(), person("new", 0, "active", "a")); !goredis.HasErrorPrefix(errors.Unwrap(err), "OOM") {
		t.Errorf("a document was made on a full server: %v", err)
	}
	if now := edition(t, s); now != known {
		t.Error("an edition was made of nothing")
	}
	if rev, err := s.Put(t.Context(), person("x", 2, "suspended", "a")); err != nil || rev != 3 {
		t.Errorf("a suspension on a full server: revision %d, %v", rev, err)
	}
	if err := s.Delete(t.Context(), gate.KindPerson, "y"); err != nil {
		t.Errorf("a deletion on a full server: %v", err)
	}
	want := []gate.DocumentName{{Kind: gate.KindPerson, ID: "x"}, {Kind: gate.KindPerson, ID: "y"}}
	if names := edits(t, s, known); !slices.Equal(names, want) {
		t.Errorf("edited were %v", names)
	}
}
