package signin

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/secret"
	"github.com/usher-media/usher/internal/typed"
)

// What several pages say.
var (
	weak     = "Choose a password of at least " + strconv.Itoa(minPassword) + " characters, and at most " + strconv.Itoa(secret.MaxText) + "."
	odd      = "This is not an e-mail address. Type it as in name@example.com."
	wrongTwo = "This address and this password do not belong together. Look at both once more."
	wrongOne = "This code is not right, or no longer good. Look at the newest mail, or ask for another code."
)

func addressField(value, problem string) pages.Field {
	return pages.Field{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Value: value, Most: typed.MaxAddress, Problem: problem}
}

func passwordField(name, label, autocomplete string) pages.Field {
	return pages.Field{Name: name, Label: label, Type: "password", Autocomplete: autocomplete, Most: secret.MaxText}
}

func freshField(name string) pages.Field {
	f := passwordField(name, "New password", "new-password")
	f.Least, f.Hint = minPassword, "At least "+strconv.Itoa(minPassword)+" characters. A few words are easier to remember than odd letters."
	return f
}

// address reads the form's address; ok is false where it is none.
func (v *visit) address() (address string, ok bool) {
	return typed.Address(strings.TrimSpace(v.form["email"]))
}

func (v *visit) signInForm(problem string) pages.Form {
	next, desk := v.next(), v.web.Desk
	page := pages.Form{
		Title: "Sign in", Action: Path, Hidden: hiddenNext(next),
		Fields: []pages.Field{
			addressField(bounded(v.form["email"]), problem),
			passwordField("password", "Password", "current-password"),
		},
		Buttons: []pages.Button{{Text: "Sign in"}},
	}
	if desk.Mail.Delivers() {
		page.Buttons = append(page.Buttons, pages.Button{Text: "Mail me a code instead", Action: codePath})
	}
	if desk.Elsewhere != nil {
		page.Links = append(page.Links, pages.Link{Text: "Sign in with your organisation", URL: withNext(startPath, next)})
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
		Title: "You are signed in", Lead: "As " + person.Address + ".",
		Links: []pages.Link{{Text: "Change password", URL: passwordPath}, {Text: "Sign out", URL: OutPath}},
	}
	if next := v.next(); !next.IsZero() {
		page.Links = append([]pages.Link{{Text: "Go on", URL: next.String(), Main: true}}, page.Links...)
	}
	return v.show(http.StatusOK, page)
}

func (v *visit) signIn() error {
	address, ok := v.address()
	if !ok {
		return v.show(http.StatusUnprocessableEntity, v.signInForm(odd))
	}
	outcome, err := v.web.Desk.Password(v.r.Context(), v.Visitor, address, v.form["password"])
	if err != nil {
		return err
	}
	if outcome.Result != In {
		return v.again(v.signInForm(""), outcome, wrongTwo)
	}
	return v.enter(outcome, v.next())
}

// askForm asks for the address that a code is mailed to.
func (v *visit) askForm(problem string) pages.Form {
	return pages.Form{
		Title: "Sign in by a code", Lead: "We mail you six digits to type in here.", Action: codePath, Hidden: hiddenNext(v.next()),
		Fields:  []pages.Field{addressField(bounded(v.form["email"]), problem)},
		Buttons: []pages.Button{{Text: "Mail me a code"}},
		Links:   []pages.Link{{Text: "Sign in by password", URL: withNext(Path, v.next())}},
	}
}

// codeForm asks for the code. It says the same whether somebody has the address.
func (v *visit) codeForm(address string) pages.Form {
	return pages.Form{
		Title:  "Look into your mail",
		Lead:   "If " + address + " can sign in here, six digits are on their way to it. They are good for " + strconv.Itoa(int(CodeFor/time.Minute)) + " minutes, in this browser.",
		Action: codePath,
		Hidden: append(hiddenNext(v.next()), pages.Hidden{Name: "email", Value: address}),
		Fields: []pages.Field{{
			Name: "code", Label: "Code", Type: "text", Autocomplete: "one-time-code", Keys: "numeric", Most: digits + 2,
		}},
		Buttons: []pages.Button{{Text: "Sign in"}},
		Links:   []pages.Link{{Text: "Ask for another code", URL: withNext(codePath, v.next())}},
	}
}

func (v *visit) showCode() error { return v.show(http.StatusOK, v.askForm("")) }

func (v *visit) code() error {
	address, ok := v.address()
	if !ok {
		return v.show(http.StatusUnprocessableEntity, v.askForm(odd))
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
		return v.again(v.codeForm(address), outcome, wrongOne)
	}
	return v.enter(outcome, v.next())
}

func (v *visit) showSignOut() error {
	return v.show(http.StatusOK, pages.Form{
		Title: "Sign out", Lead: "What you are watching in this browser stops.", Action: OutPath,
		Buttons: []pages.Button{{Text: "Sign out"}},
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
	address := addressField(person.Address, "")
	address.Fixed = true
	return pages.Form{
		Title: "Change password", Lead: "On all other devices you are signed out.", Action: passwordPath,
		Fields: []pages.Field{
			address,
			passwordField("old", "Password so far", "current-password"),
			freshField("new"),
		},
		Buttons: []pages.Button{{Text: "Change password"}},
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
		return v.again(v.passwordForm(outcome.Person), outcome, "This is not your password so far. Look at it once more.")
	}
	return v.enter(outcome, browser.Local{})
}
