package directory

import (
	"context"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// PersonChange is what changes of a person; nil: nothing. A zero Until or
// Sponsor takes away the one there was.
type PersonChange struct {
	Name    *string
	Role    *Role
	Until   *time.Time
	Sponsor *gate.PersonID
}

// ChangePerson changes a person. Everybody may change their own name, and step
// down.
func (d *Directory) ChangePerson(ctx context.Context, who Actor, id gate.PersonID, ch PersonChange) (Person, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Person{}, err
	}
	p, err := c.visible(ctx, id)
	if err != nil {
		return Person{}, err
	}
	had := c.roleOf(p)
	if err := c.mayChange(p, had, ch); err != nil {
		return Person{}, err
	}
	if err := c.fits(ctx, p, had, ch); err != nil {
		return Person{}, err
	}
	if ch.Role != nil && had == Owner && *ch.Role != Owner {
		if err := c.disown(ctx, id); err != nil {
			return Person{}, err
		}
	}
	out, err := change(ctx, c.store, gate.KindPerson, id.String(), func(p *Person) error { return ch.apply(p) })
	if err != nil {
		return Person{}, err
	}
	if ch.Role != nil && *ch.Role == Owner && had != Owner {
		if err := c.own(ctx, out); err != nil {
			return Person{}, err
		}
	}
	return c.again(ctx, out)
}

// again returns the person as they are after a change.
func (c *call) again(ctx context.Context, p *Person) (Person, error) {
	site, err := c.view.readSite(ctx)
	return dressed(site, p), err
}

func (c *call) roleOf(p *Person) Role { return roleIn(c.index().getSite(), p) }

func (ch PersonChange) apply(p *Person) error {
	if ch.Name != nil {
		p.Name = *ch.Name
	}
	if ch.Role != nil {
		p.Role = min(*ch.Role, Manager)
	}
	if ch.Until != nil {
		p.Until = whole(*ch.Until)
	}
	if ch.Sponsor != nil {
		p.Sponsor = *ch.Sponsor
	}
	return p.Validate()
}

// mayChange asks for the rights that the change takes.
func (c *call) mayChange(p *Person, had Role, ch PersonChange) error {
	own := c.oneOf(p.ID)
	if ch.Role != nil && *ch.Role != had {
		down := own && *ch.Role < had
		if !down && (*ch.Role >= Manager || had >= Manager) {
			return c.want(Appoint)
		}
		if !down {
			return c.want(People)
		}
	}
	if own && ch.Until == nil && ch.Sponsor == nil {
		return nil
	}
	return c.over(p)
}

// over asks for the rights that it takes to decide about the person.
func (c *call) over(p *Person) error {
	if c.roleOf(p) >= Manager && !c.oneOf(p.ID) {
		return c.want(Appoint)
	}
	return c.want(People)
}

// DecidesAbout returns a person about whom who asks may decide.
func (d *Directory) DecidesAbout(ctx context.Context, who Actor, id gate.PersonID) (Person, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Person{}, err
	}
	p, err := c.visible(ctx, id)
	if err != nil {
		return Person{}, err
	}
	return c.dressed(p), c.over(p)
}

// fits asks whether the person could be what the change makes of them.
func (c *call) fits(ctx context.Context, p *Person, had Role, ch PersonChange) error {
	next := *p
	if err := ch.apply(&next); err != nil {
		return err
	}
	if ch.Until != nil {
		if err := c.endsAhead("until", next.Until); err != nil {
			return err
		}
	}
	if ch.Sponsor != nil {
		if err := c.mayBeGuest(ctx, &next); err != nil {
			return err
		}
	}
	role := had
	if ch.Role != nil {
		role = *ch.Role
	}
	if role == Owner && !next.Until.IsZero() {
		return invalid("until", "an owner has no end: it would leave the account to nobody")
	}
	if role == Owner && had < Manager {
		return &Invalid{Field: "role", Detail: "ownership passes to a manager only: make them manager first", Allowed: roleNames[:Owner]}
	}
	return nil
}

// mayBeGuest asks whether somebody could sponsor the person. Guests have no
// guests, so that nobody hangs on a chain that they do not see.
func (c *call) mayBeGuest(ctx context.Context, p *Person) error {
	if p.Sponsor.IsZero() {
		return nil
	}
	sponsor, err := c.view.person(ctx, p.Sponsor)
	if err != nil {
		return err
	}
	if sponsor == nil {
		return invalid("sponsor", "there is no person %s", p.Sponsor)
	}
	if stands, _ := sponsor.stands(c.now); !stands || !sponsor.Sponsor.IsZero() {
		return invalid("sponsor", "want somebody who is active and no guest themselves")
	}
	guests, err := c.store.List(ctx, gate.KindPerson, sponsorTerm(p.ID), "", 1)
	if err == nil && len(guests) > 0 {
		return invalid("sponsor", "they have guests of their own")
	}
	return err
}

// SuspendPerson takes everything from a person until they are resumed.
func (d *Directory) SuspendPerson(ctx context.Context, who Actor, id gate.PersonID, why string) (Person, error) {
	return d.setStanding(ctx, who, id, gate.Suspended, why)
}

// ResumePerson undoes [Directory.SuspendPerson].
func (d *Directory) ResumePerson(ctx context.Context, who Actor, id gate.PersonID) (Person, error) {
	return d.setStanding(ctx, who, id, gate.Active, "")
}

func (d *Directory) setStanding(ctx context.Context, who Actor, id gate.PersonID, state, why string) (Person, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Person{}, err
	}
	p, err := c.visible(ctx, id)
	if err != nil {
		return Person{}, err
	}
	if err := c.over(p); err != nil {
		return Person{}, err
	}
	if err := CheckLine("why", why, MaxWhy); err != nil {
		return Person{}, err
	}
	if state == gate.Suspended && c.roleOf(p) == Owner {
		return Person{}, &InUse{Detail: id.String() + " owns the account: pass that on first"}
	}
	out, err := change(ctx, c.store, gate.KindPerson, id.String(), func(p *Person) error {
		if p.Standing.State != state {
			p.Standing = gate.Standing{State: state, Since: c.now, Why: why, By: c.who.String()}
		}
		return nil
	})
	if err != nil {
		return Person{}, err
	}
	return c.again(ctx, out)
}
