package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// whole is what a play looks like after it became that of the whole scope.
func whole(p gate.Play) gate.Play {
	p.Asset = gate.WholeScope
	return p
}

// plays returns the plays of the opening's subject.
func (f *fixture) plays(o gate.Opening) []gate.Play {
	f.Helper()
	for _, session := range f.sessions(o.Link, gate.SessionID{}, 99) {
		if session.ID == o.Session {
			return session.Plays
		}
	}
	f.Fatal("the session is not listed")
	return nil
}

var gatherCases = []testCase{
	{"a film that runs goes on after its manifest was asked for", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.watch(o, "film.mp4")
		opened := f.check(o, "film.mp4").Play
		f.pass(time.Minute)
		f.gather(o)
		f.equal("its play", f.check(o, "film.mp4").Play, whole(opened))
		for _, asset := range []string{"film.mp4", "720p", gate.WholeScope} {
			got := f.reserve(o, asset)
			f.equal("next range", got, gate.Claimed{Free: true, Asset: gate.WholeScope, Account: f.account(o.Link)})
		}
		f.counts("after", o.Link, 1, 0)
		f.pass(time.Minute)
		f.flush(usage(f, o, gate.WholeScope))
		f.equal("seen", f.check(o, "film.mp4").Play.LastSeen, f.now())
	}},
	{"the play that was seen last moves, and only that", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		f.pass(time.Second)
		f.watch(o, "b")
		f.pass(time.Second)
		f.watch(o, "c")
		f.pass(time.Second)
		f.flush(usage(f, o, "b"))
		plays := f.plays(o)
		f.gather(o)
		plays[1] = whole(plays[1])
		f.equal("plays", f.plays(o), plays)
		f.counts("after", o.Link, 3, 0)
	}},
	{"of plays seen at one moment, the first in byte order moves", func(f *fixture) {
		// Most locales have b before B, and all of them a before ab.
		for _, c := range [][]string{{"B", "b"}, {"a", "ab"}, {"a", "b"}, {"a", "\u00e4"}, {"a\x00", "a\x00b"}} {
			for _, order := range [][]string{c, {c[1], c[0]}} {
				o := f.visit(f.link(gate.Terms{}))
				f.watch(o, order[0])
				f.watch(o, order[1])
				f.gather(o)
				want := []gate.Play{f.playOf(o, gate.WholeScope, gate.PlayCharged), f.playOf(o, c[1], gate.PlayCharged)}
				f.equal("plays", f.plays(o), want)
			}
		}
	}},
	{"a play that has ended moves too, and stays ended", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.watch(o, "a")
		ended := f.check(o, "a").Play
		f.pass(pace.Idle)
		f.gather(o)
		f.equal("play", f.check(o, "a").Play, whole(ended))
		f.equal("refused", f.reserve(o, "a").Refused, noViews)
		f.extend(o.Link, gate.Extension{AddViews: 1})
		f.watch(o, "a")
		f.counts("after", o.Link, 2, 0)
		f.equal("plays", f.plays(o), []gate.Play{f.playOf(o, gate.WholeScope, gate.PlayCharged)})
	}},
	{"a play that is not known any more does not move", func(f *fixture) {
		link := f.link(gate.Terms{})
		o, tv := f.visit(link), f.device(link)
		f.watch(o, "a")
		f.pass(gate.SessionKept)
		tv.Subject = o.Subject
		f.starts(tv)
		f.gather(tv)
		f.equal("plays", f.plays(tv), []gate.Play(nil))
		f.equal("play", f.check(tv, "a").Play, gate.Play{})
	}},
	{"where there are no plays, none comes into being", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		o, other := f.visit(link), f.visit(link)
		f.watch(other, "a")
		f.gather(o)
		f.equal("play", f.check(o, "a").Play, gate.Play{})
		f.equal("refused", f.reserve(o, "a").Refused, noViews)
		f.equal("another subject's", f.plays(other), []gate.Play{f.playOf(other, "a", gate.PlayCharged)})
		f.counts("after", link, 1, 0)
	}},
	{"where there is a play of the whole scope, none moves", func(f *fixture) {
		for name, begin := range map[string]func(gate.Opening){
			"open":     func(o gate.Opening) { f.watch(o, gate.WholeScope) },
			"ended":    func(o gate.Opening) { f.watch(o, gate.WholeScope); f.pass(pace.Idle) },
			"reserved": func(o gate.Opening) { f.reserved(o, gate.WholeScope) },
		} {
			o := f.visit(f.link(gate.Terms{}))
			begin(o)
			f.pass(time.Second)
			f.watch(o, "a")
			account, plays := f.account(o.Link), f.plays(o)
			f.gather(o)
			f.equal(name+": plays", f.plays(o), plays)
			f.equal(name+": account", f.account(o.Link), account)
		}
	}},
	{"a lapsed reservation of the whole scope is none", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.reserved(o, gate.WholeScope)
		f.watch(o, "a")
		want := whole(f.check(o, "a").Play)
		f.pass(pace.Lapse)
		f.gather(o)
		f.equal("plays", f.plays(o), []gate.Play{want})
		f.counts("after", o.Link, 1, 0)
	}},
	{"a reserved play stays, and so does a hold", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		f.reserved(o, "a")
		other := f.device(o.Link)
		other.Hold = true
		f.starts(other)
		plays := f.plays(o)
		f.gather(o)
		f.gather(other)
		f.equal("plays", f.plays(o), plays)
		f.counts("gathered", o.Link, 0, 2)
		f.settle(o, "a", true)
		f.counts("charged as what it was reserved for", o.Link, 1, 1)
		f.watch(other, "a")
		f.counts("the hold was used", o.Link, 2, 0)
	}},
	{"gathering again changes nothing", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.gather(o)
		// Another session of the subject, which is not gathered, may still
		// watch assets one by one.
		tv := f.device(o.Link)
		tv.Subject = o.Subject
		f.starts(tv)
		f.watch(tv, "a")
		account, plays := f.account(o.Link), f.plays(o)
		f.pass(time.Second)
		f.gather(o)
		f.equal("plays", f.plays(o), plays)
		f.equal("account", f.account(o.Link), account)
	}},
}
