package directory

import (
	"context"
	"slices"

	"github.com/usher-media/usher/internal/gate"
)

// Access is what a person may do in a collection.
type Access struct {
	Collection gate.CollectionID
	Name       string
	Title      string
	Level      gate.Level
	Can        gate.Capability
	// Owner says that the collection is theirs.
	Owner bool
}

// AccessOf lists what a person may do in each collection, the newest first: all
// of it for themselves and for whoever manages persons, and for others as far
// as they manage the collections.
func (d *Directory) AccessOf(ctx context.Context, who Actor, person gate.PersonID, page Page) (List[Access], error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return List[Access]{}, err
	}
	if _, err := c.visible(ctx, person); err != nil {
		return List[Access]{}, err
	}
	return c.accessOf(ctx, person, page)
}

func (c *call) accessOf(ctx context.Context, person gate.PersonID, page Page) (List[Access], error) {
	all := c.has(People) || c.oneOf(person)
	s := c.solver(ctx)
	return walk(ctx, c, "access "+person.String(), person, page, func(col *Collection) (Access, bool, error) {
		if !all {
			if can, err := c.holds(ctx, col.ID); err != nil || can&gate.Manage == 0 {
				return Access{}, false, err
			}
		}
		can, err := s.hold(person, col.ID)
		return Access{col.ID, col.Name, col.Title, col.Level, can, col.Owner == person}, can != 0, err
	})
}

// Collections lists the collections in which who asks has anything, the newest
// first.
func (d *Directory) Collections(ctx context.Context, who Actor, page Page) (List[Collection], error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return List[Collection]{}, err
	}
	return walk(ctx, c, "collections", who.person, page, func(col *Collection) (Collection, bool, error) {
		can, err := c.holds(ctx, col.ID)
		return *col, can != 0, err
	})
}

// walk reads the collections of a page in which the person may have something,
// or, for whoever has everything, all.
func walk[T any](ctx context.Context, c *call, name string, person gate.PersonID, page Page, show func(*Collection) (T, bool, error)) (out List[T], err error) {
	limit, err := page.limit()
	if err != nil {
		return out, err
	}
	at, err := page.at(name, 1)
	if err != nil {
		return out, err
	}
	ids, err := c.candidates(ctx, person)
	if err != nil {
		return out, err
	}
	for _, id := range ids {
		if at[0] != "" && id.String() >= at[0] {
			continue
		}
		col, err := one[Collection](ctx, c.view, gate.KindCollection, id.String())
		if err != nil {
			return out, err
		}
		if col == nil {
			continue
		}
		item, shown, err := show(col)
		if err != nil {
			return out, err
		}
		if !shown {
			continue
		}
		if len(out.Items) == limit {
			out.Next = cursorOf(name, at[0])
			return out, nil
		}
		out.Items = append(out.Items, item)
		at[0] = id.String()
	}
	return out, nil
}

// candidates are the collections in which a person may have something, in
// falling order: their own, those with a grant to them or a group of theirs,
// and what these include. An operator's person is zero, and has all.
func (c *call) candidates(ctx context.Context, person gate.PersonID) ([]gate.CollectionID, error) {
	x := c.index()
	everything := person.IsZero() && c.who.operator
	if !everything {
		role, stands, err := c.solver(ctx).standing(person)
		if err != nil || !stands {
			return nil, err
		}
		everything = role >= Manager
	}
	if everything {
		return x.ids(nil), nil
	}
	ids := x.ids(func(e *entry) bool { return e.owner == person })
	groups, err := c.view.groupsOf(ctx, person)
	if err != nil {
		return nil, err
	}
	for _, holder := range holders(person, groups) {
		err := each(ctx, c.store, gate.KindGrant, holderTerm(holder), func(g *Grant) error {
			ids = append(ids, g.Collection)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sortedDown(x.below(ids)), nil
}

func sortedDown(ids []gate.CollectionID) []gate.CollectionID {
	slices.SortFunc(ids, func(a, b gate.CollectionID) int { return slices.Compare(b[:], a[:]) })
	return ids
}
