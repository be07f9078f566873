package redis

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// together makes checks share a trip: they come while another is under way,
// which ends once all of them wait.
func together(t *testing.T, s *Store, checks ...func()) {
	t.Helper()
	underway, end := make(chan struct{}), make(chan struct{})
	travel := s.checks.travel
	s.checks.travel = func(ctx context.Context, batch []*caller) {
		close(underway)
		<-end
		travel(ctx, batch)
	}
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := s.Check(t.Context(), gate.Query{}); err != nil {
			t.Error(err)
		}
	})
	<-underway
	s.checks.travel = travel
	for _, check := range checks {
		all.Go(check)
	}
	waiting := func() (n int) {
		for r := s.checks.arrived.Load(); r != nil; r = r.older {
			n++
		}
		return n
	}
	for deadline := time.Now().Add(patience); waiting() < len(checks); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d wait for a trip", waiting(), len(checks))
		}
	}
	close(end)
	all.Wait()
}

// TestChecksShareATrip sees that checks which come at the same time are one
// trip, in which nothing is asked twice, and that each gets its own answer.
func TestChecksShareATrip(t *testing.T) {
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr)
	s, c := open(t, proxy.URL(), nil), admin(t, srv.URL())
	id := link(t, s, gate.Terms{})
	watching, idle := visit(t, s, id), visit(t, s, id)
	watch(t, s, watching, "film")
	elsewhere := visit(t, s, link(t, s, gate.Terms{Views: 7}))

	check := func(o gate.Opening, plays bool, views int64) func() {
		return func() {
			state, err := s.Check(t.Context(), query(o, "film"))
			if err != nil || state.Session.ID != o.Session || state.Play.Exists != plays || state.Account.Views != views {
				t.Errorf("%+v, %v", state, err)
			}
		}
	}
	var checks []func()
	for range 5 {
		checks = append(checks, check(watching, true, 0), check(idle, false, 0), check(elsewhere, false, 7))
	}
	commands(t, c)
	before := proxy.Trips()
	together(t, s, checks...)
	if trips := proxy.Trips() - before; trips != 2 {
		t.Errorf("%d trips, want one and then another for all", trips)
	}
	// The one before them, three viewers, two accounts.
	if got, want := commands(t, c), []string{"11 hmget", "2 get", "2 time"}; !slices.Equal(got, want) {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

// TestSpoiltNeighbour sees that a link whose data cannot be read takes nobody
// else's answer away, who was on the same trip.
func TestSpoiltNeighbour(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	sound := visit(t, s, link(t, s, gate.Terms{}))
	checks := []func(){func() {
		if state, err := s.Check(t.Context(), query(sound, "film")); err != nil || !state.Session.Exists {
			t.Errorf("%+v, %v", state, err)
		}
	}}
	for _, spoil := range []func(gate.Opening) string{
		func(o gate.Opening) string { return keysOf(o.Link).account() },
		func(o gate.Opening) string { return keysOf(o.Link).session(o.Session) },
		func(o gate.Opening) string { return keysOf(o.Link).plays(o.Subject) },
	} {
		o := visit(t, s, link(t, s, gate.Terms{}))
		do(t, c, "SET", spoil(o), "x")
		checks = append(checks, func() {
			if state, err := s.Check(t.Context(), query(o, "film")); err == nil {
				t.Errorf("decided %+v", state)
			}
		})
	}
	together(t, s, checks...)
}
