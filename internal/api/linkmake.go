package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/secret"
)

// draft works out the link that a body asks for, and whether who asks may make
// it. The only things that it writes are the persons whom the link is for and
// who were not known: they have access to nothing until the link is there.
func (c *call) draft(b NewLink) (*draft, error) {
	d, err := b.said(c.Now(), c.by)
	if err != nil {
		return nil, err
	}
	d.link.By = c.who.Person()
	emails, err := audienceOf(b.For)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(*draft, NewLink) error{c.takeParent, c.locate, c.narrow} {
		if err := step(d, b); err != nil {
			return nil, err
		}
	}
	if err := c.mayMake(d); err != nil {
		return nil, err
	}
	if err := d.link.Validate(d.terms); err != nil {
		return nil, fieldProblem(err)
	}
	if b.Password != nil {
		if d.link.Password, err = c.hashed(*b.Password); err != nil {
			return nil, err
		}
	}
	if err := d.inherit(len(emails) > 0); err != nil {
		return nil, err
	}
	if err := mayGoStraight(d.link, d.terms, len(emails) > 0); err != nil {
		return nil, err
	}
	d.link.For, err = c.audience(emails, d.home)
	return d, err
}

// hashed turns a link's password into what is stored of it.
func (c *call) hashed(text string) (string, error) {
	phc, err := secret.Hash(c.r.Context(), text)
	switch {
	case errors.Is(err, secret.ErrText):
		return "", badValue.of("password", nil, err.Error())
	case errors.Is(err, secret.ErrBusy):
		return "", busy.because("too many passwords are being worked on at once, and nothing was changed: try again in a moment")
	}
	return phc, err
}

// locate finds out what the link opens, and which collection that is in.
func (c *call) locate(d *draft, b NewLink) (err error) {
	if b.Path == "" && b.Collection == "" {
		if d.parent == nil {
			return badValue.of("path", nil, "say what the link opens: a file such as /acme/film.mp4, or a folder with everything below it such as /acme/demo/*; or name a collection")
		}
		d.link.Scope, d.link.Collection, d.link.Within = d.parent.Scope, d.parent.Collection, d.parent.Within
		if d.link.Entry == "" {
			d.link.Entry = d.parent.Entry
		}
		d.home, err = c.Directory.CollectionOf(c.r.Context(), d.parent.Link)
		return err
	}
	if b.Collection != "" {
		collection, err := c.collectionFor("collection", b.Collection)
		if err != nil {
			return err
		}
		d.home = collection.ID
		if b.Path == "" {
			d.link.Collection, d.link.Scope = collection.ID, gate.WholeSite
			return c.locateEntry(d)
		}
		return c.locateWithin(d, b.Path, &collection)
	}
	return c.locateWithin(d, b.Path, nil)
}

// locateEntry wants the entry of a link to a collection in that collection: it is
// a path from the root of the site.
func (c *call) locateEntry(d *draft) error {
	if d.link.Entry == "" {
		return nil
	}
	path, err := d.link.Scope.Entry(d.link.Entry)
	if err != nil {
		return fieldProblem(err)
	}
	scope, err := gate.ParseScope(path.String())
	if err != nil {
		return badValue.of("entry", nil, err.Error())
	}
	if _, within, err := c.within(scope, d.link.Collection); within || err != nil {
		return err
	}
	return badValue.of("entry", nil, "want a file of the collection, by its path from the root of the site, such as acme/film.mp4")
}

// within returns the collection that governs a scope, and whether it is the
// given one or one that that includes.
func (c *call) within(scope gate.Scope, outer gate.CollectionID) (governs gate.CollectionID, within bool, err error) {
	governs, err = c.Directory.CollectionOf(c.r.Context(), gate.Link{Scope: scope})
	if err == nil && !governs.IsZero() && !outer.IsZero() {
		within, err = c.Directory.Contains(c.r.Context(), outer, governs)
	}
	return governs, within, err
}

// locateWithin is for links by path: which collection they are in is looked up,
// and where one was named it has to be that one.
func (c *call) locateWithin(d *draft, path string, named *directory.Collection) (err error) {
	if d.link.Scope, err = gate.ParseScope(path); err != nil {
		return badValue.of("path", nil, err.Error())
	}
	outer := gate.CollectionID{}
	if named != nil {
		outer = named.ID
	}
	governs, within, err := c.within(d.link.Scope, outer)
	if err != nil {
		return err
	}
	d.home, d.link.Within = governs, governs
	if named == nil {
		return nil
	}
	if !within {
		allowed := make([]string, len(named.Paths))
		for i, scope := range named.Paths {
			allowed[i] = scope.String()
		}
		return badValue.of("path", allowed, "the path is not in collection "+named.Name)
	}
	d.link.Within = named.ID
	return nil
}

