package directory

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// NewGroup is what a group is made from.
type NewGroup struct {
	Name     string
	StartsAt time.Time
	EndsAt   time.Time
}

// GroupChange is what changes of a group; nil: nothing. A zero time opens the
// window on that side.
type GroupChange struct {
	Name     *string
	StartsAt *time.Time
	EndsAt   *time.Time
}

// groupName is the claim of a name: two that differ in case only are the same
// to people.
func (d *Directory) groupName(name string, id gate.GroupID) *claim {
	return &claim{
		kind: gate.KindName, id: hashed("group\n" + fold(name)), body: claimBody{id.String()}, field: "name", value: name,
		holds: func(ctx context.Context, of string) (bool, error) {
			g, err := one[Group](ctx, d.view, gate.KindGroup, of)
			return g != nil && fold(g.Name) == fold(name), err
		},
	}
}

// CreateGroup makes a group.
func (d *Directory) CreateGroup(ctx context.Context, who Actor, n NewGroup) (Group, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Group{}, err
	}
	if err := c.want(ManageGroups); err != nil {
		return Group{}, err
	}
	g := Group{
		ID: gate.GroupID(token.NewID(c.now)), Name: n.Name, StartsAt: whole(n.StartsAt), EndsAt: whole(n.EndsAt),
		CreatedAt: c.now, CreatedBy: who.person,
	}
	if err := g.Validate(); err != nil {
		return Group{}, err
	}
	if err := c.endsAhead("ends_at", g.EndsAt); err != nil {
		return Group{}, err
	}
	return g, c.insert(ctx, &g, []*claim{c.groupName(g.Name, g.ID)})
}

// visibleGroup returns the group where the caller sees the directory, or is in
// it.
func (c *call) visibleGroup(ctx context.Context, id gate.GroupID) (Group, error) {
	g, err := c.view.group(ctx, id)
	if err != nil {
		return Group{}, err
	}
	seen := c.has(SeePeople)
	if g != nil && !seen {
		m, err := one[Member](ctx, c.view, gate.KindMember, MemberID{id, c.who.person}.String())
		if err != nil {
			return Group{}, err
		}
		seen = m != nil
	}
	if g == nil || !seen {
		return Group{}, &NotFound{Noun: "group", ID: id.String()}
	}
	return *g, nil
}

// Group shows a group.
func (d *Directory) Group(ctx context.Context, who Actor, id gate.GroupID) (Group, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Group{}, err
	}
	return c.visibleGroup(ctx, id)
}

// GroupByName finds a group by its name, in either case.
func (d *Directory) GroupByName(ctx context.Context, who Actor, name string) (Group, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Group{}, err
	}
	text, err := d.find(ctx, "group", name, d.groupName(name, gate.GroupID{}))
	if err != nil {
		return Group{}, err
	}
	id, err := gate.ParseGroupID(text)
	if err != nil {
		return Group{}, err
	}
	g, err := c.visibleGroup(ctx, id)
	if is[*NotFound](err) {
		err = &NotFound{Noun: "group", ID: name} // whether it exists is not told
	}
	return g, err
}

// Groups lists groups, the newest first.
func (d *Directory) Groups(ctx context.Context, who Actor, page Page) (List[Group], error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return List[Group]{}, err
	}
	if err := c.want(SeePeople); err != nil {
		return List[Group]{}, err
	}
	return list[Group](ctx, c, gate.KindGroup, "", page)
}

// ChangeGroup changes a group.
func (d *Directory) ChangeGroup(ctx context.Context, who Actor, id gate.GroupID, ch GroupChange) (Group, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Group{}, err
	}
	if err := c.want(ManageGroups); err != nil {
		return Group{}, err
	}
	var old Group
	var taken []*claim
	out, err := change(ctx, c.store, gate.KindGroup, id.String(), func(g *Group) error {
		old = *g
		if err := c.changeGroup(g, ch); err != nil {
			return err
		}
		if taken == nil && fold(g.Name) != fold(old.Name) {
			taken = []*claim{c.groupName(g.Name, id)}
			return c.take(ctx, c.now, taken)
		}
		return nil
	})
	if err != nil {
		c.undo(ctx, taken, err)
		return Group{}, err
	}
	if len(taken) > 0 {
		if err := c.finish(ctx, taken); err != nil {
			return Group{}, err
		}
		c.drop(ctx, []*claim{c.groupName(old.Name, id)})
	}
	return *out, nil
}

func (c *call) changeGroup(g *Group, ch GroupChange) error {
	if ch.Name != nil {
		g.Name = *ch.Name
	}
	if ch.StartsAt != nil {
		g.StartsAt = whole(*ch.StartsAt)
	}
	if ch.EndsAt != nil {
		if g.EndsAt = whole(*ch.EndsAt); c.endsAhead("ends_at", g.EndsAt) != nil {
			return invalid("ends_at", "this time has passed already: to end the group now, close it")
		}
	}
	return g.Validate()
}

