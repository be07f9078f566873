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
		var slow, brisk []gate.Change
		free := make(chan struct{})
		go feed.Watch(ctx, func(c gate.Change) { <-free; slow = append(slow, c) })
		go feed.Watch(ctx, func(c gate.Change) { brisk = append(brisk, c) })
		synctest.Wait() // the slow one is being told its first

		const many = 5000
		for range many {
			feed.Tell(gate.Change{Kind: gate.KeysChanged})
			synctest.Wait()
		}
		if len(brisk) != 1+many {
			t.Errorf("the brisk one was told %d times, want %d", len(brisk), 1+many)
		}
		close(free)
		synctest.Wait()
		if len(slow) < 2 || slow[1].Kind != gate.Missed || len(slow) > many/2 {
			t.Errorf("the slow one was told %d times, the second %+v, want that it missed something", len(slow), slow[1])
		}
		last := gate.Change{Kind: gate.LinkChanged, Link: gate.LinkID{1}}
		feed.Tell(last)
		synctest.Wait()
		if slow[len(slow)-1] != last {
			t.Error("the slow one hears no more")
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
