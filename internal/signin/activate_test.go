package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
)

const (
	chosen = "another horse battery"
	owner  = "owner@example.com"
)

func TestActivation(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	if len(code) != 32 {
		t.Errorf("the code has %d characters of 5 bits, want 32", len(code))
	}
	b := s.browser()
	page := b.get("/_usher/activate/" + code)
	b.wants(page, http.StatusOK, `value="`+anna+`"`)
	b.wants(b.post("/_usher/activate/"+code, "new", "short"), http.StatusUnprocessableEntity, "at least 10 characters")
	b.wants(b.post("/_usher/activate/"+code, "new", chosen), http.StatusSeeOther, "/s/abc")
	if b.who() != anna {
		t.Error("nobody is signed in")
	}
	other := s.browser()
	other.wants(other.post("/_usher/signin", "email", anna, "password", chosen), http.StatusSeeOther, "")
}

func TestLookingAtAnActivationLinkUsesNothing(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	before, err := s.store.List(t.Context(), gate.KindCode, "", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // scanners, previews and prefetches
		s.browser().get("/_usher/activate/" + code)
	}
	after, err := s.store.List(t.Context(), gate.KindCode, "", "", 10)
	if err != nil || len(after) != 1 || after[0].Rev != before[0].Rev {
		t.Errorf("%+v, %v", after, err)
	}
	b := s.browser()
	b.wants(b.post("/_usher/activate/"+code, "new", chosen), http.StatusSeeOther, "")
}

func TestASecondDeviceHasAFreshLinkMailedAndTheOwnerIsTold(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	first, second := s.browser(), s.browser()
	first.post("/_usher/activate/"+code, "new", chosen)
	page := second.get("/_usher/activate/" + code)
	second.wants(page, http.StatusGone, "Mail me a fresh link")
	if strings.Contains(page.body, anna) {
		t.Error("the page tells a stranger whose link it was")
	}
	second.wants(second.post("/_usher/activate/"+code, "new", "a horse of somebody else"), http.StatusGone, "used already")
	if len(s.box.sent) != 0 {
		t.Error("looking had something mailed")
	}
	for range 5 {
		second.wants(second.post("/_usher/activate/"+code, "fresh", "1"), http.StatusOK, "on its way")
	}
	fresh, told := s.box.to(anna, mail.KindFresh), s.box.to(owner, mail.KindNotice)
	if len(fresh) != 1 || len(told) != 1 || !strings.Contains(told[0].Text, anna) {
		t.Fatalf("%d fresh links, %d notices", len(fresh), len(told))
	}
	if first.who() != anna {
		t.Error("asking for a fresh link ended the sign-in of the first device")
	}
	s.pass(10 * time.Minute)
	second.post("/_usher/activate/"+code, "fresh", "1")
	if n := len(s.box.to(anna, mail.KindFresh)); n != 2 {
		t.Errorf("ten minutes later there are %d mails, want 2", n)
	}
	_, link, _ := strings.Cut(fresh[0].Text, site)
	link, _, _ = strings.Cut(link, "\n")
	second.wants(second.post(link, "new", "a third horse battery"), http.StatusSeeOther, "/s/abc")
	if second.who() != anna || first.who() != "" {
		t.Errorf("second %q, first %q: whoever has the mailbox has the account", second.who(), first.who())
	}
}

func TestTheDeviceThatActivatedMayComeOnceMore(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	b := s.browser()
	b.get("/_usher/activate/" + code)
	b.post("/_usher/activate/"+code, "new", chosen)
	b.wants(b.post("/_usher/activate/"+code, "new", chosen), http.StatusSeeOther, "/s/abc")
	s.pass(time.Minute)
	b.wants(b.post("/_usher/activate/"+code, "new", chosen), http.StatusGone, "used already")
}

func TestLinksThatAreNone(t *testing.T) {
	s := stage(t)
	b := s.browser()
	withdrawn := s.invite(s.invitation())
	if err := s.desk.Withdraw(t.Context(), "inv_0"); err != nil {
		t.Fatal(err)
	}
	late := s.invite(signin.Activation{Invite: "inv_1", Person: s.anna, Address: anna, Until: s.now().Add(time.Minute)})
	refused := s.invite(signin.Activation{Invite: "inv_2", Person: s.anna, Address: anna, Until: s.now().Add(time.Hour)})
	s.people.invites["inv_2"] = false
	resent := s.invite(signin.Activation{Invite: "inv_3", Person: s.anna, Address: anna, Until: s.now().Add(time.Hour)})
	s.invite(signin.Activation{Invite: "inv_3", Person: s.anna, Address: anna, Until: s.now().Add(time.Hour)})
	s.pass(time.Minute)
	for name, code := range map[string]string{
		"withdrawn": withdrawn, "too late": late, "refused by the directory": refused, "sent again": resent,
		"unknown": strings.Repeat("0", 32), "no code": "x", "empty": "", "upper case": strings.ToUpper(withdrawn), "with a path": withdrawn + "/x",
	} {
		b.wants(b.post("/_usher/activate/"+code, "new", chosen), http.StatusNotFound, "no_token")
		if b.who() != "" {
			t.Errorf("%s: somebody is signed in", name)
		}
	}
	if _, err := s.desk.NewActivation(t.Context(), signin.Activation{Invite: "inv_4", Until: s.now()}); err == nil {
		t.Error("a link that has ended already was made")
	}
}

