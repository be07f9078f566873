package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

// code finds the activation code in a message.
func code(t *testing.T, text string) string {
	t.Helper()
	found := regexp.MustCompile(`https://media\.example\.com/_usher/activate/([0-9a-v]+)`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("there is no activation link in:\n%s", text)
	}
	return found[1]
}

// activate follows an activation link on a fresh device.
func (s *site) activate(code string) signin.Result {
	s.Helper()
	desk := s.desk(func() time.Time { return s.now })
	out, _, err := desk.Activate(s.Context(), signin.Visitor{Device: gate.DeviceID(token.NewID(s.now))}, code, "correct horse battery")
	if err != nil {
		s.Fatal(err)
	}
	return out.Result
}

// holds is what somebody may do in a collection.
func (s *site) holds(email, collection string) string {
	s.Helper()
	p, err := s.dir.PersonByAddress(s.Context(), email)
	if err != nil {
		return "nobody"
	}
	id, err := gate.ParseCollectionID(collection)
	if err != nil {
		s.Fatal(err)
	}
	can, err := s.dir.Holds(s.Context(), directory.As(p.ID), id)
	if err != nil {
		s.Fatal(err)
	}
	return can.String()
}

// B1, B2, B5, B7, B11: many at once, each with an outcome of their own.
func TestInvites(t *testing.T) {
	s, acme := family(t)
	body := `{"emails":"Ann@example.com, ben@example.com\nlou@example.com; ann@example.com\nno address","collection":"acme","can":["view","download"],"until":"2026-06-01T00:00:00Z","message":"Have a look","dry_run":%t}`
	dry := s.must("POST", "/invites", fmt.Sprintf(body, true))
	if _, err := s.dir.PersonByAddress(t.Context(), "ann@example.com"); err == nil || len(s.box.sent) > 0 || dry["dry_run"] != true {
		t.Error("a dry run did something")
	}
	want := []string{"invited", "invited", "refused", "duplicate", "bad_address"}
	done := s.ask("POST", "/invites", fmt.Sprintf(body, false))
	if done.status != 201 || !slices.Equal(outcomes(done.object), want) || !slices.Equal(outcomes(dry), want) {
		t.Errorf("%d %v, dry %v", done.status, outcomes(done.object), outcomes(dry))
	}
	if got := s.holds("ann@example.com", acme); got != "view,download" {
		t.Errorf("ann holds %s", got)
	}
	if got := s.holds("lou@example.com", acme); got != "view" {
		t.Errorf("an invitation changed another grant: %s", got)
	}
	mails := s.box.to("ann@example.com")
	if len(mails) != 1 || mails[0].Kind != mail.KindInvitation || !strings.Contains(mails[0].Text, "Have a look") {
		t.Fatalf("%+v", mails)
	}
	again := s.must("POST", "/invites", fmt.Sprintf(body, false))
	if items(again)[0]["invite"] != items(done.object)[0]["invite"] || items(again)[0]["outcome"] != "notified" {
		t.Errorf("sent again: %v", items(again)[0])
	}
	if got := s.activate(code(t, mails[0].Text)); got != signin.Gone {
		t.Errorf("the first link after a second one: %s", got)
	}
	if got := s.activate(code(t, s.box.to("ann@example.com")[1].Text)); got != signin.In {
		t.Errorf("activation: %s", got)
	}
	shown := s.must("GET", "/invites/"+items(done.object)[0]["invite"].(string), "")
	if shown["status"] != "accepted" || shown["sent"] != 2.0 || shown["collection_name"] != "acme" || shown["watched"] == nil {
		t.Errorf("%v", shown)
	}
	s.must("POST", "/invites", `{"emails":"ann@example.com","collection":"beta"}`)
	if last := s.box.to("ann@example.com")[2]; last.Kind != mail.KindAccess || !strings.Contains(last.Text, "/_usher/signin") {
		t.Errorf("who has an account is not asked to make one: %+v", last)
	}
	alone := s.must("POST", "/invites", `{"emails":["solo@example.com"]}`)
	if outcomes(alone)[0] != "invited" || s.holds("solo@example.com", acme) != "" {
		t.Errorf("with neither collection nor group: %v, %s", alone, s.holds("solo@example.com", acme))
	}
}

