// Package changes carries news from a store to its Watches inside one process,
// for stores that no other process shares.
package changes

import (
	"context"
	"sync"

	"github.com/usher-media/usher/internal/gate"
)

// maxQueued is how much news waits for one Watch. Where more comes in than is
// taken, all of it turns into one gate.Missed, which says at least as much:
// neither does the store wait for a Watch, nor does its memory grow.
const maxQueued = 1024

// Feed tells its Watches about changes. The zero value is ready for use.
type Feed struct {
	mu      sync.Mutex
	watches map[*queue]struct{}
}

// queue is the news that waits for one Watch.
type queue struct {
	waiting []gate.Change
	wake    chan struct{} // holds a token while something waits
}

// Tell hands changes, which have to be durable already, to every Watch. It
// never waits.
func (f *Feed) Tell(changes ...gate.Change) {
	if len(changes) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for q := range f.watches {
		q.add(changes)
	}
}

func (q *queue) add(changes []gate.Change) {
	q.waiting = append(q.waiting, changes...)
	if len(q.waiting) > maxQueued {
		q.waiting = []gate.Change{{Kind: gate.Missed}}
	}
	select {
	case q.wake <- struct{}{}:
	default: // it has been woken and has not come yet
	}
}

// Watch is that of [gate.Changes].
func (f *Feed) Watch(ctx context.Context, tell func(gate.Change)) {
	q := &queue{wake: make(chan struct{}, 1)}
	f.join(q)
	defer f.leave(q)
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		}
		for _, change := range f.take(q) {
			if ctx.Err() != nil {
				return
			}
			tell(change)
		}
	}
}

func (f *Feed) join(q *queue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watches == nil {
		f.watches = make(map[*queue]struct{})
	}
	f.watches[q] = struct{}{}
	q.add([]gate.Change{{Kind: gate.Missed}})
}

func (f *Feed) leave(q *queue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watches, q)
}

func (f *Feed) take(q *queue) []gate.Change {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := q.waiting
	q.waiting = nil
	return waiting
}
