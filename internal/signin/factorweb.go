package signin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// Paths of the pages of the second factor.
const (
	passkeyPath  = "/_usher/signin/passkey"
	passkeysPath = "/_usher/passkeys"
)

// maxAnswer bounds what an authenticator's answer may take in a form. With a key of
// RSA it is about 2 KiB.
const maxAnswer = 16 << 10

// factorPage returns what shows the page at a path of the second factor, and what
// its form does.
func (v *visit) factorPage(path string) (look, act func() error) {
	switch path {
	case passkeyPath:
		return v.showPasskey, v.passkey
	case passkeysPath:
		return v.showPasskeys, v.passkeys
	}
	return nil, nil
}

// second leads on from the first factor.
func (v *visit) second(outcome Outcome, next browser.Local) error {
	if outcome.Result == Second {
		return v.leave(withNext(passkeyPath, next))
	}
	return v.show(http.StatusForbidden, pages.Form{
		Title: "You cannot sign in at this address",
		Lead:  "A passkey is asked for, and this site is set up so that none can be used. Ask whoever runs it.",
	})
}

func (v *visit) showPasskey() error {
	c, person, found, err := v.web.Desk.ceremony(v.r.Context(), v.Visitor)
	switch {
	case err != nil:
		return err
	case !found || !v.web.Desk.Passkeyed():
		return v.leave(withNext(Path, v.next()))
	}
	return v.show(http.StatusOK, v.passkeyPage(c, person, ""))
}

func (v *visit) passkeyPage(c ceremony, person Person, problem string) pages.Passkey {
	page := pages.Passkey{
		Title: "Use your passkey", Lead: "You are almost signed in as " + person.Address + ". Your passkey comes next.",
		Problem: problem, Action: passkeyPath, Makes: c.Makes, Options: string(c.Options), Hidden: hiddenNext(v.next()),
	}
	if c.Makes {
		page.Title, page.Name, page.Most = "Add a passkey", "Passkey", maxPasskeyName
		page.Lead = "A passkey is in your phone, your computer, or a key on your key ring. From then on you sign in with it as well."
		page.Links = []pages.Link{{Text: "Leave it", URL: passkeysPath}}
		if c.How != "" {
			page.Lead = "To sign in as " + person.Address + " you need a passkey from now on: in your phone, your computer, or a key on your key ring."
			page.Links = nil
		}
	}
	// Passkeys are for one host name; who came by another one has to know it.
	if u, err := url.Parse(v.web.Desk.PublicURL); err == nil && !strings.EqualFold(u.Host, v.r.Host) {
		page.Links = append(page.Links, pages.Link{Text: "Sign in at " + u.Host, URL: v.web.Desk.SignInURL()})
	}
	return page
}

// passkey takes what the authenticator answered.
func (v *visit) passkey() error {
	ctx, desk := v.r.Context(), v.web.Desk
	outcome, err := desk.FinishPasskey(ctx, v.Visitor, v.form["name"], v.form["response"])
	switch {
	case err != nil:
		return err
	case outcome.Result == In && outcome.Token == "":
		return v.leave(passkeysPath)
	case outcome.Result == In:
		return v.enter(outcome, v.next())
	case outcome.Result == Gone:
		return v.leave(withNext(Path, v.next()))
	}
	c, person, found, err := desk.ceremony(ctx, v.Visitor)
	switch {
	case err != nil:
		return err
	case !found:
		return v.leave(withNext(Path, v.next()))
	case outcome.Result == TooMany:
		return v.show(gate.TooManyTries.Status(), v.passkeyPage(c, person, v.waits(outcome)))
	}
	problem := "This passkey was not taken. Use one that you added here."
	switch {
	case v.form["response"] == "":
		problem = "A passkey needs JavaScript. Switch it on for this site, or ask an owner to take your passkeys away."
	case c.Makes:
		problem = "This passkey was not taken. It may be one that you have here already."
	}
	return v.show(gate.PasswordWrong.Status(), v.passkeyPage(c, person, problem))
}

func (v *visit) showPasskeys() error { return v.listPasskeys(http.StatusOK, "") }

func (v *visit) listPasskeys(status int, problem string) error {
	ctx, desk := v.r.Context(), v.web.Desk
	person, s, err := desk.Who(ctx, v.Token)
	if errors.Is(err, gate.ErrNotFound) {
		return v.leave(Path + "?next=" + url.QueryEscape(passkeysPath))
	}
	if err != nil {
		return err
	}
	all, err := desk.Passkeys(ctx, person.ID)
	if err != nil {
		return err
	}
	page := pages.Passkeys{
		Lead:    "You have none. With one, nobody signs in as " + person.Address + " by your password or your mail alone.",
		Problem: problem, Action: passkeysPath, Remove: desk.fresh(s),
		Add:   desk.fresh(s) && desk.Passkeyed() && len(all) < maxPasskeys,
		Links: []pages.Link{{Text: "Back", URL: Path}},
	}
	for _, p := range all {
		page.Items = append(page.Items, pages.PasskeyItem{ID: p.ID.String(), Name: p.Name, Made: p.Made, Used: p.Used})
	}
	if len(all) > 0 {
		page.Lead = "Whoever signs in as " + person.Address + " is asked for one of them."
	}
	switch {
	case !desk.Passkeyed():
		page.Note = "None can be added at this site: ask whoever runs it."
	case !desk.fresh(s):
		page.Note = "To add or remove one, sign out and in again: it is a while since you signed in."
		page.Links = append(page.Links, pages.Link{Text: "Sign out", URL: OutPath})
	case len(all) == maxPasskeys:
		page.Note = "You have as many as one may have."
	}
	return v.show(status, page)
}

// passkeys adds a passkey, or removes one.
func (v *visit) passkeys() error {
	ctx, desk := v.r.Context(), v.web.Desk
	if v.form["add"] != "" {
		if !desk.Passkeyed() {
			return errNothing
		}
		outcome, err := desk.AddPasskey(ctx, v.Visitor)
		switch {
		case err != nil:
			return err
		case outcome.Result != Second:
			return v.leave(passkeysPath)
		}
		return v.leave(passkeyPath)
	}
	id, err := ParsePasskeyID(v.form["remove"])
	if err != nil {
		return errNothing
	}
	person, s, err := desk.Who(ctx, v.Token)
	if errors.Is(err, gate.ErrNotFound) || err == nil && !desk.fresh(s) {
		return v.leave(passkeysPath)
	}
	if err != nil {
		return err
	}
	switch _, err = desk.RemovePasskey(ctx, person, id, s.ID); {
	case errors.Is(err, ErrLastPasskey):
		return v.listPasskeys(http.StatusConflict, "An owner's last passkey stays until there is another. Add that first.")
	case err != nil && !errors.Is(err, gate.ErrNotFound):
		return err
	}
	return v.leave(passkeysPath)
}
