package storetest

import (
	"bytes"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var (
	noSeats     = gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeats}
	noSeatsEach = gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeatsEach}
)

// visits opens sessions for so many fresh devices, one each millisecond.
func (f *fixture) visits(link gate.LinkID, n int) []gate.Opening {
	f.Helper()
	var all []gate.Opening
	for range n {
		all = append(all, f.visit(link))
		f.pass(ms)
	}
	return all
}

// sibling is another fresh device of the same subject.
func (f *fixture) sibling(o gate.Opening) gate.Opening {
	other := f.device(o.Link)
	other.Subject = o.Subject
	return other
}

// replaced ends the test unless exactly those of the sessions have lost their
// seat, now.
func (f *fixture) replaced(what string, all []gate.Opening, gone ...int) {
	f.Helper()
	lost := make(map[int]bool)
	for _, i := range gone {
		lost[i] = true
	}
	for i, o := range all {
		s := f.check(o, "a").Session
		want, reason := []any{time.Time{}, ""}, gate.OK
		if lost[i] {
			want, reason = []any{f.now(), gate.EndedReplaced}, gate.Replaced
		}
		f.equal(what+": ended", []any{i, s.EndedAt, s.EndedWhy}, append([]any{i}, want...))
		f.equal(what+": reserve", []any{i, f.reserve(o, "a").Refused.Reason}, []any{i, reason})
	}
}

func (f *fixture) seated(what string, link gate.LinkID, want int64) {
	f.Helper()
	f.equal(what+": seated", ok[int64](f, "Seated")(f.store.Seated(f.ctx, link)), want)
}

