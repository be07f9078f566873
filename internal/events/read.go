package events

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Query says which events; what is zero says nothing.
type Query struct {
	Link    gate.LinkID
	Session gate.SessionID
	// Person is who did it, or whom it is about.
	Person     gate.PersonID
	Collection gate.CollectionID
	// Theirs are events of what a person did, of what was done to them, and of the
	// links that they made.
	Theirs gate.PersonID
	Type   Type
	// Since is the time of the oldest that is wanted.
	Since time.Time
}

// terms are those that each event has, the one that finds fewest first.
func (q Query) terms() []string {
	var terms []string
	add := func(zero bool, term string) {
		if !zero {
			terms = append(terms, term)
		}
	}
	add(q.Session.IsZero(), sessionTerm(q.Session))
	add(q.Link.IsZero(), linkTerm(q.Link))
	add(q.Person.IsZero(), theirsTerm(q.Person))
	add(q.Theirs.IsZero() || q.Theirs == q.Person, theirsTerm(q.Theirs))
	add(q.Collection.IsZero(), collectionTerm(q.Collection))
	if q.Type != 0 {
		terms = append(terms, typeTerm(q.Type))
	}
	return terms
}

// Sees says whether an event is shown to whoever asks; nil: all are.
type Sees func(*Event) (bool, error)

// Bounds of what one question reads.
const (
	readAtOnce = 200
	maxRead    = 2000
)

// List returns a page of events, the newest first, of those below an id where that
// is not zero. next is where to read on; zero: there are no more. A page may be
// short, or empty, and have a next: what one question reads has a bound.
func (t *Trail) List(ctx context.Context, q Query, below ID, limit int, sees Sees) (page []Event, next ID, err error) {
	for read := 0; read < maxRead; {
		found, more, err := t.read(ctx, q, below, min(readAtOnce, limit+1))
		if err != nil {
			return nil, ID{}, err
		}
		for _, f := range found {
			read++
			if shown, err := f.shown(sees); err != nil {
				return nil, ID{}, err
			} else if shown && len(page) == limit {
				return page, page[limit-1].ID, nil
			} else if shown {
				page = append(page, f.Event)
			}
			below = f.ID
		}
		if !more {
			return page, ID{}, nil
		}
	}
	return page, below, nil
}

// candidate is an event that was read, and whether it has all terms.
type candidate struct {
	Event
	fits bool
}

func (c *candidate) shown(sees Sees) (bool, error) {
	if !c.fits || sees == nil {
		return c.fits, nil
	}
	return sees(&c.Event)
}

// read reads events that have the query's first term and are not too old. more
// says that there may be older ones.
func (t *Trail) read(ctx context.Context, q Query, below ID, limit int) (found []candidate, more bool, err error) {
	first, rest := "", q.terms()
	if len(rest) > 0 {
		first, rest = rest[0], rest[1:]
	}
	text := ""
	if !below.IsZero() {
		text = below.String()
	}
	docs, err := t.store.List(ctx, gate.KindEvent, first, text, limit)
	if err != nil {
		return nil, false, err
	}
	for _, doc := range docs {
		e, err := from(doc)
		if err != nil {
			return nil, false, err
		}
		if !q.Since.IsZero() && e.ID.Time().Before(q.Since) {
			return found, false, nil
		}
		fits := !slices.ContainsFunc(rest, func(term string) bool { return !slices.Contains(doc.Index, term) })
		if !q.Person.IsZero() { // not because of a link that they made
			fits = fits && (e.Person == q.Person || e.ByPerson == q.Person)
		}
		found = append(found, candidate{e, fits})
	}
	return found, len(docs) == limit, nil
}

const (
	// Late is how much later than its time an event may be written and still be
	// told by whoever follows: nodes have clocks of their own, and queues.
	Late = 5 * time.Second
	// maxTold is how many events whoever follows gets at once.
	maxTold = 1000
)

// Follower tells of events as they come.
type Follower struct {
	trail  *Trail
	query  Query
	after  ID // nothing up to here is told
	newest ID
	seen   map[ID]bool // those that were read and are not older than Late
}

// Follow begins after an event that was told before, or, where that is zero, now.
func (t *Trail) Follow(q Query, after ID) *Follower {
	if after.IsZero() {
		after = floorAt(t.now())
	}
	return &Follower{trail: t, query: q, after: after, newest: after, seen: map[ID]bool{}}
}

// Next returns the events that came since the last call, the oldest first. gap
// says that there were more than it tells: then these are the last of them.
func (f *Follower) Next(ctx context.Context, sees Sees) (fresh []Event, gap bool, err error) {
	bound := floorAt(f.newest.Time().Add(-Late))
	if newer(f.after, bound) {
		bound = f.after
	}
	met, oldest := map[ID]bool{}, bound
	const few = 8 // mostly there is nothing new
	for below, more, limit := (ID{}), true, few; more && !gap; limit = min(5*limit, readAtOnce) {
		var found []candidate
		if found, more, err = f.trail.read(ctx, f.query, below, limit); err != nil {
			return nil, false, err
		}
		for _, c := range found {
			if below = c.ID; !newer(c.ID, bound) {
				more = false
				break
			}
			met[c.ID], oldest = true, c.ID
			if f.seen[c.ID] {
				continue
			}
			if shown, err := c.shown(sees); err != nil {
				return nil, false, err
			} else if shown {
				fresh = append(fresh, c.Event)
			}
		}
		gap = more && len(met) >= maxTold
	}
	if gap {
		f.after = oldest // what is left out stays so
	}
	f.seen = met
	for id := range maps.Keys(met) {
		if newer(id, f.newest) {
			f.newest = id
		}
	}
	slices.Reverse(fresh)
	return fresh, gap, nil
}

func newer(a, b ID) bool { return slices.Compare(a[:], b[:]) > 0 }
