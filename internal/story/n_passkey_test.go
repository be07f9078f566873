package story

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/storytest"
)

// keyed starts a gateway that browsers may use passkeys at: those are for a host
// name, and in clear for localhost alone.
func keyed(t *testing.T, factor string) (s *storytest.Server, site string) {
	t.Helper()
	addr := storytest.FreeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	site = "http://localhost:" + port
	caddyfile := strings.NewReplacer(
		"public_url http://{addr}", "public_url "+site+"\n\t\tsecond_factor "+factor,
		"\nhttp://{addr} {", "\nhttp://{addr}, "+site+" {",
	).Replace(storytest.DefaultCaddyfile)
	return gated(t, storytest.Options{Caddyfile: caddyfile, Addr: addr}), site
}

// tab is a real browser with a person in front of it.
type tab struct {
	context.Context
	t    *testing.T
	site string
}

func newTab(t *testing.T, site string) *tab {
	b := &tab{browsertest.New(t), t, site}
	if _, err := chromedp.Call(b, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// plug plugs an authenticator in that makes sure it is the person.
func (b *tab) plug() webauthn.AuthenticatorID {
	b.t.Helper()
	made, err := chromedp.Call(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportUsb,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		HasCmtgKey: true, // else it takes no key that cdproto writes, which always has a word about these
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return made.AuthenticatorID
}

// unplug takes an authenticator out, with what is in it.
func (b *tab) unplug(id webauthn.AuthenticatorID) (inside []*webauthn.Credential) {
	b.t.Helper()
	held, err := chromedp.Call(b, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: id})
	if err == nil {
		_, err = chromedp.Call(b, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: id})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return held.Credentials
}

// hold puts keys into an authenticator.
func (b *tab) hold(id webauthn.AuthenticatorID, keys ...*webauthn.Credential) {
	b.t.Helper()
	for _, key := range keys {
		key.ActiveCmtgKeyIndex = nil // it has none
		if _, err := chromedp.Call(b, webauthn.AddCredential, webauthn.AddCredentialParams{AuthenticatorID: id, Credential: key}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		page, _ := chromedp.Run(b, chromedp.Evaluate[string](`location.href + "\n" + document.body.outerHTML`))
		b.t.Fatalf("%v at %s", err, page)
	}
}

// opens opens a page and wants its heading.
func (b *tab) opens(path, heading string) {
	b.t.Helper()
	if !strings.Contains(path, "://") {
		path = b.site + path
	}
	b.do(chromedp.Navigate(path))
	b.reads(heading)
}

// reads waits for a page with the heading.
func (b *tab) reads(heading string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.Search(`//h1[.='` + heading + `']`)))
}

// told waits for a problem that is shown.
func (b *tab) told(what string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.Search(`//p[@class='problem' and contains(., "` + what + `")]`)))
}

// presses presses the first button, after filling in fields.
func (b *tab) presses(fields ...string) {
	b.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		b.do(chromedp.SetValue(chromedp.CSS(`input[name="`+fields[i]+`"]`), fields[i+1]))
	}
	b.do(chromedp.Click(chromedp.CSS("button.primary")))
}

// password shows the first factor.
func (b *tab) password(email, heading string) {
	b.t.Helper()
	b.opens("/_usher/signin", "Sign in")
	b.presses("email", email, "password", ownPassword)
	b.reads(heading)
}

func (b *tab) signOut() {
	b.t.Helper()
	b.opens("/_usher/signout", "Sign out")
	b.presses()
	b.reads("Sign in")
}

// script runs a script in the page.
func (b *tab) script(text string) {
	b.t.Helper()
	run(b.t, b, chromedp.Evaluate[chromedp.Void](text))
}

const (
	usePasskey  = "Use your passkey"
	addPasskey  = "Add a passkey"
	signedIn    = "You are signed in"
	anyPasskey  = `f = document.getElementById('passkey'), o = JSON.parse(f.dataset.options), delete o.allowCredentials, f.dataset.options = JSON.stringify(o)`
	keepsAnswer = `HTMLFormElement.prototype.submit = function () { document.body.dataset.answer = this.elements.response.value; }`
	isKept      = `body[data-answer]`
)

func activation(t *testing.T, s *storytest.Server, email string, more ...string) string {
	t.Helper()
	list := decode[struct {
		Items []struct{ Message struct{ Text string } }
	}](t, s.CLI(append([]string{"invite", "create", email, "--json"}, more...)...))
	_, path, found := strings.Cut(list.Items[0].Message.Text, "/_usher/activate/")
	if !found {
		t.Fatalf("no activation link in %q", list.Items[0].Message.Text)
	}
	return "/_usher/activate/" + strings.Fields(path)[0]
}

