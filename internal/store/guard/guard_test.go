package guard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/guard"
)

// coolDown is how long an open breaker refuses.
const coolDown = 500 * time.Millisecond

var errAway = errors.New("connection refused")

// rig is a guarded store that says what the test tells it to.
type rig struct {
	*testing.T
	store *guard.Store
	inner *inner

	mu   sync.Mutex
	seen []string // verb and outcome of every call, as observed
	took time.Duration
}

// guarded runs a test in a bubble, whose time passes only while all wait.
func guarded(t *testing.T, test func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, inner: &inner{answer: answers(nil)}}
		r.store = guard.New(r.inner, func(verb guard.Verb, outcome guard.Outcome, took time.Duration) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.seen, r.took = append(r.seen, verb.String()+" "+outcome.String()), took
		})
		test(r)
	})
}

func answers(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// hangs answers like a store whose server does not: once the context is done.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("reading the account: %w", ctx.Err())
}

// call makes one call that the inner store answers like this.
func (r *rig) call(ctx context.Context, answer func(context.Context) error) error {
	r.inner.answer = answer
	_, err := r.store.Account(ctx, gate.LinkID{})
	return err
}

// fail makes calls that fail.
func (r *rig) fail(times int) {
	r.Helper()
	for range times {
		r.is(r.call(r.Context(), answers(errAway)), errAway)
	}
}

func (r *rig) is(got, want error) {
	r.Helper()
	if !errors.Is(got, want) {
		r.Fatalf("got error %v, want %v", got, want)
	}
}

// passes sees that the breaker is closed.
func (r *rig) passes() {
	r.Helper()
	before := r.inner.asked.Load()
	if err := r.call(r.Context(), answers(nil)); err != nil || r.inner.asked.Load() != before+1 {
		r.Fatalf("the store was asked %d times: %v", r.inner.asked.Load()-before, err)
	}
}

// refuses sees that the breaker is open, and that the store is left in peace.
func (r *rig) refuses() {
	r.Helper()
	before, began := r.inner.asked.Load(), time.Now()
	r.is(r.call(r.Context(), answers(nil)), guard.ErrOpen)
	if asked, took := r.inner.asked.Load()-before, time.Since(began); asked != 0 || took != 0 {
		r.Fatalf("the store was asked %d times, the refusal took %v", asked, took)
	}
}

func TestBreakerOpensAfterFailuresInARow(t *testing.T) {
	guarded(t, func(r *rig) {
		r.fail(4)
		r.passes() // which ends the row
		r.fail(4)
		r.passes()
		r.fail(5)
		r.refuses()
		time.Sleep(coolDown - time.Nanosecond)
		r.refuses()
	})
}

func TestBreakerClosesOnSuccess(t *testing.T) {
	guarded(t, func(r *rig) {
		r.fail(5)
		time.Sleep(coolDown)
		r.passes()
		r.passes()
		r.fail(4) // the row begins anew
		r.passes()
	})
}

func TestBreakerProbesOncePerCoolDown(t *testing.T) {
	guarded(t, func(r *rig) {
		r.fail(5)
		for range 3 {
			time.Sleep(coolDown - time.Nanosecond)
			r.refuses()
			time.Sleep(time.Nanosecond)
			r.fail(1) // the probe
			r.refuses()
		}
	})
}

// TestBreakerProbesAlone sees that whoever comes while a probe is under way is
// refused at once, and is let in as soon as that has succeeded.
func TestBreakerProbesAlone(t *testing.T) {
	guarded(t, func(r *rig) {
		r.fail(5)
		time.Sleep(coolDown)
		before, answered := r.inner.asked.Load(), make(chan struct{})
		r.inner.answer = func(context.Context) error { <-answered; return nil }
		const callers = 20
		got := make(chan error, callers)
		for range callers {
			go func() {
				_, err := r.store.Check(r.Context(), gate.Query{})
				got <- err
			}()
		}
		synctest.Wait()
		if asked := r.inner.asked.Load() - before; asked != 1 {
			r.Errorf("%d probes, want one", asked)
		}
		for range callers - 1 {
			r.is(<-got, guard.ErrOpen)
		}
		close(answered)
		r.is(<-got, nil)
		r.passes()
	})
}

