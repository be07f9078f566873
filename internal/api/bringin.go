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
	switch err := c.may(directory.People); {
	case err == nil:
	case !refused(err):
		return p, false, err
	default:
		if err := c.admits(field, email, home); err != nil {
			return p, false, err
		}
		n.Sponsor = c.who.Person()
	}
	p, err = c.Directory.AddPerson(ctx, c.who, n)
	if had, is := errors.AsType[*directory.Exists](err); is && had.Field == "email" { // somebody else was faster
		p, err = c.Directory.PersonByAddress(ctx, email)
		return p, false, err
	}
	return p, err == nil, err
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

// refused tells an answer of the directory from a store that could not be asked.
func refused(err error) bool {
	_, is := errors.AsType[*directory.Forbidden](err)
	return is
}
