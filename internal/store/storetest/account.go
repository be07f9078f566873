package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var accountCases = []testCase{
	{"issue opens an active account under these terms", func(f *fixture) {
		terms := gate.Terms{
			Views: 3, ViewsEach: 2, StartsAt: f.now().Add(time.Hour), ExpiresAt: f.now().Add(2 * time.Hour),
			Seats: 5, SeatsEach: 4, WhenFull: gate.ReplaceOldest,
			StartBy: f.now().Add(90 * time.Minute), PlayFor: 48 * time.Hour,
		}
		link := gate.LinkID(f.id())
		got := ok[gate.Account](f, "Issue")(f.store.Issue(f.ctx, link, terms))
		want := gate.Account{Exists: true, Terms: terms, Standing: gate.Standing{State: gate.Active, Since: f.now()}}
		f.equal("issued", got, want)
		f.equal("account", f.account(link), want)
	}},
	{"issue leaves an account that exists as it is and returns it", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		f.watch(f.visit(link), "a")
		before := f.stand(link, gate.Suspended)
		f.pass(time.Minute)
		got := ok[gate.Account](f, "Issue")(f.store.Issue(f.ctx, link, gate.Terms{Views: 9}))
		f.equal("issued again", got, before)
		f.equal("account", f.account(link), before)
	}},
	{"times of terms are kept to the millisecond, in UTC", func(f *fixture) {
		link, east := gate.LinkID(f.id()), time.FixedZone("east", 3600)
		at := f.now().In(east)
		got := ok[gate.Account](f, "Issue")(f.store.Issue(f.ctx, link,
			gate.Terms{StartsAt: at.Add(5*ms + 999), ExpiresAt: at.Add(7*ms + 999_999), StartBy: at.Add(6*ms + 1)}))
		f.equal("issued", got.Terms,
			gate.Terms{StartsAt: f.now().Add(5 * ms), ExpiresAt: f.now().Add(7 * ms), StartBy: f.now().Add(6 * ms)})
		f.equal("account", f.account(link), got)
		end, want := at.Add(9*ms+1), f.now().Add(9*ms)
		f.equal("extended", f.extend(link, gate.Extension{ExpiresAt: &end, StartsAt: &end, StartBy: &end}).Terms,
			gate.Terms{StartsAt: want, ExpiresAt: want, StartBy: want})
	}},
	{"an account that was never opened is not found", func(f *fixture) {
		_, err := f.store.Account(f.ctx, gate.LinkID(f.id()))
		f.fails("Account", err, gate.ErrNotFound)
	}},
	{"accounts of links are apart", func(f *fixture) {
		one, other := f.link(gate.Terms{Views: 1}), f.link(gate.Terms{Views: 1})
		f.watch(f.visit(one), "a")
		f.counts("one", one, 1, 0)
		f.counts("other", other, 0, 0)
		f.watch(f.visit(other), "a")
	}},
	{"account gives lapsed reservations and holds back", func(f *fixture) {
		link := f.link(gate.Terms{Views: 5})
		f.reserved(f.visit(link), "a")
		f.pass(time.Minute)
		held := f.device(link)
		held.Hold = true
		f.open(held)
		f.counts("both", link, 0, 2)
		f.pass(time.Minute - ms)
		f.counts("just before the first lapses", link, 0, 2)
		f.pass(ms)
		f.counts("the first lapsed", link, 0, 1)
		f.pass(time.Minute)
		f.counts("both lapsed", link, 0, 0)
	}},
}

func number(n int64) *int64 { return &n }

