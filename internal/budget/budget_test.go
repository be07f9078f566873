package budget_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-media/usher/internal/budget"
)

// TestLikeWithDeadline holds the context against the standard library's, with
// and without somebody who waits.
func TestLikeWithDeadline(t *testing.T) {
	steps := map[string]func(stop, giveUp func()){
		"nothing happens":     func(func(), func()) {},
		"the time passes":     func(func(), func()) { time.Sleep(2 * time.Second) },
		"stopped":             func(stop, _ func()) { stop() },
		"the parent gives up": func(_, giveUp func()) { giveUp() },
	}
	for name, step := range steps {
		for _, waits := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				end := time.Now().Add(time.Second)
				parent, giveUp := context.WithCancel(t.Context())
				defer giveUp()
				ours := budget.New(parent, end)
				defer ours.Stop()
				std, cancel := context.WithDeadline(parent, end)
				defer cancel()
				if waits {
					_ = ours.Done()
				}
				step(func() { ours.Stop(); cancel() }, giveUp)
				synctest.Wait()
				if !errors.Is(ours.Err(), std.Err()) {
					t.Errorf("%s, waiting %t: Err is %v, want %v", name, waits, ours.Err(), std.Err())
				}
				if closed(ours) != closed(std) {
					t.Errorf("%s, waiting %t: Done says %t, want %t", name, waits, closed(ours), closed(std))
				}
				if at, ok := ours.Deadline(); !ok || !at.Equal(end) {
					t.Errorf("the deadline is %v, want %v", at, end)
				}
			})
		}
	}
}

func closed(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// TestAnEarlierParentEndsIt: the budget of a part is never longer than that of
// the whole.
func TestAnEarlierParentEndsIt(t *testing.T) {
	early := time.Now().Add(time.Minute)
	parent, cancel := context.WithDeadline(t.Context(), early)
	defer cancel()
	ours := budget.New(parent, early.Add(time.Minute))
	defer ours.Stop()
	if at, _ := ours.Deadline(); !at.Equal(early) {
		t.Errorf("ends at %v, want its parent's %v", at, early)
	}
}
