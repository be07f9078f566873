package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// scissors let so many trips of a node through. The next one is cut, before or
// after the server has carried it out, and so is all that follows.
type scissors struct {
	left  int
	after bool
}

var errCut = errors.New("cut")

func (s *scissors) trip(travel func() error) error {
	s.left--
	switch {
	case s.left >= 0:
		return travel()
	case s.left == -1 && s.after:
		_ = travel()
	}
	return errCut
}

func (s *scissors) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (s *scissors) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		err := s.trip(func() error { return next(ctx, cmd) })
		if errors.Is(err, errCut) {
			cmd.SetErr(err)
		}
		return err
	}
}

func (s *scissors) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		return s.trip(func() error { return next(ctx, cmds) })
	}
}

func edition(t testing.TB, s *Store) int64 {
	t.Helper()
	state, err := s.Check(t.Context(), gate.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return state.Edition
}

// lookUp is the document, or none.
func lookUp(t testing.TB, s *Store, name gate.DocumentName) gate.Document {
	t.Helper()
	doc, err := s.Get(t.Context(), name.Kind, name.ID)
	if err != nil && !errors.Is(err, gate.ErrNotFound) {
		t.Fatal(err)
	}
	return doc
}

func person(id string, rev int64, body string, terms ...string) gate.Document {
	return gate.Document{Kind: gate.KindPerson, ID: id, Rev: rev, Body: []byte(body), Index: terms}
}

// TestWriterCutShort ends a node at every trip of a put and of a delete. Whoever
// then looks, or tries the same again, must not leave the document changed without
// an edition that says so; the document is in the lists of its terms and in no
// other; and where nothing was changed, no edition was made.
func TestWriterCutShort(t *testing.T) {
	srv := redistest.Start(t)
	c, node := admin(t, srv.URL()), open(t, srv.URL(), nil)
	verbs := map[string]verbOf{
		"make": {false, func(ctx context.Context, s *Store) error { return second(s.Put(ctx, person("x", 0, "new", "b", "c"))) }},
		"change": {true, func(ctx context.Context, s *Store) error {
			return second(s.Put(ctx, person("x", 1, "new", "b", "c")))
		}},
		"delete": {true, func(ctx context.Context, s *Store) error { return s.Delete(ctx, gate.KindPerson, "x") }},
	}
	for name, verb := range verbs {
		for _, after := range []bool{false, true} {
			for _, again := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, carried out %v, again %v", name, after, again), func(t *testing.T) {
					trips := 0
					for ; ; trips++ {
						do(t, c, "FLUSHALL")
						if !cutAt(t, srv.URL(), node, verb, &scissors{trips, after}, again) {
							break
						}
					}
					if trips < 3 {
						t.Errorf("it was cut %d times only", trips)
					}
				})
			}
		}
	}
}

// verbOf is a verb, and whether it is about a document that is there.
type verbOf struct {
	there bool
	call  func(context.Context, *Store) error
}

// cutAt reports whether the verb failed because it was cut.
func cutAt(t *testing.T, url string, node *Store, verb verbOf, scissors *scissors, again bool) bool {
	t.Helper()
	if _, err := node.Put(t.Context(), person("other", 0, "other", "a", "b")); err != nil {
		t.Fatal(err)
	}
	if verb.there {
		if _, err := node.Put(t.Context(), person("x", 0, "old", "a", "b")); err != nil {
			t.Fatal(err)
		}
	}
	name := gate.DocumentName{Kind: gate.KindPerson, ID: "x"}
	known, before := edition(t, node), lookUp(t, node, name)

	cut := open(t, url, nil)
	cut.client.AddHook(scissors)
	failed := verb.call(t.Context(), cut)
	if failed != nil && !errors.Is(failed, errCut) {
		t.Fatal(failed)
	}
	if again {
		err := verb.call(t.Context(), node)
		if err != nil && !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			t.Fatal(err)
		}
	} else {
		lookUp(t, node, name)
	}
	names, at, complete, err := node.Edits(t.Context(), known)
	now := lookUp(t, node, name)
	changed := fmt.Sprint(now) != fmt.Sprint(before)
	if err != nil || !complete || slices.Contains(names, name) != changed || at != edition(t, node) || changed != (at != known) {
		t.Errorf("changed %v, edits since %d, at %d: %v, complete %v, %v", changed, known, at, names, complete, err)
	}
	for _, term := range []string{"a", "b", "c", ""} {
		docs, err := node.List(t.Context(), gate.KindPerson, term, "", 9)
		listed := slices.ContainsFunc(docs, func(d gate.Document) bool { return d.ID == "x" })
		if want := now.Rev > 0 && (term == "" || slices.Contains(now.Index, term)); err != nil || listed != want {
			t.Errorf("it is listed by %q: %v, want %v, %v", term, listed, want, err)
		}
	}
	return failed != nil
}

