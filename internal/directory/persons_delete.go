package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Farewell says what becomes of what a person leaves.
type Farewell struct {
	// Heir gets the collections that they own, and answers for the links and
	// grants that they gave, each cut down to what it was worth. Zero: the first
	// owner of the account, or operators where there is none.
	Heir gate.PersonID
	// Cut ends what they gave instead.
	Cut bool
}

// Departed says what ended with a person, and what goes on with the heir.
type Departed struct {
	Heir        gate.PersonID
	CutAt       time.Time
	Grants      int // that they held
	Memberships int
	Guests      int // suspended
	Collections int // now the heir's
	Links       int // now answered for by the heir
	Given       int // grants now answered for by the heir
	Objects     int // uploaded, now the heir's
}

// DeletePerson deletes a person: their sessions and sign-ins end, then what
// they gave and own passes to the heir, then what they held ends, and they are
// gone. Where it fails in between it may be called again, and goes on.
func (d *Directory) DeletePerson(ctx context.Context, who Actor, id gate.PersonID, f Farewell) (Departed, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Departed{}, err
	}
	p, err := c.visible(ctx, id)
	if err != nil {
		return Departed{}, err
	}
	if err := c.over(p); err != nil {
		return Departed{}, err
	}
	l := leaving{call: c, id: id, leaver: c.roleOf(p), cut: f.Cut, solver: c.solver(ctx)}
	if l.out.Heir, err = c.heir(ctx, id, f.Heir); err != nil {
		return Departed{}, err
	}
	if err := c.disown(ctx, id); err != nil {
		return Departed{}, err
	}
	if l.out.CutAt, err = c.cutPerson(ctx, id); err != nil {
		return Departed{}, err
	}
	for _, step := range []func(context.Context) error{
		l.links, l.given, l.collections, l.objects, l.held, l.memberships, l.guests,
	} {
		if err := step(ctx); err != nil {
			return l.out, err
		}
	}
	if err := remove(ctx, c.store, gate.KindPerson, id.String()); err != nil {
		return l.out, err
	}
	c.drop(ctx, []*claim{c.addressClaim(p.Email, id)})
	return l.out, nil
}

// heir returns who comes after a person.
func (c *call) heir(ctx context.Context, id, want gate.PersonID) (gate.PersonID, error) {
	if want.IsZero() {
		for _, owner := range c.index().getSite().Owners {
			if owner != id {
				return owner, nil
			}
		}
		return want, nil
	}
	_, stands, err := c.solver(ctx).standing(want)
	if err == nil && (!stands || want == id) {
		return want, invalid("heir", "want somebody else, who has rights")
	}
	return want, err
}

// leaving is a person who is being deleted.
type leaving struct {
	*call
	id     gate.PersonID
	leaver Role // theirs
	cut    bool
	// solver knows what they hold, as of the beginning.
	solver *solver
	out    Departed
}

// links passes on the links that they made. None becomes worth more by it: what
// was cut down by what they hold is cut down for good. A link that is worth
// nothing, or of which that is not known, keeps its maker, and with them gone
// stays worth nothing.
func (l *leaving) links(ctx context.Context) error {
	if l.cut {
		return nil
	}
	return each(ctx, l.store, gate.KindLink, byTerm(l.id), func(link *gate.Link) error {
		worth, err := l.worth(ctx, link)
		if err != nil || worth == 0 {
			return err
		}
		if err := l.passOn(ctx, link.ID, worth); err != nil {
			return err
		}
		l.out.Links++
		return nil
	})
}

// worth is what of a link's capabilities the heir may answer for.
func (l *leaving) worth(ctx context.Context, link *gate.Link) (gate.Capability, error) {
	place := gate.Place{Collection: link.Collection}
	if link.Collection.IsZero() {
		place.Collection = l.index().governs(link.Scope)
		// Of a link by path they may hold less further down than where it begins.
		if l.leaver < Manager && l.index().overlaps(link.Scope, place.Collection) {
			return 0, nil
		}
	}
	j := judge{ctx: ctx, view: l.view, index: l.index(), c: &gate.Case{Now: l.now, Place: place, Link: link}}
	return j.handed()
}

