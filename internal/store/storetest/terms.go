package storetest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// handsOn sees that so many views can be handed on, after which so many are in
// the limit.
func (f *fixture) handsOn(link gate.LinkID, n, views int64) {
	f.Helper()
	want := f.account(link)
	want.Views = views
	f.equal("handed on", f.extend(link, gate.Extension{HandOn: n}), want)
	f.equal("account", f.account(link), want)
}

// keeps sees that so many views cannot be handed on, along with whatever change.
func (f *fixture) keeps(link gate.LinkID, n int64) {
	f.Helper()
	before, end := f.account(link), f.now()
	_, err := f.store.Extend(f.ctx, link, gate.Extension{HandOn: n, AddViews: 5, ExpiresAt: &end, Seats: number(3)})
	f.fails("Extend", err, gate.ErrTooFew)
	f.equal("account", f.account(link), before)
}

var handOnCases = []testCase{
	{"takes views out of what is left, and one stays in the limit", func(f *fixture) {
		link := f.link(gate.Terms{Views: 5})
		f.keeps(link, 6)
		f.keeps(link, 5)
		f.handsOn(link, 4, 1)
		f.keeps(link, 1)
		f.visit(link)
	}},
	{"takes none that are used or reserved", func(f *fixture) {
		link := f.link(gate.Terms{Views: 6})
		f.watch(f.visit(link), "a")
		f.reserved(f.visit(link), "a")
		f.open(f.press(link))
		f.keeps(link, 4)
		f.handsOn(link, 2, 4)
		f.keeps(link, 2)
		f.handsOn(link, 1, 3)
		f.keeps(link, 1)
		f.equal("spent", f.open(f.device(link)).Refused.Reason, gate.ViewsSpent)
		f.pass(pace.Lapse)
		f.handsOn(link, 2, 1) // lapsed, and so left again
		f.keeps(link, 1)
	}},
	{"comes before the limit is set and added to", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		f.equal("added", f.extend(link, gate.Extension{HandOn: 2, AddViews: 2}).Views, 3)
		f.equal("set", f.extend(link, gate.Extension{HandOn: 2, Views: number(9)}).Views, 9)
		_, err := f.store.Extend(f.ctx, link, gate.Extension{HandOn: 9, Views: number(20)})
		f.fails("Extend", err, gate.ErrTooFew)
	}},
	{"changes nothing on a link without a limit", func(f *fixture) {
		link := f.link(gate.Terms{ViewsEach: 1})
		before := f.account(link)
		f.equal("extended", f.extend(link, gate.Extension{HandOn: 1 << 40}), before)
		f.equal("account", f.account(link), before)
	}},
	{"of none, or of fewer, is no change", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		for _, n := range []int64{0, -1, -1 << 40} {
			f.handsOn(link, n, 1)
		}
	}},
	{"is for a live link, as each extension is", func(f *fixture) {
		link := f.link(gate.Terms{Views: 5})
		f.stand(link, gate.Suspended)
		f.handsOn(link, 1, 4)
		f.stand(link, gate.Revoked)
		for _, n := range []int64{1, 9} {
			_, err := f.store.Extend(f.ctx, link, gate.Extension{HandOn: n})
			f.fails("Extend", err, gate.ErrFinal)
		}
	}},
	{"is told when it was done, and not when it was refused", func(f *fixture) {
		o := f.device(f.link(gate.Terms{Views: 2}))
		l := f.listen()
		f.keeps(o.Link, 2)
		f.handsOn(o.Link, 1, 1)
		l.hears("handed on", linkChange(o))
		l.hearsNothing("no more")
	}},
	{"of many at once, as many are as are left, beside those that are watched", func(f *fixture) {
		const views, watched, many = 20, 4, 50
		link := f.link(gate.Terms{Views: views})
		visitors := make(chan gate.Opening, watched)
		for range watched {
			visitors <- f.visit(link)
		}
		var handed, calls atomic.Int64
		f.crowd(func() error {
			if n := calls.Add(1); n <= watched {
				_, err := f.play(<-visitors)
				return err
			} else if n > watched+many {
				return nil
			}
			_, err := f.store.Extend(f.ctx, link, gate.Extension{HandOn: 1})
			if err == nil {
				handed.Add(1)
			} else if errors.Is(err, gate.ErrTooFew) {
				err = nil
			}
			return err
		})
		a := f.account(link)
		f.equal("in the limit, and handed on", a.Views+handed.Load(), views)
		f.equal("left", a.Views-a.Used, 0)
	}},
}