// collectionFor finds the collection that a body names by name or id. One that
// who asks has nothing in is as good as none.
func (c *call) collectionFor(field, text string) (directory.Collection, error) {
	id, err := c.collectionNamed(field, text)
	if err != nil {
		return directory.Collection{}, err
	}
	collection, err := c.Directory.Collection(c.r.Context(), c.who, id)
	if errors.Is(err, gate.ErrNotFound) {
		return collection, badValue.of(field, nil, "there is no collection with this id in which you have anything")
	}
	return collection, err
}

const whyOutside = "links outside of any collection are made by operators, owners and managers: name a collection in which you hold share"

// mayMake asks whether who asks may hand out what the link says. What they may
// is worked out as the gate will: by what the link would be worth.
func (c *call) mayMake(d *draft) error {
	if d.parent == nil {
		err := c.Directory.May(c.r.Context(), c.who, directory.Hand, d.home)
		if d.home.IsZero() || d.link.Collection.IsZero() && errors.Is(err, gate.ErrNotFound) {
			err = lapsed(err, forbidden, whyOutside)
		}
		if err != nil {
			return err
		}
	}
	return c.covered(d.link, d.home, d.parent)
}

// covered wants the link to be worth what it says.
func (c *call) covered(link gate.Link, home gate.CollectionID, from *parent) error {
	most := link
	most.Can = gate.LinkCapabilities
	held, err := c.Directory.Worth(c.r.Context(), &most, home)
	if err != nil {
		return err
	}
	missing := link.Can &^ held
	if missing == 0 {
		return nil
	}
	kind, why := forbidden, "whoever makes a link hands out no more than they hold there, and with share only"
	if from != nil {
		kind, why = tooWide, "a link made from another hands out no more than that one is worth, and whoever makes it holds"
	}
	problem := kind.of("can", held.Names(), why+"; missing: "+missing.String())
	problem.Missing = missing.Names()
	return problem
}

// issue makes the link of a draft. Views that are handed on leave the parent
// first, then the account is opened, and the document comes last: until it is
// there, nothing opens the link. So a crash in between may cost views of the
// parent, and never makes any.
func (c *call) issue(d *draft) (gate.Account, error) {
	ctx := c.r.Context()
	if d.parent != nil {
		if err := c.handOn(d.parent, d.terms.Views); err != nil {
			return gate.Account{}, err
		}
	}
	account, err := gate.Create(ctx, c.Store, d.link, d.terms)
	if err != nil && d.parent != nil {
		c.takeBack(d)
	}
	return account, err
}

// handOn takes views out of a parent's limit for a link made from it.
func (c *call) handOn(p *parent, views int64) error {
	if p.account.Views == 0 || views == 0 {
		return nil
	}
	_, err := c.Store.Extend(c.r.Context(), p.ID, gate.Extension{HandOn: views})
	if errors.Is(err, gate.ErrTooFew) {
		account, err := c.Store.Account(c.r.Context(), p.ID)
		if err != nil {
			return err
		}
		return tooFew(account)
	}
	return err
}

// takeBackTime bounds giving views back, which has to be done even if whoever
// asked has gone.
const takeBackTime = 2 * time.Second

// takeBack gives the parent the views of a link that could not be finished.
// That link might be there all the same, since only the answer may have been
// lost, so it is revoked first. Where that fails the views stay taken: better
// too few than twice as many.
func (c *call) takeBack(d *draft) {
	if d.parent.account.Views == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), takeBackTime)
	defer cancel()
	_, err := c.Store.SetStanding(ctx, d.link.ID, gate.Standing{State: gate.Revoked, Why: "it could not be finished", By: c.by})
	if err == nil || errors.Is(err, gate.ErrNotFound) {
		_, _ = c.Store.Extend(ctx, d.parent.ID, gate.Extension{AddViews: d.terms.Views}) // see above
	}
}

// maxFor is how many persons one link names: so many are found by the index of
// links.
const maxFor = 8

// audienceOf reads whom a link is for.
func audienceOf(list Addresses) ([]string, error) {
	if list == nil {
		return nil, nil
	}
	emails, err := list.all("for")
	if err == nil && len(emails) > maxFor {
		err = badValue.of("for", nil, fmt.Sprintf("one link names at most %d persons: make each a link of their own (mint), or grant to a group", maxFor))
	}
	return emails, err
}

// audience returns the persons with the addresses. Who is not known becomes a
// person, as the collection allows.
func (c *call) audience(emails []string, home gate.CollectionID) ([]gate.PersonID, error) {
	var ids []gate.PersonID
	for _, email := range emails {
		person, _, err := c.bringIn("for", email, home, time.Time{})
		if err != nil {
			return nil, err
		}
		ids = append(ids, person.ID)
	}
	return ids, nil
}
