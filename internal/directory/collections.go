package directory

import (
	"context"
	"slices"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// NewCollection is what a collection is made from.
type NewCollection struct {
	Name     string
	Title    string
	Paths    []gate.Scope
	Level    gate.Level
	Includes []gate.CollectionID
	External External
	Embed    []gate.Origin
	Track    bool
	Brand    gate.Brand
}

// CollectionChange is what changes of a collection; nil: nothing.
type CollectionChange struct {
	Name     *string
	Title    *string
	Paths    *[]gate.Scope
	Level    *gate.Level
	Includes *[]gate.CollectionID
	External *External
	Owner    *gate.PersonID
	Embed    *[]gate.Origin
	Track    *bool
	Brand    *gate.Brand
}

// claimsOf are what only this collection may have.
func (d *Directory) claimsOf(col *Collection) []*claim {
	claims := []*claim{d.collectionName(col.Name, col.ID)}
	for _, path := range col.Paths {
		claims = append(claims, d.pathClaim(path, col.ID))
	}
	return claims
}

func (d *Directory) collectionName(name string, id gate.CollectionID) *claim {
	return d.claimOf("name", name, id, func(col *Collection) bool { return col.Name == name })
}

func (d *Directory) pathClaim(path gate.Scope, id gate.CollectionID) *claim {
	return d.claimOf("paths", path.String(), id, func(col *Collection) bool { return slices.Contains(col.Paths, path) })
}

func (d *Directory) claimOf(field, value string, id gate.CollectionID, has func(*Collection) bool) *claim {
	return &claim{
		kind: gate.KindName, id: hashed("collection " + field + "\n" + value), body: claimBody{id.String()}, field: field, value: value,
		holds: func(ctx context.Context, of string) (bool, error) {
			col, err := one[Collection](ctx, d.view, gate.KindCollection, of)
			return col != nil && has(col), err
		},
	}
}

// CreateCollection makes a collection, which a person who makes it owns.
func (d *Directory) CreateCollection(ctx context.Context, who Actor, n NewCollection) (Collection, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Collection{}, err
	}
	if err := c.want(MakeCollections); err != nil {
		return Collection{}, err
	}
	col := Collection{
		ID: gate.CollectionID(token.NewID(c.now)), Name: n.Name, Title: n.Title, Paths: n.Paths, Level: n.Level,
		External: n.External, Embed: n.Embed, Track: n.Track, Brand: n.Brand, Owner: who.person, CreatedAt: c.now, CreatedBy: who.person,
	}
	col.Includes = c.including(nil, n.Includes)
	if err := c.mayBe(ctx, nil, &col); err != nil {
		return Collection{}, err
	}
	if c.index().count() >= MaxCollections {
		return Collection{}, &InUse{Detail: "there are as many collections as there may be: delete one first"}
	}
	return col, c.insert(ctx, &col, c.claimsOf(&col))
}

// Collection shows a collection to whoever has anything in it.
func (d *Directory) Collection(ctx context.Context, who Actor, id gate.CollectionID) (Collection, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Collection{}, err
	}
	return c.visibleCollection(ctx, id)
}

func (c *call) visibleCollection(ctx context.Context, id gate.CollectionID) (Collection, error) {
	can, err := c.holds(ctx, id)
	if err != nil {
		return Collection{}, err
	}
	if can == 0 {
		return Collection{}, &NotFound{Noun: "collection", ID: id.String()}
	}
	col, _, err := fetch[Collection](ctx, c.store, gate.KindCollection, id.String())
	if err != nil {
		return Collection{}, err
	}
	return *col, nil
}

// CollectionByName finds a collection by its name.
func (d *Directory) CollectionByName(ctx context.Context, who Actor, name string) (Collection, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Collection{}, err
	}
	text, err := d.find(ctx, "collection", name, d.collectionName(name, gate.CollectionID{}))
	if err != nil {
		return Collection{}, err
	}
	id, err := gate.ParseCollectionID(text)
	if err != nil {
		return Collection{}, err
	}
	col, err := c.visibleCollection(ctx, id)
	if is[*NotFound](err) {
		err = &NotFound{Noun: "collection", ID: name} // whether it exists is not told
	}
	return col, err
}

