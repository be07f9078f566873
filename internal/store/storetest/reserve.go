package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var (
	noViews     = gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews}
	noViewsEach = gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach}
)

var reserveCases = []testCase{
	{"a link without an account is not found", func(f *fixture) {
		_, err := f.store.Reserve(f.ctx, claim(f.device(gate.LinkID(f.id())), "a"))
		f.fails("Reserve", err, gate.ErrNotFound)
	}},
	{"takes a slot", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 3}))
		want := f.account(o.Link)
		want.Reserved = 1
		f.equal("claimed", f.reserve(o, "a"), gate.Claimed{Asset: "a", Account: want})
		f.equal("account", f.account(o.Link), want)
		f.equal("play", f.check(o, "a").Play, f.playOf(o, "a", gate.PlayReserved))
	}},
	{"a link outside of its window refuses", func(f *fixture) {
		link := f.link(gate.Terms{ExpiresAt: f.now().Add(time.Hour)})
		o := f.visit(link)
		f.pass(time.Hour - ms)
		f.reserved(o, "a")
		f.pass(ms)
		f.equal("expired", f.reserve(o, "a"),
			gate.Claimed{Refused: gate.Refusal{Reason: gate.Expired}, Account: f.account(link)})
		early := f.device(f.link(gate.Terms{StartsAt: f.now().Add(time.Hour)}))
		f.equal("early", f.reserve(early, "a"),
			gate.Claimed{Refused: gate.Refusal{Reason: gate.NotYet}, Account: f.account(early.Link)})
	}},
	{"a session that is not live refuses", func(f *fixture) {
		link := f.link(gate.Terms{})
		ended, expired, elsewhere := f.visit(link), f.visit(link), f.visit(f.link(gate.Terms{}))
		f.reserved(ended, "a")
		f.end(ended)
		elsewhere.Link = link
		want := gate.Claimed{Refused: gate.Refusal{Reason: gate.NoSession}, Account: f.account(link)}
		f.equal("unknown", f.reserve(f.device(link), "a"), want)
		f.equal("another link's", f.reserve(elsewhere, "a"), want)
		f.equal("ended, though it has a reservation", f.reserve(ended, "a"), want)
		f.pass(life)
		want.Account = f.account(link)
		f.equal("expired", f.reserve(expired, "a"), want)
	}},
	{"the window comes before the session", func(f *fixture) {
		o := f.device(f.link(gate.Terms{ExpiresAt: f.now()}))
		f.equal("refused", f.reserve(o, "a").Refused.Reason, gate.Expired)
	}},
	{"an open play is free", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.watch(o, "a")
		opened := f.check(o, "a").Play
		f.pass(time.Minute)
		seek := claim(o, "a")
		seek.Opener = "/opener/720p/seg9.m4s"
		got := ok[gate.Claimed](f, "Reserve")(f.store.Reserve(f.ctx, seek))
		f.equal("claimed", got, gate.Claimed{Free: true, Asset: "a", Account: f.account(o.Link)})
		f.counts("after", o.Link, 1, 0)
		f.equal("play", f.check(o, "a").Play, opened)
	}},
	{"an open play is free to every session of its subject", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		phone, tv := f.device(link), f.device(link)
		tv.Subject = phone.Subject
		f.starts(phone)
		f.starts(tv)
		f.watch(phone, "a")
		f.equal("free", f.reserve(tv, "a").Free, true)
	}},
	{"another asset, and another subject, cost another view", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		f.watch(o, "b")
		f.watch(o, gate.WholeScope)
		f.watch(f.visit(o.Link), "a")
		f.counts("after", o.Link, 4, 0)
	}},
	{"a reservation is joined, and its last holder gives the slot back", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		for range 3 {
			f.reserved(o, "a")
			f.counts("joined", o.Link, 0, 1)
		}
		for range 2 {
			f.settle(o, "a", false)
			f.counts("one holder let go", o.Link, 0, 1)
		}
		want := f.account(o.Link)
		want.Reserved = 0
		f.equal("the last let go", f.settle(o, "a", false), gate.Settled{Account: want})
		f.equal("account", f.account(o.Link), want)
		f.equal("play", f.check(o, "a").Play, gate.Play{})
	}},
	{"a reservation that is joined keeps its time and its opener", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		phone, tv := f.device(link), f.device(link)
		tv.Subject = phone.Subject
		f.starts(phone)
		f.starts(tv)
		f.reserved(phone, "a")
		play := f.playOf(phone, "a", gate.PlayReserved)
		f.pass(pace.Lapse - ms)
		f.reserved(tv, "a")
		f.equal("play", f.check(tv, "a").Play, play)
		f.pass(ms)
		f.counts("lapsed", link, 0, 0)
	}},
	{"a lapsed reservation is not joined but made anew", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.reserved(o, "a")
		f.reserved(o, "a")
		f.pass(pace.Lapse)
		f.reserved(o, "a")
		f.equal("play", f.check(o, "a").Play, f.playOf(o, "a", gate.PlayReserved))
		f.settle(o, "a", false)
		f.counts("its one holder let go", o.Link, 0, 0)
	}},
	{"a lapsed reservation leaves the slot to the next", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		o, next := f.visit(link), f.visit(link)
		f.reserved(o, "a")
		f.pass(pace.Lapse - ms)
		f.equal("before", f.reserve(next, "a").Refused, noViews)
		f.pass(ms)
		f.reserved(next, "a")
	}},
	{"where no slot is left, nothing is taken", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		o, reserved := f.visit(link), f.visit(link)
		f.reserved(reserved, "a")
		f.equal("reserved", f.reserve(o, "a"), gate.Claimed{Refused: noViews, Account: f.account(link)})
		f.settle(reserved, "a", true)
		f.equal("used", f.reserve(o, "a"), gate.Claimed{Refused: noViews, Account: f.account(link)})
		f.counts("after", link, 1, 0)
		f.equal("play", f.check(o, "a").Play, gate.Play{})
	}},
	{"views_each counts a subject's plays and reservations", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{ViewsEach: 2}))
		f.watch(o, "a")
		f.reserved(o, "b")
		f.equal("third", f.reserve(o, "c"), gate.Claimed{Refused: noViewsEach, Account: f.account(o.Link)})
		f.settle(o, "b", false)
		f.watch(o, "c")
		f.pass(gate.SessionKept) // the plays are forgotten, the count is not
		o = f.again(o)
		f.extend(o.Link, gate.Extension{AddViewsEach: 1})
		f.starts(o)
		f.watch(o, "a")
		f.equal("fourth", f.reserve(o, "b").Refused, noViewsEach)
	}},
	{"the tighter limit wins, and views are named before views_each", func(f *fixture) {
		for _, c := range []struct {
			terms gate.Terms
			want  gate.Refusal
		}{
			{gate.Terms{Views: 1}, noViews},
			{gate.Terms{ViewsEach: 1}, noViewsEach},
			{gate.Terms{Views: 1, ViewsEach: 1}, noViews},
			{gate.Terms{Views: 1, ViewsEach: 2}, noViews},
			{gate.Terms{Views: 2, ViewsEach: 1}, noViewsEach},
			{gate.Terms{Views: 2, ViewsEach: 2}, gate.Refusal{}},
			{gate.Terms{}, gate.Refusal{}},
		} {
			o := f.visit(f.link(c.terms))
			f.watch(o, "a")
			f.equal("refused", f.reserve(o, "b").Refused, c.want)
		}
	}},
	{"a gathered session claims the whole scope", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		o, other := f.device(link), f.device(link)
		other.Subject = o.Subject
		f.starts(o)
		f.starts(other)
		f.gather(o)
		f.gather(other)
		f.equal("asset", f.reserve(o, "a").Asset, gate.WholeScope)
		f.equal("play", f.check(o, "b").Play, f.playOf(o, gate.WholeScope, gate.PlayReserved))
		f.settle(o, gate.WholeScope, true)
		got := f.reserve(o, "b")
		f.equal("another asset", []any{got.Free, got.Asset}, []any{true, gate.WholeScope})
		f.equal("another session", f.reserve(other, "c").Free, true)
	}},
}
