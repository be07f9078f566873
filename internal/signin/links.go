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
	address := v.addressField(a.Address, "")
	address.Fixed = true
	return pages.Form{
		Title: v.say("activation.title"), Lead: v.say("activation.lead"),
		Action:  ActivationPrefix + v.activationCode(),
		Fields:  []pages.Field{address, v.freshField("new")},
		Buttons: []pages.Button{{Text: v.say("form.go_on")}},
		Note:    v.say("activation.note"),
	}
}

// usedForm is what a second device sees. It tells nothing of whose link it was.
func (v *visit) usedForm() pages.Form {
	page := pages.Form{
		Title: v.say("used.title"),
		Lead:  v.say("used.lead"),
		Links: []pages.Link{{Text: v.say("signin.title"), URL: Path, Main: !v.web.Desk.Mail.Delivers()}},
		Note:  v.say("used.ask"),
	}
	if v.web.Desk.Mail.Delivers() {
		page.Action = ActivationPrefix + v.activationCode()
		page.Hidden = []pages.Hidden{{Name: "fresh", Value: "1"}}
		page.Buttons = []pages.Button{{Text: v.say("used.button")}}
		page.Note = v.say("used.mail")
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
	case outcome.Result == Second || outcome.Result == NoPasskeys:
		next, _ := browser.ParseLocal(a.Next)
		return v.second(outcome, next)
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
		return v.show(http.StatusOK, pages.Form{Title: v.say("no_mail.title"), Lead: v.say("no_mail.lead")})
	}
	return v.show(http.StatusOK, pages.Form{
		Title: v.say("fresh.title"),
		Lead:  v.say("fresh.lead"),
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
	if outcome.Result == Second || outcome.Result == NoPasskeys {
		to, _ := browser.ParseLocal(next)
		return v.second(outcome, to)
	}
	page := pages.Form{
		Title: v.say("denied.title"),
		Lead:  v.say("denied.lead"),
		Links: []pages.Link{{Text: v.say("signin.title"), URL: Path, Main: true}},
	}
	if outcome.Result == Waiting {
		page.Title, page.Lead, page.Links = v.say("approval.title"), v.say("approval.lead"), nil
	}
	return v.show(http.StatusForbidden, page)
}
