// Package storetest is the proof of the contract in package gate: every store
// passes the same suite, and none may leave a part of it out. What a store
// cannot promise has to leave the contract.
package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Open returns a store that is empty and tells the time by now, which gives
// whole milliseconds in UTC. The suite closes every store that it opens.
type Open func(t *testing.T, now func() time.Time) gate.Store

// Run proves that the stores which open returns keep the contract.
func Run(t *testing.T, open Open) {
	for _, verb := range []struct {
		name  string
		cases []testCase
	}{
		{"Documents", documentCases},
		{"Index", indexCases},
		{"End", endCases},
		{"Edition", editionCases},
		{"Account", accountCases},
		{"Extend", extendCases},
		{"HandOn", handOnCases},
		{"PlayFor", playForCases},
		{"SetStanding", standingCases},
		{"Open", openCases},
		{"Hold", holdCases},
		{"Seat", seatCases},
		{"Person", personCases},
		{"Check", checkCases},
		{"Above", aboveCases},
		{"Record", recordCases},
		{"Reserve", reserveCases},
		{"Settle", settleCases},
		{"Play", playCases},
		{"Session", sessionCases},
		{"Gather", gatherCases},
		{"Folder", folderCases},
		{"Sessions", listCases},
		{"Flush", flushCases},
		{"Watch", watchCases},
		{"Pace", paceCases},
		{"Rules", ruleCases},
		{"Concurrent", concurrentCases},
	} {
		t.Run(verb.name, func(t *testing.T) {
			for _, c := range verb.cases {
				t.Run(c.name, func(t *testing.T) { c.run(newFixture(t, open)) })
			}
		})
	}
	t.Run("Machine", func(t *testing.T) { Machine(t, open) })
}

// testCase proves one sentence of the contract.
type testCase struct {
	name string
	run  func(f *fixture)
}

// The timing of plays in the suite.
var pace = gate.Pace{Idle: 30 * time.Minute, Max: 2 * time.Hour, Lapse: 2 * time.Minute, Seat: 3 * time.Minute}

const (
	ms = time.Millisecond
	// life is how long sessions last in the suite.
	life = 8 * time.Hour
)

