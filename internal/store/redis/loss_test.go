package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// TestReplyLost makes every call twice, where the server carries out the first
// and its reply is lost. No play may cost two views, and no device may get two
// sessions.
func TestReplyLost(t *testing.T) {
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr)
	s := open(t, proxy.URL(), nil)
	// twice loses the reply of the first attempt.
	twice := func(call func() error) {
		t.Helper()
		proxy.Lose("evalsha")
		before := proxy.Lost()
		if err := call(); err == nil {
			t.Fatal("an answer came through")
		}
		if proxy.Lost() == before {
			t.Fatal("no reply was lost, so nothing was carried out")
		}
		proxy.Lose("")
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	warm := visit(t, s, link(t, s, gate.Terms{})) // the server knows the scripts
	watch(t, s, warm, "film")

	const devices = 20
	id := link(t, s, gate.Terms{Views: devices, ViewsEach: 1})
	for range devices {
		o := visitor(id)
		o.Hold = true
		twice(func() error {
			opened, err := s.Open(t.Context(), o)
			if err == nil && opened.Session.ID != o.Session {
				err = fmt.Errorf("another session: %+v", opened)
			}
			return err
		})
		twice(func() error { return admitted(s.Reserve(t.Context(), claim(o, "film"))) })
		twice(func() error { return settled(s.Settle(t.Context(), settlement(o, "film", true))) })
	}
	a := account(t, s, id)
	if a.Used != devices || a.Reserved != 0 || a.Devices != devices || a.Redeems != devices {
		t.Errorf("after %d plays of %d devices: %+v", devices, devices, a)
	}
	sessions, err := s.Sessions(t.Context(), gate.Whose{}, gate.SessionID{}, 1000)
	if err != nil || len(sessions) != devices+1 {
		t.Errorf("%d sessions of %d devices, %v", len(sessions), devices+1, err)
	}
}

func admitted(c gate.Claimed, err error) error { return refusal(c.Refused, err) }
func settled(s gate.Settled, err error) error  { return refusal(s.Refused, err) }

// refusal turns a refusal into an error.
func refusal(r gate.Refusal, err error) error {
	if err == nil && r.Reason != gate.OK {
		err = errors.New(r.Reason.String())
	}
	return err
}

// ledger is what clients were told: the plays that cost a view, counted
// outside of the store.
type ledger struct {
	used, failed, refused atomic.Int64
}

// crowd lets devices watch through several nodes until the time is over.
func (l *ledger) crowd(t *testing.T, nodes []*Store, id gate.LinkID, until time.Time) {
	var all sync.WaitGroup
	for i := range 8 {
		s := nodes[i%len(nodes)]
		all.Go(func() {
			for time.Now().Before(until) {
				l.note(l.visit(t.Context(), s, visitor(id)))
			}
		})
	}
	all.Wait()
}

// visit is a device that presses Watch and watches; it tells what it was told.
func (l *ledger) visit(ctx context.Context, s *Store, o gate.Opening) (charged bool, err error) {
	o.Hold = true
	opened, err := s.Open(ctx, o)
	if err := refusal(opened.Refused, err); err != nil {
		return false, err
	}
	if err := admitted(s.Reserve(ctx, claim(o, "film"))); err != nil {
		return false, err
	}
	done, err := s.Settle(ctx, settlement(o, "film", true))
	return done.Charged, refusal(done.Refused, err)
}

func (l *ledger) note(charged bool, err error) {
	switch {
	case charged:
		l.used.Add(1)
	case err != nil && err.Error() == gate.ViewsSpent.String():
		l.refused.Add(1)
	default:
		l.failed.Add(1)
	}
}

// TestNodes sees that a limit is exact over several nodes on one server.
func TestNodes(t *testing.T) {
	srv := redistest.Start(t)
	nodes := []*Store{open(t, srv.URL(), nil), open(t, srv.URL(), nil), open(t, srv.URL(), nil)}
	const views = 50
	id := link(t, nodes[0], gate.Terms{Views: views})
	var told ledger
	told.crowd(t, nodes, id, time.Now().Add(500*time.Millisecond))
	if a := account(t, nodes[0], id); told.used.Load() != views || told.failed.Load() != 0 || a.Used != views {
		t.Errorf("%d views were given out of %d, %d calls failed: %+v", told.used.Load(), views, told.failed.Load(), a)
	}
}

// TestFlushAll empties the server in the middle of everything: from then on
// everything denies, and nothing is filled up again.
func TestFlushAll(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	const views = 1000
	id := link(t, s, gate.Terms{Views: views})
	o := visit(t, s, id)
	watch(t, s, o, "film")
	if err := admitted(s.Reserve(t.Context(), claim(o, "reserved"))); err != nil {
		t.Fatal(err)
	}
	var before, after ledger
	before.crowd(t, []*Store{s}, id, time.Now().Add(100*time.Millisecond))
	do(t, c, "FLUSHALL")
	after.crowd(t, []*Store{s}, id, time.Now().Add(100*time.Millisecond))
	if before.used.Load() == 0 || after.used.Load() != 0 {
		t.Errorf("%d views were given before, and %d after", before.used.Load(), after.used.Load())
	}
	state, err := s.Check(t.Context(), query(o, "film"))
	if err != nil || state.Account.Exists || state.Session.Exists || state.Play.Exists {
		t.Errorf("a session after the loss: %+v, %v", state, err)
	}
	if _, err := s.Settle(t.Context(), settlement(o, "reserved", true)); !errors.Is(err, gate.ErrNotFound) {
		t.Errorf("a reservation after the loss: %v", err)
	}
}

