package redis

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// fill writes junk until the server takes no more.
func fill(t *testing.T, c *goredis.Client) {
	t.Helper()
	junk := strings.Repeat("x", 64<<10)
	for i := 0; ; i++ {
		err := c.Set(t.Context(), fmt.Sprint("junk:", i), junk, 0).Err()
		if goredis.HasErrorPrefix(err, "OOM") {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// The last gap is too small for a key.
	for i := 0; ; i++ {
		if err := c.Set(t.Context(), fmt.Sprint("dust:", i), "", 0).Err(); err != nil {
			return
		}
	}
}

// TestServerFull sees that a full server refuses what would need room, whole,
// that what is running goes on, that a link can be revoked all the same, and
// that everything works again once there is room.
func TestServerFull(t *testing.T) {
	srv := redistest.Start(t, "--maxmemory", "8mb", "--maxmemory-policy", "noeviction")
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	id := link(t, s, gate.Terms{Views: 5})
	o := visit(t, s, id)
	watch(t, s, o, "film")
	reserved := visit(t, s, id)
	if err := admitted(s.Reserve(t.Context(), claim(reserved, "film"))); err != nil {
		t.Fatal(err)
	}
	condemned := visit(t, s, link(t, s, gate.Terms{}))
	warm := visit(t, s, link(t, s, gate.Terms{}))
	for _, call := range verbs(s, warm) {
		_ = call(t.Context()) // so that the server knows every script
	}
	before, listed := account(t, s, id), names(t, c, id)
	fill(t, c)

	late := visitor(id)
	late.Hold = true
	if opened, err := s.Open(t.Context(), late); err == nil {
		t.Errorf("a session was opened on a full server: %+v", opened)
	}
	if claimed, err := s.Reserve(t.Context(), claim(o, "another")); err == nil {
		t.Errorf("a slot was taken on a full server: %+v", claimed)
	}
	if claimed, err := s.Reserve(t.Context(), claim(o, "film")); err != nil || !claimed.Free {
		t.Errorf("an open play on a full server: %+v, %v", claimed, err)
	}
	state, err := s.Check(t.Context(), query(o, "film"))
	if err != nil || state.Account != before || !state.Play.Open(state.Now, pace) {
		t.Errorf("a check on a full server: %v\n got %+v\nwant %+v", err, state, before)
	}
	if got := names(t, c, id); got != listed {
		t.Errorf("keys\n got %s\nwant %s", got, listed)
	}
	standing := gate.Standing{State: gate.Revoked}
	if a, err := s.SetStanding(t.Context(), condemned.Link, standing); err != nil || a.Standing.State != gate.Revoked {
		t.Errorf("a revocation on a full server: %+v, %v", a, err)
	}
	if session, err := s.End(t.Context(), o.Link, o.Session); err != nil || session.EndedAt.IsZero() {
		t.Errorf("the end of a session on a full server: %+v, %v", session, err)
	}

	do(t, c, "CONFIG", "SET", "maxmemory", "64mb")
	if err := settled(s.Settle(t.Context(), settlement(reserved, "film", true))); err != nil {
		t.Error(err)
	}
	watch(t, s, visit(t, s, id), "film")
	if a := account(t, s, id); a.Used != 3 || a.Reserved != 0 {
		t.Errorf("%+v", a)
	}
}

// names lists the keys of a link.
func names(t *testing.T, c *goredis.Client, id gate.LinkID) string {
	t.Helper()
	keys, err := c.Keys(t.Context(), "usher:{"+id.String()+"}*").Result()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

// churn writes more than the server holds, to be kept longer than a session.
func churn(t *testing.T, c *goredis.Client) {
	t.Helper()
	junk := strings.Repeat("x", 64<<10)
	for i := range 64 {
		if err := c.Set(t.Context(), fmt.Sprint("junk:", i), junk, 30*24*time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEviction lets the server evict what it may. Sessions and plays may go,
// the account may not, and no view is given out twice.
func TestEviction(t *testing.T) {
	for _, policy := range []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"} {
		t.Run(policy, func(t *testing.T) {
			srv := redistest.Start(t, "--maxmemory", "3mb", "--maxmemory-policy", policy)
			s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
			const views = 10
			id := link(t, s, gate.Terms{Views: views})
			var told ledger
			for range 2 * views {
				told.note(told.visit(t.Context(), s, visitor(id)))
				churn(t, c)
			}
			a := account(t, s, id)
			if used := told.used.Load(); used != views || a.Used != views || told.failed.Load() > 0 {
				t.Errorf("%d views were given out of %d, %d calls failed: %+v", used, views, told.failed.Load(), a)
			}
			info, err := c.Info(t.Context(), "stats").Result()
			if err != nil || strings.Contains(info, "evicted_keys:0\r\n") {
				t.Errorf("nothing was evicted, %v", err)
			}
		})
	}
}