// CloseGroup ends the group now: it grants nothing any more.
func (d *Directory) CloseGroup(ctx context.Context, who Actor, id gate.GroupID) (Group, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Group{}, err
	}
	if err := c.want(ManageGroups); err != nil {
		return Group{}, err
	}
	return c.closeGroup(ctx, id)
}

func (c *call) closeGroup(ctx context.Context, id gate.GroupID) (Group, error) {
	out, err := change(ctx, c.store, gate.KindGroup, id.String(), func(g *Group) error {
		if g.Ended(c.now) {
			return nil
		}
		if g.EndsAt = c.now; !g.StartsAt.Before(g.EndsAt) {
			g.StartsAt = time.Time{} // it never began
		}
		return nil
	})
	if err != nil {
		return Group{}, err
	}
	return *out, nil
}

// DeleteGroup deletes the group with its members' places and its grants.
func (d *Directory) DeleteGroup(ctx context.Context, who Actor, id gate.GroupID) error {
	c, err := d.begin(ctx, who)
	if err != nil {
		return err
	}
	if err := c.want(ManageGroups); err != nil {
		return err
	}
	g, err := c.closeGroup(ctx, id) // at once, however long the rest takes
	if err != nil {
		return err
	}
	err = each(ctx, c.store, gate.KindGrant, holderTerm(Holder{Group: id}), func(g *Grant) error {
		return remove(ctx, c.store, gate.KindGrant, g.ID().String())
	})
	if err != nil {
		return err
	}
	err = each(ctx, c.store, gate.KindMember, groupTerm(id), func(m *Member) error {
		return remove(ctx, c.store, gate.KindMember, MemberID{m.Group, m.Person}.String())
	})
	if err != nil {
		return err
	}
	if err := remove(ctx, c.store, gate.KindGroup, id.String()); err != nil {
		return err
	}
	c.drop(ctx, []*claim{c.groupName(g.Name, id)})
	return nil
}

// AddMembers puts persons into a group, each on its own.
func (d *Directory) AddMembers(ctx context.Context, who Actor, id gate.GroupID, persons []gate.PersonID) ([]Outcome, error) {
	return d.eachMember(ctx, who, id, persons, func(c *call, person gate.PersonID) (string, error) { return c.join(ctx, id, person) })
}

// RemoveMembers takes persons out of a group, each on its own.
func (d *Directory) RemoveMembers(ctx context.Context, who Actor, id gate.GroupID, persons []gate.PersonID) ([]Outcome, error) {
	return d.eachMember(ctx, who, id, persons, func(c *call, person gate.PersonID) (string, error) {
		err := c.store.Delete(ctx, gate.KindMember, MemberID{id, person}.String())
		if errors.Is(err, gate.ErrNotFound) {
			return Already, nil
		}
		return Removed, err
	})
}

func (d *Directory) eachMember(ctx context.Context, who Actor, id gate.GroupID, persons []gate.PersonID, do func(*call, gate.PersonID) (string, error)) ([]Outcome, error) {
	if len(persons) > MaxMany {
		return nil, invalid("persons", "want at most %d at once, not %d", MaxMany, len(persons))
	}
	c, err := d.begin(ctx, who)
	if err != nil {
		return nil, err
	}
	if err := c.want(ManageGroups); err != nil {
		return nil, err
	}
	if g, err := c.view.group(ctx, id); err != nil {
		return nil, err
	} else if g == nil {
		return nil, &NotFound{Noun: "group", ID: id.String()}
	}
	out := make([]Outcome, 0, len(persons))
	for _, person := range persons {
		o := Outcome{Person: person}
		if o.Result, o.Err = do(c, person); o.Err != nil {
			if !personal(o.Err) {
				return out, o.Err
			}
			o.Result = Refused
		}
		out = append(out, o)
	}
	return out, nil
}

// join puts a person into a group.
func (c *call) join(ctx context.Context, id gate.GroupID, person gate.PersonID) (string, error) {
	g, err := c.view.group(ctx, id)
	switch {
	case err != nil:
		return "", err
	case g == nil:
		return "", &NotFound{Noun: "group", ID: id.String()}
	case g.Ended(c.now):
		return "", &Ended{Noun: "group", ID: id.String(), At: g.EndsAt}
	}
	// Not what the view remembers: the person may have been added a moment ago.
	if _, _, err := fetch[Person](ctx, c.store, gate.KindPerson, person.String()); err != nil {
		return "", err
	}
	in, err := c.store.List(ctx, gate.KindMember, personTerm(person), "", MaxGroups)
	if err != nil {
		return "", err
	}
	for _, doc := range in {
		if doc.ID == (MemberID{id, person}).String() {
			return Already, nil
		}
	}
	if len(in) == MaxGroups {
		return "", &InUse{Detail: person.String() + " is in as many groups as a person may be in"}
	}
	err = keep(ctx, c.store, &Member{id, person, c.now, c.who.person}, 0)
	if errors.Is(err, gate.ErrConflict) {
		return Already, nil
	}
	return Added, err
}
