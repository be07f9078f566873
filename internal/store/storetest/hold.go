package storetest

import (
	"github.com/usher-media/usher/internal/gate"
)

// press is a fresh device's opening by a person who pressed Watch.
func (f *fixture) press(link gate.LinkID) gate.Opening {
	o := f.device(link)
	o.Hold = true
	return o
}

var holdCases = []testCase{
	{"takes a slot and counts as a redeem", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		want := f.account(link)
		want.Reserved, want.Redeems, want.Devices, want.Sessions = 1, 1, 1, 1
		o := f.press(link)
		f.equal("opened", f.open(o), gate.Opened{Session: f.sessionOf(o), Account: want})
		f.equal("account", f.account(link), want)
	}},
	{"only sessions that are made count as redeems, and only with a hold", func(f *fixture) {
		link := f.link(gate.Terms{})
		o := f.press(link)
		f.starts(o)
		f.resumes(o, o.Session)
		f.visit(link)
		f.equal("redeems", f.account(link).Redeems, 1)
	}},
	{"costs one slot however often Watch is pressed, and keeps its time", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 1}))
		f.starts(o)
		f.pass(pace.Lapse - ms)
		f.resumes(o, o.Session)
		f.counts("pressed again", o.Link, 0, 1)
		f.pass(ms)
		f.counts("lapsed", o.Link, 0, 0)
	}},
	{"may be taken anew after it lapsed", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 1}))
		f.starts(o)
		f.pass(pace.Lapse)
		f.resumes(o, o.Session)
		f.counts("pressed again", o.Link, 0, 1)
	}},
	{"is used up by the next reservation", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 1}))
		f.starts(o)
		f.reserved(o, "a")
		f.counts("reserved", o.Link, 0, 1)
		f.equal("another asset", f.reserve(o, "b").Refused.Reason, gate.ViewsSpent)
		f.equal("charge", f.settle(o, "a", true).Charged, true)
		f.counts("charged", o.Link, 1, 0)
	}},
	{"lets in whoever pressed first, even where the limit was lowered", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 2}))
		f.starts(o)
		f.watch(f.visit(o.Link), "a")
		f.extend(o.Link, gate.Extension{Views: number(1)})
		f.watch(o, "a")
	}},
	{"is another subject's and of no use to others", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		visitor, o := f.visit(link), f.press(link)
		f.starts(o)
		f.equal("visitor", f.reserve(visitor, "a").Refused.Reason, gate.ViewsSpent)
		f.watch(o, "a")
	}},
	{"a reservation made of a hold lapses on its own time, and goes back whole", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 1}))
		f.starts(o)
		f.pass(pace.Lapse - ms)
		f.reserved(o, "a")
		f.pass(pace.Lapse - ms)
		f.counts("before", o.Link, 0, 1)
		f.settle(o, "a", false)
		f.counts("given back", o.Link, 0, 0)
	}},
	{"a lapsed hold leaves the slot to the next", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 1}))
		f.starts(o)
		f.pass(pace.Lapse)
		f.watch(f.visit(o.Link), "a")
		f.equal("too late", f.reserve(o, "a").Refused.Reason, gate.ViewsSpent)
	}},
	{"is not taken beside a reservation or an open play", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 9}))
		f.starts(o)
		f.reserved(o, "a")
		f.resumes(o, o.Session)
		f.counts("beside a reservation", o.Link, 0, 1)
		f.settle(o, "a", true)
		f.resumes(o, o.Session)
		f.counts("beside an open play", o.Link, 1, 0)
		f.pass(pace.Idle)
		f.resumes(o, o.Session)
		f.counts("after the play", o.Link, 1, 1)
	}},
	{"is refused where no slot is left, and the session is not touched", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		o := f.visit(link)
		f.watch(f.visit(link), "a")
		seen := f.check(o, "a").Session
		f.pass(ms)
		o.Hold = true
		f.equal("opened", f.open(f.again(o)), gate.Opened{
			Refused: gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews},
			Account: f.account(link),
		})
		f.equal("session", f.check(o, "a").Session, seen)
	}},
	{"counts against the subject's own limit", func(f *fixture) {
		o := f.press(f.link(gate.Terms{Views: 9, ViewsEach: 1}))
		f.starts(o)
		f.reserved(o, "a")
		f.equal("second asset", f.reserve(o, "b").Refused.Allowance, gate.AllowanceViewsEach)
		f.settle(o, "a", true)
		f.pass(pace.Idle)
		f.equal("second hold", f.open(f.again(o)).Refused.Allowance, gate.AllowanceViewsEach)
	}},
	{"belongs to the subject of a session that was found by alias", func(f *fixture) {
		o := f.device(f.link(gate.Terms{Views: 1}))
		o.Alias = gate.Subject(f.id())
		f.starts(o)
		other := f.press(o.Link)
		other.Alias = o.Alias
		f.resumes(other, o.Session)
		f.counts("held", o.Link, 0, 1)
		f.watch(o, "a")
	}},
}
