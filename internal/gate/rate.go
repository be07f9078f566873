package gate

import "time"

// Rate is how fast one session may ask.
type Rate struct {
	Interval time.Duration // between two requests, on average; zero: no rate
	Burst    int64         // how many may come at once
}

// PacedBack is how far back a flush places its first request at the most. What
// a node gathered while it could not flush for longer is forgiven in part.
const PacedBack = time.Minute

// Paced returns the session's PacedTo after requests of which the first came
// at since, all as a store at now sees it:
//
//	min(max(pacedTo, since within PacedBack of now) + Cost(requests), now + Most())
//
// Of a session that keeps to the rate it never gets further ahead of the clock
// than Burst × Interval, whatever number of requests a flush has in it.
func (r Rate) Paced(pacedTo, since, now time.Time, requests int64) time.Time {
	if requests <= 0 || r.Interval <= 0 {
		return pacedTo
	}
	since = since.UTC().Truncate(time.Millisecond)
	start := latest(pacedTo, earliest(latest(since, now.Add(-PacedBack)), now))
	return earliest(start.Add(r.Cost(requests)), now.Add(r.Most()))
}

// Cost is how long so many requests take at this rate, in whole milliseconds.
// It stops where Paced's bound is reached in any case, before it overflows.
func (r Rate) Cost(requests int64) time.Duration {
	most := 2*time.Duration(r.Burst)*r.Interval + PacedBack
	if r.Interval <= 0 || requests <= int64(most/r.Interval) {
		most = time.Duration(requests) * r.Interval
	}
	return most.Truncate(time.Millisecond)
}

// Most is how far ahead of the clock a session gets that does not keep to the
// rate, in whole milliseconds. It bounds how long one has to wait.
func (r Rate) Most() time.Duration {
	return (2 * time.Duration(r.Burst) * r.Interval).Truncate(time.Millisecond)
}

// Wait is how long a session has to wait at now before it may ask again; zero
// where it may ask.
func (r Rate) Wait(pacedTo, now time.Time) time.Duration {
	return max(0, pacedTo.Add(-time.Duration(r.Burst)*r.Interval).Sub(now))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
