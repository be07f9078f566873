package caddymodule

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/gate"
)

const (
	// maxBuckets bounds each map of token buckets. At the bound, keys that are
	// not in it share one bucket: a flood of addresses can slow newcomers, and
	// never resets or lifts anybody's limit.
	maxBuckets = 100_000
	// groupFactor is how much more a client group may ask than one session:
	// a household or an office is several viewers.
	groupFactor = 4
)

// limits are a site's request rates.
type limits struct {
	sessions *buckets[gate.SessionID]
	groups   *buckets[netip.Prefix]
}

func newLimits(r config.Rate) *limits {
	return &limits{
		sessions: newBuckets[gate.SessionID](rate.Limit(r.PerSecond), r.Burst),
		groups:   newBuckets[netip.Prefix](rate.Limit(r.PerSecond*groupFactor), r.Burst*groupFactor),
	}
}

func (l *limits) session(id gate.SessionID) bool { return l.sessions.allow(id, time.Now()) }

func (l *limits) group(addr netip.Addr) bool {
	return l.groups.allow(gate.ClientGroup(addr), time.Now())
}

// buckets is a bounded map of token buckets.
type buckets[K comparable] struct {
	limit rate.Limit
	burst int

	mu     sync.Mutex
	byKey  map[K]*rate.Limiter
	shared *rate.Limiter
	swept  time.Time
}

func newBuckets[K comparable](limit rate.Limit, burst int) *buckets[K] {
	return &buckets[K]{limit: limit, burst: burst, byKey: map[K]*rate.Limiter{}, shared: rate.NewLimiter(limit, burst)}
}

func (b *buckets[K]) allow(key K, now time.Time) bool {
	return b.bucket(key, now).AllowN(now, 1)
}

func (b *buckets[K]) bucket(key K, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.byKey[key]; ok {
		return known
	}
	if len(b.byKey) >= maxBuckets && !b.sweep(now) {
		return b.shared
	}
	fresh := rate.NewLimiter(b.limit, b.burst)
	b.byKey[key] = fresh
	return fresh
}

// sweep forgets full buckets, which is the same as knowing them, at most once
// a second since it looks at all of them.
func (b *buckets[K]) sweep(now time.Time) bool {
	if now.Sub(b.swept) < time.Second {
		return false
	}
	b.swept = now
	for key, bucket := range b.byKey {
		if bucket.TokensAt(now) >= float64(b.burst) {
			delete(b.byKey, key)
		}
	}
	return len(b.byKey) < maxBuckets
}
