package watch_test

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/watch"
)

const (
	batch = 500
	bound = 100_000
)

var (
	noon    = time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)
	errAway = errors.New("connection refused")
)

// ledger is a store that adds up what is flushed to it. What it has no verb
// for would panic.
type ledger struct {
	gate.Ledger
	fail func(call int) error // nil: never

	mu    sync.Mutex
	sizes []int // of the flushes that succeeded
	calls int
	sums  map[gate.SessionID]gate.Usage
}

func (l *ledger) Flush(_ context.Context, facts []gate.Usage) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.fail != nil {
		if err := l.fail(l.calls); err != nil {
			return err
		}
	}
	if l.sums == nil {
		l.sums = make(map[gate.SessionID]gate.Usage)
	}
	l.sizes = append(l.sizes, len(facts))
	for _, fact := range facts {
		sum := l.sums[fact.Session]
		fact.Bytes += sum.Bytes
		fact.Opens += sum.Opens
		l.sums[fact.Session] = fact
	}
	return nil
}

// session is the n-th. Its last byte spreads as evenly as a random one.
func session(n int) (id gate.SessionID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	id[len(id)-1] = byte(n)
	return id
}

// fact is about the n-th session.
func fact(n int) gate.Usage { return gate.Usage{Session: session(n), Bytes: 1, LastSeen: noon} }

// gatherer is one that loses nothing.
func gatherer(t *testing.T) *watch.Gatherer {
	t.Helper()
	return watch.New(func() { t.Error("a fact was dropped") })
}

