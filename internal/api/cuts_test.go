package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// cutted does a cut to its end, from a cursor on where that is not empty, and
// returns how many sessions it ended, in how many requests.
func (s *site) cutted(path, cursor string) (ended, requests int) {
	s.Helper()
	for {
		query := ""
		if cursor != "" {
			query = "?cursor=" + url.QueryEscape(cursor)
		}
		got := s.must("POST", path+query, "")
		ended += int(got["sessions_ended"].(float64))
		requests++
		if cursor, _ = got["next"].(string); cursor == "" {
			return ended, requests
		}
	}
}

func TestCuts(t *testing.T) {
	for path, want := range map[string]struct{ anonymous, tess, elsewhere bool }{
		"/persons/PERSON/cut":         {anonymous: true, elsewhere: true},
		"/groups/GROUP/cut":           {anonymous: true, elsewhere: true},
		"/collections/COLLECTION/cut": {elsewhere: true},
		"/cut":                        {},
	} {
		w := newWorld(t)
		anonymous, tess := w.ids["SESSION"], w.opens(w.ids["LINK"], w.ids["PERSON"])
		elsewhere := w.opens(w.link(`{"path":"/elsewhere/*"}`), "")
		want.tess = false
		w.now = w.now.Add(time.Second)
		n := 0
		for _, lives := range []bool{want.anonymous, want.tess, want.elsewhere} {
			if !lives {
				n++
			}
		}
		got := w.must("POST", w.fill.Replace(path), "")
		if got["sessions_ended"] != float64(n) || got["cut_at"] != "2026-03-01T12:00:01Z" || got["next"] != nil {
			t.Errorf("%s: %v, want %d", path, got, n)
		}
		if w.live(anonymous) != want.anonymous || w.live(tess) != want.tess || w.live(elsewhere) != want.elsewhere {
			t.Errorf("%s: live: anonymous %v, tess %v, elsewhere %v", path, w.live(anonymous), w.live(tess), w.live(elsewhere))
		}
	}
}

// A cut of many takes several requests, and means what was opened before it.
func TestCutsOfMany(t *testing.T) {
	s := newSite(t)
	link := s.link(`{"path":"/acme/*"}`)
	for range 450 {
		s.opens(link, "")
	}
	s.now = s.now.Add(time.Second)
	first := s.must("POST", "/cut", "")
	s.now = s.now.Add(time.Second)
	later := s.opens(link, "")
	ended, requests := s.cutted("/cut", first["next"].(string))
	if first["sessions_ended"] != 200.0 || ended != 250 || requests != 2 || !s.live(later) {
		t.Errorf("%v, then %d in %d; opened after it: live %v", first, ended, requests, s.live(later))
	}
	if ended, _ := s.cutted("/cut", ""); ended != 1 {
		t.Errorf("%d", ended)
	}
	for _, cursor := range []string{"x", "bGlua3MKeA", "c3dlZXAKeApz"} {
		if got := s.ask("POST", "/cut?cursor="+cursor, ""); got.status != 400 || got.word("field") != "cursor" {
			t.Errorf("%s: %d %s", cursor, got.status, got.text)
		}
	}
}

