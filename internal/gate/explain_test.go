package gate_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// explainSite is a gate over a model store with links in every state.
type explainSite struct {
	*testing.T
	gate  *gate.Gate
	store *model.Store
	ring  *token.Keyring
	now   time.Time
}

func newExplainSite(t *testing.T) *explainSite {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ring, err := token.NewKeyring(now)
	if err != nil {
		t.Fatal(err)
	}
	s := &explainSite{T: t, ring: ring, now: now}
	s.store = model.New(func() time.Time { return s.now })
	keys := func() *token.Keyring { return s.ring }
	s.gate = gate.New(gate.House{Store: s.store, Keys: keys}, gate.Unpaced, gate.DefaultPolicy())
	return s
}

// link stores a link and returns its id and code.
func (s *explainSite) link(path, entry string, terms gate.Terms) (gate.LinkID, string) {
	s.Helper()
	scope, err := gate.ParseScope(path)
	if err != nil {
		s.Fatal(err)
	}
	link := gate.Link{ID: gate.LinkID(token.NewID(s.now)), Scope: scope, Can: gate.View, Entry: entry, CreatedAt: s.now}
	if _, err := gate.Create(s.Context(), s.store, link, terms); err != nil {
		s.Fatal(err)
	}
	return link.ID, s.gate.LinkCode(link.ID)
}

// session opens one by a signed media URL.
func (s *explainSite) session(code, path string) string {
	s.Helper()
	v := s.decide(http.MethodGet, path, gate.Credential{Carrier: gate.InQuery, Text: code})
	if v.Outcome != gate.Redirect {
		s.Fatalf("opening a session on %s: %v %v", path, v.Outcome, v.Refusal)
	}
	return v.Token
}

func (s *explainSite) decide(method, rawPath string, c ...gate.Credential) gate.Verdict {
	s.Helper()
	path, ok := gate.ParsePath(rawPath)
	if !ok {
		s.Fatalf("path %q", rawPath)
	}
	v, err := s.gate.Decide(s.Context(), s.now, &gate.Request{Method: method, Path: path, Presented: c})
	if err != nil {
		s.Fatal(err)
	}
	return v
}

func (s *explainSite) explain(method, url string) gate.Explanation {
	s.Helper()
	e, err := s.gate.Explain(s.Context(), s.now, url, method)
	if err != nil {
		s.Fatalf("explaining: %v", err)
	}
	return e
}

func (s *explainSite) standing(id gate.LinkID, state string) {
	s.Helper()
	if _, err := s.store.SetStanding(s.Context(), id, gate.Standing{State: state}); err != nil {
		s.Fatal(err)
	}
}

// spend uses a view of the link for another device.
func (s *explainSite) spend(code, path string) string {
	s.Helper()
	session := s.session(code, path)
	v := s.decide(http.MethodGet, path, gate.Credential{Carrier: gate.InPath, Text: session})
	if settled, err := s.gate.Charge(s.Context(), &v); err != nil || !settled.Charged {
		s.Fatalf("charging: %+v, %v", settled, err)
	}
	return session
}

func (s *explainSite) jwt(claims token.Claims) string {
	s.Helper()
	text, err := s.ring.SignLink(claims)
	if err != nil {
		s.Fatal(err)
	}
	return text
}

