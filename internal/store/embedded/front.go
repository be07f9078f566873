package embedded

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/usher-media/usher/internal/gate"
)

// maxCached is how many records the front keeps: some tens of megabytes.
const maxCached = 100_000

// records are one link's records, as far as they were read. A nil account or
// session is one that does not exist.
type records struct {
	read     bool // the account was
	account  *account
	sessions map[gate.SessionID]*session
	subjects map[gate.Subject]*subject
}

func newRecords() records {
	return records{
		sessions: make(map[gate.SessionID]*session),
		subjects: make(map[gate.Subject]*subject),
	}
}

// size counts the records, and the link itself.
func (r *records) size() int { return 1 + len(r.sessions) + len(r.subjects) }

// front is the records of the links that were used last, decoded. It is only
// ever brought up to date with what the disk has acknowledged, so whatever is
// in it is true and may be answered from; what is not in it is on the disk.
type front struct {
	mu    sync.RWMutex
	links map[gate.LinkID]*cached
	size  int
	max   int
	// tick counts the commits, and is the time of touched.
	tick atomic.Int64
}

type cached struct {
	records
	touched atomic.Int64
}

func newFront(size int) *front {
	return &front{links: make(map[gate.LinkID]*cached), max: size}
}

// recall returns what a query is about, all as of one moment; false: not all
// of it is here.
func (f *front) recall(q gate.Query) (account *account, session *session, subject *subject, all bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c, found := f.links[q.Link]
	if !found || !c.read {
		return nil, nil, nil, false
	}
	// A write to a line that other cores read as well is worth saving.
	if tick := f.tick.Load(); c.touched.Load() != tick {
		c.touched.Store(tick)
	}
	session, hasSession := c.sessions[q.Session]
	subject, hasSubject := c.subjects[q.Subject]
	return c.account, session, subject, hasSession && hasSubject
}

// account returns the link's account; false: it is not here.
func (f *front) account(link gate.LinkID) (*account, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c, found := f.links[link]
	if !found || !c.read {
		return nil, false
	}
	c.touched.Store(f.tick.Load())
	return c.account, true
}

// above returns the accounts of the links that the asked one was made from, nil
// where there is none; false: not all of them are here.
func (f *front) above(q gate.Query) ([]*account, bool) {
	var accounts []*account
	for _, link := range q.Above {
		if link.IsZero() {
			break
		}
		a, found := f.account(link)
		if !found {
			return nil, false
		}
		accounts = append(accounts, a)
	}
	return accounts, true
}

// session returns the session; false: it is not here.
func (f *front) session(link gate.LinkID, id gate.SessionID) (*session, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if c, found := f.links[link]; found {
		s, found := c.sessions[id]
		return s, found
	}
	return nil, false
}

// subject returns the subject's record; false: it is not here.
func (f *front) subject(link gate.LinkID, id gate.Subject) (*subject, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if c, found := f.links[link]; found {
		s, found := c.subjects[id]
		return s, found
	}
	return nil, false
}

// publish takes over what a batch has read and changed, once it is on disk.
func (f *front) publish(seen map[gate.LinkID]*records) {
	f.mu.Lock()
	defer f.mu.Unlock()
	tick := f.tick.Add(1)
	for link, r := range seen {
		c, found := f.links[link]
		if !found {
			c = &cached{records: newRecords()}
			f.links[link] = c
		} else {
			f.size -= c.size()
		}
		c.touched.Store(tick)
		if r.read {
			c.read, c.account = true, r.account
		}
		for id, s := range r.sessions {
			c.sessions[id] = s
		}
		for id, s := range r.subjects {
			c.subjects[id] = s
		}
		f.size += c.size()
	}
	if f.size > f.max {
		f.evict()
	}
}

// evict lets go of the links that were used longest ago until a quarter of the
// room is free again, so that it has to sort only now and then.
func (f *front) evict() {
	type aged struct {
		link    gate.LinkID
		touched int64
	}
	ages := make([]aged, 0, len(f.links))
	for link, c := range f.links {
		ages = append(ages, aged{link, c.touched.Load()})
	}
	slices.SortFunc(ages, func(a, b aged) int { return cmp.Compare(a.touched, b.touched) })
	for _, a := range ages {
		if f.size <= f.max-f.max/4 {
			return
		}
		f.size -= f.links[a.link].size()
		delete(f.links, a.link)
	}
}

// purge forgets everything: after a commit that failed, only the disk knows
// whether it happened.
func (f *front) purge() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.links)
	f.size = 0
}
