package storetest

import (
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var settleCases = []testCase{
	{"a link without an account is not found", func(f *fixture) {
		for _, charge := range []bool{true, false} {
			_, err := f.store.Settle(f.ctx, settlement(f.device(gate.LinkID(f.id())), "a", charge))
			f.fails("Settle", err, gate.ErrNotFound)
		}
	}},
	{"a charge makes the reservation a play that opens now", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 3}))
		f.reserved(o, "a")
		f.pass(time.Minute)
		want := f.account(o.Link)
		want.Used, want.Reserved = 1, 0
		st := settlement(o, "a", true)
		st.Opener = "/opener/of/the/charge"
		got := ok[gate.Settled](f, "Settle")(f.store.Settle(f.ctx, st))
		f.equal("settled", got, gate.Settled{Charged: true, Account: want})
		f.equal("account", f.account(o.Link), want)
		play := f.playOf(o, "a", gate.PlayCharged)
		play.Opener = st.Opener
		f.equal("play", f.check(o, "a").Play, play)
	}},
	{"an opener is cut to MaxOpener bytes", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		c, st := claim(o, "a"), settlement(o, "a", true)
		c.Opener = strings.Repeat("c", gate.MaxOpener+1)
		st.Opener = "/" + strings.Repeat("\u00e4", gate.MaxOpener)
		ok[gate.Claimed](f, "Reserve")(f.store.Reserve(f.ctx, c))
		f.equal("of the claim", f.check(o, "a").Play.Opener, c.Opener[:gate.MaxOpener])
		ok[gate.Settled](f, "Settle")(f.store.Settle(f.ctx, st))
		f.equal("of the charge, to the byte", f.check(o, "a").Play.Opener, st.Opener[:gate.MaxOpener])
	}},
	{"a repeated charge costs one view", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		f.watch(o, "a")
		opened := f.check(o, "a").Play
		f.pass(time.Second)
		f.equal("repeated", f.settle(o, "a", true), gate.Settled{Account: f.account(o.Link)})
		f.counts("after", o.Link, 1, 0)
		f.equal("play", f.check(o, "a").Play, opened)
	}},
	{"the charges of several holders cost one view", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		for range 3 {
			f.reserved(o, "a")
		}
		f.equal("first", f.settle(o, "a", true).Charged, true)
		f.counts("after the first", o.Link, 1, 0)
		f.equal("second", f.settle(o, "a", true), gate.Settled{Account: f.account(o.Link)})
		f.equal("third lets go", f.settle(o, "a", false), gate.Settled{Account: f.account(o.Link)})
		f.counts("after all", o.Link, 1, 0)
		f.equal("still open", f.reserve(o, "a").Free, true)
	}},
	{"a charge needs no session and no window, since the byte was promised", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1, ExpiresAt: f.now().Add(time.Minute)}))
		f.reserved(o, "a")
		f.end(o)
		f.pass(time.Minute)
		f.equal("charged", f.settle(o, "a", true).Charged, true)
	}},
	{"a charge whose reservation lapsed takes a slot anew", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.reserved(o, "a")
		f.pass(pace.Lapse)
		f.equal("charged", f.settle(o, "a", true), gate.Settled{Charged: true, Account: f.account(o.Link)})
		f.counts("after", o.Link, 1, 0)
		f.equal("play", f.check(o, "a").Play, f.playOf(o, "a", gate.PlayCharged))
	}},
	{"a charge whose reservation lapsed takes the subject's own hold", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.reserved(o, "a")
		f.pass(pace.Lapse)
		o.Hold = true
		f.open(o)
		f.equal("charged", f.settle(o, "a", true).Charged, true)
		f.counts("after", o.Link, 1, 0)
	}},
	{"a charge whose reservation lapsed is refused where no slot is left", func(f *fixture) {
		for _, c := range []struct {
			terms gate.Terms
			want  gate.Refusal
		}{
			{gate.Terms{Views: 1}, noViews},
			{gate.Terms{ViewsEach: 1}, noViewsEach},
			{gate.Terms{Views: 1, ViewsEach: 1}, noViews},
		} {
			o := f.visit(f.link(c.terms))
			f.reserved(o, "a")
			f.pass(pace.Lapse)
			f.watch(o, "b")
			f.equal("refused", f.settle(o, "a", true), gate.Settled{Refused: c.want, Account: f.account(o.Link)})
			f.counts("after", o.Link, 1, 0)
			f.equal("play", f.check(o, "a").Play, gate.Play{})
		}
	}},
	{"a refused charge of a lapsed reservation leaves Reserved at 0", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		o, next := f.visit(link), f.visit(link)
		f.reserved(o, "a")
		f.pass(pace.Lapse)
		f.watch(next, "a")
		want := f.account(link)
		f.equal("reserved", want.Reserved, 0)
		f.equal("refused", f.settle(o, "a", true), gate.Settled{Refused: noViews, Account: want})
		f.equal("account", f.account(link), want)
		f.equal("checked", f.check(o, "a").Account, want)
	}},
	{"a charge is refused by standing, and the reservation stays", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.reserved(o, "a")
		f.stand(o.Link, gate.Suspended)
		f.equal("suspended", f.settle(o, "a", true).Refused, gate.Refusal{Reason: gate.SuspendedLink})
		f.counts("suspended", o.Link, 0, 1)
		f.stand(o.Link, gate.Active)
		f.equal("active", f.settle(o, "a", true).Charged, true)
		f.stand(o.Link, gate.Revoked)
		f.equal("revoked, inside the open play", f.settle(o, "a", true),
			gate.Settled{Refused: gate.Refusal{Reason: gate.RevokedLink}, Account: f.account(o.Link)})
	}},
	{"giving back what was charged meanwhile changes nothing", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		f.watch(o, "a")
		opened := f.check(o, "a").Play
		f.equal("given back", f.settle(o, "a", false), gate.Settled{Account: f.account(o.Link)})
		f.counts("after", o.Link, 1, 0)
		f.equal("play", f.check(o, "a").Play, opened)
	}},
	{"giving back what lapsed, or what never was, changes nothing", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		f.settle(o, "a", false)
		f.counts("never was", o.Link, 0, 0)
		f.reserved(o, "a")
		f.pass(pace.Lapse)
		f.settle(o, "a", false)
		f.counts("lapsed", o.Link, 0, 0)
		f.watch(o, "a")
	}},
	{"giving back touches only that asset and that subject", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		other := f.visit(o.Link)
		f.reserved(o, "a")
		f.settle(o, "b", false)
		f.settle(other, "a", false)
		f.counts("after", o.Link, 0, 1)
	}},
}

