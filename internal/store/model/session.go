package model

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Open implements [gate.Ledger].
func (s *Store) Open(ctx context.Context, o gate.Opening) (gate.Opened, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, o.Link)
	if err != nil {
		return gate.Opened{}, err
	}
	if reason := l.closed(now); reason != gate.OK {
		return gate.Opened{Refused: gate.Refusal{Reason: reason}, Account: l.view()}, nil
	}
	session, found := l.find(o, now)
	subject := o.Subject
	if found {
		subject = session.Subject
	}
	served := l.watching(subject, now, o.Pace) || l.reservedBy(subject) > 0
	if !served && (o.Hold || !found) {
		if refusal := l.full(subject); refusal.Reason != gate.OK {
			return gate.Opened{Refused: refusal, Account: l.view()}, nil
		}
	}
	if !found {
		if refusal := l.seat(o, now, s.changes.Tell); refusal.Reason != gate.OK {
			return gate.Opened{Refused: refusal, Account: l.view()}, nil
		}
	}
	if !served && o.Hold {
		l.holds[subject] = now.Add(o.Pace.Lapse)
	}
	if found {
		session.LastSeen = now
	} else {
		session = l.create(o, now)
	}
	l.sessions[session.ID] = session
	return gate.Opened{Session: session, Resumed: found, Account: l.view()}, nil
}

// find returns the device's live session of the same person.
func (l *link) find(o gate.Opening, now time.Time) (gate.Session, bool) {
	if session := l.sessions[l.devices[deviceKey{o.Device, o.Person}]]; session.Live(now) {
		return session, true
	}
	if o.Alias != (gate.Subject{}) {
		session := l.sessions[l.aliases[aliasKey{o.Alias, o.Person}]]
		if session.Live(now) && now.Sub(session.LastSeen) < o.Pace.Idle {
			return session, true
		}
	}
	return gate.Session{}, false
}

// create makes the proposed session.
func (l *link) create(o gate.Opening, now time.Time) gate.Session {
	l.seen[o.Device] = true
	l.account.Sessions++
	l.devices[deviceKey{o.Device, o.Person}] = o.Session
	if o.Alias != (gate.Subject{}) {
		l.aliases[aliasKey{o.Alias, o.Person}] = o.Session
	}
	if o.Hold {
		l.account.Redeems++
	}
	return gate.Session{
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
	}
}

// Check implements [gate.Ledger].
func (s *Store) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, q.Link)
	if errors.Is(err, gate.ErrNotFound) {
		return gate.State{Now: now, Above: s.above(q), Edition: s.edition(), Record: s.recordOf(q)}, nil
	}
	if err != nil {
		return gate.State{}, err
	}
	session := l.sessions[q.Session]
	session.Agent, session.Group = "", ""
	return gate.State{
		Now:      now,
		Account:  l.view(),
		Session:  session,
		Gathered: l.gathers(q.Session, q.Asset),
		Play:     l.plays[playKey{q.Subject, l.assetOf(q.Session, q.Asset)}].Play,
		Above:    s.above(q),
		Edition:  s.edition(),
		Record:   s.recordOf(q),
	}, nil
}

// recordOf is the asked link's document, if it is asked for.
func (s *Store) recordOf(q gate.Query) *gate.Document {
	if !q.Record {
		return nil
	}
	doc, found := s.document(gate.KindLink, q.Link.String())
	if !found {
		return nil
	}
	return &doc
}

// above returns the accounts of the links that the asked one was made from.
func (s *Store) above(q gate.Query) []gate.Account {
	var accounts []gate.Account
	for _, id := range q.Above {
		if id.IsZero() {
			break
		}
		var account gate.Account
		if l, known := s.links[id]; known {
			l.forget(s.latest)
			account = l.view()
		}
		accounts = append(accounts, account)
	}
	return accounts
}

// Gather implements [gate.Ledger].
func (s *Store) Gather(ctx context.Context, link gate.LinkID, id gate.SessionID, whole string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, _, err := s.enter(ctx, link)
	if err != nil {
		return err
	}
	session, known := l.sessions[id]
	if !known {
		return gate.ErrNotFound
	}
	if slices.Contains(l.gathered[id], whole) {
		return nil
	}
	session.Gathered = true
	l.sessions[id] = session
	all := append(slices.Clone(l.gathered[id]), whole)
	l.gathered[id] = all[max(0, len(all)-gate.MaxGathered):]
	l.gather(session.Subject, whole)
	s.changes.Tell(gate.Change{Kind: gate.SessionChanged, Link: link, Session: id})
	return nil
}

// gather makes the subject's charged play of a part that was seen last the one
// of the whole, unless there is one.
func (l *link) gather(subject gate.Subject, whole string) {
	key := playKey{subject, whole}
	if _, known := l.plays[key]; known {
		return
	}
	charged := slices.DeleteFunc(l.playsOf(subject), func(p gate.Play) bool {
		return p.State != gate.PlayCharged || gate.WholeOf(p.Asset) != whole
	})
	if len(charged) == 0 {
		return
	}
	last := slices.MinFunc(charged, func(a, b gate.Play) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.Asset, b.Asset))
	})
	delete(l.plays, playKey{subject, last.Asset})
	last.Asset = whole
	l.plays[key] = play{Play: last}
}

// End implements [gate.Ledger].
func (s *Store) End(ctx context.Context, link gate.LinkID, id gate.SessionID) (gate.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, link)
	if err != nil {
		return gate.Session{}, err
	}
	session, known := l.sessions[id]
	if !known {
		return gate.Session{}, gate.ErrNotFound
	}
	if session.Live(now) {
		session.EndedAt = now
		l.sessions[id] = session
		s.changes.Tell(gate.Change{Kind: gate.SessionChanged, Link: link, Session: id})
	}
	return session, nil
}

// Sessions implements [gate.Ledger].
func (s *Store) Sessions(
	ctx context.Context, whose gate.Whose, below gate.SessionID, limit int,
) ([]gate.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.time()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var found []gate.Session
	for id, l := range s.links {
		if !whose.Link.IsZero() && id != whose.Link {
			continue
		}
		l.forget(now)
		for _, session := range l.sessions {
			if !whose.Person.IsZero() && session.Person != whose.Person {
				continue
			}
			if below.IsZero() || bytes.Compare(session.ID[:], below[:]) < 0 {
				session.Plays = l.playsOf(session.Subject)
				found = append(found, session)
			}
		}
	}
	slices.SortFunc(found, func(a, b gate.Session) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	return found[:min(len(found), max(limit, 0))], nil
}

// playsOf returns the subject's plays in the order of a listing.
func (l *link) playsOf(subject gate.Subject) []gate.Play {
	var plays []gate.Play
	for key, p := range l.plays {
		if key.subject == subject {
			plays = append(plays, p.Play)
		}
	}
	slices.SortFunc(plays, func(a, b gate.Play) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.Asset, b.Asset))
	})
	return plays
}
