package directory

import (
	"context"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// seat is a person in a collection.
type seat struct {
	person     gate.PersonID
	collection gate.CollectionID
}

// holding is what somebody holds, as it was worked out at from.
type holding struct {
	can         gate.Capability
	from, until time.Time
	changes     uint64
}

// hold returns what the person holds in the collection at now, and when time
// alone may change that; zero: never.
func (v *View) hold(ctx context.Context, person gate.PersonID, collection gate.CollectionID, now time.Time) (gate.Capability, time.Time, error) {
	key, spread := seat{person, collection}, person[len(person)-1]^collection[len(collection)-1]
	mark := v.changes.Load()
	h, found := v.held.get(spread, key, v.clock())
	if found && h.changes == mark && !now.Before(h.from) && (h.until.IsZero() || now.Before(h.until)) {
		return h.can, h.until, nil
	}
	s := newSolver(ctx, v, now)
	can, err := s.hold(person, collection)
	if err != nil {
		return 0, time.Time{}, err
	}
	v.held.put(spread, key, holding{can, now, s.until, mark}, mark, v.clock())
	return can, s.until, nil
}

// solver works out what persons hold. A right is there where a chain of grants
// leads to somebody who has it without being granted it: an operator, the
// collection's owner, a manager. Who gave what to whom may go in circles, and
// circles prove nothing: so all that anything hangs on is gathered first, and
// then rights are let grow from nothing until none is added (the least fixed
// point). What hangs on more than maxSeats is held to be nothing.
type solver struct {
	ctx   context.Context
	view  *View
	index *index
	now   time.Time
	// until is the first moment after now at which a window, of all that was
	// looked at, opens or closes.
	until time.Time
	seats []seat
	at    map[seat]int
	ways  [][]way // by seat
	can   []gate.Capability
	next  int // the seats below it have their ways
	// assume is somebody whose standing is not looked at: what would they hold?
	assume gate.PersonID
}

// maxSeats bounds the work for one answer.
const maxSeats = 2048

// way is one way to hold something on a seat.
type way struct {
	can gate.Capability
	// from is the seat that has to hold it too; -1: none.
	from int
	// gate is the seat that has to hold manage for the way to be open; -1: none.
	gate int
	// why is for people.
	why Reason
}

func newSolver(ctx context.Context, v *View, now time.Time) *solver {
	return &solver{ctx: ctx, view: v, index: v.index.Load(), now: now}
}

// bound notes when time changes something.
func (s *solver) bound(at time.Time) {
	if !at.IsZero() && (s.until.IsZero() || at.Before(s.until)) {
		s.until = at
	}
}

// seat returns the number of a seat, which is looked at later.
func (s *solver) seat(person gate.PersonID, collection gate.CollectionID) int {
	key := seat{person, collection}
	n, known := s.at[key]
	if !known {
		if s.at == nil {
			s.at = map[seat]int{}
		}
		n = len(s.seats)
		s.at[key] = n
		s.seats = append(s.seats, key)
		s.ways = append(s.ways, nil)
		s.can = append(s.can, 0)
	}
	return n
}

// hold returns what the person holds in the collection.
func (s *solver) hold(person gate.PersonID, collection gate.CollectionID) (gate.Capability, error) {
	n := s.seat(person, collection)
	if err := s.solve(); err != nil {
		return 0, err
	}
	return s.can[n], nil
}

// solve gathers what was not looked at yet, and works out all.
func (s *solver) solve() error {
	if s.next == len(s.seats) {
		return nil
	}
	for ; s.next < len(s.seats); s.next++ {
		if s.next >= maxSeats {
			continue
		}
		ways, err := s.waysTo(s.seats[s.next])
		if err != nil {
			return err
		}
		s.ways[s.next] = ways
	}
	for grown := true; grown; {
		grown = false
		// What others hang on was mostly found later.
		for n := len(s.seats) - 1; n >= 0; n-- {
			can := s.can[n]
			for _, w := range s.ways[n] {
				can |= s.worth(w)
			}
			if can != s.can[n] {
				s.can[n], grown = can, true
			}
		}
	}
	return nil
}

// worth is what a way gives, by what is worked out so far.
func (s *solver) worth(w way) gate.Capability {
	can := w.can
	if w.from >= 0 {
		can &= s.can[w.from]
	}
	if w.gate >= 0 && s.can[w.gate]&gate.Manage == 0 {
		can = 0
	}
	return can
}

// waysTo gathers the ways to hold something on a seat.
func (s *solver) waysTo(at seat) ([]way, error) {
	role, stands, err := s.standing(at.person)
	if err != nil || !stands {
		return nil, err
	}
	if role >= Manager {
		return []way{{Everything, -1, -1, Reason{Role: role, Can: Everything, Collection: at.collection}}}, nil
	}
	if at.collection.IsZero() {
		return nil, nil
	}
	e, above := s.index.collection(at.collection)
	if e == nil {
		return nil, nil
	}
	if e.owner == at.person {
		return []way{{Everything, -1, -1, Reason{Owner: true, Can: Everything, Collection: at.collection}}}, nil
	}
	ways, err := s.granted(at)
	if err != nil {
		return nil, err
	}
	for i, over := range above {
		if i == MaxAbove {
			break
		}
		w := way{Everything, s.seat(at.person, over.outer), -1, Reason{}}
		if !over.by.IsZero() {
			w.gate = s.seat(over.by, at.collection)
		}
		ways = append(ways, w)
	}
	return ways, nil
}

// granted gathers what grants on the collection itself give.
func (s *solver) granted(at seat) ([]way, error) {
	groups, err := s.view.groupsOf(s.ctx, at.person)
	if err != nil {
		return nil, err
	}
	var ways []way
	for _, holder := range holders(at.person, groups) {
		g, err := s.view.grant(s.ctx, GrantID{holder, at.collection})
		if err != nil {
			return nil, err
		}
		if g == nil {
			continue
		}
		w := way{expand(g.Can), -1, -1, Reason{Grant: *g, Can: expand(g.Can), Collection: at.collection}}
		if w.why.Cut, err = s.shut(g); err != nil {
			return nil, err
		}
		if len(w.why.Cut) > 0 {
			w.can = 0
		}
		if !g.By.IsZero() {
			w.from = s.seat(g.By, at.collection)
		}
		ways = append(ways, w)
	}
	return ways, nil
}

// holders are the person and their groups.
func holders(person gate.PersonID, groups []gate.GroupID) []Holder {
	all := make([]Holder, 1, 1+len(groups))
	all[0].Person = person
	for _, id := range groups {
		all = append(all, Holder{Group: id})
	}
	return all
}

// shut says why a grant gives nothing now, whoever gave it.
func (s *solver) shut(g *Grant) (why []string, err error) {
	side, next := window{g.StartsAt, g.EndsAt}.state(s.now)
	s.bound(next)
	switch {
	case side < 0:
		why = append(why, "the grant begins at "+stamp(g.StartsAt))
	case side > 0:
		why = append(why, "the grant ended at "+stamp(g.EndsAt))
	}
	if g.Holder.Group.IsZero() {
		return why, nil
	}
	group, err := s.view.group(s.ctx, g.Holder.Group)
	if err != nil {
		return nil, err
	}
	if group == nil {
		return append(why, "the group is gone"), nil
	}
	side, next = window{group.StartsAt, group.EndsAt}.state(s.now)
	s.bound(next)
	switch {
	case side < 0:
		why = append(why, "the group begins at "+stamp(group.StartsAt))
	case side > 0:
		why = append(why, "the group ended at "+stamp(group.EndsAt))
	}
	return why, nil
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// maxSponsors is how long a chain of guests of guests may be.
const maxSponsors = 4

// standing returns the person's role, and whether they have rights at all:
// they, and whoever sponsors them, are active and not over.
func (s *solver) standing(id gate.PersonID) (role Role, stands bool, err error) {
	p, err := s.view.person(s.ctx, id)
	if err != nil || p == nil {
		return Limited, false, err
	}
	role = roleIn(s.index.getSite(), p)
	for n := 0; ; n++ {
		ok, until := p.stands(s.now)
		s.bound(until)
		switch {
		case id == s.assume:
			return role, true, nil
		case !ok:
			return role, false, nil
		case p.Sponsor.IsZero():
			return role, true, nil
		case n == maxSponsors:
			return role, false, nil
		}
		if p, err = s.view.person(s.ctx, p.Sponsor); err != nil || p == nil {
			return role, false, err
		}
	}
}

// roleIn is the person's role, with who owns the account.
func roleIn(site Site, p *Person) Role {
	if slices.Contains(site.Owners, p.ID) {
		return Owner
	}
	return min(p.Role, Manager)
}

// within reports whether the inner collection is the outer one, or in it by
// inclusions that hold.
func (s *solver) within(inner, outer gate.CollectionID) (bool, error) {
	seen := []gate.CollectionID{inner}
	for i := 0; i < len(seen) && i < MaxAbove; i++ {
		if seen[i] == outer {
			return true, nil
		}
		_, above := s.index.collection(seen[i])
		for _, over := range above {
			if slices.Contains(seen, over.outer) {
				continue
			}
			if !over.by.IsZero() {
				can, err := s.hold(over.by, seen[i])
				if err != nil {
					return false, err
				}
				if can&gate.Manage == 0 {
					continue
				}
			}
			seen = append(seen, over.outer)
		}
	}
	return false, nil
}
