package gate

import "time"

// Policy is a site's settings for decisions.
type Policy struct {
	Pace Pace
	// Rate is what a session may ask on all nodes together.
	Rate Rate
	// SessionLife is how long a session lasts at the most.
	SessionLife time.Duration
	// FinishAfterEnd lets a play that is open when the link's window ends run
	// on, within Pace.
	FinishAfterEnd bool
	// Lease is how long the store's word may be repeated without asking; 0:
	// every media request asks it.
	Lease time.Duration
}

// DefaultPolicy is what a site has that says nothing.
func DefaultPolicy() Policy {
	return Policy{
		Pace:        Pace{Idle: 30 * time.Minute, Max: 12 * time.Hour, Lapse: 2 * time.Minute, Seat: 2 * time.Minute},
		Rate:        Rate{Interval: 20 * time.Millisecond, Burst: 300},
		SessionLife: 12 * time.Hour,
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
	open = s.Play.Open(now, policy.Pace)
	if no := s.Account.Window(now); no != OK && !(no == Expired && open && policy.FinishAfterEnd) {
		return no, false
	}
	return OK, open
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
