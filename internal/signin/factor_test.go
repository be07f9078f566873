package signin_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

const (
	factorPage   = "/_usher/signin/passkey"
	passkeysPage = "/_usher/passkeys"
)

// factored is a stage on which passkeys are asked for.
func factored(t *testing.T, who string, verify bool) *scene {
	t.Helper()
	party, err := signin.NewParty(site, verify)
	if err != nil {
		t.Fatal(err)
	}
	return stage(t, func(o *signin.Options) { o.SecondFactor, o.Party = who, party })
}

// passwordOnly is the first factor, after which the second is asked for.
func (b *browserOf) passwordOnly() {
	b.Helper()
	b.wants(b.post("/_usher/signin", "email", anna, "password", password, "next", "/film"), http.StatusSeeOther, factorPage+"?next=%2Ffilm")
	if b.who() != "" {
		b.Fatalf("%s is in by the password alone", b.who())
	}
}

// adds adds a passkey for who is signed in.
func (b *browserOf) adds(a *authenticator, name string) {
	b.Helper()
	b.wants(b.post(passkeysPage, "add", "1"), http.StatusSeeOther, factorPage)
	b.wants(b.post(factorPage, "name", name, "response", a.makes(b.asks(factorPage))), http.StatusSeeOther, passkeysPage)
}

// enters signs in by password and passkey.
func (b *browserOf) enters(a *authenticator) {
	b.Helper()
	b.passwordOnly()
	b.wants(b.post(factorPage, "response", a.shows(b.asks(factorPage+"?next=/film")), "next", "/film"), http.StatusSeeOther, "/film")
	if b.who() != anna {
		b.Fatalf("%q is signed in", b.who())
	}
}

func (s *scene) passkeys() []signin.Passkey {
	s.Helper()
	all, err := s.desk.Passkeys(s.Context(), s.anna)
	if err != nil {
		s.Fatal(err)
	}
	return all
}

func (s *scene) own() {
	if err := s.people.change(s.anna, func(p *signin.Person) { p.Owner = true }); err != nil {
		s.Fatal(err)
	}
}

func TestAPasskeyIsAskedForOnceThereIsOne(t *testing.T) {
	s := factored(t, signin.FactorOffered, true)
	b, key := s.browser(), newAuthenticator(t)
	b.signIn()
	b.wants(b.get("/_usher/signin"), http.StatusOK, passkeysPage)
	b.wants(b.get(passkeysPage), http.StatusOK, "You have none.")
	b.adds(key, "blue <key>")
	b.wants(b.get(passkeysPage), http.StatusOK, "blue &lt;key&gt;")
	if told := s.box.to(anna, mail.KindNotice); len(told) != 1 || !strings.Contains(told[0].Text, site+passkeysPage) || strings.Contains(told[0].Text, "blue") {
		t.Errorf("she was told %+v", told)
	}
	if o := b.asksToAdd(); o.Attestation != "none" || o.Selection.Verify != "required" || len(o.Exclude) != 1 || o.Exclude[0].ID != text(key.id) {
		t.Errorf("%+v", o)
	}
	other := s.browser()
	other.enters(key)
	p := s.passkeys()[0]
	if p.Name != "blue <key>" || p.Used != s.now() || p.Credential.Authenticator.SignCount != 2 {
		t.Errorf("%+v", p)
	}
	_, sign, err := s.desk.Who(t.Context(), other.cookies["__Host-usher-person"])
	if err != nil || sign.Passkey != p.ID || sign.How != signin.ByPassword {
		t.Errorf("%+v, %v", sign, err)
	}
	// However the first factor was shown.
	third := s.browser()
	third.post("/_usher/signin/code", "email", anna)
	third.wants(third.post("/_usher/signin/code", "email", anna, "code", s.code(anna)), http.StatusSeeOther, factorPage)
	third.wants(third.post("/_usher/activate/"+s.invite(s.invitation()), "new", "another password of mine"), http.StatusSeeOther, factorPage+"?next=%2Fs%2Fabc")
	if third.who() != "" {
		t.Errorf("%s is in by their mail alone", third.who())
	}
}

// asksToAdd begins to add another passkey.
func (b *browserOf) asksToAdd() options {
	b.Helper()
	b.wants(b.post(passkeysPage, "add", "1"), http.StatusSeeOther, factorPage)
	return b.asks(factorPage)
}

func TestAnswersThatAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(a *authenticator, o options) (string, options){
		"of another authenticator": func(a *authenticator, o options) (string, options) {
			return newAuthenticator(a.TB).shows(o), o
		},
		"of another key with the same id": func(a *authenticator, o options) (string, options) {
			other := newAuthenticator(a.TB)
			other.id, other.handle, other.count = a.id, a.handle, a.count
			return other.shows(o), o
		},
		"to another challenge": func(a *authenticator, o options) (string, options) {
			o.Challenge = text(make([]byte, 32))
			return a.shows(o), o
		},
		"from another site": func(a *authenticator, o options) (string, options) {
			a.origin = "https://media.example.com.evil.example"
			return a.shows(o), o
		},
		"from a frame of another site": func(a *authenticator, o options) (string, options) {
			a.crossOrigin = true
			return a.shows(o), o
		},
		"for another host":           func(a *authenticator, o options) (string, options) { a.rp = "example.com"; return a.shows(o), o },
		"of nobody in particular":    func(a *authenticator, o options) (string, options) { a.verifies = false; return a.shows(o), o },
		"with an old count":          func(a *authenticator, o options) (string, options) { a.count = 0; return a.shows(o), o },
		"of somebody else's account": func(a *authenticator, o options) (string, options) { a.handle = []byte("per_x"); return a.shows(o), o },
		"that makes a passkey":       func(a *authenticator, o options) (string, options) { return a.makes(o), o },
		"that is no JSON":            func(*authenticator, options) (string, options) { return "{", options{} },
		"that is none":               func(*authenticator, options) (string, options) { return "", options{} },
	} {
		t.Run(name, func(t *testing.T) {
			s := factored(t, signin.FactorOffered, true)
			b, key := s.browser(), newAuthenticator(t)
			b.signIn()
			b.adds(key, "key")
			good := *key
			b = s.browser()
			b.passwordOnly()
			before := b.asks(factorPage)
			said, _ := spoil(key, before)
			again := b.post(factorPage, "response", said)
			b.wants(again, http.StatusUnauthorized, `id="problem"`)
			if b.who() != "" {
				t.Fatalf("%s is in", b.who())
			}
			if o := b.optionsOf(again); o.Challenge == before.Challenge {
				t.Error("the same challenge is asked again")
			}
			b.wants(b.post(factorPage, "response", good.shows(before)), http.StatusUnauthorized, `id="problem"`) // its challenge is used up
			b.wants(b.post(factorPage, "response", good.shows(b.asks(factorPage))), http.StatusSeeOther, "/_usher/signin")
			if b.who() != anna {
				t.Error("the right answer is refused")
			}
		})
	}
}

