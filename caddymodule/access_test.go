package caddymodule

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/secret"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

// site is a gated site with a directory, and a handler behind the gate that
// notes what it was asked.
type site struct {
	testing.TB
	*Handler
	dir    *directory.Directory
	behind http.Header
}

func newSite(t testing.TB, s config.Site) *site {
	h := handlerOf(t, s)
	dir, err := directory.New(h.app.backing, h.app.backing.view, directory.Settings{
		Now: func(ctx context.Context) (time.Time, error) {
			state, err := h.app.backing.Check(ctx, gate.Query{})
			return state.Now, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &site{TB: t, Handler: h, dir: dir}
}

// browserTab is a browser with its cookies.
type browserTab map[string]string

func (s *site) do(tab browserTab, method, target string, form url.Values) *http.Response {
	s.Helper()
	r := httptest.NewRequestWithContext(s.Context(), method, target, strings.NewReader(form.Encode()))
	if form == nil {
		r.Body, r.ContentLength = http.NoBody, 0
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if tab != nil {
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Accept", "text/html")
	}
	for name, value := range tab {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		s.behind = r.Header.Clone()
		_, err := io.WriteString(w, "media")
		return err
	})
	rec := httptest.NewRecorder()
	s.behind = nil
	if err := s.ServeHTTP(rec, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), rec, new(caddyhttp.Server)), next); err != nil {
		s.Fatal(err)
	}
	answer := rec.Result()
	for _, c := range answer.Cookies() {
		if tab != nil {
			tab[c.Name] = c.Value
		}
	}
	return answer
}

func (s *site) want(answer *http.Response, status int, reason gate.Reason) string {
	s.Helper()
	body, err := io.ReadAll(answer.Body)
	said := answer.Header.Get("Usher-Reason")
	if err != nil || answer.StatusCode != status || (reason != gate.OK && said != reason.String()) {
		s.Fatalf("%d %q, want %d %s: %v\n%s", answer.StatusCode, said, status, reason, err, body)
	}
	return string(body)
}

func (s *site) link(l gate.Link) (gate.Link, string) {
	s.Helper()
	l.ID, l.CreatedAt = gate.LinkID(token.NewID(time.Now())), time.Now()
	if l.Can == 0 {
		l.Can = gate.View
	}
	if l.Scope == (gate.Scope{}) {
		l.Scope = s.scope("/film/*")
	}
	if _, err := gate.Create(s.Context(), s.app.backing, l, gate.Terms{Views: 3}); err != nil {
		s.Fatal(err)
	}
	return l, s.gate.LinkCode(l.ID)
}

func (s *site) scope(text string) gate.Scope {
	s.Helper()
	scope, err := gate.ParseScope(text)
	if err != nil {
		s.Fatal(err)
	}
	return scope
}

func (s *site) collection(name string, level gate.Level, path string) directory.Collection {
	s.Helper()
	c, err := s.dir.CreateCollection(s.Context(), directory.Operator(), directory.NewCollection{Name: name, Paths: []gate.Scope{s.scope(path)}, Level: level})
	if err != nil {
		s.Fatal(err)
	}
	return c
}

// person adds somebody and signs them in, in a tab of their own.
func (s *site) person(address string) (gate.PersonID, browserTab) {
	s.Helper()
	p, err := s.dir.AddPerson(s.Context(), directory.Operator(), directory.NewPerson{Email: address})
	if err != nil {
		s.Fatal(err)
	}
	now := time.Now()
	in := signin.SignIn{ID: signin.ID(token.NewID(now)), Person: p.ID, Opened: now, Ends: now.Add(time.Hour)}
	body, err := json.Marshal(in)
	if err != nil {
		s.Fatal(err)
	}
	if _, err := s.app.backing.Put(s.Context(), gate.Document{Kind: gate.KindSignIn, ID: in.ID.String(), Body: body, Until: in.Ends}); err != nil {
		s.Fatal(err)
	}
	return p.ID, browserTab{"usher-person": s.gate.SignInToken(token.ID(in.ID))}
}

func (s *site) level(id gate.CollectionID, level gate.Level) {
	s.Helper()
	if _, err := s.dir.ChangeCollection(s.Context(), directory.Operator(), id, directory.CollectionChange{Level: &level}); err != nil {
		s.Fatal(err)
	}
}

// TestALinkWithAPassword is looked at, guessed at, opened, and watched.
func TestALinkWithAPassword(t *testing.T) {
	s := newSite(t, config.Site{})
	phc, err := secret.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	ann, tab := s.person("ann@example.com")
	link, code := s.link(gate.Link{Title: "The secret film", Password: phc, For: []gate.PersonID{ann}})
	stranger := browserTab{}
	page := s.want(s.do(stranger, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	if strings.Contains(page, "secret film") || strings.Contains(page, "of 3 views") || !strings.Contains(page, `autocomplete="current-password"`) ||
		!strings.Contains(page, `href="/_usher/signin?next=%2Fs%2F`+code) {
		t.Errorf("the page before the password:\n%s", page)
	}
	answer := s.do(stranger, http.MethodPost, "/s/"+code, url.Values{"password": {"battery"}})
	page = s.want(answer, 401, gate.PasswordWrong)
	if answer.Header.Get("WWW-Authenticate") != `Usher reason="password_wrong"` || !strings.Contains(page, gate.PasswordWrong.Heading()) ||
		!strings.Contains(page, `type="password"`) || strings.Contains(page, "secret film") || strings.Contains(page, "battery") {
		t.Errorf("%v\n%s", answer.Header, page)
	}
	s.want(s.do(stranger, http.MethodPost, "/s/"+code, nil), 401, gate.PasswordNeeded)
	s.want(s.do(stranger, http.MethodPost, "/s/"+code, url.Values{"password": {"correct horse", "x"}}), 401, gate.PasswordNeeded)
	s.want(s.do(nil, http.MethodGet, "/film/1.ts?usher="+code, nil), 401, gate.PasswordNeeded)
	if a, err := s.app.backing.Account(t.Context(), link.ID); err != nil || a.Reserved != 0 {
		t.Errorf("guessing holds %d views, %v", a.Reserved, err)
	}
	answer = s.do(stranger, http.MethodPost, "/s/"+code, url.Values{"password": {"correct horse"}})
	s.want(answer, 303, gate.OK)
	s.want(s.do(stranger, http.MethodGet, "/film/1.ts", nil), 200, gate.OK)
	if s.behind.Get("Usher-Person") != "" || s.behind.Get("Usher-Capabilities") != "view" {
		t.Errorf("the upstream is told %v", s.behind)
	}

	page = s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	if !strings.Contains(page, "The secret film") || strings.Contains(page, `type="password"`) {
		t.Errorf("whom the link names is asked for its password:\n%s", page)
	}
	s.want(s.do(tab, http.MethodPost, "/s/"+code, nil), 303, gate.OK)
	s.want(s.do(tab, http.MethodGet, "/film/1.ts", nil), 200, gate.OK)
	if s.behind.Get("Usher-Person") != ann.String() || strings.Contains(s.behind.Get("Cookie"), "usher") {
		t.Errorf("the upstream is told %v", s.behind)
	}
}

// TestGuessersWait: the tries before are counted over what they type, and each
// answer says when to come again.
func TestGuessersWait(t *testing.T) {
	s := newSite(t, config.Site{})
	phc, err := secret.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	_, code := s.link(gate.Link{Password: phc})
	var answer *http.Response
	for range 12 {
		if answer = s.do(browserTab{}, http.MethodPost, "/s/"+code, url.Values{"password": {"guess"}}); answer.StatusCode == http.StatusTooManyRequests {
			break
		}
		s.want(answer, 401, gate.PasswordWrong)
	}
	page := s.want(answer, 429, gate.TooManyTries)
	if answer.Header.Get("Retry-After") == "" || !strings.Contains(page, gate.TooManyTries.Heading()) {
		t.Errorf("%v\n%s", answer.Header, page)
	}
}

// TestALinkForSomebody sends whoever is not signed in to where that is done.
func TestALinkForSomebody(t *testing.T) {
	s := newSite(t, config.Site{})
	ann, tab := s.person("ann@example.com")
	_, other := s.person("ben@example.com")
	_, code := s.link(gate.Link{Title: "The secret film", For: []gate.PersonID{ann}})
	page := s.want(s.do(browserTab{}, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	if strings.Contains(page, "<form") || strings.Contains(page, "secret film") || !strings.Contains(page, `href="/_usher/signin?next=%2Fs%2F`+code) {
		t.Errorf("the page for nobody:\n%s", page)
	}
	answer := s.do(browserTab{}, http.MethodPost, "/s/"+code, nil)
	page = s.want(answer, 401, gate.SignIn)
	if answer.Header.Get("WWW-Authenticate") != `Usher reason="sign_in"` || !strings.Contains(page, "/_usher/signin?next=%2Fs%2F"+code) {
		t.Errorf("%v\n%s", answer.Header, page)
	}
	s.want(s.do(other, http.MethodGet, "/s/"+code, nil), 403, gate.WrongPerson)
	s.want(s.do(other, http.MethodGet, "/film/1.ts?usher="+code, nil), 403, gate.WrongPerson)
	s.want(s.do(tab, http.MethodGet, "/film/1.ts?usher="+code, nil), 302, gate.OK)
	s.want(s.do(tab, http.MethodGet, "/film/1.ts", nil), 200, gate.OK)
	if _, err := s.dir.CutPerson(t.Context(), directory.Operator(), ann); err != nil {
		t.Fatal(err)
	}
	s.want(s.do(tab, http.MethodGet, "/film/1.ts", nil), 403, gate.NoSession)
	s.want(s.do(tab, http.MethodGet, "/film/1.ts?usher="+code, nil), 401, gate.SignIn)
}

// TestAPublicPlaceIsServedToAnybody, with the headers of what is gated and
// nothing about anybody, until it is locked: then not even once more.
func TestAPublicPlaceIsServedToAnybody(t *testing.T) {
	for _, consistency := range []string{"strict", "lease 1m"} {
		s := newSite(t, config.Site{Consistency: consistency})
		c := s.collection("open", gate.Public, "/open/*")
		if err := s.app.backing.view.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"/open/1.ts", "/open/1.ts?usher=nonsense", "/~nonsense/open/1.ts"} {
			answer := s.do(nil, http.MethodGet, target, nil)
			if body := s.want(answer, 200, gate.OK); body != "media" {
				t.Errorf("%s: %q", target, body)
			}
			if answer.Header.Get("X-Robots-Tag") == "" || answer.Header.Get("Cache-Control") == "" || len(answer.Cookies()) != 0 {
				t.Errorf("%s: %v", target, answer.Header)
			}
			for name := range s.behind {
				if strings.HasPrefix(name, "Usher-") {
					t.Errorf("%s: the upstream is told %s", target, name)
				}
			}
		}
		s.want(s.do(nil, http.MethodGet, "/elsewhere/1.ts", nil), 404, gate.OK)
		s.level(c.ID, gate.Locked)
		if consistency != "strict" {
			s.app.backing.view.Told(gate.Change{Kind: gate.Missed}) // as the store's Watch says it, sooner or later
			if err := s.app.backing.view.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s.want(s.do(nil, http.MethodGet, "/open/1.ts", nil), 404, gate.OK)
	}
}

// TestAPersonWatchesWhatTheyWereGranted without any link, until the grant is
// taken back.
func TestAPersonWatchesWhatTheyWereGranted(t *testing.T) {
	s := newSite(t, config.Site{})
	c := s.collection("film", gate.Locked, "/film/*")
	ann, tab := s.person("ann@example.com")
	if page := s.want(s.do(tab, http.MethodGet, "/film/1.ts", nil), 403, gate.LockedPlace); strings.Contains(page, "/_usher/signin") {
		t.Errorf("who is signed in is asked to do so:\n%s", page)
	}
	grant, err := s.dir.PutGrant(t.Context(), directory.Operator(), directory.NewGrant{
		Collection: c.ID, Holder: directory.Holder{Person: ann}, Can: gate.View | gate.Share,
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := s.do(tab, http.MethodGet, "/film/1.ts", nil)
	s.want(answer, 302, gate.OK)
	to := answer.Header.Get("Location")
	s.want(s.do(nil, http.MethodGet, to, nil), 200, gate.OK)
	if s.behind.Get("Usher-Person") != ann.String() || s.behind.Get("Usher-Capabilities") != "view,share" {
		t.Errorf("the upstream is told %v", s.behind)
	}
	s.want(s.do(tab, http.MethodGet, "/film/2.ts", nil), 200, gate.OK) // by the cookie
	if err := s.dir.RemoveGrant(t.Context(), directory.Operator(), grant.ID()); err != nil {
		t.Fatal(err)
	}
	s.want(s.do(nil, http.MethodGet, to, nil), 403, gate.LockedPlace)
}

// TestLockingSparesThePersonsThatALinkNames.
func TestLockingSparesThePersonsThatALinkNames(t *testing.T) {
	s := newSite(t, config.Site{})
	c := s.collection("film", gate.ByLink, "/film/*")
	ann, tab := s.person("ann@example.com")
	_, open := s.link(gate.Link{Collection: c.ID, Scope: s.scope("/*")})
	_, named := s.link(gate.Link{Collection: c.ID, Scope: s.scope("/*"), For: []gate.PersonID{ann}})
	anybody := s.do(nil, http.MethodGet, "/film/1.ts?usher="+open, nil).Header.Get("Location")
	hers := s.do(tab, http.MethodGet, "/film/1.ts?usher="+named, nil).Header.Get("Location")
	s.want(s.do(nil, http.MethodGet, anybody, nil), 200, gate.OK)
	s.want(s.do(nil, http.MethodGet, hers, nil), 200, gate.OK)
	s.level(c.ID, gate.Locked)
	s.want(s.do(nil, http.MethodGet, anybody, nil), 403, gate.LockedPlace)
	s.want(s.do(nil, http.MethodGet, hers, nil), 200, gate.OK)
	page := s.want(s.do(browserTab{}, http.MethodGet, "/s/"+open, nil), 403, gate.LockedPlace)
	if !strings.Contains(page, `href="/_usher/signin?next=%2Fs%2F`+open) {
		t.Errorf("who may have a grant cannot sign in:\n%s", page)
	}
	s.level(c.ID, gate.Members)
	s.want(s.do(nil, http.MethodGet, anybody, nil), 401, gate.SignIn)
	s.level(c.ID, gate.ByLink)
	s.want(s.do(nil, http.MethodGet, anybody, nil), 200, gate.OK)
}

func FuzzPassword(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "password=a")
	f.Add("application/x-www-form-urlencoded; charset=utf-8", "password=a%20b&username=link")
	f.Add("text/plain", "password=a")
	f.Add("application/x-www-form-urlencoded", "password=a&password=b;c=%zz")
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/s/x", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		got := password(httptest.NewRecorder(), r)
		if len(got) > secret.MaxText || (got != "" && strings.Count(body, "=") == 0) {
			t.Fatalf("%q of %q", got, body)
		}
	})
}
