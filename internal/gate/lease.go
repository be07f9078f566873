package gate

import (
	"sync/atomic"
	"time"
)

// Leases remembers for a short time what the store said about sessions, for
// sites that allow it. A lease only ever repeats a pass: what the store said
// is judged anew on every request, at the time that has gone on since, and
// whatever would not pass is asked again.
//
// A change that the store tells of ends the leases it touches, without walking
// over them: each lease carries the marks of its link and session, and a
// change moves the mark. Marks are shared by all ids that fall into the same
// of a few thousand slots; who shares one with a changed link asks the store
// once more. A check that was under way while the change came in carries the
// mark from before it, and so is worth nothing, whichever answer it got.
type Leases struct {
	known    *recent[Query, *lease]
	links    [markSlots]atomic.Uint32
	sessions [markSlots]atomic.Uint32
}

const (
	// maxLeases bounds the leases. One takes less than 1 KiB.
	maxLeases = 200_000
	markSlots = 4096
)

// lease is one answer of the store.
type lease struct {
	state State
	// asked is this process' clock just before the store was asked, so that a
	// lease is never older than it seems.
	asked time.Time
	marks marks
}

// marks are those of a link and a session at one time.
type marks struct{ link, session uint32 }

// NewLeases returns an empty memory.
func NewLeases() *Leases { return &Leases{known: newRecent[Query, *lease](maxLeases)} }

// Forget ends the leases that a change touches.
func (l *Leases) Forget(change Change) {
	switch change.Kind {
	case LinkChanged:
		linkSlot(&l.links, change.Link).Add(1)
	case SessionChanged:
		sessionSlot(&l.sessions, change.Session).Add(1)
	case KeysChanged: // no lease holds what keys say
	default: // anything may have changed
		for i := range l.links {
			l.links[i].Add(1)
		}
	}
}

// The last two bytes of an id are random.

func linkSlot(slots *[markSlots]atomic.Uint32, id LinkID) *atomic.Uint32 {
	return &slots[(int(id[len(id)-1])<<8|int(id[len(id)-2]))%markSlots]
}

func sessionSlot(slots *[markSlots]atomic.Uint32, id SessionID) *atomic.Uint32 {
	return &slots[(int(id[len(id)-1])<<8|int(id[len(id)-2]))%markSlots]
}

func (l *Leases) marksOf(q *Query) marks {
	return marks{linkSlot(&l.links, q.Link).Load(), sessionSlot(&l.sessions, q.Session).Load()}
}

// recall fills in what the store said no longer than life ago and nothing has
// changed since, as of now.
func (l *Leases) recall(q *Query, now time.Time, life time.Duration, into *State) bool {
	known, found := l.known.get(q.Session[len(q.Session)-1], *q)
	if !found {
		return false
	}
	age := now.Sub(known.asked)
	if age < 0 || age >= life || known.marks != l.marksOf(q) {
		return false
	}
	*into = known.state
	into.Now = into.Now.Add(age)
	return true
}

// keep remembers the answer to a question that was asked at that time, under
// the marks from before.
func (l *Leases) keep(q *Query, asked time.Time, before marks, state *State) {
	l.known.put(q.Session[len(q.Session)-1], *q, &lease{state: *state, asked: asked, marks: before})
}
