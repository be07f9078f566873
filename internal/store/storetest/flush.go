package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// usage is the fact that the session's play was seen now.
func usage(f *fixture, o gate.Opening, asset string) gate.Usage {
	return gate.Usage{
		Link: o.Link, Session: o.Session, Subject: o.Subject, Asset: asset, LastSeen: f.now(), Pace: o.Pace,
	}
}

// seen returns when the session and its play of the asset were last seen.
func (f *fixture) seen(o gate.Opening, asset string) []time.Time {
	f.Helper()
	state := f.check(o, asset)
	return []time.Time{state.Session.LastSeen, state.Play.LastSeen}
}

var flushCases = []testCase{
	{"adds bytes and opens, and moves last seen forward", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 3}))
		f.watch(o, "a")
		state := f.check(o, "a")
		f.pass(time.Minute)
		fact := usage(f, o, "a")
		fact.Bytes, fact.Opens, fact.RefusedOpens = 1000, 2, 1
		f.flush(fact)
		f.flush(fact, fact)
		state.Now = f.now()
		state.Account.Opens, state.Account.RefusedOpens = 6, 3
		state.Session.Bytes, state.Account.Bytes = 3000, 3000
		state.Session.LastSeen = f.now()
		state.Play.LastSeen = f.now()
		f.equal("state", f.check(o, "a"), state)
	}},
	{"keeps a play open", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.watch(o, "a")
		for range 3 {
			f.pass(pace.Idle - ms)
			f.flush(usage(f, o, "a"))
		}
		f.pass(pace.Idle - ms)
		f.equal("free", f.reserve(o, "a").Free, true)
	}},
	{"never moves last seen backward", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		f.pass(time.Minute)
		old := usage(f, o, "a")
		f.pass(time.Minute)
		f.flush(usage(f, o, "a"))
		f.flush(old)
		f.equal("seen", f.seen(o, "a"), []time.Time{f.now(), f.now()})
		f.flush(gate.Usage{Link: o.Link, Session: o.Session, Subject: o.Subject, Asset: "a", Pace: pace})
		f.equal("seen", f.seen(o, "a"), []time.Time{f.now(), f.now()})
	}},
	{"never moves last seen beyond the store's now", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		f.pass(time.Minute)
		fact := usage(f, o, "a")
		fact.LastSeen = f.now().Add(time.Hour)
		f.flush(fact)
		f.equal("seen", f.seen(o, "a"), []time.Time{f.now(), f.now()})
	}},
	{"keeps the time of a fact to the millisecond", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		at := f.now().Add(time.Second)
		f.pass(time.Minute)
		fact := usage(f, o, "a")
		fact.LastSeen = at.Add(999_999).In(time.FixedZone("east", 3600))
		f.flush(fact)
		f.equal("seen", f.seen(o, "a"), []time.Time{at, at})
	}},
	{"never reopens a play that has ended by idleness", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		opened := f.now()
		f.pass(pace.Idle - ms)
		late := usage(f, o, "a")
		f.pass(ms)
		f.flush(late, usage(f, o, "a"))
		f.equal("seen", f.seen(o, "a"), []time.Time{f.now(), opened})
		f.equal("free", f.reserve(o, "a").Free, false)
	}},
	{"never prolongs a play beyond its maximum length", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		var seen time.Time
		for range 8 {
			seen = f.now()
			f.flush(usage(f, o, "a"))
			f.pass(pace.Max / 8)
		}
		f.flush(usage(f, o, "a"))
		f.equal("seen", f.seen(o, "a"), []time.Time{f.now(), seen})
	}},
	{"touches no reservation", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.reserved(o, "a")
		want := f.check(o, "a").Play
		f.pass(time.Second)
		f.flush(usage(f, o, "a"))
		f.equal("play", f.check(o, "a").Play, want)
	}},
	{"touches only the play of that asset and that subject", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		other := f.visit(o.Link)
		f.watch(o, "a")
		f.watch(o, "b")
		f.watch(other, "a")
		f.pass(time.Second)
		f.flush(usage(f, o, "a"))
		f.equal("that", f.seen(o, "a"), []time.Time{f.now(), f.now()})
		f.equal("another asset", f.check(o, "b").Play.LastSeen, f.now().Add(-time.Second))
		f.equal("another subject", f.check(other, "a").Play.LastSeen, f.now().Add(-time.Second))
	}},
	{"a fact without a session only counts for the link", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		want := f.check(o, "a")
		f.pass(time.Second)
		fact := usage(f, o, "a")
		fact.Session, fact.Opens, fact.Bytes = gate.SessionID{}, 3, 9
		f.flush(fact)
		fact.Opens, fact.RefusedOpens = 0, 2
		f.flush(fact)
		want.Now, want.Account.Opens, want.Account.RefusedOpens, want.Account.Bytes = f.now(), 3, 2, 18
		f.equal("state", f.check(o, "a"), want)
	}},
	{"facts about what is unknown are dropped, the others are not", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		f.pass(time.Second)
		noLink, noSession, noPlay := usage(f, o, "a"), usage(f, o, "a"), usage(f, o, "nothing")
		noLink.Link, noLink.Opens = gate.LinkID(f.id()), 1
		noSession.Session, noSession.Opens, noSession.Bytes = gate.SessionID(f.id()), 1, 9
		f.flush(noLink, noSession)
		f.equal("seen", f.seen(o, "a"), []time.Time{f.now().Add(-time.Second), f.now().Add(-time.Second)})
		noPlay.Bytes = 5
		f.flush(noLink, noSession, noPlay)
		f.equal("seen", f.seen(o, "a"), []time.Time{f.now(), f.now().Add(-time.Second)})
		f.equal("play", f.check(o, "nothing").Play, gate.Play{})
		f.equal("bytes", f.check(o, "a").Session.Bytes, 5)
		f.equal("opens", f.account(o.Link).Opens, 2)
		f.equal("the link's bytes", f.account(o.Link).Bytes, 9+9+5)
		_, err := f.store.Account(f.ctx, noLink.Link)
		f.fails("Account", err, gate.ErrNotFound)
		f.flush()
	}},
	{"bytes of a session that has ended still count", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.end(o)
		fact := usage(f, o, "a")
		fact.Bytes = 7
		f.flush(fact)
		f.equal("bytes", f.check(o, "a").Session.Bytes, 7)
	}},
}
