package speech

import (
	"fmt"
	"time"
)

// Time writes a point in time, absolute and with its zone said: it is right
// whoever reads it, wherever they are.
func (l *Language) Time(t time.Time) Phrase {
	t = t.UTC()
	return Phrase(l.Say("time",
		"day", Phrase(l.figures(t.Day(), 1)), "month", Phrase(l.Say(fmt.Sprintf("month.%d", t.Month()))),
		"year", Phrase(l.figures(t.Year(), 4)), "clock", Phrase(l.figures(t.Hour(), 2)+":"+l.figures(t.Minute(), 2))))
}

// Span writes a duration, rounded down to what one would say. Down, because a
// page promises that much time.
func (l *Language) Span(d time.Duration) Phrase {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return Phrase(l.Say("span.seconds", "n", int64(d/time.Second)))
	case d < time.Hour:
		return Phrase(l.Say("span.minutes", "n", int64(d/time.Minute)))
	case d < 2*day && d%time.Hour < time.Minute:
		return Phrase(l.Say("span.hours", "n", int64(d/time.Hour)))
	case d < 2*day:
		return Phrase(l.Say("span.hours_minutes", "hours", int64(d/time.Hour), "minutes", int64(d%time.Hour/time.Minute)))
	default:
		return Phrase(l.Say("span.days", "n", int64(d/day)))
	}
}

// Wait writes how long to wait, rounded up: whoever comes too early is refused
// again. It is empty where there is nothing to wait for.
func (l *Language) Wait(d time.Duration) Phrase {
	switch {
	case d <= 0:
		return ""
	case d <= 2*time.Minute:
		return Phrase(l.Say("span.seconds", "n", int64((d+time.Second-1)/time.Second)))
	default:
		return l.Span((d + time.Minute - 1).Truncate(time.Minute))
	}
}
