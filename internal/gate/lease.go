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
//
// The documents of links, which are remembered longer than a lease, have marks
// of their own. A record is worth what its mark is; see [Marks.Edited].
type Marks struct {
	links    [markSlots]atomic.Uint32
	sessions [markSlots]atomic.Uint32
	records  [markSlots]atomic.Uint32
	// missed moves when anything may have changed.
	missed atomic.Uint32
	// told is the newest edition of the documents that was told; 0: none.
	told atomic.Int64
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
	case DocumentChanged: // a lease holds no document: who recalls one asks the rules
		m.Edited([]DocumentName{change.Document}, true)
		m.hear(change.Edition)
	default: // anything may have changed
		m.told.Store(0)
		m.missed.Add(1)
		for i := range m.links {
			m.links[i].Add(1)
		}
		m.Edited(nil, false)
	}
}

// Edited makes the gates read the named documents of links again, and all of
// them where the names are not complete. Whoever knows an edition must have
// called it with what [Documents.Edits] said on the way there: so nobody judges
// by an edition and by a link from before it.
func (m *Marks) Edited(names []DocumentName, complete bool) {
	if !complete {
		for i := range m.records {
			m.records[i].Add(1)
		}
		return
	}
	for _, name := range names {
		if id, err := ParseLinkID(name.ID); name.Kind == KindLink && err == nil {
			m.records[slotOf(id)].Add(1)
		}
	}
}

// hear notes the newest edition that was told.
func (m *Marks) hear(edition int64) {
	for {
		told := m.told.Load()
		if edition <= told || m.told.CompareAndSwap(told, edition) {
			return
		}
	}
}

// unhear forgets what was told before the store was asked and said a lower edition:
// it has lost its own, and the one that was told may never come again. What was
// told meanwhile stays.
func (m *Marks) unhear(told, edition int64) {
	if edition < told {
		m.told.CompareAndSwap(told, 0)
	}
}

func (m *Marks) record(id LinkID) uint32 { return m.records[slotOf(id)].Load() }

// of are the marks of a session on a link. That of the link is the sum of its
// own and those of the links that it was made from: none of them ever goes back.
func (m *Marks) of(who *pass, r *record) marks {
	link := m.links[slotOf(who.link)].Load()
	for _, above := range r.Above {
		link += m.links[slotOf(above)].Load()
	}
	return marks{link, m.sessions[slotOf(who.session)].Load()}
}

// slotOf takes the last two bytes of an id, which are random.
func slotOf[T ~[12]byte](id T) int { return (int(id[10])<<8 | int(id[11])) % markSlots }

// recall returns the lease in hand for what is watched, and the store's time as it
// has gone on; nil: there is none, or something changed since.
func (g *Gate) recall(who *pass, s *sight, now time.Time) (*lease, time.Time) {
	l := who.lease.Load()
	if l == nil {
		return nil, time.Time{}
	}
	age := now.Sub(l.asked)
	if age < 0 || age >= g.policy.Lease || l.marks != g.marks.of(who, s.record) {
		return nil, time.Time{}
	}
	if l.asset != s.asset && !(l.state.Gathered && WholeOf(l.asset) == WholeOf(s.asset)) {
		return nil, time.Time{}
	}
	return l, l.state.Now.Add(age)
}
