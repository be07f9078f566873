package embedded

import (
	"cmp"
	"context"
	"errors"
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
	state, err := s.check(ctx, q)
	if err == nil && q.Record { // after the edition
		state.Record, err = s.recordOf(ctx, q.Link)
	}
	return state, err
}

// recordOf is a link's document; nil where there is none.
func (s *Store) recordOf(ctx context.Context, link gate.LinkID) (*gate.Document, error) {
	doc, err := s.Get(ctx, gate.KindLink, link.String())
	if errors.Is(err, gate.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &doc, nil
}

func (s *Store) check(ctx context.Context, q gate.Query) (gate.State, error) {
	a, session, sub, all := s.front.recall(q)
	if !all {
		return submit(ctx, s, func(b *batch) (gate.State, error) { return b.check(q) })
	}
	var above []*account
	if !q.Above[0].IsZero() {
		if above, all = s.front.above(q); !all {
			return submit(ctx, s, func(b *batch) (gate.State, error) { return b.check(q) })
		}
	}
	edition := s.edits.edition() // after the accounts
	return stateOf(s.clock.now(), edition, q, a, session, sub, above), nil
}

func (b *batch) check(q gate.Query) (gate.State, error) {
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
	var above []*account
	for _, link := range q.Above {
		if link.IsZero() {
			break
		}
		one, err := b.keptAccount(link)
		if err != nil {
			return gate.State{}, err
		}
		above = append(above, one)
	}
	return stateOf(b.now, b.edition, q, a, session, sub, above), nil
}

// stateOf puts records as they are kept together as of now.
func stateOf(
	now time.Time, edition int64, q gate.Query, a *account, s *session, sub *subject, above []*account,
) gate.State {
	state := gate.State{Now: now, Edition: edition}
	if a != nil {
		state.Account = a.view(now)
	}
	if s != nil && !s.known(now) {
		s = nil
	}
	if s != nil {
		state.Session = s.Session
		state.Session.Agent, state.Session.Group = "", ""
		state.Gathered = s.gathers(q.Asset)
	}
	if p := sub.play(assetOf(s, q.Asset)); p != nil && p.known(now) {
		state.Play = p.Play
	}
	for _, a := range above {
		var account gate.Account
		if a != nil {
			account = a.view(now)
		}
		state.Above = append(state.Above, account)
	}
	return state
}

// Sessions implements [gate.Ledger].
func (s *Store) Sessions(
	ctx context.Context, whose gate.Whose, below gate.SessionID, limit int,
) (found []gate.Session, err error) {
	// The buckets list sessions as session link, those of a link as session.
	bucket, prefix, bound := orderBucket, []byte(nil), below[:]
	switch {
	case !whose.Link.IsZero():
		bucket, prefix = sessionsBucket, whose.Link[:]
	case !whose.Person.IsZero():
		bucket, prefix = personsBucket, whose.Person[:]
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
			link, name := whose.Link, key[len(prefix):]
			if link.IsZero() {
				link = gate.LinkID(name[token.IDSize:])
			}
			session, err := listed(tx, link, gate.SessionID(name[:token.IDSize]), now)
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
