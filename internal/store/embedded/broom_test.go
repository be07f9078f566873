package embedded

import (
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
)

// keys counts what is in the buckets.
func keys(t *testing.T, s *Store) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	err := s.view(t.Context(), func(tx *bolt.Tx) error {
		for _, name := range buckets {
			counts[string(name)] = tx.Bucket(name).Stats().KeyN
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func TestBroom(t *testing.T) {
	s, w := newStore(t)
	const viewers = 40
	c := visit(t, s, gate.Terms{}) // one session of its own
	watch(t, s, c)
	for i := range viewers {
		o := openingOf(c.Link)
		o.Hold = true
		must(s.Open(t.Context(), o))(t)
		if i%2 == 0 {
			must(s.End(t.Context(), o.Link, o.Session))(t)
		}
	}
	before := keys(t, s)
	for bucket, want := range map[string]int{
		"sessions": viewers + 1, "order": viewers + 1, "aliases": viewers + 1, "devices": viewers + 1,
		"seats": viewers + 2, "subjects": viewers + 1, "broom": 2*viewers + 2 + viewers/2,
	} {
		if before[bucket] != want {
			t.Errorf("at first there are %d keys in %q, want %d", before[bucket], bucket, want)
		}
	}

	// A look at the account would do for a verb, were it not that only verbs
	// that commit anyway bring the broom along.
	w.pass(time.Hour + gate.SessionKept)
	must(s.Account(t.Context(), c.Link))(t)
	if got := keys(t, s)["broom"]; got != before["broom"] {
		t.Errorf("a verb that changes nothing swept %d", before["broom"]-got)
	}
	change := func() { must(s.SetStanding(t.Context(), c.Link, gate.Standing{State: gate.Active}))(t) }
	change()
	if got := before["broom"] - keys(t, s)["broom"]; got != sweepsPerVerb {
		t.Errorf("one verb swept %d, want %d", got, sweepsPerVerb)
	}
	for range before["broom"] / sweepsPerVerb {
		change()
	}
	after := keys(t, s)
	for bucket, want := range map[string]int{
		"sessions": 0, "order": 0, "aliases": 0, "seats": 0, "broom": 0,
		"subjects": 1,           // whose count is kept
		"devices":  viewers + 1, // which are counted for good
		"accounts": 1,
	} {
		if after[bucket] != want {
			t.Errorf("in the end there are %d keys in %q, want %d", after[bucket], bucket, want)
		}
	}
	if got := must(s.Account(t.Context(), c.Link))(t); got.Used != 1 || got.Devices != viewers+1 {
		t.Errorf("in the end the account is %+v", got)
	}
}

// A play that is kept open moves the day of its sweeping.
func TestBroomComesAgain(t *testing.T) {
	s, w := newStore(t)
	c := visit(t, s, gate.Terms{})
	watch(t, s, c)
	c.Pace.Max = 48 * time.Hour
	sweep := func() {
		for range 3 {
			must(s.SetStanding(t.Context(), c.Link, gate.Standing{State: gate.Active}))(t)
		}
	}
	for range 60 {
		w.pass(25 * time.Minute)
		sweep()
		fact := gate.Usage{
			Link: c.Link, Session: c.Session, Subject: c.Subject, Asset: c.Asset, LastSeen: w.now(), Pace: c.Pace,
		}
		if err := s.Flush(t.Context(), []gate.Usage{fact}); err != nil {
			t.Fatal(err)
		}
	}
	if state := must(s.Check(t.Context(), queryOf(c)))(t); !state.Play.Open(w.now(), c.Pace) {
		t.Fatalf("after 25 hours of watching the play is %+v", state.Play)
	}
	w.pass(gate.SessionKept)
	sweep()
	s.front.purge()
	sub := must(submit(t.Context(), s, func(b *batch) (*subject, error) { return b.keptSubject(c.Link, c.Subject) }))(t)
	if len(sub.plays) != 0 || !sub.due.IsZero() || sub.used != 1 {
		t.Errorf("a day later the record is %+v", sub)
	}
}
