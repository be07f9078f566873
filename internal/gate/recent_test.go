package gate

import (
	"testing"
	"time"
)

// TestRecentForgets: what is used stays, what is not goes after two
// generations, and there are never more than the bound.
func TestRecentForgets(t *testing.T) {
	const most = 4 * recentShards
	c, now := newRecent[int, int](most), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	count := func() (n int) {
		for i := range c.shards {
			n += len(c.shards[i].young) + len(c.shards[i].old)
		}
		return n
	}
	for key := range 10 * most {
		c.put(byte(key), key, key, now)
		if n := count(); n > most {
			t.Fatalf("%d entries, at most %d were asked for", n, most)
		}
	}
	c.put(1, -1, 1, now)
	for range 5 { // others come, and -1 is asked for now and then
		now = now.Add(generation)
		c.put(1, int(now.Unix()), 0, now)
		if _, found := c.get(1, -1, now); !found {
			t.Fatal("what is used was forgotten")
		}
	}
	for range 2 {
		now = now.Add(generation)
		c.put(1, int(now.Unix()), 0, now)
	}
	if _, found := c.get(1, -1, now); found {
		t.Error("what nobody used for two generations is still there")
	}
}