// clock is the time of a store under test; it moves when a test says so.
type clock struct{ millis atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.millis.Store(time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time       { return time.UnixMilli(c.millis.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.millis.Add(d.Milliseconds()) }

// fixture is a store under test. Its methods are the verbs, where an error
// ends the test; f.store is for those that should fail.
type fixture struct {
	*testing.T
	*clock
	store gate.Store
	ctx   context.Context
}

func newFixture(t *testing.T, open Open) *fixture {
	t.Helper()
	c := newClock()
	store := open(t, c.now)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &fixture{T: t, clock: c, store: store, ctx: t.Context()}
}

func (f *fixture) id() token.ID { return token.NewID(f.now()) }

// equal compares whole values by their text, which covers every field, and
// shows a time that is not UTC or carries a monotonic reading as different.
func (f *fixture) equal(what string, got, want any) {
	f.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		f.Fatalf("%s\n got %s\nwant %s", what, g, w)
	}
}

func ok[T any](f *fixture, verb string) func(T, error) T {
	f.Helper()
	return func(v T, err error) T {
		f.Helper()
		if err != nil {
			f.Fatalf("%s: %v", verb, err)
		}
		return v
	}
}

// link issues a fresh link.
func (f *fixture) link(terms gate.Terms) gate.LinkID {
	f.Helper()
	link := gate.LinkID(f.id())
	ok[gate.Account](f, "Issue")(f.store.Issue(f.ctx, link, terms))
	return link
}

func (f *fixture) account(link gate.LinkID) gate.Account {
	f.Helper()
	return ok[gate.Account](f, "Account")(f.store.Account(f.ctx, link))
}

// counts compares what the account counts.
func (f *fixture) counts(what string, link gate.LinkID, used, reserved int64) {
	f.Helper()
	a := f.account(link)
	f.equal(what+": used and reserved", []int64{a.Used, a.Reserved}, []int64{used, reserved})
}

func (f *fixture) extend(link gate.LinkID, change gate.Extension) gate.Account {
	f.Helper()
	return ok[gate.Account](f, "Extend")(f.store.Extend(f.ctx, link, change))
}

func (f *fixture) stand(link gate.LinkID, state string) gate.Account {
	f.Helper()
	standing := gate.Standing{State: state, Why: "why", By: "by"}
	return ok[gate.Account](f, "SetStanding")(f.store.SetStanding(f.ctx, link, standing))
}

// device is a fresh device's opening of a link. It also names the device's
// session in the verbs below.
func (f *fixture) device(link gate.LinkID) gate.Opening {
	device := gate.DeviceID(f.id())
	return gate.Opening{
		Link:    link,
		Session: gate.SessionID(f.id()),
		Device:  device,
		Subject: gate.SubjectOf(device),
		Agent:   "agent",
		Group:   "group",
		Life:    life,
		Pace:    pace,
	}
}

func (f *fixture) open(o gate.Opening) gate.Opened {
	f.Helper()
	return ok[gate.Opened](f, "Open")(f.store.Open(f.ctx, o))
}

// visit opens a session for a fresh device, without a hold.
func (f *fixture) visit(link gate.LinkID) gate.Opening {
	f.Helper()
	o := f.device(link)
	f.equal("Open: refused", f.open(o).Refused, gate.Refusal{})
	return o
}

func (f *fixture) check(o gate.Opening, asset string) gate.State {
	f.Helper()
	return ok[gate.State](f, "Check")(f.store.Check(f.ctx,
		gate.Query{Link: o.Link, Session: o.Session, Subject: o.Subject, Asset: asset}))
}

// edition is that of the documents.
func (f *fixture) edition() int64 {
	f.Helper()
	return f.check(gate.Opening{}, "").Edition
}

func claim(o gate.Opening, asset string) gate.Claim {
	return gate.Claim{
		Link: o.Link, Session: o.Session, Subject: o.Subject,
		Asset: asset, Opener: "/opener", Pace: o.Pace,
	}
}

func (f *fixture) reserve(o gate.Opening, asset string) gate.Claimed {
	f.Helper()
	return ok[gate.Claimed](f, "Reserve")(f.store.Reserve(f.ctx, claim(o, asset)))
}

// reserved reserves, ends the test where no slot was taken or joined, and
// returns the asset that is to be settled.
func (f *fixture) reserved(o gate.Opening, asset string) string {
	f.Helper()
	got := f.reserve(o, asset)
	f.equal("Reserve: free and refused", []any{got.Free, got.Refused}, []any{false, gate.Refusal{}})
	return got.Asset
}

func settlement(o gate.Opening, asset string, charge bool) gate.Settlement {
	return gate.Settlement{
		Link: o.Link, Session: o.Session, Subject: o.Subject,
		Asset: asset, Opener: "/opener", Charge: charge, Pace: o.Pace,
	}
}

func (f *fixture) settle(o gate.Opening, asset string, charge bool) gate.Settled {
	f.Helper()
	return ok[gate.Settled](f, "Settle")(f.store.Settle(f.ctx, settlement(o, asset, charge)))
}

// watch reserves and charges a play.
func (f *fixture) watch(o gate.Opening, asset string) {
	f.Helper()
	if got := f.settle(o, f.reserved(o, asset), true); !got.Charged {
		f.Fatalf("Settle did not charge: %+v", got)
	}
}

func (f *fixture) gather(o gate.Opening) {
	f.Helper()
	f.gatherIn(o, gate.WholeScope)
}

func (f *fixture) gatherIn(o gate.Opening, whole string) {
	f.Helper()
	if err := f.store.Gather(f.ctx, o.Link, o.Session, whole); err != nil {
		f.Fatalf("Gather: %v", err)
	}
}

func (f *fixture) end(o gate.Opening) gate.Session {
	f.Helper()
	return ok[gate.Session](f, "End")(f.store.End(f.ctx, o.Link, o.Session))
}

func (f *fixture) sessions(link gate.LinkID, below gate.SessionID, limit int) []gate.Session {
	f.Helper()
	return ok[[]gate.Session](f, "Sessions")(f.store.Sessions(f.ctx, gate.Whose{Link: link}, below, limit))
}

// sessionsOf returns the ids of a person's sessions.
func (f *fixture) sessionsOf(person gate.PersonID, below gate.SessionID, limit int) []gate.SessionID {
	f.Helper()
	whose := gate.Whose{Person: person}
	return ids(ok[[]gate.Session](f, "Sessions")(f.store.Sessions(f.ctx, whose, below, limit)))
}

func (f *fixture) flush(facts ...gate.Usage) {
	f.Helper()
	if err := f.store.Flush(f.ctx, facts); err != nil {
		f.Fatalf("Flush: %v", err)
	}
}