// B4: the mail says nothing of what somebody may do.
func TestInvitationsAreTheSameForAllRights(t *testing.T) {
	s, _ := family(t)
	var texts []string
	for i, can := range []string{`"can":["view"]`, `"can":["manage"]`, `"preset":"can_manage"`, `"can":["upload","share","stats"]`} {
		email := fmt.Sprintf("new%d@example.com", i)
		s.must("POST", "/invites", `{"emails":"`+email+`","collection":"acme",`+can+`}`)
		m := s.box.to(email)[0]
		code := code(t, m.Text)
		texts = append(texts, strings.ReplaceAll(m.Subject+m.Text+m.HTML, code, "CODE"))
	}
	for _, text := range texts[1:] {
		if text != texts[0] {
			t.Errorf("two invitations differ:\n%s\n%s", texts[0], text)
		}
	}
}

// Who may invite, with what.
func TestWhoInvites(t *testing.T) {
	s, _ := family(t)
	group := s.must("POST", "/groups", `{"name":"jury"}`)["id"].(string)
	s.person("sam@example.com", "standard")
	s.grant("acme", "sam@example.com", `"view","share"`)
	for i, test := range []struct {
		who, body, want string
	}{
		{"", `"collection":"acme","preset":"can_manage"`, "invited"},
		{"mia@example.com", `"group":"jury"`, "invited"},
		{"mia@example.com", `"title":"x"`, "400 title"},
		{"max@example.com", `"collection":"acme","can":["manage"]`, "invited"},
		{"sam@example.com", `"collection":"acme"`, "invited"},
		{"sam@example.com", `"collection":"acme","can":["download"]`, "403 can"},
		{"sam@example.com", `"collection":"acme","preset":"can_manage"`, "403 can"},
		{"sam@example.com", `"collection":"acme","preset":"best"`, "400 preset"},
		{"sam@example.com", `"collection":"beta"`, "400 collection"},
		{"sam@example.com", `"group":"` + group + `"`, "403 "},
		{"sam@example.com", `"message":"x"`, "403 "},
		{"sue@example.com", `"collection":"acme"`, "refused"}, // limited: only where they manage
		{"lou@example.com", `"collection":"acme"`, "403 "},
		{"", `"collection":"acme","group":"jury"`, "400 group"},
		{"", `"can":["view"]`, "400 can"},
		{"", `"collection":"acme","can":["view"],"preset":"can_view"`, "400 preset"},
		{"", `"collection":"acme","can":["watch"]`, "400 can"},
		{"", `"collection":"acme","can":[]`, "400 can"},
		{"", `"collection":"acme","until":"2026-03-01T12:00:00Z"`, "400 until"},
		{"", `"collection":"acme","until":"soon"`, "400 until"},
		{"", `"collection":"acme","message":"a\u0007b"`, "400 message"},
		{"", `"group":"none"`, "400 group"},
	} {
		email := fmt.Sprintf("new%d@example.com", i)
		got := s.by(test.who, "POST", "/invites", `{"emails":"`+email+`",`+test.body+`}`)
		said := fmt.Sprint(got.status, " ", got.word("field"))
		if got.status == 201 {
			said = outcomes(got.object)[0]
		}
		if said != test.want {
			t.Errorf("%q %s: %s, want %s: %s", test.who, test.body, said, test.want, got.text)
		}
		if _, err := s.dir.PersonByAddress(t.Context(), email); (err == nil) != (test.want == "invited") {
			t.Errorf("%q %s: person: %v", test.who, test.body, err)
		}
	}
	guest, err := s.dir.PersonByAddress(t.Context(), "new4@example.com")
	sam, _ := s.dir.PersonByAddress(t.Context(), "sam@example.com")
	if err != nil || guest.Sponsor != sam.ID {
		t.Errorf("B10: %+v, %v", guest, err)
	}
	members := s.must("GET", "/persons?group="+group, "")["persons"].([]any)
	if len(members) != 1 {
		t.Errorf("members of the group: %v", members)
	}
}