func TestExplainWalksToTheRightEnd(t *testing.T) {
	s := newExplainSite(t)
	const host = "https://media.example.com"
	_, open := s.link("/acme/demo/*", "", gate.Terms{Views: 3, ViewsEach: 2, StartsAt: s.now, ExpiresAt: s.now.Add(time.Hour)})
	_, withEntry := s.link("/acme/demo/*", "hls/main.m3u8", gate.Terms{})
	file, one := s.link("/acme/film.mp4", "", gate.Terms{Views: 1})
	watching := s.spend(one, "/acme/film.mp4")
	gone, revoked := s.link("/acme/demo/*", "", gate.Terms{})
	cut := s.session(revoked, "/acme/demo/a.ts")
	s.standing(gone, gate.Revoked)
	paused, suspended := s.link("/acme/demo/*", "", gate.Terms{})
	s.standing(paused, gate.Suspended)
	_, early := s.link("/acme/demo/*", "", gate.Terms{StartsAt: s.now.Add(time.Hour)})
	_, late := s.link("/acme/demo/*", "", gate.Terms{ExpiresAt: s.now})
	unmade := s.ring.Seal(token.LinkCode, []byte("twelve bytes"))
	session := s.session(open, "/acme/demo/master.m3u8")
	downloadOnly := s.jwt(token.Claims{JTI: "d", Expires: s.now.Add(time.Hour), Terms: token.LinkClaims{Path: "/acme/demo/*", Can: []string{"stats"}}})
	foreign := s.jwt(token.Claims{JTI: "f", Expires: s.now.Add(time.Hour), Terms: token.LinkClaims{Path: "/acme/demo/*"}})
	foreignLate := s.jwt(token.Claims{JTI: "l", Expires: s.now, Terms: token.LinkClaims{Path: "/acme/demo/*"}})
	foreignWrong := s.jwt(token.Claims{JTI: "w", Expires: s.now.Add(time.Hour), Terms: token.LinkClaims{Path: "/s/x"}})

	tests := []struct {
		name, method, url string
		outcome           gate.Outcome
		reason            gate.Reason
		status            int
		last              string // the step that decided
	}{
		{"share page", "GET", host + "/s/" + open, gate.Pass, gate.OK, 200, "judge"},
		{"share page as a path", "GET", "/s/" + open, gate.Pass, gate.OK, 200, "judge"},
		{"share page, HEAD", "HEAD", "/s/" + open, gate.Pass, gate.OK, 200, "judge"},
		{"share page, POST", "POST", "/s/" + open, gate.Redirect, gate.OK, 303, "judge"},
		{"share page, PUT", "PUT", "/s/" + open, gate.Refuse, gate.BadMethod, 405, "gather"},
		{"share page, bad code", "GET", "/s/" + open[1:], gate.Refuse, gate.BadToken, 404, "verify"},
		{"share page of no link", "GET", "/s/" + unmade, gate.Refuse, gate.BadToken, 404, "verify"},
		{"share page, revoked", "GET", "/s/" + revoked, gate.Refuse, gate.RevokedLink, 410, "judge"},
		{"share page, suspended", "GET", "/s/" + suspended, gate.Refuse, gate.SuspendedLink, 403, "judge"},
		{"share page, early", "GET", "/s/" + early, gate.Refuse, gate.NotYet, 403, "judge"},
		{"share page, late", "GET", "/s/" + late, gate.Refuse, gate.Expired, 410, "judge"},
		{"share page, spent", "GET", "/s/" + one, gate.Refuse, gate.ViewsSpent, 410, "judge"},
		{"share page, session token", "GET", "/s/" + session, gate.Refuse, gate.BadToken, 404, "verify"},
		{"share page, signed elsewhere", "GET", "/s/" + foreign, gate.Pass, gate.OK, 200, "judge"},

		{"media by link", "GET", host + "/acme/demo/a.ts?usher=" + open + "&CMCD=bl%3D1#t=3", gate.Redirect, gate.OK, 302, "judge"},
		{"media by link, HEAD", "HEAD", "/acme/demo/a.ts?usher=" + open, gate.Blank, gate.OK, 204, "identify"},
		{"media by link, POST", "POST", "/acme/demo/a.ts?usher=" + open, gate.Refuse, gate.BadMethod, 405, "gather"},
		{"media by link, outside", "GET", "/acme/demos/a.ts?usher=" + open, gate.Refuse, gate.NotCovered, 404, "cover"},
		{"media by link, revoked", "GET", "/acme/demo/a.ts?usher=" + revoked, gate.Refuse, gate.RevokedLink, 410, "judge"},
		{"media by link, spent", "GET", "/acme/film.mp4?usher=" + one, gate.Refuse, gate.ViewsSpent, 410, "judge"},
		{"media, nothing", "GET", host + "/acme/demo/a.ts", gate.Refuse, gate.NoToken, 404, "present"},
		{"media, two tokens", "GET", "/acme/demo/a.ts?usher=" + open + "&usher=" + revoked, gate.Refuse, gate.TwoTokens, 400, "present"},
		{"media, damaged", "GET", "/acme/demo/a.ts?usher=" + damage(open), gate.Refuse, gate.BadToken, 404, "verify"},
		{"media, link in the path", "GET", "/~" + open + "/acme/demo/a.ts", gate.Refuse, gate.BadToken, 404, "verify"},
		{"media, signed elsewhere", "GET", "/acme/demo/a.ts?usher=" + foreign, gate.Redirect, gate.OK, 302, "judge"},
		{"media, RFC 9246", "GET", "/acme/demo/a.ts?URISigningPackage=" + foreign, gate.Redirect, gate.OK, 302, "judge"},
		{"media, signed elsewhere, late", "GET", "/acme/demo/a.ts?usher=" + foreignLate, gate.Refuse, gate.Expired, 410, "verify"},
		{"media, signed elsewhere, no scope", "GET", "/acme/demo/a.ts?usher=" + foreignWrong, gate.Refuse, gate.BadToken, 404, "verify"},
		{"media, lacks the capability", "GET", "/acme/demo/a.ts?usher=" + downloadOnly, gate.Refuse, gate.NoCapability, 403, "rule"},

		{"folder", "GET", "/acme/demo/?usher=" + open, gate.Redirect, gate.OK, 302, "judge"},
		{"folder with entry", "GET", "/acme/demo/?usher=" + withEntry, gate.Redirect, gate.OK, 302, "judge"},
		{"folder below", "GET", "/acme/demo/x/?usher=" + open, gate.Refuse, gate.NotCovered, 404, "cover"},

		{"session, unknown key", "GET", "/~" + session[:2] + damage(session[2:4]) + session[4:] + "/acme/demo/a.ts", gate.Refuse, gate.UnknownKey, 404, "verify"},
		{"session, manifest", "GET", host + "/~" + session + "/acme/demo/master.m3u8", gate.Pass, gate.OK, 200, "judge"},
		{"session, segment", "GET", "/~" + session + "/acme/demo/a.ts", gate.Pass, gate.OK, 200, "judge"},
		{"session, HEAD", "HEAD", "/~" + session + "/acme/demo/a.ts", gate.Pass, gate.OK, 200, "judge"},
		{"session, outside", "GET", "/~" + session + "/acme/film.mp4", gate.Refuse, gate.NotCovered, 404, "cover"},
		{"session in the query", "GET", "/acme/demo/a.ts?usher=" + session, gate.Pass, gate.OK, 200, "judge"},
		{"session, open play of a spent link", "GET", "/~" + watching + "/acme/film.mp4", gate.Pass, gate.OK, 200, "judge"},
		{"session, revoked link", "GET", "/~" + cut + "/acme/demo/a.ts", gate.Refuse, gate.RevokedLink, 410, "judge"},
		{"session and another token", "GET", "/~" + session + "/acme/demo/a.ts?usher=" + open, gate.Refuse, gate.TwoTokens, 400, "present"},
		{"session before a share link", "GET", "/~" + session + "/s/" + open, gate.Refuse, gate.BadRequest, 400, "gather"},

		{"not canonical", "GET", host + "/acme/../" + open, gate.Refuse, gate.BadRequest, 400, "gather"},
		{"no URL", "GET", open, gate.Refuse, gate.BadRequest, 400, "gather"},
		{"empty", "GET", "", gate.Refuse, gate.BadRequest, 400, "gather"},
		{"too long", "GET", "/" + strings.Repeat("a/", 5000), gate.Refuse, gate.BadRequest, 400, "gather"},
		{"host alone", "GET", host, gate.Refuse, gate.NoToken, 404, "present"},
		{"host and query", "GET", host + "?usher=" + open, gate.Refuse, gate.NotCovered, 404, "cover"},
		{"mistyped share link", "GET", "/S/" + open, gate.Refuse, gate.NoToken, 404, "present"},
		{"own page", "GET", host + "/_usher/console", gate.Pass, gate.OK, 200, "gather"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := s.snapshot()
			e := s.explain(test.method, test.url)
			if e.Outcome != test.outcome || e.Refusal.Reason != test.reason || e.Status != test.status {
				t.Fatalf("got %v %v %d, want %v %v %d; steps %+v", e.Outcome, e.Refusal.Reason, e.Status, test.outcome, test.reason, test.status, e.Steps)
			}
			checkSteps(t, e, test.last)
			checkNoToken(t, e, test.url)
			if after := s.snapshot(); after != before {
				t.Errorf("explaining changed the store:\n%s\nwas\n%s", after, before)
			}
		})
	}
	if e := s.explain("GET", "/s/"+one); e.Link != file || e.Account.Used != 1 || e.Refusal.Allowance != gate.AllowanceViews {
		t.Errorf("spent link: link %v, used %d, allowance %q", e.Link, e.Account.Used, e.Refusal.Allowance)
	}
}