// TestALinkGivenByHandDiesWithAnotherWayIn: whoever was given the link to pass it
// on is not the person, once that came in without it.
func TestALinkGivenByHandDiesWithAnotherWayIn(t *testing.T) {
	for name, comeIn := range map[string]func(s *scene, b *browserOf){
		"by another link": func(s *scene, b *browserOf) {
			again := s.invitation()
			again.Invite = "inv_1"
			b.wants(b.post("/_usher/activate/"+s.invite(again), "new", chosen), http.StatusSeeOther, "/s/abc")
		},
		"by a password": func(s *scene, b *browserOf) {
			phc, err := hashed()
			if err == nil {
				err = s.people.SetPassword(t.Context(), s.people.of(ben), phc)
			}
			if err != nil {
				t.Fatal(err)
			}
			b.wants(b.post("/_usher/signin", "email", ben, "password", password), http.StatusSeeOther, "")
		},
		"by a mailed code": func(s *scene, b *browserOf) {
			b.post("/_usher/signin/code", "email", ben)
			b.wants(b.post("/_usher/signin/code", "email", ben, "code", s.code(ben)), http.StatusSeeOther, "")
			b.post("/_usher/signout")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := stage(t)
			s.anna = s.person(ben, "")
			s.box.none = true
			byHand := s.invite(s.invitation())
			s.box.none = false
			comeIn(s, s.browser())
			other := s.browser()
			other.wants(other.get("/_usher/activate/"+byHand), http.StatusGone, "used already")
			other.wants(other.post("/_usher/activate/"+byHand, "new", "a horse of somebody else"), http.StatusGone, "used already")
			if other.who() != "" {
				t.Error("whoever kept the link has the account")
			}
			other.wants(other.post("/_usher/activate/"+byHand, "fresh", "1"), http.StatusOK, "on its way")
		})
	}
}

// TestAMailedLinkOutlivesACodeOfTheSameMailbox: it may still be used to choose a
// password.
func TestAMailedLinkOutlivesACodeOfTheSameMailbox(t *testing.T) {
	s := stage(t)
	s.anna = s.person(ben, "")
	code := s.invite(s.invitation())
	b := s.browser()
	b.post("/_usher/signin/code", "email", ben)
	b.wants(b.post("/_usher/signin/code", "email", ben, "code", s.code(ben)), http.StatusSeeOther, "")
	b.wants(b.post("/_usher/activate/"+code, "new", chosen), http.StatusSeeOther, "/s/abc")
}

func TestAFreshLinkThatCouldNotBeMailedMayBeAskedForAgain(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	s.browser().post("/_usher/activate/"+code, "new", chosen)
	b := s.browser()
	s.box.full = true
	b.wants(b.post("/_usher/activate/"+code, "fresh", "1"), http.StatusServiceUnavailable, "store_down")
	s.box.full = false
	b.wants(b.post("/_usher/activate/"+code, "fresh", "1"), http.StatusOK, "on its way")
	if n := len(s.box.to(anna, mail.KindFresh)); n != 1 {
		t.Errorf("%d mails", n)
	}
	s.box.none = true
	b.wants(b.post("/_usher/activate/"+code, "fresh", "1"), http.StatusOK, "Ask whoever invited you")
}

func TestInvitingMailsTheLinkOrHandsItBack(t *testing.T) {
	s := stage(t)
	letter := mail.Invitation{By: "Zoë", Allowance: mail.Allowance{Views: 3}}
	if handed, err := s.desk.Invite(t.Context(), s.invitation(), letter, "ref"); err != nil || handed.ByHand != nil {
		t.Fatalf("%+v, %v", handed, err)
	}
	sent := s.box.to(anna, mail.KindInvitation)
	if len(sent) != 1 || sent[0].Ref != "ref" || !strings.Contains(sent[0].Text, site+"/_usher/activate/") {
		t.Fatalf("%+v", sent)
	}
	s.box.none = true
	handed, err := s.desk.Invite(t.Context(), s.invitation(), letter, "ref")
	if err != nil || handed.ByHand == nil || !strings.Contains(handed.ByHand.Text, site+"/_usher/activate/") {
		t.Errorf("%+v, %v", handed, err)
	}
}
