package directory

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// NewGrant is what a grant is made from.
type NewGrant struct {
	Collection gate.CollectionID
	Holder     Holder
	// Can or Preset, not both.
	Can      gate.Capability
	Preset   string
	StartsAt time.Time
	EndsAt   time.Time
}

// PutGrant grants, in place of what the holder was granted there before. Who
// does not manage the collection hands on at most what they hold, and replaces
// only what they gave themselves.
func (d *Directory) PutGrant(ctx context.Context, who Actor, n NewGrant) (Grant, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Grant{}, err
	}
	g := Grant{
		Collection: n.Collection, Holder: n.Holder, Can: n.Can, Preset: n.Preset,
		StartsAt: whole(n.StartsAt), EndsAt: whole(n.EndsAt), By: who.person, CreatedAt: c.now, ChangedAt: c.now,
	}
	if n.Preset != "" {
		if n.Can != 0 {
			return Grant{}, invalid("preset", "give can or preset, not both")
		}
		if g.Can, err = c.presets.of(n.Preset); err != nil {
			return Grant{}, err
		}
	}
	if err := c.mayGrant(ctx, &g); err != nil {
		return Grant{}, err
	}
	for range tries {
		next, rev := g, int64(0)
		var old *Grant
		if old, rev, err = fetch[Grant](ctx, c.store, gate.KindGrant, g.ID().String()); err == nil {
			if err := c.mayTake(ctx, old); err != nil {
				return Grant{}, err
			}
			next.CreatedAt = old.CreatedAt
		} else if !errors.Is(err, gate.ErrNotFound) {
			return Grant{}, err
		}
		err = keep(ctx, c.store, &next, rev)
		if err == nil || !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			return next, err
		}
	}
	return Grant{}, err
}

func (c *call) mayGrant(ctx context.Context, g *Grant) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if err := c.endsAhead("ends_at", g.EndsAt); err != nil {
		return err
	}
	if err := c.wantIn(ctx, Hand, g.Collection); err != nil {
		return err
	}
	can, err := c.holds(ctx, g.Collection)
	if err != nil {
		return err
	}
	if missing := g.Can &^ can; missing != 0 {
		return &Forbidden{Permission: Hand, Missing: missing, Collection: g.Collection, Detail: "nobody hands on more than they hold"}
	}
	if g.Holder.Group.IsZero() {
		_, _, err := fetch[Person](ctx, c.store, gate.KindPerson, g.Holder.Person.String())
		return err
	}
	group, err := c.view.group(ctx, g.Holder.Group)
	switch {
	case err != nil:
		return err
	case group == nil:
		return &NotFound{Noun: "group", ID: g.Holder.String()}
	case group.Ended(c.now):
		return &Ended{Noun: "group", ID: g.Holder.String(), At: group.EndsAt}
	}
	return nil
}

// mayTake asks whether who asks may replace or remove the grant.
func (c *call) mayTake(ctx context.Context, g *Grant) error {
	if c.oneOf(g.By) || c.has(ChangeCollections) {
		return nil
	}
	can, err := c.holds(ctx, g.Collection)
	if err == nil && can&gate.Manage == 0 {
		return &Forbidden{Permission: ChangeCollections, Missing: gate.Manage, Collection: g.Collection, Detail: "the grant was given by somebody else"}
	}
	return err
}

// RemoveGrant takes a grant back. Everybody may give up their own.
func (d *Directory) RemoveGrant(ctx context.Context, who Actor, id GrantID) error {
	c, err := d.begin(ctx, who)
	if err != nil {
		return err
	}
	g, err := c.visibleGrant(ctx, id)
	if err != nil {
		return err
	}
	if !c.oneOf(id.Holder.Person) {
		if err := c.mayTake(ctx, &g); err != nil {
			return err
		}
	}
	return remove(ctx, c.store, gate.KindGrant, id.String())
}

// Grant shows a grant.
func (d *Directory) Grant(ctx context.Context, who Actor, id GrantID) (Grant, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Grant{}, err
	}
	return c.visibleGrant(ctx, id)
}

func (c *call) visibleGrant(ctx context.Context, id GrantID) (Grant, error) {
	g, _, err := fetch[Grant](ctx, c.store, gate.KindGrant, id.String())
	if err != nil {
		return Grant{}, err
	}
	seen, err := c.sees(ctx, g)
	if err == nil && !seen {
		return Grant{}, &NotFound{Noun: "grant", ID: id.String()}
	}
	return *g, err
}

// sees reports whether who asks may know of the grant: they gave it, hold it,
// or manage the collection.
func (c *call) sees(ctx context.Context, g *Grant) (bool, error) {
	if c.oneOf(g.By, g.Holder.Person) {
		return true, nil
	}
	can, err := c.holds(ctx, g.Collection)
	return can&gate.Manage != 0, err
}

// GrantsOn lists the grants on a collection; whoever does not manage it sees
// those that they gave, and their own.
func (d *Directory) GrantsOn(ctx context.Context, who Actor, id gate.CollectionID, page Page) (List[Grant], error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return List[Grant]{}, err
	}
	if err := c.wantIn(ctx, Hand, id); err != nil {
		return List[Grant]{}, err
	}
	return c.grants(ctx, collectionTerm(id), page)
}

// GrantsOf lists what a person or a group was granted, as far as who asks may
// know: all of it for the person themselves and whoever manages persons.
func (d *Directory) GrantsOf(ctx context.Context, who Actor, holder Holder, page Page) (List[Grant], error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return List[Grant]{}, err
	}
	if holder.Group.IsZero() {
		_, err = c.visible(ctx, holder.Person)
	} else {
		_, err = c.visibleGroup(ctx, holder.Group)
	}
	if err != nil {
		return List[Grant]{}, err
	}
	return c.grants(ctx, holderTerm(holder), page)
}

func (c *call) grants(ctx context.Context, term string, page Page) (List[Grant], error) {
	out, err := list[Grant](ctx, c, gate.KindGrant, term, page)
	if err != nil {
		return out, err
	}
	all := out.Items
	out.Items = make([]Grant, 0, len(all))
	for _, g := range all {
		seen, err := c.sees(ctx, &g)
		if err != nil {
			return out, err
		}
		if seen {
			out.Items = append(out.Items, g)
		}
	}
	return out, nil
}
