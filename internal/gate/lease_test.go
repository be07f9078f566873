package gate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

const lease = 2 * time.Second

// leased makes the world one of a site with a lease.
func leased(p *gate.Policy) { p.Lease = lease }

// hear lets the world's marks hear of changes, as a gateway does. The
// returned function waits until all that was changed so far was heard.
func (w *world) hear() (caughtUp func()) {
	heard := make(chan struct{})
	ctx, stop := context.WithCancel(w.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.store.Watch(ctx, func(change gate.Change) {
			w.marks.Move(change)
			if change.Kind == gate.KeysChanged || change.Kind == gate.Missed {
				heard <- struct{}{}
			}
		})
	}()
	w.Cleanup(func() { stop(); <-done })
	<-heard // it listens
	caughtUp = func() {
		w.Helper()
		if err := w.store.Announce(w.Context(), gate.Change{Kind: gate.KeysChanged}); err != nil {
			w.Fatal(err)
		}
		select {
		case <-heard:
		case <-time.After(10 * time.Second):
			w.Fatal("the store tells nothing of what was announced")
		}
	}
	return caughtUp
}

// TestAnEditionThatTheStoreLostIsNotAskedForAgainAndAgain: what was told before a
// check that names a lower one counts no more. What is told after that does.
func TestAnEditionThatTheStoreLostIsNotAskedForAgainAndAgain(t *testing.T) {
	w := newWorld(t, leased)
	s := w.open(player, w.link("/film/*", gate.Terms{}), "/film/1.ts")
	asked := &asks{rules: w.rules}
	w.gate = gate.New(gate.House{Store: w.store, Keys: w.keys, Marks: w.marks, Rules: asked, Door: w.door}, w.pacer, w.policy)
	tell := func(edition int64) {
		w.marks.Move(gate.Change{Kind: gate.DocumentChanged, Document: gate.DocumentName{Kind: gate.KindPerson, ID: "x"}, Edition: edition})
	}
	watch := func() { w.want(w.get(s, "/film/1.ts"), gate.Pass, gate.OK) }
	tell(1000)
	watch() // which checks: the store says less
	asked.of = nil
	for range 5 {
		watch()
	}
	if slices.Contains(asked.of, 1000) {
		t.Errorf("the rules were asked for %v", asked.of)
	}
	tell(1001)
	if watch(); !slices.Contains(asked.of, 1001) {
		t.Errorf("what was told later was not asked for: %v", asked.of)
	}
}

// asks are rules that note which editions they are to know.
type asks struct {
	*rules
	of []int64
}

func (a *asks) Know(ctx context.Context, edition int64) error {
	a.of = append(a.of, edition)
	return a.rules.Know(ctx, edition)
}