// An owner makes a passkey on the way in, and is not in without it from then on: not
// by the password, not with another authenticator, not by an answer that was given
// before, and not with a passkey that was removed.
func TestSecondFactorOfAnOwnerInABrowser(t *testing.T) {
	s, site := keyed(t, "owners verify required")
	s.CLI("person", "create", "ann@example.com", "--role", "owner")
	known(t, s, "ben@example.com") // no owner: one factor is enough
	b := newTab(t, site)
	key := b.plug()
	b.opens(activation(t, s, "ann@example.com"), "Welcome")
	b.presses("new", ownPassword)
	b.reads(addPasskey)
	b.opens("/_usher/signin", "Sign in") // not in yet
	b.password("ann@example.com", addPasskey)
	b.presses("name", "blue key")
	b.reads(signedIn)
	contains(t, s.CLI("person", "factors", "ann@example.com"), "passkey", "never", "blue key")
	b.signOut()

	b.password("ann@example.com", usePasskey)
	b.opens("/_usher/signin", "Sign in")
	b.opens("/_usher/signin/passkey", usePasskey)
	b.script(keepsAnswer)
	b.presses()
	b.do(chromedp.WaitReady(chromedp.CSS(isKept)))
	answer := run(t, b, chromedp.Evaluate[string](`document.body.dataset.answer`))
	again := func() {
		b.t.Helper()
		text, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		b.script(`f = document.getElementById('passkey'), f.elements.response.value = ` + string(text) + `, HTMLFormElement.prototype.submit.call(f)`)
	}
	b.opens("/_usher/signin/passkey", usePasskey)
	again() // the first time, it is right
	b.reads(signedIn)
	lacks(t, s.CLI("person", "factors", "ann@example.com"), "never")
	b.signOut()
	b.password("ann@example.com", usePasskey)
	again()
	b.told("This passkey was not taken")
	b.opens("/_usher/signin", "Sign in")

	// Another authenticator, without the key and with somebody else's.
	mine := b.unplug(key)
	key = b.plug()
	b.opens("/_usher/signin/passkey", usePasskey)
	b.presses()
	b.told("No passkey was used")
	b.password("ben@example.com", signedIn)
	b.opens("/_usher/passkeys", "Your passkeys")
	b.presses()
	b.reads(addPasskey)
	b.presses("name", "key of ben")
	b.reads("Your passkeys")
	b.signOut()
	b.password("ann@example.com", usePasskey)
	b.script(anyPasskey)
	b.presses()
	b.told("This passkey was not taken")
	b.opens("/_usher/signin", "Sign in")

	// The right one is right again; it cannot be removed before there is another.
	b.unplug(key)
	key = b.plug()
	b.hold(key, mine...)
	b.password("ann@example.com", usePasskey)
	b.presses()
	b.reads(signedIn)
	b.opens("/_usher/passkeys", "Your passkeys")
	b.do(chromedp.Click(chromedp.CSS("button.secondary")))
	b.told("last passkey stays until there is another")
	blue := b.unplug(key)
	key = b.plug()
	b.presses()
	b.reads(addPasskey)
	b.presses("name", "phone")
	b.reads("Your passkeys")
	phone := b.unplug(key)
	b.do(chromedp.Click(chromedp.Search(`//button[@aria-label='Remove blue key']`)),
		chromedp.WaitNotPresent(chromedp.Search(`//strong[.='blue key']`)))
	b.signOut()
	key = b.plug()
	b.hold(key, blue...)
	b.password("ann@example.com", usePasskey)
	b.script(anyPasskey)
	b.presses()
	b.told("This passkey was not taken")
	b.unplug(key)
	b.hold(b.plug(), phone...)
	b.password("ann@example.com", usePasskey)
	b.presses()
	b.reads(signedIn)
}

// Whoever has lost their passkeys is let in again by the operator; where nobody has
// to have one, the password is enough from then on.
func TestSecondFactorIsResetByTheOperator(t *testing.T) {
	s, site := keyed(t, "offered")
	s.CLI("person", "create", "ann@example.com", "--role", "owner")
	b := newTab(t, site)
	key := b.plug()
	b.opens(activation(t, s, "ann@example.com"), "Welcome")
	b.presses("new", ownPassword)
	b.reads(signedIn)
	b.opens("/_usher/passkeys", "Your passkeys")
	b.presses()
	b.reads(addPasskey)
	b.presses("name", `<b>key</b> & "quotes"`)
	b.reads("Your passkeys")
	if name := run(t, b, chromedp.Text(chromedp.CSS("strong"))); name != `<b>key</b> & "quotes"` {
		t.Errorf("it is called %q", name)
	}
	b.signOut()
	b.unplug(key)
	b.plug() // an empty one: with none, the browser waits
	b.password("ann@example.com", usePasskey)
	b.presses()
	b.told("No passkey was used")

	// Without JavaScript the page says what it takes.
	off := emulation.SetScriptExecutionDisabledParams{Value: true}
	if _, err := chromedp.Call(b, emulation.SetScriptExecutionDisabled, off); err != nil {
		t.Fatal(err)
	}
	b.opens("/_usher/signin/passkey", usePasskey)
	b.told("A passkey needs JavaScript.")
	b.presses()
	b.do(chromedp.WaitVisible(chromedp.Search(`//p[@id='problem' and contains(., "A passkey needs JavaScript.")]`)))

	_, err := s.TryCLI("person", "reset-factors", "ann@example.com", "--as", "ann@example.com")
	if err == nil || !strings.Contains(err.Error(), "an owner keeps a second factor") {
		t.Errorf("an owner resets their own: %v", err)
	}
	contains(t, s.CLI("person", "reset-factors", "ann@example.com"), "1 passkey taken away")
	b.password("ann@example.com", signedIn)
	// Another site does not get anybody to sign for this one.
	a := do(t, newGuest(t).Client, http.MethodPost, s.URL+"/_usher/signin/passkey", "Origin", "https://evil.example", "Content-Type", "application/x-www-form-urlencoded")
	wantStatus(t, a, http.StatusForbidden, "")
}

// A config that asks for what nobody could have is refused.
func TestSecondFactorNeedsAHostName(t *testing.T) {
	s := storytest.New(t, storytest.Options{Caddyfile: strings.Replace(storytest.DefaultCaddyfile, "public_url", "second_factor owners\n\t\tpublic_url", 1)})
	out, err := s.Validate()
	if err == nil || !strings.Contains(out+err.Error(), "passkeys need a public_url of https and a host name") {
		t.Errorf("%s, %v", out, err)
	}
}
