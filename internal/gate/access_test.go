package gate_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var browser = viewer{agent: "Mozilla/5.0 Chrome/156", addr: "192.0.2.9", browser: true}

// as is the browser with somebody signed in.
func (w *world) as(who gate.PersonID) viewer {
	v := browser
	if !who.IsZero() {
		v.signIn = w.signIn(who)
	}
	return v
}

// TestWhoMayOpenALink: persons that a link names skip its password, and nothing
// else; whoever it does not name needs that, or does not get in.
func TestWhoMayOpenALink(t *testing.T) {
	var nobody gate.PersonID
	named := []gate.PersonID{ann}
	for _, c := range []struct {
		name     string
		who      gate.PersonID
		named    []gate.PersonID
		password string // of the link
		given    string
		level    gate.Level
		want     gate.Reason // of pressing Watch
		player   gate.Reason // of the signed media URL, which cannot answer
		asks     gate.Reason // of the landing page
	}{
		{"anybody", nobody, nil, "", "", gate.ByLink, gate.OK, gate.OK, gate.OK},
		{"anybody who is signed in", ben, nil, "", "", gate.ByLink, gate.OK, gate.OK, gate.OK},

		{"for somebody, nobody", nobody, named, "", "", gate.ByLink, gate.SignIn, gate.SignIn, gate.SignIn},
		{"for somebody, another", ben, named, "", "", gate.ByLink, gate.WrongPerson, gate.WrongPerson, gate.OK},
		{"for somebody, who it is", ann, named, "", "", gate.ByLink, gate.OK, gate.OK, gate.OK},

		{"password, none", nobody, nil, "sesame", "", gate.ByLink, gate.PasswordNeeded, gate.PasswordNeeded, gate.PasswordNeeded},
		{"password, wrong", nobody, nil, "sesame", "Sesame", gate.ByLink, gate.PasswordWrong, gate.PasswordNeeded, gate.PasswordNeeded},
		{"password, right", nobody, nil, "sesame", "sesame", gate.ByLink, gate.OK, gate.PasswordNeeded, gate.PasswordNeeded},
		{"password, somebody", ben, nil, "sesame", "", gate.ByLink, gate.PasswordNeeded, gate.PasswordNeeded, gate.PasswordNeeded},

		{"both, nobody", nobody, named, "sesame", "", gate.ByLink, gate.PasswordNeeded, gate.PasswordNeeded, gate.PasswordNeeded},
		{"both, nobody, right", nobody, named, "sesame", "sesame", gate.ByLink, gate.OK, gate.PasswordNeeded, gate.PasswordNeeded},
		{"both, another", ben, named, "sesame", "", gate.ByLink, gate.PasswordNeeded, gate.PasswordNeeded, gate.PasswordNeeded},
		{"both, another, wrong", ben, named, "sesame", "x", gate.ByLink, gate.PasswordWrong, gate.PasswordNeeded, gate.PasswordNeeded},
		{"both, another, right", ben, named, "sesame", "sesame", gate.ByLink, gate.OK, gate.PasswordNeeded, gate.PasswordNeeded},
		{"both, who it is", ann, named, "sesame", "", gate.ByLink, gate.OK, gate.OK, gate.OK},
		{"both, who it is, wrong", ann, named, "sesame", "x", gate.ByLink, gate.OK, gate.OK, gate.OK},

		{"locked, anybody", nobody, nil, "", "", gate.Locked, gate.LockedPlace, gate.LockedPlace, gate.OK},
		{"locked, password, right", nobody, nil, "sesame", "sesame", gate.Locked, gate.LockedPlace, gate.LockedPlace, gate.OK},
		{"locked, for somebody, nobody", nobody, named, "", "", gate.Locked, gate.SignIn, gate.SignIn, gate.SignIn},
		{"locked, for somebody, who it is", ann, named, "", "", gate.Locked, gate.OK, gate.OK, gate.OK},
		{"locked, both, another, right", ben, named, "sesame", "sesame", gate.Locked, gate.LockedPlace, gate.LockedPlace, gate.OK},
		{"members, nobody", nobody, nil, "", "", gate.Members, gate.SignIn, gate.SignIn, gate.SignIn},
		{"members, somebody", ben, nil, "", "", gate.Members, gate.OK, gate.OK, gate.OK},
		{"members, somebody, password", ben, nil, "sesame", "", gate.Members, gate.PasswordNeeded, gate.PasswordNeeded, gate.PasswordNeeded},
	} {
		for _, of := range []gate.CollectionID{{}, films} {
			t.Run(c.name, func(t *testing.T) {
				w := newWorld(t, nil)
				w.collect(films, collection{Paths: w.scopes("/film/*"), Level: c.level})
				link := gate.Link{Scope: w.scopes("/film/*")[0], Collection: of, For: c.named, Password: c.password}
				link = w.issue(link, gate.Terms{Views: 1})
				who := w.as(c.who)
				if v := w.land(link, w.request(who, http.MethodGet, "/x")); v.Asks != c.asks {
					t.Errorf("the landing page asks for %s, want %s", v.Asks, c.asks)
				}
				v := w.open(who, link, "/film/a/1.ts")
				if v.Refusal.Reason != c.player {
					t.Errorf("a player gets %s, want %s", v.Refusal.Reason, c.player)
				}
				who.password = c.given
				v = w.redeem(link, w.request(who, http.MethodPost, "/x"))
				if v.Refusal.Reason != c.want {
					t.Errorf("pressing Watch gives %s, want %s", v.Refusal.Reason, c.want)
				}
				if v.Outcome != gate.Redirect {
					w.used(link, 0, 0) // a refusal holds no view
					return
				}
				if v.Person != c.who {
					t.Errorf("the session is that of %v", v.Person)
				}
				w.want(w.get(v, "/film/a/1.ts"), gate.Pass, gate.OK)
			})
		}
	}
}