// refusals are all the ways to be refused by Decide while a session plays: what
// happens, and what the next request for a segment is told.
var refusals = []struct {
	name string
	want gate.Reason
	// happens returns the request to make instead of the usual one, or nil.
	happens func(w *world, link gate.Link, s gate.Verdict) *gate.Request
}{
	{"nothing is presented", gate.NoToken, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		return w.request(player, http.MethodGet, "/film/1.ts")
	}},
	{"two tokens", gate.TwoTokens, func(w *world, link gate.Link, s gate.Verdict) *gate.Request {
		return w.request(player, http.MethodGet, "/film/1.ts", inPath(s), gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)})
	}},
	{"a token with one letter changed", gate.BadToken, func(w *world, _ gate.Link, s gate.Verdict) *gate.Request {
		c := inPath(s)
		c.Text = c.Text[:40] + swapped(c.Text[40]) + c.Text[41:]
		return w.request(player, http.MethodGet, "/film/1.ts", c)
	}},
	{"the key is retired", gate.UnknownKey, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		old := w.ring.Keys()[0].ID
		var err error
		if w.ring, _, err = w.ring.Rotate(token.UseSeal, w.now); err != nil {
			w.Fatal(err)
		}
		if w.ring, err = w.ring.Retire(old, w.now); err != nil {
			w.Fatal(err)
		}
		return nil
	}},
	{"the link ends", gate.Expired, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.now = w.now.Add(time.Hour)
		return nil
	}},
	{"the link's end is moved here", gate.Expired, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		w.extend(link, gate.Extension{ExpiresAt: &w.now})
		return nil
	}},
	{"another path", gate.NotCovered, func(w *world, _ gate.Link, s gate.Verdict) *gate.Request {
		return w.request(player, http.MethodGet, "/films/1.ts", inPath(s))
	}},
	{"another method", gate.BadMethod, func(w *world, _ gate.Link, s gate.Verdict) *gate.Request {
		return w.request(player, http.MethodDelete, "/film/1.ts", inPath(s))
	}},
	{"a link without the capability", gate.NoCapability, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		other := w.linkThatCan("/film/*", gate.Stats, gate.Terms{})
		return w.request(player, http.MethodGet, "/film/1.ts", gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(other.ID)})
	}},
	{"a link that has not begun", gate.NotYet, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		other := w.link("/film/*", gate.Terms{StartsAt: w.now.Add(time.Minute)})
		return w.request(player, http.MethodGet, "/film/1.ts", gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(other.ID)})
	}},
	{"the session is ended", gate.NoSession, func(w *world, link gate.Link, s gate.Verdict) *gate.Request {
		if _, err := w.store.End(w.Context(), link.ID, s.Session); err != nil {
			w.Fatal(err)
		}
		return nil
	}},
	{"the session runs out", gate.NoSession, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		later := w.now.Add(24 * time.Hour)
		w.extend(link, gate.Extension{ExpiresAt: &later})
		w.now = w.now.Add(12 * time.Hour)
		return nil
	}},
	{"the session's seat is given to another", gate.Replaced, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		one, replace := int64(1), gate.ReplaceOldest
		w.extend(link, gate.Extension{AddViews: 1, Seats: &one, WhenFull: &replace})
		w.want(w.open(another, link, "/film/a/1.ts"), gate.Redirect, gate.OK)
		return nil
	}},
	{"another device, and no seat is left", gate.TooManySeats, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		one := int64(1)
		w.extend(link, gate.Extension{AddViews: 1, Seats: &one})
		return w.request(another, http.MethodGet, "/film/a/1.ts", gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)})
	}},
	{"the link is revoked", gate.RevokedLink, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		w.stand(link, gate.Revoked)
		return nil
	}},
	{"the link is suspended", gate.SuspendedLink, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		w.stand(link, gate.Suspended)
		return nil
	}},
	{"the play is over and no view is left", gate.ViewsSpent, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.now = w.now.Add(30 * time.Minute)
		return nil
	}},
	{"HEAD, the play is over and no view is left", gate.ViewsSpent, func(w *world, link gate.Link, s gate.Verdict) *gate.Request {
		return w.request(player, http.MethodHead, "/film/b/2.ts", inPath(s))
	}},
	{"another asset, and no view is left", gate.ViewsSpent, func(w *world, _ gate.Link, s gate.Verdict) *gate.Request {
		return w.request(player, http.MethodGet, "/film/b/2.ts", inPath(s))
	}},
	{"another asset, and no play may begin any more", gate.Expired, func(w *world, link gate.Link, s gate.Verdict) *gate.Request {
		w.extend(link, gate.Extension{AddViews: 1, StartBy: &w.now})
		return w.request(player, http.MethodGet, "/film/b/2.ts", inPath(s))
	}},
	{"the path is in a collection for members now", gate.SignIn, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Members})
		return nil
	}},
	{"the path is in a locked collection now", gate.LockedPlace, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.collect(films, collection{Paths: w.scopes("/film/*")})
		return nil
	}},
	{"a folder inside was locked", gate.LockedPlace, func(w *world, _ gate.Link, s gate.Verdict) *gate.Request {
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink})
		w.collect(clips, collection{Paths: w.scopes("/film/a/*")})
		return nil
	}},
	{"the collection's sessions are cut", gate.NoSession, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink, CutAt: w.now})
		return nil
	}},
	{"the link may not be watched by any more", gate.NoCapability, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		link.Can = gate.Stats
		w.put(gate.KindLink, link.ID.String(), link)
		return nil
	}},
	{"the link is for somebody now", gate.SignIn, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		link.For = []gate.PersonID{ann}
		w.put(gate.KindLink, link.ID.String(), link)
		return nil
	}},
	{"the link's maker holds nothing any more", gate.NoCapability, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.put(gate.KindPerson, ben.String(), person{Holds: gate.View | gate.Share})
		s := w.play(player, w.issue(gate.Link{Scope: w.scopes("/film/*")[0], By: ben}, gate.Terms{}))
		w.put(gate.KindPerson, ben.String(), person{})
		return w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
	}},
	{"the link is deleted", gate.NoSession, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		if err := w.store.Delete(w.Context(), gate.KindLink, link.ID.String()); err != nil {
			w.Fatal(err)
		}
		return nil
	}},
	{"the link that it was made from is suspended", gate.SuspendedLink, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		s := w.play(player, w.issue(gate.Link{Scope: link.Scope, Above: []gate.LinkID{link.ID}}, gate.Terms{}))
		w.stand(link, gate.Suspended)
		return w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
	}},
	{"the first of the links that it was made from is revoked", gate.RevokedLink, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		child := w.issue(gate.Link{Scope: link.Scope, Above: []gate.LinkID{link.ID}}, gate.Terms{})
		s := w.play(player, w.issue(gate.Link{Scope: link.Scope, Above: []gate.LinkID{child.ID, link.ID}}, gate.Terms{}))
		w.stand(link, gate.Revoked)
		return w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
	}},
	{"the end of the link that it was made from is moved here", gate.Expired, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		s := w.play(player, w.issue(gate.Link{Scope: link.Scope, Above: []gate.LinkID{link.ID}}, gate.Terms{}))
		w.extend(link, gate.Extension{ExpiresAt: &w.now})
		return w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
	}},
	{"a person's grant is taken away", gate.LockedPlace, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		granted := collection{Paths: w.scopes("/film/*"), Grants: map[gate.PersonID]gate.Capability{ann: gate.View}}
		w.collect(films, granted)
		s := w.pass(ann, "/film/a/1.ts")
		granted.Grants = nil
		w.collect(films, granted)
		return w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
	}},
	{"a person is cut off", gate.NoSession, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.collect(films, collection{Paths: w.scopes("/film/*"), Grants: map[gate.PersonID]gate.Capability{ann: gate.View}})
		s := w.pass(ann, "/film/a/1.ts")
		w.put(gate.KindPerson, ann.String(), person{CutAt: w.now})
		return w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
	}},
	{"another person opens a link for somebody", gate.WrongPerson, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		named := w.issue(gate.Link{Scope: link.Scope, For: []gate.PersonID{ann}}, gate.Terms{})
		return w.request(viewer{agent: "Chrome", addr: "192.0.2.8", signIn: w.signIn(ben)}, http.MethodGet, "/film/a/1.ts", w.byLink(named))
	}},
	{"a player opens a link with a password", gate.PasswordNeeded, func(w *world, link gate.Link, _ gate.Verdict) *gate.Request {
		return w.request(player, http.MethodGet, "/film/a/1.ts", w.byLink(w.issue(gate.Link{Scope: link.Scope, Password: "sesame"}, gate.Terms{})))
	}},
	{"a public place was closed", gate.NoToken, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.collect(films, collection{Paths: w.scopes("/open/*"), Level: gate.Public})
		w.catchUp()
		w.want(w.decide(w.request(player, http.MethodGet, "/open/1.ts")), gate.Pass, gate.OK)
		w.collect(films, collection{Paths: w.scopes("/open/*")})
		return w.request(player, http.MethodGet, "/open/1.ts")
	}},
	{"too fast", gate.TooFast, func(w *world, _ gate.Link, _ gate.Verdict) *gate.Request {
		w.pace = func() bool { return false }
		return nil
	}},
}