// Who may not see the directory does not learn who is in it.
func TestInvitesDoNotTellWhoIsKnown(t *testing.T) {
	s, _ := family(t)
	s.person("known@example.com", "limited")
	got := s.by("max@example.com", "POST", "/invites", `{"emails":"known@example.com,new@example.com","collection":"acme"}`)
	if !slices.Equal(outcomes(got.object), []string{"invited", "invited"}) {
		t.Errorf("%v", outcomes(got.object))
	}
	got = s.by("mia@example.com", "POST", "/invites", `{"emails":"known@example.com,new2@example.com","collection":"beta"}`)
	if !slices.Equal(outcomes(got.object), []string{"notified", "invited"}) {
		t.Errorf("for a manager: %v", outcomes(got.object))
	}
}

// Without mail the activation link is given by hand, but only to whoever may add
// persons: it opens the account.
func TestInvitesByHand(t *testing.T) {
	s, _ := family(t)
	s.box.none = true
	got := s.by("mia@example.com", "POST", "/invites", `{"emails":"ann@example.com","collection":"acme"}`)
	item := items(got.object)[0]
	letter, _ := item["message"].(map[string]any)
	if item["mail"] != "by_hand" || letter == nil {
		t.Fatalf("%s", got.text)
	}
	if bad := s.by("max@example.com", "POST", "/invites", `{"emails":"lou@example.com,x@example.com","collection":"acme"}`); bad.status != 403 || strings.Contains(bad.text, "activate/") {
		t.Errorf("%s", bad.text)
	}
	if got := s.activate(code(t, letter["text"].(string))); got != signin.In {
		t.Errorf("activation: %s", got)
	}
}

// Invitations that are sent anew, withdrawn, and seen by some.
func TestInviteLife(t *testing.T) {
	s, acme := family(t)
	invite := func(who, email string) string {
		got := s.by(who, "POST", "/invites", `{"emails":"`+email+`","collection":"acme"}`)
		return items(got.object)[0]["invite"].(string)
	}
	ann := invite("max@example.com", "ann@example.com")
	first := code(t, s.box.to("ann@example.com")[0].Text)
	if got := s.by("max@example.com", "POST", "/invites/"+ann+"/resend", ""); got.status != 200 || got.word("mail") != "sent" || got.object["sent"] != 2.0 {
		t.Errorf("%s", got.text)
	}
	if got := s.activate(first); got != signin.Gone {
		t.Errorf("the link from before: %s", got)
	}
	for _, who := range []string{"sue@example.com", "lou@example.com"} {
		for _, request := range []string{"GET ", "POST /resend", "POST /revoke"} {
			method, path, _ := strings.Cut(request, " ")
			if got := s.by(who, method, "/invites/"+ann+path, ""); got.status != 404 {
				t.Errorf("%s %s: %d", who, request, got.status)
			}
		}
		if list := s.by(who, "GET", "/invites", ""); len(list.object["invites"].([]any)) != 0 {
			t.Errorf("%s sees %s", who, list.text)
		}
	}
	if shown := s.by("max@example.com", "GET", "/invites/"+ann, ""); shown.object["watched"] != nil || shown.word("status") != "pending" {
		t.Errorf("what named persons watched is for managers: %s", shown.text)
	}
	for _, query := range []string{"", "?collection=acme", "?person=ann@example.com"} {
		if list := s.must("GET", "/invites"+query, "")["invites"].([]any); len(list) != 1 {
			t.Errorf("%s: %v", query, list)
		}
	}
	second := code(t, s.box.to("ann@example.com")[1].Text)
	gone := s.by("max@example.com", "POST", "/invites/"+ann+"/revoke", "")
	if gone.word("status") != "revoked" || s.holds("ann@example.com", acme) != "" || s.activate(second) != signin.Gone {
		t.Errorf("%s, ann holds %q", gone.text, s.holds("ann@example.com", acme))
	}
	if got := s.must("POST", "/invites/"+ann+"/revoke", ""); got["revoked_at"] != gone.object["revoked_at"] {
		t.Errorf("revoked twice: %v", got)
	}
	if got := s.ask("POST", "/invites/"+ann+"/resend", ""); got.status != 409 || got.slug() != "ended" {
		t.Errorf("%s", got.text)
	}
	// What somebody had before stays when an invitation is withdrawn.
	s.must("POST", "/invites", `{"emails":"lou@example.com","collection":"acme"}`)
	lou := s.must("GET", "/invites?person=lou@example.com", "")["invites"].([]any)[0].(map[string]any)["id"].(string)
	s.must("POST", "/invites/"+lou+"/revoke", "")
	if got := s.holds("lou@example.com", acme); got != "view" {
		t.Errorf("lou holds %q", got)
	}
	for _, bad := range []string{"/invites/inv_00000000000000000000", "/invites/lnk_00000000000000000000", "/invites/x"} {
		if got := s.ask("GET", bad, ""); got.status != 404 {
			t.Errorf("%s: %d", bad, got.status)
		}
	}
	if got := s.ask("GET", "/invites?collection=acme&person=lou@example.com", ""); got.status != 400 {
		t.Errorf("two filters: %s", got.text)
	}
}