// snapshot is all that a viewer could have changed.
func (s *explainSite) snapshot() string {
	s.Helper()
	links, err := s.store.List(s.Context(), gate.KindLink, "", "", 1000)
	if err != nil {
		s.Fatal(err)
	}
	sessions, err := s.store.Sessions(s.Context(), gate.Whose{}, gate.SessionID{}, 1000)
	if err != nil {
		s.Fatal(err)
	}
	text := fmt.Sprintf("%d links %+v", len(links), sessions)
	for _, doc := range links {
		link, err := gate.LinkFrom(doc)
		if err != nil {
			s.Fatal(err)
		}
		account, err := s.store.Account(s.Context(), link.ID)
		if err != nil {
			s.Fatal(err)
		}
		text += fmt.Sprintf("\n%s %+v", link.ID, account)
	}
	return text
}

// checkSteps: in order, each once, "answer" last, and only the step before it
// may refuse.
func checkSteps(t *testing.T, e gate.Explanation, last string) {
	t.Helper()
	at := -1
	for i, step := range e.Steps {
		place := slices.Index(gate.StepNames, step.Name)
		if place <= at {
			t.Errorf("step %d is %q, after step %q", i, step.Name, e.Steps[max(i-1, 0)].Name)
		}
		at = place
		if !strings.HasSuffix(step.Finding, ".") || len(step.Finding) < 20 {
			t.Errorf("step %q: %q is no sentence", step.Name, step.Finding)
		}
		if want := i == len(e.Steps)-2 && e.Refusal.Reason != gate.OK; (step.Reason != gate.OK) != want {
			t.Errorf("step %q has reason %v", step.Name, step.Reason)
		}
	}
	n := len(e.Steps)
	if n < 2 || e.Steps[n-1].Name != "answer" || e.Steps[n-2].Name != last {
		t.Errorf("steps end with %+v, want %q and then answer", e.Steps[max(n-2, 0):], last)
	}
}

