package together

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most, done atomic.Int64
		err := Do(20, 3, func(int) error {
			n := running.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			running.Add(-1)
			done.Add(1)
			return nil
		})
		if err != nil || done.Load() != 20 || most.Load() != 3 {
			t.Errorf("%v; %d done, %d at a time; want 20, 3", err, done.Load(), most.Load())
		}
	})
}

func TestDoStopsAtAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		var done atomic.Int64
		err := Do(1000, 2, func(i int) error {
			done.Add(1)
			time.Sleep(time.Second)
			return broken
		})
		if !errors.Is(err, broken) || done.Load() > 4 {
			t.Errorf("%v after %d", err, done.Load())
		}
	})
}
