package embedded

import (
	"sync/atomic"
	"time"
)

// clock is the store's time: whole milliseconds that never run backwards. A
// wall clock that was set back may not make an expired link valid again, so the
// highest time seen is also kept in the file, and taken up from there.
type clock struct {
	wall   func() time.Time
	latest atomic.Int64 // in Unix milliseconds
}

func (c *clock) now() time.Time {
	wall := c.wall().UnixMilli()
	for {
		latest := c.latest.Load()
		if wall <= latest {
			return fromMilli(latest)
		}
		if c.latest.CompareAndSwap(latest, wall) {
			return fromMilli(wall)
		}
	}
}

// fromMilli turns the zero time's milliseconds into the zero time again.
func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// toMillisecond cuts what the file does not keep.
func toMillisecond(t time.Time) time.Time { return fromMilli(t.UnixMilli()) }
