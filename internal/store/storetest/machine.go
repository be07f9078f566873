package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// Machine drives a store and the model with the same random verbs and clock
// steps. Every answer has to be the same in the whole, and after every step
// the invariants of the ledger have to hold.
func Machine(t *testing.T, open Open) {
	rapid.Check(t, func(r *rapid.T) {
		c := newClock()
		m := &machine{
			clock:  c,
			store:  open(t, c.now),
			model:  model.New(c.now),
			before: make(map[gate.LinkID]gate.Account),
			seated: make(map[gate.LinkID]int64),
		}
		m.memories = []*memory{{store: m.store}, {store: m.model}}
		defer func() {
			if err := m.store.Close(); err != nil {
				r.Errorf("Close: %v", err)
			}
		}()
		for range 3 {
			m.links = append(m.links, gate.LinkID(m.fresh()))
			m.issue(r)
		}
		r.Repeat(map[string]func(*rapid.T){
			"":        m.invariants,
			"arrive":  m.open,
			"reserve": m.reserve,
			"settle":  m.settle,
			"watch":   m.watch,
			"film":    m.film,
			"check":   m.check,
			"flush":   m.flush,
			"seats":   m.seats,
			"owner":   m.owner,
			"session": m.session,
			"clock":   m.step,
			"papers":  m.papers,
			"memory":  m.follow,
		})
	})
}

// machine is two stores and the names that are in play. They are few, and the
// limits small, so that verbs run into each other all the time.
type machine struct {
	*clock
	store, model gate.Store
	made         uint32
	links        []gate.LinkID
	sessions     []gate.SessionID
	granted      []gate.Settlement // of the claims that were, in order
	before       map[gate.LinkID]gate.Account
	seated       map[gate.LinkID]int64
	memories     []*memory
}

// fresh returns an id that was not used yet, in rising order. It does not come
// from the real generator: a failure has to be the same when it is run again.
func (m *machine) fresh() token.ID {
	m.made++
	return token.ID{0: 1, 8: byte(m.made >> 24), 9: byte(m.made >> 16), 10: byte(m.made >> 8), 11: byte(m.made)}
}

// both calls one verb of both stores and compares the answers.
func both[T any](m *machine, r *rapid.T, verb string, call func(gate.Store) (T, error)) (T, error) {
	r.Helper()
	got, gotErr := call(m.store)
	want, wantErr := call(m.model)
	if !sameError(gotErr, wantErr) {
		r.Fatalf("%s: got error %v, want %v", verb, gotErr, wantErr)
	}
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		r.Fatalf("%s\n got %s\nwant %s", verb, g, w)
	}
	return got, gotErr
}

// sameError reports whether both say the same of the contract's errors. Any
// other error means that the store could not decide, which is never right here.
func sameError(got, want error) bool {
	if want == nil {
		return got == nil
	}
	return errors.Is(got, want)
}

// ctx of the machine is never done: that rule has a case of its own.
var ctx = context.Background()

// invariants are those of the ledger, whatever the model says.
func (m *machine) invariants(r *rapid.T) {
	for _, link := range m.links {
		now, err := both(m, r, "Account", func(s gate.Store) (gate.Account, error) { return s.Account(ctx, link) })
		if err != nil {
			continue // not issued yet
		}
		before := m.before[link]
		m.before[link] = now
		if now.Used < before.Used {
			r.Fatalf("used fell from %d to %d", before.Used, now.Used)
		}
		if sum := now.Used + now.Reserved; now.Views != 0 && sum > max(now.Views, before.Used+before.Reserved) {
			r.Fatalf("used + reserved grew from %d to %d at a limit of %d",
				before.Used+before.Reserved, sum, now.Views)
		}
		m.watchSeats(r, link, now)
		if before.Standing.State == gate.Revoked && now.Standing != before.Standing {
			r.Fatalf("a revoked link became %v", now.Standing)
		}
	}
}

// watchSeats sees that a link with seats never gets more live sessions than
// that; it may have more from before its seats were lowered.
func (m *machine) watchSeats(r *rapid.T, link gate.LinkID, a gate.Account) {
	now, err := both(m, r, "Seated", func(s gate.Store) (int64, error) { return s.Seated(ctx, link) })
	if err != nil {
		r.Fatalf("Seated: %v", err)
	}
	if a.Seats != 0 && now > max(a.Seats, m.seated[link]) {
		r.Fatalf("the live sessions grew from %d to %d at %d seats", m.seated[link], now, a.Seats)
	}
	m.seated[link] = now
}

// admitted sees that a revoked link admitted nobody.
func (m *machine) admitted(r *rapid.T, account gate.Account, refused gate.Refusal) {
	if account.Standing.State == gate.Revoked && refused.Reason != gate.RevokedLink {
		r.Fatalf("a revoked link answered %v", refused.Reason)
	}
}

// step lets time pass: a little, or just up to, or onto, or beyond one of the
// moments that matter.
func (m *machine) step(r *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{
		0, time.Second, time.Minute, pace.Lapse, brisk.Lapse, pace.Seat, brisk.Seat, pace.Idle, brisk.Idle,
		pace.Max, brisk.Max, life, gate.SessionKept,
	}).Draw(r, "step")
	d += rapid.SampledFrom([]time.Duration{-ms, 0, 0, ms}).Draw(r, "beside")
	m.pass(max(d, 0))
}
