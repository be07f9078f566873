package redis

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/store/storetest"
)

// TestContractOnARealRedisServer runs the suite of all stores against a real server.
func TestContractOnARealRedisServer(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	storetest.Run(t, func(t *testing.T, now func() time.Time) gate.Store {
		do(t, c, "FLUSHALL")
		return open(t, srv.URL(), now)
	})
}

// TestContractOnMiniredis runs it against miniredis, whose commands and Lua are other
// people's: what passes on both does not lean on an oddity of either.
func TestContractOnMiniredis(t *testing.T) {
	mini := miniredis.RunT(t)
	// It does not know this section of INFO.
	mini.Server().SetPreHook(func(c *server.Peer, cmd string, args ...string) bool {
		if cmd != "INFO" || strings.Join(args, " ") != "memory" {
			return false
		}
		c.WriteBulk("# Memory\r\nmaxmemory_policy:noeviction\r\n")
		return true
	})
	storetest.Run(t, func(t *testing.T, now func() time.Time) gate.Store {
		mini.FlushAll()
		return open(t, "redis://"+mini.Addr(), now)
	})
}

// TestServerClock goes through one link's life on the server's own clock.
func TestServerClock(t *testing.T) {
	s := open(t, redistest.Start(t).URL(), nil)
	before := time.Now().Truncate(time.Millisecond)
	id := link(t, s, gate.Terms{Views: 2, StartsAt: before, ExpiresAt: before.Add(time.Hour)})
	o := visit(t, s, id)
	watch(t, s, o, "film")

	state, err := s.Check(t.Context(), query(o, "film"))
	if err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	for what, at := range map[string]time.Time{
		"now":         state.Now,
		"issued":      state.Account.Standing.Since,
		"created":     state.Session.CreatedAt,
		"play opened": state.Play.OpenedAt,
	} {
		if at.Before(before) || at.After(after) || at.Location() != time.UTC {
			t.Errorf("%s: %v is not from %v to %v", what, at, before, after)
		}
	}
	if !state.Session.Live(state.Now) || !state.Play.Open(state.Now, pace) {
		t.Errorf("the session or its play is over: %+v", state)
	}
	if got := state.Session.ExpiresAt.Sub(state.Session.CreatedAt); got != o.Life {
		t.Errorf("the session lives %v, want %v", got, o.Life)
	}

	end := before
	if _, err := s.Extend(t.Context(), id, gate.Extension{ExpiresAt: &end}); err != nil {
		t.Fatal(err)
	}
	if opened, err := s.Open(t.Context(), visitor(id)); err != nil || opened.Refused.Reason != gate.Expired {
		t.Errorf("after the end: %+v, %v", opened, err)
	}
	// Slots lapse by the server's clock too, and the next verb sees it.
	end = before.Add(time.Hour)
	if _, err := s.Extend(t.Context(), id, gate.Extension{ExpiresAt: &end}); err != nil {
		t.Fatal(err)
	}
	hasty := visitor(id)
	hasty.Hold, hasty.Pace.Lapse = true, time.Millisecond
	if opened, err := s.Open(t.Context(), hasty); err != nil || opened.Refused.Reason != gate.OK {
		t.Fatalf("%+v, %v", opened, err)
	}
	for deadline := time.Now().Add(5 * time.Second); account(t, s, id).Reserved > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the hold did not lapse")
		}
	}
}

// TestServerClockSetBack sees that neither a node nor another one that comes
// new lives through a time twice, where the server's clock is set back.
func TestServerClockSetBack(t *testing.T) {
	mini := miniredis.RunT(t)
	noon := time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	mini.SetTime(noon)
	s := open(t, "redis://"+mini.Addr(), nil)
	id := link(t, s, gate.Terms{ExpiresAt: noon.Add(time.Hour)})
	o := visit(t, s, id)

	mini.SetTime(noon.Add(time.Hour))
	if _, err := s.SetStanding(t.Context(), id, gate.Standing{State: gate.Active}); err != nil {
		t.Fatal(err)
	}
	mini.SetTime(noon)
	fresh := open(t, "redis://"+mini.Addr(), nil)
	for name, node := range map[string]*Store{"node": s, "fresh node": fresh} {
		state, err := node.Check(t.Context(), query(o, "film"))
		if err != nil || state.Now.Before(noon.Add(time.Hour)) {
			t.Errorf("%s: now is %v, %v", name, state.Now, err)
		}
		if opened, err := node.Open(t.Context(), visitor(id)); err != nil || opened.Refused.Reason != gate.Expired {
			t.Errorf("%s: %+v, %v", name, opened, err)
		}
	}
}
