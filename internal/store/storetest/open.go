package storetest

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// sessionOf is the session that an opening makes now.
func (f *fixture) sessionOf(o gate.Opening) gate.Session {
	return gate.Session{
		Exists: true, ID: o.Session, Link: o.Link, Device: o.Device, Subject: o.Subject, Person: o.Person,
		Agent: o.Agent, Group: o.Group,
		CreatedAt: f.now(), LastSeen: f.now(), ExpiresAt: f.now().Add(o.Life),
	}
}

// again is the same device's next opening: with another session proposed.
func (f *fixture) again(o gate.Opening) gate.Opening {
	o.Session = gate.SessionID(f.id())
	return o
}

// resumes ends the test unless o resumes the session with that id.
func (f *fixture) resumes(o gate.Opening, id gate.SessionID) {
	f.Helper()
	got := f.open(f.again(o))
	f.equal("resumed session", []any{got.Resumed, got.Session.ID}, []any{true, id})
}

// starts ends the test unless o makes the session that it proposes.
func (f *fixture) starts(o gate.Opening) {
	f.Helper()
	got := f.open(o)
	f.equal("new session", []any{got.Resumed, got.Session.ID}, []any{false, o.Session})
}

var openCases = []testCase{
	{"a link without an account is not found", func(f *fixture) {
		_, err := f.store.Open(f.ctx, f.device(gate.LinkID(f.id())))
		f.fails("Open", err, gate.ErrNotFound)
	}},
	{"a new device gets the proposed session", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		account := f.account(link)
		account.Devices, account.Sessions = 1, 1
		o := f.device(link)
		want := f.sessionOf(o)
		f.equal("opened", f.open(o), gate.Opened{Session: want, Account: account})
		f.equal("checked", f.check(o, "a").Session, checked(want))
		f.equal("account", f.account(link), account)
	}},
	{"standing comes before the window", func(f *fixture) {
		early := f.link(gate.Terms{StartsAt: f.now().Add(time.Hour)})
		late := f.link(gate.Terms{ExpiresAt: f.now()})
		f.equal("early", f.open(f.device(early)).Refused.Reason, gate.NotYet)
		f.equal("late", f.open(f.device(late)).Refused.Reason, gate.Expired)
		for _, link := range []gate.LinkID{early, late} {
			f.stand(link, gate.Suspended)
			f.equal("suspended", f.open(f.device(link)).Refused.Reason, gate.SuspendedLink)
			f.stand(link, gate.Revoked)
			f.equal("revoked", f.open(f.device(link)).Refused.Reason, gate.RevokedLink)
		}
	}},
	{"the window has its start and not its end", func(f *fixture) {
		link := f.link(gate.Terms{StartsAt: f.now().Add(time.Hour), ExpiresAt: f.now().Add(2 * time.Hour)})
		f.pass(time.Hour - ms)
		f.equal("before the start", f.open(f.device(link)),
			gate.Opened{Refused: gate.Refusal{Reason: gate.NotYet}, Account: f.account(link)})
		f.pass(ms)
		f.visit(link)
		f.pass(time.Hour - ms)
		o := f.visit(link)
		f.pass(ms)
		f.equal("at the end", f.open(f.again(o)),
			gate.Opened{Refused: gate.Refusal{Reason: gate.Expired}, Account: f.account(link)})
		f.equal("devices", f.account(link).Devices, 2)
	}},
	{"a device resumes its live session, which is seen now", func(f *fixture) {
		link := f.link(gate.Terms{})
		o := f.device(link)
		want := f.sessionOf(o)
		f.open(o)
		f.pass(life - ms)
		want.LastSeen = f.now()
		next := f.again(o)
		next.Agent, next.Group, next.Life = "other", "elsewhere", time.Hour
		f.equal("resumed", f.open(next), gate.Opened{Session: want, Resumed: true, Account: f.account(link)})
		f.equal("checked", f.check(o, "a").Session, checked(want))
		f.equal("devices", f.account(link).Devices, 1)
	}},
	{"a device does not resume an expired session", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.pass(life)
		next := f.again(o)
		f.starts(next)
		f.resumes(o, next.Session)
		f.equal("devices", f.account(o.Link).Devices, 1)
	}},
	{"a device does not resume an ended session", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.end(o)
		next := f.again(o)
		f.starts(next)
		f.resumes(o, next.Session)
	}},
	{"a device has a session for each link", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		other := f.again(o)
		other.Link = f.link(gate.Terms{})
		f.starts(other)
		f.resumes(o, o.Session)
	}},
	{"an opening whose answer was lost may be made again", func(f *fixture) {
		o := f.device(f.link(gate.Terms{Views: 1}))
		o.Hold = true
		first := f.open(o)
		first.Resumed = true
		f.equal("made again", f.open(o), first)
	}},
	{"an alias resumes a session that was seen within the idle window", func(f *fixture) {
		o := f.device(f.link(gate.Terms{}))
		o.Alias = gate.Subject(f.id())
		f.starts(o)
		f.pass(pace.Idle - ms)
		other := f.device(o.Link)
		other.Alias = o.Alias
		f.resumes(other, o.Session) // seen again
		f.pass(pace.Idle)
		f.starts(other)
		f.equal("devices", f.account(o.Link).Devices, 2)
	}},
	{"an alias does not resume a session that ended", func(f *fixture) {
		o := f.device(f.link(gate.Terms{}))
		o.Alias = gate.Subject(f.id())
		f.starts(o)
		f.end(o)
		other := f.device(o.Link)
		other.Alias = o.Alias
		f.starts(other)
	}},
	{"an alias leads to the session that was made with it last", func(f *fixture) {
		first := f.device(f.link(gate.Terms{}))
		first.Alias = gate.Subject(f.id())
		f.starts(first)
		f.pass(pace.Idle)
		second := f.device(first.Link)
		second.Alias = first.Alias
		f.starts(second)
		f.resumes(first, first.Session) // by its device, and so seen last
		third := f.device(first.Link)
		third.Alias = first.Alias
		f.resumes(third, second.Session)
		f.end(second)
		f.starts(third)
	}},
	{"the device comes before the alias", func(f *fixture) {
		one := f.device(f.link(gate.Terms{}))
		one.Alias = gate.Subject(f.id())
		f.starts(one)
		other := f.visit(one.Link)
		other.Alias = one.Alias
		f.resumes(other, other.Session)
		next := f.device(one.Link)
		next.Alias = one.Alias
		f.resumes(next, one.Session) // resuming does not take the alias over
	}},
	{"no alias is nobody's alias", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		f.starts(f.device(o.Link))
	}},
	{"without a slot a new session is refused and leaves nothing behind", func(f *fixture) {
		link := f.link(gate.Terms{Views: 3})
		for range 3 {
			f.watch(f.visit(link), "a")
		}
		before, listed := f.account(link), f.sessions(link, gate.SessionID{}, 9)
		for _, hold := range []bool{false, true} {
			fourth := f.device(link)
			fourth.Hold = hold
			spent := gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViews}
			f.equal("fourth device", f.open(fourth), gate.Opened{Refused: spent, Account: before})
			f.equal("account", f.account(link), before)
			f.equal("sessions", f.sessions(link, gate.SessionID{}, 9), listed)
			f.equal("its session", f.check(fourth, "a").Session, gate.Session{})
		}
	}},
	{"reservations and holds leave no slot either", func(f *fixture) {
		link := f.link(gate.Terms{Views: 2})
		f.reserved(f.visit(link), "a")
		held := f.device(link)
		held.Hold = true
		f.starts(held)
		f.equal("third", f.open(f.device(link)).Refused.Reason, gate.ViewsSpent)
		f.pass(pace.Lapse)
		f.visit(link)
	}},
	{"without a slot a live session is still resumed", func(f *fixture) {
		link := f.link(gate.Terms{Views: 1})
		o := f.visit(link)
		f.watch(f.visit(link), "a")
		f.resumes(o, o.Session)
	}},
	{"inside an open play a new session needs no slot", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.watch(o, "a")
		f.end(o)
		o = f.again(o)
		f.starts(o)
		f.end(o)
		f.pass(pace.Idle)
		f.equal("once it has ended", f.open(f.again(o)).Refused.Reason, gate.ViewsSpent)
	}},
	{"a subject without views of its own is told so", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 3, ViewsEach: 1}))
		f.watch(o, "a")
		f.end(o)
		f.pass(pace.Idle)
		f.equal("refused", f.open(f.again(o)).Refused,
			gate.Refusal{Reason: gate.ViewsSpent, Allowance: gate.AllowanceViewsEach})
		f.visit(o.Link) // somebody else
	}},
}