// A crash between the writes of an invitation leaves nobody in who was not
// asked, and nothing that cannot be seen and taken back.
func TestInvitesThatBreakOff(t *testing.T) {
	for _, verb := range []string{"put person", "put invite", "put grant", "put code"} {
		s, acme := family(t)
		body := `{"emails":"ann@example.com","collection":"acme"}`
		s.store.fails = verb
		if got := s.ask("POST", "/invites", body); got.status != 503 {
			t.Errorf("%s: %d %s", verb, got.status, got.text)
		}
		s.store.fails = ""
		invites := s.must("GET", "/invites", "")["invites"].([]any)
		if held := s.holds("ann@example.com", acme); held != "nobody" && held != "" && len(invites) != 1 {
			t.Errorf("%s fails: ann holds %q, and there are %d invitations", verb, held, len(invites))
		}
		s.must("POST", "/invites", body)
		if held := s.holds("ann@example.com", acme); held != "view" || len(s.box.to("ann@example.com")) != 1 {
			t.Errorf("%s: done again, ann holds %q and has %d mails", verb, held, len(s.box.to("ann@example.com")))
		}
		all := s.must("GET", "/invites", "")["invites"].([]any)
		s.must("POST", "/invites/"+all[0].(map[string]any)["id"].(string)+"/revoke", "")
		if held := s.holds("ann@example.com", acme); held != "" {
			t.Errorf("%s: withdrawn, ann holds %q", verb, held)
		}
	}
}

// Where there is no mail, whoever asks gets the activation link: that must not
// be a way into somebody's account about whom they may not decide, nor into one
// that is in use.
func TestActivationByHandIsNoWayIntoAnothersAccount(t *testing.T) {
	s := newSite(t)
	s.box.none = true
	s.person("mia@example.com", "manager")
	s.person("olga@example.com", "owner")
	s.collection("acme", "link", "jit")
	for _, body := range []string{`{"emails":"olga@example.com"}`, `{"emails":"olga@example.com","dry_run":true}`, `{"emails":"olga@example.com","collection":"acme"}`} {
		got := s.by("mia@example.com", "POST", "/invites", body)
		if outcomes(got.object)[0] != "refused" || strings.Contains(got.text, "activate") {
			t.Errorf("%s: %s", body, got.text)
		}
	}
	pending := items(s.must("POST", "/invites", `{"emails":"olga@example.com"}`))[0]["invite"].(string)
	if got := s.by("mia@example.com", "POST", "/invites/"+pending+"/resend", ""); got.status != 403 {
		t.Errorf("resending the owner's: %d %s", got.status, got.text)
	}

	first := s.by("mia@example.com", "POST", "/invites", `{"emails":"bob@example.com"}`)
	second := s.by("mia@example.com", "POST", "/invites", `{"emails":"bob@example.com","collection":"acme"}`)
	if got := s.activate(code(t, first.text)); got != signin.In {
		t.Fatal(got)
	}
	if got := s.by("mia@example.com", "POST", "/invites/"+items(second.object)[0]["invite"].(string)+"/resend", ""); got.status != 409 {
		t.Errorf("resending it: %d %s", got.status, got.text)
	}
}
