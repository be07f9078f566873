package storetest

import (
	"bytes"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var sessionCases = []testCase{
	{"end ends it now, once", func(f *fixture) {
		o := f.device(f.link(gate.Terms{}))
		want := f.sessionOf(o)
		f.starts(o)
		f.pass(time.Minute)
		want.EndedAt = f.now()
		f.equal("ended", f.end(o), want)
		f.pass(time.Minute)
		f.equal("ended again", f.end(o), want)
		f.equal("checked", f.check(o, "a").Session, checked(want))
		f.equal("reserve", f.reserve(o, "a").Refused.Reason, gate.NoSession)
	}},
	{"end leaves an expired one as it is", func(f *fixture) {
		o := f.device(f.link(gate.Terms{}))
		want := f.sessionOf(o)
		f.starts(o)
		f.pass(life)
		f.equal("ended", f.end(o), want)
		f.equal("checked", f.check(o, "a").Session, checked(want))
	}},
	{"end touches no play and no other session", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 2}))
		other := f.visit(o.Link)
		f.watch(o, "a")
		f.end(o)
		f.counts("after", o.Link, 1, 0)
		f.watch(other, "a")
	}},
	{"end and gather find no session that never was, or is another link's", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		unknown, elsewhere, nowhere := f.device(o.Link), o, f.device(gate.LinkID(f.id()))
		elsewhere.Link = f.link(gate.Terms{})
		for _, o := range []gate.Opening{unknown, elsewhere, nowhere} {
			_, err := f.store.End(f.ctx, o.Link, o.Session)
			f.fails("End", err, gate.ErrNotFound)
			f.fails("Gather", f.store.Gather(f.ctx, o.Link, o.Session, gate.WholeScope), gate.ErrNotFound)
		}
	}},
	{"gather marks it, and only it", func(f *fixture) {
		o := f.device(f.link(gate.Terms{}))
		want := f.sessionOf(o)
		f.starts(o)
		other := f.visit(o.Link)
		f.gather(o)
		f.gather(o)
		want.Gathered = true
		f.equal("gathered", f.check(o, "a").Session, checked(want))
		f.equal("what is asked for", f.check(o, "a").Gathered, true)
		f.equal("another folder", f.check(o, "/f/a").Gathered, false)
		f.equal("other", []bool{f.check(other, "a").Session.Gathered, f.check(other, "a").Gathered}, []bool{false, false})
		want.LastSeen = f.now()
		f.equal("resumed", f.open(f.again(o)).Session, want)
	}},
}

// ids returns the ids of a listing.
func ids(sessions []gate.Session) []gate.SessionID {
	found := []gate.SessionID{}
	for _, session := range sessions {
		found = append(found, session.ID)
	}
	return found
}

