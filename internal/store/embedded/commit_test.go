package embedded

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/usher-media/usher/internal/gate"
)

func TestFullDisk(t *testing.T) {
	w, dir := newWall(), privateDir(t)
	s := must(open(dir, Options{Now: w.now}, &bolt.Options{MaxSize: 64 << 10}))(t)
	c := visit(t, s, gate.Terms{})
	var err error
	var before gate.Account
	for err == nil {
		before = must(s.Account(t.Context(), c.Link))(t)
		c.Subject = gate.Subject(newID())
		_, err = s.Settle(t.Context(), chargeOf(c))
	}
	if !errors.Is(err, berrors.ErrMaxSizeReached) || !strings.Contains(err.Error(), s.path) {
		t.Fatalf("got error %v", err)
	}
	if got := must(s.Account(t.Context(), c.Link))(t); got != before {
		t.Errorf("after the failed charge\n got %+v\nwant %+v", got, before)
	}
	if state := must(s.Check(t.Context(), queryOf(c)))(t); state.Play.Exists {
		t.Errorf("after the failed charge there is a play: %+v", state.Play)
	}

	must(submit(t.Context(), s, func(*batch) (any, error) { s.db.MaxSize = 0; return nil, nil }))(t)
	watch(t, s, c)
	before = must(s.Account(t.Context(), c.Link))(t)
	closeStore(t, s)
	s = openStore(t, dir, Options{Now: w.now})
	defer closeStore(t, s)
	if got := must(s.Account(t.Context(), c.Link))(t); got != before {
		t.Errorf("after the restart\n got %+v\nwant %+v", got, before)
	}
}

// busy keeps the committer busy until the test lets go of it.
func busy(t *testing.T, s *Store) (release func()) {
	t.Helper()
	started, done := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := submit(t.Context(), s, func(*batch) (any, error) {
			close(started)
			<-done
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-started
	return func() { close(done); all.Wait() }
}

func TestContextEndsWhileWaiting(t *testing.T) {
	s, _ := newStore(t)
	c := visit(t, s, gate.Terms{})
	release := busy(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := s.Reserve(ctx, c)
		failed <- err
	}()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	release()
	if account := must(s.Account(t.Context(), c.Link))(t); account.Reserved != 0 {
		t.Errorf("nobody waits for it and yet %d is reserved", account.Reserved)
	}
	watch(t, s, c)
}

// Verbs that wait while one is busy are made durable together.
func TestCommitsAreShared(t *testing.T) {
	s, _ := newStore(t)
	c := visit(t, s, gate.Terms{})
	commits := func() int64 { return s.front.tick.Load() }
	release, before := busy(t, s), commits()
	var all sync.WaitGroup
	for range 50 {
		c := c
		c.Subject = gate.Subject(newID())
		all.Go(func() {
			if _, err := s.Reserve(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	release()
	all.Wait()
	if got := commits() - before; got > 25 {
		t.Errorf("50 verbs at once took %d commits", got)
	}
	if account := must(s.Account(t.Context(), c.Link))(t); account.Reserved != 50 {
		t.Errorf("%d are reserved, want 50", account.Reserved)
	}
}

// What dies half way takes the store with it: it fails closed, and says why.
func TestPanicInTransaction(t *testing.T) {
	s := openStore(t, privateDir(t), Options{})
	c := visit(t, s, gate.Terms{})
	_, err := submit(t.Context(), s, func(b *batch) (any, error) {
		b.put(aliasesBucket, []byte("x"), nil)
		panic("page 7: invalid")
	})
	for range 2 {
		if !errors.Is(err, errDamaged) || !strings.Contains(err.Error(), "page 7: invalid") {
			t.Errorf("got error %v", err)
		}
		_, err = s.Reserve(t.Context(), c)
	}
	if err := s.Ready(t.Context()); err == nil {
		t.Error("it says that it is ready")
	}
	if err := s.Close(); !errors.Is(err, errDamaged) {
		t.Errorf("Close: got error %v", err)
	}
}

func TestVerbsAfterClose(t *testing.T) {
	s := openStore(t, privateDir(t), Options{})
	c := visit(t, s, gate.Terms{})
	closeStore(t, s)
	closeStore(t, s)
	if _, err := s.Reserve(t.Context(), c); !errors.Is(err, errClosed) {
		t.Errorf("Reserve: got error %v", err)
	}
	if _, err := s.Get(t.Context(), gate.KindLink, "x"); err == nil || errors.Is(err, gate.ErrNotFound) {
		t.Errorf("Get: got error %v", err)
	}
}

// Of a commit that failed only the disk knows whether it happened, and so what
// it would have told becomes: something was missed.
func TestFailedCommitIsMissed(t *testing.T) {
	s, _ := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan gate.Change, 9)
	var watching sync.WaitGroup
	watching.Go(func() { s.Watch(ctx, func(c gate.Change) { told <- c }) })
	missed := func(when string) {
		t.Helper()
		if c := <-told; c.Kind != gate.Missed {
			t.Errorf("%s: told %+v", when, c)
		}
	}
	missed("at first")
	errDisk := errors.New("the disk is full")
	_, err := submit(t.Context(), s, func(b *batch) (any, error) {
		b.dirty = true
		b.tell(gate.Change{Kind: gate.LinkChanged})
		b.fail(errDisk)
		return nil, nil
	})
	if !errors.Is(err, errDisk) {
		t.Errorf("got error %v", err)
	}
	missed("after the commit")
	cancel()
	watching.Wait()
}
