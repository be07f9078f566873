package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/usher-media/usher/internal/gate"
)

// changeSite changes the site's record, which is made on the way where there
// is none yet.
func (d *Directory) changeSite(ctx context.Context, do func(*Site) error) (*Site, error) {
	for range tries {
		site, err := change(ctx, d.store, gate.KindSite, siteID, do)
		if !errors.Is(err, gate.ErrNotFound) {
			return site, err
		}
		if err := keep(ctx, d.store, &Site{}, 0); err != nil && !errors.Is(err, gate.ErrConflict) {
			return nil, err
		}
	}
	return nil, gate.ErrConflict
}

// mayBegin asks whether somebody new may own the account at once: the first
// owner is nobody's successor.
func (c *call) mayBegin(p *Person) error {
	if len(c.index().getSite().Owners) > 0 {
		return &Invalid{Field: "role", Detail: "ownership passes to a manager only: make them manager first", Allowed: roleNames[:Owner]}
	}
	return c.mayOwn(p)
}

// mayOwn asks whether the account would be in good hands.
func (c *call) mayOwn(p *Person) error {
	if p.Standing.State != gate.Active || !p.Until.IsZero() || !p.Sponsor.IsZero() || p.Role < Manager {
		return invalid("role", "an owner is an active manager, without an end and without a sponsor")
	}
	return nil
}

// own makes the person an owner. They are looked at again afterwards: whoever
// suspended them at the same moment did not see an owner.
func (c *call) own(ctx context.Context, p *Person) error {
	if err := c.mayOwn(p); err != nil {
		return err
	}
	_, err := c.changeSite(ctx, func(s *Site) error {
		if slices.Contains(s.Owners, p.ID) {
			return nil
		}
		if len(s.Owners) >= c.maxOwners {
			return &InUse{Detail: "there are as many owners as there may be: take it from one first"}
		}
		s.Owners = append(s.Owners, p.ID)
		return nil
	})
	if err != nil {
		return err
	}
	now, err := one[Person](ctx, c.view, gate.KindPerson, p.ID.String())
	if err != nil {
		return err
	}
	if now == nil || c.mayOwn(now) != nil {
		if err := c.disown(ctx, p.ID); err != nil {
			return err
		}
		return gate.ErrConflict
	}
	return nil
}

// disown takes ownership from a person, unless they are the last one who has it.
func (c *call) disown(ctx context.Context, id gate.PersonID) error {
	_, err := c.changeSite(ctx, func(s *Site) error {
		i := slices.Index(s.Owners, id)
		switch {
		case i < 0:
			return nil
		case len(s.Owners) == 1:
			return &LastOwner{id}
		}
		s.Owners = slices.Delete(s.Owners, i, i+1)
		return nil
	})
	return err
}