// A cursor is no permission.
func TestCutsThatGoOnAskAgain(t *testing.T) {
	w := newWorld(t)
	for range 250 {
		w.opens(w.ids["LINK"], "")
	}
	next := url.QueryEscape(w.must("POST", "/cut", "")["next"].(string))
	for _, path := range []string{"/cut", "/collections/COLLECTION/cut", "/persons/PERSON/cut", "/keys/link-1/retire"} {
		if got := w.behalf("stan@example.com", "POST", w.fill.Replace(path)+"?cursor="+next, ""); got.status != 403 && got.status != 404 {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
}

// A group may have members whom a manager does not decide about.
func TestCuttingAGroupWithAnOwner(t *testing.T) {
	w := newWorld(t)
	w.must("POST", "/groups/"+w.ids["GROUP"]+"/members", `{"add":["olga@example.com"]}`)
	got := w.behalf("max@example.com", "POST", "/groups/"+w.ids["GROUP"]+"/cut", "")
	refused := got.object["refused"].([]any)
	if got.object["persons"] != 1.0 || len(refused) != 1 || refused[0].(map[string]any)["email"] != "olga@example.com" {
		t.Errorf("%s", got.text)
	}
}

func TestDeletingAPerson(t *testing.T) {
	w := newWorld(t)
	session := w.opens(w.ids["LINK"], w.ids["PERSON"])
	w.must("PATCH", "/collections/"+w.ids["COLLECTION"], `{"owner":"tess@example.com"}`)
	guest := w.must("POST", "/persons", `{"email":"guest@example.org","sponsor":"tess@example.com"}`)["id"].(string)
	if got := w.ask("DELETE", "/persons/"+w.ids["PERSON"]+"?heir=sue@example.com", ""); got.status != 400 || got.word("field") != "heir" {
		t.Errorf("a suspended heir: %d %s", got.status, got.text)
	}
	if got := w.ask("DELETE", "/persons/"+w.ids["PERSON"]+"?cut=maybe", ""); got.status != 400 {
		t.Errorf("%d %s", got.status, got.text)
	}
	got := w.must("DELETE", "/persons/"+w.ids["PERSON"]+"?heir=stan@example.com", "")
	same(t, got, map[string]any{
		"person": w.ids["PERSON"], "heir": w.ids["stan@example.com"], "cut_at": "2026-03-01T12:00:00Z", "sessions_ended": 1.0, "grants_ended": 0.0,
		"memberships_ended": 1.0, "guests_suspended": 1.0, "collections_passed_on": 1.0, "links_passed_on": 0.0, "grants_passed_on": 0.0, "objects_passed_on": 0.0,
	})
	if w.live(session) || w.must("GET", "/persons/"+guest, "")["standing"] != "suspended" {
		t.Error("what was theirs goes on")
	}
}

// Sessions on links that a retired key signed end. Those that a key sealed are
// over by themselves, and are counted by when they were opened.
func TestRetiringKeys(t *testing.T) {
	s := newSite(t)
	signed, err := s.keys.Ring().SignLink(token.Claims{JTI: "order-17", Expires: s.now.Add(time.Hour), Terms: token.LinkClaims{Path: "/acme/*"}})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := gate.ParsePath("/acme/a.ts")
	v, err := s.gate.Decide(t.Context(), s.now, &gate.Request{Method: "GET", Path: p, Presented: []gate.Credential{{Carrier: gate.InQuery, Text: signed}}})
	if err != nil || v.Outcome != gate.Redirect {
		t.Fatal(v.Refusal, err)
	}
	session := v.Session.String()
	other := s.opens(s.link(`{"path":"/acme/*"}`), "")
	got := s.must("POST", "/keys/link-1/retire", "")
	if got["sessions_ended"] != 1.0 || s.live(session) || !s.live(other) {
		t.Errorf("%v; live: signed %v, other %v", got, s.live(session), s.live(other))
	}
	seal := s.must("GET", "/keys", "")["keys"].([]any)[0].(map[string]any)["id"].(string)
	s.must("POST", "/keys/rotate", `{"use":"seal"}`)
	s.now = s.now.Add(time.Minute)
	later := s.opens(s.link(`{"path":"/acme/*"}`), "")
	if got := s.must("POST", "/keys/"+seal+"/retire", ""); got["sessions_ended"] != nil || got["sessions_sealed"] != 1.0 || !s.live(later) || got["state"] != "retired" {
		t.Errorf("%v", got)
	}
}

func TestSessionsOfPersons(t *testing.T) {
	w := newWorld(t)
	mine := w.opens(w.ids["LINK"], w.ids["PERSON"])
	ids := func(got reply) string {
		var all []string
		for _, s := range got.object["sessions"].([]any) {
			all = append(all, s.(map[string]any)["id"].(string))
		}
		return strings.Join(all, " ")
	}
	if got := ids(w.ask("GET", "/sessions?person=tess@example.com", "")); got != mine {
		t.Errorf("%s", got)
	}
	if got := w.behalf("tess@example.com", "GET", "/sessions?person="+w.ids["PERSON"], ""); ids(got) != mine {
		t.Errorf("one's own: %s", got.text)
	}
	w.must("PUT", "/grants", `{"collection":"acme","person":"stan@example.com","can":["view","stats"]}`)
	if got := w.behalf("stan@example.com", "GET", "/sessions?link="+w.ids["LINK"], ""); ids(got) != w.ids["SESSION"] {
		t.Errorf("who sees statistics sees persons: %s", got.text)
	}
	if got := w.behalf("stan@example.com", "GET", "/sessions/"+mine, ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := w.behalf("tess@example.com", "POST", "/sessions/"+mine+"/end", ""); got.word("state") != "ended" {
		t.Errorf("one's own: %d %s", got.status, got.text)
	}
	if got := w.ask("GET", "/sessions?person=tess@example.com&link="+w.ids["LINK"], ""); got.status != 400 {
		t.Errorf("%d", got.status)
	}
}

// A device is cut with whoever watches on it; what others opened goes on.
func TestCutDevice(t *testing.T) {
	w := newWorld(t)
	one, other := w.opens(w.ids["LINK"], ""), w.opens(w.ids["LINK"], w.ids["PERSON"])
	device := w.must("GET", "/sessions/"+one, "")["device"].(string)
	w.now = w.now.Add(time.Second)
	if got := w.must("POST", "/devices/"+device+"/cut", ""); got["sessions_ended"] != 1.0 || w.live(one) || !w.live(other) {
		t.Errorf("%v; live: its own %v, another %v", got, w.live(one), w.live(other))
	}
	if got := w.ask("POST", "/devices/phone/cut", ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.text)
	}
}
