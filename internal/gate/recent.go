package gate

import (
	"sync"
	"time"
)

// recentShards is how many parts a cache has, each with a lock of its own:
// requests on different cores must not wait for one another.
const recentShards = 64

// recent is a bounded cache of what was used lately. Each shard keeps two
// generations: when the young one is full, or has its age, it becomes the old
// one, and what is used of the old one moves on into the young. So what nobody
// asks for is forgotten, without a list to keep in order on every request.
// Values must be ones that may be forgotten at any time.
type recent[K comparable, V any] struct {
	full   int           // entries of one generation of one shard
	age    time.Duration // of one generation
	shards [recentShards]recentShard[K, V]
}

type recentShard[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
	since      time.Time // the young one is young since then
	_          [16]byte  // no two locks on one cache line
}

// generation is the age of one: what was not used for two of them is not worth
// its memory. Viewers come and go all day.
const generation = time.Minute

// newRecent returns a cache of at most this many entries.
func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{full: max(1, most/recentShards/2), age: generation}
}

// get returns what is kept under the key. spread is any byte of it that is as
// good as random; it chooses the shard.
func (c *recent[K, V]) get(spread byte, key K, now time.Time) (value V, found bool) {
	s := &c.shards[spread%recentShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, found = s.young[key]; found {
		return value, true
	}
	if value, found = s.old[key]; found {
		s.put(key, value, c.full, c.age, now)
	}
	return value, found
}

// put keeps the value under the key, in place of what was there.
func (c *recent[K, V]) put(spread byte, key K, value V, now time.Time) {
	s := &c.shards[spread%recentShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, value, c.full, c.age, now)
}

func (s *recentShard[K, V]) put(key K, value V, full int, age time.Duration, now time.Time) {
	if _, known := s.young[key]; !known && (len(s.young) >= full || now.Sub(s.since) >= age) {
		s.young, s.old, s.since = nil, s.young, now
	}
	if s.young == nil {
		s.young = map[K]V{}
	}
	s.young[key] = value
}
