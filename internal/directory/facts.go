package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/usher-media/usher/internal/gate"
)

// MaxGroups is how many groups a person may be in. Of somebody who came to be
// in more, the others grant nothing.
const MaxGroups = 100

// concerns reports whether anything is remembered of documents of the kind.
func concerns(kind gate.Kind) bool {
	switch kind {
	case gate.KindPerson, gate.KindGroup, gate.KindMember, gate.KindCollection, gate.KindGrant, gate.KindLink, gate.KindSite:
		return true
	default:
		return false
	}
}

// forget forgets what a document said. Names of documents that are made of ids
// say whom they are about, so nothing has to be read for it.
func (v *View) forget(name gate.DocumentName) {
	switch name.Kind {
	case gate.KindPerson:
		if id, err := gate.ParsePersonID(name.ID); err == nil {
			v.persons.forget(id[len(id)-1], id)
		}
	case gate.KindGroup:
		if id, err := gate.ParseGroupID(name.ID); err == nil {
			v.groups.forget(id[len(id)-1], id)
		}
	case gate.KindMember:
		if id, err := ParseMemberID(name.ID); err == nil {
			v.members.forget(id.Person[len(id.Person)-1], id.Person)
		}
	case gate.KindGrant:
		if id, err := ParseGrantID(name.ID); err == nil {
			v.grants.forget(id.spread(), id)
		}
	case gate.KindLink:
		if id, err := gate.ParseLinkID(name.ID); err == nil {
			v.links.forget(id[len(id)-1], id)
		}
	default:
		// Collections and the site are always remembered, and others never.
	}
}

func (v *View) forgetAll() {
	v.changes.Add(1)
	v.persons.clear()
	v.groups.clear()
	v.members.clear()
	v.grants.clear()
	v.links.clear()
	v.held.clear()
	v.changes.Add(1)
}

func (id GrantID) spread() byte {
	return id.Holder.Person[len(id.Holder.Person)-1] ^ id.Holder.Group[len(id.Holder.Group)-1] ^ id.Collection[len(id.Collection)-1]
}

// remembered returns what is kept under the key, or loads it. Nothing there is
// remembered too.
func remembered[K comparable, V any](v *View, m *memory[K, V], spread byte, key K, load func() (V, error)) (V, error) {
	if value, found := m.get(spread, key, v.clock()); found {
		return value, nil
	}
	mark := v.changes.Load()
	value, err := load()
	if err == nil {
		m.put(spread, key, value, mark, v.clock())
	}
	return value, err
}

// one loads a record; nil where there is none.
func one[T any](ctx context.Context, v *View, kind gate.Kind, id string) (*T, error) {
	r, _, err := fetch[T](ctx, v.store, kind, id)
	if errors.Is(err, gate.ErrNotFound) {
		return nil, nil
	}
	return r, err
}

// person returns the person; nil where there is none. What it returns, and what
// the others below do, is shared and must not be changed.
func (v *View) person(ctx context.Context, id gate.PersonID) (*Person, error) {
	return remembered(v, v.persons, id[len(id)-1], id, func() (*Person, error) {
		return one[Person](ctx, v, gate.KindPerson, id.String())
	})
}

func (v *View) group(ctx context.Context, id gate.GroupID) (*Group, error) {
	return remembered(v, v.groups, id[len(id)-1], id, func() (*Group, error) {
		return one[Group](ctx, v, gate.KindGroup, id.String())
	})
}

// groupsOf returns the groups that a person is in, live or not.
func (v *View) groupsOf(ctx context.Context, person gate.PersonID) ([]gate.GroupID, error) {
	return remembered(v, v.members, person[len(person)-1], person, func() ([]gate.GroupID, error) {
		docs, err := v.store.List(ctx, gate.KindMember, personTerm(person), "", MaxGroups)
		if err != nil {
			return nil, fmt.Errorf("reading the groups of %s: %w", person, err)
		}
		groups := make([]gate.GroupID, 0, len(docs))
		for _, doc := range docs {
			id, err := ParseMemberID(doc.ID)
			if err != nil {
				return nil, fmt.Errorf("reading member %s: %w", doc.ID, err)
			}
			groups = append(groups, id.Group)
		}
		return groups, nil
	})
}

func (v *View) grant(ctx context.Context, id GrantID) (*Grant, error) {
	return remembered(v, v.grants, id.spread(), id, func() (*Grant, error) {
		return one[Grant](ctx, v, gate.KindGrant, id.String())
	})
}

func (v *View) link(ctx context.Context, id gate.LinkID) (*gate.Link, error) {
	return remembered(v, v.links, id[len(id)-1], id, func() (*gate.Link, error) {
		return one[gate.Link](ctx, v, gate.KindLink, id.String())
	})
}
