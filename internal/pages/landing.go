package pages

import (
	"io"
	"time"
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
	// Problem says what was wrong with what was sent.
	Problem string
}

func (a Asking) anything() bool { return a != Asking{} }

// Render draws the page.
func (l Landing) Render(w io.Writer) error {
	if err := checkAddress("form's", l.Action); err != nil {
		return err
	}
	if l.Asks.SignIn != "" {
		if err := checkAddress("sign-in's", l.Asks.SignIn); err != nil {
			return err
		}
	}
	if l.Asks.anything() {
		return render(w, landingPage, map[string]any{"Lead": l.Asks.lead(), "Asks": l.Asks, "Action": l.Action})
	}
	rest := allowance{l.ViewsLeft, l.Views, l.EachLeft, l.Each}
	return render(w, landingPage, map[string]any{
		"Title":  l.Title,
		"Lead":   join(rest.sentence(""), l.price(rest)),
		"Pips":   rest.pips(),
		"Until":  stampOf(l.ExpiresAt),
		"Asks":   l.Asks,
		"Action": l.Action,
	})
}

func (a Asking) lead() string {
	switch {
	case a.Password && a.SignIn != "":
		return "It is for certain people, and for whoever knows its password."
	case a.Password:
		return "It has a password. Whoever sent you the link knows it."
	}
	return "It is for certain people. Sign in with the address that it was sent to."
}

// price says what pressing Watch costs.
func (l Landing) price(rest allowance) string {
	switch {
	case l.Resuming:
		return "Your view is still open: pressing Watch costs nothing."
	case !rest.limited():
		return "Press Watch to begin."
	case l.Resume <= 0:
		return "Pressing Watch uses one."
	default:
		return "Pressing Watch uses one; you can come back within " + span(l.Resume) + " at no cost."
	}
}
