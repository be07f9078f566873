// Package embedded is the store of a single gateway node: one bbolt file on
// the local disk and a bounded front of decoded records in memory.
//
// One goroutine, the committer, makes every change: it takes the verbs that
// wait, runs them one after the other in one transaction, syncs once for all of
// them, and only then lets the front and the callers know. That one goroutine
// is the whole of the concurrency control. A verb is atomic since no other runs
// meanwhile; the front is never ahead of the disk; and the cost of a sync is
// shared by everybody who waited for it. bbolt's own Batch was not taken: it
// runs a function twice after an error in a neighbour's, and it offers no
// moment at which the front could be brought up to date for all at once.
package embedded

import (
	"context"
	"errors"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/changes"
)

// Options tune a store. The zero value is right outside of tests.
type Options struct {
	// Now tells the time; nil: time.Now.
	Now func() time.Time
}

// Store is a [gate.Store] in a file.
type Store struct {
	path  string
	db    *bolt.DB
	clock clock
	front *front
	edits *edits
	// changes is told what a batch has changed once that is on disk.
	changes changes.Feed

	jobs    chan *job
	closing chan struct{}
	stopped chan struct{}
	closed  sync.Once

	// lost is closed, and lossOf says why, once bbolt has given up half way.
	lost   chan struct{}
	lossOf error
	losing sync.Once
}

var _ gate.Store = (*Store)(nil)

// errClosed reports a verb that was called, or still waited, when the store was closed.
var errClosed = errors.New("the embedded store is closed")

// Ready implements [gate.Store]. It asks through the committer, so that it also
// waits for the disk where the verbs would.
func (s *Store) Ready(ctx context.Context) error {
	_, err := submit(ctx, s, func(b *batch) (struct{}, error) { return struct{}{}, checkFormat(b.tx) })
	return err
}

// Watch implements [gate.Changes].
func (s *Store) Watch(ctx context.Context, tell func(gate.Change)) { s.changes.Watch(ctx, tell) }

// Announce implements [gate.Changes].
func (s *Store) Announce(ctx context.Context, change gate.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.changes.Tell(change)
	return nil
}

// Close implements [gate.Store]. Verbs that the committer has taken on are
// finished; those that still wait get an error.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() {
		close(s.closing)
		select {
		case <-s.stopped:
		case <-s.lost: // and so the committer may never stop
		}
		err = s.explain(s.use(s.db.Close))
	})
	return err
}
