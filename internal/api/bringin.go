package api

import (
	"errors"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// bringIn returns the person with an address, and whether they are new. Who is
// not known becomes a person with access to nothing: somebody's guest where who
// asks may not add persons on their own, and then only as far as the collection
// lets strangers in.
func (c *call) bringIn(field, email string, home gate.CollectionID, until time.Time) (p directory.Person, isNew bool, err error) {
	ctx := c.r.Context()
	p, err = c.Directory.PersonByAddress(ctx, email)
	if !errors.Is(err, gate.ErrNotFound) {
		return p, false, err
	}
	n := directory.NewPerson{Email: email, Until: until, For: home}
	if n.Sponsor, err = c.sponsor(field, email, home); err != nil {
		return p, false, err
	}
	p, err = c.Directory.AddPerson(ctx, c.who, n)
	if had, is := errors.AsType[*directory.Exists](err); is && had.Field == "email" { // somebody else was faster
		p, err = c.Directory.PersonByAddress(ctx, email)
		return p, false, err
	}
	if err == nil {
		c.changed.brought = append(c.changed.brought, p.ID)
	}
	return p, err == nil, err
}

// sponsor asks whether somebody unknown may be brought in, and says whose guest
// they are then; zero: nobody's.
func (c *call) sponsor(field, email string, home gate.CollectionID) (gate.PersonID, error) {
	if adds, err := unlessForbidden(c.may(directory.People)); adds || err != nil {
		return gate.PersonID{}, err
	}
	return c.who.Person(), c.admits(field, email, home)
}

// admits asks whether the collection lets somebody unknown in on the word of
// who asks: whoever manages it approves by asking, the others are held to what
// it says.
func (c *call) admits(field, email string, home gate.CollectionID) error {
	if home.IsZero() {
		return forbidden.of(field, nil, email+" is not known here, and outside of collections only managers add persons")
	}
	collection, err := c.Directory.Collection(c.r.Context(), c.who, home)
	if err != nil {
		return err
	}
	held, err := c.Directory.Holds(c.r.Context(), c.who, home)
	if err != nil {
		return err
	}
	switch {
	case collection.External == directory.JIT, collection.External == directory.Approve && held&gate.Manage != 0:
		return nil
	case collection.External == directory.Approve:
		return forbidden.of(field, nil, email+" is not known here, and whoever manages the collection has to approve: ask them to add the person")
	}
	return forbidden.of(field, nil, email+" is not known here, and the collection lets in nobody unknown (external: deny)")
}
