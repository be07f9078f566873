package pages

import (
	"strings"
	"time"

	"github.com/usher-media/usher/internal/speech"
)

// stamp is a point in time as a page shows it: absolute and with its zone, so
// that it is right without a script; a script turns it into local time.
type stamp struct {
	Machine string
	Human   speech.Phrase
}

// stampOf returns nil for the zero time: there is none to show.
func stampOf(l *speech.Language, t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	return &stamp{Machine: t.UTC().Format(time.RFC3339), Human: l.Time(t)}
}

// allowance is what a link is good for; a limit of 0 is none.
type allowance struct{ left, views, eachLeft, each int64 }

func (a allowance) limited() bool { return a.views > 0 || a.each > 0 }

// sentence says what is left, of the link and of this viewer's own share; after
// says that one is being used. A limit may have been lowered below what is used;
// nobody has -1 views left.
func (a allowance) sentence(l *speech.Language, after bool) string {
	all, own := max(a.left, 0), max(a.eachLeft, 0)
	switch {
	case !a.limited():
		return ""
	case a.views > 0 && all == 0 && after:
		return l.Say("left.none_after")
	case a.views > 0 && all == 0:
		return l.Say("left.none")
	case a.each > 0 && own == 0 && after:
		return l.Say("left.none_you_after")
	case a.each > 0 && own == 0:
		return l.Say("left.none_you")
	case a.each == 0:
		return l.Say("left.all", "left", all, "n", a.views)
	case a.views == 0:
		return l.Say("left.you", "left", own, "n", a.each)
	default:
		return l.Say("left.both", "left", all, "n", a.views, "own", own, "each", a.each)
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
	return strings.TrimSpace(strings.Join(sentences, " "))
}