var playForCases = []testCase{
	{"the first charge ends the link so long after it", func(f *fixture) {
		later := f.now().Add(100 * time.Hour)
		for _, end := range []time.Time{{}, later} {
			o := f.visit(f.link(gate.Terms{PlayFor: 48 * time.Hour, ExpiresAt: end}))
			f.reserved(o, "a")
			f.equal("reserved", f.account(o.Link).ExpiresAt, end)
			f.pass(time.Minute)
			want := f.account(o.Link)
			want.Used, want.Reserved, want.ExpiresAt = 1, 0, f.now().Add(48*time.Hour)
			f.equal("charged", f.settle(o, "a", true), gate.Settled{Charged: true, Account: want})
			f.equal("account", f.account(o.Link), want)
			f.equal("checked", f.check(o, "a").Account, want)
			f.pass(48*time.Hour - ms)
			f.visit(o.Link)
			f.pass(ms)
			f.equal("over", f.open(f.device(o.Link)).Refused.Reason, gate.Expired)
		}
	}},
	{"an earlier end stays", func(f *fixture) {
		for _, left := range []time.Duration{time.Hour, 2 * time.Hour} {
			end := f.now().Add(left)
			o := f.visit(f.link(gate.Terms{PlayFor: 2 * time.Hour, ExpiresAt: end}))
			l := f.listen()
			f.watch(o, "a")
			f.equal("end", f.account(o.Link).ExpiresAt, end)
			l.hearsNothing("told")
			l.leave()
		}
	}},
	{"no other charge moves it, nor one that was given back", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{PlayFor: 4 * time.Hour}))
		f.settle(o, f.reserved(o, "a"), false)
		f.equal("given back", f.account(o.Link).ExpiresAt, time.Time{})
		f.pass(time.Hour)
		f.watch(o, "a")
		end := f.now().Add(4 * time.Hour)
		f.pass(time.Hour)
		f.settle(o, "a", true)
		f.watch(f.visit(o.Link), "a")
		f.equal("the second view", f.account(o.Link).ExpiresAt, end)
		none := time.Time{}
		f.extend(o.Link, gate.Extension{ExpiresAt: &none})
		f.watch(f.visit(o.Link), "a")
		f.equal("the third", f.account(o.Link).ExpiresAt, none)
	}},
	{"as extended, before the first charge only", func(f *fixture) {
		o, hour := f.visit(f.link(gate.Terms{})), time.Hour
		f.extend(o.Link, gate.Extension{PlayFor: &hour})
		f.watch(o, "a")
		f.equal("before", f.account(o.Link).ExpiresAt, f.now().Add(hour))
		late := f.visit(f.link(gate.Terms{}))
		f.watch(late, "a")
		f.extend(late.Link, gate.Extension{PlayFor: &hour})
		f.watch(late, "b")
		f.equal("after", f.account(late.Link).ExpiresAt, time.Time{})
	}},
	{"is told when it moves the end", func(f *fixture) {
		o, other := f.visit(f.link(gate.Terms{PlayFor: time.Hour})), f.visit(f.link(gate.Terms{}))
		l := f.listen()
		f.watch(other, "a")
		f.watch(o, "a")
		f.watch(o, "b")
		l.hears("moved", linkChange(o))
		l.hearsNothing("no more")
	}},
}
