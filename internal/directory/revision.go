package directory

import (
	"context"
	"errors"

	"github.com/usher-media/usher/internal/gate"
)

// ErrStale reports that a record is not at the revision any more that a change
// was meant for.
var ErrStale = errors.New("changed by somebody else since it was read")

// Revision returns how often the record was changed, from 1.
func (d *Directory) Revision(ctx context.Context, name gate.DocumentName) (int64, error) {
	doc, err := d.store.Get(ctx, name.Kind, name.ID)
	if errors.Is(err, gate.ErrNotFound) {
		return 0, &NotFound{Noun: nouns[name.Kind], ID: name.ID}
	}
	return doc.Rev, err
}

// At returns the directory for one call, in which the record is changed at this
// revision only: ErrStale where it has another one by then.
func (d *Directory) At(name gate.DocumentName, rev int64) *Directory {
	pinned := *d
	pinned.store = &pin{d.store, name, rev}
	return &pinned
}

// pin is a store in which one document is put at one revision only, and then at
// those that this store itself gave it.
type pin struct {
	gate.Documents
	name gate.DocumentName
	rev  int64
}

func (p *pin) Put(ctx context.Context, doc gate.Document) (int64, error) {
	if doc.Kind != p.name.Kind || doc.ID != p.name.ID {
		return p.Documents.Put(ctx, doc)
	}
	if doc.Rev != p.rev {
		return 0, ErrStale
	}
	rev, err := p.Documents.Put(ctx, doc)
	switch {
	case err == nil:
		p.rev = rev
	case errors.Is(err, gate.ErrConflict):
		err = ErrStale
	}
	return rev, err
}
