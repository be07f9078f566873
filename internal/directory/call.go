package directory

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// call is one call of a service: who asks, and what they are, as of now.
type call struct {
	*Directory
	who  Actor
	now  time.Time
	role Role // an operator has that of an owner
}

// begin brings the view up to date and sees who asks.
func (d *Directory) begin(ctx context.Context, who Actor) (*call, error) {
	if err := d.view.Refresh(ctx); err != nil {
		return nil, err
	}
	now, err := d.now(ctx)
	if err != nil {
		return nil, err
	}
	c := &call{Directory: d, who: who, now: whole(now), role: Owner}
	if who.operator {
		return c, nil
	}
	role, stands, err := c.solver(ctx).standing(who.person)
	if err != nil {
		return nil, err
	}
	if !stands {
		return nil, &Forbidden{Detail: "nobody with rights asks: the person is suspended, over, or not there"}
	}
	c.role = role
	return c, nil
}

func (c *call) solver(ctx context.Context) *solver { return newSolver(ctx, c.view, c.now) }
func (c *call) index() *index                      { return c.view.index.Load() }

// has reports whether the caller has the permission everywhere.
func (c *call) has(p Permission) bool { return c.role.Reach(p) == Everywhere }

// want returns *Forbidden where the caller has not the permission everywhere.
func (c *call) want(p Permission) error {
	if c.has(p) {
		return nil
	}
	return &Forbidden{Permission: p}
}

// holds is what the caller may do in a collection.
func (c *call) holds(ctx context.Context, id gate.CollectionID) (gate.Capability, error) {
	if c.who.operator || c.role >= Manager {
		return Everything, nil
	}
	can, _, err := c.view.hold(ctx, c.who.person, id, c.now)
	return can, err
}

// wantIn returns *Forbidden where the caller has the permission neither
// everywhere nor in the collection, and *NotFound where they have nothing in it
// at all, or there is none.
func (c *call) wantIn(ctx context.Context, p Permission, id gate.CollectionID) error {
	if e, _ := c.index().collection(id); e == nil {
		return &NotFound{Noun: "collection", ID: id.String()}
	}
	if c.has(p) {
		return nil
	}
	can, err := c.holds(ctx, id)
	if err != nil {
		return err
	}
	needs := c.role.Reach(p).needs()
	switch {
	case can == 0:
		return &NotFound{Noun: "collection", ID: id.String()}
	case needs != 0 && can&needs == needs:
		return nil
	}
	return &Forbidden{Permission: p, Missing: needs &^ can, Collection: id}
}

// May returns nil where the actor has the permission: everywhere, or, where the
// collection is not zero, in it. Otherwise *Forbidden, or *NotFound where the
// actor has nothing in the collection.
func (d *Directory) May(ctx context.Context, who Actor, p Permission, id gate.CollectionID) error {
	c, err := d.begin(ctx, who)
	switch {
	case err != nil:
		return err
	case id.IsZero():
		return c.want(p)
	}
	return c.wantIn(ctx, p, id)
}

// Holds returns what the actor may do in a collection; an operator all. There
// is no error for "nothing".
func (d *Directory) Holds(ctx context.Context, who Actor, id gate.CollectionID) (gate.Capability, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return 0, err
	}
	if e, _ := c.index().collection(id); e == nil {
		return 0, nil
	}
	return c.holds(ctx, id)
}

// Role returns what the actor is in the account; an operator what an owner is.
func (d *Directory) Role(ctx context.Context, who Actor) (Role, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Limited, err
	}
	return c.role, nil
}

// limit is how many items a page has.
func (p Page) limit() (int, error) {
	if p.Limit < 0 || p.Limit > MaxPage {
		return 0, invalid("limit", "want a whole number from 1 to %d", MaxPage)
	}
	if p.Limit == 0 {
		return UsualPage, nil
	}
	return p.Limit, nil
}

// cursorOf writes where a list goes on. Cursors are opaque: what they say may
// change from one release to the next.
func cursorOf(list string, at ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "\n" + strings.Join(at, "\n")))
}

// maxCursor is more than any cursor has.
const maxCursor = 400

// at reads what cursorOf wrote for the same list; n is how many parts it has.
// A page without a cursor has empty parts.
func (p Page) at(list string, n int) ([]string, error) {
	if p.Cursor == "" {
		return make([]string, n), nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	parts := strings.Split(string(text), "\n")
	if err != nil || len(p.Cursor) > maxCursor || len(parts) != n+1 || parts[0] != list {
		return nil, invalid("cursor", "want the cursor that this list gave for its next page")
	}
	return parts[1:], nil
}

// list reads a page of records by term.
func list[T any](ctx context.Context, c *call, kind gate.Kind, term string, page Page) (out List[T], err error) {
	limit, err := page.limit()
	if err != nil {
		return out, err
	}
	name := string(kind) + " " + term
	at, err := page.at(name, 1)
	if err != nil {
		return out, err
	}
	docs, err := c.store.List(ctx, kind, term, at[0], limit+1)
	if err != nil {
		return out, err
	}
	if len(docs) > limit {
		docs = docs[:limit]
		out.Next = cursorOf(name, docs[limit-1].ID)
	}
	out.Items = make([]T, 0, len(docs))
	for _, doc := range docs {
		r, err := parse[T](doc)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, *r)
	}
	return out, nil
}

// oneOf reports whether the caller is one of the persons.
func (c *call) oneOf(persons ...gate.PersonID) bool {
	return !c.who.operator && slices.Contains(persons, c.who.person)
}
