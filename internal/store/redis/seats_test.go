package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// TestSeatsOfNodes sees that seats are exact over several nodes on one server,
// whether newcomers are refused or the oldest replaced.
func TestSeatsOfNodes(t *testing.T) {
	const seats, devices = 5, 60
	srv := redistest.Start(t)
	nodes := []*Store{open(t, srv.URL(), nil), open(t, srv.URL(), nil), open(t, srv.URL(), nil)}
	for full, want := range map[gate.WhenFull]int64{gate.RefuseNew: seats, gate.ReplaceOldest: devices} {
		id := link(t, nodes[0], gate.Terms{Seats: seats, WhenFull: full})
		var admitted atomic.Int64
		var all sync.WaitGroup
		for i := range devices {
			s := nodes[i%len(nodes)]
			all.Go(func() {
				opened, err := s.Open(t.Context(), visitor(id))
				if err == nil && opened.Refused.Reason == gate.OK {
					admitted.Add(1)
				}
				if n, seatedErr := s.Seated(t.Context(), id); n > seats || err != nil || seatedErr != nil {
					t.Errorf("%s: %d seated, %v", full, n, errors.Join(err, seatedErr))
				}
			})
		}
		all.Wait()
		if n, err := nodes[0].Seated(t.Context(), id); admitted.Load() != want || n != seats || err != nil {
			t.Errorf("%s: %d admitted, want %d; %d seated, %v", full, admitted.Load(), want, n, err)
		}
	}
}

// TestLostSeats removes what seats are read off, as a careless hand or an
// eviction would. Nobody gets a seat by that which the link does not have.
func TestLostSeats(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	for _, lost := range []string{"se", "ss se", "s:", "s: d:", "dv", "r p:"} {
		t.Run(lost, func(t *testing.T) {
			now := time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
			s := open(t, srv.URL(), func() time.Time { return now })
			id := link(t, s, gate.Terms{Seats: 2})
			first, second := visit(t, s, id), visit(t, s, id)
			loseKeys(t, c.Do, id, first, lost)
			var watching int
			for _, o := range []gate.Opening{first, second, visitor(id), visitor(id), visitor(id)} {
				if _, err := s.Open(t.Context(), o); err != nil {
					t.Fatal(err)
				}
				if claimed, err := s.Reserve(t.Context(), claim(o, "film")); err != nil {
					t.Fatal(err)
				} else if claimed.Refused.Reason == gate.OK {
					watching++
				}
			}
			if watching > 2 {
				t.Errorf("%d devices watch on 2 seats", watching)
			}
			now = now.Add(first.Life)
			visit(t, s, id) // whatever was lost is over with those sessions
		})
	}
}

// BenchmarkFullHouse measures an opening that is refused: it looks for an idle
// session among all that are seated, while the server does nothing else.
func BenchmarkFullHouse(b *testing.B) {
	srv := redistest.Start(b)
	s := open(b, srv.URL(), nil)
	for _, seats := range []int64{5, 100} {
		id := link(b, s, gate.Terms{Seats: seats})
		for range seats {
			visit(b, s, id)
		}
		b.Run(fmt.Sprint(seats, " seats"), func(b *testing.B) {
			for b.Loop() {
				if opened, err := s.Open(b.Context(), visitor(id)); err != nil || opened.Refused.Reason != gate.TooManySeats {
					b.Fatalf("%+v, %v", opened, err)
				}
			}
		})
	}
}

// TestTurnedAwayCheaply sees that the server does not look at everybody who
// sits each time that somebody is turned away, and does look again once some
// may be idle.
func TestTurnedAwayCheaply(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	now := time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	s := open(t, srv.URL(), func() time.Time { return now })
	const seats = 50
	id := link(t, s, gate.Terms{Seats: seats})
	first := visit(t, s, id)
	for range seats - 1 {
		visit(t, s, id)
	}
	looked := func(want gate.Reason) int64 {
		t.Helper()
		do(t, c, "CONFIG", "RESETSTAT")
		opened, err := s.Open(t.Context(), visitor(id))
		if err != nil || opened.Refused.Reason != want {
			t.Fatalf("%+v, %v; want %v", opened, err, want)
		}
		info := c.Info(t.Context(), "commandstats").Val()
		_, rest, _ := strings.Cut(info, "cmdstat_hget:calls=")
		calls, _, _ := strings.Cut(rest, ",")
		n, _ := strconv.ParseInt(calls, 10, 64) // none is not listed
		return n
	}
	for i, want := range []bool{true, false, false} {
		if n := looked(gate.TooManySeats); (n >= seats) != want {
			t.Errorf("opening %d read %d sessions", i, n)
		}
	}
	now = now.Add(pace.Seat)
	fact := gate.Usage{Link: id, Session: first.Session, Subject: first.Subject, LastSeen: now, Pace: pace}
	if err := s.Flush(t.Context(), []gate.Usage{fact}); err != nil {
		t.Fatal(err)
	}
	if n := looked(gate.OK); n < seats {
		t.Errorf("once some are idle, %d were looked at", n)
	}
}
