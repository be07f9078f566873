package gate

import (
	"sync/atomic"
	"time"
)

// lease is what the store said about a session, for a short time. It only ever
// repeats a pass: what the store said is judged anew on every request, at the
// time that has gone on since, and whatever would not pass is asked again.
// A session has one at a time, of the asset that it asked for last.
type lease struct {
	asset string
	state State
	// asked is this process' clock just before the store was asked, so that a
	// lease is never older than it seems.
	asked time.Time
	marks marks
}

// marks are those of a link and a session at one time.
type marks struct{ link, session uint32 }

// Marks end leases as soon as something changes, without walking over them:
// each lease carries the marks of its link and session from before the store
// was asked, and a change moves the mark. So a check that was under way while
// the change came in is worth nothing as a lease, whichever answer it got.
//
// A mark is shared by all ids that fall into the same of a few thousand slots;
// who shares one with a changed link asks the store once more.
type Marks struct {
	links    [markSlots]atomic.Uint32
	sessions [markSlots]atomic.Uint32
}

const markSlots = 4096

// Move ends the leases that a change touches.
func (m *Marks) Move(change Change) {
	switch change.Kind {
	case LinkChanged:
		m.links[slotOf(change.Link)].Add(1)
	case SessionChanged:
		m.sessions[slotOf(change.Session)].Add(1)
	case KeysChanged: // no lease holds what keys say
	default: // anything may have changed
		for i := range m.links {
			m.links[i].Add(1)
		}
	}
}

func (m *Marks) of(who *pass) marks {
	return marks{m.links[slotOf(who.link)].Load(), m.sessions[slotOf(who.session)].Load()}
}

// slotOf takes the last two bytes of an id, which are random.
func slotOf[T ~[12]byte](id T) int { return (int(id[10])<<8 | int(id[11])) % markSlots }

// recall returns the lease in hand for the asset, and the store's time as it
// has gone on; nil: there is none, or something changed since.
func (g *Gate) recall(who *pass, asset string, now time.Time) (*lease, time.Time) {
	l := who.lease.Load()
	if l == nil {
		return nil, time.Time{}
	}
	age := now.Sub(l.asked)
	if age < 0 || age >= g.policy.Lease || l.marks != g.marks.of(who) {
		return nil, time.Time{}
	}
	if l.asset != asset && !l.state.Session.Gathered { // gathered, its assets are one
		return nil, time.Time{}
	}
	return l, l.state.Now.Add(age)
}