var playCases = []testCase{
	{"ends when nothing was asked for during the idle window", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		f.watch(o, "a")
		f.pass(pace.Idle - ms)
		f.equal("just before", f.reserve(o, "a").Free, true)
		f.pass(ms)
		f.watch(o, "a")
		f.counts("after", o.Link, 2, 0)
	}},
	{"ends at its maximum length, however busy", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		f.watch(o, "a")
		for range 8 {
			f.pass(pace.Max/8 - ms)
			f.flush(usage(f, o, "a"))
		}
		f.equal("just before", f.reserve(o, "a").Free, true)
		f.pass(8 * ms)
		f.watch(o, "a")
		f.counts("after", o.Link, 2, 0)
	}},
	{"goes by the pace of whoever asks", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		f.watch(o, "a")
		f.pass(time.Minute)
		quick := claim(o, "a")
		quick.Pace.Idle = time.Minute
		f.equal("pace of a quicker site", ok[gate.Claimed](f, "Reserve")(f.store.Reserve(f.ctx, quick)).Free, false)
	}},
	{"that ended makes room in its place for a new one", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.watch(o, "a")
		f.pass(pace.Idle)
		f.reserved(o, "a")
		f.equal("reserved", f.check(o, "a").Play, f.playOf(o, "a", gate.PlayReserved))
		f.settle(o, "a", false)
		f.equal("given back", f.check(o, "a").Play, gate.Play{})
		f.counts("after", o.Link, 1, 0)
	}},
}
