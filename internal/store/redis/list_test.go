package redis

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/token"
)

// TestListsSweepThemselves sees that the names of sessions that are over go
// away while new ones come, without anybody asking for the list.
func TestListsSweepThemselves(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	now := time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	s := open(t, srv.URL(), func() time.Time { return now })
	id := link(t, s, gate.Terms{})
	const old = 250
	person := gate.PersonID(token.NewID(time.Now()))
	visit := func() {
		t.Helper()
		o := visitor(id)
		o.Person = person
		if opened, err := s.Open(t.Context(), o); err != nil || opened.Refused.Reason != gate.OK {
			t.Fatalf("%+v, %v", opened, err)
		}
	}
	for range old {
		visit()
	}
	k := keysOf(id)
	lists := []string{k.sessions(), k.sessionEnds(), allSessions, allSessionEnds, personSessions(person), personSessionEnds(person)}
	size := func(want int64) {
		t.Helper()
		for _, list := range lists {
			if got := c.ZCard(t.Context(), list).Val(); got != want {
				t.Errorf("%s has %d names, want %d", list, got, want)
			}
		}
	}
	size(old)
	if all, err := s.Sessions(t.Context(), gate.Whose{}, gate.SessionID{}, 1000); err != nil || len(all) != old {
		t.Errorf("%d sessions are listed of %d, %v", len(all), old, err)
	}
	now = now.Add(time.Hour + gate.SessionKept)
	if all, err := s.Sessions(t.Context(), gate.Whose{Link: id}, gate.SessionID{}, 1000); err != nil || len(all) != 0 {
		t.Errorf("%d sessions are listed after their time, %v", len(all), err)
	}
	for _, want := range []int64{old - 100 + 1, old - 200 + 2, 3} {
		visit()
		size(want)
	}
}

// TestStrayNames sees that what no session came of leaves no name, and that a
// name without its thing is passed over.
func TestStrayNames(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	id := link(t, s, gate.Terms{Views: 1})
	person := gate.PersonID(token.NewID(time.Now()))
	visitor := func(id gate.LinkID) gate.Opening {
		o := visitor(id)
		o.Person = person
		return o
	}
	o := visitor(id)
	if _, err := s.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	watch(t, s, o, "film")
	again := o
	again.Session = gate.SessionID(token.NewID(time.Now()))
	for _, opening := range []gate.Opening{visitor(id), again, o, visitor(gate.LinkID{1})} {
		if _, err := s.Open(t.Context(), opening); err != nil && !errors.Is(err, gate.ErrNotFound) {
			t.Fatal(err)
		}
	}
	for _, list := range []string{allSessions, allSessionEnds, personSessions(person), personSessionEnds(person)} {
		if names := c.ZRange(t.Context(), list, 0, -1).Val(); len(names) != 1 || names[0] != listedName(id, o.Session) {
			t.Errorf("%s: %q, want the session alone", list, names)
		}
	}

	// Names that crashes left, more than a page of them.
	for range page + 1 {
		stray := gate.SessionID(token.NewID(time.Now().Add(time.Hour)))
		do(t, c, "ZADD", allSessions, 0, listedName(id, stray))
		do(t, c, "ZADD", personSessions(person), 0, listedName(id, stray))
		do(t, c, "ZADD", keysOf(id).sessions(), 0, stray.String())
		do(t, c, "ZADD", documentsKey(gate.KindLink, ""), 0, stray.String())
	}
	for _, of := range []gate.Whose{{Link: id}, {Person: person}, {}} {
		sessions, err := s.Sessions(t.Context(), of, gate.SessionID{}, 5)
		if err != nil || len(sessions) != 1 || sessions[0].ID != o.Session || len(sessions[0].Plays) != 1 {
			t.Errorf("%+v: %+v, %v", of, sessions, err)
		}
	}
	if _, err := s.Put(t.Context(), gate.Document{Kind: gate.KindLink, ID: "a"}); err != nil {
		t.Fatal(err)
	}
	docs, err := s.List(t.Context(), gate.KindLink, "", "", 5)
	if err != nil || len(docs) != 1 || docs[0].ID != "a" {
		t.Errorf("%+v, %v", docs, err)
	}
}

