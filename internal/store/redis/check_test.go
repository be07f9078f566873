package redis

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// commands are the commands that a server was asked for since the last call,
// those of scripts too, without those of admins.
func commands(t *testing.T, c *goredis.Client) []string {
	t.Helper()
	info, err := c.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	do(t, c, "CONFIG", "RESETSTAT")
	calls := make(map[string]bool)
	for line := range strings.Lines(info) {
		name, counts, found := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		count, _, _ := strings.Cut(counts, ",")
		if found && name != "info" && name != "config|resetstat" {
			calls[count+" "+name] = true
		}
	}
	return slices.Sorted(maps.Keys(calls))
}

// hold lets so many fresh devices hold a slot each.
func hold(t *testing.T, s *Store, id gate.LinkID, slots int) {
	t.Helper()
	for range slots {
		o := visitor(id)
		o.Hold = true
		if opened, err := s.Open(t.Context(), o); err != nil || opened.Refused.Reason != gate.OK {
			t.Fatalf("Open: %+v, %v", opened, err)
		}
	}
}

// TestCheckIsOneTrip sees that a check is a few plain reads, sent at once, and
// that it is asked again only while several slots are outstanding of which one
// has lapsed.
func TestCheckIsOneTrip(t *testing.T) {
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr)
	s, c := open(t, proxy.URL(), nil), admin(t, srv.URL())
	later := open(t, proxy.URL(), func() time.Time { return time.Now().Add(pace.Lapse) })
	account(t, later, link(t, s, gate.Terms{})) // connects
	parent, grand := link(t, s, gate.Terms{}), link(t, s, gate.Terms{})
	hold(t, s, grand, 5)
	one := []string{"1 get", "1 time", "3 hmget"}
	for _, try := range []struct {
		name            string
		node            *Store
		held            int
		above           []gate.LinkID
		record          bool
		reserved, trips int64
		want            []string
	}{
		{"with nothing outstanding", s, 0, nil, false, 0, 1, one},
		{"with slots outstanding", s, 9, nil, false, 9, 1, one},
		{"with one lapsed", later, 1, nil, false, 0, 1, []string{"1 get", "3 hmget"}},
		{"with several lapsed", later, 9, nil, false, 0, 2, []string{"1 zcount", "2 get", "6 hmget"}},
		{"with links above", s, 0, []gate.LinkID{parent, grand}, false, 0, 1, []string{"1 get", "1 time", "5 hmget"}},
		{"with the link's document", s, 0, nil, true, 0, 1, []string{"1 get", "1 time", "4 hmget"}},
		{"with several lapsed above", later, 0, []gate.LinkID{parent, grand}, false, 0, 2, []string{"10 hmget", "2 get", "3 zcount"}},
	} {
		o := visit(t, s, link(t, s, gate.Terms{}))
		watch(t, s, o, "film")
		hold(t, s, o.Link, try.held)
		commands(t, c)
		before := proxy.Trips()
		q := query(o, "film")
		q.Record = try.record
		copy(q.Above[:], try.above)
		state, err := try.node.Check(t.Context(), q)
		if len(state.Above) != len(try.above) {
			t.Errorf("%s: above are %+v", try.name, state.Above)
		}
		if err != nil || state.Account.Reserved != try.reserved || !state.Play.Exists {
			t.Errorf("%s: %+v, %v", try.name, state, err)
		}
		if trips := proxy.Trips() - before; trips != try.trips {
			t.Errorf("%s: %d trips, want %d", try.name, trips, try.trips)
		}
		if got := commands(t, c); !slices.Equal(got, try.want) {
			t.Errorf("%s: asked for %q, want %q", try.name, got, try.want)
		}
	}
}

