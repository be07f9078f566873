package directory

import (
	"context"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// The cuts leave a stamp with the store's time: whatever was opened at or
// before it is refused from the next request on, on every node. Whoever calls
// them may end the sessions as well, to count them; no safety hangs on that.

// CutPerson ends what a person opened until now: sessions and sign-ins. It
// returns the stamp. Everybody may cut themselves.
func (d *Directory) CutPerson(ctx context.Context, who Actor, id gate.PersonID) (time.Time, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return time.Time{}, err
	}
	p, err := c.visible(ctx, id)
	if err != nil {
		return time.Time{}, err
	}
	if !c.oneOf(id) {
		if err := c.over(p); err != nil {
			return time.Time{}, err
		}
	}
	return c.cutPerson(ctx, id)
}

func (c *call) cutPerson(ctx context.Context, id gate.PersonID) (time.Time, error) {
	_, err := change(ctx, c.store, gate.KindPerson, id.String(), func(p *Person) error {
		p.CutAt = later(p.CutAt, c.now)
		return nil
	})
	return c.now, err
}

// CutCollection ends the sessions that watch a collection, or that a link to it
// opened. It returns the stamp.
func (d *Directory) CutCollection(ctx context.Context, who Actor, id gate.CollectionID) (time.Time, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return time.Time{}, err
	}
	if err := c.wantIn(ctx, ChangeCollections, id); err != nil {
		return time.Time{}, err
	}
	_, err = change(ctx, c.store, gate.KindCollection, id.String(), func(col *Collection) error {
		col.CutAt = later(col.CutAt, c.now)
		return nil
	})
	return c.now, err
}

// CutAll ends all sessions and sign-ins. It returns the stamp.
func (d *Directory) CutAll(ctx context.Context, who Actor) (time.Time, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return time.Time{}, err
	}
	if err := c.want(CutAll); err != nil {
		return time.Time{}, err
	}
	_, err = c.changeSite(ctx, func(s *Site) error {
		s.CutAt = later(s.CutAt, c.now)
		return nil
	})
	return c.now, err
}

// later keeps a stamp from moving back.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
