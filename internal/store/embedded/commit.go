package embedded

import (
	"context"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
)

// maxBatch is how many verbs share one sync at most. It bounds how long the
// first of them waits for the others.
const maxBatch = 512

// job is a verb on its way through the committer.
type job struct {
	ctx  context.Context
	run  func(*batch) error
	err  error
	done chan error
}

// submit has the committer run a verb and returns its answer once everything
// it has read or written is on disk. A verb whose context ends while it waits
// may have been carried out all the same: its answer is lost, as an answer on
// a network is, and the contract lets it be asked for again.
func submit[T any](ctx context.Context, s *Store, verb func(*batch) (T, error)) (T, error) {
	var none, answer T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	j := &job{ctx: ctx, done: make(chan error, 1)}
	j.run = func(b *batch) (err error) {
		answer, err = verb(b)
		return err
	}
	select {
	case s.jobs <- j:
	case <-ctx.Done():
		return none, ctx.Err()
	case <-s.closing:
		return none, errClosed
	}
	select {
	case err := <-j.done:
		if err != nil {
			return none, err
		}
		return answer, nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// commitLoop is the committer.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for {
		select {
		case <-s.closing:
			return
		case first := <-s.jobs:
			s.commit(s.gather(first))
		}
	}
}

// gather adds the verbs that wait already to the first. It waits for none:
// while a batch is being synced the next one assembles by itself.
func (s *Store) gather(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < maxBatch {
		select {
		case j := <-s.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// errUnchanged ends a transaction in which there is nothing to commit.
var errUnchanged = errors.New("nothing was changed")

// commit runs a batch, and answers its verbs when it is on disk. A commit that
// failed fails them all, since each may have seen what the others wrote.
func (s *Store) commit(jobs []*job) {
	b := newBatch(s.front, s.edits.edition())
	err := s.use(func() error {
		return s.db.Update(func(tx *bolt.Tx) error { return s.runAll(b, tx, jobs) })
	})
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	if err == nil {
		s.front.publish(b.seen)
		s.edits.publish(b.edits)
		s.changes.Tell(b.news...)
	} else {
		s.front.purge() // only the disk knows now whether it happened
		if len(b.edits) > 0 {
			s.edits.renew()
		}
		s.changes.Tell(gate.Change{Kind: gate.Missed})
	}
	for _, j := range jobs {
		if err != nil {
			j.err = err
		}
		j.done <- s.explain(j.err)
	}
}

// runAll runs the verbs one after the other, each as of its own moment.
func (s *Store) runAll(b *batch, tx *bolt.Tx, jobs []*job) error {
	before, err := loadState(tx)
	if err != nil {
		return err
	}
	b.tx, b.sum = tx, before.sum
	for _, j := range jobs {
		if j.err = j.ctx.Err(); j.err == nil {
			b.now = s.clock.now()
			j.err = j.run(b)
		}
	}
	if !b.dirty {
		return errUnchanged
	}
	b.sweep(sweepsPerVerb * len(jobs))
	b.fail(saveState(tx, state{clock: b.now, sum: b.sum}))
	return b.err
}
