package caddymodule

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

const (
	// maxBuckets bounds each map of token buckets.
	maxBuckets = 100_000
	// sweepEvery is how often full buckets are forgotten where newcomers come.
	sweepEvery = time.Minute
	// bucketShards is how many parts a map has, each with a lock of its own: a
	// single one would be passed through by every request of every viewer.
	bucketShards = 64
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
		sessions: newBuckets(rate.Limit(r.PerSecond), r.Burst, func(seed maphash.Seed, id gate.SessionID) uint64 {
			return maphash.Comparable(seed, id)
		}),
		// Of a prefix the address is enough, all are of the same length. A
		// netip.Prefix as a whole holds a pointer, and to hash it allocates.
		groups: newBuckets(rate.Limit(r.PerSecond*groupFactor), r.Burst*groupFactor, func(seed maphash.Seed, p netip.Prefix) uint64 {
			return maphash.Comparable(seed, p.Addr().As16())
		}),
	}
}

// rates are the limits of all sites of a config.
type rates struct {
	mu  sync.Mutex
	all []*limits
}

func (r *rates) add(l *limits) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, l)
}

// now counts who is held to the limits on this node, and who has to wait.
func (r *rates) now() (sum api.Rates) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, l := range r.all {
		known, waiting := l.sessions.count(now)
		sum.Sessions, sum.SessionsWaiting = sum.Sessions+known, sum.SessionsWaiting+waiting
		known, waiting = l.groups.count(now)
		sum.Groups, sum.GroupsWaiting = sum.Groups+known, sum.GroupsWaiting+waiting
	}
	return sum
}

// session returns the session's bucket, and whether it is its own.
func (l *limits) session(id gate.SessionID, now time.Time) (gate.Pacer, bool) {
	shard := l.sessions.shardOf(id)
	bucket := shard.bucket(id, now)
	return bucket, bucket != shard.shared
}

func (l *limits) group(addr netip.Addr, now time.Time) bool {
	return l.groups.allow(gate.ClientGroup(addr), now)
}

// buckets is a bounded map of token buckets in shards. Which keys share a shard
// is a secret of the process: nobody can pick addresses that fill up the shard
// of somebody else.
type buckets[K comparable] struct {
	seed   maphash.Seed
	hash   func(maphash.Seed, K) uint64
	shards [bucketShards]bucketShard[K]
}

func newBuckets[K comparable](limit rate.Limit, burst int, hash func(maphash.Seed, K) uint64) *buckets[K] {
	b := &buckets[K]{seed: maphash.MakeSeed(), hash: hash}
	for i := range b.shards {
		b.shards[i] = bucketShard[K]{limit: limit, burst: burst, byKey: map[K]*rate.Limiter{}, shared: rate.NewLimiter(limit, burst)}
	}
	return b
}

func (b *buckets[K]) allow(key K, now time.Time) bool {
	return b.shardOf(key).bucket(key, now).AllowN(now, 1)
}

func (b *buckets[K]) shardOf(key K) *bucketShard[K] {
	return &b.shards[b.hash(b.seed, key)%bucketShards]
}

// count says how many keys have a bucket of their own, and how many of those are
// empty.
func (b *buckets[K]) count(now time.Time) (known, empty int) {
	for i := range b.shards {
		shard := &b.shards[i]
		shard.mu.Lock()
		known += len(shard.byKey)
		for _, bucket := range shard.byKey {
			if bucket.TokensAt(now) < 1 {
				empty++
			}
		}
		shard.mu.Unlock()
	}
	return known, empty
}

// bucketShard is a part of a map of buckets. At its bound, keys that are not in
// it share one bucket: a flood of addresses can slow newcomers, and never
// resets or lifts anybody's limit.
type bucketShard[K comparable] struct {
	limit rate.Limit
	burst int

	mu     sync.Mutex
	byKey  map[K]*rate.Limiter
	shared *rate.Limiter
	swept  time.Time
}

func (s *bucketShard[K]) bucket(key K, now time.Time) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.byKey[key]; ok {
		return known
	}
	full := len(s.byKey) >= maxBuckets/bucketShards
	if full || now.Sub(s.swept) >= sweepEvery {
		if !s.sweep(now) && full {
			return s.shared
		}
	}
	fresh := rate.NewLimiter(s.limit, s.burst)
	s.byKey[key] = fresh
	return fresh
}

// sweep forgets full buckets, which is the same as knowing them, at most once
// a second since it looks at all of them.
func (s *bucketShard[K]) sweep(now time.Time) bool {
	if now.Sub(s.swept) < time.Second {
		return false
	}
	s.swept = now
	for key, bucket := range s.byKey {
		if bucket.TokensAt(now) >= float64(s.burst) {
			delete(s.byKey, key)
		}
	}
	return len(s.byKey) < maxBuckets/bucketShards
}
