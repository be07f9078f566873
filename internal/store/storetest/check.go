package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// playOf is the play of an asset that the session opened now.
func (f *fixture) playOf(o gate.Opening, asset, state string) gate.Play {
	return gate.Play{
		Exists: true, Asset: asset, State: state, OpenedAt: f.now(), LastSeen: f.now(),
		Session: o.Session, Opener: "/opener",
	}
}

// checked is a session as Check tells it: without what is for people only.
func checked(s gate.Session) gate.Session {
	s.Agent, s.Group = "", ""
	return s
}

var checkCases = []testCase{
	{"what does not exist is said so, by no error", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		edition := f.edition()
		f.equal("no link", f.check(f.device(gate.LinkID(f.id())), "a"), gate.State{Now: f.now(), Edition: edition})
		f.equal("zero link", f.check(gate.Opening{}, "a"), gate.State{Now: f.now(), Edition: edition})
		f.equal("no session", f.check(f.device(link), "a"),
			gate.State{Now: f.now(), Account: f.account(link), Edition: edition})
		o := f.visit(link)
		f.equal("no play", f.check(o, "a").Play, gate.Play{})
		elsewhere := o
		elsewhere.Link = f.link(gate.Terms{})
		f.equal("another link's session", f.check(elsewhere, "a").Session, gate.Session{})
	}},
	{"tells everything as of now", func(f *fixture) {
		o := f.device(f.link(gate.Terms{Views: 3}))
		want := gate.State{Session: checked(f.sessionOf(o))}
		f.starts(o)
		f.reserved(f.visit(o.Link), "a")
		f.pass(time.Second)
		f.watch(o, "a")
		want.Play = f.playOf(o, "a", gate.PlayCharged)
		f.pass(time.Second)
		want.Now, want.Account, want.Edition = f.now(), f.account(o.Link), f.edition()
		f.equal("state", f.check(o, "a"), want)
		f.equal("counts", []int64{want.Account.Used, want.Account.Reserved}, []int64{1, 1})
	}},
	{"changes nothing", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 3}))
		f.starts(o)
		f.watch(o, "a")
		f.reserved(o, "b")
		account, listed := f.account(o.Link), f.sessions(o.Link, gate.SessionID{}, 9)
		f.pass(time.Minute)
		for _, asset := range []string{"a", "b", "c", gate.WholeScope} {
			f.check(o, asset)
			f.check(f.device(o.Link), asset)
		}
		f.equal("account", f.account(o.Link), account)
		f.equal("sessions", f.sessions(o.Link, gate.SessionID{}, 9), listed)
	}},
	{"shows a reservation until it lapses", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.reserved(o, "a")
		want := f.playOf(o, "a", gate.PlayReserved)
		f.pass(pace.Lapse - ms)
		f.equal("before", f.check(o, "a").Play, want)
		f.equal("another asset", f.check(o, "b").Play, gate.Play{})
		f.equal("another subject", f.check(f.visit(o.Link), "a").Play, gate.Play{})
		f.pass(ms)
		state := f.check(o, "a")
		f.equal("lapsed", state.Play, gate.Play{})
		f.equal("given back", state.Account.Reserved, 0)
	}},
	{"shows a play that has ended until it is no longer known", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		want := f.playOf(o, "a", gate.PlayCharged)
		f.pass(gate.SessionKept - ms)
		f.equal("before", f.check(o, "a").Play, want)
		f.pass(ms)
		f.equal("after", f.check(o, "a").Play, gate.Play{})
		f.counts("the count stays", o.Link, 1, 0)
	}},
	{"a gathered session's play is that of the whole scope", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.gather(o)
		f.equal("none yet", f.check(o, "a").Play, gate.Play{})
		f.watch(o, "a")
		want := f.playOf(o, gate.WholeScope, gate.PlayCharged)
		for _, asset := range []string{"a", "b", gate.WholeScope} {
			f.equal("play", f.check(o, asset).Play, want)
		}
	}},
}
