package gate_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// world is a gate over the model store with a clock of its own.
type world struct {
	testing.TB
	now    time.Time
	ring   *token.Keyring
	store  gate.Store
	gate   *gate.Gate
	pace   func() bool
	marks  *gate.Marks
	door   *door
	rules  *rules
	policy gate.Policy
}

func (w *world) keys() *token.Keyring { return w.ring }

func (w *world) pacer(gate.SessionID, time.Time) (gate.Pacer, bool) { return w, true }

// AllowN is the world's pacer.
func (w *world) AllowN(time.Time, int) bool { return w.pace() }

func newWorld(t testing.TB, change func(*gate.Policy)) *world {
	t.Helper()
	w := &world{TB: t, marks: new(gate.Marks), policy: gate.DefaultPolicy(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), pace: func() bool { return true }}
	var err error
	if w.ring, err = token.NewKeyring(w.now); err != nil {
		t.Fatal(err)
	}
	w.store = model.New(func() time.Time { return w.now })
	w.door, w.rules = &door{signIns: map[token.ID]signIn{}}, newRules(w.store, w.marks)
	if change != nil {
		change(&w.policy)
	}
	w.gate = w.over(w.store)
	return w
}

// over returns a gate over another store, with the world's own marks.
func (w *world) over(store gate.Store) *gate.Gate {
	return gate.New(gate.House{Store: store, Keys: w.keys, Marks: w.marks, Rules: w.rules, Door: w.door}, w.pacer, w.policy)
}

func (w *world) link(scope string, terms gate.Terms) gate.Link {
	w.Helper()
	return w.linkThatCan(scope, gate.View, terms)
}

func (w *world) linkThatCan(scope string, can gate.Capability, terms gate.Terms) gate.Link {
	w.Helper()
	s, err := gate.ParseScope(scope)
	if err != nil {
		w.Fatal(err)
	}
	link := gate.Link{ID: gate.LinkID(token.NewID(w.now)), Scope: s, Can: can, CreatedAt: w.now}
	if _, err := gate.Create(w.Context(), w.store, link, terms); err != nil {
		w.Fatal(err)
	}
	return link
}

// viewer is one client: its cookies, address and agent.
type viewer struct {
	device, agent, addr string
	browser             bool
	signIn, password    string
}

var player = viewer{agent: "Lavf/59.27", addr: "192.0.2.1"}

func (w *world) request(who viewer, method, path string, presented ...gate.Credential) *gate.Request {
	w.Helper()
	p, ok := gate.ParsePath(gate.EncodePath(path))
	if !ok {
		w.Fatalf("path %s", path)
	}
	return &gate.Request{
		Method: method, Path: p, Presented: presented, Device: who.device, Agent: who.agent,
		Client: netip.MustParseAddr(who.addr), Browser: who.browser, SignIn: who.signIn, Password: who.password,
	}
}

func (w *world) decide(req *gate.Request) gate.Verdict {
	w.Helper()
	v, err := w.gate.Decide(w.Context(), w.now, req)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// open opens a session by a signed media URL.
func (w *world) open(who viewer, link gate.Link, path string) gate.Verdict {
	w.Helper()
	return w.decide(w.request(who, http.MethodGet, path, gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)}))
}

// get asks for media with a session, and charges what has to be charged.
func (w *world) get(session gate.Verdict, path string) gate.Verdict {
	w.Helper()
	v := w.decide(w.request(player, http.MethodGet, path, gate.Credential{Carrier: gate.InPath, Text: session.Token}))
	if v.Outcome == gate.Pass && v.Holding {
		settled, err := w.gate.Charge(w.Context(), &v)
		if err != nil || settled.Refused.Reason != gate.OK {
			w.Fatalf("charge of %s: %+v, %v", path, settled, err)
		}
	}
	if v.Outcome == gate.Pass && v.Gathers {
		if err := w.gate.Gather(w.Context(), &v); err != nil {
			w.Fatal(err)
		}
	}
	return v
}

func (w *world) want(v gate.Verdict, outcome gate.Outcome, no gate.Reason) {
	w.Helper()
	if v.Outcome != outcome || v.Refusal.Reason != no {
		w.Fatalf("verdict %s, %s; want %s, %s", v.Outcome, v.Refusal.Reason, outcome, no)
	}
}

func (w *world) used(link gate.Link, used, reserved int64) {
	w.Helper()
	a, err := w.store.Account(w.Context(), link.ID)
	if err != nil || a.Used != used || a.Reserved != reserved {
		w.Fatalf("used %d, reserved %d, %v; want %d and %d", a.Used, a.Reserved, err, used, reserved)
	}
}

func other(n byte) viewer {
	return viewer{agent: "Lavf/59.27", addr: netip.AddrFrom4([4]byte{198, 51, 100, n}).String()}
}