var extendCases = []testCase{
	{"fields that are not said stay as they are", func(f *fixture) {
		terms := gate.Terms{
			Views: 3, ViewsEach: 2, StartsAt: f.now(), ExpiresAt: f.now().Add(time.Hour),
			Seats: 5, SeatsEach: 4, WhenFull: gate.ReplaceOldest, StartBy: f.now().Add(time.Minute), PlayFor: time.Hour,
		}
		link := f.link(terms)
		f.equal("terms", f.extend(link, gate.Extension{}).Terms, terms)
	}},
	{"fields that are said are set, then sums are added, to a limit that exists", func(f *fixture) {
		for _, c := range []struct {
			views, each         int64
			change              gate.Extension
			wantViews, wantEach int64
		}{
			{3, 2, gate.Extension{Views: number(5)}, 5, 2},
			{3, 2, gate.Extension{ViewsEach: number(5)}, 3, 5},
			{3, 2, gate.Extension{AddViews: 4, AddViewsEach: 1}, 7, 3},
			{3, 2, gate.Extension{Views: number(10), AddViews: 4, ViewsEach: number(20), AddViewsEach: -1}, 14, 19},
			{3, 2, gate.Extension{Views: number(0), ViewsEach: number(0)}, 0, 0},
			{3, 2, gate.Extension{Views: number(0), AddViews: 4}, 0, 2},
			{0, 0, gate.Extension{AddViews: 4, AddViewsEach: 4}, 0, 0},
			{0, 0, gate.Extension{Views: number(1), AddViews: 4, ViewsEach: number(2), AddViewsEach: 4}, 5, 6},
			// To zero would be to "no limit": a sum may not open a link wide.
			{3, 2, gate.Extension{AddViews: -3, AddViewsEach: -2}, 1, 1},
			{3, 2, gate.Extension{AddViews: -9, AddViewsEach: -9}, 1, 1},
		} {
			link := f.link(gate.Terms{Views: c.views, ViewsEach: c.each})
			got := f.extend(link, c.change)
			f.equal("limits", []int64{got.Views, got.ViewsEach}, []int64{c.wantViews, c.wantEach})
			f.equal("account", f.account(link), got)
		}
	}},
	{"the window's end is set, and taken away by a zero time", func(f *fixture) {
		link := f.link(gate.Terms{})
		end := f.now().Add(time.Hour)
		f.equal("end", f.extend(link, gate.Extension{ExpiresAt: &end}).ExpiresAt, end)
		f.equal("no end", f.extend(link, gate.Extension{ExpiresAt: &time.Time{}}).ExpiresAt, time.Time{})
	}},
	{"times are set, one at a time, and taken away", func(f *fixture) {
		link, at, hour, none := f.link(gate.Terms{}), f.now().Add(time.Hour), time.Hour, time.Duration(0)
		for _, c := range []struct {
			change gate.Extension
			want   gate.Terms
		}{
			{gate.Extension{StartsAt: &at}, gate.Terms{StartsAt: at}},
			{gate.Extension{StartBy: &at}, gate.Terms{StartsAt: at, StartBy: at}},
			{gate.Extension{PlayFor: &hour}, gate.Terms{StartsAt: at, StartBy: at, PlayFor: hour}},
			{gate.Extension{StartsAt: &time.Time{}}, gate.Terms{StartBy: at, PlayFor: hour}},
			{gate.Extension{StartBy: &time.Time{}, PlayFor: &none}, gate.Terms{}},
		} {
			f.equal("extended", f.extend(link, c.change).Terms, c.want)
			f.equal("account", f.account(link).Terms, c.want)
		}
	}},
	{"a later start closes the link, and no start opens it", func(f *fixture) {
		link, at := f.link(gate.Terms{}), f.now().Add(time.Hour)
		f.extend(link, gate.Extension{StartsAt: &at})
		f.equal("early", f.open(f.device(link)).Refused.Reason, gate.NotYet)
		f.extend(link, gate.Extension{StartsAt: &time.Time{}})
		f.visit(link)
	}},
	{"seats are set, one word at a time, and taken away", func(f *fixture) {
		link, refuse, replace := f.link(gate.Terms{}), gate.RefuseNew, gate.ReplaceOldest
		for _, c := range []struct {
			change gate.Extension
			want   gate.Terms
		}{
			{gate.Extension{Seats: number(2)}, gate.Terms{Seats: 2}},
			{gate.Extension{SeatsEach: number(3)}, gate.Terms{Seats: 2, SeatsEach: 3}},
			{gate.Extension{WhenFull: &replace}, gate.Terms{Seats: 2, SeatsEach: 3, WhenFull: replace}},
			{gate.Extension{Seats: number(0)}, gate.Terms{SeatsEach: 3, WhenFull: replace}},
			{gate.Extension{SeatsEach: number(0), WhenFull: &refuse}, gate.Terms{}},
		} {
			f.equal("extended", f.extend(link, c.change).Terms, c.want)
			f.equal("account", f.account(link).Terms, c.want)
		}
	}},
	{"changes the limit and never the count", func(f *fixture) {
		link := f.link(gate.Terms{Views: 2})
		f.watch(f.visit(link), "a")
		f.reserved(f.visit(link), "a")
		f.extend(link, gate.Extension{Views: number(7)})
		f.counts("raised", link, 1, 1)
		f.extend(link, gate.Extension{AddViews: -6})
		f.counts("lowered", link, 1, 1)
	}},
	{"makes room on a spent link, by exactly as much", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		first, second, third := f.visit(link), f.visit(link), f.visit(link)
		f.watch(first, "a")
		f.equal("spent", f.reserve(second, "a").Refused.Reason, gate.ViewsSpent)
		f.extend(link, gate.Extension{AddViews: 1})
		f.watch(second, "a")
		f.equal("spent again", f.reserve(third, "a").Refused.Reason, gate.ViewsSpent)
	}},
	{"below the count admits nobody new, and keeps what was reserved", func(f *fixture) {
		link := f.link(gate.Terms{Views: 5})
		first, second, third := f.visit(link), f.visit(link), f.visit(link)
		f.watch(first, "a")
		f.reserved(second, "a")
		f.extend(link, gate.Extension{Views: number(1)})
		f.equal("third", f.reserve(third, "a").Refused.Reason, gate.ViewsSpent)
		f.equal("second", f.settle(second, "a", true).Charged, true)
		f.counts("after", link, 2, 0)
	}},
	{"a later end makes an expired link live again", func(f *fixture) {
		link := f.link(gate.Terms{ExpiresAt: f.now().Add(time.Hour)})
		f.pass(time.Hour)
		f.equal("expired", f.open(f.device(link)).Refused.Reason, gate.Expired)
		end := f.now().Add(ms)
		f.extend(link, gate.Extension{ExpiresAt: &end})
		f.visit(link)
	}},
	{"a suspended link may be extended, and stays suspended", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		suspended := f.stand(link, gate.Suspended)
		suspended.Views = 2
		f.equal("account", f.extend(link, gate.Extension{AddViews: 1}), suspended)
	}},
	{"a revoked link may not", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		before := f.stand(link, gate.Revoked)
		_, err := f.store.Extend(f.ctx, link, gate.Extension{AddViews: 1})
		f.fails("Extend", err, gate.ErrFinal)
		f.equal("account", f.account(link), before)
	}},
	{"an unknown link is not found", func(f *fixture) {
		_, err := f.store.Extend(f.ctx, gate.LinkID(f.id()), gate.Extension{})
		f.fails("Extend", err, gate.ErrNotFound)
	}},
}

