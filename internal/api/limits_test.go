package api_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
)

func clients(n byte) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, n}), 32)
}

// guess makes wrong tries at a thing.
func (s *site) guess(of string, times int) {
	s.Helper()
	book := attempts.NewBook(s.store, func() time.Time { return s.now })
	for range times {
		if _, _, err := book.Begin(s.Context(), attempts.Guesses, attempts.Who{Of: of, Device: gate.DeviceID{7}, Group: clients(9)}); err != nil {
			s.Fatal(err)
		}
	}
}

// limit makes a limit of the link's and returns its id.
func (s *site) limit(link string) string {
	s.Helper()
	s.guess("link:"+link, 1)
	return s.must("GET", "/limits?link="+link, "")["limits"].([]any)[0].(map[string]any)["id"].(string)
}

func limitsOf(object map[string]any) (all []map[string]any) {
	for _, l := range object["limits"].([]any) {
		all = append(all, l.(map[string]any))
	}
	return all
}

func TestLimitsAreListedExplainedAndCleared(t *testing.T) {
	s := newSite(t)
	link, other := s.link(`{"path":"/acme/*"}`), s.link(`{"path":"/acme/*"}`)
	ada := s.person("ada@example.com", "limited")
	s.guess("link:"+link, 6)
	s.guess("link:"+other, 1)
	s.guess("signin:"+directory.AddressID("ada@example.com"), 2)
	s.guess("mail:"+directory.AddressID("ada@example.com"), 1)
	s.guess("signin:"+directory.AddressID("nobody@example.com"), 1)
	for path, want := range map[string]string{
		"/limits?link=" + link:  "link_password client_group 5, link_password everybody 5",
		"/limits?person=" + ada: "mailed_code client_group 1, mailed_code everybody 1, sign_in client_group 2, sign_in everybody 2",
	} {
		list := s.must("GET", path, "")
		got := map[string]bool{}
		for _, l := range limitsOf(list) {
			got[fmt.Sprintf("%s %s %.0f", l["what"], l["whom"], l["wrong"])] = true
		}
		for _, line := range strings.Split(want, ", ") {
			if !got[line] {
				t.Errorf("%s: %s is not in %v", path, line, got)
			}
			delete(got, line)
		}
		if len(got) > 0 || list["rates"] != nil {
			t.Errorf("%s: too much: %v, %v", path, got, list["rates"])
		}
	}
	text := s.ask("GET", "/limits", "").text
	for _, want := range []string{
		"5 wrong tries at the password of link " + link + " by client group ", "; the next may be made at 2026-03-01T12:00:01Z",
		"5 wrong tries at the password of link " + link + " by everybody who was not let in before; the next may be made at once",
		"6 wrong tries at passwords of links by client group ", "2 wrong tries at passwords and mailed codes of ada@example.com by ",
		"1 wrong try at passwords and mailed codes of an address that nobody has by ", "1 times asking for code mails to ada@example.com by ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in %s", want, text)
		}
	}
	if strings.Contains(text, "203.0.113") || strings.Contains(text, directory.AddressID("nobody@example.com")) {
		t.Errorf("an address is told: %s", text)
	}
	for _, l := range limitsOf(s.must("GET", "/limits", "")) {
		same(t, s.must("GET", "/limits/"+l["id"].(string), ""), l)
	}
	if got := s.must("DELETE", "/limits?link="+link, ""); got["cleared"] != 2.0 {
		t.Errorf("cleared %v", got)
	}
	if left := limitsOf(s.must("GET", "/limits?link="+link, "")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if got := s.must("DELETE", "/limits?person=ada@example.com", ""); got["cleared"] != 4.0 {
		t.Errorf("cleared %v", got)
	}
	one := limitsOf(s.must("GET", "/limits?link="+other, ""))[0]
	same(t, s.must("DELETE", "/limits/"+one["id"].(string), ""), one)
	if got := s.ask("GET", "/limits/"+one["id"].(string), ""); got.status != 404 {
		t.Errorf("it is still there: %d %s", got.status, got.text)
	}
}

