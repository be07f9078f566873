// Package attempts counts wrong tries at passwords and codes, and makes whoever
// goes on trying wait. A try counts as wrong from before it is looked at until it
// turned out right, so that many at once are no more than one after the other.
//
// A device that was let in before has a counter of its own and never waits because
// of others. All others are counted three times: as their client group at this
// thing, as everybody at this thing, and as their client group at all things of
// the kind, since a guesser splits the work over networks, or over what is guessed.
package attempts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Schedule says how long a counter makes one wait.
type Schedule struct {
	// Free tries cost no wait. After them the wait is First, then twice as long
	// each time, up to Most.
	Free  int
	First time.Duration
	Most  time.Duration
	// Forget is when a counter begins anew after its last try. It is above Most.
	Forget time.Duration
}

// wait is how long the try after this many has to wait.
func (s Schedule) wait(wrong int) time.Duration {
	if wrong < s.Free {
		return 0
	}
	doublings := min(wrong-s.Free, 40)
	if s.First > s.Most>>doublings {
		return s.Most
	}
	return s.First << doublings
}

// Rules are the schedules of one kind of thing.
type Rules struct {
	// Own is that of a device that was let in before, Group that of a client
	// group at one thing, All that of everybody else at one thing, and Spread that
	// of a client group at all things of the kind.
	Own, Group, All, Spread Schedule
}

// Guesses are the rules for passwords and codes.
var Guesses = Rules{
	Own:    Schedule{Free: 5, First: time.Second, Most: 5 * time.Minute, Forget: time.Hour},
	Group:  Schedule{Free: 5, First: time.Second, Most: 15 * time.Minute, Forget: time.Hour},
	All:    Schedule{Free: 10, First: time.Minute, Most: time.Minute, Forget: 15 * time.Minute},
	Spread: Schedule{Free: 50, First: time.Second, Most: time.Minute, Forget: 15 * time.Minute},
}

// Mails are the rules for mails that somebody who is not signed in asks for: each
// is a nuisance to whoever gets it, and a code to guess at.
var Mails = Rules{
	Own:    Schedule{Free: 3, First: time.Minute, Most: 15 * time.Minute, Forget: time.Hour},
	Group:  Schedule{Free: 3, First: 10 * time.Minute, Most: 12 * time.Hour, Forget: 48 * time.Hour},
	All:    Schedule{Free: 3, First: 10 * time.Minute, Most: 12 * time.Hour, Forget: 48 * time.Hour},
	Spread: Schedule{Free: 20, First: time.Minute, Most: time.Hour, Forget: 2 * time.Hour},
}

// KnownFor is how long a device that was let in is known as such.
const KnownFor = 90 * 24 * time.Hour

// Who tries, and at what.
type Who struct {
	// Of names the thing, its kind first: "link:lnk_…". It is a term of an index.
	Of string
	// Device is the browser's signed id; zero: it has none.
	Device gate.DeviceID
	// Known says that the caller knows the device to have been let in.
	Known bool
	// Group is the client's group of addresses.
	Group netip.Prefix
}

// Book keeps the counters.
type Book struct {
	store gate.Documents
	now   func() time.Time
}

// NewBook returns the book of a store.
func NewBook(store gate.Documents, now func() time.Time) *Book {
	return &Book{store: store, now: now}
}

// counters are those of a stranger, in the order in which they are taken: the
// narrowest first, so that who waits there takes nothing from everybody.
func (w Who) counters(rules Rules) []counter {
	kind, _, _ := strings.Cut(w.Of, ":")
	return []counter{
		{kind, w.Group.String(), rules.Spread},
		{w.Of, w.Group.String(), rules.Group},
		{w.Of, everybody, rules.All},
	}
}

func (w Who) own(rules Rules) counter { return counter{w.Of, w.Device.String(), rules.Own} }

// Try is a try that counts as wrong for now. It is ended by [Book.Right] or
// [Book.Void]; one that is not ended was wrong.
type Try struct {
	who   Who
	taken []counter
}

// Begin counts a try, or says how long to wait before the next.
func (b *Book) Begin(ctx context.Context, rules Rules, who Who) (Try, time.Duration, error) {
	try := Try{who: who}
	counters := who.counters(rules)
	known, err := b.Knows(ctx, who)
	if err != nil {
		return Try{}, 0, err
	}
	if known {
		counters = []counter{who.own(rules)}
	} else if wait, err := b.look(ctx, counters[len(counters)-1]); err != nil || wait > 0 {
		return Try{}, wait, err // nothing is written while everybody waits
	}
	for _, c := range counters {
		wait, err := b.take(ctx, c)
		if err != nil || wait > 0 {
			return Try{}, wait, errors.Join(err, b.Void(ctx, try))
		}
		try.taken = append(try.taken, c)
	}
	return try, 0, nil
}

// Knows reports whether the device was let in before. Its counter is made by
// being let in, and there as long as that is remembered.
func (b *Book) Knows(ctx context.Context, who Who) (bool, error) {
	if who.Device.IsZero() || who.Known {
		return who.Known && !who.Device.IsZero(), nil
	}
	_, err := b.store.Get(ctx, gate.KindAttempt, who.own(Rules{}).id())
	switch {
	case errors.Is(err, gate.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading a counter of tries: %w", err)
	}
	return true, nil
}

// Know notes that the device was let in.
func (b *Book) Know(ctx context.Context, who Who) error {
	return b.change(ctx, who.own(Rules{}), func(c *Count) (time.Time, bool) {
		c.Wrong, c.Next = 0, time.Time{}
		return b.now().Add(KnownFor), true
	})
}

// Right says that the try was right: the device is known from now on, and its
// client group begins anew.
func (b *Book) Right(ctx context.Context, try Try) error {
	if err := b.Void(ctx, try); err != nil {
		return err
	}
	for _, c := range try.taken {
		if c.of == try.who.Of && c.by == try.who.Group.String() {
			if err := b.forget(ctx, c.id()); err != nil {
				return err
			}
		}
	}
	if try.who.Device.IsZero() {
		return nil
	}
	return b.Know(ctx, try.who)
}

// Void says that nothing was looked at, as when the store was away: the try is
// not counted.
func (b *Book) Void(ctx context.Context, try Try) error {
	var errs []error
	for _, c := range try.taken {
		errs = append(errs, b.change(ctx, c, func(count *Count) (time.Time, bool) {
			if count.Wrong == 0 {
				return time.Time{}, false
			}
			count.Wrong--
			if count.Wrong < c.schedule.Free {
				count.Next = time.Time{}
			}
			return time.Time{}, true
		}))
	}
	return errors.Join(errs...)
}
