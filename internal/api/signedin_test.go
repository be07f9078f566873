package api_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

// signedIn lets a person in on a new device, by an activation link or, where they
// have a password, by that, and returns the text of the cookie.
func (s *site) signedIn(email string) string {
	s.Helper()
	visitor := signin.Visitor{Device: gate.DeviceID(token.NewID(s.now)), Group: netip.MustParsePrefix("192.0.2.0/24")}
	backend, _ := s.backend()
	out, err := backend.Desk.Password(s.Context(), visitor, email, "correct horse battery")
	if err == nil && out.Result != signin.In {
		s.must("POST", "/invites", `{"emails":"`+email+`"}`)
		mails := s.box.to(email)
		out, _, err = backend.Desk.Activate(s.Context(), visitor, code(s.T, mails[len(mails)-1].Text), "correct horse battery")
	}
	if err != nil || out.Result != signin.In {
		s.Fatalf("%v, %v", out.Result, err)
	}
	return out.Token
}

// onSite is the API as a site mounts it.
func (s *site) onSite() http.Handler {
	return api.NewOnSite(s.backend, func(*http.Request) bool { return true })
}

func (s *site) withCookie(cookie, method, path, body string, header ...string) reply {
	s.Helper()
	r := request(s.Context(), method, path, body)
	r.Header.Set("Cookie", "__Host-usher-person="+cookie)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.send(s.onSite(), r)
}

// fromConsole is what a browser says of a request that our page makes.
var fromConsole = []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Content-Type", "application/json"}

func TestASignedInPersonAsks(t *testing.T) {
	w := newWorld(t)
	cookie := w.signedIn("olga@example.com")
	got := w.withCookie(cookie, "GET", "/me", "", fromConsole...)
	if got.status != 200 || got.object["person"].(map[string]any)["email"] != "olga@example.com" || got.word("scope") != "" {
		t.Fatal(got.text)
	}
	if got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Error(got.header)
	}
	got = w.withCookie(cookie, "POST", "/links", `{"path":"/acme/*"}`, fromConsole...)
	if got.status != 201 || got.word("by") != "olga@example.com" {
		t.Error(got.text)
	}
	got = w.withCookie(cookie, "POST", "/invites", `{"emails":["zoe@example.com","no address"]}`, fromConsole...)
	if got.status != 201 {
		t.Error(got.text)
	}
	limited := w.signedIn("tess@example.com")
	if got := w.withCookie(limited, "GET", "/keys", "", fromConsole...); got.status != 403 || got.word("permission") != "keys" {
		t.Errorf("a limited person: %s", got.text)
	}
	if got := w.send(w.guard, cookied(t, cookie)); got.status != 401 {
		t.Errorf("a mount that nobody signs in on: %s", got.text)
	}
	if got := w.withCookie(cookie, "GET", "/me", "", "Usher-As", "max@example.com"); got.status != 403 {
		t.Errorf("on behalf of another: %s", got.text)
	}
	if got := w.withCookie(cookie, "GET", "/me", "", "Authorization", "Bearer usk_wrong"); got.status != 401 {
		t.Errorf("a wrong key is not made good by a cookie: %s", got.text)
	}
}

func cookied(t *testing.T, cookie string) *http.Request {
	r := request(t.Context(), "GET", "/me", "")
	r.Header.Set("Cookie", "__Host-usher-person="+cookie)
	return r
}