// A device that was let in is no limit; once it has wrong tries of its own it is
// one, and clearing does not make a stranger of it.
func TestClearingKeepsKnownDevices(t *testing.T) {
	s := newSite(t)
	link := s.link(`{"path":"/acme/*"}`)
	book := attempts.NewBook(s.store, func() time.Time { return s.now })
	who := attempts.Who{Of: "link:" + link, Device: gate.DeviceID{7}, Group: clients(1)}
	if err := book.Know(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if all := limitsOf(s.must("GET", "/limits", "")); len(all) != 0 {
		t.Errorf("%v", all)
	}
	s.guess(who.Of, 6)
	all := limitsOf(s.must("GET", "/limits?link="+link, ""))
	if len(all) != 1 || all[0]["device"] != who.Device.String() || all[0]["waits_until"] != "2026-03-01T12:00:01Z" ||
		!strings.Contains(all[0]["why"].(string), "which was let in before") {
		t.Fatalf("%v", all)
	}
	s.must("DELETE", "/limits/"+all[0]["id"].(string), "")
	if known, err := book.Knows(t.Context(), who); err != nil || !known {
		t.Errorf("known: %v, %v", known, err)
	}
	if _, wait, err := book.Begin(t.Context(), attempts.Guesses, who); err != nil || wait != 0 {
		t.Errorf("it waits %s, %v", wait, err)
	}
}

func TestPagesOfLimits(t *testing.T) {
	s := newSite(t)
	s.guess("link:"+s.link(`{"path":"/acme/*"}`), 1)
	first := s.must("GET", "/limits?limit=2", "")
	rest := s.must("GET", fmt.Sprintf("/limits?limit=2&cursor=%s", first["next"]), "")
	if len(limitsOf(first)) != 2 || len(limitsOf(rest)) != 1 || rest["next"] != nil {
		t.Errorf("%v, then %v", first, rest)
	}
	gone := limitsOf(first)[1]["id"].(string)
	s.must("DELETE", "/limits/"+gone, "")
	for _, query := range []string{"cursor=x", "cursor=" + first["next"].(string), "link=x", "person=x", "link=" + gone, "link=a&person=b", "limit=0"} {
		if got := s.ask("GET", "/limits?"+query, ""); got.status != 400 {
			t.Errorf("%s: %d %s", query, got.status, got.text)
		}
	}
	for _, path := range []string{"/limits", "/limits?link=a&person=b"} {
		if got := s.ask("DELETE", path, ""); got.status != 400 {
			t.Errorf("DELETE %s: %d %s", path, got.status, got.text)
		}
	}
	for _, id := range []string{"x", "lim_00000000000000000000", "LIM_00000000000000000000"} {
		if got := s.ask("GET", "/limits/"+id, ""); got.status != 404 {
			t.Errorf("%s: %d %s", id, got.status, got.text)
		}
	}
}

// Whoever manages the collection of a link sees and clears its limits, and those
// of nothing else.
func TestLimitsOfOnesOwnLinks(t *testing.T) {
	w := newWorld(t)
	w.guess("signin:"+directory.AddressID("tess@example.com"), 1)
	w.must("PUT", "/grants", `{"collection":"acme","person":"lea@example.com","can":["manage"]}`)
	for path, want := range map[string]int{"/limits?link=LINK": 200, "/limits/LIMIT": 200, "/limits": 403, "/limits?person=PERSON": 403} {
		if got := w.behalf("lea@example.com", "GET", w.fill.Replace(path), ""); got.status != want {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
	sign := limitsOf(w.must("GET", "/limits?person="+w.ids["PERSON"], ""))[0]["id"].(string)
	if got := w.behalf("lea@example.com", "DELETE", "/limits/"+sign, ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := w.behalf("lea@example.com", "DELETE", w.fill.Replace("/limits?link=LINK"), ""); got.object["cleared"] != 2.0 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestRatesOfTheNode(t *testing.T) {
	s := newSite(t)
	s.rates = &api.Rates{Sessions: 3, SessionsWaiting: 1, Groups: 2}
	got := s.must("GET", "/limits", "")["rates"]
	same(t, got.(map[string]any), map[string]any{"sessions": 3.0, "sessions_waiting": 1.0, "client_groups": 2.0, "client_groups_waiting": 0.0})
}

func TestTriesAtAnAddressHaveOneTerm(t *testing.T) {
	if signin.TriesAt("ada@example.com") != attempts.At(directory.AddressID("ada@example.com")) {
		t.Error("limits of a person would not be found")
	}
}
