package model

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// link is everything about one link.
type link struct {
	// account's Reserved and Devices are counted when somebody asks.
	account  gate.Account
	sessions map[gate.SessionID]gate.Session
	gathered map[gate.SessionID][]string  // what each gathered, in that order
	seen     map[gate.DeviceID]bool       // devices that ever made a session
	devices  map[deviceKey]gate.SessionID // the last session each made
	aliases  map[aliasKey]gate.SessionID  // the last session made with each
	holds    map[gate.Subject]time.Time   // when each lapses
	plays    map[playKey]play
	used     map[gate.Subject]int64
}

// deviceKey and aliasKey are somebody's, or nobody's.
type deviceKey struct {
	device gate.DeviceID
	person gate.PersonID
}

type aliasKey struct {
	alias  gate.Subject
	person gate.PersonID
}

type playKey struct {
	subject gate.Subject
	asset   string
}

type play struct {
	gate.Play
	// holders and lapses belong to a reservation.
	holders int
	lapses  time.Time
}

// enter returns the link as of now: what has lapsed and what is no longer
// known is gone.
func (s *Store) enter(ctx context.Context, id gate.LinkID) (*link, time.Time, error) {
	now := s.time()
	if err := ctx.Err(); err != nil {
		return nil, now, err
	}
	l, found := s.links[id]
	if !found {
		return nil, now, gate.ErrNotFound
	}
	l.forget(now)
	return l, now, nil
}

func (l *link) forget(now time.Time) {
	maps.DeleteFunc(l.holds, func(_ gate.Subject, lapses time.Time) bool {
		return !now.Before(lapses)
	})
	maps.DeleteFunc(l.plays, func(_ playKey, p play) bool {
		if p.State == gate.PlayReserved {
			return !now.Before(p.lapses)
		}
		return now.Sub(p.LastSeen) >= gate.SessionKept
	})
	maps.DeleteFunc(l.sessions, func(_ gate.SessionID, s gate.Session) bool {
		end := s.ExpiresAt
		if !s.EndedAt.IsZero() {
			end = s.EndedAt
		}
		return now.Sub(end) >= gate.SessionKept
	})
	maps.DeleteFunc(l.gathered, func(id gate.SessionID, _ []string) bool { return !l.sessions[id].Exists })
}

// view is the account as others see it.
func (l *link) view() gate.Account {
	a := l.account
	a.Devices = int64(len(l.seen))
	a.Reserved = int64(len(l.holds))
	for _, p := range l.plays {
		if p.State == gate.PlayReserved {
			a.Reserved++
		}
	}
	return a
}

// inactive refuses a link that was revoked or suspended.
func (l *link) inactive() gate.Reason {
	switch l.account.Standing.State {
	case gate.Active:
		return gate.OK
	case gate.Revoked:
		return gate.RevokedLink
	default:
		return gate.SuspendedLink
	}
}

// closed refuses a link that is not active or not in its window.
func (l *link) closed(now time.Time) gate.Reason {
	if reason := l.inactive(); reason != gate.OK {
		return reason
	}
	if now.Before(l.account.StartsAt) {
		return gate.NotYet
	}
	if !l.account.ExpiresAt.IsZero() && !now.Before(l.account.ExpiresAt) {
		return gate.Expired
	}
	return gate.OK
}

// full refuses where no slot is left for the subject.
func (l *link) full(subject gate.Subject) gate.Refusal {
	a := l.view()
	if a.Views != 0 && a.Used+a.Reserved >= a.Views {
		return gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews}
	}
	if a.ViewsEach != 0 && l.used[subject]+l.reservedBy(subject) >= a.ViewsEach {
		return gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach}
	}
	return gate.Refusal{}
}

// reservedBy counts the slots that the subject holds or has reserved.
func (l *link) reservedBy(subject gate.Subject) int64 {
	var n int64
	if _, held := l.holds[subject]; held {
		n++
	}
	for key, p := range l.plays {
		if key.subject == subject && p.State == gate.PlayReserved {
			n++
		}
	}
	return n
}

// watching reports whether the subject has an open play.
func (l *link) watching(subject gate.Subject, now time.Time, pace gate.Pace) bool {
	for key, p := range l.plays {
		if key.subject == subject && p.Open(now, pace) {
			return true
		}
	}
	return false
}

// assetOf is the asset that a session's play of asset is of.
func (l *link) assetOf(session gate.SessionID, asset string) string {
	if l.gathers(session, asset) {
		return gate.WholeOf(asset)
	}
	return asset
}

// gathers reports whether a session gathered what the asset is part of.
func (l *link) gathers(session gate.SessionID, asset string) bool {
	return slices.Contains(l.gathered[session], gate.WholeOf(asset))
}
