package caddymodule

import (
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func addr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func newAddrBuckets(limit rate.Limit, burst int) *buckets[netip.Addr] {
	return newBuckets(limit, burst, func(seed maphash.Seed, a netip.Addr) uint64 { return maphash.Comparable(seed, a.As16()) })
}

// known counts the buckets that are kept.
func (b *buckets[K]) known() int {
	n := 0
	for i := range b.shards {
		n += len(b.shards[i].byKey)
	}
	return n
}

func TestBucketsLimitEachKey(t *testing.T) {
	b := newAddrBuckets(1, 3)
	for i := range 5 {
		if got, want := b.allow(addr(1), start), i < 3; got != want {
			t.Errorf("request %d: %v", i, got)
		}
	}
	if !b.allow(addr(2), start) {
		t.Error("another key is refused")
	}
	if known, empty := b.count(start); known != 2 || empty != 1 {
		t.Errorf("%d of %d have to wait, want 1 of 2", empty, known)
	}
	if !b.allow(addr(1), start.Add(time.Second)) {
		t.Error("refused after a second")
	}
}

// A flood of keys neither grows the map past its bound nor lifts the limit of
// a key that is in it; newcomers share one bucket of their shard.
func TestBucketsAreBounded(t *testing.T) {
	b := newAddrBuckets(1, 2)
	abuser := addr(0)
	for b.allow(abuser, start) {
	}
	const flood = 2 * maxBuckets // keys spread evenly enough to fill each shard
	for n := 1; n <= flood; n++ {
		b.allow(addr(n), start)
	}
	if n := b.known(); n > maxBuckets || n < maxBuckets-bucketShards {
		t.Fatalf("%d buckets", n)
	}
	if b.allow(abuser, start) {
		t.Error("the flood lifted the abuser's limit")
	}
	if b.allow(addr(flood+99), start) || b.allow(addr(flood+98), start) {
		t.Error("newcomers do not share a bucket")
	}
	later := start.Add(time.Hour) // all buckets are full again, which is as good as unknown
	newcomer := addr(flood + 97)
	b.allow(newcomer, later)
	if n := len(b.shardOf(newcomer).byKey); n > 1 {
		t.Errorf("%d buckets of the shard are kept though full", n)
	}
}

func TestKnownKeysAllocateNothing(t *testing.T) {
	l := newLimits(config.Rate{PerSecond: 1, Burst: 1})
	for _, a := range []netip.Addr{addr(1), netip.MustParseAddr("2001:db8::1")} {
		id, now := gate.SessionID{11: 1}, time.Now()
		if n := testing.AllocsPerRun(100, func() { ask(l, id, now); l.group(a, now) }); n != 0 {
			t.Errorf("%s: %v allocations", a, n)
		}
	}
}

// BenchmarkLimits asks both limits on behalf of thousands of known viewers, as
// every request does.
func BenchmarkLimits(b *testing.B) {
	const viewers = 10_000
	l := newLimits(config.Rate{PerSecond: 1e6, Burst: 1e6})
	ids, addrs := make([]gate.SessionID, viewers), make([]netip.Addr, viewers)
	for i := range viewers {
		ids[i], addrs[i] = gate.SessionID(token.NewID(time.Now())), addr(i)
		ask(l, ids[i], time.Now())
		l.group(addrs[i], time.Now())
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := rand.IntN(viewers); pb.Next(); i = (i + 1) % viewers {
			ask(l, ids[i], time.Now())
			l.group(addrs[i], time.Now())
		}
	})
}

// ask asks on behalf of a session.
func ask(l *limits, id gate.SessionID, now time.Time) bool {
	pacer, _ := l.session(id, now)
	return pacer.AllowN(now, 1)
}
