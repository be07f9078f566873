package redis

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkBudget is what one check may take altogether, in whosever trip.
	checkBudget = 250 * time.Millisecond
	// maxShared is how many checks share a trip at most. It bounds for how long
	// the server does nothing else.
	maxShared = 256
)

var (
	errWaited = errors.New("redis did not answer those who asked before, and was not asked in time: is it overloaded?")
	errBroken = errors.New("the trip to redis ended without an answer: this is a bug, please report it")
)

// trips merges checks that come at the same time into one trip, since most
// of what a small reading costs, on both sides, is its trip.
//
// One trip is under way at a time. Who comes while there is none makes it at
// once, in its own goroutine: nobody waits for company. Who comes meanwhile
// waits, and when that trip is back, whoever has waited longest makes the next
// one for all of them. So a trip always begins after all who share it came,
// and each of them sees what was acknowledged before. Two trips at a time were
// measured: with 32 callers they cost the server half as much again, since they
// are half as full, and with 256 they gain nothing.
//
// A trip belongs to all who share it. No single caller's context ends it; it
// ends by itself within the budget of the one who came first. Nothing takes a
// lock: those who come are a stack of atomic pointers.
type trips struct {
	// budget is what a caller may spend, waiting and travelling.
	budget time.Duration
	// travel answers a batch. Only the owner of underway calls it.
	travel func(ctx context.Context, batch []*caller)
	// arrived are those who came since the owner looked, newest first.
	arrived atomic.Pointer[caller]
	// underway is owned by whoever turned it to true, or was handed it, and
	// queue, oldest first, and batch belong to the owner.
	underway     atomic.Bool
	queue, batch []*caller
	// unused are callers whose call is over.
	unused sync.Pool
}

// caller is somebody who asks, from the call to the answer.
type caller struct {
	question question
	ctx      context.Context
	since    time.Time
	older    *caller // that arrived before

	// The outcome: answers or an error.
	answers *answers
	err     error
	done    bool
	// turn wakes who waits: it is done, or else the next trip is its to make.
	// It has room for one, so that nobody waits for a waiter.
	turn chan struct{}
}

// ask gets the answers to a question, in a trip that begins after the call.
func (t *trips) ask(ctx context.Context, q question) (*answers, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, _ := t.unused.Get().(*caller)
	if c == nil {
		c = &caller{turn: make(chan struct{}, 1)}
	}
	c.question, c.ctx, c.since = q, ctx, time.Now()
	t.join(c)
	answers, err := c.answers, c.err
	*c = caller{turn: c.turn}
	t.unused.Put(c)
	return answers, err
}

func (t *trips) join(c *caller) {
	for {
		c.older = t.arrived.Load()
		if t.arrived.CompareAndSwap(c.older, c) {
			break
		}
	}
	if t.underway.CompareAndSwap(false, true) {
		// A trip may have taken c along and be back already, between the two
		// steps above. Its token has to go, or it would make a later call, for
		// which c is used again, believe that it is the owner.
		select {
		case <-c.turn:
		default:
		}
	} else {
		<-c.turn
		if c.done {
			return
		}
	}
	defer t.handOver()
	for !c.done { // once, unless more than maxShared came before
		t.lead(c)
	}
}

// lead makes one trip, for its leader and for others.
func (t *trips) lead(leader *caller) {
	defer t.deliver(leader)
	t.line()
	t.dismiss(leader)
	if leader.done {
		return
	}
	n := min(len(t.queue), maxShared)
	t.batch = append(t.batch, t.queue[:n]...)
	t.queue = slices.Delete(t.queue, 0, n)

	until := t.batch[0].since.Add(t.budget)
	if own, tighter := leader.ctx.Deadline(); n == 1 && tighter && own.Before(until) {
		until = own // nobody else is on the trip
	}
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	t.travel(ctx, t.batch)
}

// dismiss gives an error to those who have waited for too long, so that a queue
// behind a server that hangs does not outlast its callers' budgets.
func (t *trips) dismiss(leader *caller) {
	now, late := time.Now(), 0
	for _, c := range t.queue {
		if now.Sub(c.since) < t.budget {
			break // and so has nobody behind it
		}
		late++
		c.err = errWaited
		c.finish(leader)
	}
	t.queue = slices.Delete(t.queue, 0, late)
}

// line moves those who have arrived to the end of the queue.
func (t *trips) line() {
	from := len(t.queue)
	for c := t.arrived.Swap(nil); c != nil; c = c.older {
		t.queue = append(t.queue, c)
	}
	slices.Reverse(t.queue[from:])
}

// deliver wakes those who were on the trip. They are woken also where it
// panicked: nothing else would ever wake them.
func (t *trips) deliver(leader *caller) {
	for i, c := range t.batch {
		t.batch[i] = nil
		if c.answers == nil {
			c.err = errBroken
		}
		c.finish(leader)
	}
	t.batch = t.batch[:0]
}

// finish tells a caller that its outcome is there. From then on the caller is
// its own goroutine's, and may be another call already.
func (c *caller) finish(leader *caller) {
	c.done = true
	if c != leader {
		c.turn <- struct{}{}
	}
}

// handOver makes whoever has waited longest the owner, where anybody waits.
func (t *trips) handOver() {
	for {
		t.line()
		if len(t.queue) > 0 {
			t.queue[0].turn <- struct{}{}
			return
		}
		t.underway.Store(false)
		// Who arrived after the look and before that waits for an owner.
		if t.arrived.Load() == nil || !t.underway.CompareAndSwap(false, true) {
			return
		}
	}
}