func (l *leaving) passOn(ctx context.Context, id gate.LinkID, worth gate.Capability) error {
	for range tries {
		doc, err := l.store.Get(ctx, gate.KindLink, id.String())
		if errors.Is(err, gate.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		link, err := gate.LinkFrom(doc)
		if err != nil {
			return err
		}
		if link.By, link.Can = l.out.Heir, link.Can&worth; link.Can == 0 {
			return nil
		}
		next, err := link.Document()
		if err != nil {
			return err
		}
		next.Rev, next.Until = doc.Rev, doc.Until
		if _, err = l.store.Put(ctx, next); !errors.Is(err, gate.ErrConflict) {
			return err
		}
	}
	return gate.ErrConflict
}

// given passes on the grants that they gave, likewise, and removes those that
// are worth nothing.
func (l *leaving) given(ctx context.Context) error {
	return each(ctx, l.store, gate.KindGrant, byTerm(l.id), func(g *Grant) error {
		held, err := l.solver.hold(l.id, g.Collection)
		if err != nil {
			return err
		}
		id := g.ID().String()
		if l.cut || expand(g.Can)&held == 0 {
			return remove(ctx, l.store, gate.KindGrant, id)
		}
		_, err = change(ctx, l.store, gate.KindGrant, id, func(g *Grant) error {
			if g.By == l.id {
				g.By, g.Can, g.ChangedAt = l.out.Heir, expand(g.Can)&held, l.now
			}
			return nil
		})
		if errors.Is(err, gate.ErrNotFound) {
			return nil
		}
		l.out.Given++
		return err
	})
}

// collections makes the heir the owner of theirs, and answer for what they
// included.
func (l *leaving) collections(ctx context.Context) error {
	ids := l.index().ids(func(e *entry) bool {
		return e.owner == l.id || slices.ContainsFunc(e.includes, func(i Include) bool { return i.By == l.id })
	})
	for _, id := range ids {
		manages := map[gate.CollectionID]bool{}
		e, _ := l.index().collection(id)
		for _, inner := range e.includes {
			held, err := l.solver.hold(l.id, inner.Collection)
			if err != nil {
				return err
			}
			manages[inner.Collection] = held&gate.Manage != 0
		}
		owned := false
		_, err := change(ctx, l.store, gate.KindCollection, id.String(), func(col *Collection) error {
			if owned = col.Owner == l.id; owned {
				col.Owner = l.out.Heir
			}
			for i, inner := range col.Includes {
				if inner.By == l.id && manages[inner.Collection] && !l.cut {
					col.Includes[i].By = l.out.Heir
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, gate.ErrNotFound) {
			return err
		}
		if owned {
			l.out.Collections++
		}
	}
	return nil
}

// objects makes the heir the owner of what they uploaded. Without one, only who
// manages the collection may change it.
func (l *leaving) objects(ctx context.Context) error {
	for below := ""; ; {
		docs, err := l.store.List(ctx, gate.KindObject, gate.OwnedBy(l.id), below, batch)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			below = doc.ID
			object, err := gate.ObjectFrom(doc)
			if err != nil {
				return err
			}
			object.Person = l.out.Heir
			next, err := object.Document(doc.ID)
			if err != nil {
				return err
			}
			next.Rev, next.Until = doc.Rev, doc.Until
			if _, err := l.store.Put(ctx, next); err != nil && !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
				return err
			}
			l.out.Objects++
		}
		if len(docs) < batch {
			return nil
		}
	}
}

func (l *leaving) held(ctx context.Context) error {
	return each(ctx, l.store, gate.KindGrant, holderTerm(Holder{Person: l.id}), func(g *Grant) error {
		l.out.Grants++
		return remove(ctx, l.store, gate.KindGrant, g.ID().String())
	})
}

func (l *leaving) memberships(ctx context.Context) error {
	return each(ctx, l.store, gate.KindMember, personTerm(l.id), func(m *Member) error {
		l.out.Memberships++
		return remove(ctx, l.store, gate.KindMember, MemberID{m.Group, m.Person}.String())
	})
}

// guests suspends those whom they sponsored. They have nothing any more as it
// is; the standing says so to whoever looks, and stays when the guest gets
// another sponsor, until somebody resumes them.
func (l *leaving) guests(ctx context.Context) error {
	return each(ctx, l.store, gate.KindPerson, sponsorTerm(l.id), func(guest *Person) error {
		_, err := change(ctx, l.store, gate.KindPerson, guest.ID.String(), func(p *Person) error {
			if p.Standing.State == gate.Active {
				p.Standing = gate.Standing{State: gate.Suspended, Since: l.now, Why: "the sponsor was deleted", By: l.who.String()}
			}
			return nil
		})
		if errors.Is(err, gate.ErrNotFound) {
			return nil
		}
		l.out.Guests++
		return err
	})
}
