package events

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

const (
	// queued bounds how many events wait to be written.
	queued = 4096
	// batch is how many are written before others are taken from the queue, and
	// together how many at the same time: requests share the store's connections.
	batch    = 64
	together = 8
	// again is after how long what could not be written is tried again.
	again = time.Second
)

// Trail keeps events in a store, and reads them.
type Trail struct {
	store  gate.Documents
	now    func() time.Time
	lost   func(error)
	queue  chan Event
	floods floods
	kept   atomic.Int64 // nanoseconds

	mu   sync.Mutex
	last time.Time // of the last id
}

// New returns the trail of a store. lost is called for each event that could not
// be kept: with the error of the store, or nil where too many were waiting.
func New(store gate.Documents, now func() time.Time, lost func(error)) *Trail {
	t := &Trail{store: store, now: now, lost: lost, queue: make(chan Event, queued), floods: floods{all: map[flooded]*flood{}}}
	t.KeepFor(DefaultKept)
	return t
}

// DefaultKept is how long events are kept where nothing is said.
const DefaultKept = 90 * 24 * time.Hour

// KeepFor says how long events are kept that are written from now on.
func (t *Trail) KeepFor(kept time.Duration) { t.kept.Store(int64(kept)) }

// stamp gives an event its time and id. Ids of one node sort in the order in which
// they were given, also within a millisecond.
func (t *Trail) stamp(e *Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.Time = t.now().UTC().Truncate(time.Millisecond)
	at := e.Time
	if !at.After(t.last) {
		at = t.last.Add(time.Millisecond)
	}
	t.last, e.ID = at, idAt(at)
	e.By, e.Detail, e.Asset, e.Key = clip(e.By), clip(e.Detail), clip(e.Asset), clip(e.Key)
}

// Note keeps an event of somebody who watches. It makes no trip and never waits:
// a worker writes it soon. Where too many wait it is lost, and lost is told.
func (t *Trail) Note(e Event) {
	t.stamp(&e)
	switch t.floods.admit(&e, e.Time) {
	case told:
		t.enqueue(e)
	case lost:
		t.lost(nil)
	case counted:
	}
}

func (t *Trail) enqueue(e Event) {
	select {
	case t.queue <- e:
	default:
		t.lost(nil)
	}
}

// Write keeps events of changes that were made, and returns when they are durable
// or given up: the change stands all the same, so that is told to lost and not to
// the caller. It outlives the caller's own interest for a few seconds.
func (t *Trail) Write(ctx context.Context, all ...Event) {
	for i := range all {
		t.stamp(&all[i])
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, failed := range t.put(ctx, all) {
		t.lost(failed.err)
	}
}

// failure is an event that was not written.
type failure struct {
	Event
	err error
}

// put writes events, some at a time: a store makes those durable together. It
// returns those that were not written.
func (t *Trail) put(ctx context.Context, all []Event) []failure {
	errs := make([]error, len(all))
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(together, len(all)) {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				errs[i] = t.putOne(ctx, all[i])
			}
		})
	}
	running.Wait()
	var failed []failure
	for i, err := range errs {
		if err != nil {
			failed = append(failed, failure{all[i], err})
		}
	}
	return failed
}

func (t *Trail) putOne(ctx context.Context, e Event) error {
	doc, err := e.document(time.Duration(t.kept.Load()))
	if err != nil {
		return err
	}
	if _, err = t.store.Put(ctx, doc); errors.Is(err, gate.ErrConflict) {
		return nil // a try before this one, whose answer was lost
	}
	return err
}

// Run writes what was noted until ctx is done, and then what is left.
func (t *Trail) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var pending []Event
		select {
		case <-ctx.Done():
			t.finish(ctx, nil)
			return
		case e := <-t.queue:
			pending = t.take(e)
		case <-tick.C:
			pending = t.floods.due(t.now(), false)
		}
		for len(pending) > 0 {
			pending = t.keep(ctx, pending)
			if len(pending) == 0 {
				break
			}
			select {
			case <-ctx.Done():
				t.finish(ctx, pending)
				return
			case <-time.After(again):
			}
		}
	}
}

// take is the event with others that wait.
func (t *Trail) take(e Event) []Event {
	all := []Event{e}
	for len(all) < batch {
		select {
		case e := <-t.queue:
			all = append(all, e)
		default:
			return all
		}
	}
	return all
}

// keep writes events and returns those that are to be tried again.
func (t *Trail) keep(ctx context.Context, all []Event) (left []Event) {
	for _, failed := range t.put(ctx, all) {
		left = append(left, failed.Event)
	}
	return left
}

// finish writes what is left, once.
func (t *Trail) finish(ctx context.Context, pending []Event) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	for waiting := true; waiting; {
		select {
		case e := <-t.queue:
			pending = append(pending, e)
		default:
			waiting = false
		}
	}
	pending = append(pending, t.floods.due(t.now(), true)...)
	for range t.keep(ctx, pending) {
		t.lost(nil)
	}
}
