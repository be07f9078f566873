package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// tenth is a rate of ten in a second, twenty at once.
var tenth = gate.Rate{Interval: 100 * ms, Burst: 20}

// asked is the fact that the session asked so often, for the first time then.
func asked(f *fixture, o gate.Opening, requests int64, since time.Time) gate.Usage {
	fact := usage(f, o, "a")
	fact.Requests, fact.Since, fact.Rate = requests, since, tenth
	return fact
}

// paced ends the test unless the session's PacedTo is that far ahead of now.
func (f *fixture) paced(what string, o gate.Opening, ahead time.Duration) {
	f.Helper()
	f.equal(what+": paced to", f.check(o, "a").Session.PacedTo, f.now().Add(ahead))
}

var paceCases = []testCase{
	{"a session that never asked has no pace", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.flush(usage(f, o, "a"), asked(f, o, 0, f.now()))
		f.equal("paced to", f.check(o, "a").Session.PacedTo, time.Time{})
	}},
	{"requests move it on by their time, of whatever asset", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		since := f.now()
		f.pass(3 * time.Second)
		other := asked(f, o, 5, f.now())
		other.Asset = "b"
		f.flush(asked(f, o, 20, since), other)
		f.paced("25 requests in 3 s", o, 500*ms)
		f.pass(2 * time.Second)
		f.flush(asked(f, o, 10, f.now().Add(-time.Second)))
		f.paced("after a rest", o, 0)
	}},
	{"facts of two nodes add up", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		since := f.now()
		f.pass(2 * time.Second)
		f.flush(asked(f, o, 20, since))
		f.flush(asked(f, o, 20, since))
		f.paced("twice the rate", o, 2*time.Second)
	}},
	{"it stops at twice the burst", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.flush(asked(f, o, 1<<40, f.now()))
		f.paced("far too many", o, 4*time.Second)
		f.flush(asked(f, o, 1, f.now()))
		f.paced("and one more", o, 4*time.Second)
	}},
	{"the first request counts within the last minute", func(f *fixture) {
		for _, c := range []struct{ since, want time.Duration }{
			{-time.Hour, 2 * time.Second}, {-time.Minute, 2 * time.Second}, {-time.Second, 61 * time.Second}, {time.Hour, 62 * time.Second},
		} {
			o := f.visit(f.link(gate.Terms{}))
			fact := asked(f, o, 620, f.now().Add(c.since))
			fact.Rate.Burst = 1000
			f.flush(fact)
			f.paced(c.since.String(), o, c.want)
		}
	}},
	{"it is kept in whole milliseconds, rounded down", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		fact := asked(f, o, 2, f.now().Add(-999_999).In(time.FixedZone("east", 3600)))
		fact.Rate.Interval = 333_333_333
		f.flush(fact)
		f.paced("a third of a second, twice", o, 665*ms)
	}},
	{"a rate of nothing is none", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		fact := asked(f, o, 5, f.now())
		fact.Rate = gate.Rate{}
		f.flush(fact)
		f.equal("paced to", f.check(o, "a").Session.PacedTo, time.Time{})
	}},
	{"it stays when the session is resumed, gathered or ended, and is no other session's", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		other := f.visit(o.Link)
		f.flush(asked(f, o, 20, f.now()))
		f.resumes(o, o.Session)
		f.gather(o)
		f.end(o)
		f.paced("after", o, 2*time.Second)
		f.equal("another's", f.check(other, "a").Session.PacedTo, time.Time{})
	}},
	{"who asks by its node's bucket is never ahead of the burst", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		since, atOnce := f.now(), tenth.Burst
		for range 50 {
			f.flush(asked(f, o, atOnce, since))
			state := f.check(o, "a")
			f.equal("wait", tenth.Wait(state.Session.PacedTo, state.Now), time.Duration(0))
			f.pass(700 * ms)
			since, atOnce = f.now(), 7
		}
	}},
}