// TestOtherSitesCannotUseTheCookie is every method by every word of the browser:
// what is not from a page of this origin changes nothing, and reads nothing.
func TestOtherSitesCannotUseTheCookie(t *testing.T) {
	w := newWorld(t)
	cookie := w.signedIn("olga@example.com")
	link := w.ids["LINK"]
	for _, c := range []struct {
		name, site, origin, kind string
		reads, changes           int
	}{
		{"our page", "same-origin", "https://example.com", "application/json", 200, 200},
		{"our page, an old browser", "", "https://example.com", "application/json", 200, 200},
		{"another site", "cross-site", "https://evil.example", "application/json", 403, 403},
		{"another site, followed as a link", "cross-site", "", "application/json", 403, 403},
		{"a sibling", "same-site", "https://other.example.com", "application/json", 403, 403},
		{"another site, an old browser", "", "https://evil.example", "application/json", 403, 403},
		{"a hidden origin", "", "null", "application/json", 403, 403},
		{"a hidden origin with a word", "cross-site", "null", "application/json", 403, 403},
		{"typed", "none", "", "application/json", 200, 403},
		{"no browser", "", "", "application/json", 200, 403},
		{"a form", "same-origin", "https://example.com", "application/x-www-form-urlencoded", 200, 415},
		{"a form without a kind", "same-origin", "https://example.com", "text/plain", 200, 415},
		{"nothing", "same-origin", "https://example.com", "", 200, 415},
	} {
		header := []string{}
		for name, value := range map[string]string{"Sec-Fetch-Site": c.site, "Origin": c.origin} {
			if value != "" {
				header = append(header, name, value)
			}
		}
		header = append(header, "Content-Type", c.kind)
		if got := w.withCookie(cookie, "GET", "/links/"+link, "", header...); got.status != c.reads {
			t.Errorf("%s reads: %d %s", c.name, got.status, got.text)
		}
		for _, ask := range [][3]string{
			{"POST", "/links/" + link + "/suspend", `{"why":"a test"}`}, {"POST", "/links/" + link + "/resume", ""},
			{"PATCH", "/links/" + link, `{"views":7}`}, {"PUT", "/grants", `{"collection":"acme","person":"tess@example.com","can":["view"]}`},
		} {
			got := w.withCookie(cookie, ask[0], ask[1], ask[2], header...)
			if got.status != c.changes && !(c.changes == 200 && got.status == 201) {
				t.Errorf("%s: %s: %d %s", c.name, ask[0], got.status, got.text)
			}
		}
		if c.changes != 200 {
			if got := w.withCookie(cookie, "DELETE", "/grants/"+w.ids["GRANT"], "", header...); got.status != c.changes {
				t.Errorf("%s: DELETE: %d %s", c.name, got.status, got.text)
			}
		}
	}
	if got := w.must("GET", "/grants/"+w.ids["GRANT"], ""); got["id"] != w.ids["GRANT"] {
		t.Error(got)
	}
}

func TestASignInThatIsOverAsksNothing(t *testing.T) {
	w := newWorld(t)
	for name, end := range map[string]func(cookie string){
		"signed out": func(cookie string) {
			backend, _ := w.backend()
			if _, err := backend.Desk.SignOut(t.Context(), cookie); err != nil {
				t.Fatal(err)
			}
		},
		"suspended": func(string) { w.must("POST", "/persons/"+w.ids["PERSON"]+"/suspend", "") },
	} {
		cookie := w.signedIn("tess@example.com")
		if got := w.withCookie(cookie, "GET", "/me", ""); got.status != 200 {
			t.Fatal(got.text)
		}
		end(cookie)
		if got := w.withCookie(cookie, "GET", "/me", ""); got.status != 401 || got.slug() != "unauthorized" {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
		if name == "suspended" {
			w.must("POST", "/persons/"+w.ids["PERSON"]+"/resume", "")
		}
	}
	for _, cookie := range []string{"", "x", "usk_"} {
		if got := w.withCookie(cookie, "GET", "/me", ""); got.status != 401 {
			t.Errorf("%q: %s", cookie, got.text)
		}
	}
	// Two cookies of the name: one of them was planted.
	r := cookied(t, w.signedIn("tess@example.com"))
	r.Header.Set("Cookie", r.Header.Get("Cookie")+"; __Host-usher-person=planted")
	if got := w.send(w.onSite(), r); got.status != 401 {
		t.Errorf("a planted cookie: %s", got.text)
	}
	// A store that fails is no "signed out".
	cookie := w.signedIn("tess@example.com")
	w.store.fails = "get signin"
	if got := w.withCookie(cookie, "GET", "/me", ""); got.status != 503 {
		t.Errorf("the store fails: %d %s", got.status, got.text)
	}
}
