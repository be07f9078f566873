package pages

import (
	"io"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/speech"
)

// Landing is the page behind a share link. Looking at it changes nothing; the
// view is spent by the POST of its one button, which mail scanners and chat
// previews do not press.
type Landing struct {
	// Title is what the owner called the link. It may be empty, and then the
	// page tells nothing of what is behind it.
	Title string
	// Views limits the link, Each every viewer; 0: no limit.
	ViewsLeft, Views int64
	EachLeft, Each   int64
	// ExpiresAt is zero where the link does not end.
	ExpiresAt time.Time
	// Resume is the idle window within which coming back costs nothing.
	Resume time.Duration
	// Action is where the POST goes.
	Action string
	// Resuming says that this device has an open view: Watch costs nothing.
	Resuming bool
	// Asks is what the page asks for before it tells anything of what is behind it.
	Asks Asking
}

// Asking is what a link asks for.
type Asking struct {
	// Password is typed into the form.
	Password bool
	// SignIn is where to sign in; empty: that helps nobody here. Without a
	// password to type, there is no Watch to press before.
	SignIn string
	// Problem says what was wrong with what was sent; OK: nothing was.
	Problem gate.Reason
}

func (a Asking) anything() bool { return a != Asking{} }

// Render draws the page.
func (l Landing) Render(w io.Writer, to Reader) error {
	if err := checkAddress("form's", l.Action); err != nil {
		return err
	}
	if l.Asks.SignIn != "" {
		if err := checkAddress("sign-in's", l.Asks.SignIn); err != nil {
			return err
		}
	}
	language := to.language()
	asks := map[string]any{"Password": l.Asks.Password, "SignIn": l.Asks.SignIn, "Problem": problem(language, l.Asks.Problem)}
	if l.Asks.anything() {
		return landingPage.render(w, to, map[string]any{"Lead": l.Asks.lead(language), "Asks": asks, "Action": l.Action})
	}
	rest := allowance{l.ViewsLeft, l.Views, l.EachLeft, l.Each}
	return landingPage.render(w, to, map[string]any{
		"Title":  l.Title,
		"Lead":   join(rest.sentence(language, false), l.price(language, rest)),
		"Pips":   rest.pips(),
		"Until":  stampOf(language, l.ExpiresAt),
		"Asks":   asks,
		"Action": l.Action,
	})
}

// problem is a refusal as one sentence after the other.
func problem(l *speech.Language, no gate.Reason) string {
	if no == gate.OK {
		return ""
	}
	heading, advice := told(l, no)
	return heading + ". " + advice
}

func (a Asking) lead(l *speech.Language) string {
	switch {
	case a.Password && a.SignIn != "":
		return l.Say("landing.either")
	case a.Password:
		return l.Say("landing.password")
	}
	return l.Say("landing.person")
}

// price says what pressing Watch costs.
func (l Landing) price(language *speech.Language, rest allowance) string {
	switch {
	case l.Resuming:
		return language.Say("landing.costs_nothing")
	case !rest.limited():
		return language.Say("landing.begin")
	case l.Resume <= 0:
		return language.Say("landing.uses_one")
	default:
		return language.Say("landing.uses_one_back", "span", language.Span(l.Resume))
	}
}
