package signin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
)

func TestGetAndHeadChangeNothing(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	b := s.browser()
	b.signIn()
	edition := func() (int64, int) {
		_, edition, _, err := s.store.Edits(t.Context(), 0)
		n := 0
		for _, kind := range []gate.Kind{gate.KindCode, gate.KindAttempt, gate.KindSignIn} {
			docs, errList := s.store.List(t.Context(), kind, "", "", 1000)
			for _, doc := range docs {
				n += int(doc.Rev)
			}
			if err != nil || errList != nil {
				t.Fatal(err, errList)
			}
		}
		return edition, n
	}
	e1, n1 := edition()
	for _, path := range []string{"/_usher/signin", "/_usher/signin/code", "/_usher/signout", "/_usher/password", "/_usher/activate/" + code} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			got := b.do(httptest.NewRequest(method, site+path+"?email="+anna+"&password=x&code=1&fresh=1&new=0123456789", nil))
			if got.StatusCode != http.StatusOK || (method == http.MethodHead && got.body != "") {
				t.Errorf("%s %s: status %d", method, path, got.StatusCode)
			}
		}
	}
	if e2, n2 := edition(); e2 != e1 || n2 != n1 {
		t.Error("something was written")
	}
	if b.who() != anna {
		t.Error("looking signed somebody out")
	}
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	for _, path := range []string{"/_usher/signin", "/_usher/signin/code", "/_usher/signout", "/_usher/password", "/_usher/activate/" + code} {
		for _, from := range []string{"cross-site", "same-site", "none"} {
			b := s.browser()
			r := httptest.NewRequest(http.MethodPost, site+path, strings.NewReader("email="+anna+"&password=correct+horse+battery&new=another+horse+battery"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", from)
			b.wants(b.do(r), http.StatusForbidden, "cross_origin")
			if len(b.cookies) != 0 {
				t.Errorf("%s from %s set cookies %v", path, from, b.cookies)
			}
		}
	}
}

func TestOddRequests(t *testing.T) {
	s := stage(t)
	for name, c := range map[string]struct {
		method, path, kind, body string
		status                   int
	}{
		"unknown page":       {http.MethodGet, "/_usher/other", "", "", http.StatusNotFound},
		"a deeper path":      {http.MethodGet, "/_usher/signin/x", "", "", http.StatusNotFound},
		"an encoded path":    {http.MethodGet, "/_usher/sign%69n%2f", "", "", http.StatusNotFound},
		"PUT":                {http.MethodPut, "/_usher/signin", "", "", http.StatusMethodNotAllowed},
		"JSON":               {http.MethodPost, "/_usher/signin", "application/json", `{"email":"a"}`, http.StatusBadRequest},
		"multipart":          {http.MethodPost, "/_usher/signin", "multipart/form-data; boundary=x", "--x--", http.StatusBadRequest},
		"no kind":            {http.MethodPost, "/_usher/signin", "", "email=a", http.StatusBadRequest},
		"a field twice":      {http.MethodPost, "/_usher/signin", form, "email=a@x.example&email=b@x.example&password=x", http.StatusBadRequest},
		"bad encoding":       {http.MethodPost, "/_usher/signin", form, "email=%zz", http.StatusBadRequest},
		"a large body":       {http.MethodPost, "/_usher/signin", form, "email=" + strings.Repeat("a", 5000), http.StatusBadRequest},
		"no address":         {http.MethodPost, "/_usher/signin", form, "password=x", http.StatusUnprocessableEntity},
		"an odd address":     {http.MethodPost, "/_usher/signin", form, "email=a%0d%0aBcc:b@x.example&password=x", http.StatusUnprocessableEntity},
		"no provider, start": {http.MethodGet, "/_usher/oidc/start", "", "", http.StatusNotFound},
		"no provider, back":  {http.MethodGet, "/_usher/oidc/callback?code=x&state=y", "", "", http.StatusNotFound},
		"a code for an odd":  {http.MethodPost, "/_usher/signin/code", form, "email=x", http.StatusUnprocessableEntity},
		"signed out already": {http.MethodPost, "/_usher/signout", form, "", http.StatusSeeOther},
	} {
		b := s.browser()
		r := httptest.NewRequest(c.method, site+c.path, strings.NewReader(c.body))
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if c.kind != "" {
			r.Header.Set("Content-Type", c.kind)
		}
		if got := b.do(r); got.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", name, got.StatusCode, c.status)
		}
	}
}

const form = "application/x-www-form-urlencoded"

