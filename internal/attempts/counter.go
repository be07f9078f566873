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
	"github.com/usher-media/usher/internal/token"
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
		doc.Index = count.terms()
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
		count := Count{ID: ID(token.NewID(b.now())), Of: c.of, By: c.by}
		return count, gate.Document{Kind: gate.KindAttempt, ID: c.id()}, nil
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
	count.doc = doc.ID
	return count, nil
}
