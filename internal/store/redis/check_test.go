package redis

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/token"
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

// TestCheckIsOneTrip sees that a check is five plain reads, sent at once, and
// stays so while slots lapse.
func TestCheckIsOneTrip(t *testing.T) {
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr)
	s, c := open(t, proxy.URL(), nil), admin(t, srv.URL())
	o := visit(t, s, link(t, s, gate.Terms{}))
	watch(t, s, o, "film")
	for _, lapsed := range []int{0, lapsedSeen - 1} {
		lapse(t, c, o.Link, lapsed)
		commands(t, c)
		before := proxy.Trips()
		if _, err := s.Check(t.Context(), query(o, "film")); err != nil {
			t.Fatal(err)
		}
		if trips := proxy.Trips() - before; trips != 1 {
			t.Errorf("a check made %d trips", trips)
		}
		got, want := commands(t, c), []string{"1 time", "1 zrange", "3 hmget"}
		if !slices.Equal(got, want) {
			t.Errorf("a check asked for %q, want %q", got, want)
		}
	}
}

// lapse takes slots that have lapsed, as the server's clock has it.
func lapse(t *testing.T, c *goredis.Client, id gate.LinkID, count int) {
	t.Helper()
	for i := range count {
		do(t, c, "ZADD", keysOf(id).reservations(), i+1, gate.Subject(token.NewID(time.Now())).String())
	}
	do(t, c, "HSET", keysOf(id).account(), "reserved", count)
}

// TestLapsedSlots sees that a check counts slots as of now, however many have
// lapsed since the last verb.
func TestLapsedSlots(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	var now time.Time = time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	s := open(t, srv.URL(), func() time.Time { return now })
	id := link(t, s, gate.Terms{})
	var first gate.Opening
	for i := range 3 * lapsedSeen {
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
	now = now.Add(pace.Lapse - 3*lapsedSeen*time.Second - time.Second)
	for lapsed := range 3*lapsedSeen + 1 {
		state, err := s.Check(t.Context(), query(first, "film"))
		if want := int64(3*lapsedSeen - lapsed); err != nil || state.Account.Reserved != want {
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
		if _, err := s.Sessions(t.Context(), o.Link, gate.SessionID{}, 9); err != nil {
			t.Fatal(err)
		}
	}
	allowed := strings.Fields(`hello ping info time eval evalsha exists del get set pttl pexpire
		hget hmget hset hdel hincrby hexists hlen hgetall sadd scard
		zadd zrem zcard zcount zscore zrange zrangebyscore zremrangebyscore zrevrangebylex`)
	for _, command := range commands(t, c) {
		_, name, _ := strings.Cut(command, " ")
		if !slices.Contains(allowed, name) {
			t.Errorf("the store asks for %s", name)
		}
	}
}