var standingCases = []testCase{
	{"says what became of the link, since now", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		f.pass(time.Minute)
		want := f.account(link)
		want.Standing = gate.Standing{State: gate.Suspended, Since: f.now(), Why: "seen elsewhere", By: "somebody"}
		said := want.Standing
		said.Since = f.now().Add(-time.Hour) // not the caller's to say
		got := ok[gate.Account](f, "SetStanding")(f.store.SetStanding(f.ctx, link, said))
		f.equal("set", got, want)
		f.equal("account", f.account(link), want)
	}},
	{"a suspended link refuses until it is active again", func(f *fixture) {
		link := f.link(gate.Terms{})
		visitor, reserved := f.visit(link), f.visit(link)
		f.reserved(reserved, "a")
		f.stand(link, gate.Suspended)
		f.refusesAll(visitor, reserved, gate.SuspendedLink)
		f.stand(link, gate.Active)
		f.watch(visitor, "a")
		f.equal("charge", f.settle(reserved, "a", true).Charged, true)
	}},
	{"a revoked link refuses, and revocation is final", func(f *fixture) {
		link := f.link(gate.Terms{})
		visitor, reserved := f.visit(link), f.visit(link)
		f.reserved(reserved, "a")
		revoked := f.stand(link, gate.Revoked)
		f.refusesAll(visitor, reserved, gate.RevokedLink)
		for _, state := range []string{gate.Active, gate.Suspended} {
			_, err := f.store.SetStanding(f.ctx, link, gate.Standing{State: state})
			f.fails("SetStanding "+state, err, gate.ErrFinal)
		}
		f.pass(time.Second)
		again := gate.Standing{State: gate.Revoked, Why: "another reason", By: "somebody else"}
		got := ok[gate.Account](f, "SetStanding")(f.store.SetStanding(f.ctx, link, again))
		f.equal("revoked again", got, revoked)
		f.equal("account", f.account(link), revoked)
		f.refusesAll(visitor, reserved, gate.RevokedLink)
	}},
	{"a slot may be given back whatever the standing", func(f *fixture) {
		link := f.link(gate.Terms{})
		visitor := f.visit(link)
		f.reserved(visitor, "a")
		f.stand(link, gate.Revoked)
		f.equal("refused", f.settle(visitor, "a", false).Refused, gate.Refusal{})
		f.counts("after", link, 0, 0)
	}},
	{"an unknown link is not found", func(f *fixture) {
		_, err := f.store.SetStanding(f.ctx, gate.LinkID(f.id()), gate.Standing{State: gate.Active})
		f.fails("SetStanding", err, gate.ErrNotFound)
	}},
}

// refusesAll sees that every verb that admits refuses for the reason and
// changes nothing: a visitor with a session, another one with a reservation,
// and somebody new.
func (f *fixture) refusesAll(visitor, reserved gate.Opening, reason gate.Reason) {
	f.Helper()
	before, refused := f.account(visitor.Link), gate.Refusal{Reason: reason}
	held := f.device(visitor.Link)
	held.Hold = true
	f.equal("Open", f.open(f.device(visitor.Link)), gate.Opened{Refused: refused, Account: before})
	f.equal("Open with a hold", f.open(held), gate.Opened{Refused: refused, Account: before})
	f.equal("Open again", f.open(visitor), gate.Opened{Refused: refused, Account: before})
	f.equal("Reserve", f.reserve(visitor, "b"), gate.Claimed{Refused: refused, Account: before})
	f.equal("Reserve again", f.reserve(reserved, "a"), gate.Claimed{Refused: refused, Account: before})
	f.equal("Settle", f.settle(reserved, "a", true), gate.Settled{Refused: refused, Account: before})
	f.equal("account", f.account(visitor.Link), before)
}
