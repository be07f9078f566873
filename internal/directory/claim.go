package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// claim is a name, an address or a path that only one may have: a document by
// itself, so that two who take the same at the same moment meet there. It is
// taken for a while first, then what has it is written, and then it is kept for
// good: whoever is interrupted in between leaves nothing behind.
type claim struct {
	kind gate.Kind
	id   string
	rev  int64
	body claimBody
	// field and value are for whoever is told that it is taken.
	field, value string
	// holds reports whether what has the claim, by its id, still says so.
	holds func(ctx context.Context, of string) (bool, error)
}

type claimBody struct {
	Of string `json:"of"`
}

// claimTime is how long an unfinished claim keeps others out.
const claimTime = time.Minute

func (d *Directory) put(ctx context.Context, c *claim, until time.Time) error {
	body, err := json.Marshal(c.body)
	if err != nil {
		return err
	}
	rev, err := d.store.Put(ctx, gate.Document{Kind: c.kind, ID: c.id, Rev: c.rev, Body: body, Until: until})
	if err == nil {
		c.rev = rev
	}
	return err
}

// take takes the claims for a while, or none of them: *Exists says who has one.
func (d *Directory) take(ctx context.Context, now time.Time, claims []*claim) error {
	for i, c := range claims {
		if err := d.takeOne(ctx, now, c); err != nil {
			d.release(ctx, claims[:i])
			return err
		}
	}
	return nil
}

func (d *Directory) takeOne(ctx context.Context, now time.Time, c *claim) error {
	for range tries {
		err := d.put(ctx, c, now.Add(claimTime))
		if err == nil || !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			return err
		}
		doc, err := d.store.Get(ctx, c.kind, c.id)
		if errors.Is(err, gate.ErrNotFound) {
			c.rev = 0
			continue
		}
		if err != nil {
			return err
		}
		var had claimBody
		if err := json.Unmarshal(doc.Body, &had); err != nil {
			return fmt.Errorf("reading %s %s from the store: %w", c.kind, c.id, err)
		}
		taken := !doc.Until.IsZero()
		if !taken {
			if taken, err = c.holds(ctx, had.Of); err != nil {
				return err
			}
		}
		if taken && had.Of != c.body.Of {
			return &Exists{Field: c.field, Value: c.value, ID: had.Of}
		}
		c.rev = doc.Rev // left over: nothing has it any more
	}
	return gate.ErrConflict
}

// settle keeps the claims for good; ErrConflict where one of them was lost
// because it took too long.
func (d *Directory) settle(ctx context.Context, claims []*claim) error {
	for _, c := range claims {
		err := d.put(ctx, c, time.Time{})
		if errors.Is(err, gate.ErrNotFound) { // it ran out, and nobody came
			c.rev = 0
			err = d.put(ctx, c, time.Time{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// undo is for claims whose record was not written because of err. Where it is
// not known whether it was, they are kept: one that nothing has is taken by the
// next who wants it, while a record without its claim would not be found.
func (d *Directory) undo(ctx context.Context, claims []*claim, err error) {
	if personal(err) || errors.Is(err, gate.ErrConflict) {
		d.release(ctx, claims)
		return
	}
	_ = d.finish(ctx, claims)
}

// finish keeps the claims of a record that was written, even where the caller
// has no time left.
func (d *Directory) finish(ctx context.Context, claims []*claim) error {
	err := d.settle(ctx, claims)
	if err != nil && !errors.Is(err, gate.ErrConflict) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
		defer cancel()
		_ = d.settle(ctx, claims) // otherwise they run out
	}
	return err
}

// finishTime is how long is tried to tidy up after a call that failed.
const finishTime = time.Second

// release gives up claims that were taken. It ends them at their revision, and
// does not delete them: by now they may be somebody else's. What it cannot
// release runs out.
func (d *Directory) release(ctx context.Context, claims []*claim) {
	for _, c := range claims {
		_ = d.put(ctx, c, longAgo)
	}
}

// longAgo ends a document at once, by every clock.
var longAgo = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// drop gives up claims that were kept for good.
func (d *Directory) drop(ctx context.Context, claims []*claim) {
	for _, c := range claims {
		doc, err := d.store.Get(ctx, c.kind, c.id)
		var had claimBody
		if err != nil || json.Unmarshal(doc.Body, &had) != nil || had.Of != c.body.Of {
			continue
		}
		c.rev = doc.Rev
		_ = d.put(ctx, c, longAgo) // or it is left over
	}
}

// find returns the id that has a claim; *NotFound with the noun where none has.
func (d *Directory) find(ctx context.Context, noun, value string, c *claim) (string, error) {
	doc, err := d.store.Get(ctx, c.kind, c.id)
	if errors.Is(err, gate.ErrNotFound) {
		return "", &NotFound{Noun: noun, ID: value}
	}
	if err != nil {
		return "", err
	}
	var had claimBody
	if err := json.Unmarshal(doc.Body, &had); err != nil {
		return "", fmt.Errorf("reading %s %s from the store: %w", c.kind, c.id, err)
	}
	return had.Of, nil
}
