package signin

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/secret"
	"github.com/usher-media/usher/internal/typed"
)

// weak and odd are what several pages say of what was typed.
func (v *visit) weak() string {
	return v.say("form.weak", "n", minPassword, "most", secret.MaxText)
}

func (v *visit) odd() string { return v.say("form.odd", "example", "name@example.com") }

func (v *visit) addressField(value, problem string) pages.Field {
	return pages.Field{Name: "email", Label: v.say("form.email"), Type: "email", Autocomplete: "username", Value: value, Most: typed.MaxAddress, Problem: problem}
}

func passwordField(name, label, autocomplete string) pages.Field {
	return pages.Field{Name: name, Label: label, Type: "password", Autocomplete: autocomplete, Most: secret.MaxText}
}

func (v *visit) freshField(name string) pages.Field {
	f := passwordField(name, v.say("form.new"), "new-password")
	f.Least, f.Hint = minPassword, v.say("form.new_hint", "n", minPassword)
	return f
}

// address reads the form's address; ok is false where it is none.
func (v *visit) address() (address string, ok bool) {
	return typed.Address(strings.TrimSpace(v.form["email"]))
}

func (v *visit) signInForm(problem string) pages.Form {
	next, desk := v.next(), v.web.Desk
	page := pages.Form{
		Title: v.say("signin.title"), Action: Path, Hidden: hiddenNext(next),
		Fields: []pages.Field{
			v.addressField(bounded(v.form["email"]), problem),
			passwordField("password", v.say("form.password"), "current-password"),
		},
		Buttons: []pages.Button{{Text: v.say("signin.title")}},
	}
	if desk.Mail.Delivers() {
		page.Buttons = append(page.Buttons, pages.Button{Text: v.say("signin.code"), Action: codePath})
	}
	if desk.Elsewhere != nil {
		page.Links = append(page.Links, pages.Link{Text: v.say("signin.elsewhere"), URL: withNext(startPath, next)})
	}
	return page
}

// bounded is what a form shows again of what was typed.
func bounded(text string) string {
	if len(text) > typed.MaxAddress {
		return ""
	}
	return text
}

func (v *visit) showSignIn() error {
	person, _, err := v.web.Desk.Who(v.r.Context(), v.Token)
	if errors.Is(err, gate.ErrNotFound) {
		return v.show(http.StatusOK, v.signInForm(""))
	}
	if err != nil {
		return err
	}
	page := pages.Form{
		Title: v.say("signedin.title"), Lead: v.say("signedin.lead", "address", person.Address),
		Links: []pages.Link{{Text: v.say("password.title"), URL: passwordPath}, {Text: v.say("signout.title"), URL: OutPath}},
	}
	if v.web.Desk.Passkeyed() {
		page.Links = slices.Insert(page.Links, 1, pages.Link{Text: "Passkeys", URL: passkeysPath})
	}
	if next := v.next(); !next.IsZero() {
		page.Links = append([]pages.Link{{Text: v.say("form.go_on"), URL: next.String(), Main: true}}, page.Links...)
	}
	return v.show(http.StatusOK, page)
}

func (v *visit) signIn() error {
	address, ok := v.address()
	if !ok {
		return v.show(http.StatusUnprocessableEntity, v.signInForm(v.odd()))
	}
	outcome, err := v.web.Desk.Password(v.r.Context(), v.Visitor, address, v.form["password"])
	if err != nil {
		return err
	}
	if outcome.Result != In {
		return v.again(v.signInForm(""), outcome, v.say("form.wrong_two"))
	}
	return v.enter(outcome, v.next())
}

// askForm asks for the address that a code is mailed to.
func (v *visit) askForm(problem string) pages.Form {
	return pages.Form{
		Title: v.say("ask_code.title"), Lead: v.say("ask_code.lead"), Action: codePath, Hidden: hiddenNext(v.next()),
		Fields:  []pages.Field{v.addressField(bounded(v.form["email"]), problem)},
		Buttons: []pages.Button{{Text: v.say("ask_code.button")}},
		Links:   []pages.Link{{Text: v.say("ask_code.password"), URL: withNext(Path, v.next())}},
	}
}

// codeForm asks for the code. It says the same whether somebody has the address.
func (v *visit) codeForm(address string) pages.Form {
	return pages.Form{
		Title:  v.say("code.title"),
		Lead:   v.say("code.lead", "address", address, "n", int64(CodeFor/time.Minute)),
		Action: codePath,
		Hidden: append(hiddenNext(v.next()), pages.Hidden{Name: "email", Value: address}),
		Fields: []pages.Field{{
			Name: "code", Label: v.say("code.label"), Type: "text", Autocomplete: "one-time-code", Keys: "numeric", Most: digits + 2,
		}},
		Buttons: []pages.Button{{Text: v.say("signin.title")}},
		Links:   []pages.Link{{Text: v.say("code.another"), URL: withNext(codePath, v.next())}},
	}
}

func (v *visit) showCode() error { return v.show(http.StatusOK, v.askForm("")) }

func (v *visit) code() error {
	address, ok := v.address()
	if !ok {
		return v.show(http.StatusUnprocessableEntity, v.askForm(v.odd()))
	}
	code, entered := v.form["code"]
	if !entered {
		wait, err := v.web.Desk.MailCode(v.r.Context(), v.Visitor, address)
		switch {
		case err != nil:
			return err
		case wait > 0:
			return v.again(v.askForm(""), Outcome{Result: TooMany, Wait: wait}, "")
		}
		return v.show(http.StatusOK, v.codeForm(address))
	}
	outcome, err := v.web.Desk.EnterCode(v.r.Context(), v.Visitor, address, code)
	if err != nil {
		return err
	}
	if outcome.Result != In {
		return v.again(v.codeForm(address), outcome, v.say("form.wrong_code"))
	}
	return v.enter(outcome, v.next())
}

func (v *visit) showSignOut() error {
	return v.show(http.StatusOK, pages.Form{
		Title: v.say("signout.title"), Lead: v.say("signout.lead"), Action: OutPath,
		Buttons: []pages.Button{{Text: v.say("signout.title")}},
	})
}

func (v *visit) signOut() error {
	if _, err := v.web.Desk.SignOut(v.r.Context(), v.Token); err != nil {
		return err
	}
	v.setCookie(v.names.Person, "", 0)
	v.setCookie(v.names.Session, "", 0)
	return v.leave(Path)
}

// passwordForm shows whose password it is: password managers go by that.
func (v *visit) passwordForm(person Person) pages.Form {
	address := v.addressField(person.Address, "")
	address.Fixed = true
	return pages.Form{
		Title: v.say("password.title"), Lead: v.say("password.lead"), Action: passwordPath,
		Fields: []pages.Field{
			address,
			passwordField("old", v.say("password.old"), "current-password"),
			v.freshField("new"),
		},
		Buttons: []pages.Button{{Text: v.say("password.title")}},
	}
}

func (v *visit) showPassword() error {
	person, _, err := v.web.Desk.Who(v.r.Context(), v.Token)
	if errors.Is(err, gate.ErrNotFound) {
		return v.leave(Path)
	}
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, v.passwordForm(person))
}

func (v *visit) changePassword() error {
	outcome, err := v.web.Desk.ChangePassword(v.r.Context(), v.Visitor, v.form["old"], v.form["new"])
	switch {
	case err != nil:
		return err
	case outcome.Result == Denied:
		return v.leave(Path)
	case outcome.Result != In:
		return v.again(v.passwordForm(outcome.Person), outcome, v.say("password.wrong"))
	}
	return v.enter(outcome, browser.Local{})
}
