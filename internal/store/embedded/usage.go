package embedded

import (
	"context"
	"slices"

	"github.com/usher-media/usher/internal/gate"
)

// Flush implements [gate.Ledger]. All its facts are one verb. Those about a
// record that cannot be read are dropped like those about an unknown one: every
// other verb says so, and an error here would have the rest counted twice.
func (s *Store) Flush(ctx context.Context, facts []gate.Usage) error {
	facts = slices.Clone(facts) // a caller who gave up may use its own again
	_, err := submit(ctx, s, func(b *batch) (struct{}, error) {
		for _, fact := range facts {
			b.flushCounts(fact)
			b.flushSeen(fact)
		}
		return struct{}{}, nil
	})
	return err
}

func (b *batch) flushCounts(fact gate.Usage) {
	a, err := b.account(fact.Link)
	if err != nil || fact.Opens == 0 && fact.RefusedOpens == 0 && fact.Bytes == 0 {
		return
	}
	a.Opens += fact.Opens
	a.RefusedOpens += fact.RefusedOpens
	a.Bytes += fact.Bytes
	b.putAccount(fact.Link, a)
}

func (b *batch) flushSeen(fact gate.Usage) {
	s, err := b.session(fact.Link, fact.Session)
	if err != nil {
		return
	}
	seen := toMillisecond(fact.LastSeen)
	if seen.After(b.now) {
		seen = b.now
	}
	paced := fact.Rate.Paced(s.PacedTo, fact.Since, b.now, fact.Requests)
	if fact.Bytes != 0 || seen.After(s.LastSeen) || !paced.Equal(s.PacedTo) {
		s.Bytes += fact.Bytes
		s.PacedTo = paced
		if seen.After(s.LastSeen) {
			s.LastSeen = seen
		}
		b.putSession(s)
	}
	sub, err := b.subject(fact.Link, fact.Subject)
	if err != nil {
		return
	}
	if p := sub.play(fact.Asset); p != nil && p.Open(b.now, fact.Pace) && seen.After(p.LastSeen) {
		p.LastSeen = seen
		b.putSubject(fact.Link, fact.Subject, sub)
	}
}
