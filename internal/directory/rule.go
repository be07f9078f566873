package directory

import (
	"context"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Rule implements [gate.Rules]. A case without Opened is one whose session is
// being opened now: no stamp ends it. One without a Link is a person's who has
// no pass yet.
func (v *View) Rule(ctx context.Context, c gate.Case) (gate.Ruling, error) {
	if err := v.current(ctx); err != nil {
		return gate.Ruling{}, err
	}
	j := judge{ctx: ctx, view: v, index: v.index.Load(), c: &c}
	ruling, err := j.rule()
	if err != nil {
		return gate.Ruling{}, err
	}
	if c.Place.Level == gate.Public && !c.Place.Track { // where visitors are counted, a session has to be one
		if ruling.Reason != gate.OK { // whoever somebody is, they are here as everybody is
			ruling.Can = 0
		}
		ruling.Reason, ruling.Can = gate.OK, ruling.Can|gate.View
	}
	ruling.Until = j.until
	return ruling, nil
}

// Admits reports whether a sign-in that a person made at since still counts.
func (v *View) Admits(ctx context.Context, person gate.PersonID, since, now time.Time) (bool, error) {
	if err := v.current(ctx); err != nil {
		return false, err
	}
	j := judge{ctx: ctx, view: v, index: v.index.Load(), c: &gate.Case{Now: now, Person: person, Opened: since}}
	if j.cut(j.index.getSite().CutAt) {
		return false, nil
	}
	return j.present()
}

// judge works out one ruling.
type judge struct {
	ctx   context.Context
	view  *View
	index *index
	c     *gate.Case
	until time.Time
}

func no(reason gate.Reason) (gate.Ruling, error) { return gate.Ruling{Reason: reason}, nil }

// rule goes by the levels as if nothing were public.
func (j *judge) rule() (gate.Ruling, error) {
	if j.ended() {
		return no(gate.NoSession)
	}
	if !j.c.Person.IsZero() {
		if present, err := j.present(); err != nil || !present {
			return gate.Ruling{Reason: gate.NoSession}, err
		}
	}
	at := j.c.Place.Collection
	if e, _ := j.index.collection(at); e == nil && !at.IsZero() {
		return no(gate.LockedPlace) // it was deleted in the meantime
	}
	if reason, err := j.fits(); err != nil || reason != gate.OK {
		return gate.Ruling{Reason: reason}, err
	}
	own, err := j.own()
	if err != nil {
		return gate.Ruling{}, err
	}
	reason, byLink := j.enters(own)
	if reason != gate.OK {
		return no(reason)
	}
	can := own
	if byLink {
		handed, err := j.handed()
		if err != nil {
			return gate.Ruling{}, err
		}
		can |= handed
	}
	if can == 0 {
		return no(gate.NoCapability)
	}
	return gate.Ruling{Can: can}, nil
}

// cut reports whether a stamp ends what was opened.
func (j *judge) cut(stamp time.Time) bool {
	return !j.c.Opened.IsZero() && !stamp.IsZero() && !j.c.Opened.After(stamp)
}

// ended looks at the stamps of the site and of the collections.
func (j *judge) ended() bool {
	if j.cut(j.index.getSite().CutAt) {
		return true
	}
	if e, _ := j.index.collection(j.c.Place.Collection); e != nil && j.cut(e.cutAt) {
		return true
	}
	if j.c.Link == nil {
		return false
	}
	e, _ := j.index.collection(j.c.Link.Collection)
	return e != nil && j.cut(e.cutAt)
}

// present reports whether the person is there, has rights, and was not cut.
func (j *judge) present() (bool, error) {
	p, err := j.view.person(j.ctx, j.c.Person)
	if err != nil || p == nil || j.cut(p.CutAt) {
		return false, err
	}
	s := newSolver(j.ctx, j.view, j.c.Now)
	_, stands, err := s.standing(j.c.Person)
	j.bound(s.until)
	return stands, err
}

// fits asks whether the link is for this person and this place.
func (j *judge) fits() (gate.Reason, error) {
	link := j.c.Link
	switch {
	case link == nil:
		return gate.OK, nil
	case len(link.For) == 0 || link.Password != "": // with a password, it is also for whoever knows that
	case j.c.Person.IsZero():
		return gate.SignIn, nil
	case !link.Names(j.c.Person):
		return gate.WrongPerson, nil
	}
	covers, err := j.covers(link)
	if err == nil && !covers {
		return gate.NotCovered, nil
	}
	return gate.OK, err
}

// covers reports whether a link opens the place. Whether its path does is the
// gate's to ask: here it is about collections.
func (j *judge) covers(link *gate.Link) (bool, error) {
	at := j.c.Place.Collection
	if link.Collection.IsZero() || link.Collection == at {
		return true, nil
	}
	if at.IsZero() {
		return false, nil
	}
	s := newSolver(j.ctx, j.view, j.c.Now)
	within, err := s.within(at, link.Collection)
	j.bound(s.until)
	return within, err
}

// own is what the person has here without any link.
func (j *judge) own() (gate.Capability, error) {
	place := &j.c.Place
	if j.c.Person.IsZero() || place.Collection.IsZero() {
		return 0, nil
	}
	can, err := j.hold(j.c.Person, place.Collection)
	if place.Level == gate.Members {
		can |= gate.View
	}
	return can, err
}

// enters says whether whoever has own rights here, and this link, may be here,
// and whether what the link says counts.
func (j *judge) enters(own gate.Capability) (no gate.Reason, byLink bool) {
	link, place := j.c.Link, &j.c.Place
	switch {
	case link != nil && link.Pass && len(link.For) == 0:
		if place.Level < gate.Public {
			return gate.LockedPlace, false
		}
		return gate.OK, true
	case link == nil || link.Pass:
		if own == 0 {
			return gate.LockedPlace, false
		}
		return gate.OK, false
	case place.Collection.IsZero() || place.Level >= gate.ByLink:
		return gate.OK, true
	case place.Level == gate.Members:
		if j.c.Person.IsZero() {
			return gate.SignIn, false
		}
		return gate.OK, true
	case link.Names(j.c.Person):
		return gate.OK, true
	case own != 0:
		return gate.OK, false
	}
	return gate.LockedPlace, false
}

func (j *judge) hold(person gate.PersonID, collection gate.CollectionID) (gate.Capability, error) {
	can, until, err := j.view.hold(j.ctx, person, collection, j.c.Now)
	j.bound(until)
	return can, err
}

func (j *judge) bound(at time.Time) {
	if !at.IsZero() && (j.until.IsZero() || at.Before(j.until)) {
		j.until = at
	}
}
