package embedded

import (
	"cmp"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// The records. Those that the front or a batch hands out are shared and are
// never written to; a verb changes the copy that current makes, and saves it.

// account is a link's record.
type account struct {
	gate.Account // its Reserved is not kept but counted from lapses
	// lapses has, for every hold and every reservation, when it lapses. The
	// subjects' records say whose they are; here they are only counted, so
	// that a link with a million subjects has a short record.
	lapses []time.Time
}

// view is the account as others see it at now.
func (a *account) view(now time.Time) gate.Account {
	v := a.Account
	v.Reserved = 0
	for _, at := range a.lapses {
		if now.Before(at) {
			v.Reserved++
		}
	}
	return v
}

// current returns a copy without what has lapsed.
func (a *account) current(now time.Time) *account {
	c := *a
	c.lapses = slices.DeleteFunc(slices.Clone(a.lapses), func(at time.Time) bool { return !now.Before(at) })
	return &c
}

func (a *account) take(lapses time.Time) { a.lapses = append(a.lapses, lapses) }

func (a *account) release(lapses time.Time) {
	if i := slices.IndexFunc(a.lapses, lapses.Equal); i >= 0 {
		a.lapses = slices.Delete(a.lapses, i, i+1)
	}
}

// inactive refuses a link that was suspended or revoked.
func (a *account) inactive() gate.Reason {
	switch a.Standing.State {
	case gate.Active:
		return gate.OK
	case gate.Revoked:
		return gate.RevokedLink
	default:
		return gate.SuspendedLink
	}
}

// closed refuses a link that is not active or not in its window.
func (a *account) closed(now time.Time) gate.Reason {
	if reason := a.inactive(); reason != gate.OK {
		return reason
	}
	if now.Before(a.StartsAt) {
		return gate.NotYet
	}
	if !a.ExpiresAt.IsZero() && !now.Before(a.ExpiresAt) {
		return gate.Expired
	}
	return gate.OK
}

// startClock has the link end PlayFor from now on, where it has such a clock and
// does not end before. It reports whether that moved its end.
func (a *account) startClock(now time.Time) bool {
	end := now.Add(a.PlayFor)
	if a.PlayFor <= 0 || !a.ExpiresAt.IsZero() && !end.Before(a.ExpiresAt) {
		return false
	}
	a.ExpiresAt = end
	return true
}

// full refuses where no slot is left for the subject. Both have to be current.
func (a *account) full(s *subject) gate.Refusal {
	if a.Views != 0 && a.Used+int64(len(a.lapses)) >= a.Views {
		return gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews}
	}
	if a.ViewsEach != 0 && s.used+s.reserved() >= a.ViewsEach {
		return gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach}
	}
	return gate.Refusal{}
}

// admit sees that there is a slot for the subject: its hold's, which is used up
// by that, or one that is left. Where there is none it changes nothing.
func (a *account) admit(s *subject) gate.Refusal {
	if s.hold.IsZero() {
		return a.full(s)
	}
	a.release(s.hold)
	s.hold = time.Time{}
	return gate.Refusal{}
}

// session is a session's record.
type session struct {
	gate.Session
	// alias is what the session was made with, for the broom.
	alias gate.Subject
	// gathered is what the session gathered, in that order.
	gathered []string
}

// gathers reports whether the session gathered what the asset is part of; nil:
// there is none.
func (s *session) gathers(asset string) bool {
	return s != nil && slices.Contains(s.gathered, gate.WholeOf(asset))
}

// gather adds one more, and lets go of the first where they are too many.
func (s *session) gather(whole string) {
	all := append(slices.Clone(s.gathered), whole)
	s.gathered, s.Gathered = all[max(0, len(all)-gate.MaxGathered):], true
}

// known reports whether the session exists at now, for any verb.
func (s *session) known(now time.Time) bool { return now.Before(s.forgotten()) }

// forgotten is from when on the session does not exist.
func (s *session) forgotten() time.Time {
	if s.EndedAt.IsZero() {
		return s.ExpiresAt.Add(gate.SessionKept)
	}
	return s.EndedAt.Add(gate.SessionKept)
}

// subject is the record of a subject on a link. One that was never written is
// the zero subject.
type subject struct {
	used  int64
	hold  time.Time // when the hold lapses; zero: there is none
	plays []play    // at most one of each asset
	due   time.Time // when the broom looks at it; zero: never
}

type play struct {
	gate.Play
	// holders and lapses belong to a reservation.
	holders int64
	lapses  time.Time
}

// known reports whether the play exists at now.
func (p *play) known(now time.Time) bool { return now.Before(p.forgotten()) }

func (p *play) forgotten() time.Time {
	if p.State == gate.PlayReserved {
		return p.lapses
	}
	return p.LastSeen.Add(gate.SessionKept)
}

// current returns a copy without what has lapsed and what is forgotten.
func (s *subject) current(now time.Time) *subject {
	c := *s
	if !now.Before(s.hold) {
		c.hold = time.Time{}
	}
	c.plays = slices.DeleteFunc(slices.Clone(s.plays), func(p play) bool { return !p.known(now) })
	return &c
}

// play returns the play of the asset, or nil.
func (s *subject) play(asset string) *play {
	for i := range s.plays {
		if s.plays[i].Asset == asset {
			return &s.plays[i]
		}
	}
	return nil
}

// set puts p in the place of the asset's play.
func (s *subject) set(p play) {
	s.drop(p.Asset)
	s.plays = append(s.plays, p)
}

func (s *subject) drop(asset string) {
	s.plays = slices.DeleteFunc(s.plays, func(p play) bool { return p.Asset == asset })
}

// gather makes the charged play of a part that was seen last the one of the
// whole, unless there is one. It reports whether it did.
func (s *subject) gather(whole string) bool {
	if s.play(whole) != nil {
		return false
	}
	var last *play
	for i := range s.plays {
		p := &s.plays[i]
		if p.State == gate.PlayCharged && gate.WholeOf(p.Asset) == whole && (last == nil || p.seenAfter(last)) {
			last = p
		}
	}
	if last != nil {
		last.Asset = whole
	}
	return last != nil
}

// seenAfter orders plays by when they were last seen, and those of one moment
// by asset, so that every store picks the same.
func (p *play) seenAfter(other *play) bool {
	return cmp.Or(p.LastSeen.Compare(other.LastSeen), cmp.Compare(other.Asset, p.Asset)) > 0
}

// reserved counts the slots that the subject holds or has reserved.
func (s *subject) reserved() int64 {
	var n int64
	if !s.hold.IsZero() {
		n++
	}
	for i := range s.plays {
		if s.plays[i].State == gate.PlayReserved {
			n++
		}
	}
	return n
}

// watching reports whether the subject has an open play.
func (s *subject) watching(now time.Time, pace gate.Pace) bool {
	return slices.ContainsFunc(s.plays, func(p play) bool { return p.Open(now, pace) })
}

// forgotten is when the first of what there is about the subject, beside its
// count, is forgotten; zero: there is nothing.
func (s *subject) forgotten() time.Time {
	first := s.hold
	for i := range s.plays {
		if at := s.plays[i].forgotten(); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}