var seatCases = []testCase{
	{"seated counts live sessions", func(f *fixture) {
		_, err := f.store.Seated(f.ctx, gate.LinkID(f.id()))
		f.fails("Seated", err, gate.ErrNotFound)
		link := f.link(gate.Terms{})
		f.seated("nobody", link, 0)
		first := f.visit(link)
		f.pass(time.Minute)
		f.visit(link)
		f.resumes(first, first.Session)
		f.visit(f.link(gate.Terms{}))
		f.seated("two", link, 2)
		f.end(first)
		f.seated("one ended", link, 1)
		f.pass(life - ms)
		f.seated("just before the other expires", link, 1)
		f.pass(ms)
		f.seated("expired", link, 0)
	}},
	{"without seats left a new session is refused and leaves nothing behind", func(f *fixture) {
		link := f.link(gate.Terms{Views: 9, Seats: 2})
		all := f.visits(link, 2)
		before, listed := f.account(link), f.sessions(link, gate.SessionID{}, 9)
		for _, hold := range []bool{false, true} {
			third := f.device(link)
			third.Hold = hold
			f.equal("third device", f.open(third), gate.Opened{Refused: noSeats, Account: before})
			f.equal("its session", f.check(third, "a").Session, gate.Session{})
		}
		f.equal("account", f.account(link), before)
		f.equal("sessions", f.sessions(link, gate.SessionID{}, 9), listed)
		f.replaced("nobody", all)
	}},
	{"a seat that was given up is there for the next", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 1})
		o := f.visit(link)
		f.end(o)
		next := f.device(link)
		next.Life = time.Minute
		f.starts(next)
		f.pass(time.Minute - ms)
		f.equal("while it lives", f.open(f.device(link)).Refused, noSeats)
		f.pass(ms)
		f.visit(link)
	}},
	{"a session that is found keeps its seat and needs none", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 2})
		o := f.device(link)
		o.Alias = gate.Subject(f.id())
		f.starts(o)
		f.visit(link)
		f.resumes(o, o.Session)
		other := f.press(link)
		other.Alias = o.Alias
		f.resumes(other, o.Session)
		f.extend(link, gate.Extension{Seats: number(1)})
		f.resumes(o, o.Session)
		f.seated("after", link, 2)
	}},
	{"standing, the window and views come before seats", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1, Seats: 1, ExpiresAt: f.now().Add(time.Minute)})
		f.watch(f.visit(link), "a")
		f.equal("views", f.open(f.device(link)).Refused, noViews)
		f.extend(link, gate.Extension{AddViews: 1})
		f.equal("seats", f.open(f.device(link)).Refused, noSeats)
		f.pass(time.Minute)
		f.equal("window", f.open(f.device(link)).Refused.Reason, gate.Expired)
		f.stand(link, gate.Suspended)
		f.equal("standing", f.open(f.device(link)).Refused.Reason, gate.SuspendedLink)
	}},
	{"views that are spent replace nobody", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1, Seats: 1, WhenFull: gate.ReplaceOldest})
		o := f.visit(link)
		f.watch(o, "a")
		f.equal("views", f.open(f.device(link)).Refused, noViews)
		f.equal("its session", f.check(o, "a").Session.EndedAt, time.Time{})
	}},
	{"of idle sessions the one seen longest ago loses its seat", func(f *fixture) {
		for _, full := range []gate.WhenFull{gate.RefuseNew, gate.ReplaceOldest} {
			link := f.link(gate.Terms{Seats: 3, WhenFull: full})
			all := f.visits(link, 3)
			f.pass(time.Second)
			f.flush(usage(f, all[0], "a"))
			f.pass(pace.Seat - time.Second)
			all = append(all, f.visit(link))
			f.replaced(full.String(), all, 1)
		}
	}},
	{"a session is idle from Pace.Seat on and not before", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 1})
		o := f.visit(link)
		f.pass(pace.Seat - ms)
		f.equal("before", f.open(f.device(link)).Refused, noSeats)
		quick := f.device(link)
		quick.Pace.Seat = pace.Seat - ms
		f.starts(quick)
		f.replaced("by the pace of whoever asks", []gate.Opening{o, quick}, 0)
	}},
	{"to be seen keeps a seat", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 2})
		o, returning := f.visit(link), f.visit(link)
		f.pass(pace.Seat - ms)
		f.flush(usage(f, o, "a"))
		f.resumes(returning, returning.Session)
		f.pass(pace.Seat - ms)
		f.equal("refused", f.open(f.device(link)).Refused, noSeats)
	}},
	{"replace ends the oldest session", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 2, WhenFull: gate.ReplaceOldest})
		all := f.visits(link, 2)
		f.flush(usage(f, all[0], "a")) // to be busier does not help
		all = append(all, f.visit(link))
		f.replaced("the first", all, 0)
		f.seated("after", link, 2)
	}},
	{"what is even goes by id", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 3, WhenFull: gate.ReplaceOldest})
		all := []gate.Opening{f.device(link), f.device(link), f.device(link)}
		slices.SortFunc(all, func(a, b gate.Opening) int { return bytes.Compare(a.Session[:], b.Session[:]) })
		f.starts(all[2])
		f.starts(all[0])
		f.starts(all[1])
		f.pass(ms)
		all = append(all, f.visit(link))
		f.replaced("busy", all, 0)
		f.pass(pace.Seat)
		next := f.visit(link)
		f.replaced("idle", []gate.Opening{all[1], all[2], next}, 0)
	}},
	{"idle sessions leave before older ones", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 2, WhenFull: gate.ReplaceOldest})
		all := f.visits(link, 2)
		f.pass(pace.Seat - ms)
		f.flush(usage(f, all[0], "a"))
		f.pass(ms)
		all = append(all, f.visit(link))
		f.replaced("the second", all, 1)
	}},
	{"fewer seats end nobody, and the next opening makes room", func(f *fixture) {
		replace := gate.ReplaceOldest
		link := f.link(gate.Terms{})
		all := f.visits(link, 4)
		got := f.extend(link, gate.Extension{Seats: number(2), WhenFull: &replace})
		f.equal("terms", got.Terms, gate.Terms{Seats: 2, WhenFull: replace})
		f.replaced("nobody yet", all)
		all = append(all, f.visit(link))
		f.replaced("three", all, 0, 1, 2)
		f.seated("after", link, 2)
	}},
	{"a refusal ends nobody, idle or not", func(f *fixture) {
		link := f.link(gate.Terms{})
		idle := f.visit(link)
		f.pass(pace.Seat)
		all := append(f.visits(link, 2), idle)
		f.extend(link, gate.Extension{Seats: number(2)})
		f.equal("two have to leave and one may", f.open(f.device(link)).Refused, noSeats)
		f.replaced("nobody", all)
		f.extend(link, gate.Extension{Seats: number(3)})
		all = append(all, f.visit(link))
		f.replaced("the idle one", all, 2)
	}},
	{"seats of each count one subject's sessions on one link", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{SeatsEach: 2}))
		elsewhere := f.sibling(o)
		elsewhere.Link = f.link(gate.Terms{SeatsEach: 2})
		f.starts(elsewhere)
		f.visit(o.Link)
		f.starts(f.sibling(o))
		f.equal("third device", f.open(f.sibling(o)).Refused, noSeatsEach)
		f.visit(o.Link)
		f.end(o)
		f.starts(f.sibling(o))
		f.equal("full again", f.open(f.sibling(o)).Refused, noSeatsEach)
	}},
	{"seats of each may be set while several watch", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.starts(f.sibling(o))
		f.equal("terms", f.extend(o.Link, gate.Extension{SeatsEach: number(1)}).Terms, gate.Terms{SeatsEach: 1})
		f.equal("refused", f.open(f.sibling(o)).Refused, noSeatsEach)
	}},
	{"a subject makes room among its own before anybody else's", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 3, SeatsEach: 2, WhenFull: gate.ReplaceOldest})
		all := f.visits(link, 2)
		second := f.sibling(all[1])
		f.starts(second)
		f.pass(ms)
		third := f.sibling(all[1])
		f.starts(third)
		f.replaced("its own oldest, who makes room on the link too", append(all, second, third), 1)
		f.extend(link, gate.Extension{Seats: number(2)})
		fourth := f.sibling(all[1])
		f.pass(ms)
		f.starts(fourth)
		f.replaced("its own oldest, and the link's", []gate.Opening{all[0], second, third, fourth}, 0, 1)
		f.seated("after", link, 2)
	}},
	{"more than MaxReplaced leave for nobody", func(f *fixture) {
		link := f.link(gate.Terms{WhenFull: gate.ReplaceOldest})
		first := f.visit(link)
		for range gate.MaxReplaced {
			f.visit(link)
		}
		f.extend(link, gate.Extension{Seats: number(1)})
		f.equal("one too many", f.open(f.device(link)).Refused, noSeats)
		f.seated("all of them", link, gate.MaxReplaced+1)
		f.end(first)
		f.visit(link)
		f.seated("one", link, 1)
	}},
	{"a replaced session is no longer its device's", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1, Seats: 1, WhenFull: gate.ReplaceOldest})
		first := f.visit(link)
		f.watch(first, "a")
		f.extend(link, gate.Extension{AddViews: 1})
		second := f.visit(link)
		again := f.again(first)
		f.starts(again)
		f.replaced("the other", []gate.Opening{second}, 0)
		f.equal("its play is still its own", f.reserve(again, "a").Free, true)
		f.equal("ended again", f.end(first).EndedWhy, gate.EndedReplaced)
		f.pass(gate.SessionKept)
		f.equal("forgotten", f.check(second, "a").Session, gate.Session{})
	}},
	{"bytes of a replaced session still count", func(f *fixture) {
		link := f.link(gate.Terms{Seats: 1, WhenFull: gate.ReplaceOldest})
		o := f.visit(link)
		f.visit(link)
		fact := usage(f, o, "a")
		fact.Bytes = 7
		f.flush(fact)
		s := f.check(o, "a").Session
		f.equal("session", []any{s.Bytes, s.EndedWhy}, []any{7, gate.EndedReplaced})
	}},
}
