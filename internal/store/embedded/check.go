package embedded

import (
	"cmp"
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Check implements [gate.Ledger]. It is asked on every media request: what the
// front has is answered from there, the rest by the committer, who may read
// the disk without the front's being overtaken meanwhile.
func (s *Store) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	if err := ctx.Err(); err != nil {
		return gate.State{}, err
	}
	if a, session, sub, all := s.front.recall(q); all {
		return stateOf(s.clock.now(), q, a, session, sub), nil
	}
	return submit(ctx, s, func(b *batch) (gate.State, error) {
		a, err := b.keptAccount(q.Link)
		if err != nil {
			return gate.State{}, err
		}
		session, err := b.keptSession(q.Link, q.Session)
		if err != nil {
			return gate.State{}, err
		}
		sub, err := b.keptSubject(q.Link, q.Subject)
		if err != nil {
			return gate.State{}, err
		}
		return stateOf(b.now, q, a, session, sub), nil
	})
}

// stateOf puts records as they are kept together as of now.
func stateOf(now time.Time, q gate.Query, a *account, s *session, sub *subject) gate.State {
	state := gate.State{Now: now}
	if a != nil {
		state.Account = a.view(now)
	}
	if s != nil && !s.known(now) {
		s = nil
	}
	if s != nil {
		state.Session = s.Session
		state.Session.Agent, state.Session.Group = "", ""
	}
	if p := sub.play(assetOf(s, q.Asset)); p != nil && p.known(now) {
		state.Play = p.Play
	}
	return state
}

// Sessions implements [gate.Ledger].
func (s *Store) Sessions(
	ctx context.Context, link gate.LinkID, below gate.SessionID, limit int,
) (found []gate.Session, err error) {
	bucket, prefix, bound := sessionsBucket, link[:], below[:]
	if link.IsZero() {
		bucket, prefix = orderBucket, nil
	}
	if below.IsZero() {
		bound = nil
	}
	err = s.view(ctx, func(tx *bolt.Tx) error {
		now := s.clock.now()
		for key := range falling(tx, bucket, prefix, bound) {
			if len(found) >= limit {
				return nil
			}
			of, id := link, key[len(prefix):][:token.IDSize]
			if link.IsZero() {
				of = gate.LinkID(key[token.IDSize:])
			}
			session, err := listed(tx, of, gate.SessionID(id), now)
			if err != nil {
				return err
			}
			if session.Exists {
				found = append(found, session)
			}
		}
		return nil
	})
	return found, err
}

// listed is a session with the plays of its subject; zero: it is not known.
func listed(tx *bolt.Tx, link gate.LinkID, id gate.SessionID, now time.Time) (gate.Session, error) {
	s, err := load(tx, sessionsBucket, pair(link, id), decodeSession)
	if err != nil || s == nil || !s.known(now) {
		return gate.Session{}, err
	}
	sub, err := load(tx, subjectsBucket, pair(link, s.Subject), decodeSubject)
	if err != nil || sub == nil {
		return s.Session, err
	}
	for _, p := range sub.current(now).plays {
		s.Plays = append(s.Plays, p.Play)
	}
	slices.SortFunc(s.Plays, func(a, b gate.Play) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.Asset, b.Asset))
	})
	return s.Session, nil
}