// elsewhere are the reasons that Decide never gives, and who does.
var elsewhere = map[gate.Reason]string{
	gate.BadRequest:    "gathering, before the gate is asked",
	gate.BadRange:      "gathering, before the gate is asked",
	gate.CrossOrigin:   "the share link's form",
	gate.BadManifest:   "whoever answers with what upstream sent",
	gate.TooLarge:      "where uploads are taken",
	gate.StoreDown:     "whoever gets Decide's error; see TestAnErrorNeverPasses",
	gate.PasswordWrong: "Redeem, which alone looks at passwords; see TestWhoMayOpenALink",
	gate.TooManyTries:  "Redeem, which alone looks at passwords; see TestGuessesAreCounted",
}

// play opens a session of its own on the link and watches a little, so that a
// lease may be in hand.
func (w *world) play(who viewer, link gate.Link) gate.Verdict {
	w.Helper()
	s := w.open(who, link, "/film/a/1.ts")
	w.watch(s, "/film/a/1.ts")
	return s
}

// pass opens the session of a person who brings no link.
func (w *world) pass(who gate.PersonID, path string) gate.Verdict {
	w.Helper()
	w.catchUp()
	s := w.decide(w.request(viewer{agent: "Chrome", addr: "192.0.2.7", browser: true, signIn: w.signIn(who)}, http.MethodGet, path))
	w.want(s, gate.Redirect, gate.OK)
	w.watch(s, path)
	return s
}

