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

// Gatherer collects usage between flushes, in shards: every answer of every
// viewer ends here.
type Gatherer struct {
	dropped func()
	shards  [shards]shard
}

// shards is how many parts there are, each with a lock of its own.
const shards = 32

type shard struct {
	mu    sync.Mutex
	facts map[factKey]*gate.Usage
	_     [48]byte // no two locks on one cache line
}

// New returns an empty gatherer; dropped is called for each fact that is lost
// at the bound.
func New(dropped func()) *Gatherer {
	g := &Gatherer{dropped: dropped}
	for i := range g.shards {
		g.shards[i].facts = map[factKey]*gate.Usage{}
	}
	return g
}

// shardOf spreads by the last bytes of the ids, which are random. A fact about
// a link alone has a zero session.
func (g *Gatherer) shardOf(fact *gate.Usage) *shard {
	return &g.shards[(fact.Session[len(fact.Session)-1]^fact.Link[len(fact.Link)-1])%shards]
}

// Note adds to the fact of the same link, session and asset.
func (g *Gatherer) Note(fact gate.Usage) {
	key := factKey{fact.Link, fact.Session, fact.Asset}
	s := g.shardOf(&fact)
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.facts[key]
	if !ok {
		if len(s.facts) >= maxFacts/shards {
			g.dropped()
			return
		}
		first := fact // a copy, so that facts that are known take no memory
		s.facts[key] = &first
		return
	}
	known.Bytes += fact.Bytes
	known.Opens += fact.Opens
	known.RefusedOpens += fact.RefusedOpens
	addRequests(known, &fact)
	if fact.LastSeen.After(known.LastSeen) {
		known.LastSeen = fact.LastSeen
	}
}

// addRequests counts what a session asked for, since the first of it.
func addRequests(known, fact *gate.Usage) {
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
	facts := g.take()
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
	for _, fact := range facts {
		if pending = append(pending, *fact); len(pending) == batch {
			write()
		}
	}
	write()
	return failed
}

// take returns what was gathered, in order, and begins anew.
func (g *Gatherer) take() []*gate.Usage {
	var facts []*gate.Usage
	for i := range g.shards {
		s := &g.shards[i]
		s.mu.Lock()
		facts = slices.AppendSeq(facts, maps.Values(s.facts))
		s.facts = make(map[factKey]*gate.Usage, len(s.facts)/2)
		s.mu.Unlock()
	}
	slices.SortFunc(facts, bySince)
	return facts
}

func bySince(a, b *gate.Usage) int { return a.Since.Compare(b.Since) }

// FlushEvery is how often to flush for plays and seats of this idle window:
// often enough that a crash never makes a running play look idle, nor a session
// lose its seat while it is watched.
func FlushEvery(idle time.Duration) time.Duration {
	return min(5*time.Second, max(idle/4, 50*time.Millisecond))
}
