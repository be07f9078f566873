package directory

import (
	"sync"
	"sync/atomic"
	"time"
)

// memoryShards is how many parts a memory has, each with a lock of its own:
// requests on different cores must not wait for one another.
const memoryShards = 16

// memoryAge is how long anything is remembered at the most. News of changes
// makes forgetting prompt; this is for news that never came.
const memoryAge = time.Minute

// memory keeps what documents said, until it is told to forget, or for
// memoryAge. Each shard keeps two generations, of half that age: when the young
// one is full, or has its age, the old one goes and it becomes the old one. So
// memory is bounded without a list to keep in order.
type memory[K comparable, V any] struct {
	full int // entries of one generation of one shard
	// changes counts what was heard of changes; see put.
	changes *atomic.Uint64
	shards  [memoryShards]memoryShard[K, V]
}

type memoryShard[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
	since      time.Time // the young one is young since then
}

func newMemory[K comparable, V any](most int, changes *atomic.Uint64) *memory[K, V] {
	return &memory[K, V]{full: max(1, most/memoryShards/2), changes: changes}
}

// shard is the one of a key; spread is any byte of it that is as good as random.
func (m *memory[K, V]) shard(spread byte) *memoryShard[K, V] { return &m.shards[spread%memoryShards] }

func (m *memory[K, V]) get(spread byte, key K, now time.Time) (value V, found bool) {
	s := m.shard(spread)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(now, false)
	if value, found = s.young[key]; !found {
		value, found = s.old[key]
	}
	return value, found
}

// put keeps the value, unless a change was heard of since mark was read, which
// is to be read before the store is: then the value may be from before it.
func (m *memory[K, V]) put(spread byte, key K, value V, mark uint64, now time.Time) {
	s := m.shard(spread)
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.changes.Load() != mark {
		return
	}
	s.turn(now, len(s.young) >= m.full)
	if s.young == nil {
		s.young = map[K]V{}
	}
	s.young[key] = value
}

func (m *memory[K, V]) forget(spread byte, key K) {
	s := m.shard(spread)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.young, key)
	delete(s.old, key)
}

func (m *memory[K, V]) clear() {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		s.young, s.old = nil, nil
		s.mu.Unlock()
	}
}

// turn lets go of what is too old, or makes room.
func (s *memoryShard[K, V]) turn(now time.Time, full bool) {
	age := now.Sub(s.since)
	switch {
	case age >= memoryAge || age < 0: // not touched for long, or the clock was set back
		s.young, s.old, s.since = nil, nil, now
	case full || age >= memoryAge/2:
		s.young, s.old, s.since = nil, s.young, now
	}
}