// TestLapsedSlots sees that a check counts slots as of now, however many have
// lapsed since the last verb.
func TestLapsedSlots(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	now := time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	s := open(t, srv.URL(), func() time.Time { return now })
	id := link(t, s, gate.Terms{})
	const slots = 20
	var first gate.Opening
	for i := range slots {
		o := visitor(id)
		o.Hold = true
		if _, err := s.Open(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = o
		}
		now = now.Add(time.Second)
	}
	now = now.Add(pace.Lapse - slots*time.Second - time.Second)
	for lapsed := range slots + 1 {
		state, err := s.Check(t.Context(), query(first, "film"))
		if want := int64(slots - lapsed); err != nil || state.Account.Reserved != want {
			t.Errorf("%d lapsed: %d reserved, want %d, %v", lapsed, state.Account.Reserved, want, err)
		}
		now = now.Add(time.Second)
	}
	// All of them are swept by the next verb.
	if _, err := s.SetStanding(t.Context(), id, gate.Standing{State: gate.Active}); err != nil {
		t.Fatal(err)
	}
	if left := c.ZCard(t.Context(), keysOf(id).reservations()).Val(); left != 0 {
		t.Errorf("%d slots are left", left)
	}
}

// TestRefusalChangesNoCount sees that a refusal leaves the number of slots that
// readers without a script are told, although it met a slot that had lapsed,
// or one whose play was lost.
func TestRefusalChangesNoCount(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	now := time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	s := open(t, srv.URL(), func() time.Time { return now })
	for name, spoil := range map[string]func(gate.Opening){
		"lapsed":       func(gate.Opening) { now = now.Add(pace.Lapse) },
		"without play": func(o gate.Opening) { do(t, c, "DEL", keysOf(o.Link).plays(o.Subject)) },
	} {
		for verb, refuse := range map[string]func(gate.Opening) error{
			"Reserve": func(o gate.Opening) error { return admitted(s.Reserve(t.Context(), claim(o, "film"))) },
			"Settle":  func(o gate.Opening) error { return settled(s.Settle(t.Context(), settlement(o, "film", true))) },
		} {
			id := link(t, s, gate.Terms{Views: 2})
			o, other := visit(t, s, id), visit(t, s, id)
			if err := admitted(s.Reserve(t.Context(), claim(o, "film"))); err != nil {
				t.Fatal(err)
			}
			watch(t, s, other, "film")
			one := int64(1)
			if _, err := s.Extend(t.Context(), id, gate.Extension{Views: &one}); err != nil {
				t.Fatal(err)
			}
			spoil(o)
			if err := refuse(o); err == nil || err.Error() != gate.ViewsSpent.String() {
				t.Errorf("%s, %s: %v, want a refusal", name, verb, err)
			}
			// What the slots themselves say, as a verb that counts them would.
			from := "(" + strconv.FormatInt(now.UnixMilli(), 10)
			slots := c.ZCount(t.Context(), keysOf(id).reservations(), from, "+inf").Val()
			if a := account(t, s, id); a.Reserved != slots {
				t.Errorf("%s, %s: %d reserved, and %d slots outstanding", name, verb, a.Reserved, slots)
			}
		}
	}
}

// TestCommands sees that the store asks for no command beyond those that the
// documented ACL allows, and never walks through the keys.
func TestCommands(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	for range 2 { // by EVAL and by EVALSHA
		o := visit(t, s, link(t, s, gate.Terms{}))
		watch(t, s, o, "film")
		for _, call := range verbs(s, o) {
			_ = call(t.Context())
		}
		if _, err := s.Sessions(t.Context(), gate.Whose{Link: o.Link}, gate.SessionID{}, 9); err != nil {
			t.Fatal(err)
		}
	}
	allowed := strings.Fields(`hello ping info time eval evalsha exists del get set pttl pexpire
		publish hget hmget hset hdel hincrby hexists hlen hgetall sadd scard
		zadd zrem zcard zcount zscore zrange zrangebyscore zremrangebyscore zrevrangebylex`)
	for _, command := range commands(t, c) {
		_, name, _ := strings.Cut(command, " ")
		if !slices.Contains(allowed, name) {
			t.Errorf("the store asks for %s", name)
		}
	}
}
