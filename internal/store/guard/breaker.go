package guard

import (
	"sync/atomic"
	"time"
)

const (
	// tripAfter failures in a row open the breaker.
	tripAfter = 5
	// coolDown is how long an open breaker refuses before it lets one call
	// through to see.
	coolDown = 500 * time.Millisecond
)

// breaker counts failures in a row. While it is open, one call per coolDown
// probes; its success closes it. It takes no lock, and while all is well it is
// only read: every request of the gateway comes by here.
type breaker struct {
	made     time.Time
	failures atomic.Int64
	// probeAt is when the next probe may go, as a time since made, which a wall
	// clock that is set does not move.
	probeAt atomic.Int64
}

func (b *breaker) allow(now time.Time) bool {
	if b.failures.Load() < tripAfter {
		return true
	}
	at, since := b.probeAt.Load(), now.Sub(b.made)
	if since < time.Duration(at) {
		return false
	}
	// The others wait for the outcome of whoever wins this.
	return b.probeAt.CompareAndSwap(at, int64(since+coolDown))
}

func (b *breaker) record(failed bool) {
	if failed {
		// First this: with the failure that opens the breaker, its cool-down
		// has begun.
		b.probeAt.Store(int64(time.Since(b.made) + coolDown))
		b.failures.Add(1)
	} else if b.failures.Load() != 0 {
		b.failures.Store(0)
	}
}
