// Package suspicion keeps the ledgers that package forwarding judges by, one for
// each link that was made for a certain audience, and does what the link says is
// to be done when one was probably passed on. Nothing of it is on the way of a
// request: sightings are taken from a bounded queue.
package suspicion

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/forwarding"
	"github.com/usher-media/usher/internal/gate"
)

// Sighting is one use of a link.
type Sighting struct {
	Link gate.LinkID
	forwarding.Sighting
}

// Suspected says of a link that it was probably passed on, and what was done.
type Suspected struct {
	Link   gate.Link
	Level  forwarding.Level
	Action gate.OnForward
	// Why are the sentences of the evidence, the weightiest first.
	Why []string
	At  time.Time
}

// Options are what a Keeper works with.
type Options struct {
	Store gate.Store
	// Dropped is called for a sighting for which there was no room.
	Dropped func()
	// Told is called when a link's level has risen to likely or above, after it was
	// acted on. It may take its time.
	Told func(context.Context, Suspected)
	// Failed is called where a ledger could not be kept. Nothing else comes of it:
	// whoever watches is not to notice.
	Failed func(error)
}

// Keeper takes sightings and keeps ledgers.
type Keeper struct {
	Options
	queue chan Sighting
}

const (
	// room is how many sightings may wait.
	room = 4096
	// kept is for how long a ledger is kept after the last sighting.
	kept = 90 * 24 * time.Hour
	// budget is what one sighting may take.
	budget = 2 * time.Second
	// tries bounds how often two nodes get in each other's way.
	tries = 10
)

// By is who suspends a link that was probably passed on.
const By = "usher"

// New returns a keeper. [Keeper.Run] does its work.
func New(o Options) *Keeper { return &Keeper{Options: o, queue: make(chan Sighting, room)} }

// Saw takes a sighting. It never waits.
func (k *Keeper) Saw(s Sighting) {
	select {
	case k.queue <- s:
	default:
		k.Dropped()
	}
}

// Run works until the context ends.
func (k *Keeper) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-k.queue:
			within, cancel := context.WithTimeout(ctx, budget)
			if err := k.take(within, s); err != nil && ctx.Err() == nil {
				k.Failed(err)
			}
			cancel()
		}
	}
}

// take brings a sighting into the link's ledger, and acts where the level rose.
// The ledger is written first: of two nodes that see the same, one tells. That the
// link is to be suspended stays written there until it is, since a node may end, or
// the store be away, in between: the next sighting brings it about.
func (k *Keeper) take(ctx context.Context, s Sighting) error {
	doc, err := k.Store.Get(ctx, gate.KindLink, s.Link.String())
	if err != nil {
		return fmt.Errorf("reading the link of a sighting: %w", err)
	}
	link, err := gate.LinkFrom(doc)
	if err != nil {
		return err
	}
	audience, err := Audience(link)
	if err != nil || audience == forwarding.Public {
		return err // it is not watched any more
	}
	action := cmp.Or(link.OnForward, gate.OnForwardNotify)
	var rose bool
	ledger, err := Change(ctx, k.Store, s.Link, func(l *forwarding.Ledger) {
		rose = l.See(s.Sighting, audience) && l.Level >= forwarding.Likely
		l.Owed = action == gate.OnForwardSuspend && (l.Owed || rose)
	})
	if err != nil || !rose && !ledger.Owed {
		return err
	}
	found := Suspected{Link: link, Level: ledger.Level, Action: action, Why: Why(ledger), At: s.At}
	if ledger.Owed {
		if err = k.suspend(ctx, link.ID, found.Why); err != nil {
			found.Action = gate.OnForwardNotify // as far as anybody knows
			err = fmt.Errorf("suspending link %s, which was probably passed on: %w", link.ID, err)
		}
	}
	if rose {
		k.Told(ctx, found)
	}
	return err
}

// suspend suspends a link that is active. One that somebody else has closed is
// left as it is.
func (k *Keeper) suspend(ctx context.Context, id gate.LinkID, why []string) error {
	account, err := k.Store.Account(ctx, id)
	if err != nil {
		return err
	}
	if account.Standing.State == gate.Active {
		standing := gate.Standing{State: gate.Suspended, Why: strings.Join(append([]string{"probably passed on"}, why[:min(1, len(why))]...), ": "), By: By}
		if _, err = k.Store.SetStanding(ctx, id, standing); err != nil && !errors.Is(err, gate.ErrFinal) {
			return err
		}
	}
	_, err = Change(ctx, k.Store, id, func(l *forwarding.Ledger) { l.Owed = false })
	return err
}

// Audience is whom a link was meant for.
func Audience(l gate.Link) (forwarding.Audience, error) {
	if l.Audience == "" {
		return forwarding.Public, nil
	}
	return forwarding.ParseAudience(l.Audience)
}

// Why are the sentences of a ledger's evidence, the weightiest first, each once
// with how often it is there.
func Why(l forwarding.Ledger) []string {
	all := slices.Clone(l.Evidence)
	slices.SortStableFunc(all, func(a, b forwarding.Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	var why []string
	times := map[string]int{}
	for i := range all {
		sentence := all[i].Sentence()
		if times[sentence]++; times[sentence] == 1 {
			why = append(why, sentence)
		}
	}
	for i, sentence := range why {
		if n := times[sentence]; n > 1 {
			why[i] = fmt.Sprintf("%s (%d times)", sentence, n)
		}
	}
	return why
}

// Read returns a link's ledger; an empty one where nothing was seen.
func Read(ctx context.Context, store gate.Documents, link gate.LinkID) (l forwarding.Ledger, rev int64, err error) {
	doc, err := store.Get(ctx, gate.KindForwarding, link.String())
	if errors.Is(err, gate.ErrNotFound) {
		return l, 0, nil
	}
	if err != nil {
		return l, 0, fmt.Errorf("reading how link %s is used: %w", link, err)
	}
	if err := json.Unmarshal(doc.Body, &l); err != nil {
		return l, 0, fmt.Errorf("reading how link %s is used: %w", link, err)
	}
	return l, doc.Rev, nil
}

// Change changes a link's ledger as it is at this moment, whoever else does so.
func Change(ctx context.Context, store gate.Store, link gate.LinkID, change func(*forwarding.Ledger)) (forwarding.Ledger, error) {
	for range tries {
		l, rev, err := Read(ctx, store, link)
		if err != nil {
			return l, err
		}
		change(&l)
		state, err := store.Check(ctx, gate.Query{})
		if err != nil {
			return l, err
		}
		body, err := json.Marshal(l)
		if err != nil {
			return l, err
		}
		_, err = store.Put(ctx, gate.Document{Kind: gate.KindForwarding, ID: link.String(), Rev: rev, Body: body, Until: state.Now.Add(kept)})
		if !errors.Is(err, gate.ErrConflict) && !errors.Is(err, gate.ErrNotFound) {
			return l, err
		}
	}
	return forwarding.Ledger{}, fmt.Errorf("writing how link %s is used: too many do so at once", link)
}
