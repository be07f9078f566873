package directory

import (
	"context"
	"fmt"
	"strconv"

	"github.com/usher-media/usher/internal/gate"
)

// Insider is somebody with access to a collection, or who was given some.
type Insider struct {
	Person Person
	// Own is what owning the collection and grants on it give, Inherited what
	// comes from collections that include it and from the account role, Can all
	// together: what they may do now.
	Own, Inherited, Can gate.Capability
	Reasons             []Reason
}

// Who lists who has access to a collection, and why, everybody once. It takes
// managing it.
func (d *Directory) Who(ctx context.Context, who Actor, id gate.CollectionID, page Page) (List[Insider], error) {
	var out List[Insider]
	c, err := d.begin(ctx, who)
	if err != nil {
		return out, err
	}
	if err := c.wantIn(ctx, SeeWho, id); err != nil {
		return out, err
	}
	limit, err := page.limit()
	if err != nil {
		return out, err
	}
	name := "who " + id.String()
	at, err := page.at(name, len(mark{}))
	if err != nil {
		return out, err
	}
	w := whoWalk{call: c, id: id, over: c.index().over([]gate.CollectionID{id}), at: mark(at), limit: limit}
	more, err := w.run(ctx)
	if err != nil {
		return out, err
	}
	if out.Items = w.found; more {
		out.Next = cursorOf(name, w.at[:]...)
	}
	return out, nil
}

// mark is where the walk goes on: in which part, and below which document of
// that, and of those within it.
type mark [3]string

// whoWalk goes through all that may give somebody access, in parts: those who
// manage everything; owners of the collection and of those around it; the
// grants on each, and the members of the groups in them. Whoever comes up more
// than once is shown the first time.
type whoWalk struct {
	*call
	id    gate.CollectionID
	over  []gate.CollectionID // the collection, and what includes it
	at    mark
	limit int
	found []Insider
}

// fullPage ends a walk whose page is full.
type fullPage struct{}

func (fullPage) Error() string { return "the page is full" }

// run walks on from the mark and reports whether there is more.
func (w *whoWalk) run(ctx context.Context) (more bool, err error) {
	part := 0
	if w.at[0] != "" {
		if part, err = strconv.Atoi(w.at[0]); err != nil || part < 0 {
			return false, invalid("cursor", "want the cursor that this list gave for its next page")
		}
	}
	for ; part < 2+len(w.over) && err == nil; part++ {
		w.at[0] = strconv.Itoa(part)
		switch part {
		case 0:
			err = w.managers(ctx)
		case 1:
			err = w.ownersOf(ctx)
		default:
			err = w.grantsOn(ctx, w.over[part-2])
		}
		if err == nil {
			w.at = mark{}
		}
	}
	if is[fullPage](err) {
		return true, nil
	}
	return false, err
}

func (w *whoWalk) managers(ctx context.Context) error {
	return from(ctx, w, gate.KindPerson, roleTerm(Manager), &w.at[1], func(p *Person) error { return w.show(ctx, p.ID, "role") })
}

func (w *whoWalk) ownersOf(ctx context.Context) error {
	n := 0
	if w.at[1] != "" {
		var err error
		if n, err = strconv.Atoi(w.at[1]); err != nil || n < 0 {
			return invalid("cursor", "want the cursor that this list gave for its next page")
		}
	}
	for ; n < len(w.over); n++ {
		w.at[1] = strconv.Itoa(n)
		if e, _ := w.index().collection(w.over[n]); e != nil && !e.owner.IsZero() {
			if err := w.show(ctx, e.owner, ownedBy(e.id)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *whoWalk) grantsOn(ctx context.Context, id gate.CollectionID) error {
	return from(ctx, w, gate.KindGrant, collectionTerm(id), &w.at[1], func(g *Grant) error {
		source := g.ID().String()
		if g.Holder.Group.IsZero() {
			return w.show(ctx, g.Holder.Person, source)
		}
		if m, err := ParseMemberID(w.at[2]); err != nil || m.Group != g.Holder.Group {
			w.at[2] = "" // of another group
		}
		err := from(ctx, w, gate.KindMember, groupTerm(g.Holder.Group), &w.at[2], func(m *Member) error {
			return w.show(ctx, m.Person, source)
		})
		if err == nil {
			w.at[2] = ""
		}
		return err
	})
}

// from goes through documents below where *at says, and moves it behind each
// that was done with.
func from[T any](ctx context.Context, w *whoWalk, kind gate.Kind, term string, at *string, do func(*T) error) error {
	for {
		docs, err := w.store.List(ctx, kind, term, *at, w.limit+1)
		if err != nil {
			return fmt.Errorf("listing %s: %w", kind, err)
		}
		for _, doc := range docs {
			r, err := parse[T](doc)
			if err != nil {
				return err
			}
			if err := do(r); err != nil {
				return err
			}
			*at = doc.ID
		}
		if len(docs) <= w.limit {
			return nil
		}
	}
}

// Sources of access, beside the ids of grants.
const byRole = "role"

func ownedBy(id gate.CollectionID) string { return "owner of " + id.String() }

// show adds the person, where it is from this source that they come up first.
func (w *whoWalk) show(ctx context.Context, id gate.PersonID, source string) error {
	p, err := w.view.person(ctx, id)
	if err != nil || p == nil {
		return err
	}
	first, err := w.source(ctx, p)
	if err != nil || first != source {
		return err
	}
	if len(w.found) == w.limit {
		return fullPage{}
	}
	insider, err := w.insider(ctx, p, w.id)
	if err != nil {
		return err
	}
	w.found = append(w.found, insider)
	return nil
}

// source is where the person comes up first.
func (w *whoWalk) source(ctx context.Context, p *Person) (string, error) {
	if w.roleOf(p) >= Manager {
		return byRole, nil
	}
	for _, id := range w.over {
		if e, _ := w.index().collection(id); e != nil && e.owner == p.ID {
			return ownedBy(id), nil
		}
	}
	groups, err := w.view.groupsOf(ctx, p.ID)
	if err != nil {
		return "", err
	}
	for _, id := range w.over {
		var first string
		for _, holder := range holders(p.ID, groups) {
			g, err := w.view.grant(ctx, GrantID{holder, id})
			if err != nil {
				return "", err
			}
			if g != nil {
				first = max(first, g.ID().String())
			}
		}
		if first != "" {
			return first, nil
		}
	}
	return "", nil
}