// ChangeCollection changes a collection. Locking and unlocking is a change of
// its level, and nothing else ever changes that.
func (d *Directory) ChangeCollection(ctx context.Context, who Actor, id gate.CollectionID, ch CollectionChange) (Collection, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Collection{}, err
	}
	if err := c.wantIn(ctx, ChangeCollections, id); err != nil {
		return Collection{}, err
	}
	var old Collection
	var taken []*claim
	out, err := change(ctx, c.store, gate.KindCollection, id.String(), func(col *Collection) error {
		old = *col
		ch.apply(c, col)
		if err := c.mayBe(ctx, &old, col); err != nil {
			return err
		}
		c.release(ctx, taken) // of a try before this one
		taken = c.without(col, &old)
		return c.take(ctx, c.now, taken)
	})
	if err != nil {
		c.undo(ctx, taken, err)
		return Collection{}, err
	}
	if err := c.finish(ctx, taken); err != nil {
		return Collection{}, err
	}
	c.drop(ctx, c.without(&old, out))
	return *out, nil
}

// without are the claims of one that the other has not.
func (c *call) without(one, other *Collection) []*claim {
	had := c.claimsOf(other)
	return slices.DeleteFunc(c.claimsOf(one), func(mine *claim) bool {
		return slices.ContainsFunc(had, func(its *claim) bool { return its.id == mine.id })
	})
}

func (ch CollectionChange) apply(c *call, col *Collection) {
	if ch.Name != nil {
		col.Name = *ch.Name
	}
	if ch.Title != nil {
		col.Title = *ch.Title
	}
	if ch.Paths != nil {
		col.Paths = slices.Clone(*ch.Paths)
	}
	if ch.Level != nil {
		col.Level = *ch.Level
	}
	if ch.Includes != nil {
		col.Includes = c.including(col.Includes, *ch.Includes)
	}
	if ch.External != nil {
		col.External = *ch.External
	}
	if ch.Owner != nil {
		col.Owner = *ch.Owner
	}
	if ch.Embed != nil {
		col.Embed = slices.Clone(*ch.Embed)
	}
	if ch.Track != nil {
		col.Track = *ch.Track
	}
	if ch.Brand != nil {
		col.Brand = *ch.Brand
	}
}

// DeleteCollection deletes a collection with its grants. What it governed is
// governed by the collection around it then, or by links alone.
func (d *Directory) DeleteCollection(ctx context.Context, who Actor, id gate.CollectionID) error {
	c, err := d.begin(ctx, who)
	if err != nil {
		return err
	}
	if err := c.wantIn(ctx, ChangeCollections, id); err != nil {
		return err
	}
	col, _, err := fetch[Collection](ctx, c.store, gate.KindCollection, id.String())
	if err != nil {
		return err
	}
	if err := c.mayGiveUp(col.Owner, col.Paths); err != nil {
		return err
	}
	err = each(ctx, c.store, gate.KindGrant, collectionTerm(id), func(g *Grant) error {
		return remove(ctx, c.store, gate.KindGrant, g.ID().String())
	})
	if err != nil {
		return err
	}
	if err := remove(ctx, c.store, gate.KindCollection, id.String()); err != nil {
		return err
	}
	c.drop(ctx, c.claimsOf(col))
	return nil
}