// TestUntoldIsToldOnce lets many meet a change that was not told, all at once: it
// makes one edition, and leaves nothing behind.
func TestUntoldIsToldOnce(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	link := gate.LinkID{1}
	name := gate.DocumentName{Kind: gate.KindLink, ID: link.String()}
	if _, err := s.Put(t.Context(), person("other", 0, "1")); err != nil {
		t.Fatal(err)
	}
	for _, write := range []func() (written, error){
		func() (written, error) { return s.write(t.Context(), putScript, name, 0, "1", "", "", "first") },
		func() (written, error) { return s.write(t.Context(), putScript, name, 1, "2", "", "a", "second") },
		func() (written, error) { return s.write(t.Context(), deleteScript, name, "third") },
	} {
		l, known := listen(t, s), edition(t, s)
		if _, err := write(); err != nil {
			t.Fatal(err)
		}
		if now := edition(t, s); now != known {
			t.Fatal("it was told by itself")
		}
		var all sync.WaitGroup
		for i := range 21 {
			all.Go(func() {
				var err error
				switch i % 4 {
				case 0:
					_, err = s.Get(t.Context(), name.Kind, name.ID)
				case 1:
					err = s.Delete(t.Context(), name.Kind, "y")
				case 2:
					_, err = s.Put(t.Context(), gate.Document{Kind: name.Kind, ID: name.ID, Rev: 9, Body: []byte("9")})
				case 3:
					_, err = s.Check(t.Context(), gate.Query{Link: link, Record: true})
				}
				if err != nil && !errors.Is(err, gate.ErrNotFound) && !errors.Is(err, gate.ErrConflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := gate.Change{Kind: gate.DocumentChanged, Document: name, Edition: edition(t, s)}
		l.hears(want)
		if names := edits(t, s, known); len(names) != 1 || names[0] != name {
			t.Errorf("edited were %v", names)
		}
		if untold := c.HGet(t.Context(), documentKey(name.Kind, name.ID), "untold").Val(); untold != "" {
			t.Errorf("%s is still said to be untold", untold)
		}
	}
	if n := c.ZCard(t.Context(), editsKey).Val(); n != 4 {
		t.Errorf("%d editions were made: %q", n, c.ZRange(t.Context(), editsKey, 0, -1).Val())
	}
	if n := c.Exists(t.Context(), documentKey(name.Kind, name.ID)).Val(); n != 0 {
		t.Error("something of the deleted document is left")
	}
}

// edits are the documents that changed since an edition that is known.
func edits(t *testing.T, s *Store, since int64) []gate.DocumentName {
	t.Helper()
	names, _, complete, err := s.Edits(t.Context(), since)
	if err != nil || !complete {
		t.Fatalf("since %d: complete %v, %v", since, complete, err)
	}
	return names
}

// TestEditionIsLost loses the edition in every way there is. Whoever knows one of
// before is told that it is not known, also once there are new ones.
func TestEditionIsLost(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	count := 0
	change := func() int64 {
		count++
		if _, err := s.Put(t.Context(), person(strconv.Itoa(count), 0, "1")); err != nil {
			t.Fatal(err)
		}
		return edition(t, s)
	}
	unknown := func(what string, since ...int64) {
		t.Helper()
		for _, at := range since {
			names, now, complete, err := s.Edits(t.Context(), at)
			if err != nil || complete || len(names) != 0 || now != edition(t, s) {
				t.Errorf("%s: since %d: %v at %d, complete %v, %v", what, at, names, now, complete, err)
			}
		}
	}
	for what, lose := range map[string]func(last, before int64){
		"all":         func(_, _ int64) { do(t, c, "FLUSHALL") },
		"the edition": func(_, _ int64) { do(t, c, "DEL", editionKey) },
		"the edits":   func(_, _ int64) { do(t, c, "DEL", editsKey) },
		// As a replica does that was not told of them when it took over.
		"the last ones": func(last, before int64) {
			do(t, c, "SET", editionKey, before)
			do(t, c, "ZREMRANGEBYSCORE", editsKey, fmt.Sprint("(", before), "+inf")
		},
	} {
		first, before := change(), change()
		middle, last := change(), change()
		lose(last, before)
		if what == "the edits" {
			unknown(what, first, before, middle)
		} else {
			unknown(what, middle, last)
		}
		now := change()
		if now <= last {
			t.Errorf("%s: edition %d was made after %d", what, now, last)
		}
		unknown(what+", and a change after it", middle, last)
		if what == "the last ones" {
			if names := edits(t, s, before); len(names) != 1 {
				t.Errorf("%s: the change since %d is %v", what, before, names)
			}
		}
		known := now
		change()
		if names := edits(t, s, known); len(names) != 1 || names[0].ID != strconv.Itoa(count) {
			t.Errorf("%s: the next change is %v", what, names)
		}
	}
}

// TestEditsAreBounded sees that no more are kept than the contract says, and the
// edition that they follow.
func TestEditsAreBounded(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	first := edition(t, s)
	copies(t, c, gate.EditsKept+500, func(i int) []any { return []any{"ZADD", editsKey, i + 1, fmt.Sprint(i, " person x")} })
	do(t, c, "SET", editionKey, gate.EditsKept+500)
	for i := range 3 {
		if _, err := s.Put(t.Context(), person(strconv.Itoa(i), 0, "1")); err != nil {
			t.Fatal(err)
		}
		if n := c.ZCard(t.Context(), editsKey).Val(); n != gate.EditsKept+1 {
			t.Errorf("%d edits are kept", n)
		}
	}
	oldest := c.ZRangeWithScores(t.Context(), editsKey, 0, 0).Val()[0]
	if names := edits(t, s, int64(oldest.Score)); len(names) != 4 {
		t.Errorf("since the oldest: %v", names)
	}
	for _, since := range []int64{first, int64(oldest.Score) - 1} {
		if _, _, complete, err := s.Edits(t.Context(), since); err != nil || complete {
			t.Errorf("since %d: complete, %v", since, err)
		}
	}
}

// TestUserMayNotPublishDocuments sees that a document is changed all the same, and
// that its edition says so.
func TestUserMayNotPublishDocuments(t *testing.T) {
	srv := redistest.Start(t)
	do(t, admin(t, srv.URL()), "ACL", "SETUSER", "mute", "on", ">word", "~usher:*", "+@all", "resetchannels")
	s := open(t, strings.Replace(srv.URL(), "redis://", "redis://mute:word@", 1), nil)
	for rev := range int64(2) {
		known := edition(t, s)
		if got, err := s.Put(t.Context(), person("x", rev, "1")); err != nil || got != rev+1 || edition(t, s) == known {
			t.Errorf("revision %d, %v", got, err)
		}
	}
}

// TestMadeAgainStays makes a document whose id another one had, which was deleted
// by a node that was cut before it could tell so. What that left goes with time,
// and the new document is not to go with it.
func TestMadeAgainStays(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	if _, err := s.Put(t.Context(), person("x", 0, "old")); err != nil {
		t.Fatal(err)
	}
	name := gate.DocumentName{Kind: gate.KindPerson, ID: "x"}
	if _, err := s.write(t.Context(), deleteScript, name, "untold"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), person("x", 0, "new")); err != nil {
		t.Fatal(err)
	}
	if life := c.TTL(t.Context(), documentKey(name.Kind, name.ID)).Val(); life > 0 {
		t.Errorf("the new document is gone after %v", life)
	}
}