// TestLostKeys removes single keys of a link, as a careless hand or an
// eviction would, at every stage of several plays. However it goes on, no
// subject and not all of them together get more views than there are.
func TestLostKeys(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	const views, each = 5, 2
	for _, lost := range []string{"a", "r", "p:", "s:", "d:", "dv", "ss", "se", "r p:", "s: d:", "r p: s: d: dv ss se"} {
		for stage := range 4 {
			t.Run(fmt.Sprintf("%s at stage %d", lost, stage), func(t *testing.T) {
				id := link(t, s, gate.Terms{Views: views, ViewsEach: each})
				o := visit(t, s, id)
				used, own := 0, 0
				charge := func(o gate.Opening, asset string) bool {
					done, err := s.Settle(t.Context(), settlement(o, asset, true))
					if err != nil && !errors.Is(err, gate.ErrNotFound) {
						t.Fatal(err)
					}
					return done.Charged
				}
				lose := func(at int) {
					if at == stage {
						loseKeys(t, c.Do, id, o, lost)
					}
				}
				lose(0)
				for _, asset := range []string{"one", "two", "three", "four"} {
					// Whether or not there is a reservation, a charge is what
					// lets bytes leave.
					_ = admitted(s.Reserve(t.Context(), claim(o, asset)))
					if asset == "one" {
						lose(1)
					}
					if asset == "two" {
						lose(2)
					}
					if charge(o, asset) {
						own++
					}
					if asset == "two" {
						lose(3)
					}
				}
				used = own
				for range 2 * views {
					other := visitor(id)
					_, err := s.Open(t.Context(), other)
					if err != nil && !errors.Is(err, gate.ErrNotFound) {
						t.Fatal(err)
					}
					_ = admitted(s.Reserve(t.Context(), claim(other, "film")))
					if charge(other, "film") {
						used++
					}
				}
				if own > each || used > views {
					t.Errorf("%d views of %d for one subject, %d of %d in all", own, each, used, views)
				}
				if strings.HasPrefix(lost, "a") && stage == 0 && used > 0 {
					t.Errorf("%d views of a link without an account", used)
				}
				if _, err := s.Issue(t.Context(), id, gate.Terms{Views: views}); err == nil && lost == "a" {
					t.Error("an account that was lost was opened anew")
				}
			})
		}
	}
}

// loseKeys removes keys of a link, given by what they begin with.
func loseKeys[C any](t *testing.T, do func(context.Context, ...any) C, id gate.LinkID, o gate.Opening, kinds string) {
	k := keysOf(id)
	for _, kind := range strings.Fields(kinds) {
		key := string(k) + kind
		switch kind {
		case "p:":
			key = k.plays(o.Subject)
		case "s:":
			key = k.session(o.Session)
		case "d:":
			key = k.device(o.Device, o.Person)
		}
		do(t.Context(), "DEL", key)
	}
}

// TestReservationsLost sees that plays whose reservations were lost compete
// for what is left, and that the slots come back by themselves.
func TestReservationsLost(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	id := link(t, s, gate.Terms{Views: 2})
	first, second, third := visit(t, s, id), visit(t, s, id), visit(t, s, id)
	for _, o := range []gate.Opening{first, second} {
		if err := admitted(s.Reserve(t.Context(), claim(o, "film"))); err != nil {
			t.Fatal(err)
		}
	}
	do(t, c, "DEL", keysOf(id).reservations())
	watch(t, s, third, "film") // there is room now
	if err := settled(s.Settle(t.Context(), settlement(first, "film", true))); err != nil {
		t.Error(err) // and for one of those
	}
	done, err := s.Settle(t.Context(), settlement(second, "film", true))
	if err != nil || done.Refused.Reason != gate.ViewsSpent {
		t.Errorf("the third view of two: %+v, %v", done, err)
	}
	if a := account(t, s, id); a.Used != 2 || a.Reserved != 0 {
		t.Errorf("%+v", a)
	}
}

// TestHalfReservation sees that a reservation of which one half was lost is
// none: it neither lets in nor stands in the way of its own subject.
func TestHalfReservation(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	for _, lost := range []string{"r", "p:"} {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprintf("without %s, reserved again: %v", lost, again), func(t *testing.T) {
				id := link(t, s, gate.Terms{Views: 1, ViewsEach: 1})
				o, other := visit(t, s, id), visit(t, s, id)
				if err := admitted(s.Reserve(t.Context(), claim(o, "film"))); err != nil {
					t.Fatal(err)
				}
				loseKeys(t, c.Do, id, o, lost)
				if again {
					if err := admitted(s.Reserve(t.Context(), claim(o, "film"))); err != nil {
						t.Error(err)
					}
					if err := admitted(s.Reserve(t.Context(), claim(other, "film"))); err == nil {
						t.Error("the slot was taken twice")
					}
				}
				if err := settled(s.Settle(t.Context(), settlement(o, "film", true))); err != nil {
					t.Error(err)
				}
				if a := account(t, s, id); a.Used != 1 || a.Reserved != 0 {
					t.Errorf("%+v", a)
				}
			})
		}
	}
}
