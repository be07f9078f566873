package storetest

import (
	"bytes"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// of is the same opening by a person who is signed in on the device.
func of(o gate.Opening, person gate.PersonID) gate.Opening {
	o.Person = person
	return o
}

var personCases = []testCase{
	{"a session says whose it is", func(f *fixture) {
		o := of(f.device(f.link(gate.Terms{})), gate.PersonID(f.id()))
		want := f.sessionOf(o)
		f.starts(o)
		f.gather(o)
		f.flush(usage(f, o, "a"))
		want.Gathered = true
		f.equal("checked", f.check(o, "a").Session, checked(want))
		f.equal("resumed", f.open(f.again(o)).Session, want)
		f.equal("listed", f.sessions(o.Link, gate.SessionID{}, 9), []gate.Session{want})
		want.EndedAt = f.now()
		f.equal("ended", f.end(o), want)
	}},
	{"persons on one device are apart, and so is nobody", func(f *fixture) {
		nobody := f.device(f.link(gate.Terms{}))
		one, other := of(f.again(nobody), gate.PersonID(f.id())), of(f.again(nobody), gate.PersonID(f.id()))
		for _, o := range []gate.Opening{one, nobody, other} {
			f.starts(o)
		}
		for _, o := range []gate.Opening{nobody, one, other, nobody} {
			f.resumes(o, o.Session)
		}
		f.equal("devices", f.account(nobody.Link).Devices, 1)
		f.end(one)
		next := f.again(one)
		f.starts(next)
		f.resumes(one, next.Session)
		f.resumes(nobody, nobody.Session)
		f.equal("devices in the end", f.account(nobody.Link).Devices, 1)
	}},
	{"a device that only persons used counts once, also when it is nobody's", func(f *fixture) {
		o := of(f.device(f.link(gate.Terms{})), gate.PersonID(f.id()))
		f.starts(o)
		f.starts(of(f.again(o), gate.PersonID(f.id())))
		f.starts(of(f.again(o), gate.PersonID{}))
		f.equal("devices", f.account(o.Link).Devices, 1)
		f.pass(life + gate.SessionKept)
		for range 9 {
			f.stand(o.Link, gate.Active) // a broom may come
		}
		f.starts(of(f.again(o), gate.PersonID(f.id())))
		f.equal("devices later", f.account(o.Link).Devices, 1)
	}},
	{"persons with one alias are apart, and so is nobody", func(f *fixture) {
		nobody := f.device(f.link(gate.Terms{}))
		nobody.Alias = gate.Subject(f.id())
		one, other := of(f.device(nobody.Link), gate.PersonID(f.id())), of(f.device(nobody.Link), gate.PersonID(f.id()))
		one.Alias, other.Alias = nobody.Alias, nobody.Alias
		for _, o := range []gate.Opening{one, nobody, other} {
			f.starts(o)
		}
		for _, o := range []gate.Opening{nobody, one, other} {
			elsewhere := of(f.device(o.Link), o.Person)
			elsewhere.Alias = o.Alias
			f.resumes(elsewhere, o.Session)
		}
	}},
	{"a person's sessions on all links, in falling order of id, by pages", func(f *fixture) {
		person, another := gate.PersonID(f.id()), gate.PersonID(f.id())
		one, other := f.link(gate.Terms{}), f.link(gate.Terms{})
		var want []gate.SessionID
		for range 4 {
			for _, link := range []gate.LinkID{one, other} {
				o := of(f.device(link), person)
				f.starts(o)
				want = append(want, o.Session)
			}
			f.starts(of(f.device(one), another))
			f.visit(one)
		}
		slices.SortFunc(want, func(a, b gate.SessionID) int { return bytes.Compare(b[:], a[:]) })
		f.equal("all", f.sessionsOf(person, gate.SessionID{}, 99), want)
		f.equal("first page", f.sessionsOf(person, gate.SessionID{}, 3), want[:3])
		f.equal("second page", f.sessionsOf(person, want[2], 3), want[3:6])
		f.equal("below the last", f.sessionsOf(person, want[7], 3), want[:0])
		f.equal("no limit to speak of", f.sessionsOf(person, gate.SessionID{}, 0), want[:0])
		f.equal("a limit below 0", f.sessionsOf(person, gate.SessionID{}, -1), want[:0])
		f.equal("of somebody else", len(f.sessionsOf(another, gate.SessionID{}, 99)), 4)
		f.equal("of nobody who is known", f.sessionsOf(gate.PersonID(f.id()), gate.SessionID{}, 9), want[:0])
		f.equal("of all", len(f.sessions(gate.LinkID{}, gate.SessionID{}, 99)), 16)
	}},
	{"whole, with the plays of their subject on their link", func(f *fixture) {
		o := of(f.device(f.link(gate.Terms{})), gate.PersonID(f.id()))
		want := f.sessionOf(o)
		f.starts(o)
		f.watch(o, "a")
		want.Plays = []gate.Play{f.playOf(o, "a", gate.PlayCharged)}
		got := ok[[]gate.Session](f, "Sessions")(f.store.Sessions(f.ctx, gate.Whose{Person: o.Person}, gate.SessionID{}, 9))
		f.equal("listed", got, []gate.Session{want})
	}},
	{"a refused opening lists no session of a person, and a resumed one no second", func(f *fixture) {
		o := of(f.device(f.link(gate.Terms{Views: 1})), gate.PersonID(f.id()))
		f.starts(o)
		f.resumes(o, o.Session)
		f.watch(o, "a")
		refused := of(f.device(o.Link), o.Person)
		f.equal("refused", f.open(refused).Refused.Reason, gate.ViewsSpent)
		f.equal("listed", f.sessionsOf(o.Person, gate.SessionID{}, 9), []gate.SessionID{o.Session})
	}},
	{"known for SessionKept after the end", func(f *fixture) {
		ended := of(f.device(f.link(gate.Terms{})), gate.PersonID(f.id()))
		expired := of(f.device(f.link(gate.Terms{})), ended.Person)
		f.starts(ended)
		f.starts(expired)
		f.pass(time.Hour)
		f.end(ended)
		f.pass(gate.SessionKept - ms)
		f.equal("both", len(f.sessionsOf(ended.Person, gate.SessionID{}, 9)), 2)
		f.pass(ms)
		f.equal("one", f.sessionsOf(ended.Person, gate.SessionID{}, 9), []gate.SessionID{expired.Session})
		f.pass(life - time.Hour)
		f.equal("none", len(f.sessionsOf(ended.Person, gate.SessionID{}, 9)), 0)
	}},
}

// above checks a link that was made from others.
func (f *fixture) above(o gate.Opening, links ...gate.LinkID) gate.State {
	f.Helper()
	q := gate.Query{Link: o.Link, Session: o.Session, Subject: o.Subject, Asset: "a"}
	copy(q.Above[:], links)
	return ok[gate.State](f, "Check")(f.store.Check(f.ctx, q))
}

var aboveCases = []testCase{
	{"accounts of the links above come in order, and none where there is none", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		f.equal("none", f.above(o).Above == nil, true)
		var links []gate.LinkID
		var want []gate.Account
		for views := range int64(gate.MaxAbove) {
			links = append(links, f.link(gate.Terms{Views: views + 2, ExpiresAt: f.now().Add(time.Hour)}))
			want = append(want, f.account(links[views]))
			state := f.check(o, "a")
			state.Above = want
			f.equal("above", f.above(o, links...), state)
		}
	}},
	{"one that is not there is said so, in its place", func(f *fixture) {
		o, parent := f.visit(f.link(gate.Terms{})), f.link(gate.Terms{Views: 7})
		missing := gate.LinkID(f.id())
		f.equal("missing", f.above(o, missing, parent).Above, []gate.Account{{}, f.account(parent)})
		f.equal("last", f.above(o, parent, missing).Above, []gate.Account{f.account(parent), {}})
		unknown := f.device(missing)
		f.equal("of an unknown link", f.above(unknown, parent),
			gate.State{Now: f.now(), Edition: f.edition(), Above: []gate.Account{f.account(parent)}})
		f.equal("of none", f.above(gate.Opening{}, parent).Above, []gate.Account{f.account(parent)})
		f.equal("itself", f.above(o, o.Link, o.Link).Above, []gate.Account{f.account(o.Link), f.account(o.Link)})
	}},
	{"their standing, terms and counts are those of now", func(f *fixture) {
		parent, grand := f.link(gate.Terms{Views: 9}), f.link(gate.Terms{Views: 9})
		o := f.visit(f.link(gate.Terms{}))
		same := func(what string) {
			f.Helper()
			f.equal(what, f.above(o, parent, grand).Above, []gate.Account{f.account(parent), f.account(grand)})
		}
		same("at first")
		f.stand(grand, gate.Suspended)
		same("suspended")
		f.extend(parent, gate.Extension{HandOn: 3})
		same("handed on")
		f.watch(f.visit(parent), "a")
		f.reserved(f.visit(parent), "a")
		f.open(f.press(parent))
		same("watched")
		f.pass(pace.Lapse - ms)
		same("before the slots lapse")
		f.pass(ms)
		same("lapsed")
		f.equal("reserved", f.above(o, parent).Above[0].Reserved, 0)
		f.stand(grand, gate.Revoked)
		same("revoked")
	}},
	{"looking changes nothing of them", func(f *fixture) {
		parent := f.link(gate.Terms{Views: 2})
		f.open(f.press(parent))
		before, o := f.account(parent), f.visit(f.link(gate.Terms{}))
		for range 3 {
			f.above(o, parent)
		}
		f.equal("account", f.account(parent), before)
	}},
}