func flush(t *testing.T, g *watch.Gatherer, l *ledger) {
	t.Helper()
	if err := g.Flush(t.Context(), l); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

// flushed sees that every session up to n arrived with so many bytes.
func (l *ledger) flushed(t *testing.T, n int, bytes int64) {
	t.Helper()
	if len(l.sums) != n {
		t.Errorf("facts about %d sessions arrived, want %d", len(l.sums), n)
	}
	for i := range n {
		if got := l.sums[session(i)].Bytes; got != bytes {
			t.Fatalf("session %d: %d bytes arrived, want %d", i, got, bytes)
		}
	}
}

func TestFactsOfOneKeyAddUp(t *testing.T) {
	g, l := gatherer(t), &ledger{}
	want := gate.Usage{
		Link: gate.LinkID{1}, Session: session(1), Subject: gate.Subject{2}, Asset: "film",
		Bytes: 10, Opens: 1, LastSeen: noon, Pace: gate.Pace{Idle: time.Minute},
	}
	for range 3 {
		g.Note(want)
	}
	flush(t, g, l)
	want.Bytes, want.Opens = 30, 3
	if got := l.sums[want.Session]; got != want || !slices.Equal(l.sizes, []int{1}) {
		t.Errorf("flushed %v\n got %+v\nwant %+v", l.sizes, got, want)
	}
	flush(t, g, l)
	if !slices.Equal(l.sizes, []int{1}) {
		t.Errorf("what was flushed was flushed again: %v", l.sizes)
	}
}

func TestFactsAreToldApart(t *testing.T) {
	for name, change := range map[string]func(*gate.Usage){
		"link":    func(u *gate.Usage) { u.Link[0]++ },
		"session": func(u *gate.Usage) { u.Session[0]++ },
		"asset":   func(u *gate.Usage) { u.Asset += "2" },
	} {
		g, l := gatherer(t), &ledger{}
		other := fact(1)
		change(&other)
		g.Note(fact(1))
		g.Note(other)
		flush(t, g, l)
		if !slices.Equal(l.sizes, []int{2}) {
			t.Errorf("another %s: flushed %v", name, l.sizes)
		}
	}
}

func TestLastSeenOnlyMovesForward(t *testing.T) {
	g, l := gatherer(t), &ledger{}
	for _, after := range []time.Duration{time.Second, 0, time.Minute, -time.Hour, time.Second} {
		seen := fact(1)
		seen.LastSeen = noon.Add(after)
		g.Note(seen)
	}
	g.Note(gate.Usage{Session: session(1)}) // one that says nothing of time
	flush(t, g, l)
	if got, want := l.sums[session(1)].LastSeen, noon.Add(time.Minute); got != want {
		t.Errorf("last seen %v, want %v", got, want)
	}
}

func TestBatches(t *testing.T) {
	for n, want := range map[int][]int{
		0:           nil,
		1:           {1},
		batch:       {batch},
		batch + 1:   {batch, 1},
		2*batch + 7: {batch, batch, 7},
	} {
		g, l := gatherer(t), &ledger{}
		for i := range n {
			g.Note(fact(i))
		}
		flush(t, g, l)
		if !slices.Equal(l.sizes, want) {
			t.Errorf("%d facts went in batches of %v, want %v", n, l.sizes, want)
		}
		l.flushed(t, n, 1)
	}
}

// TestFailedFlush sees that whatever batch fails, nothing is lost, nothing is
// counted twice, and a store that is away is not asked for the rest.
func TestFailedFlush(t *testing.T) {
	const facts = 2*batch + 7
	for failing := 1; failing <= 3; failing++ {
		g := gatherer(t)
		l := &ledger{fail: func(call int) error {
			if call == failing {
				return errAway
			}
			return nil
		}}
		for i := range facts {
			g.Note(fact(i))
		}
		if err := g.Flush(t.Context(), l); !errors.Is(err, errAway) {
			t.Fatalf("Flush: %v, want %v", err, errAway)
		}
		if l.calls != failing || len(l.sums) != batch*(failing-1) {
			t.Errorf("%d calls wrote %d facts", l.calls, len(l.sums))
		}
		for i := range facts {
			g.Note(fact(i))
		}
		flush(t, g, l)
		l.flushed(t, facts, 2)
	}
}

// TestFailedFlushMeetsNewFacts sees that what comes back joins what came in
// meanwhile, and does not turn its time back.
func TestFailedFlushMeetsNewFacts(t *testing.T) {
	g := gatherer(t)
	later := fact(1)
	later.LastSeen = noon.Add(time.Minute)
	l := &ledger{fail: func(call int) error {
		if call > 1 {
			return nil
		}
		g.Note(later)
		return errAway
	}}
	g.Note(fact(1))
	if err := g.Flush(t.Context(), l); !errors.Is(err, errAway) {
		t.Fatalf("Flush: %v, want %v", err, errAway)
	}
	flush(t, g, l)
	later.Bytes = 2
	if got := l.sums[session(1)]; got != later {
		t.Errorf("got %+v, want %+v", got, later)
	}
}

// TestBound sees that a flood of sessions takes no more memory than that, and
// that those who were there before it are counted on.
func TestBound(t *testing.T) {
	dropped := 0
	g, l := watch.New(func() { dropped++ }), &ledger{}
	for i := range bound {
		g.Note(fact(i))
	}
	if dropped != 0 {
		t.Fatalf("%d facts were dropped below the bound", dropped)
	}
	for i := range 3 {
		g.Note(fact(bound + i))
	}
	for i := range bound {
		g.Note(fact(i))
	}
	if dropped != 3 {
		t.Errorf("%d facts were dropped, want 3", dropped)
	}
	flush(t, g, l)
	l.flushed(t, bound, 2)
	g.Note(fact(bound))
	flush(t, g, l)
	if l.sums[session(bound)].Bytes != 1 || dropped != 3 {
		t.Errorf("a flush made no room: %d facts were dropped", dropped)
	}
}

// TestConcurrent has viewers and flushes run into each other, with a store
// that is away every third time.
func TestConcurrent(t *testing.T) {
	const viewers, notes, sessions = 8, 2000, 700
	g := gatherer(t)
	l := &ledger{fail: func(call int) error {
		if call%3 == 0 {
			return errAway
		}
		return nil
	}}
	var watching, flushing sync.WaitGroup
	for viewer := range viewers {
		watching.Go(func() {
			for i := range notes {
				seen := fact((viewer + i) % sessions)
				seen.Opens = 2
				g.Note(seen)
			}
		})
	}
	done := make(chan struct{})
	for range 2 {
		flushing.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := g.Flush(t.Context(), l); err != nil && !errors.Is(err, errAway) {
					t.Errorf("Flush: %v", err)
				}
			}
		})
	}
	watching.Wait()
	close(done)
	flushing.Wait()
	l.fail = nil
	flush(t, g, l)
	var bytes, opens int64
	for sum := range maps.Values(l.sums) {
		bytes, opens = bytes+sum.Bytes, opens+sum.Opens
	}
	if bytes != viewers*notes || opens != 2*viewers*notes {
		t.Errorf("%d bytes and %d opens arrived, want %d and %d", bytes, opens, viewers*notes, 2*viewers*notes)
	}
}

func TestFlushEvery(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{
		0:                      50 * time.Millisecond,
		200 * time.Millisecond: 50 * time.Millisecond,
		time.Second:            250 * time.Millisecond,
		20 * time.Second:       5 * time.Second,
		30 * time.Minute:       5 * time.Second,
	} {
		if got := watch.FlushEvery(idle); got != want {
			t.Errorf("an idle window of %v is flushed for every %v, want %v", idle, got, want)
		}
	}
}
