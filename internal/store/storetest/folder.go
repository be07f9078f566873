package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// openPlays are the assets that the opening's subject watches, as listed.
func (f *fixture) openPlays(o gate.Opening) []string {
	f.Helper()
	assets := []string{}
	for _, p := range f.plays(o) {
		assets = append(assets, p.Asset)
	}
	return assets
}

var folderCases = []testCase{
	{"each folder that was gathered is one asset, and every other folder is as before", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.gatherIn(o, "/f/")
		f.gatherIn(o, "/g/")
		for _, asset := range []string{"/f/a", "/g/a", "/h/a", "/h/b", "a", "f/a"} {
			f.watch(o, asset)
		}
		for asset, whole := range map[string]string{"/f/b": "/f/", "/f/": "/f/", "/g/b": "/g/", "/h/a": "/h/a", "a": "a", "f/a": "f/a"} {
			f.equal(asset, f.reserve(o, asset), gate.Claimed{Free: true, Asset: whole, Account: f.account(o.Link)})
			state := f.check(o, asset)
			f.equal(asset+": play", state.Play, f.playOf(o, whole, gate.PlayCharged))
			f.equal(asset+": gathered", state.Gathered, whole == "/f/" || whole == "/g/")
		}
		f.reserved(o, "/h/c")
		f.counts("after", o.Link, 6, 1)
	}},
	{"folders inside it, and what has only the same beginning, are no parts of it", func(f *fixture) {
		for _, other := range []string{"/f/g/a", "/f/g/", "f/a", "/fa", "/f", "a", "/ff/a", "/g/a", "//f/a", gate.WholeScope} {
			o := f.visit(f.link(gate.Terms{Views: 2}))
			f.watch(o, other)
			before := f.plays(o)
			f.gatherIn(o, "/f/")
			f.equal(other+" moved", f.plays(o), before)
			f.watch(o, "/f/a")
			f.equal(other, f.reserve(o, other).Free, true)
			f.counts(other, o.Link, 2, 0)
		}
	}},
	{"of its parts the one that was seen last moves, whatever else was seen after", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 5}))
		for _, asset := range []string{"/f/a", "/f/b", "/f/g/a", "/g/a"} {
			f.watch(o, asset)
			f.pass(time.Second)
		}
		plays := f.plays(o)
		f.gatherIn(o, "/f/")
		plays[1].Asset = "/f/"
		f.equal("one film", f.plays(o), plays)
		f.gatherIn(o, "/g/")
		plays[3].Asset = "/g/"
		f.equal("the other", f.plays(o), plays)
		f.equal("goes on", f.reserve(o, "/f/c").Free, true)
		f.counts("after", o.Link, 4, 0)
	}},
	{"a play of the folder stands in the way of its own parts only", func(f *fixture) {
		o, now := f.visit(f.link(gate.Terms{})), f.now()
		f.watch(o, "/f/")
		f.watch(o, "/f/a")
		f.watch(o, "/g/a")
		f.gatherIn(o, "/f/")
		f.gatherIn(o, "/g/")
		f.equal("plays", f.openPlays(o), []string{"/f/", "/f/a", "/g/"})
		f.equal("no time passed", f.now(), now)
	}},
	{"another session of the subject has not gathered, and joins once it has", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		tv := f.device(o.Link)
		tv.Subject = o.Subject
		f.starts(tv)
		f.gatherIn(o, "/f/")
		f.watch(o, "/f/a")
		f.equal("not yet", f.reserve(tv, "/f/a").Refused, noViews)
		f.gatherIn(tv, "/f/")
		f.equal("one view", f.reserve(tv, "/f/b").Free, true)
	}},
	{"a session that is resumed has gathered what it had", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.gatherIn(o, "/f/")
		f.watch(o, "/f/a")
		f.pass(time.Minute)
		f.resumes(o, o.Session)
		f.flush(usage(f, o, "/f/"))
		f.equal("free", f.reserve(o, "/f/b").Free, true)
		f.equal("seen", f.check(o, "/f/c").Play.LastSeen, f.now())
	}},
	{"a session that gathers too many lets go of the first, and may gather it again", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		name := func(n int) string { return fmt.Sprintf("/%d/", n) }
		f.gatherIn(o, name(0))
		f.watch(o, name(0)+"a")
		for n := range gate.MaxGathered - 1 {
			f.gatherIn(o, name(n+1))
		}
		f.gatherIn(o, name(0)) // which is no other one
		f.equal("all", f.reserve(o, name(0)+"b").Free, true)
		gathered := func() (all []int) {
			for n := range gate.MaxGathered + 3 {
				if state := f.check(o, name(n)+"b"); !state.Session.Gathered {
					f.Error("the session gathered nothing")
				} else if !state.Gathered {
					all = append(all, n)
				}
			}
			return all
		}
		f.gatherIn(o, name(gate.MaxGathered))
		f.gatherIn(o, name(gate.MaxGathered+1))
		f.equal("let go of", gathered(), []int{0, 1, gate.MaxGathered + 2})
		f.equal("a part", f.reserve(o, name(0)+"b").Free, false)
		f.gatherIn(o, name(0))
		f.equal("let go of then", gathered(), []int{1, 2, gate.MaxGathered + 2})
		f.equal("its play was kept", f.reserve(o, name(0)+"c").Free, true)
	}},
	{"of many who gather and watch two films at once, on any session, each film costs a view", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		tv := f.device(o.Link)
		tv.Subject = o.Subject
		f.starts(tv)
		var turn atomic.Int64
		f.race(o.Link, 2, func(gate.Opening) (bool, error) {
			n := turn.Add(1)
			session, film := []gate.Opening{o, tv}[n%2], []string{"/f/", "/g/"}[n/2%2]
			if err := f.store.Gather(f.ctx, session.Link, session.Session, film); err != nil {
				return false, err
			}
			won, err := f.playAsset(session, film+fmt.Sprint(n))
			state, failed := f.store.Check(f.ctx, gate.Query{Link: o.Link, Session: session.Session, Subject: o.Subject, Asset: film + "x"})
			if !state.Gathered || state.Play.State != gate.PlayCharged {
				failed = errors.Join(failed, fmt.Errorf("%s is watched and not: %+v", film, state))
			}
			return won, errors.Join(err, failed)
		})
		f.equal("plays", len(f.plays(o)), 2)
	}},
}
