package gate

import "time"

// Policy is a site's settings for decisions.
type Policy struct {
	Pace Pace
	// Rate is what a session may ask on all nodes together.
	Rate Rate
	// SessionLife is how long a session lasts at the most, Unused how long one
	// that nobody uses; 0: as long. Use renews it, without another token.
	SessionLife time.Duration
	Unused      time.Duration
	// FinishAfterEnd lets a play that is open when the link's window ends run
	// on, within Pace.
	FinishAfterEnd bool
	// Lease is how long the store's word may be repeated without asking; 0:
	// every media request asks it.
	Lease time.Duration
	// InPath says that sessions travel in the path here.
	InPath bool
}

// DefaultPolicy is what a site has that says nothing.
func DefaultPolicy() Policy {
	return Policy{
		Pace:        Pace{Idle: 30 * time.Minute, Max: 12 * time.Hour, Lapse: 2 * time.Minute, Seat: 2 * time.Minute},
		Rate:        Rate{Interval: 20 * time.Millisecond, Burst: 300},
		SessionLife: 12 * time.Hour,
		InPath:      true,
	}
}

// judge says what the facts mean at now, which is the store's time, for a
// request of an existing session. It is pure: the same facts give the same answer. Revocation and suspension always
// cut, a spent limit never cuts an open play, and the link's end does unless
// the site lets plays finish.
func judge(policy *Policy, s *State, now time.Time) (no Reason, open bool) {
	if !s.Account.Exists {
		return NoSession, false
	}
	if no := s.Account.Standing.Reason(); no != OK {
		return no, false
	}
	if no := s.Session.Refused(now); no != OK {
		return no, false
	}
	if policy.Unused > 0 && now.Sub(s.Session.LastSeen) >= policy.Unused {
		return NoSession, false
	}
	open = s.Play.Open(now, policy.Pace)
	no = s.inherited(now)
	if no == OK {
		no = s.Account.Window(now)
	}
	if no != OK && !(no == Expired && open && policy.FinishAfterEnd) {
		return no, false
	}
	return OK, open
}

// inherited says what became of the links that this one was made from. One that
// is not there opens nothing any more, and neither does what came from it.
func (s *State) inherited(now time.Time) Reason {
	for i := range s.Above {
		above := &s.Above[i]
		if !above.Exists {
			return RevokedLink
		}
		if no := above.Standing.Reason(); no != OK {
			return no
		}
	}
	for i := range s.Above {
		if no := s.Above[i].Window(now); no != OK {
			return no
		}
	}
	return OK
}

// late reports that no new play may begin at now, by the terms of the link or of
// one that it was made from.
func (s *State) late(now time.Time) bool {
	if s.Account.late(now) {
		return true
	}
	for i := range s.Above {
		if s.Above[i].late(now) {
			return true
		}
	}
	return false
}

// hasten refuses a request that comes too soon after the session's others, on
// whatever node those were. It is not part of judge, which also says whether a
// running answer may run on: that one was asked for in time.
func hasten(policy *Policy, s *State, now time.Time) Refusal {
	if wait := policy.Rate.Wait(s.Session.PacedTo, now); wait > 0 {
		return Refusal{Reason: TooFast, Wait: wait}
	}
	return Refusal{}
}
