package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/signin"
)

func TestSignInByPassword(t *testing.T) {
	s := stage(t)
	b := s.browser()
	got := b.post("/_usher/signin", "email", " Anna@Example.com ", "password", password, "next", "/s/abc")
	b.wants(got, http.StatusSeeOther, "/s/abc")
	if b.who() != anna {
		t.Error("nobody is signed in")
	}
	for _, c := range got.Cookies() {
		if c.Name == "__Host-usher-person" && (!c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "") {
			t.Errorf("the cookie is %s", c)
		}
	}
	b.wants(b.get("/_usher/signin"), http.StatusOK, "As "+anna)
}

func TestOnPlainHTTPTheCookieHasAPlainName(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.plain = true
	b.post("/_usher/signin", "email", anna, "password", password)
	if b.cookies["usher-person"] == "" || b.cookies["__Host-usher-person"] != "" {
		t.Errorf("cookies %v", b.cookies)
	}
}

// TestNobodyLearnsWhoExists compares whole answers: no such person, one without a
// password, one who may not sign in, and one with another password.
func TestNobodyLearnsWhoExists(t *testing.T) {
	s := stage(t)
	s.person("nopass@example.com", "")
	gone := s.person("gone@example.com", password)
	if err := s.people.change(gone, func(p *signin.Person) { p.Live = false }); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, c := range []struct{ address, password string }{
		{anna, "wrong horse battery"}, {"nobody@example.com", password}, {"nopass@example.com", password}, {"gone@example.com", password},
	} {
		b := s.browser()
		got := b.post("/_usher/signin", "email", c.address, "password", c.password)
		if got.StatusCode != http.StatusUnauthorized || b.who() != "" {
			t.Errorf("%s: status %d", c.address, got.StatusCode)
		}
		got.Header.Del("Set-Cookie")
		said[strings.ReplaceAll(got.body, c.address, "ADDRESS")+headerText(got.Header)] = true
	}
	if len(said) != 1 {
		t.Errorf("%d different answers: %v", len(said), said)
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return b.String()
}

func TestWrongPasswordsMakeWaitAndTheKnownDeviceDoesNot(t *testing.T) {
	s := stage(t)
	mine := s.browser()
	mine.signIn()
	mine.post("/_usher/signout")
	thief := s.browser()
	thief.addr = "198.51.100.1"
	for range 5 {
		thief.wants(thief.post("/_usher/signin", "email", anna, "password", "x"), http.StatusUnauthorized, "do not belong together")
	}
	got := thief.post("/_usher/signin", "email", anna, "password", password)
	thief.wants(got, http.StatusTooManyRequests, "Wait 1 second, then")
	if got.Header.Get("Retry-After") != "1" || thief.who() != "" {
		t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
	}
	mine.addr = thief.addr
	mine.signIn()
	for range 5 { // nobody's address makes wait as somebody's does
		thief.post("/_usher/signin", "email", "nobody@example.com", "password", "x")
	}
	thief.wants(thief.post("/_usher/signin", "email", "nobody@example.com", "password", "x"), http.StatusTooManyRequests, "Wait 1 second, then")
}

func TestEachSignInHasAnIDOfItsOwn(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.signIn()
	first := b.cookies["__Host-usher-person"]
	b.signIn()
	if second := b.cookies["__Host-usher-person"]; second == first {
		t.Error("the id stayed the same")
	}
	if _, err := s.desk.Find(t.Context(), first); err == nil {
		t.Error("the sign-in that the browser had before is still good")
	}
	b.cookies["__Host-usher-person"] = "planted"
	b.signIn()
}

func TestChangePassword(t *testing.T) {
	s := stage(t)
	here, there, guest := s.browser(), s.browser(), s.browser()
	here.signIn()
	there.signIn()
	guest.wants(guest.get("/_usher/password"), http.StatusSeeOther, "/_usher/signin")
	guest.wants(guest.post("/_usher/password", "old", password, "new", "another horse battery"), http.StatusSeeOther, "/_usher/signin")
	here.wants(here.get("/_usher/password"), http.StatusOK, `autocomplete="new-password"`)
	here.wants(here.post("/_usher/password", "old", "x", "new", "another horse battery"), http.StatusUnauthorized, "not your password so far")
	here.wants(here.post("/_usher/password", "old", password, "new", "short"), http.StatusUnprocessableEntity, "at least 10 characters")
	here.wants(here.post("/_usher/password", "old", password, "new", "another horse battery"), http.StatusSeeOther, "/_usher/signin")
	if here.who() != anna || there.who() != "" {
		t.Errorf("here %q, there %q", here.who(), there.who())
	}
	there.wants(there.post("/_usher/signin", "email", anna, "password", password), http.StatusUnauthorized, "do not belong together")
	there.wants(there.post("/_usher/signin", "email", anna, "password", "another horse battery"), http.StatusSeeOther, "")
}

func TestAnOldPasswordStringIsRenewed(t *testing.T) {
	s := stage(t)
	// "old horse battery" at m=64, t=1.
	old := "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + oldKey
	if err := s.people.SetPassword(t.Context(), s.anna, old); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.wants(b.post("/_usher/signin", "email", anna, "password", "old horse battery"), http.StatusSeeOther, "")
	person, err := s.people.ByID(t.Context(), s.anna)
	if err != nil || !strings.HasPrefix(person.Password, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s, %v", person.Password, err)
	}
}

func TestSignInsEndByThemselves(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.signIn()
	s.pass(13 * 24 * time.Hour)
	if b.who() != anna {
		t.Fatal("before its idle time the sign-in is gone")
	}
	for range 6 { // used again and again, it lasts to its end and no longer
		s.pass(13 * 24 * time.Hour)
		b.who()
	}
	if b.who() != "" {
		t.Error("it outlived its end")
	}
	b.signIn()
	s.pass(14 * 24 * time.Hour)
	if b.who() != "" {
		t.Error("unused, it outlived its idle time")
	}
}

func TestACutEndsSignIns(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.signIn()
	if err := s.people.change(s.anna, func(p *signin.Person) { p.CutAt = s.now() }); err != nil {
		t.Fatal(err)
	}
	if b.who() != "" {
		t.Error("a sign-in from before the cut is good")
	}
	s.pass(time.Second)
	b.signIn()
	if err := s.people.change(s.anna, func(p *signin.Person) { p.Live = false }); err != nil {
		t.Fatal(err)
	}
	if b.who() != "" {
		t.Error("somebody who may not sign in is signed in")
	}
}

func TestEndAllSaysHowMany(t *testing.T) {
	s := stage(t)
	var browsers []*browserOf
	for range 5 {
		b := s.browser()
		b.signIn()
		browsers = append(browsers, b)
	}
	if all, err := s.desk.Of(t.Context(), s.anna, signin.ID{}, 3); err != nil || len(all) != 3 || all[0].How != signin.ByPassword {
		t.Errorf("%+v, %v", all, err)
	}
	_, one, err := s.desk.Who(t.Context(), browsers[2].cookies["__Host-usher-person"])
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.desk.EndOn(t.Context(), one.Device); err != nil || n != 1 || browsers[2].who() != "" || browsers[3].who() == "" {
		t.Errorf("ended %d on one device, %v", n, err)
	}
	if n, err := s.desk.EndAll(t.Context(), s.anna); err != nil || n != 4 {
		t.Errorf("ended %d, %v", n, err)
	}
	for _, b := range browsers {
		if b.who() != "" {
			t.Error("somebody is still signed in")
		}
	}
}

func TestTheDirectoryBeingAwayIsNobodysWrongTry(t *testing.T) {
	s := stage(t)
	b := s.browser()
	s.people.down = true
	for range 20 {
		b.wants(b.post("/_usher/signin", "email", anna, "password", password), http.StatusServiceUnavailable, "store_down")
	}
	s.people.down = false
	b.signIn()
}

// oldKey is the key of "old horse battery" with the costs and salt above.
const oldKey = "x/kcRtHOy+qgQ/Ys6KV3ndPGur8fBMaPv6BNaq+bC3k"
