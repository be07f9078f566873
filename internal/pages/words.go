package pages

import (
	"fmt"
	"time"
)

// stamp is a point in time as a page shows it: absolute and with its zone, so
// that it is right without a script; a script turns it into local time.
type stamp struct{ Machine, Human string }

// stampOf returns nil for the zero time: there is none to show.
func stampOf(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &stamp{Machine: t.Format(time.RFC3339), Human: t.Format("2 January 2006, 15:04 UTC")}
}

// count writes n and its noun: "1 view", "2 views".
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// span writes a duration, rounded down to what one would say. Down, because a
// page promises that much time.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return count(int64(d/time.Second), "second", "seconds")
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day && d%time.Hour < time.Minute:
		return count(int64(d/time.Hour), "hour", "hours")
	case d < 2*day:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return count(int64(d/day), "day", "days")
	}
}

// wait writes how long to wait, rounded up: whoever comes too early is refused
// again. It is empty where there is nothing to wait for.
func wait(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d <= 2*time.Minute:
		return count(int64((d+time.Second-1)/time.Second), "second", "seconds")
	default:
		return span((d + time.Minute - 1).Truncate(time.Minute))
	}
}

// allowance is what a link is good for; a limit of 0 is none.
type allowance struct{ left, views, eachLeft, each int64 }

func (a allowance) limited() bool { return a.views > 0 || a.each > 0 }

// sentence says what is left, of the link and of this viewer's own share.
// after is what a last view is followed by: " after this one", or nothing.
// A limit may have been lowered below what is used; nobody has -1 views left.
func (a allowance) sentence(after string) string {
	all, own := max(a.left, 0), max(a.eachLeft, 0)
	switch {
	case !a.limited():
		return ""
	case a.views > 0 && all == 0:
		return fmt.Sprintf("No views left%s.", after)
	case a.each > 0 && own == 0:
		return fmt.Sprintf("No views left for you%s.", after)
	case a.each == 0:
		return fmt.Sprintf("%d of %s left.", all, count(a.views, "view", "views"))
	case a.views == 0:
		return fmt.Sprintf("You have %d of %s left.", own, count(a.each, "view", "views"))
	default:
		return fmt.Sprintf("%d of %s left, %d of %d for you.", all, count(a.views, "view", "views"), own, a.each)
	}
}

// pips draws a limit of a few views as dots, true for one that is left. A long
// row of dots says less than the number, so then there is none.
func (a allowance) pips() []bool {
	const most = 12
	total, left := a.views, a.left
	if total == 0 {
		total, left = a.each, a.eachLeft
	}
	if total < 2 || total > most {
		return nil
	}
	dots := make([]bool, total)
	for i := range dots {
		dots[i] = int64(i) < left
	}
	return dots
}

// join puts a space between sentences and leaves empty ones out.
func join(sentences ...string) string {
	var text string
	for _, s := range sentences {
		if text != "" && s != "" {
			text += " "
		}
		text += s
	}
	return text
}