// mayBe asks whether the collection may become this, by who asks; old is nil
// where it is new.
func (c *call) mayBe(ctx context.Context, old, col *Collection) error {
	if err := col.Validate(); err != nil {
		return err
	}
	var was Collection
	if old != nil {
		was = *old
	}
	if col.Brand != was.Brand {
		if err := c.want(Branding); err != nil {
			return err
		}
	}
	for _, path := range col.Paths {
		if slices.Contains(was.Paths, path) {
			continue
		}
		if err := c.mayLay(ctx, path, col); err != nil {
			return err
		}
	}
	for _, inner := range col.Includes {
		if slices.Contains(was.Includes, inner) {
			continue
		}
		if err := c.mayInclude(ctx, col.ID, inner.Collection); err != nil {
			return err
		}
	}
	left := slices.DeleteFunc(slices.Clone(was.Paths), func(path gate.Scope) bool { return slices.Contains(col.Paths, path) })
	if err := c.mayGiveUp(was.Owner, left); err != nil {
		return err
	}
	if old != nil && old.Owner != col.Owner {
		return c.mayPassOn(ctx, old, col.Owner)
	}
	return nil
}

// mayGiveUp asks whether paths of a collection may be let go of, by deleting it
// or taking them out. In a home they fall to whoever lays them next: so whoever
// was merely granted managing it may not, who would be that and have them as
// their own after the grant.
func (c *call) mayGiveUp(owner gate.PersonID, paths []gate.Scope) error {
	free := func(path gate.Scope) bool { // all of it, or some
		return slices.ContainsFunc(c.homes, func(home gate.Scope) bool { return inside(path, home) || inside(home, path) })
	}
	if c.role >= Manager || c.oneOf(owner) || !slices.ContainsFunc(paths, free) {
		return nil
	}
	return &Forbidden{Permission: ChangeCollections, Detail: "in a home, only its owner, managers and owners of the account delete a collection or take paths out of it"}
}

// inHome reports whether persons of role standard may lay the path where no
// collection has it. Whoever had a home as a whole would have what others keep
// in it.
func (c *call) inHome(path gate.Scope) bool {
	return slices.ContainsFunc(c.homes, func(home gate.Scope) bool { return path != home && inside(path, home) })
}

// mayPassOn asks whether the collection may be given to a new owner. Whoever
// was merely granted managing it may not: they would keep it after the grant.
func (c *call) mayPassOn(ctx context.Context, col *Collection, to gate.PersonID) error {
	if c.role < Manager && !c.oneOf(col.Owner) {
		return &Forbidden{Permission: ChangeCollections, Detail: "only its owner, managers and owners of the account give a collection away"}
	}
	if to.IsZero() {
		if c.role < Manager {
			return invalid("owner", "want a person")
		}
		return nil
	}
	_, stands, err := c.solver(ctx).standing(to)
	if err == nil && !stands {
		return invalid("owner", "want a person with rights: %s has none", to)
	}
	return err
}

// mayLay asks whether who asks may take a path into the collection: it takes it
// away from the collection around it, or out of what no collection governs.
// Whoever was merely granted managing that one may not take it for themselves:
// they would keep it after the grant.
func (c *call) mayLay(ctx context.Context, path gate.Scope, col *Collection) error {
	if c.has(LayPaths) {
		return nil
	}
	around := c.index().governs(path)
	if around.IsZero() {
		if c.inHome(path) {
			return nil
		}
		return &Forbidden{Permission: LayPaths, Detail: "path " + path.String() + " is neither in a collection of yours nor below one of the homes"}
	}
	if around == col.ID {
		return nil
	}
	can, err := c.holds(ctx, around)
	if err != nil {
		return err
	}
	// Which collection it is in is not told.
	e, _ := c.index().collection(around)
	switch {
	case e == nil || can&gate.Manage == 0:
		return &Forbidden{Permission: LayPaths, Detail: "path " + path.String() + " is in a collection that you do not manage"}
	case !c.oneOf(e.owner) && col.Owner != e.owner:
		return &Forbidden{Permission: LayPaths, Detail: "path " + path.String() + " is in a collection that is not yours: only its owner, managers and owners of the account give a path of it to somebody else"}
	}
	return nil
}