func (w *world) watch(s gate.Verdict, path string) {
	w.Helper()
	for range 3 {
		w.want(w.get(s, path), gate.Pass, gate.OK)
	}
}

// catchUp brings the world's directory to the edition of the moment.
func (w *world) catchUp() {
	w.Helper()
	state, err := w.store.Check(w.Context(), gate.Query{})
	if err == nil {
		err = w.rules.Know(w.Context(), state.Edition)
	}
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) byLink(link gate.Link) gate.Credential {
	return gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)}
}

func inPath(s gate.Verdict) gate.Credential {
	return gate.Credential{Carrier: gate.InPath, Text: s.Token}
}

func swapped(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func (w *world) stand(link gate.Link, state string) {
	w.Helper()
	if _, err := w.store.SetStanding(w.Context(), link.ID, gate.Standing{State: state}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) extend(link gate.Link, change gate.Extension) {
	w.Helper()
	if _, err := w.store.Extend(w.Context(), link.ID, change); err != nil {
		w.Fatal(err)
	}
}

// TestBothModesRefuseTheSame: whatever refuses a session in the middle of its
// play refuses it under a lease as well: at once where the change is told, and
// where nobody tells it, when the lease is over.
func TestBothModesRefuseTheSame(t *testing.T) {
	covered := map[gate.Reason]bool{gate.OK: true}
	for _, c := range refusals {
		covered[c.want] = true
		for _, mode := range []string{"strict", "lease", "lease, nothing is told"} {
			t.Run(c.name+", "+mode, func(t *testing.T) {
				policy := leased
				if mode == "strict" {
					policy = nil
				}
				w := newWorld(t, policy)
				caughtUp := func() { w.now = w.now.Add(lease) }
				if mode == "lease" {
					caughtUp = w.hear()
					caughtUp()
				}
				link := w.link("/film/*", gate.Terms{Views: 1, ExpiresAt: w.now.Add(time.Hour)})
				s := w.open(player, link, "/film/a/1.ts")
				w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
				w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
				if v := w.get(s, "/film/a/1.ts"); v.Recalled != (mode != "strict") {
					t.Fatalf("recalled: %t", v.Recalled)
				}
				req := c.happens(w, link, s)
				caughtUp()
				if req == nil {
					req = w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
				}
				w.want(w.decide(req), gate.Refuse, c.want)
				w.want(w.decide(req), gate.Refuse, c.want)
			})
		}
	}
	for _, reason := range gate.Reasons() {
		if _, other := elsewhere[reason]; other == covered[reason] {
			t.Errorf("%s is to be either among the refusals or given elsewhere", reason)
		}
	}
}

// countingStore counts checks, and can let one wait for its answer.
type countingStore struct {
	gate.Store
	checks int
	before func() // called after a check was answered, before the gate sees it
}

func (s *countingStore) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	s.checks++
	state, err := s.Store.Check(ctx, q)
	if s.before != nil {
		s.before()
	}
	return state, err
}

// TestALeaseSavesTheTrip counts what a play costs the store.
func TestALeaseSavesTheTrip(t *testing.T) {
	for _, c := range []struct {
		mode   string
		policy func(*gate.Policy)
		trips  int
	}{
		{"strict", nil, 20},
		// One for all that is one asset, and one more when the lease is over.
		{"lease", leased, 2},
	} {
		w := newWorld(t, c.policy)
		link := w.link("/film/*", gate.Terms{Views: 1})
		s := w.open(player, link, "/film/master.m3u8")
		w.get(s, "/film/master.m3u8")
		w.get(s, "/film/360p/0.ts")
		count := &countingStore{Store: w.store}
		w.gate = w.over(count)
		for i := range 10 {
			w.want(w.get(s, "/film/master.m3u8"), gate.Pass, gate.OK)
			w.want(w.get(s, fmt.Sprintf("/film/360p/%d.ts", i)), gate.Pass, gate.OK)
			if i == 4 {
				w.now = w.now.Add(lease)
			}
		}
		if count.checks != c.trips {
			t.Errorf("%s: %d checks for 20 requests, want %d", c.mode, count.checks, c.trips)
		}
	}
}

// TestAChangeBeatsTheAnswerUnderWay: a revocation is told while the answer to a
// check from before it is still under way. That answer may pass its own
// request; it must not become a lease.
func TestAChangeBeatsTheAnswerUnderWay(t *testing.T) {
	w := newWorld(t, leased)
	caughtUp := w.hear()
	link := w.link("/film/*", gate.Terms{Views: 1})
	s := w.open(player, link, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts")
	count := &countingStore{Store: w.store}
	w.gate = w.over(count)
	count.before = func() {
		w.stand(link, gate.Revoked)
		caughtUp()
		count.before = nil
	}
	w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
	w.want(w.get(s, "/film/a/1.ts"), gate.Refuse, gate.RevokedLink)
}

// TestALeaseNeverOutlivesItself: without any news a lease ends to the
// nanosecond, counted from before the store was asked.
func TestALeaseNeverOutlivesItself(t *testing.T) {
	w := newWorld(t, leased)
	link := w.link("/film/*", gate.Terms{Views: 1})
	s := w.open(player, link, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts") // the lease begins
	w.stand(link, gate.Revoked)
	w.now = w.now.Add(lease - 1)
	w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
	w.now = w.now.Add(1)
	w.want(w.get(s, "/film/a/1.ts"), gate.Refuse, gate.RevokedLink)
}

// TestAnExtensionIsSeenUnderALease: who was refused is asked for again at once,
// in either mode, since no refusal is ever remembered.
func TestARefusalIsNeverRemembered(t *testing.T) {
	w := newWorld(t, leased)
	link := w.link("/film/*", gate.Terms{Views: 1})
	s := w.open(player, link, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts")
	w.want(w.get(s, "/film/b/1.ts"), gate.Refuse, gate.ViewsSpent)
	w.extend(link, gate.Extension{AddViews: 1})
	w.want(w.get(s, "/film/b/1.ts"), gate.Pass, gate.OK)
	w.stand(link, gate.Suspended)
	w.now = w.now.Add(lease)
	w.want(w.get(s, "/film/b/1.ts"), gate.Refuse, gate.SuspendedLink)
	w.stand(link, gate.Active)
	w.want(w.get(s, "/film/b/1.ts"), gate.Pass, gate.OK)
}

// TestALeaseSurvivesTheStoreAndNothingMore: while the store is away, a lease
// that is in hand passes, and nothing else does.
func TestALeaseSurvivesTheStoreAndNothingMore(t *testing.T) {
	w := newWorld(t, leased)
	link := w.link("/film/*", gate.Terms{Views: 2})
	s := w.open(player, link, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts")
	gone := &goneStore{Store: w.store}
	w.gate = w.over(gone)
	w.get(s, "/film/a/1.ts") // the link is read
	gone.gone = true
	w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
	other := w.request(player, http.MethodGet, "/film/b/1.ts", inPath(s))
	if v, err := w.gate.Decide(w.Context(), w.now, other); err == nil {
		t.Errorf("another asset, with the store gone: %v", v.Outcome)
	}
	w.now = w.now.Add(lease)
	same := w.request(player, http.MethodGet, "/film/a/1.ts", inPath(s))
	if v, err := w.gate.Decide(w.Context(), w.now, same); err == nil {
		t.Errorf("the lease is over, with the store gone: %v", v.Outcome)
	}
}

type goneStore struct {
	gate.Store
	gone bool
}

var errGone = errors.New("gone")

func (s *goneStore) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	if s.gone {
		return gate.State{}, errGone
	}
	return s.Store.Check(ctx, q)
}

// TestRecallAllocatesNothing: from the request to the verdict, under a lease.
func TestRecallAllocatesNothing(t *testing.T) {
	for _, inside := range []bool{false, true} {
		g, now, req := playing(t, leased, inside)
		ctx := t.Context()
		if n := testing.AllocsPerRun(100, func() {
			if v, err := g.Decide(ctx, now, req); err != nil || !v.Recalled {
				t.Fatal(v.Refusal, err)
			}
		}); n != 0 {
			t.Errorf("%g allocations, in a collection: %t", n, inside)
		}
	}
}

// playing returns a gate, and a request for a segment of a play that is open,
// inside a collection or not.
func playing(tb testing.TB, change func(*gate.Policy), inside bool) (*gate.Gate, time.Time, *gate.Request) {
	w := newWorld(tb, change)
	if inside {
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink})
	}
	link := w.link("/film/*", gate.Terms{Views: 1, ExpiresAt: w.now.Add(time.Hour)})
	s := w.open(player, link, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts")
	w.get(s, "/film/a/1.ts")
	return w.gate, w.now, w.request(player, http.MethodGet, "/film/a/2.ts", inPath(s))
}

// BenchmarkDecide is a decision about a segment of a running play, over a store
// in memory.
func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		mode   string
		policy func(*gate.Policy)
		inside bool
	}{{"strict", nil, false}, {"lease", leased, false}, {"strict, in a collection", nil, true}, {"lease, in a collection", leased, true}} {
		b.Run(c.mode, func(b *testing.B) {
			g, now, req := playing(b, c.policy, c.inside)
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if v, err := g.Decide(ctx, now, req); err != nil || v.Outcome != gate.Pass {
					b.Fatal(v.Refusal, err)
				}
			}
		})
	}
}

// BenchmarkVerify is the same token again and again, and a keyring that is new
// each time, which remembers nothing.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b, nil)
	link := w.link("/film/*", gate.Terms{})
	s := w.open(player, link, "/film/a/1.ts")
	req := w.request(player, http.MethodPost, "/film/a/1.ts", inPath(s)) // refused after it
	ring := w.ring
	for name, keys := range map[string]func() *token.Keyring{
		"known": func() *token.Keyring { return ring },
		"new": func() *token.Keyring {
			fresh := *ring
			return &fresh
		},
	} {
		b.Run(name, func(b *testing.B) {
			g := gate.New(gate.House{Store: model.New(func() time.Time { return w.now }), Keys: keys}, w.pacer, w.policy)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Decide(b.Context(), w.now, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
