package attempts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// ID names a counter for people, with the prefix "lim_". A counter is stored under
// a hash of an address, which could be found by trying all addresses there are:
// this id tells nothing.
type ID token.ID

const idPrefix = "lim_"

func (id ID) String() string { return idPrefix + token.ID(id).String() }

// MarshalText makes the id a plain string in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// ParseID reads "lim_" and 20 characters.
func ParseID(text string) (ID, error) {
	id, err := token.ParsePrefixed(idPrefix, text)
	return ID(id), err
}

// Count is one counter, for operators.
type Count struct {
	ID ID `json:"id"`
	// Of is the thing, By who is counted: a device, a client group, or "everybody".
	Of    string    `json:"of"`
	By    string    `json:"by"`
	Wrong int       `json:"wrong"`
	Last  time.Time `json:"last"`
	// Next is when the next try may be made.
	Next time.Time `json:"next"`

	doc string // the id of its document
}

const everybody = "everybody"

// Whom says who is counted.
type Whom uint8

// Who may be counted.
const (
	Everybody Whom = iota
	Device         // a device that was let in before
	Group          // the clients of one connection line
)

// Whom says who is counted.
func (c Count) Whom() Whom {
	if c.By == everybody {
		return Everybody
	}
	if _, err := gate.ParseDeviceID(c.By); err == nil {
		return Device
	}
	return Group
}

// Kind is what is tried at: "link", "signin" and the like.
func (c Count) Kind() string {
	kind, _, _ := strings.Cut(c.Of, ":")
	return kind
}

// Thing is what is tried at, without its kind; empty: all things of the kind.
func (c Count) Thing() string {
	_, thing, _ := strings.Cut(c.Of, ":")
	return thing
}

// Waits reports whether somebody has to wait at now.
func (c Count) Waits(now time.Time) bool { return now.Before(c.Next) }

// Tried is the term of all counters with wrong tries in them. The others only say
// that a device was let in.
const Tried = "tried"

// At is the term of those at a thing, whatever is tried at it.
func At(thing string) string { return "at:" + thing }

// terms are those by which the counter is found.
func (c Count) terms() []string {
	terms := []string{c.Of, c.ID.String()}
	if c.Wrong == 0 {
		return terms
	}
	if terms = append(terms, Tried); c.Thing() != "" {
		terms = append(terms, At(c.Thing()))
	}
	return terms
}

// Find returns the counter with an id, or ErrNotFound.
func (b *Book) Find(ctx context.Context, id ID) (Count, error) {
	docs, err := b.store.List(ctx, gate.KindAttempt, id.String(), "", 1)
	switch {
	case err != nil:
		return Count{}, fmt.Errorf("looking up a counter of tries: %w", err)
	case len(docs) == 0:
		return Count{}, gate.ErrNotFound
	}
	return countFrom(docs[0])
}

// List returns at most limit counters with a term, in an order of its own, and only those after the given one where that is not zero.
// Where that one is gone, the error is ErrNotFound.
func (b *Book) List(ctx context.Context, term string, after ID, limit int) ([]Count, error) {
	below := ""
	if after != (ID{}) {
		last, err := b.Find(ctx, after)
		if err != nil {
			return nil, err
		}
		below = last.doc
	}
	return b.list(ctx, term, below, limit)
}

func (b *Book) list(ctx context.Context, term, below string, limit int) ([]Count, error) {
	docs, err := b.store.List(ctx, gate.KindAttempt, term, below, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the counters of tries: %w", err)
	}
	counts := make([]Count, len(docs))
	for i, doc := range docs {
		if counts[i], err = countFrom(doc); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// page is how many counters are cleared at once.
const page = 100

// Clear takes away all counters of a thing: nobody waits there any more, and no
// device is known. It says how many there were. Whoever changes a password
// clears its counters, so that those who knew the old one are strangers again.
func (b *Book) Clear(ctx context.Context, of string) (int, error) {
	return b.eachOf(ctx, of, func(c Count) error { return b.forget(ctx, c.doc) })
}

// ReleaseAll ends all waits of the counters with a term, and says how many counters
// it began anew. Devices that were let in stay known.
func (b *Book) ReleaseAll(ctx context.Context, term string) (int, error) {
	return b.eachOf(ctx, term, func(c Count) error { return b.Release(ctx, c) })
}

// Release begins a counter anew.
func (b *Book) Release(ctx context.Context, c Count) error {
	if c.Whom() != Device {
		return b.forget(ctx, c.doc)
	}
	return b.change(ctx, counter{of: c.Of, by: c.By}, func(count *Count) (time.Time, bool) {
		known := count.Wrong > 0
		count.Wrong, count.Next = 0, time.Time{}
		return time.Time{}, known
	})
}

// eachOf does something to each counter with a term, and says how many there were.
func (b *Book) eachOf(ctx context.Context, term string, do func(Count) error) (n int, err error) {
	below := ""
	for {
		counts, err := b.list(ctx, term, below, page)
		if err != nil || len(counts) == 0 {
			return n, err
		}
		for _, c := range counts {
			if err := do(c); err != nil {
				return n, err
			}
			n++
		}
		below = counts[len(counts)-1].doc
	}
}

func (b *Book) forget(ctx context.Context, id string) error {
	err := b.store.Delete(ctx, gate.KindAttempt, id)
	if err != nil && !errors.Is(err, gate.ErrNotFound) {
		return fmt.Errorf("clearing a counter of tries: %w", err)
	}
	return nil
}