func TestGuessesAreCounted(t *testing.T) {
	w := newWorld(t, nil)
	link := w.issue(gate.Link{Scope: w.scopes("/film/*")[0], Password: "sesame"}, gate.Terms{})
	guess := func(text string, want gate.Reason) gate.Verdict {
		t.Helper()
		who := browser
		who.device, who.password = w.gate.DeviceToken(gate.DeviceID{7}), text
		v := w.redeem(link, w.request(who, http.MethodPost, "/x"))
		if v.Refusal.Reason != want {
			t.Errorf("%s, want %s", v.Refusal.Reason, want)
		}
		return v
	}
	guess("", gate.PasswordNeeded)
	guess("a", gate.PasswordWrong)
	guess("b", gate.PasswordWrong)
	if v := guess("sesame", gate.TooManyTries); v.Refusal.Wait != time.Minute {
		t.Errorf("to wait %s", v.Refusal.Wait)
	}
	for _, try := range w.door.tries {
		if try.Link != link.ID || try.Device != (gate.DeviceID{7}) || try.Group.String() != "192.0.2.9/32" {
			t.Errorf("the doorkeeper was told %+v", try)
		}
	}
	// Nothing is asked at a link that opens nothing: no guess is heard there.
	w.stand(link, gate.Suspended)
	guess("c", gate.SuspendedLink)
	if len(w.door.tries) != 2 {
		t.Errorf("%d tries", len(w.door.tries))
	}
}

// TestASignInThatWasCut: nobody is signed in by what was opened before.
func TestASignInThatWasCut(t *testing.T) {
	w := newWorld(t, nil)
	link := w.issue(gate.Link{Scope: w.scopes("/film/*")[0], For: []gate.PersonID{ann}}, gate.Terms{})
	who := w.as(ann)
	w.want(w.open(who, link, "/film/1.ts"), gate.Redirect, gate.OK)
	w.put(gate.KindPerson, ann.String(), person{CutAt: w.now})
	w.want(w.open(who, link, "/film/1.ts"), gate.Refuse, gate.SignIn)
	w.now = w.now.Add(time.Second)
	w.want(w.open(w.as(ann), link, "/film/1.ts"), gate.Redirect, gate.OK)
	for _, text := range []string{"x", w.gate.DeviceToken(gate.DeviceID(ann)), w.gate.LinkCode(link.ID), w.gate.SignInToken([12]byte(ann))} {
		forged := browser
		forged.signIn = text
		w.want(w.open(forged, link, "/film/1.ts"), gate.Refuse, gate.SignIn)
	}
}

