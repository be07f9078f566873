package directory

import (
	"context"

	"github.com/usher-media/usher/internal/gate"
)

// CollectionOf returns the collection that a link is about: its own, or the one
// in which its path is; zero: none. It checks nobody.
func (d *Directory) CollectionOf(ctx context.Context, link gate.Link) (gate.CollectionID, error) {
	if !link.Collection.IsZero() {
		return link.Collection, nil
	}
	if err := d.view.current(ctx); err != nil {
		return gate.CollectionID{}, err
	}
	return d.view.index.Load().governs(link.Scope), nil
}

// Decides returns nil where the actor may decide about the person: they are
// it, or have the permission to suspend, cut and delete them.
func (d *Directory) Decides(ctx context.Context, who Actor, id gate.PersonID) error {
	c, err := d.begin(ctx, who)
	if err != nil {
		return err
	}
	p, err := c.visible(ctx, id)
	if err != nil || c.oneOf(id) {
		return err
	}
	return c.over(p)
}
