package attempts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// counter is one of those that a try is counted in.
type counter struct {
	of, by   string
	schedule Schedule
}

func (c counter) id() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", len(c.of), c.of, c.by))
	return hex.EncodeToString(sum[:])
}

// look says how long a counter makes wait, and changes nothing.
func (b *Book) look(ctx context.Context, c counter) (time.Duration, error) {
	count, _, err := b.read(ctx, c)
	return max(0, count.Next.Sub(b.now())), err
}

// take counts one try, unless the counter makes wait.
func (b *Book) take(ctx context.Context, c counter) (wait time.Duration, err error) {
	err = b.change(ctx, c, func(count *Count) (time.Time, bool) {
		now := b.now()
		if wait = max(0, count.Next.Sub(now)); wait > 0 {
			return time.Time{}, false
		}
		if now.Sub(count.Last) >= c.schedule.Forget {
			count.Wrong = 0 // a known device's counter outlives what it counted
		}
		count.Wrong++
		count.Last, count.Next = now.UTC(), now.UTC().Add(c.schedule.wait(count.Wrong))
		return now.Add(c.schedule.Forget), true
	})
	return wait, err
}

// maxConflicts bounds how often a change is tried again. Each conflict is a
// change that somebody else made, and counters soon let nobody change them.
const maxConflicts = 100

// change alters a counter by comparing and setting. alter says when the counter
// is to end, if that is later than it ends already, and whether to write it.
func (b *Book) change(ctx context.Context, c counter, alter func(*Count) (until time.Time, write bool)) error {
	for range maxConflicts {
		count, doc, err := b.read(ctx, c)
		if err != nil {
			return err
		}
		until, write := alter(&count)
		if !write {
			return nil
		}
		if until.After(doc.Until) {
			doc.Until = until
		}
		if doc.Body, err = json.Marshal(count); err != nil {
			return fmt.Errorf("writing a counter of tries: %w", err)
		}
		_, err = b.store.Put(ctx, doc)
		if err == nil {
			return nil
		}
		if !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			return fmt.Errorf("writing a counter of tries: %w", err)
		}
	}
	return errors.New("a counter of tries changed too often to be counted in")
}

// read returns the counter, or one that does not exist yet.
func (b *Book) read(ctx context.Context, c counter) (Count, gate.Document, error) {
	doc, err := b.store.Get(ctx, gate.KindAttempt, c.id())
	if errors.Is(err, gate.ErrNotFound) {
		fresh := gate.Document{Kind: gate.KindAttempt, ID: c.id(), Index: []string{c.of}}
		return Count{ID: fresh.ID, Of: c.of, By: c.by}, fresh, nil
	}
	if err != nil {
		return Count{}, doc, fmt.Errorf("reading a counter of tries: %w", err)
	}
	count, err := countFrom(doc)
	return count, doc, err
}

func countFrom(doc gate.Document) (Count, error) {
	count := Count{}
	if err := json.Unmarshal(doc.Body, &count); err != nil {
		return Count{}, fmt.Errorf("reading a counter of tries: %w", err)
	}
	count.ID = doc.ID
	return count, nil
}

// List returns at most limit counters, those of a thing where of is not empty, in
// falling order of their ids and only below the given one where it is not empty.
func (b *Book) List(ctx context.Context, of, below string, limit int) ([]Count, error) {
	docs, err := b.store.List(ctx, gate.KindAttempt, of, below, limit)
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
	cleared := 0
	for {
		docs, err := b.store.List(ctx, gate.KindAttempt, of, "", page)
		if err != nil || len(docs) == 0 {
			return cleared, err
		}
		for _, doc := range docs {
			if err := b.forget(ctx, doc.ID); err != nil {
				return cleared, err
			}
			cleared++
		}
	}
}

func (b *Book) forget(ctx context.Context, id string) error {
	err := b.store.Delete(ctx, gate.KindAttempt, id)
	if err != nil && !errors.Is(err, gate.ErrNotFound) {
		return fmt.Errorf("clearing a counter of tries: %w", err)
	}
	return nil
}
