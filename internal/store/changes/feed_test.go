package changes_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/changes"
)

// TestTooMuchNews sees that a Watch which does not keep up is told that it
// missed something, and that neither the store nor another Watch waits for it.
func TestTooMuchNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var feed changes.Feed
		stuck, unstuck := make(chan gate.Change), 0
		go feed.Watch(ctx, func(c gate.Change) { stuck <- c; unstuck++ })
		brisk := 0
		go feed.Watch(ctx, func(gate.Change) { brisk++ })
		synctest.Wait() // the first holds on to its Missed

		const many = 5000
		for range many {
			feed.Tell(gate.Change{Kind: gate.KeysChanged})
			synctest.Wait()
		}
		if brisk != many+1 {
			t.Errorf("the brisk one was told %d times, want %d", brisk, many+1)
		}
		<-stuck
		if next := <-stuck; next.Kind != gate.Missed {
			t.Errorf("the stuck one was told %+v, want that it missed something", next)
		}
		synctest.Wait()
		feed.Tell(gate.Change{Kind: gate.KeysChanged})
		for next := range stuck {
			if next.Kind == gate.KeysChanged {
				break // it is up to date again, after at most what fits a queue
			}
		}
		if unstuck > many/2 {
			t.Errorf("%d changes waited for it", unstuck)
		}
	})
}

// TestEndedWatch sees that a Watch that has ended is told nothing more, also
// where news waits for it.
func TestEndedWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var feed changes.Feed
		told := 0
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			feed.Watch(ctx, func(gate.Change) { told++; cancel() })
		}()
		feed.Tell(make([]gate.Change, 9)...)
		<-ended
		feed.Tell(gate.Change{})
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}
