package model

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Seated implements [gate.Ledger].
func (s *Store) Seated(ctx context.Context, link gate.LinkID) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now, err := s.enter(ctx, link)
	if err != nil {
		return 0, err
	}
	return int64(len(l.live(now))), nil
}

// live returns the live sessions, the oldest first.
func (l *link) live(now time.Time) []gate.Session {
	var live []gate.Session
	for _, session := range l.sessions {
		if session.Live(now) {
			live = append(live, session)
		}
	}
	slices.SortFunc(live, func(a, b gate.Session) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return live
}

// seat makes room for one more session, by ending others where it has to, or
// says which limit does not let it.
func (l *link) seat(o gate.Opening, now time.Time, tell func(...gate.Change)) gate.Refusal {
	all := l.live(now)
	own := slices.DeleteFunc(slices.Clone(all), func(s gate.Session) bool { return s.Subject != o.Subject })
	leaving, ok := l.leaving(own, l.account.SeatsEach, o, now)
	if !ok {
		return gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeatsEach}
	}
	staying := slices.DeleteFunc(all, func(s gate.Session) bool {
		return slices.ContainsFunc(leaving, func(other gate.Session) bool { return other.ID == s.ID })
	})
	more, ok := l.leaving(staying, l.account.Seats, o, now)
	if leaving = append(leaving, more...); !ok || len(leaving) > gate.MaxReplaced {
		return gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeats}
	}
	for _, session := range leaving {
		session.EndedAt, session.EndedWhy = now, gate.EndedReplaced
		l.sessions[session.ID] = session
		tell(gate.Change{Kind: gate.SessionChanged, Link: o.Link, Session: session.ID})
	}
	return gate.Refusal{}
}

// leaving returns who of the seated has to leave for one more to be below the
// limit; false: that many may not.
func (l *link) leaving(seated []gate.Session, limit int64, o gate.Opening, now time.Time) ([]gate.Session, bool) {
	need := len(seated) + 1 - int(limit)
	if limit == 0 || need <= 0 {
		return nil, true
	}
	var idle, busy []gate.Session
	for _, session := range seated {
		if now.Sub(session.LastSeen) >= o.Pace.Seat {
			idle = append(idle, session)
		} else {
			busy = append(busy, session)
		}
	}
	slices.SortStableFunc(idle, func(a, b gate.Session) int { return a.LastSeen.Compare(b.LastSeen) })
	if l.account.WhenFull == gate.ReplaceOldest {
		idle = append(idle, busy...)
	}
	if need > len(idle) || need > gate.MaxReplaced {
		return nil, false
	}
	return idle[:need], true
}
