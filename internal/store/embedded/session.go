package embedded

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Open implements [gate.Ledger].
func (s *Store) Open(ctx context.Context, o gate.Opening) (gate.Opened, error) {
	return submit(ctx, s, func(b *batch) (gate.Opened, error) { return b.open(o) })
}

func (b *batch) open(o gate.Opening) (gate.Opened, error) {
	a, err := b.account(o.Link)
	if err != nil {
		return gate.Opened{}, err
	}
	if reason := a.closed(b.now); reason != gate.OK {
		return gate.Opened{Refused: gate.Refusal{Reason: reason}, Account: a.view(b.now)}, nil
	}
	session, err := b.find(o)
	if err != nil {
		return gate.Opened{}, err
	}
	resumed, fresh := session != nil, false
	if !resumed {
		session = newSession(o, b.now)
		if fresh, err = b.isNew(o); err != nil {
			return gate.Opened{}, err
		}
	}
	sub, err := b.subject(o.Link, session.Subject)
	if err != nil {
		return gate.Opened{}, err
	}
	served := sub.watching(b.now, o.Pace) || sub.reserved() > 0
	if !served && (o.Hold || !resumed) {
		if refusal := a.full(sub); refusal.Reason != gate.OK {
			return gate.Opened{Refused: refusal, Account: a.view(b.now)}, nil
		}
	}
	if !resumed {
		refusal, err := b.seat(o, a)
		if err != nil {
			return gate.Opened{}, err
		}
		if refusal.Reason != gate.OK {
			return gate.Opened{Refused: refusal, Account: a.view(b.now)}, nil
		}
	}
	if !served && o.Hold {
		sub.hold = b.now.Add(o.Pace.Lapse)
		a.take(sub.hold)
		b.putSubject(o.Link, session.Subject, sub)
	}
	if !resumed {
		b.index(session, fresh)
		a.Sessions++
		a.Redeems += one(o.Hold)
		a.Devices += one(fresh)
	}
	session.LastSeen = b.now
	b.putSession(session)
	b.putAccount(o.Link, a)
	return gate.Opened{Session: session.Session, Resumed: resumed, Account: a.view(b.now)}, nil
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// deviceKey and aliasKey lead to the last session of a person, or of nobody.
// Whether a device was ever there is told by nobody's key.
func deviceKey(link gate.LinkID, device gate.DeviceID, person gate.PersonID) []byte {
	if person.IsZero() {
		return pair(link, device)
	}
	return append(pair(link, device), person[:]...)
}

func aliasKey(link gate.LinkID, alias gate.Subject, person gate.PersonID) []byte {
	return append(pair(link, alias), person[:]...)
}

func personKey(s *session) []byte { return append(pair(s.Person, s.ID), s.Link[:]...) }

// find returns a copy of the device's live session; nil: it has none.
func (b *batch) find(o gate.Opening) (*session, error) {
	s, err := b.lastOf(devicesBucket, o.Link, deviceKey(o.Link, o.Device, o.Person))
	if err != nil || s != nil {
		return s, err
	}
	if o.Alias == (gate.Subject{}) {
		return nil, nil
	}
	s, err = b.lastOf(aliasesBucket, o.Link, aliasKey(o.Link, o.Alias, o.Person))
	if err != nil || s == nil || b.now.Sub(s.LastSeen) >= o.Pace.Idle {
		return nil, err
	}
	return s, nil
}

// lastOf returns the session that an index leads to, where that is live.
func (b *batch) lastOf(index []byte, link gate.LinkID, key []byte) (*session, error) {
	value, err := get(b.tx, index, key)
	if err != nil || value == nil {
		return nil, err
	}
	r := reader{rest: value}
	s, err := b.session(link, gate.SessionID(r.id()))
	if errors.Is(err, gate.ErrNotFound) {
		return nil, nil
	}
	if err != nil || !s.Live(b.now) {
		return nil, errors.Join(err, r.err)
	}
	return s, r.err
}

// isNew reports whether the device never had a session on the link.
func (b *batch) isNew(o gate.Opening) (bool, error) {
	value, err := get(b.tx, devicesBucket, pair(o.Link, o.Device))
	return value == nil, err
}

func newSession(o gate.Opening, now time.Time) *session {
	return &session{
		Session: gate.Session{
			Exists:    true,
			ID:        o.Session,
			Link:      o.Link,
			Device:    o.Device,
			Subject:   o.Subject,
			Person:    o.Person,
			Agent:     o.Agent,
			Group:     o.Group,
			CreatedAt: now,
			LastSeen:  now,
			ExpiresAt: toMillisecond(now.Add(o.Life)),
		},
		alias: o.Alias,
	}
}

// index makes a new session be found and, in time, swept away.
func (b *batch) index(s *session, newDevice bool) {
	b.put(orderBucket, pair(s.ID, s.Link), nil)
	b.sit(s)
	b.put(devicesBucket, deviceKey(s.Link, s.Device, s.Person), slices.Clone(s.ID[:]))
	if !s.Person.IsZero() {
		b.put(personsBucket, personKey(s), nil)
		if newDevice { // no session of nobody, and so none that counts for one
			b.put(devicesBucket, pair(s.Link, s.Device), slices.Clone(new(gate.SessionID)[:]))
		}
	}
	if s.alias != (gate.Subject{}) {
		b.put(aliasesBucket, aliasKey(s.Link, s.alias, s.Person), slices.Clone(s.ID[:]))
	}
	b.schedule(broomKey{s.forgotten(), broomSession, nameOf(s.Link, s.ID)})
}

// Gather implements [gate.Ledger].
func (s *Store) Gather(ctx context.Context, link gate.LinkID, id gate.SessionID, whole string) error {
	_, err := submit(ctx, s, func(b *batch) (struct{}, error) {
		return struct{}{}, b.gather(link, id, whole)
	})
	return err
}

func (b *batch) gather(link gate.LinkID, id gate.SessionID, whole string) error {
	session, err := b.session(link, id)
	if err != nil || slices.Contains(session.gathered, whole) {
		return err
	}
	sub, err := b.subject(link, session.Subject)
	if err != nil {
		return err
	}
	session.gather(whole)
	b.putSession(session)
	b.tell(gate.Change{Kind: gate.SessionChanged, Link: link, Session: id})
	if sub.gather(whole) {
		b.putSubject(link, session.Subject, sub)
	}
	return nil
}

// End implements [gate.Ledger].
func (s *Store) End(ctx context.Context, link gate.LinkID, id gate.SessionID) (gate.Session, error) {
	return submit(ctx, s, func(b *batch) (gate.Session, error) {
		session, err := b.session(link, id)
		if err != nil {
			return gate.Session{}, err
		}
		if session.Live(b.now) {
			b.end(session)
		}
		return session.Session, nil
	})
}

// end ends a live session now.
func (b *batch) end(s *session) {
	b.stand(s)
	s.EndedAt = b.now
	b.putSession(s)
	b.tell(gate.Change{Kind: gate.SessionChanged, Link: s.Link, Session: s.ID})
	b.schedule(broomKey{s.forgotten(), broomSession, nameOf(s.Link, s.ID)})
}