func TestWhereSomebodyIsSentOnTo(t *testing.T) {
	s := stage(t)
	for _, next := range []string{"//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a/../b", ""} {
		b := s.browser()
		got := b.post("/_usher/signin", "email", anna, "password", password, "next", next)
		if got.Header.Get("Location") != "/_usher/signin" {
			t.Errorf("%q led to %q", next, got.Header.Get("Location"))
		}
	}
	page := s.browser().get("/_usher/signin?next=//evil.example")
	if strings.Contains(page.body, "evil") {
		t.Error("the page hands on where it may not lead to")
	}
}

func TestFormsSayWhatIsWrongToEverybody(t *testing.T) {
	s := stage(t)
	b := s.browser()
	odd := b.post("/_usher/signin", "email", `x"><script>`, "password", "y")
	for _, want := range []string{
		`<label for="f-email">`, `aria-describedby="f-email-problem"`, `id="f-email-problem"`, `aria-invalid="true"`, `autocomplete="username"`,
		`autocomplete="current-password"`, `value="x&#34;&gt;&lt;script&gt;"`,
	} {
		if !strings.Contains(odd.body, want) {
			t.Errorf("%s is not in %s", want, odd.body)
		}
	}
	wrong := b.post("/_usher/signin", "email", anna, "password", "y")
	if !strings.Contains(wrong.body, `id="problem" role="alert"`) || !strings.Contains(wrong.body, `aria-describedby="problem"`) || strings.Contains(wrong.body, `value="y"`) {
		t.Error(wrong.body)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"} {
		if wrong.Header.Get(name) != want {
			t.Errorf("%s is %q", name, wrong.Header.Get(name))
		}
	}
	if policy := wrong.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
}

// watch opens a session in each browser.
func (s *scene) watch(browsers ...*browserOf) map[gate.SessionID]*browserOf {
	s.Helper()
	link := gate.LinkID{1}
	if _, err := s.store.Issue(s.Context(), link, gate.Terms{}); err != nil {
		s.Fatal(err)
	}
	opened := map[gate.SessionID]*browserOf{}
	for i, b := range browsers {
		_, in, err := s.desk.Who(s.Context(), b.cookies["__Host-usher-person"])
		if err != nil {
			s.Fatal(err)
		}
		id := gate.SessionID{byte(i + 1)}
		if _, err := s.store.Open(s.Context(), gate.Opening{
			Link: link, Session: id, Device: in.Device, Person: s.anna, Subject: gate.SubjectOfPerson(s.anna), Life: time.Hour,
		}); err != nil {
			s.Fatal(err)
		}
		opened[id] = b
	}
	return opened
}

// onlyWatches wants the session of one browser to be live, and all others ended.
func (s *scene) onlyWatches(b *browserOf, opened map[gate.SessionID]*browserOf) {
	s.Helper()
	sessions, err := s.store.Sessions(s.Context(), gate.Whose{Person: s.anna}, gate.SessionID{}, 10)
	if err != nil || len(sessions) != len(opened) {
		s.Fatalf("%+v, %v", sessions, err)
	}
	for _, session := range sessions {
		if live := session.Live(s.now()); live != (opened[session.ID] == b) {
			s.Errorf("session %s: live %v", session.ID, live)
		}
	}
}

func TestSigningOutEndsWhatThePersonWatchesHere(t *testing.T) {
	s := stage(t)
	here, there := s.browser(), s.browser()
	here.signIn()
	there.signIn()
	opened := s.watch(here, there)
	got := here.post("/_usher/signout")
	here.wants(got, http.StatusSeeOther, "/_usher/signin")
	if here.who() != "" || there.who() != anna || here.cookies["__Host-usher-person"] != "" {
		t.Errorf("here %q, there %q", here.who(), there.who())
	}
	s.onlyWatches(there, opened)
}

func TestANewPasswordEndsWhatThePersonWatchesElsewhere(t *testing.T) {
	s := stage(t)
	here, there := s.browser(), s.browser()
	here.signIn()
	there.signIn()
	opened := s.watch(here, there)
	here.wants(here.post("/_usher/password", "old", password, "new", "another horse battery"), http.StatusSeeOther, "")
	s.onlyWatches(here, opened)
}

func TestPagesThatThereAre(t *testing.T) {
	for path, there := range map[string]bool{
		"/_usher/signin": true, "/_usher/signin/code": true, "/_usher/signout": true, "/_usher/password": true, "/_usher/activate/x": true,
		"/_usher/oidc/start": true, "/_usher/oidc/callback": true, "/_usher/console": false, "/_usher/signinx": false, "/": false,
	} {
		if signin.Serves(path) != there {
			t.Errorf("%s: %v", path, !there)
		}
	}
}
