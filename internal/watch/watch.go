// Package watch gathers what was watched: bytes and last-seen times, in
// bounded memory, written to the store in batches so that a media request
// never makes a store trip for them.
package watch

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// maxFacts bounds what is gathered between two flushes. At the bound new facts
// are dropped and counted; facts that exist still grow.
const maxFacts = 100_000

// batch is how many facts one store call carries.
const batch = 500

// factKey tells facts apart.
type factKey struct {
	link    gate.LinkID
	session gate.SessionID
	asset   string
}

// Gatherer collects usage between flushes.
type Gatherer struct {
	dropped func()

	mu    sync.Mutex
	facts map[factKey]*gate.Usage
}

// New returns an empty gatherer; dropped is called for each fact that is lost
// at the bound.
func New(dropped func()) *Gatherer {
	return &Gatherer{dropped: dropped, facts: map[factKey]*gate.Usage{}}
}

// Note adds to the fact of the same link, session and asset.
func (g *Gatherer) Note(fact gate.Usage) {
	key := factKey{fact.Link, fact.Session, fact.Asset}
	g.mu.Lock()
	defer g.mu.Unlock()
	known, ok := g.facts[key]
	if !ok {
		if len(g.facts) >= maxFacts {
			g.dropped()
			return
		}
		g.facts[key] = &fact
		return
	}
	known.Bytes += fact.Bytes
	known.Opens += fact.Opens
	addRequests(known, fact)
	if fact.LastSeen.After(known.LastSeen) {
		known.LastSeen = fact.LastSeen
	}
}

// addRequests counts what a session asked for, since the first of it.
func addRequests(known *gate.Usage, fact gate.Usage) {
	if fact.Requests == 0 {
		return
	}
	if known.Requests == 0 || fact.Since.Before(known.Since) {
		known.Since = fact.Since
	}
	known.Requests += fact.Requests
	known.Rate = fact.Rate
}

// Flush writes what was gathered. What could not be written is kept for the
// next flush. Whatever was asked for first is written first: a session that
// turns from one asset to another would be found to have asked too fast if its
// later requests were added up before its earlier ones.
func (g *Gatherer) Flush(ctx context.Context, store gate.Ledger) error {
	g.mu.Lock()
	facts := g.facts
	g.facts = make(map[factKey]*gate.Usage, len(facts)/2)
	g.mu.Unlock()

	pending := make([]gate.Usage, 0, batch)
	var failed error
	write := func() {
		if len(pending) > 0 && failed == nil {
			failed = store.Flush(ctx, pending)
		}
		if failed != nil {
			for _, fact := range pending {
				g.Note(fact)
			}
		}
		pending = pending[:0]
	}
	for _, fact := range slices.SortedFunc(maps.Values(facts), bySince) {
		if pending = append(pending, *fact); len(pending) == batch {
			write()
		}
	}
	write()
	return failed
}

func bySince(a, b *gate.Usage) int { return a.Since.Compare(b.Since) }

// FlushEvery is how often to flush for plays and seats of this idle window:
// often enough that a crash never makes a running play look idle, nor a session
// lose its seat while it is watched.
func FlushEvery(idle time.Duration) time.Duration {
	return min(5*time.Second, max(idle/4, 50*time.Millisecond))
}
