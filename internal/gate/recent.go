package gate

import "sync"

// recentShards is how many parts a cache has, each with a lock of its own:
// requests on different cores must not wait for one another.
const recentShards = 64

// recent is a bounded cache of what was used lately. Each shard keeps two
// generations: when the young one is full it becomes the old one, and what is
// used of the old one moves on into the young. So what nobody asks for is
// forgotten, without a list to keep in order on every request. Values must be
// ones that may be forgotten at any time.
type recent[K comparable, V any] struct {
	full   int // entries of one generation of one shard
	shards [recentShards]recentShard[K, V]
}

type recentShard[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
	_          [40]byte // no two locks on one cache line
}

// newRecent returns a cache of at most this many entries.
func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{full: max(1, most/recentShards/2)}
}

// get returns what is kept under the key. spread is any byte of it that is as
// good as random; it chooses the shard.
func (c *recent[K, V]) get(spread byte, key K) (value V, found bool) {
	s := &c.shards[spread%recentShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, found = s.young[key]; found {
		return value, true
	}
	if value, found = s.old[key]; found {
		s.put(key, value, c.full)
	}
	return value, found
}

// put keeps the value under the key, in place of what was there.
func (c *recent[K, V]) put(spread byte, key K, value V) {
	s := &c.shards[spread%recentShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, value, c.full)
}

func (s *recentShard[K, V]) put(key K, value V, full int) {
	if _, known := s.young[key]; !known && len(s.young) >= full {
		s.young, s.old = nil, s.young
	}
	if s.young == nil {
		s.young = map[K]V{}
	}
	s.young[key] = value
}