func TestAnswersAreNoFailures(t *testing.T) {
	for _, answer := range []error{gate.ErrNotFound, gate.ErrConflict, gate.ErrFinal} {
		guarded(t, func(r *rig) {
			wrapped := fmt.Errorf("redis: account: %w", answer)
			for range 9 {
				r.is(r.call(r.Context(), answers(wrapped)), answer)
			}
			r.fail(4)
			r.is(r.call(r.Context(), answers(wrapped)), answer) // which ends the row
			r.fail(4)
			r.passes()
			if want := "account ok"; r.seen[0] != want {
				r.Errorf("%v was observed as %q, want %q", answer, r.seen[0], want)
			}
		})
	}
}

// TestCallerWentAway sees that viewers who close their players neither open
// nor close the breaker.
func TestCallerWentAway(t *testing.T) {
	guarded(t, func(r *rig) {
		cancelled := func() error {
			ctx, cancel := context.WithCancel(r.Context())
			return r.call(ctx, func(ctx context.Context) error { cancel(); return hangs(ctx) })
		}
		for range 9 {
			r.is(cancelled(), context.Canceled)
		}
		if slices.Contains(r.seen, "account error") {
			r.Errorf("observed %v", r.seen)
		}
		r.passes()
		r.fail(4)
		r.is(cancelled(), context.Canceled)
		r.fail(1) // the fifth in a row all the same
		r.refuses()
		time.Sleep(coolDown)
		r.is(cancelled(), context.Canceled) // a probe that tells nothing
		r.refuses()
	})
}

// TestAnswerToNobody sees that an answer counts, though its caller left while
// it was on its way.
func TestAnswerToNobody(t *testing.T) {
	guarded(t, func(r *rig) {
		r.fail(4)
		ctx, cancel := context.WithCancel(r.Context())
		r.is(r.call(ctx, func(context.Context) error { cancel(); return nil }), nil)
		r.fail(4)
		r.passes()
	})
}

// TestDeadlineIsAFailure holds for the guard's own and for a caller's that is
// tighter: either way the store was too slow for the request.
func TestDeadlineIsAFailure(t *testing.T) {
	for name, c := range map[string]struct{ callers, want time.Duration }{
		"the budget":         {time.Hour, guard.Budget},
		"a caller's tighter": {guard.Budget / 5, guard.Budget / 5},
	} {
		t.Run(name, func(t *testing.T) {
			guarded(t, func(r *rig) {
				for range 5 {
					ctx, cancel := context.WithTimeout(r.Context(), c.callers)
					began := time.Now()
					r.is(r.call(ctx, hangs), context.DeadlineExceeded)
					cancel()
					if took := time.Since(began); took != c.want || r.took != c.want {
						r.Errorf("it took %v, was observed as %v, want %v", took, r.took, c.want)
					}
				}
				r.refuses()
				want := append(slices.Repeat([]string{"account error"}, 5), "account open")
				if !slices.Equal(r.seen, want) {
					r.Errorf("observed %v, want %v", r.seen, want)
				}
			})
		})
	}
}

func TestReadyGoesPastAnOpenBreaker(t *testing.T) {
	guarded(t, func(r *rig) {
		r.fail(5)
		r.refuses()
		r.inner.answer = answers(errAway)
		r.is(r.store.Ready(r.Context()), errAway)
		r.refuses()
		r.inner.answer = answers(nil)
		r.is(r.store.Ready(r.Context()), nil)
		r.passes()
	})
}

func TestReadyCountsLikeAnyCall(t *testing.T) {
	guarded(t, func(r *rig) {
		r.inner.answer = hangs
		for range 5 {
			gone, cancel := context.WithCancel(r.Context())
			cancel()
			r.is(r.store.Ready(gone), context.Canceled)
		}
		r.passes()
		r.inner.answer = hangs
		for range 5 {
			began := time.Now()
			r.is(r.store.Ready(r.Context()), context.DeadlineExceeded)
			if took := time.Since(began); took != guard.Budget {
				r.Errorf("it took %v, want %v", took, guard.Budget)
			}
		}
		r.refuses()
	})
}
