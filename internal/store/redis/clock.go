package redis

import (
	"strconv"
	"time"
)

// clockArgs are the first two arguments of every script on a link: the time,
// empty where the server's own is meant, and this process' latest reading.
func (s *Store) clockArgs() (now, latest string) {
	if s.now != nil {
		now = strconv.FormatInt(s.now().UnixMilli(), 10)
	}
	return now, strconv.FormatInt(s.latest.Load(), 10)
}

// saw notes a reading of the clock and returns the highest one noted, so that
// time never runs backwards for this process, whatever a server says after a
// failover. The marks that links keep do not come in here: one that is wrong
// has to stay that link's trouble.
func (s *Store) saw(millis int64) int64 {
	for {
		latest := s.latest.Load()
		if millis <= latest {
			return latest
		}
		if s.latest.CompareAndSwap(latest, millis) {
			return millis
		}
	}
}

func fromMillis(millis int64) time.Time { return time.UnixMilli(millis).UTC() }

// millisText is how a time is kept: empty where it is zero.
func millisText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// ceilMillis turns a duration into whole milliseconds for a clock that only
// knows those: "less than d ago" stays the same question.
func ceilMillis(d time.Duration) int64 {
	millis := d.Milliseconds()
	if d > time.Duration(millis)*time.Millisecond {
		millis++
	}
	return millis
}
