// Package budget bounds how long something may take, for a path so short that
// a timer would cost more than the work: the timer is only made once somebody
// waits.
package budget

import (
	"context"
	"sync"
	"time"
)

// Context is a context.Context that ends at a time at the latest, like one of
// context.WithDeadline. A store that answers from memory, or that hands the
// deadline to a socket, never asks for Done, and then nothing is allocated.
type Context struct {
	context.Context // the parent
	end             time.Time

	mu      sync.Mutex
	timed   context.Context // with the timer; nil until somebody waits
	cancel  context.CancelFunc
	stopped bool
}

// New returns a context of parent that ends at the given time. Stop must be
// called.
func New(parent context.Context, end time.Time) *Context {
	c := new(Context)
	c.Start(parent, end)
	return c
}

// Start makes c, which is zero, what New returns, for who has room for it.
func (c *Context) Start(parent context.Context, end time.Time) {
	if earlier, ok := parent.Deadline(); ok && earlier.Before(end) {
		end = earlier
	}
	c.Context, c.end = parent, end
}

// Stop ends the context and lets go of its timer, if there is one. Where
// nobody had looked before, Err is context.Canceled from then on, late or not.
func (c *Context) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	if c.cancel != nil {
		c.cancel()
	}
}

// Deadline implements [context.Context].
func (c *Context) Deadline() (time.Time, bool) { return c.end, true }

// Done implements [context.Context]. It makes the timer.
func (c *Context) Done() <-chan struct{} { return c.withTimer().Done() }

func (c *Context) withTimer() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.cancel = context.WithDeadline(c.Context, c.end)
		if c.stopped {
			c.cancel()
		}
	}
	return c.timed
}

// Err implements [context.Context].
func (c *Context) Err() error {
	c.mu.Lock()
	timed, stopped := c.timed, c.stopped
	c.mu.Unlock()
	switch {
	case timed != nil:
		return timed.Err()
	case c.Context.Err() != nil:
		return c.Context.Err()
	case stopped:
		return context.Canceled
	case !time.Now().Before(c.end):
		return c.withTimer().Err() // ended for good, and Done says so too
	}
	return nil
}
