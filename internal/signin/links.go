package signin

import (
	"net/http"
	"strings"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// activationCode is the code in the request's path.
func (v *visit) activationCode() string {
	return strings.TrimPrefix(v.r.URL.Path, ActivationPrefix)
}

func (v *visit) activationForm(a Activation) pages.Form {
	address := addressField(a.Address, "")
	address.Fixed = true
	return pages.Form{
		Title: "Welcome", Lead: "Choose a password of your own. You are then signed in on this device.",
		Action:  ActivationPrefix + v.activationCode(),
		Fields:  []pages.Field{address, freshField("new")},
		Buttons: []pages.Button{{Text: "Go on"}},
		Note:    "This link works once. If you signed in on other devices before, you are signed out there.",
	}
}

// usedForm is what a second device sees. It tells nothing of whose link it was.
func (v *visit) usedForm() pages.Form {
	page := pages.Form{
		Title: "This link was used already",
		Lead:  "An activation link works once, on one device. If it was you who used it, sign in with your password.",
		Links: []pages.Link{{Text: "Sign in", URL: Path, Main: !v.web.Desk.Mail.Delivers()}},
		Note:  "If it was not you, ask whoever invited you.",
	}
	if v.web.Desk.Mail.Delivers() {
		page.Action = ActivationPrefix + v.activationCode()
		page.Hidden = []pages.Hidden{{Name: "fresh", Value: "1"}}
		page.Buttons = []pages.Button{{Text: "Mail me a fresh link"}}
		page.Note = "A fresh link goes to the address that the invitation went to, and to no other. Whoever invited you is told."
	}
	return page
}

func (v *visit) showActivation() error {
	a, result, err := v.web.Desk.Look(v.r.Context(), v.Visitor, v.activationCode())
	switch {
	case err != nil:
		return err
	case result == Used:
		return v.show(gate.Expired.Status(), v.usedForm())
	case result != In:
		return errNothing
	}
	return v.show(http.StatusOK, v.activationForm(a))
}

func (v *visit) activate() error {
	if v.form["fresh"] == "1" {
		return v.fresh()
	}
	outcome, a, err := v.web.Desk.Activate(v.r.Context(), v.Visitor, v.activationCode(), v.form["new"])
	switch {
	case err != nil:
		return err
	case outcome.Result == Used:
		return v.show(gate.Expired.Status(), v.usedForm())
	case outcome.Result == Weak:
		return v.again(v.activationForm(a), outcome, "")
	case outcome.Result != In:
		return errNothing
	}
	next, _ := browser.ParseLocal(a.Next)
	return v.enter(outcome, next)
}

// fresh answers who asked for a fresh link.
func (v *visit) fresh() error {
	again, err := v.web.Desk.MailFresh(v.r.Context(), v.Visitor, v.activationCode())
	switch {
	case err != nil:
		return err
	case again == NoneUsed:
		return errNothing
	case again == NoMail:
		return v.show(http.StatusOK, pages.Form{Title: "Ask for a new invitation", Lead: "No mail can be sent from here. Ask whoever invited you."})
	}
	return v.show(http.StatusOK, pages.Form{
		Title: "A fresh link is on its way",
		Lead:  "It goes to the address that the invitation went to. If it does not come within a few minutes, look among the unwanted mail.",
	})
}

// start sends the browser to the provider. It stores nothing.
func (v *visit) start() error {
	next := ""
	if to := v.next(); !to.IsZero() {
		next = to.String()
	}
	to, cookie, err := v.web.Desk.Begin(v.r.Context(), next)
	if err != nil {
		return err
	}
	v.setCookie(v.names.Flow, cookie, FlowFor)
	return v.leave(to)
}

// callback is where the provider sends the browser back to.
func (v *visit) callback() error {
	query := v.r.URL.Query()
	outcome, next, err := v.web.Desk.Finish(v.r.Context(), v.Visitor, browser.Cookie(v.r, v.names.Flow), query.Get("state"), query.Get("code"))
	v.setCookie(v.names.Flow, "", 0) // one answer to each beginning
	if err != nil {
		return err
	}
	if outcome.Result == In {
		to, _ := browser.ParseLocal(next)
		return v.enter(outcome, to)
	}
	page := pages.Form{
		Title: "You cannot sign in with this account",
		Lead:  "Its address is not known here, or it was not confirmed, or it took too long. Try again, or ask whoever invited you.",
		Links: []pages.Link{{Text: "Sign in", URL: Path, Main: true}},
	}
	if outcome.Result == Waiting {
		page.Title, page.Lead, page.Links = "Almost there", "Somebody has to approve of you first. Come back when you hear from them.", nil
	}
	return v.show(http.StatusForbidden, page)
}
