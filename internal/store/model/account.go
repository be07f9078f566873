package model

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Issue implements [gate.Ledger].
func (s *Store) Issue(ctx context.Context, id gate.LinkID, terms gate.Terms) (gate.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, id)
	if err == nil {
		return l.view(), nil
	}
	if !errors.Is(err, gate.ErrNotFound) {
		return gate.Account{}, err
	}
	terms.StartsAt = toMillisecond(terms.StartsAt)
	terms.StartBy = toMillisecond(terms.StartBy)
	terms.ExpiresAt = toMillisecond(terms.ExpiresAt)
	l = &link{
		account: gate.Account{
			Exists:   true,
			Terms:    terms,
			Standing: gate.Standing{State: gate.Active, Since: now},
		},
		sessions: make(map[gate.SessionID]gate.Session),
		gathered: make(map[gate.SessionID][]string),
		seen:     make(map[gate.DeviceID]bool),
		devices:  make(map[deviceKey]gate.SessionID),
		aliases:  make(map[aliasKey]gate.SessionID),
		holds:    make(map[gate.Subject]time.Time),
		plays:    make(map[playKey]play),
		used:     make(map[gate.Subject]int64),
	}
	s.links[id] = l
	return l.view(), nil
}

// Account implements [gate.Ledger].
func (s *Store) Account(ctx context.Context, id gate.LinkID) (gate.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, _, err := s.enter(ctx, id)
	if err != nil {
		return gate.Account{}, err
	}
	return l.view(), nil
}

// Extend implements [gate.Ledger].
func (s *Store) Extend(ctx context.Context, id gate.LinkID, change gate.Extension) (gate.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, _, err := s.enter(ctx, id)
	if err != nil {
		return gate.Account{}, err
	}
	if l.account.Standing.State == gate.Revoked {
		return gate.Account{}, gate.ErrFinal
	}
	terms := &l.account.Terms
	if change.HandOn > 0 && terms.Views != 0 {
		if left, _ := l.view().Left(); left < change.HandOn || terms.Views <= change.HandOn {
			return gate.Account{}, gate.ErrTooFew
		}
		terms.Views -= change.HandOn
	}
	if change.Views != nil {
		terms.Views = *change.Views
	}
	if change.ViewsEach != nil {
		terms.ViewsEach = *change.ViewsEach
	}
	if terms.Views != 0 {
		terms.Views = max(terms.Views+change.AddViews, 1)
	}
	if terms.ViewsEach != 0 {
		terms.ViewsEach = max(terms.ViewsEach+change.AddViewsEach, 1)
	}
	changeTimes(terms, change)
	if change.Seats != nil {
		terms.Seats = *change.Seats
	}
	if change.SeatsEach != nil {
		terms.SeatsEach = *change.SeatsEach
	}
	if change.WhenFull != nil {
		terms.WhenFull = *change.WhenFull
	}
	s.changes.Tell(gate.Change{Kind: gate.LinkChanged, Link: id})
	return l.view(), nil
}

// SetStanding implements [gate.Ledger].
func (s *Store) SetStanding(ctx context.Context, id gate.LinkID, standing gate.Standing) (gate.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, id)
	if err != nil {
		return gate.Account{}, err
	}
	if l.account.Standing.State == gate.Revoked {
		if standing.State == gate.Revoked {
			return l.view(), nil
		}
		return gate.Account{}, gate.ErrFinal
	}
	standing.Since = now
	l.account.Standing = standing
	s.changes.Tell(gate.Change{Kind: gate.LinkChanged, Link: id})
	return l.view(), nil
}

// Flush implements [gate.Ledger].
func (s *Store) Flush(ctx context.Context, facts []gate.Usage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, fact := range facts {
		l, now, err := s.enter(ctx, fact.Link)
		if err != nil {
			continue // about an unknown link
		}
		l.account.Opens += fact.Opens
		l.account.RefusedOpens += fact.RefusedOpens
		l.account.Bytes += fact.Bytes
		session, known := l.sessions[fact.Session]
		if !known {
			continue
		}
		seen := toMillisecond(fact.LastSeen)
		if seen.After(now) {
			seen = now
		}
		session.Bytes += fact.Bytes
		if seen.After(session.LastSeen) {
			session.LastSeen = seen
		}
		session.PacedTo = fact.Rate.Paced(session.PacedTo, fact.Since, now, fact.Requests)
		l.sessions[fact.Session] = session

		key := playKey{fact.Subject, fact.Asset}
		if p := l.plays[key]; p.Open(now, fact.Pace) && seen.After(p.LastSeen) {
			p.LastSeen = seen
			l.plays[key] = p
		}
	}
	return nil
}

func changeTimes(terms *gate.Terms, change gate.Extension) {
	if change.StartsAt != nil {
		terms.StartsAt = toMillisecond(*change.StartsAt)
	}
	if change.ExpiresAt != nil {
		terms.ExpiresAt = toMillisecond(*change.ExpiresAt)
	}
	if change.StartBy != nil {
		terms.StartBy = toMillisecond(*change.StartBy)
	}
	if change.PlayFor != nil {
		terms.PlayFor = *change.PlayFor
	}
}
