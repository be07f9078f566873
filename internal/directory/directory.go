package directory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Settings are what a site says about its directory.
type Settings struct {
	// MaxOwners is how many owners there may be, 1 to 3; 0: 3.
	MaxOwners int
	// Presets are the site's own named sets of capabilities.
	Presets Presets
	// Homes are where persons may lay collections who may not lay them anywhere:
	// below these paths, and where nobody else's collection is. Empty: only
	// inside collections of their own.
	Homes []gate.Scope
	// Now is the store's time: it is held against the times of sessions, which
	// are the store's. An error means that it could not be asked.
	Now func(context.Context) (time.Time, error)
}

// Directory changes and shows persons, groups, collections and grants, and
// checks who asks. Its changes are durable when it returns without an error.
// Each reads what it goes by as of its call, never as of earlier.
type Directory struct {
	store     gate.Documents
	view      *View
	now       func(context.Context) (time.Time, error)
	maxOwners int
	presets   Presets
	homes     []gate.Scope
}

// New returns a directory over the store. It reads through the view.
func New(store gate.Documents, view *View, settings Settings) (*Directory, error) {
	if settings.MaxOwners == 0 {
		settings.MaxOwners = 3
	}
	if settings.MaxOwners < 1 || settings.MaxOwners > 3 {
		return nil, fmt.Errorf("owners: want 1 to 3, not %d", settings.MaxOwners)
	}
	if err := settings.Presets.Validate(); err != nil {
		return nil, err
	}
	return &Directory{
		store: store, view: view, now: settings.Now, maxOwners: settings.MaxOwners,
		presets: settings.Presets.with(), homes: slices.Clone(settings.Homes),
	}, nil
}

// Presets returns all named sets of capabilities.
func (d *Directory) Presets() Presets { return d.presets.with() }

// Page asks for a part of a list.
type Page struct {
	// Limit is how many at the most: 1 to [MaxPage]; 0: [UsualPage].
	Limit int
	// Cursor is the Next of the page before; empty: the first page.
	Cursor string
}

// Bounds of a page.
const (
	UsualPage = 50
	MaxPage   = 200
)

// List is a page of a list. A page may hold fewer than were asked for and still
// not be the last: that is the one without Next.
type List[T any] struct {
	Items []T
	Next  string
}