func TestAViewIsAPlayAndNotARequest(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/demo/*", gate.Terms{Views: 1})
	s := w.open(player, link, "/demo/master.m3u8")
	w.want(s, gate.Redirect, gate.OK)
	w.used(link, 0, 0)
	for _, path := range []string{"/demo/master.m3u8", "/demo/360p/index.m3u8", "/demo/360p/key.key", "/demo/360p/init.mp4", "/demo/en.vtt", "/demo/poster.jpg"} {
		w.want(w.get(s, path), gate.Pass, gate.OK)
	}
	w.used(link, 0, 0)
	w.want(w.get(s, "/demo/360p/1.ts"), gate.Pass, gate.OK)
	w.used(link, 1, 0)
	// A quality change, a seek, a reload and a second start by the same player.
	w.want(w.get(s, "/demo/180p/7.ts"), gate.Pass, gate.OK)
	again := w.open(player, link, "/demo/master.m3u8")
	if again.Session != s.Session {
		t.Errorf("the same player got session %s after %s", again.Session, s.Session)
	}
	w.want(w.get(again, "/demo/360p/2.ts"), gate.Pass, gate.OK)
	w.used(link, 1, 0)
	v := w.open(other(1), link, "/demo/master.m3u8")
	w.want(v, gate.Refuse, gate.ViewsSpent)
	if v.Refusal.Allowance != gate.AllowanceViews {
		t.Errorf("allowance %q", v.Refusal.Allowance)
	}
}

func TestRenditionsAreOneAssetOnceTheirManifestWasSeen(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/lib/*", gate.Terms{Views: 2})
	s := w.open(player, link, "/lib/a/1.ts")
	w.want(w.get(s, "/lib/a/1.ts"), gate.Pass, gate.OK)
	w.want(w.get(s, "/lib/b/1.ts"), gate.Pass, gate.OK)
	w.used(link, 2, 0) // two films in a folder
	w.want(w.get(s, "/lib/c/1.ts"), gate.Refuse, gate.ViewsSpent)

	film := w.link("/film/*", gate.Terms{Views: 1})
	s = w.open(player, film, "/film/master.m3u8")
	w.get(s, "/film/master.m3u8")
	w.want(w.get(s, "/film/720p/1.ts"), gate.Pass, gate.OK)
	w.want(w.get(s, "/film/360p/1.ts"), gate.Pass, gate.OK)
	w.used(film, 1, 0) // two renditions of one
}

func TestIdlenessEndsAPlay(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/a.mp4", gate.Terms{Views: 2})
	s := w.open(player, link, "/a.mp4")
	w.get(s, "/a.mp4")
	w.now = w.now.Add(29 * time.Minute)
	w.get(s, "/a.mp4")
	w.used(link, 1, 0)
	w.now = w.now.Add(2 * time.Minute) // 31 minutes after the charge: nobody flushed a later sighting
	w.get(s, "/a.mp4")
	w.used(link, 2, 0)
}

func TestLookingNeverSpends(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/demo/*", gate.Terms{Views: 1})
	code := gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)}
	head := w.request(player, http.MethodHead, "/demo/a.mp4", code)
	w.want(w.decide(head), gate.Blank, gate.OK)
	prefetch := w.request(player, http.MethodGet, "/demo/a.mp4", code)
	prefetch.Speculative = true
	w.want(w.decide(prefetch), gate.Blank, gate.OK)
	for range 3 {
		v, err := w.gate.Land(w.Context(), w.now, w.gate.LinkCode(link.ID), w.request(player, http.MethodGet, "/x"))
		if err != nil || v.Outcome != gate.Pass {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	w.used(link, 0, 0)
	sessions, err := w.store.Sessions(w.Context(), gate.Whose{Link: link.ID}, gate.SessionID{}, 10)
	if err != nil || len(sessions) != 0 {
		t.Fatalf("sessions %v, %v", sessions, err)
	}
	s := w.open(player, link, "/demo/a.mp4")
	probe := w.request(player, http.MethodGet, "/demo/a.mp4", gate.Credential{Carrier: gate.InPath, Text: s.Token})
	probe.Range = gate.RangeProbe
	if v := w.decide(probe); v.Outcome != gate.Pass || v.Holding {
		t.Fatalf("a probe: %+v", v)
	}
	w.used(link, 0, 0)
}

func TestRedeemHoldsASlotForWhoeverPressedWatch(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/demo/*", gate.Terms{Views: 1})
	code := w.gate.LinkCode(link.ID)
	browser := viewer{agent: "Mozilla/5.0 Chrome/156", addr: "192.0.2.9", browser: true}
	first, err := w.gate.Redeem(w.Context(), w.now, code, w.request(browser, http.MethodPost, "/x"))
	if err != nil {
		t.Fatal(err)
	}
	w.want(first, gate.Redirect, gate.OK)
	w.used(link, 0, 1)
	second, err := w.gate.Redeem(w.Context(), w.now, code, w.request(browser, http.MethodPost, "/x"))
	if err != nil {
		t.Fatal(err)
	}
	w.want(second, gate.Refuse, gate.ViewsSpent)
	// A double click of the first is the same device, and no second slot.
	browser.device = w.gate.DeviceToken(first.Device)
	twice, err := w.gate.Redeem(w.Context(), w.now, code, w.request(browser, http.MethodPost, "/x"))
	if err != nil || twice.Session != first.Session {
		t.Fatalf("%+v, %v", twice, err)
	}
	w.used(link, 0, 1)
	w.want(w.get(first, "/demo/1.ts"), gate.Pass, gate.OK)
	w.used(link, 1, 0)
}

func TestAFailedAnswerCostsNothing(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/a.mp4", gate.Terms{Views: 1})
	s := w.open(player, link, "/a.mp4")
	v := w.decide(w.request(player, http.MethodGet, "/a.mp4", gate.Credential{Carrier: gate.InPath, Text: s.Token}))
	if !v.Holding {
		t.Fatal("nothing was reserved")
	}
	w.used(link, 0, 1)
	if err := w.gate.GiveBack(w.Context(), &v); err != nil {
		t.Fatal(err)
	}
	w.used(link, 0, 0)
}

func TestStandingAndWindow(t *testing.T) {
	w := newWorld(t, nil)
	end := w.now.Add(time.Hour)
	link := w.link("/a.mp4", gate.Terms{StartsAt: w.now.Add(time.Minute), ExpiresAt: end})
	w.want(w.open(player, link, "/a.mp4"), gate.Refuse, gate.NotYet)
	w.now = w.now.Add(2 * time.Minute)
	s := w.open(player, link, "/a.mp4")
	w.want(w.get(s, "/a.mp4"), gate.Pass, gate.OK)
	set := func(state string) {
		t.Helper()
		if _, err := w.store.SetStanding(w.Context(), link.ID, gate.Standing{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	set(gate.Suspended)
	w.want(w.get(s, "/a.mp4"), gate.Refuse, gate.SuspendedLink)
	set(gate.Active)
	w.want(w.get(s, "/a.mp4"), gate.Pass, gate.OK)
	w.now = end
	w.want(w.get(s, "/a.mp4"), gate.Refuse, gate.Expired)
	set(gate.Revoked)
	w.want(w.get(s, "/a.mp4"), gate.Refuse, gate.RevokedLink)
}

func TestAPlayMayFinishAfterTheEndWhereTheSiteSaysSo(t *testing.T) {
	w := newWorld(t, func(p *gate.Policy) { p.FinishAfterEnd = true })
	link := w.link("/a.mp4", gate.Terms{ExpiresAt: w.now.Add(time.Minute)})
	s := w.open(player, link, "/a.mp4")
	w.get(s, "/a.mp4")
	w.now = w.now.Add(2 * time.Minute)
	w.want(w.get(s, "/a.mp4"), gate.Pass, gate.OK)
	w.want(w.open(other(3), link, "/a.mp4"), gate.Refuse, gate.Expired)
}

func TestAnEndedSessionIsOver(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/a.mp4", gate.Terms{})
	s := w.open(player, link, "/a.mp4")
	w.get(s, "/a.mp4")
	if _, err := w.store.End(w.Context(), link.ID, s.Session); err != nil {
		t.Fatal(err)
	}
	w.want(w.get(s, "/a.mp4"), gate.Refuse, gate.NoSession)
}

func TestExtendingLetsTheSameLinkGoOn(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/a.mp4", gate.Terms{Views: 1})
	w.get(w.open(player, link, "/a.mp4"), "/a.mp4")
	w.want(w.open(other(1), link, "/a.mp4"), gate.Refuse, gate.ViewsSpent)
	if _, err := w.store.Extend(w.Context(), link.ID, gate.Extension{AddViews: 1}); err != nil {
		t.Fatal(err)
	}
	w.want(w.get(w.open(other(1), link, "/a.mp4"), "/a.mp4"), gate.Pass, gate.OK)
	w.used(link, 2, 0)
}

func TestScopeAndCapability(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/demo/*", gate.Terms{})
	s := w.open(player, link, "/demo/a.mp4")
	for _, path := range []string{"/demo2/a.mp4", "/a.mp4", "/demo"} {
		w.want(w.get(s, path), gate.Refuse, gate.NotCovered)
	}
	w.want(w.open(player, link, "/demo2/a.mp4"), gate.Refuse, gate.NotCovered)
	w.want(w.decide(w.request(player, http.MethodPut, "/demo/a.mp4", gate.Credential{Carrier: gate.InPath, Text: s.Token})), gate.Refuse, gate.BadMethod)
}

func TestALinkMintedElsewhereComesIntoBeingOnFirstUse(t *testing.T) {
	w := newWorld(t, nil)
	text, err := w.ring.SignLink(token.Claims{JTI: "order-17", Expires: w.now.Add(time.Hour), Terms: token.LinkClaims{Path: "/a.mp4", Views: 1}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.gate.Land(w.Context(), w.now, text, w.request(player, http.MethodGet, "/x"))
	if err != nil || v.Outcome != gate.Pass || v.Account.Views != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if docs, err := w.store.List(w.Context(), gate.KindLink, "", "", 10); err != nil || len(docs) != 0 {
		t.Fatalf("looking made a record: %v, %v", docs, err)
	}
	use := func(who viewer) gate.Verdict {
		return w.decide(w.request(who, http.MethodGet, "/a.mp4", gate.Credential{Carrier: gate.InQuery, Text: text}))
	}
	first := use(player)
	w.want(first, gate.Redirect, gate.OK)
	w.want(w.get(first, "/a.mp4"), gate.Pass, gate.OK)
	w.want(use(other(1)), gate.Refuse, gate.ViewsSpent)
	if docs, err := w.store.List(w.Context(), gate.KindLink, "", "", 10); err != nil || len(docs) != 1 {
		t.Fatalf("one record: %v, %v", docs, err)
	}
	w.now = w.now.Add(time.Hour)
	late := use(player)
	w.want(late, gate.Refuse, gate.Expired)
	if !late.Signed {
		t.Error("the holder of a signed link is not told why")
	}
}

// TestNoCredentialPassesForAnother tries every kind of credential on every
// carrier.
func TestNoCredentialPassesForAnother(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/a.mp4", gate.Terms{})
	s := w.open(player, link, "/a.mp4")
	code, session, device := w.gate.LinkCode(link.ID), s.Token, w.gate.DeviceToken(s.Device)
	for _, c := range []struct {
		carrier gate.Carrier
		text    string
		outcome gate.Outcome
	}{
		{gate.InPath, code, gate.Refuse}, {gate.InPath, device, gate.Refuse}, {gate.InPath, session, gate.Pass},
		{gate.InCookie, code, gate.Refuse}, {gate.InCookie, device, gate.Refuse}, {gate.InCookie, session, gate.Pass},
		{gate.InQuery, device, gate.Refuse}, {gate.InQuery, code, gate.Redirect},
		{gate.InHeader, device, gate.Refuse}, {gate.InHeader, session, gate.Pass}, {gate.InHeader, code, gate.Redirect},
	} {
		v := w.decide(w.request(player, http.MethodGet, "/a.mp4", gate.Credential{Carrier: c.carrier, Text: c.text}))
		if v.Outcome != c.outcome {
			t.Errorf("%.8s… on carrier %d: %s (%s), want %s", c.text, c.carrier, v.Outcome, v.Refusal.Reason, c.outcome)
		}
	}
	for _, text := range []string{session, device} {
		if v, err := w.gate.Land(t.Context(), w.now, text, w.request(player, http.MethodGet, "/x")); err != nil || v.Outcome != gate.Refuse {
			t.Errorf("a landing page for %.8s…: %+v, %v", text, v, err)
		}
	}
}

// downStore fails every verb that a decision may use.
type downStore struct{ gate.Store }

var errDown = errors.New("down")

func (downStore) Check(context.Context, gate.Query) (gate.State, error) { return gate.State{}, errDown }
func (downStore) Open(context.Context, gate.Opening) (gate.Opened, error) {
	return gate.Opened{}, errDown
}
func (downStore) Account(context.Context, gate.LinkID) (gate.Account, error) {
	return gate.Account{}, errDown
}
func (downStore) Reserve(context.Context, gate.Claim) (gate.Claimed, error) {
	return gate.Claimed{}, errDown
}

func TestAnErrorNeverPasses(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/a.mp4", gate.Terms{})
	s := w.open(player, link, "/a.mp4")
	down := w.over(downStore{w.store})
	for _, c := range []gate.Credential{{Carrier: gate.InPath, Text: s.Token}, {Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)}} {
		v, err := down.Decide(t.Context(), w.now, w.request(player, http.MethodGet, "/a.mp4", c))
		if !errors.Is(err, errDown) || v.Outcome != gate.Refuse {
			t.Errorf("%+v, %v", v, err)
		}
	}
}

func TestTooFast(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/a.mp4", gate.Terms{})
	s := w.open(player, link, "/a.mp4")
	w.pace = func() bool { return false }
	w.want(w.get(s, "/a.mp4"), gate.Refuse, gate.TooFast)
}
