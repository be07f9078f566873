package signin_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// TestTheGateAsksWhoIsSignedIn, and hears of nobody once the sign-in has ended.
func TestTheGateAsksWhoIsSignedIn(t *testing.T) {
	s := stage(t)
	b := s.browser()
	b.signIn()
	body, err := s.keys.Unseal(nil, token.SignInToken, b.cookies["__Host-usher-person"])
	if err != nil {
		t.Fatal(err)
	}
	want := func(id token.ID, who gate.PersonID) {
		t.Helper()
		person, opened, err := s.desk.SignedIn(t.Context(), id)
		if err != nil || person != who || opened.IsZero() != who.IsZero() {
			t.Errorf("%v since %s, %v; want %v", person, opened, err, who)
		}
	}
	want(token.ID(body), s.anna)
	want(token.NewID(s.now()), gate.PersonID{})
	s.pass(13 * 24 * time.Hour)
	want(token.ID(body), s.anna) // which makes it last on
	s.pass(13 * 24 * time.Hour)
	want(token.ID(body), s.anna)
	s.pass(14 * 24 * time.Hour)
	want(token.ID(body), gate.PersonID{})
}

// TestStrangersDoNotLockOutWhoWasLetIn: whatever they type, a device that knew
// the password before is let in at once.
func TestStrangersDoNotLockOutWhoWasLetIn(t *testing.T) {
	s := stage(t)
	phc, err := hashed()
	if err != nil {
		t.Fatal(err)
	}
	try := func(device byte, address, text string) gate.Reason {
		t.Helper()
		group := netip.MustParsePrefix(address + "/32")
		refusal, err := s.desk.PasswordFits(t.Context(), gate.Try{Link: gate.LinkID{1}, Password: phc, Text: text, Device: gate.DeviceID{device}, Group: group})
		if err != nil {
			t.Fatal(err)
		}
		if (refusal.Reason == gate.TooManyTries) != (refusal.Wait > 0) {
			t.Errorf("%s: to wait %s", refusal.Reason, refusal.Wait)
		}
		return refusal.Reason
	}
	if no := try(1, "192.0.2.1", password); no != gate.OK {
		t.Fatalf("the password: %s", no)
	}
	var no gate.Reason
	for i := 0; i < 20 && no != gate.TooManyTries; i++ {
		no = try(2, netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}).String(), "a guess")
	}
	if no != gate.TooManyTries {
		t.Errorf("strangers from everywhere guess on: %s", no)
	}
	if no := try(2, "203.0.113.1", password); no != gate.TooManyTries {
		t.Errorf("a newcomer meanwhile: %s", no)
	}
	if no := try(1, "203.0.113.2", password); no != gate.OK {
		t.Errorf("who was let in before: %s", no)
	}
	if no := try(1, "203.0.113.2", "wrong"); no != gate.PasswordWrong {
		t.Errorf("who was let in before, wrongly: %s", no)
	}
}
