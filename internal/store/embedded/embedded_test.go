package embedded

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/storetest"
	"github.com/usher-media/usher/internal/token"
)

// TestMain lets the test binary be the other process of some tests.
func TestMain(m *testing.M) {
	if play, found := children[os.Getenv(childVariable)]; found {
		play(os.Getenv(childDirVariable))
		return
	}
	os.Exit(m.Run())
}

func TestContractOnTheEmbeddedStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) gate.Store {
		return openStore(t, privateDir(t), Options{Now: now})
	})
}

// Without room for a single link, everything is read from the disk every time.
func TestContractOnTheEmbeddedStoreWithoutFront(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) gate.Store {
		s := openStore(t, privateDir(t), Options{Now: now})
		s.front.max = 0
		return s
	})
}

// A store that is closed and opened again between any two steps answers as if
// it had not been.
func TestMachineWithRestarts(t *testing.T) {
	storetest.Machine(t, func(t *testing.T, now func() time.Time) gate.Store {
		dir := privateDir(t)
		return &restarting{T: t, Store: openStore(t, dir, Options{Now: now}), dir: dir, now: now}
	})
}

// restarting is a store that is opened anew with every third look at an
// account, which the machine takes after every step.
type restarting struct {
	*testing.T
	*Store
	dir   string
	now   func() time.Time
	looks int
}

func (r *restarting) Account(ctx context.Context, link gate.LinkID) (gate.Account, error) {
	if r.looks++; r.looks%3 == 0 {
		if err := r.Store.Close(); err != nil {
			return gate.Account{}, err
		}
		r.Store = openStore(r.T, r.dir, Options{Now: r.now})
	}
	return r.Store.Account(ctx, link)
}

// privateDir is a directory for Open to make: t.TempDir's own is not private.
func privateDir(t testing.TB) string { return filepath.Join(t.TempDir(), "store") }

// openStore opens a store that the test closes itself.
func openStore(t testing.TB, dir string, opts Options) *Store {
	t.Helper()
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newStore opens a store with a wall clock of its own, and closes it in the end.
func newStore(t testing.TB) (*Store, *wall) {
	t.Helper()
	w := newWall()
	s := openStore(t, privateDir(t), Options{Now: w.now})
	t.Cleanup(func() { closeStore(t, s) })
	return s, w
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// wall is a wall clock that moves when a test says so.
type wall struct{ ms atomic.Int64 }

func newWall() *wall {
	w := &wall{}
	w.ms.Store(time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC).UnixMilli())
	return w
}

func (w *wall) now() time.Time       { return time.UnixMilli(w.ms.Load()).UTC() }
func (w *wall) pass(d time.Duration) { w.ms.Add(d.Milliseconds()) }

func newID() token.ID { return token.NewID(time.Now()) }

var pace = gate.Pace{Idle: 30 * time.Minute, Max: 12 * time.Hour, Lapse: 2 * time.Minute}

// must returns v where err is nil.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// visit issues a link, opens a session on it, and returns a claim for a play.
func visit(t testing.TB, s *Store, terms gate.Terms) gate.Claim {
	t.Helper()
	link := gate.LinkID(newID())
	must(s.Issue(t.Context(), link, terms))(t)
	o := openingOf(link)
	must(s.Open(t.Context(), o))(t)
	return gate.Claim{
		Link: link, Session: o.Session, Subject: o.Subject, Asset: "asset", Opener: "/opener", Pace: pace,
	}
}

// openingOf is a fresh device's opening of the link.
func openingOf(link gate.LinkID) gate.Opening {
	device := gate.DeviceID(newID())
	return gate.Opening{
		Link: link, Session: gate.SessionID(newID()), Device: device, Subject: gate.SubjectOf(device),
		Alias: gate.Subject(newID()), Life: time.Hour, Pace: pace,
	}
}

func queryOf(c gate.Claim) gate.Query {
	return gate.Query{Link: c.Link, Session: c.Session, Subject: c.Subject, Asset: c.Asset}
}

func chargeOf(c gate.Claim) gate.Settlement {
	return gate.Settlement{
		Link: c.Link, Session: c.Session, Subject: c.Subject, Asset: c.Asset, Opener: c.Opener, Charge: true, Pace: c.Pace,
	}
}

// watch reserves and charges.
func watch(t testing.TB, s *Store, c gate.Claim) {
	t.Helper()
	if claimed := must(s.Reserve(t.Context(), c))(t); claimed.Refused.Reason != gate.OK {
		t.Fatalf("refused: %+v", claimed)
	}
	if settled := must(s.Settle(t.Context(), chargeOf(c)))(t); !settled.Charged {
		t.Fatalf("not charged: %+v", settled)
	}
}
