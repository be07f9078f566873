package suspicion_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/forwarding"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/suspicion"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func newStore(t *testing.T, link gate.Link) gate.Store {
	t.Helper()
	store := model.New(func() time.Time { return noon })
	link.ID, link.Can = gate.LinkID{1}, gate.View
	var err error
	if link.Scope, err = gate.ParseScope("/film/*"); err != nil {
		t.Fatal(err)
	}
	if _, err := gate.Create(t.Context(), store, link, gate.Terms{}); err != nil {
		t.Fatal(err)
	}
	return store
}

// by is a device of its own in a network of its own.
func by(n int) suspicion.Sighting {
	id := forwarding.Digest{byte(n), 1}
	return suspicion.Sighting{Link: gate.LinkID{1}, Sighting: forwarding.Sighting{
		At: noon, Device: id, Network: forwarding.Network{Group: id}, Agent: "chrome", Language: "de",
	}}
}

// TestTwoNodesActOnce has two nodes see a link on many devices at once: all of them
// are in the ledger, and whoever made the link is told once for each level.
func TestTwoNodesActOnce(t *testing.T) {
	for _, action := range gate.OnForwards() {
		store := newStore(t, gate.Link{Audience: "one", OnForward: action})
		var mu sync.Mutex
		told := map[forwarding.Level]int{}
		ctx, stop := context.WithCancel(t.Context())
		var nodes sync.WaitGroup
		for node := range 2 {
			k := suspicion.New(suspicion.Options{
				Store:   store,
				Dropped: func() { t.Error("dropped") },
				Failed:  func(err error) { t.Error(err) },
				Told: func(_ context.Context, s suspicion.Suspected) {
					mu.Lock()
					defer mu.Unlock()
					told[s.Level]++
					if s.Action != action || len(s.Why) == 0 {
						t.Errorf("%+v", s)
					}
				},
			})
			for i := range 10 {
				k.Saw(by(2*i + node))
			}
			nodes.Go(func() { k.Run(ctx) })
		}
		for {
			ledger, _, err := suspicion.Read(t.Context(), store, gate.LinkID{1})
			if err != nil {
				t.Fatal(err)
			}
			if len(ledger.Clusters) == 20 && ledger.Level == forwarding.Restream {
				break
			}
			time.Sleep(time.Millisecond)
		}
		account, err := store.Account(t.Context(), gate.LinkID{1})
		stop()
		nodes.Wait()
		if err != nil || (account.Standing.State == gate.Suspended) != (action == gate.OnForwardSuspend) {
			t.Errorf("%s: %+v, %v", action, account.Standing, err)
		}
		if fmt.Sprint(told) != "map[likely:1 restream:1]" {
			t.Errorf("%s: told %v", action, told)
		}
	}
}

// away is a store that fails to change a standing, so many times.
type away struct {
	gate.Store
	fails int
}

func (s *away) SetStanding(ctx context.Context, id gate.LinkID, standing gate.Standing) (gate.Account, error) {
	if s.fails--; s.fails >= 0 {
		return gate.Account{}, errors.New("away")
	}
	return s.Store.SetStanding(ctx, id, standing)
}

// TestASuspensionIsMadeUpFor: what could not be done when the level rose is done
// with the next sighting, even of somebody known, and only once.
func TestASuspensionIsMadeUpFor(t *testing.T) {
	store := &away{newStore(t, gate.Link{Audience: "one", OnForward: gate.OnForwardSuspend}), 1}
	failed, told := make(chan error, 9), make(chan suspicion.Suspected, 9)
	k := suspicion.New(suspicion.Options{
		Store: store, Failed: func(err error) { failed <- err }, Told: func(_ context.Context, s suspicion.Suspected) { told <- s },
	})
	go k.Run(t.Context())
	standing := func(want string, owed bool) {
		t.Helper()
		for {
			account, err := store.Account(t.Context(), gate.LinkID{1})
			if err != nil {
				t.Fatal(err)
			}
			ledger, _, err := suspicion.Read(t.Context(), store, gate.LinkID{1})
			if err != nil {
				t.Fatal(err)
			}
			if account.Standing.State == want && ledger.Owed == owed {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	for n := range 3 {
		k.Saw(by(n))
	}
	if err := <-failed; !strings.Contains(err.Error(), "away") {
		t.Error(err)
	}
	if s := <-told; s.Action != gate.OnForwardNotify {
		t.Errorf("told that it was: %+v", s)
	}
	standing(gate.Active, true)
	k.Saw(by(0))
	standing(gate.Suspended, false)
	if _, err := store.SetStanding(t.Context(), gate.LinkID{1}, gate.Standing{State: gate.Active}); err != nil {
		t.Fatal(err)
	}
	k.Saw(by(0)) // whoever resumes it is not overruled by those who are known, or by one more
	k.Saw(by(3))
	for {
		ledger, _, err := suspicion.Read(t.Context(), store, gate.LinkID{1})
		if err != nil {
			t.Fatal(err)
		}
		if len(ledger.Clusters) == 4 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	standing(gate.Active, false)
}

// TestSightingsAreBounded fills the queue, with nobody at work.
func TestSightingsAreBounded(t *testing.T) {
	var dropped atomic.Int64
	k := suspicion.New(suspicion.Options{Dropped: func() { dropped.Add(1) }})
	for i := range 5000 {
		k.Saw(by(i))
	}
	if n := dropped.Load(); n != 5000-4096 {
		t.Errorf("%d were dropped", n)
	}
}

// TestWhatNobodyWatches keeps nothing, and what fails is said.
func TestWhatNobodyWatches(t *testing.T) {
	store := newStore(t, gate.Link{})
	failed := make(chan error, 9)
	k := suspicion.New(suspicion.Options{Store: store, Failed: func(err error) { failed <- err }})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	k.Saw(by(1))
	lost := by(2)
	lost.Link = gate.LinkID{9}
	k.Saw(lost)
	go k.Run(ctx)
	if err := <-failed; !errors.Is(err, gate.ErrNotFound) {
		t.Error(err)
	}
	if _, rev, err := suspicion.Read(t.Context(), store, gate.LinkID{1}); rev != 0 || err != nil {
		t.Errorf("revision %d, %v", rev, err)
	}
}

func TestWhy(t *testing.T) {
	var l forwarding.Ledger
	for i := range 4 {
		l.See(by(i).Sighting, forwarding.One)
	}
	why := suspicion.Why(l)
	if len(why) != 2 || !strings.HasSuffix(why[0], "(3 times)") || !strings.HasSuffix(why[1], "(2 times)") {
		t.Errorf("%q", why)
	}
}