func TestAnAnswerIsGoodOnce(t *testing.T) {
	s := factored(t, signin.FactorOffered, false)
	b, key := s.browser(), newAuthenticator(t)
	key.verifies = false
	b.signIn()
	b.adds(key, "key")
	b = s.browser()
	b.passwordOnly()
	said := key.shows(b.asks(factorPage))
	var wait sync.WaitGroup
	var mu sync.Mutex
	results := map[signin.Result]int{}
	device, err := s.keys.Unseal(nil, token.DeviceToken, b.cookies["__Host-usher-device"])
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		wait.Go(func() {
			outcome, err := s.desk.FinishPasskey(t.Context(), signin.Visitor{Device: gate.DeviceID(device)}, "", said)
			mu.Lock()
			defer mu.Unlock()
			if results[outcome.Result]++; err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if results[signin.In] != 1 {
		t.Errorf("%v", results)
	}
	b.wants(b.post(factorPage, "response", said), http.StatusSeeOther, "/_usher/signin") // there is nothing to answer any more
	b.passwordOnly()
	b.wants(b.post(factorPage, "response", said), http.StatusUnauthorized, "was not taken")
	// Another device has no part in it.
	thief := s.browser()
	thief.wants(thief.post(factorPage, "response", key.shows(b.asks(factorPage))), http.StatusSeeOther, "/_usher/signin")
	thief.wants(thief.get(factorPage), http.StatusSeeOther, "/_usher/signin")
	if thief.who() != "" || b.who() != "" {
		t.Errorf("%q, %q", thief.who(), b.who())
	}
}

func TestGuessersAtPasskeysWait(t *testing.T) {
	s := factored(t, signin.FactorOffered, true)
	b, key := s.browser(), newAuthenticator(t)
	b.signIn()
	b.adds(key, "key")
	b = s.browser()
	b.passwordOnly()
	for range 5 {
		b.wants(b.post(factorPage, "response", "{}"), http.StatusUnauthorized, "was not taken")
	}
	got := b.post(factorPage, "response", "{}")
	b.wants(got, http.StatusTooManyRequests, "Too many wrong tries")
	if got.Header.Get("Retry-After") == "" {
		t.Error("it does not say for how long")
	}
	s.pass(time.Second)
	b.wants(b.post(factorPage, "response", key.shows(b.asks(factorPage))), http.StatusSeeOther, "/_usher/signin")
}

func TestTheSecondFactorEndsWithItsTime(t *testing.T) {
	for name, end := range map[string]func(s *scene){
		"it took too long": func(s *scene) { s.pass(signin.FactorFor) },
		"suspended":        func(s *scene) { s.change(func(p *signin.Person) { p.Live = false }) },
		"all was cut":      func(s *scene) { s.change(func(p *signin.Person) { p.CutAt = s.now() }) },
		"the passkeys are gone": func(s *scene) {
			if _, err := s.desk.ResetPasskeys(s.Context(), s.anna); err != nil {
				s.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := factored(t, signin.FactorOffered, true)
			b, key := s.browser(), newAuthenticator(t)
			b.signIn()
			b.adds(key, "key")
			b = s.browser()
			b.passwordOnly()
			said := key.shows(b.asks(factorPage))
			end(s)
			b.wants(b.post(factorPage, "response", said), http.StatusSeeOther, "/_usher/signin")
			if b.who() != "" {
				t.Errorf("%s is in", b.who())
			}
		})
	}
}

func (s *scene) change(change func(*signin.Person)) {
	s.Helper()
	if err := s.people.change(s.anna, change); err != nil {
		s.Fatal(err)
	}
}

// Owners, or everybody, make a passkey when they sign in next, and are in after it.
func TestWhoMustHaveAPasskeyMakesOne(t *testing.T) {
	for who, owner := range map[string]bool{signin.FactorOwners: true, signin.FactorEveryone: false} {
		t.Run(who, func(t *testing.T) {
			s := factored(t, who, true)
			if owner {
				s.own()
			}
			b, key := s.browser(), newAuthenticator(t)
			b.passwordOnly()
			b.wants(b.get(passkeysPage), http.StatusSeeOther, "/_usher/signin")
			if o := b.asks(factorPage); len(o.Exclude) != 0 || len(o.Allow) != 0 {
				t.Errorf("%+v", o)
			}
			thief, stolen := s.browser(), newAuthenticator(t)
			thief.passwordOnly()
			began := thief.asks(factorPage)
			b.wants(b.post(factorPage, "name", "phone", "response", key.makes(b.asks(factorPage)), "next", "/film"), http.StatusSeeOther, "/film")
			if b.who() != anna || len(s.passkeys()) != 1 || s.passkeys()[0].Name != "phone" {
				t.Errorf("%q, %+v", b.who(), s.passkeys())
			}
			// Who began to make one before that does not get in by it.
			thief.wants(thief.post(factorPage, "response", stolen.makes(began)), http.StatusSeeOther, "/_usher/signin")
			if thief.who() != "" || len(s.passkeys()) != 1 {
				t.Errorf("%q, %d passkeys", thief.who(), len(s.passkeys()))
			}
			s.browser().enters(key)
		})
	}
}

func TestWithoutPasskeysNothingChanges(t *testing.T) {
	s := factored(t, signin.FactorOff, true)
	s.own()
	b := s.browser()
	b.signIn()
	b.wants(b.get(passkeysPage), http.StatusOK, "None can be added")
	b.wants(b.post(passkeysPage, "add", "1"), http.StatusNotFound, "no_token")
	if strings.Contains(b.get("/_usher/signin").body, passkeysPage) {
		t.Error("they are offered")
	}
	s = factored(t, signin.FactorOwners, true)
	s.browser().signIn() // no owner
}

// Whoever has a passkey is not let in without it because it cannot be used.
func TestAPasskeyThatCannotBeUsedLetsNobodyIn(t *testing.T) {
	s := factored(t, signin.FactorOffered, true)
	b := s.browser()
	b.signIn()
	b.adds(newAuthenticator(t), "key")
	s.desk.Party = nil
	b = s.browser()
	b.wants(b.post("/_usher/signin", "email", anna, "password", password), http.StatusForbidden, "You cannot sign in at this address")
	if b.who() != "" {
		t.Errorf("%s is in", b.who())
	}
}

func TestPasskeysAreChangedSoonAfterSigningIn(t *testing.T) {
	s := factored(t, signin.FactorOffered, true)
	b, first, second := s.browser(), newAuthenticator(t), newAuthenticator(t)
	b.signIn()
	b.adds(first, "first")
	again := b.asksToAdd()
	b.wants(b.post(factorPage, "response", first.makes(again)), http.StatusUnauthorized, "It may be one that you have here already")
	s.pass(time.Second) // ids sort by age
	b.adds(second, "")
	if all := s.passkeys(); len(all) != 2 || all[0].Name != "Passkey" {
		t.Errorf("%+v", all)
	}
	late := b.asksToAdd()
	s.pass(15 * time.Minute)
	b.wants(b.get(passkeysPage), http.StatusOK, "sign out and in again")
	b.wants(b.post(passkeysPage, "remove", s.passkeys()[0].ID.String()), http.StatusSeeOther, passkeysPage)
	b.wants(b.post(passkeysPage, "add", "1"), http.StatusSeeOther, passkeysPage)
	b.wants(b.post(factorPage, "response", newAuthenticator(t).makes(late)), http.StatusSeeOther, "/_usher/signin")
	if len(s.passkeys()) != 2 {
		t.Fatalf("%d passkeys", len(s.passkeys()))
	}
	// Removing one signs out what it signed in, elsewhere.
	old := s.browser()
	old.enters(first)
	b = s.browser()
	b.enters(second)
	gone := s.passkeys()[1]
	b.wants(b.post(passkeysPage, "remove", gone.ID.String()), http.StatusSeeOther, passkeysPage)
	if old.who() != "" || b.who() != anna {
		t.Errorf("%q, %q", old.who(), b.who())
	}
	b = s.browser()
	b.passwordOnly()
	b.wants(b.post(factorPage, "response", first.shows(b.asks(factorPage))), http.StatusUnauthorized, "was not taken")
	for _, remove := range []string{"", "x", "pky_00000000000000000000"} {
		if got := b.post(passkeysPage, "remove", remove); got.StatusCode < 300 {
			t.Errorf("%q: %d", remove, got.StatusCode)
		}
	}
}

func TestAnOwnerKeepsTheLastPasskey(t *testing.T) {
	s := factored(t, signin.FactorOffered, true)
	s.own()
	b, key := s.browser(), newAuthenticator(t)
	b.signIn()
	b.adds(key, "key")
	id := s.passkeys()[0].ID
	b.wants(b.post(passkeysPage, "remove", id.String()), http.StatusConflict, "An owner&#39;s last passkey stays")
	b = s.browser()
	b.enters(key)
	if n, err := s.desk.ResetPasskeys(t.Context(), s.anna); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if b.who() != "" {
		t.Error("what the lost passkey opened goes on")
	}
	if _, err := s.desk.RemovePasskey(t.Context(), signin.Person{ID: s.anna}, id, signin.ID{}); !errors.Is(err, gate.ErrNotFound) {
		t.Errorf("%v", err)
	}
	s.browser().signIn()
}

func TestPartiesThatPasskeysCanBeFor(t *testing.T) {
	for url, good := range map[string]bool{
		"https://media.example.com": true, "https://media.example.com:8443": true, "http://localhost:8080": true, "http://a.localhost": true,
		"": false, "https://192.0.2.7": false, "http://127.0.0.1:8080": false, "https://[2001:db8::1]": false, "http://media.example.com": false, "://": false,
	} {
		if _, err := signin.NewParty(url, true); (err == nil) != good {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestAPasswordIsChangedWithoutThePasskeyOnceMore(t *testing.T) {
	s := factored(t, signin.FactorOffered, true)
	b, key := s.browser(), newAuthenticator(t)
	b.signIn()
	b.adds(key, "key")
	b = s.browser()
	b.enters(key)
	b.wants(b.post("/_usher/password", "old", password, "new", "another password of mine"), http.StatusSeeOther, "/_usher/signin")
	_, sign, err := s.desk.Who(t.Context(), b.cookies["__Host-usher-person"])
	if err != nil || sign.Passkey != s.passkeys()[0].ID {
		t.Errorf("%+v, %v", sign, err)
	}
}