// checkNoToken looks for any piece of the URL that could be a credential.
func checkNoToken(t *testing.T, e gate.Explanation, url string) {
	t.Helper()
	said := fmt.Sprintf("%+v", e)
	for _, piece := range strings.FieldsFunc(url, func(r rune) bool { return strings.ContainsRune("/?&=#~.", r) }) {
		if len(piece) >= 12 && strings.Contains(said, piece) {
			t.Errorf("the explanation repeats %q: %s", piece, said)
		}
	}
}

// damage changes the last character of the seal.
func damage(text string) string {
	last := "A"
	if strings.HasSuffix(text, last) {
		last = "B"
	}
	return text[:len(text)-1] + last
}

// A session's request is explained as Decide decides it, and one step at a
// time as its play goes on.
func TestExplainAgreesWithDecide(t *testing.T) {
	s := newExplainSite(t)
	id, code := s.link("/acme/demo/*", "", gate.Terms{Views: 1})
	session := s.session(code, "/acme/demo/master.m3u8")
	other := s.sessionOfAnotherDevice(code)
	agree := func(want gate.Outcome, reason gate.Reason, path, session string) {
		t.Helper()
		e := s.explain(http.MethodGet, "/~"+session+path)
		v := s.decide(http.MethodGet, path, gate.Credential{Carrier: gate.InPath, Text: session})
		if e.Outcome != want || v.Outcome != want || e.Refusal.Reason != reason || v.Refusal.Reason != reason {
			t.Errorf("%s: explained %v %v, decided %v %v, want %v %v", path, e.Outcome, e.Refusal.Reason, v.Outcome, v.Refusal.Reason, want, reason)
		}
		if e.Session != v.Session || e.Link != v.Link.ID {
			t.Errorf("%s: explained %v of %v, decided %v of %v", path, e.Session, e.Link, v.Session, v.Link.ID)
		}
		if want == gate.Pass && v.Holding {
			if _, err := s.gate.Charge(s.Context(), &v); err != nil {
				t.Fatal(err)
			}
		}
	}
	agree(gate.Pass, gate.OK, "/acme/demo/master.m3u8", session)
	agree(gate.Pass, gate.OK, "/acme/demo/a.ts", session) // charges the only view
	agree(gate.Pass, gate.OK, "/acme/demo/b.ts", session)
	agree(gate.Pass, gate.OK, "/acme/demo/master.m3u8", other)
	agree(gate.Refuse, gate.ViewsSpent, "/acme/demo/a.ts", other)
	s.now = s.now.Add(gate.DefaultPolicy().Pace.Idle)
	agree(gate.Refuse, gate.ViewsSpent, "/acme/demo/b.ts", session)
	s.standing(id, gate.Suspended)
	agree(gate.Refuse, gate.SuspendedLink, "/acme/demo/b.ts", session)
	s.standing(id, gate.Active)
	s.now = s.now.Add(gate.DefaultPolicy().SessionLife)
	agree(gate.Refuse, gate.NoSession, "/acme/demo/b.ts", session)
	s.now = s.now.Add(gate.SessionKept)
	agree(gate.Refuse, gate.NoSession, "/acme/demo/b.ts", session)
}

func (s *explainSite) sessionOfAnotherDevice(code string) string {
	s.Helper()
	path, _ := gate.ParsePath("/acme/demo/master.m3u8")
	v, err := s.gate.Decide(s.Context(), s.now, &gate.Request{
		Method: http.MethodGet, Path: path, Browser: true,
		Presented: []gate.Credential{{Carrier: gate.InQuery, Text: code}},
	})
	if err != nil || v.Outcome != gate.Redirect {
		s.Fatalf("opening another session: %+v, %v", v, err)
	}
	return v.Token
}

func TestExplainTellsAnErrorFromARefusal(t *testing.T) {
	s := newExplainSite(t)
	_, code := s.link("/acme/demo/*", "", gate.Terms{})
	session := s.session(code, "/acme/demo/a.ts")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, url := range []string{"/s/" + code, "/acme/demo/a.ts?usher=" + code, "/~" + session + "/acme/demo/a.ts"} {
		if e, err := s.gate.Explain(ctx, s.now, url, http.MethodGet); err == nil {
			t.Errorf("a store that cannot be asked was explained as %v %v", e.Outcome, e.Refusal.Reason)
		}
	}
}