// TestDocumentPages sees that a listing of more than a page is whole.
func TestDocumentPages(t *testing.T) {
	s := open(t, redistest.Start(t).URL(), nil)
	const count = 2*page + 50
	for i := range count {
		if _, err := s.Put(t.Context(), gate.Document{Kind: gate.KindLink, ID: fmt.Sprintf("%04d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, page - 1, page, page + 1, 2 * page, count, count + 1} {
		docs, err := s.List(t.Context(), gate.KindLink, "", "", limit)
		if err != nil || len(docs) != min(limit, count) {
			t.Fatalf("limit %d: %d documents, %v", limit, len(docs), err)
		}
		for i, doc := range docs {
			if want := fmt.Sprintf("%04d", count-1-i); doc.ID != want {
				t.Fatalf("limit %d: number %d is %s, want %s", limit, i, doc.ID, want)
			}
		}
	}
}

// TestDocumentNames lets many make and delete one document. Whatever comes
// last, a document that is there has a name.
func TestDocumentNames(t *testing.T) {
	srv := redistest.Start(t)
	s := open(t, srv.URL(), nil)
	for range 50 {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = s.Put(t.Context(), gate.Document{Kind: gate.KindLink, ID: "x"})
				} else {
					err = s.Delete(t.Context(), gate.KindLink, "x")
				}
				if err != nil && !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		docs, err := s.List(t.Context(), gate.KindLink, "", "", 9)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Get(t.Context(), gate.KindLink, "x")
		if there := err == nil; there != (len(docs) == 1) {
			t.Fatalf("the document is there: %v, and listed: %+v", there, docs)
		}
	}
}

// TestBounds sees that a link keeps so much and no more, and refuses or stops
// counting beyond.
func TestBounds(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())

	t.Run("assets of one subject", func(t *testing.T) {
		o := visit(t, s, link(t, s, gate.Terms{}))
		watch(t, s, o, "film")
		key := keysOf(o.Link).plays(o.Subject)
		play := c.HGet(t.Context(), key, "film").Val()
		copies(t, c, maxAssets-1, func(i int) []any { return []any{"HSET", key, fmt.Sprint("asset", i), play} })
		claimed, err := s.Reserve(t.Context(), claim(o, "another"))
		want := gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach}
		if err != nil || claimed.Refused != want {
			t.Errorf("one asset too many: %+v, %v", claimed, err)
		}
		// One that is known already may be watched again, once it has ended.
		hasty := claim(o, "film")
		hasty.Pace.Idle = 0
		if claimed, err = s.Reserve(t.Context(), hasty); err != nil || claimed.Refused.Reason != gate.OK {
			t.Errorf("an asset that is known: %+v, %v", claimed, err)
		}
	})

	t.Run("subjects of one link", func(t *testing.T) {
		id := link(t, s, gate.Terms{})
		known, late := visit(t, s, id), visit(t, s, id)
		watch(t, s, known, "film")
		key := keysOf(id).account()
		copies(t, c, maxSubjects, func(i int) []any {
			return []any{"HSET", key, "u:" + gate.Subject(token.ID{byte(i >> 16), byte(i >> 8), byte(i)}).String(), 1}
		})
		watch(t, s, late, "film") // without a limit for each, nobody has to be told apart
		two := int64(2)
		if _, err := s.Extend(t.Context(), id, gate.Extension{ViewsEach: &two}); err != nil {
			t.Fatal(err)
		}
		watch(t, s, known, "another")
		claimed, err := s.Reserve(t.Context(), claim(late, "another"))
		want := gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach}
		if err != nil || claimed.Refused != want {
			t.Errorf("a subject that was not counted: %+v, %v", claimed, err)
		}
	})

	t.Run("devices of one link", func(t *testing.T) {
		id := link(t, s, gate.Terms{})
		visit(t, s, id)
		key := keysOf(id).devices()
		copies(t, c, maxDevices, func(i int) []any { return []any{"SADD", key, i} })
		visit(t, s, id) // opened, and not counted
		if a := account(t, s, id); a.Devices != 1 {
			t.Errorf("%+v", a)
		}
		if n := c.SCard(t.Context(), key).Val(); n != maxDevices+1 {
			t.Errorf("%d devices are kept", n)
		}
	})
}

// copies runs many commands.
func copies(t *testing.T, c *goredis.Client, count int, command func(int) []any) {
	t.Helper()
	pipe := c.Pipeline()
	for i := range count {
		pipe.Do(t.Context(), command(i)...)
		if pipe.Len() == 10_000 || i == count-1 {
			if _, err := pipe.Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOneSlot sees that all keys of a link carry its hash tag, so that a
// script finds them in one slot of a cluster.
func TestOneSlot(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	o := visitor(link(t, s, gate.Terms{}))
	o.Alias, o.Hold, o.Person = gate.Subject{1}, true, gate.PersonID{1}
	if _, err := s.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	watch(t, s, o, "film")
	if err := admitted(s.Reserve(t.Context(), claim(o, "another"))); err != nil {
		t.Fatal(err)
	}
	keys := c.Keys(t.Context(), "*").Val()
	if len(keys) != 14 {
		t.Errorf("%d keys: %q", len(keys), keys)
	}
	for _, key := range keys {
		if key == allSessions || key == allSessionEnds || key == personSessions(o.Person) || key == personSessionEnds(o.Person) {
			continue
		}
		if prefix := string(keysOf(o.Link)); len(key) < len(prefix) || key[:len(prefix)] != prefix {
			t.Errorf("%s does not begin with %s", key, prefix)
		}
		// What has a time to live may be evicted or be swept away.
		ttl := c.TTL(t.Context(), key).Val()
		k := keysOf(o.Link)
		forever := key == k.account() || key == k.reservations() || key == k.devices()
		if forever != (ttl < 0) {
			t.Errorf("%s has a time to live of %v", key, ttl)
		}
	}
}
