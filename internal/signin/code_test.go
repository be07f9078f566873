package signin_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

// other is a code that is not the one that was mailed.
func other(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestSignInByMailedCode(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.wants(b.get("/_usher/signin/code?next=/s/abc"), http.StatusOK, `value="/s/abc"`)
	got := b.post("/_usher/signin/code", "email", anna, "next", "/s/abc")
	b.wants(got, http.StatusOK, `autocomplete="one-time-code"`)
	code := s.code(anna)
	if strings.Contains(got.body, code) {
		t.Error("the page shows the code")
	}
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", other(code)), http.StatusUnauthorized, "not right")
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", code[:3]+" "+code[3:], "next", "/s/abc"), http.StatusSeeOther, "/s/abc")
	if b.who() != anna {
		t.Error("nobody is signed in")
	}
	b.post("/_usher/signout")
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", code), http.StatusUnauthorized, "not right")
}

func TestACodeWorksInTheBrowserThatAskedOnly(t *testing.T) {
	s := stage(t)
	b, thief := s.browser(), s.browser()
	b.post("/_usher/signin/code", "email", anna)
	code := s.code(anna)
	thief.wants(thief.post("/_usher/signin/code", "email", anna, "code", code), http.StatusUnauthorized, "not right")
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", code), http.StatusSeeOther, "")
}

func TestACodeHasFiveTriesAndTenMinutes(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.post("/_usher/signin/code", "email", anna)
	code := s.code(anna)
	for range 5 {
		b.wants(b.post("/_usher/signin/code", "email", anna, "code", other(code)), http.StatusUnauthorized, "not right")
	}
	s.pass(time.Second)
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", code), http.StatusUnauthorized, "not right")
	s.pass(time.Minute)
	b.post("/_usher/signin/code", "email", anna)
	s.pass(10 * time.Minute)
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", s.code(anna)), http.StatusUnauthorized, "not right")
}

func TestANewCodeTakesThePlaceOfTheOldOne(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.post("/_usher/signin/code", "email", anna)
	first := s.code(anna)
	for s.code(anna) == first {
		s.pass(time.Hour)
		b.post("/_usher/signin/code", "email", anna)
	}
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", first), http.StatusUnauthorized, "not right")
	b.wants(b.post("/_usher/signin/code", "email", anna, "code", s.code(anna)), http.StatusSeeOther, "")
}

func TestAFiftyfoldCodeLetsOneIn(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.post("/_usher/signin/code", "email", anna)
	code := s.code(anna)
	body, err := s.keys.Unseal(nil, token.DeviceToken, b.cookies["__Host-usher-device"])
	if err != nil {
		t.Fatal(err)
	}
	var in atomic.Int64
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			outcome, err := s.desk.EnterCode(t.Context(), signin.Visitor{Device: gate.DeviceID(body)}, anna, code)
			if err != nil {
				t.Error(err)
			}
			if outcome.Result == signin.In {
				in.Add(1)
			}
		})
	}
	wait.Wait()
	if in.Load() != 1 {
		t.Errorf("%d were let in by one code", in.Load())
	}
}

func TestAskingForACodeTellsNobodyWhoExists(t *testing.T) {
	s := stage(t)
	said := map[string]bool{}
	for _, address := range []string{anna, "nobody@example.com"} {
		b := s.browser()
		for range 4 { // the fourth one has to wait
			got := b.post("/_usher/signin/code", "email", address)
			got.Header.Del("Set-Cookie")
			said[strings.ReplaceAll(got.body, address, "ADDRESS")+headerText(got.Header)] = true
		}
		b.wants(b.post("/_usher/signin/code", "email", address), http.StatusTooManyRequests, "Wait 10 min, then")
	}
	if len(said) != 2 {
		t.Errorf("%d different answers: %v", len(said), said)
	}
	if n := len(s.box.to("nobody@example.com", mail.KindCode)); n != 0 {
		t.Errorf("%d mails went to nobody", n)
	}
	if n := len(s.box.to(anna, mail.KindCode)); n != 3 {
		t.Errorf("%d mails, want 3", n)
	}
	full := s.browser()
	s.person(ben, password)
	s.box.full = true
	full.wants(full.post("/_usher/signin/code", "email", ben), http.StatusOK, "If "+ben+" can sign in here")
	if len(s.failed) != 1 || strings.Contains(s.failed[0], ben) {
		t.Errorf("the operator reads %v", s.failed)
	}
}

func TestStrangersWhoAskForMailDoNotKeepTheKnownDeviceOut(t *testing.T) {
	s := stage(t)
	mine := s.browser()
	mine.signIn()
	mine.post("/_usher/signout")
	for range 10 {
		s.browser().post("/_usher/signin/code", "email", anna)
	}
	if n := len(s.box.to(anna, mail.KindCode)); n != 3 {
		t.Errorf("strangers had %d mails sent, want 3", n)
	}
	mine.post("/_usher/signin/code", "email", anna)
	mine.wants(mine.post("/_usher/signin/code", "email", anna, "code", s.code(anna)), http.StatusSeeOther, "")
}

func TestWithoutMailThereAreNoCodes(t *testing.T) {
	s := stage(t)
	s.box.none = true
	b := s.browser()
	b.wants(b.get("/_usher/signin/code"), http.StatusNotFound, "no_token")
	b.wants(b.post("/_usher/signin/code", "email", anna), http.StatusNotFound, "no_token")
	if got := b.get("/_usher/signin"); strings.Contains(got.body, "code") {
		t.Error("the page offers a code")
	}
}

// TestWhatIsStoredOpensNothing: none of what was handed out is found in the store.
func TestWhatIsStoredOpensNothing(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.post("/_usher/signin/code", "email", anna)
	mailed := s.code(anna)
	activation := s.invite(s.invitation())
	b.signIn()
	for _, kind := range []gate.Kind{gate.KindCode, gate.KindSignIn, gate.KindAttempt} {
		docs, err := s.store.List(t.Context(), kind, "", "", 1000)
		if err != nil || len(docs) == 0 {
			t.Fatalf("%s: %d documents, %v", kind, len(docs), err)
		}
		for _, doc := range docs {
			text := doc.ID + string(doc.Body) + strings.Join(doc.Index, " ")
			for _, secret := range []string{activation, `"` + mailed, b.cookies["__Host-usher-person"], password} {
				if strings.Contains(text, secret) {
					t.Errorf("%s %s holds %q", kind, doc.ID, secret)
				}
			}
			if doc.Until.IsZero() {
				t.Errorf("%s %s never ends", kind, doc.ID)
			}
		}
	}
}
