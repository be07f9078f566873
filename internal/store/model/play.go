package model

import (
	"context"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Reserve implements [gate.Ledger].
func (s *Store) Reserve(ctx context.Context, c gate.Claim) (gate.Claimed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, c.Link)
	if err != nil {
		return gate.Claimed{}, err
	}
	if reason := l.closed(now); reason != gate.OK {
		return gate.Claimed{Refused: gate.Refusal{Reason: reason}, Account: l.view()}, nil
	}
	session := l.sessions[c.Session]
	if reason := session.Refused(now); reason != gate.OK {
		return gate.Claimed{Refused: gate.Refusal{Reason: reason}, Account: l.view()}, nil
	}
	asset := l.assetOf(c.Session, c.Asset)
	key := playKey{c.Subject, asset}
	p, known := l.plays[key]
	switch {
	case p.Open(now, c.Pace):
		return gate.Claimed{Free: true, Asset: asset, Account: l.view()}, nil
	case known && p.State == gate.PlayReserved:
		p.holders++
	default:
		if refusal := l.take(c.Subject); refusal.Reason != gate.OK {
			return gate.Claimed{Refused: refusal, Account: l.view()}, nil
		}
		p = play{
			Play:    newPlay(gate.PlayReserved, asset, c.Session, c.Opener, now),
			holders: 1,
			lapses:  now.Add(c.Pace.Lapse),
		}
	}
	l.plays[key] = p
	return gate.Claimed{Asset: asset, Account: l.view()}, nil
}

// Settle implements [gate.Ledger].
func (s *Store) Settle(ctx context.Context, st gate.Settlement) (gate.Settled, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, st.Link)
	if err != nil {
		return gate.Settled{}, err
	}
	key := playKey{st.Subject, st.Asset}
	p, known := l.plays[key]
	reserved := known && p.State == gate.PlayReserved
	if !st.Charge {
		if reserved {
			p.holders--
			l.plays[key] = p
			if p.holders == 0 {
				delete(l.plays, key)
			}
		}
		return gate.Settled{Account: l.view()}, nil
	}
	if reason := l.inactive(); reason != gate.OK {
		return gate.Settled{Refused: gate.Refusal{Reason: reason}, Account: l.view()}, nil
	}
	if p.Open(now, st.Pace) {
		return gate.Settled{Account: l.view()}, nil
	}
	if !reserved {
		if refusal := l.take(st.Subject); refusal.Reason != gate.OK {
			return gate.Settled{Refused: refusal, Account: l.view()}, nil
		}
	}
	l.plays[key] = play{Play: newPlay(gate.PlayCharged, st.Asset, st.Session, st.Opener, now)}
	l.used[st.Subject]++
	l.account.Used++
	if end := now.Add(l.account.PlayFor); l.account.PlayFor > 0 && l.account.Used == 1 && (l.account.ExpiresAt.IsZero() || end.Before(l.account.ExpiresAt)) {
		l.account.ExpiresAt = end
		s.changes.Tell(gate.Change{Kind: gate.LinkChanged, Link: st.Link})
	}
	return gate.Settled{Charged: true, Account: l.view()}, nil
}

// take uses up the subject's hold, or sees that there is a slot left.
func (l *link) take(subject gate.Subject) gate.Refusal {
	if _, held := l.holds[subject]; held {
		delete(l.holds, subject)
		return gate.Refusal{}
	}
	return l.full(subject)
}

func newPlay(state, asset string, session gate.SessionID, opener string, now time.Time) gate.Play {
	return gate.Play{
		Exists:   true,
		Asset:    asset,
		State:    state,
		OpenedAt: now,
		LastSeen: now,
		Session:  session,
		Opener:   opener[:min(len(opener), gate.MaxOpener)],
	}
}
