package directory

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// NewPerson is what a person is made from.
type NewPerson struct {
	Email   string
	Name    string
	Role    Role // zero: Limited
	Sponsor gate.PersonID
	Until   time.Time
	// Waits: they are nobody before somebody resumes them.
	Waits bool
	// For is the collection on account of which somebody is brought in who
	// without it could not add persons; they become Limited.
	For gate.CollectionID
	// Groups are those that the person is put into.
	Groups []gate.GroupID
}

// Words of an [Outcome].
const (
	Added   = "added"
	Removed = "removed"
	Already = "already" // it was so before
	Refused = "refused" // see Err
)

// Outcome is what became of one item of many.
type Outcome struct {
	// Email is the address as it was given, where one was.
	Email  string
	Person gate.PersonID
	Result string
	Err    error
}

// MaxMany is how many items a call takes that does many at once.
const MaxMany = 1000

// AddPerson adds a person. *Exists says who has the address already.
func (d *Directory) AddPerson(ctx context.Context, who Actor, n NewPerson) (Person, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Person{}, err
	}
	if err := c.mayAdd(ctx, n); err != nil {
		return Person{}, err
	}
	p, err := c.add(ctx, n)
	if err != nil {
		return Person{}, err
	}
	for _, group := range n.Groups {
		if _, err := c.join(ctx, group, p.ID); err != nil {
			return p, err
		}
	}
	return c.again(ctx, &p)
}

// AddPersons adds many, each on its own: what is wrong with one does not keep
// the others out, and somebody who was there already is only put into the
// groups. So the same call may be made again. The error is for all of them.
func (d *Directory) AddPersons(ctx context.Context, who Actor, many []NewPerson) ([]Outcome, error) {
	if len(many) > MaxMany {
		return nil, invalid("persons", "want at most %d at once, not %d", MaxMany, len(many))
	}
	c, err := d.begin(ctx, who)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, 0, len(many))
	for _, n := range many {
		o, err := c.addOne(ctx, n)
		if err != nil {
			if !personal(err) {
				return out, err
			}
			o.Result, o.Err = Refused, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (c *call) addOne(ctx context.Context, n NewPerson) (Outcome, error) {
	o := Outcome{Email: n.Email}
	if err := c.mayAdd(ctx, n); err != nil {
		return o, err
	}
	p, err := c.add(ctx, n)
	if had, exists := errors.AsType[*Exists](err); exists {
		if o.Person, err = gate.ParsePersonID(had.ID); err != nil {
			return o, err
		}
		o.Result = Already
	} else if err != nil {
		return o, err
	} else {
		o.Person, o.Result = p.ID, Added
	}
	for _, group := range n.Groups {
		if _, err := c.join(ctx, group, o.Person); err != nil {
			return o, err
		}
	}
	return o, nil
}

// personal tells errors that are about one item from those of the store, after
// which nothing is known of the others.
func personal(err error) bool {
	switch {
	case is[*Invalid](err), is[*NotFound](err), is[*Exists](err), is[*Forbidden](err),
		is[*LastOwner](err), is[*Cycle](err), is[*InUse](err), is[*Ended](err):
		return true
	}
	return false
}

func is[E error](err error) bool {
	_, yes := errors.AsType[E](err)
	return yes
}

// mayAdd asks for the rights that adding this person takes.
func (c *call) mayAdd(ctx context.Context, n NewPerson) error {
	if len(n.Groups) > 0 {
		if err := c.want(ManageGroups); err != nil {
			return err
		}
	}
	if n.Role >= Manager {
		return c.want(Appoint)
	}
	if c.has(People) {
		return nil
	}
	if n.For.IsZero() || n.Role != Limited {
		return c.want(People)
	}
	if !n.Sponsor.IsZero() && !c.oneOf(n.Sponsor) {
		return &Forbidden{Permission: People, Detail: "one sponsors one's own guests only"}
	}
	return c.wantIn(ctx, BringIn, n.For)
}

func (c *call) add(ctx context.Context, n NewPerson) (Person, error) {
	address, err := ParseAddress(n.Email)
	if err != nil {
		return Person{}, err
	}
	p := Person{
		ID: gate.PersonID(token.NewID(c.now)), Email: address, Name: n.Name, Role: min(n.Role, Manager),
		Standing: gate.Standing{State: gate.Active, Since: c.now, By: c.who.String()},
		Sponsor:  n.Sponsor, Until: whole(n.Until), CreatedAt: c.now, CreatedBy: c.who.person,
	}
	if n.Waits {
		p.Standing.State, p.Standing.Why = gate.Suspended, waits
	}
	if err := c.endsAhead("until", p.Until); err != nil {
		return Person{}, err
	}
	if err := c.mayBeGuest(ctx, &p); err != nil {
		return Person{}, err
	}
	if n.Role == Owner {
		if err := c.mayBegin(&p); err != nil {
			return Person{}, err
		}
	}
	if err := p.Validate(); err != nil {
		return Person{}, err
	}
	if err := c.insert(ctx, &p, []*claim{c.addressClaim(address, p.ID)}); err != nil {
		return Person{}, err
	}
	if n.Role == Owner {
		if err := c.own(ctx, &p); err != nil {
			return p, err
		}
		p.Role = Owner
	}
	return p, nil
}

// insert writes a new record that has claims.
func (c *call) insert(ctx context.Context, r record, claims []*claim) error {
	if err := c.take(ctx, c.now, claims); err != nil {
		return err
	}
	if err := keep(ctx, c.store, r, 0); err != nil {
		c.undo(ctx, claims, err)
		return err
	}
	if err := c.settle(ctx, claims); err != nil {
		if kind, id, _ := r.document(); remove(ctx, c.store, kind, id) == nil {
			c.release(ctx, claims)
		}
		return err
	}
	return nil
}
