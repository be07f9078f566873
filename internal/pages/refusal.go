package pages

import (
	"io"
	"strconv"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/speech"
)

// Refusal is the page that says no, and what to do about it.
type Refusal struct {
	Reason gate.Reason
	// Signed says that a valid signature was shown. Without one, the page is the
	// uniform one: it must not tell a wrong guess from a right one.
	Signed bool
	// Allowance is the one that is spent, and Limit what it was.
	Allowance string
	Limit     int64
	// OpensIn is the time until the link opens, at OpensAt; zero: not known.
	OpensAt time.Time
	OpensIn time.Duration
	// RetryAfter is zero where waiting does not help.
	RetryAfter time.Duration
	// SignIn is where to sign in; empty where that does not help.
	SignIn string
	// Press is where Watch is pressed again; empty: that does not help. Takes:
	// whoever presses takes the seat of the oldest session.
	Press string
	Takes bool
	// Look is where a page that waits looks for a change, and Looked how often it
	// did; empty: it does not.
	Look   string
	Looked int
}

// Render draws the page.
func (r Refusal) Render(w io.Writer, to Reader) error {
	for what, address := range map[string]string{"sign-in's": r.SignIn, "form's": r.Press, "next look's": r.Look} {
		if address == "" {
			continue
		}
		if err := checkAddress(what, address); err != nil {
			return err
		}
	}
	language := to.language()
	heading, advice := told(language, r.Reason)
	view := map[string]any{
		"Status":  r.Reason.Status(),
		"Heading": heading,
		"Advice":  advice,
		"Wait":    language.Wait(r.RetryAfter),
		"SignIn":  r.SignIn,
		"Press":   r.Press,
		"Takes":   r.Takes,
	}
	if r.Signed {
		view["Reason"], view["Detail"], view["Opens"] = r.Reason.String(), r.detail(language), stampOf(language, r.OpensAt)
	}
	if r.Look != "" && Waits(r.Reason) {
		view["Look"], view["Heard"] = r.Look, r.heard()
		view["Refresh"] = seconds(gap(r.Looked, r.RetryAfter, r.OpensIn))
		view["Pause"] = seconds(max(firstAsk, r.RetryAfter))
	}
	return refusalPage.render(w, to, view)
}

// heard is what the page's script hears as long as nothing has changed.
func (r Refusal) heard() string {
	text := strconv.Itoa(r.Reason.Status())
	if r.Signed {
		text += " " + r.Reason.String()
	}
	return text
}

func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

// detail says which allowance was spent.
func (r Refusal) detail(l *speech.Language) string {
	kept := ""
	if !r.Takes {
		kept = l.Say("refusal.kept")
	}
	switch r.Allowance {
	case gate.AllowanceViewsEach:
		return l.Say("refusal.views_each", "n", r.Limit)
	case gate.AllowanceViews:
		return l.Say("refusal.views", "n", r.Limit)
	case gate.AllowanceSeatsEach:
		return join(l.Say("refusal.seats_each", "n", r.Limit), kept)
	case gate.AllowanceSeats:
		return join(l.Say("refusal.seats", "n", r.Limit), kept)
	}
	return ""
}
