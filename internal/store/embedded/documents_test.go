package embedded

import (
	"errors"
	"fmt"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/usher-media/usher/internal/gate"
)

func grant(id string, terms ...string) gate.Document {
	return gate.Document{Kind: gate.KindGrant, ID: id, Body: []byte(`{}`), Index: terms}
}

// fillDocuments puts many documents in few commits.
func fillDocuments(t *testing.T, s *Store, count int, doc func(i int) gate.Document) {
	t.Helper()
	const chunk = 500
	for from := 0; from < count; from += chunk {
		must(submit(t.Context(), s, func(b *batch) (any, error) {
			for i := range min(chunk, count-from) {
				if _, err := b.putDocument(doc(from + i)); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}))(t)
	}
}

// TestListDoesNotScan sees that a listing by a term reads no document without it,
// by making all of those unreadable, and costs as much among many as among few.
func TestListDoesNotScan(t *testing.T) {
	costs := make(map[int]float64)
	for _, size := range []int{200, 20_000} {
		s, _ := newStore(t)
		fillDocuments(t, s, size, func(i int) gate.Document { return grant(fmt.Sprintf("%06d", i), "all", fmt.Sprint("no:", i)) })
		for i := range 5 { // which are everywhere among the others
			must(s.Put(t.Context(), grant(fmt.Sprintf("%06dx", i*size/5), "all", "col:1")))(t)
		}
		must(submit(t.Context(), s, func(b *batch) (any, error) {
			documents := b.tx.Bucket(documentsBucket)
			for i := range size {
				if err := documents.Put(documentKey(gate.KindGrant, fmt.Sprintf("%06d", i)), []byte("spoilt")); err != nil {
					return nil, err
				}
			}
			b.dirty = true
			return nil, nil
		}))(t)
		list := func(term, below string, limit int) ([]gate.Document, error) {
			return s.List(t.Context(), gate.KindGrant, term, below, limit)
		}
		docs := must(list("col:1", "", 100))(t)
		if len(docs) != 5 || docs[0].ID != fmt.Sprintf("%06dx", 4*size/5) {
			t.Errorf("of %d: %+v", size, docs)
		}
		if docs = must(list("col:1", docs[2].ID, 1))(t); len(docs) != 1 || docs[0].ID != fmt.Sprintf("%06dx", size/5) {
			t.Errorf("the second page of %d: %+v", size, docs)
		}
		if _, err := list("all", "", 100); !errors.Is(err, errDamaged) {
			t.Errorf("those that cannot be read were read: %v", err)
		}
		costs[size] = testing.AllocsPerRun(100, func() { must(list("col:1", "", 100))(t) })
	}
	// The depth of the tree costs a little; a look at each would be thousands.
	if costs[20_000] > costs[200]+20 {
		t.Errorf("allocations by size: %v", costs)
	}
}

// TestBroomOfDocuments sees that what has ended goes away, with its terms, and
// nothing else does.
func TestBroomOfDocuments(t *testing.T) {
	s, w := newStore(t)
	put := func(doc gate.Document, life time.Duration) {
		t.Helper()
		if life > 0 {
			doc.Until = w.now().Add(life)
		}
		must(s.Put(t.Context(), doc))(t)
	}
	const old = 40
	for i := range old {
		put(grant(fmt.Sprint("old", i), "a", "b"), time.Hour)
	}
	put(grant("for ever", "a"), 0)
	put(grant("longer", "a", "b"), time.Hour)
	longer := grant("longer", "b")
	longer.Rev = 1
	put(longer, 1000*time.Hour)
	put(grant("made anew", "a"), time.Hour)
	must(struct{}{}, s.Delete(t.Context(), gate.KindGrant, "made anew"))(t)
	put(grant("made anew", "a"), 0)

	size := func(what string, documents, terms, broom int) {
		t.Helper()
		got := keys(t, s)
		for bucket, want := range map[string]int{"documents": documents, "terms": terms, "broom": broom} {
			if got[bucket] != want {
				t.Errorf("%s there are %d keys in %q, want %d", what, got[bucket], bucket, want)
			}
		}
	}
	size("at first", old+3, 2*old+3, old+3)
	w.pass(time.Hour)
	for range (old+2)/sweepsPerVerb + 1 {
		must(s.Issue(t.Context(), gate.LinkID(newID()), gate.Terms{}))(t)
	}
	size("in the end", 3, 3, 1)
	if docs := must(s.List(t.Context(), gate.KindGrant, "a", "", 9))(t); len(docs) != 2 {
		t.Errorf("%+v", docs)
	}
}

// TestBroomOfPersons sees that a person's sessions go away with everything that
// leads to them, and that the device stays counted.
func TestBroomOfPersons(t *testing.T) {
	s, w := newStore(t)
	link := gate.LinkID(newID())
	must(s.Issue(t.Context(), link, gate.Terms{}))(t)
	first := openingOf(link)
	first.Person = gate.PersonID(newID())
	second := first
	second.Session, second.Person = gate.SessionID(newID()), gate.PersonID(newID())
	must(s.Open(t.Context(), first))(t)
	must(s.Open(t.Context(), second))(t)
	w.pass(30 * time.Minute)
	must(s.End(t.Context(), link, second.Session))(t)
	again := second
	again.Session = gate.SessionID(newID())
	must(s.Open(t.Context(), again))(t)

	check := func(what string, want map[string]int) {
		t.Helper()
		got := keys(t, s)
		for bucket, n := range want {
			if got[bucket] != n {
				t.Errorf("%s there are %d keys in %q, want %d", what, got[bucket], bucket, n)
			}
		}
	}
	check("at first", map[string]int{"persons": 3, "devices": 3, "aliases": 2, "sessions": 3})
	w.pass(gate.SessionKept) // after the end of the second
	for range 3 {
		must(s.SetStanding(t.Context(), link, gate.Standing{State: gate.Active}))(t)
	}
	check("after the first that ended", map[string]int{"persons": 2, "devices": 3, "aliases": 2, "sessions": 2})
	w.pass(time.Hour)
	for range 3 {
		must(s.SetStanding(t.Context(), link, gate.Standing{State: gate.Active}))(t)
	}
	check("in the end", map[string]int{"persons": 0, "devices": 1, "aliases": 0, "sessions": 0, "order": 0, "seats": 0})
	if got := must(s.Account(t.Context(), link))(t); got.Devices != 1 {
		t.Errorf("%+v", got)
	}
}

func editionOf(t *testing.T, s *Store) int64 {
	t.Helper()
	return must(s.Check(t.Context(), gate.Query{}))(t).Edition
}

// TestEditionOfAnotherProcess sees that no store knows the edition of another.
func TestEditionOfAnotherProcess(t *testing.T) {
	dir := privateDir(t)
	known := make(map[int64]bool)
	for i := range 20 {
		s := openStore(t, dir, Options{})
		for edition := range known {
			if names, _, complete, err := s.Edits(t.Context(), edition); err != nil || complete || len(names) != 0 {
				t.Errorf("since %d: %v, complete %v, %v", edition, names, complete, err)
			}
		}
		for range 3 {
			known[editionOf(t, s)] = true
			must(s.Put(t.Context(), grant(newID().String())))(t)
		}
		closeStore(t, s)
		if len(known) != 3*(i+1) {
			t.Errorf("%d stores had %d editions", i+1, len(known))
		}
	}
}

// TestEditionAfterAFailedCommit sees that nobody who remembers documents goes on
// as if nothing had been, since only the disk knows whether it was.
func TestEditionAfterAFailedCommit(t *testing.T) {
	w := newWall()
	s := must(open(privateDir(t), Options{Now: w.now}, &bolt.Options{MaxSize: 64 << 10}))(t)
	defer closeStore(t, s)
	var err error
	var known int64
	for i := 0; err == nil; i++ {
		known = editionOf(t, s)
		_, err = s.Put(t.Context(), gate.Document{Kind: gate.KindGrant, ID: fmt.Sprint(i), Body: make([]byte, 4000)})
	}
	if !errors.Is(err, berrors.ErrMaxSizeReached) {
		t.Fatal(err)
	}
	names, now, complete, err := s.Edits(t.Context(), known)
	if err != nil || complete || now == known || now != editionOf(t, s) {
		t.Errorf("since %d, at %d: %v, complete %v, %v", known, now, names, complete, err)
	}
	// A failure that changed no document is nobody's business.
	if _, err = s.Settle(t.Context(), gate.Settlement{}); !errors.Is(err, gate.ErrNotFound) {
		t.Error(err)
	}
	for err == nil || errors.Is(err, gate.ErrNotFound) {
		_, err = s.Put(t.Context(), gate.Document{Kind: gate.KindAttempt, ID: newID().String(), Body: make([]byte, 4000)})
	}
	if got := editionOf(t, s); got != now {
		t.Errorf("the edition went from %d to %d", now, got)
	}
}

// TestCheckAllocatesNothing sees that the check of a request whose records are at
// hand stays out of the heap.
func TestCheckAllocatesNothing(t *testing.T) {
	s, _ := newStore(t)
	c := visit(t, s, gate.Terms{})
	watch(t, s, c)
	ctx, q := t.Context(), queryOf(c)
	check := func() {
		if state, err := s.Check(ctx, q); err != nil || !state.Play.Exists {
			t.Errorf("%+v, %v", state, err)
		}
	}
	check()
	if n := testing.AllocsPerRun(100, check); n != 0 {
		t.Errorf("a check allocates %v times", n)
	}
}
