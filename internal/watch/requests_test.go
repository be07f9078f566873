package watch_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// inOrder keeps what is flushed to it as it comes.
type inOrder struct {
	gate.Ledger
	facts []gate.Usage
}

func (o *inOrder) Flush(_ context.Context, facts []gate.Usage) error {
	o.facts = append(o.facts, facts...)
	return nil
}

// asked is a request for an asset, so long after noon.
func asked(asset string, after time.Duration) gate.Usage {
	return gate.Usage{
		Session: session(1), Asset: asset, Requests: 1, Since: noon.Add(after), LastSeen: noon,
		Rate: gate.Rate{Interval: time.Second, Burst: 2},
	}
}

func TestRequestsAddUpSinceTheFirst(t *testing.T) {
	g, l := gatherer(t), &inOrder{}
	for _, after := range []time.Duration{2, 1, 3} {
		g.Note(asked("a", after*time.Second))
		g.Note(gate.Usage{Session: session(1), Asset: "a", Bytes: 1}) // asks for nothing
	}
	if err := g.Flush(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	want := asked("a", time.Second)
	want.Requests, want.Bytes = 3, 3
	if len(l.facts) != 1 || !reflect.DeepEqual(l.facts[0], want) {
		t.Errorf("flushed %+v, want %+v", l.facts, want)
	}
}

// TestAssetsOfOneSession sees that a session which keeps to its rate, and turns
// from one asset to the next, is not found ahead of it.
func TestAssetsOfOneSession(t *testing.T) {
	rate := asked("", 0).Rate
	for range 20 { // the order of a map is another each time
		g, l := gatherer(t), &inOrder{}
		for n := range 9 {
			g.Note(asked(string(rune('a'+n)), time.Duration(n)*time.Second))
		}
		if err := g.Flush(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		var pacedTo time.Time
		now := noon.Add(9 * time.Second)
		for _, fact := range l.facts {
			pacedTo = fact.Rate.Paced(pacedTo, fact.Since, now, fact.Requests)
		}
		if wait := rate.Wait(pacedTo, now); wait > 0 {
			t.Fatalf("has to wait for %s", wait)
		}
	}
}