var listCases = []testCase{
	{"in falling order of id, by pages, of one link or of all", func(f *fixture) {
		one, other := f.link(gate.Terms{}), f.link(gate.Terms{})
		var ofOne, ofAll []gate.SessionID
		for range 4 {
			mine, theirs := f.visit(one).Session, f.visit(other).Session
			ofOne, ofAll = append(ofOne, mine), append(ofAll, mine, theirs)
		}
		for _, order := range [][]gate.SessionID{ofOne, ofAll} {
			slices.SortFunc(order, func(a, b gate.SessionID) int { return bytes.Compare(b[:], a[:]) })
		}
		for _, c := range []struct {
			link gate.LinkID
			want []gate.SessionID
		}{{one, ofOne}, {gate.LinkID{}, ofAll}} {
			f.equal("all", ids(f.sessions(c.link, gate.SessionID{}, 9)), c.want)
			f.equal("first page", ids(f.sessions(c.link, gate.SessionID{}, 3)), c.want[:3])
			f.equal("second page", ids(f.sessions(c.link, c.want[2], 3)), c.want[3:min(6, len(c.want))])
			f.equal("below the last", ids(f.sessions(c.link, c.want[len(c.want)-1], 3)), c.want[:0])
			f.equal("no limit to speak of", ids(f.sessions(c.link, gate.SessionID{}, 0)), c.want[:0])
			f.equal("a limit below 0", ids(f.sessions(c.link, gate.SessionID{}, -1)), c.want[:0])
		}
		f.equal("of no link", ids(f.sessions(gate.LinkID(f.id()), gate.SessionID{}, 9)), ofAll[:0])
	}},
	{"whole, with the plays of their subject on their link", func(f *fixture) {
		o := f.device(f.link(gate.Terms{}))
		want := f.sessionOf(o)
		f.starts(o)
		f.equal("without plays", f.sessions(o.Link, gate.SessionID{}, 9), []gate.Session{want})

		elsewhere := f.again(o)
		elsewhere.Link = f.link(gate.Terms{})
		f.starts(elsewhere)
		f.watch(elsewhere, "z")
		f.watch(o, "b")
		f.reserved(o, "a")
		second := []gate.Play{f.playOf(o, "a", gate.PlayReserved), f.playOf(o, "b", gate.PlayCharged)}
		f.pass(ms)
		f.watch(o, "0")
		want.Plays = append(second, f.playOf(o, "0", gate.PlayCharged))
		f.equal("with plays", f.sessions(o.Link, gate.SessionID{}, 9), []gate.Session{want})
		f.pass(pace.Lapse)
		want.Plays = want.Plays[1:]
		f.equal("with a lapsed one", f.sessions(o.Link, gate.SessionID{}, 9), []gate.Session{want})
	}},
	{"a subject's plays are listed with each of its sessions", func(f *fixture) {
		link := f.link(gate.Terms{})
		phone, tv, other := f.device(link), f.device(link), f.device(link)
		tv.Subject = phone.Subject
		for _, o := range []gate.Opening{phone, tv, other} {
			f.starts(o)
		}
		f.watch(phone, "a")
		for _, session := range f.sessions(link, gate.SessionID{}, 9) {
			want := []gate.Play{f.playOf(phone, "a", gate.PlayCharged)}
			if session.ID == other.Session {
				want = nil
			}
			f.equal("plays", session.Plays, want)
		}
	}},
	{"known for SessionKept after the end", func(f *fixture) {
		ended := f.visit(f.link(gate.Terms{}))
		expired := f.visit(ended.Link)
		f.pass(time.Hour)
		f.end(ended)
		f.pass(gate.SessionKept - ms)
		f.equal("both", len(f.sessions(ended.Link, gate.SessionID{}, 9)), 2)
		f.pass(ms)
		f.equal("one", ids(f.sessions(gate.LinkID{}, gate.SessionID{}, 9)), []gate.SessionID{expired.Session})
		f.unknown(ended)
		f.pass(life - time.Hour - ms)
		f.equal("still", ids(f.sessions(ended.Link, gate.SessionID{}, 9)), []gate.SessionID{expired.Session})
		f.pass(ms)
		f.equal("none", len(f.sessions(gate.LinkID{}, gate.SessionID{}, 9)), 0)
		f.unknown(expired)
		f.equal("devices are counted for good", f.account(ended.Link).Devices, 2)
	}},
}

// unknown sees that no verb knows the session any more.
func (f *fixture) unknown(o gate.Opening) {
	f.Helper()
	f.equal("Check", f.check(o, "a").Session, gate.Session{})
	_, err := f.store.End(f.ctx, o.Link, o.Session)
	f.fails("End", err, gate.ErrNotFound)
	f.fails("Gather", f.store.Gather(f.ctx, o.Link, o.Session, gate.WholeScope), gate.ErrNotFound)
	f.equal("Reserve", f.reserve(o, "a").Refused.Reason, gate.NoSession)
	fact := usage(f, o, "a")
	fact.Bytes = 1
	f.flush(fact)
	f.equal("Check after Flush", f.check(o, "a").Session, gate.Session{})
}