// TestAPersonIsOneViewerOnAllDevices: views_each counts them once, and devices
// that nobody is signed in on apart.
func TestAPersonIsOneViewerOnAllDevices(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/film/*", gate.Terms{ViewsEach: 1})
	laptop := w.open(w.as(ann), link, "/film/a/1.ts")
	w.want(w.get(laptop, "/film/a/1.ts"), gate.Pass, gate.OK)
	phone := w.as(ann)
	phone.addr = "198.51.100.3"
	second := w.open(phone, link, "/film/a/1.ts")
	w.want(second, gate.Redirect, gate.OK)
	if second.Session == laptop.Session {
		t.Fatal("two devices have one session")
	}
	w.want(w.get(second, "/film/a/2.ts"), gate.Pass, gate.OK)
	w.want(w.get(second, "/film/b/1.ts"), gate.Refuse, gate.ViewsSpent)
	w.used(link, 1, 0)
	w.want(w.get(w.open(browser, link, "/film/b/1.ts"), "/film/b/1.ts"), gate.Pass, gate.OK)
	if v := w.get(second, "/film/a/2.ts"); v.Person != ann {
		t.Errorf("the upstream is told of %v", v.Person)
	}
}

// TestPublicPlacesLookAtNoCredential: not at a dead session, not at a forged
// one, and nothing is counted there.
func TestPublicPlacesLookAtNoCredential(t *testing.T) {
	for _, policy := range []func(*gate.Policy){nil, leased} {
		w := newWorld(t, policy)
		link := w.link("/film/*", gate.Terms{Views: 1})
		s := w.open(player, link, "/film/a/1.ts")
		w.get(s, "/film/a/1.ts")
		w.stand(link, gate.Revoked)
		w.now = w.now.Add(lease)
		w.want(w.get(s, "/film/a/1.ts"), gate.Refuse, gate.RevokedLink)
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public})
		w.now = w.now.Add(lease)
		v := w.get(s, "/film/a/1.ts") // the directory hears of it by this very request
		w.want(v, gate.Pass, gate.OK)
		if !v.Public || !v.Session.IsZero() || !v.Link.ID.IsZero() || v.Holding || v.Claim != (gate.Claim{}) {
			t.Errorf("a public place is told of the session: %+v", v)
		}
		for _, c := range [][]gate.Credential{nil, {inPath(s)}, {{Carrier: gate.InQuery, Text: "x"}}, {{Carrier: gate.InQuery, Text: "x"}, {Carrier: gate.InHeader, Text: "y"}}} {
			w.want(w.decide(w.request(player, http.MethodGet, "/film/a/1.ts", c...)), gate.Pass, gate.OK)
		}
		w.want(w.decide(w.request(player, http.MethodPost, "/film/a/1.ts")), gate.Refuse, gate.NoToken)
		w.want(w.decide(w.request(player, http.MethodGet, "/film/a/")), gate.Refuse, gate.NoToken)
		w.want(w.decide(w.request(player, http.MethodGet, "/films/a.ts")), gate.Refuse, gate.NoToken)
		w.used(link, 1, 0)
	}
}

// TestClosingAPublicPlaceBeatsTheLease: where it is told.
func TestClosingAPublicPlaceBeatsTheLease(t *testing.T) {
	w := newWorld(t, leased)
	caughtUp := w.hear()
	w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public})
	w.catchUp()
	count := &countingStore{Store: w.store}
	w.gate = w.over(count)
	req := w.request(player, http.MethodGet, "/film/a.mp4")
	for range 5 {
		w.want(w.decide(req), gate.Pass, gate.OK)
	}
	if count.checks != 1 {
		t.Errorf("%d checks for five requests within a lease", count.checks)
	}
	w.collect(films, collection{Paths: w.scopes("/film/*")})
	caughtUp()
	w.want(w.decide(req), gate.Refuse, gate.NoToken)
}

// TestWhatWasGranted: a person watches without a link, by a link of their own
// that is nobody else's.
func TestWhatWasGranted(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*"), Grants: map[gate.PersonID]gate.Capability{ann: gate.View | gate.Stats, ben: gate.Stats}})
	w.collect(clips, collection{Paths: w.scopes("/clips/*"), Level: gate.Members})
	get := func(who viewer, path string) gate.Verdict {
		t.Helper()
		return w.decide(w.request(who, http.MethodGet, path))
	}
	w.catchUp()
	s := get(w.as(ann), "/film/a/1.ts")
	w.want(s, gate.Redirect, gate.OK)
	v := w.get(s, "/film/a/1.ts")
	w.want(v, gate.Pass, gate.OK)
	if v.Can != gate.View|gate.Stats || v.Person != ann {
		t.Errorf("the upstream is told %s of %v", v.Can, v.Person)
	}
	w.want(w.get(s, "/film/b/1.ts"), gate.Pass, gate.OK) // no limit
	w.want(w.get(s, "/clips/1.ts"), gate.Refuse, gate.NotCovered)
	again := get(w.as(ann), "/film/a/1.ts")
	if again.Link.ID != s.Link.ID {
		t.Error("a person has two passes for one collection")
	}
	w.used(s.Link, 2, 0)

	w.want(get(w.as(ben), "/film/a/1.ts"), gate.Refuse, gate.NoCapability)
	w.want(get(w.as(ben), "/clips/1.ts"), gate.Redirect, gate.OK)
	w.want(get(w.as(ben), "/elsewhere.ts"), gate.Refuse, gate.NoToken)
	w.want(get(browser, "/clips/1.ts"), gate.Refuse, gate.NoToken)
	w.want(w.decide(w.request(w.as(ann), http.MethodHead, "/film/a/1.ts")), gate.Blank, gate.OK)

	// Its code is nobody's, not even its own person's.
	for _, who := range []gate.PersonID{{}, ann, ben} {
		w.want(w.open(w.as(who), s.Link, "/film/a/1.ts"), gate.Refuse, gate.BadToken)
		w.want(w.land(s.Link, w.request(w.as(who), http.MethodGet, "/x")), gate.Refuse, gate.BadToken)
		w.want(w.redeem(s.Link, w.request(w.as(who), http.MethodPost, "/x")), gate.Refuse, gate.BadToken)
	}
}

// TestAnotherLinksCookieIsNotInTheWay of what the person may watch themselves.
func TestAnotherLinksCookieIsNotInTheWay(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*"), Grants: map[gate.PersonID]gate.Capability{ann: gate.View}})
	w.catchUp()
	other := w.open(browser, w.link("/other/*", gate.Terms{}), "/other/1.ts")
	cookie := gate.Credential{Carrier: gate.InCookie, Text: other.Token}
	own := w.decide(w.request(w.as(ann), http.MethodGet, "/film/1.ts", cookie))
	w.want(own, gate.Redirect, gate.OK)
	w.want(w.decide(w.request(w.as(ann), http.MethodGet, "/film/1.ts", gate.Credential{Carrier: gate.InCookie, Text: own.Token})), gate.Pass, gate.OK)
	w.want(w.decide(w.request(w.as(ben), http.MethodGet, "/film/1.ts", cookie)), gate.Refuse, gate.NotCovered)
	w.want(w.decide(w.request(browser, http.MethodGet, "/film/1.ts", cookie)), gate.Refuse, gate.NotCovered)
	w.want(w.decide(w.request(w.as(ann), http.MethodGet, "/film/1.ts", inPath(other))), gate.Refuse, gate.NotCovered)

	// An anonymous session, in a place that was closed to those meanwhile.
	w.collect(clips, collection{Paths: w.scopes("/clips/*"), Level: gate.ByLink})
	anybody := w.open(browser, w.link("/clips/*", gate.Terms{}), "/clips/1.ts")
	cookie.Text = anybody.Token
	w.collect(clips, collection{Paths: w.scopes("/clips/*"), Level: gate.Members})
	w.want(w.decide(w.request(w.as(ben), http.MethodGet, "/clips/1.ts", cookie)), gate.Redirect, gate.OK)
	w.want(w.decide(w.request(browser, http.MethodGet, "/clips/1.ts", cookie)), gate.Refuse, gate.SignIn)
}

// TestALinkToACollection opens all its paths, also those it gets later, and
// counts a film in each folder as one of its own.
func TestALinkToACollection(t *testing.T) {
	w := newWorld(t, nil)
	inner := gate.CollectionID{3}
	w.collect(films, collection{Paths: w.scopes("/film/*", "/more/*", "/one.mp4"), Level: gate.ByLink, Includes: []gate.CollectionID{clips}})
	w.collect(clips, collection{Paths: w.scopes("/clips/*"), Level: gate.ByLink})
	w.collect(inner, collection{Paths: w.scopes("/film/secret/*"), Level: gate.ByLink})
	link := w.issue(gate.Link{Collection: films}, gate.Terms{Views: 5})
	s := w.open(player, link, "/film/a/1.ts")
	for i, path := range []string{"/film/a/1.ts", "/more/a/1.ts", "/one.mp4", "/clips/a/1.ts"} {
		for range 2 {
			v := w.get(s, path)
			w.want(v, gate.Pass, gate.OK)
			if v.Gathers {
				t.Errorf("%s makes five folders one asset", path)
			}
		}
		w.used(link, int64(i+1), 0)
	}
	w.get(s, "/film/master.m3u8") // of one film, of five
	w.want(w.get(s, "/film/b/1.ts"), gate.Pass, gate.OK)
	w.used(link, 4, 0)
	for _, path := range []string{"/film/secret/1.ts", "/elsewhere.ts", "/film", "/two.mp4"} {
		w.want(w.get(s, path), gate.Refuse, gate.NotCovered)
		w.want(w.open(player, link, path), gate.Refuse, gate.NotCovered)
	}
	w.collect(films, collection{Paths: w.scopes("/film/*", "/two.mp4"), Level: gate.ByLink})
	w.want(w.get(s, "/two.mp4"), gate.Pass, gate.OK)
	w.want(w.get(s, "/more/a/1.ts"), gate.Refuse, gate.NotCovered)
	w.used(link, 5, 0)
	if starts := w.gate.Starts(&link); len(starts) != 2 || starts[0].String() != "/film/*" || starts[1].String() != "/two.mp4" {
		t.Errorf("its player starts in %v", starts)
	}
}

// TestAfterACutALinkOpensAnew: the session that was cut is not found again, by
// whoever's device, nor taken for the pass of a person.
func TestAfterACutALinkOpensAnew(t *testing.T) {
	w := newWorld(t, nil)
	of := collection{Paths: w.scopes("/film/*"), Level: gate.ByLink, Grants: map[gate.PersonID]gate.Capability{ann: gate.View}}
	w.collect(films, of)
	w.catchUp()
	link := w.link("/film/*", gate.Terms{Views: 1, Seats: 2})
	device, signedIn := browser, w.as(ann)
	device.device, signedIn.device = w.gate.DeviceToken(gate.DeviceID{7}), w.gate.DeviceToken(gate.DeviceID{8})
	for _, open := range []func() gate.Verdict{
		func() gate.Verdict { return w.open(device, link, "/film/1.ts") },
		func() gate.Verdict { return w.open(player, link, "/film/1.ts") }, // by its alias
		func() gate.Verdict { return w.decide(w.request(signedIn, http.MethodGet, "/film/1.ts")) },
	} {
		before := open()
		w.want(w.decide(w.request(player, http.MethodGet, "/film/master.m3u8", inPath(before))), gate.Pass, gate.OK)
		w.now = w.now.Add(time.Minute)
		of.CutAt = w.now
		w.collect(films, of)
		w.want(w.get(before, "/film/1.ts"), gate.Refuse, gate.NoSession)
		w.now = w.now.Add(time.Second)
		after := open()
		w.want(after, gate.Redirect, gate.OK)
		if again := open(); after.Session == before.Session || again.Session != after.Session {
			t.Errorf("sessions %s, %s, %s", before.Session, after.Session, again.Session)
		}
		w.want(w.decide(w.request(player, http.MethodGet, "/film/master.m3u8", inPath(after))), gate.Pass, gate.OK)
		w.want(w.get(before, "/film/1.ts"), gate.Refuse, gate.NoSession)
	}
}

// TestStartByAndEndAreTwoTimes: from the first on no play begins, and one that
// is open goes on to the second.
func TestStartByAndEndAreTwoTimes(t *testing.T) {
	w := newWorld(t, nil)
	end := w.now.Add(20 * time.Minute)
	link := w.link("/film/*", gate.Terms{StartBy: w.now.Add(10 * time.Minute), ExpiresAt: end})
	child := w.issue(gate.Link{Scope: link.Scope, Above: []gate.LinkID{link.ID}}, gate.Terms{})
	s, c := w.open(player, link, "/film/a/1.ts"), w.open(other(4), child, "/film/a/1.ts")
	w.watch(s, "/film/a/1.ts")
	w.watch(c, "/film/a/1.ts")
	w.now = w.now.Add(10 * time.Minute)
	for _, s := range []gate.Verdict{s, c} {
		w.want(w.get(s, "/film/a/2.ts"), gate.Pass, gate.OK)
		w.want(w.get(s, "/film/b/1.ts"), gate.Refuse, gate.Expired)
		w.want(w.decide(w.request(player, http.MethodHead, "/film/b/1.ts", inPath(s))), gate.Refuse, gate.Expired)
		w.want(w.get(s, "/film/b/master.m3u8"), gate.Pass, gate.OK)
	}
	probe := w.request(player, http.MethodGet, "/film/b/1.ts", inPath(s))
	probe.Range = gate.RangeProbe
	v := w.decide(probe)
	w.want(v, gate.Pass, gate.OK)
	if err := w.gate.Take(w.Context(), &v); err != nil {
		t.Fatal(err)
	}
	w.want(v, gate.Refuse, gate.Expired) // it was answered with more than a probe
	for _, link := range []gate.Link{link, child} {
		w.want(w.open(other(5), link, "/film/a/1.ts"), gate.Refuse, gate.Expired)
		w.want(w.redeem(link, w.request(browser, http.MethodPost, "/x")), gate.Refuse, gate.Expired)
		w.want(w.land(link, w.request(browser, http.MethodGet, "/x")), gate.Refuse, gate.Expired)
	}
	w.now = end
	w.want(w.get(s, "/film/a/2.ts"), gate.Refuse, gate.Expired)
	w.want(w.get(c, "/film/a/2.ts"), gate.Refuse, gate.Expired)
}

// TestALinkWhoseParentIsGone opens nothing.
func TestALinkWhoseParentIsGone(t *testing.T) {
	w := newWorld(t, nil)
	orphan := w.issue(gate.Link{Scope: w.scopes("/film/*")[0], Above: []gate.LinkID{{9}}}, gate.Terms{})
	w.want(w.open(player, orphan, "/film/1.ts"), gate.Refuse, gate.RevokedLink)
	w.want(w.land(orphan, w.request(browser, http.MethodGet, "/x")), gate.Refuse, gate.RevokedLink)
}

// TestUseKeepsASessionUpToItsEnd: six hours on ten minutes at a time, without
// another token, and no further than it may last at the most.
func TestUseKeepsASessionUpToItsEnd(t *testing.T) {
	for _, policy := range []func(*gate.Policy){nil, leased} {
		w := newWorld(t, func(p *gate.Policy) {
			p.Unused, p.SessionLife = 10*time.Minute, 6*time.Hour
			if policy != nil {
				policy(p)
			}
		})
		link := w.link("/film/*", gate.Terms{})
		s := w.open(player, link, "/film/a/1.ts")
		begun := w.now
		for w.now.Sub(begun) < 6*time.Hour-9*time.Minute {
			w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
			if err := w.store.Flush(w.Context(), []gate.Usage{{Link: link.ID, Session: s.Session, Subject: s.Subject, LastSeen: w.now, Pace: w.policy.Pace}}); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(9 * time.Minute)
		}
		w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
		w.now = begun.Add(6 * time.Hour)
		w.want(w.get(s, "/film/a/1.ts"), gate.Refuse, gate.NoSession)

		idle := w.open(player, link, "/film/a/1.ts")
		w.want(w.get(idle, "/film/a/1.ts"), gate.Pass, gate.OK)
		w.now = w.now.Add(10 * time.Minute)
		w.want(w.get(idle, "/film/a/1.ts"), gate.Refuse, gate.NoSession)
		w.want(w.get(w.open(player, link, "/film/a/1.ts"), "/film/a/1.ts"), gate.Pass, gate.OK)
	}
}

// TestRunningAnswersAreCutByTheDirectory too.
func TestRunningAnswersAreCutByTheDirectory(t *testing.T) {
	granted := map[gate.PersonID]gate.Capability{ann: gate.View}
	for name, c := range map[string]struct {
		begin  func(w *world) gate.Verdict
		change func(w *world)
		want   gate.Reason
	}{
		"a link's": {func(w *world) gate.Verdict {
			return w.get(w.open(player, w.link("/film/*", gate.Terms{}), "/film/1.ts"), "/film/1.ts")
		}, func(w *world) { w.collect(films, collection{Paths: w.scopes("/film/*")}) }, gate.LockedPlace},
		"a person's": {func(w *world) gate.Verdict {
			w.collect(films, collection{Paths: w.scopes("/film/*"), Grants: granted})
			w.catchUp()
			return w.get(w.decide(w.request(w.as(ann), http.MethodGet, "/film/1.ts")), "/film/1.ts")
		}, func(w *world) { w.put(gate.KindPerson, ann.String(), person{CutAt: w.now}) }, gate.NoSession},
		"a named person's": {func(w *world) gate.Verdict {
			link := w.issue(gate.Link{Scope: w.scopes("/film/*")[0], For: []gate.PersonID{ann}}, gate.Terms{})
			return w.get(w.open(w.as(ann), link, "/film/1.ts"), "/film/1.ts")
		}, func(w *world) { w.collect(films, collection{Paths: w.scopes("/film/*")}) }, gate.OK},
		"everybody's": {func(w *world) gate.Verdict {
			w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public})
			w.catchUp()
			return w.decide(w.request(player, http.MethodGet, "/film/1.ts"))
		}, func(w *world) { w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink}) }, gate.NoToken},
		"of a link that was made from another": {func(w *world) gate.Verdict {
			parent := w.link("/film/*", gate.Terms{})
			child := w.issue(gate.Link{Scope: parent.Scope, Above: []gate.LinkID{parent.ID}, Title: parent.ID.String()}, gate.Terms{})
			return w.get(w.open(player, child, "/film/1.ts"), "/film/1.ts")
		}, func(w *world) {
			docs, err := w.store.List(w.Context(), gate.KindLink, "", "", 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, doc := range docs {
				if link, err := gate.LinkFrom(doc); err == nil && len(link.Above) == 0 {
					w.stand(link, gate.Revoked)
				}
			}
		}, gate.RevokedLink},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := c.begin(w)
			w.want(v, gate.Pass, gate.OK)
			still := func() gate.Reason {
				t.Helper()
				refusal, err := w.gate.Still(t.Context(), w.now, &v)
				if err != nil {
					t.Fatal(err)
				}
				return refusal.Reason
			}
			v.Holding = false
			if no := still(); no != gate.OK {
				t.Fatalf("cut before anything happened: %s", no)
			}
			c.change(w)
			if no := still(); no != c.want {
				t.Errorf("%s, want %s", no, c.want)
			}
		})
	}
}

// TestARulingIsSaidAgain until something changes: the directory is asked once,
// and again after each edition, not for each request.
func TestARulingIsSaidAgain(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/film/*", gate.Terms{})
	s := w.open(player, link, "/film/a/1.ts")
	before := w.rules.asked.Load()
	for range 10 {
		w.get(s, "/film/a/1.ts")
	}
	w.put(gate.KindPerson, ben.String(), person{})
	for range 10 {
		w.get(s, "/film/a/1.ts")
	}
	if n := w.rules.asked.Load() - before; n != 2 {
		t.Errorf("%d rulings for twenty requests and one change", n)
	}
}

// TestExplainTellsOfPlacesAndPersons and of no secret.
func TestExplainTellsOfPlacesAndPersons(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink})
	w.collect(clips, collection{Paths: w.scopes("/clips/*")})
	w.collect(gate.CollectionID{3}, collection{Paths: w.scopes("/open/*"), Level: gate.Public})
	named := w.issue(gate.Link{Collection: films, For: []gate.PersonID{ann}, Password: "$argon2id$secret"}, gate.Terms{})
	own := w.issue(gate.Link{Collection: films, For: []gate.PersonID{ann}}, gate.Terms{})
	w.collect(gate.CollectionID{4}, collection{Paths: w.scopes("/one.mp4"), Level: gate.ByLink})
	one := w.issue(gate.Link{Collection: gate.CollectionID{4}}, gate.Terms{})
	plain := w.link("/*", gate.Terms{})
	s := w.open(player, plain, "/film/1.ts")
	code := func(l gate.Link) string { return "?usher=" + w.gate.LinkCode(l.ID) }
	for _, c := range []struct {
		name, method, url string
		outcome           gate.Outcome
		reason            gate.Reason
		last              string
	}{
		{"public", "GET", "/open/1.ts" + code(plain), gate.Pass, gate.OK, "place"},
		{"locked, by link", "GET", "/clips/1.ts" + code(plain), gate.Refuse, gate.LockedPlace, "rule"},
		{"locked, by session", "GET", "/~" + s.Token + "/clips/1.ts", gate.Refuse, gate.LockedPlace, "rule"},
		{"open, by session", "GET", "/~" + s.Token + "/film/1.ts", gate.Pass, gate.OK, "judge"},
		{"no collection", "GET", "/~" + s.Token + "/x/1.ts", gate.Pass, gate.OK, "judge"},
		{"password, by link", "GET", "/film/1.ts" + code(named), gate.Refuse, gate.PasswordNeeded, "rule"},
		{"password, page", "GET", "/s/" + w.gate.LinkCode(named.ID), gate.Pass, gate.OK, "judge"},
		{"password, page, POST", "POST", "/s/" + w.gate.LinkCode(named.ID), gate.Refuse, gate.PasswordNeeded, "rule"},
		{"for somebody, page", "GET", "/s/" + w.gate.LinkCode(own.ID), gate.Pass, gate.OK, "judge"},
		{"collection, its player", "GET", "/" + code(w.issue(gate.Link{Collection: films}, gate.Terms{})), gate.Redirect, gate.OK, "judge"},
		{"collection of a file", "GET", "/" + code(one), gate.Redirect, gate.OK, "judge"},
		{"a folder, by session", "GET", "/~" + s.Token + "/film/", gate.Refuse, gate.NotCovered, "cover"},
		{"collection, elsewhere", "GET", "/clips/1.ts" + code(named), gate.Refuse, gate.NotCovered, "rule"},
		{"collection, nowhere", "GET", "/x/1.ts" + code(named), gate.Refuse, gate.NotCovered, "rule"},
	} {
		e, err := w.gate.Explain(w.Context(), w.now, c.url, c.method)
		if err != nil {
			t.Fatal(err)
		}
		if e.Outcome != c.outcome || e.Refusal.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s: %+v", c.name, e.Outcome, e.Refusal.Reason, c.outcome, c.reason, e.Steps)
		}
		checkSteps(t, e, c.last)
		checkNoToken(t, e, c.url)
		for _, step := range e.Steps {
			if strings.Contains(step.Finding, "argon2id") || strings.Contains(step.Finding, ann.String()) {
				t.Errorf("%s: told too much: %s", c.name, step.Finding)
			}
		}
	}
	// Of a session it says why it was let in, and not who it is.
	for _, c := range []struct {
		link gate.Link
		says string
	}{
		{named, "whom the link names, and who was not asked for its password"},
		{w.issue(gate.Link{Collection: films, For: []gate.PersonID{ann}}, gate.Terms{}), "a person's whom the link names."},
		{plain, "a signed-in person's."},
	} {
		hers := w.open(w.as(ann), c.link, "/film/1.ts")
		e, err := w.gate.Explain(w.Context(), w.now, "/~"+hers.Token+"/film/1.ts", "GET")
		at := slices.IndexFunc(e.Steps, func(s gate.Step) bool { return s.Name == "identify" })
		if err != nil || at < 0 || !strings.Contains(e.Steps[at].Finding, c.says) || strings.Contains(e.Steps[at].Finding, ann.String()) {
			t.Errorf("want %q: %+v, %v", c.says, e.Steps, err)
		}
	}
}
