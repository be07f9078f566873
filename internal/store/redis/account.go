package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Issue implements [gate.Ledger].
func (s *Store) Issue(ctx context.Context, link gate.LinkID, terms gate.Terms) (gate.Account, error) {
	k := keysOf(link)
	got, err := s.ask(ctx, issueScript,
		[]string{k.account(), k.reservations(), k.sessions(), k.devices()},
		min(terms.Views, maxLimit), min(terms.ViewsEach, maxLimit), millisText(terms.StartsAt), millisText(terms.ExpiresAt),
		min(terms.Seats, maxLimit), min(terms.SeatsEach, maxLimit), terms.WhenFull == gate.ReplaceOldest,
		millisText(terms.StartBy), terms.PlayFor.Milliseconds())
	return got.account, wrap("issue", err)
}

// Extend implements [gate.Ledger].
func (s *Store) Extend(ctx context.Context, link gate.LinkID, change gate.Extension) (gate.Account, error) {
	k := keysOf(link)
	playFor := ""
	if change.PlayFor != nil {
		playFor = strconv.FormatInt(change.PlayFor.Milliseconds(), 10)
	}
	got, err := s.ask(ctx, extendScript, []string{k.account(), k.reservations()},
		optional(change.Views), optional(change.ViewsEach), change.AddViews, change.AddViewsEach,
		optionalTime(change.StartsAt), optionalTime(change.ExpiresAt), optionalTime(change.StartBy), playFor,
		optional(change.Seats), optional(change.SeatsEach), optionalReplace(change.WhenFull), change.HandOn)
	return got.account, wrap("extend", err)
}

// optional is a limit, or empty where it is not said.
func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(min(*n, maxLimit), 10)
}

// optionalTime is a time, - where it is zero, or empty where it is not said.
func optionalTime(t *time.Time) string {
	switch {
	case t == nil:
		return ""
	case t.IsZero():
		return "-"
	}
	return millisText(*t)
}

// optionalReplace is 1 for replace and 0 for refuse, or empty where it is not said.
func optionalReplace(w *gate.WhenFull) string {
	switch {
	case w == nil:
		return ""
	case *w == gate.ReplaceOldest:
		return "1"
	}
	return "0"
}

// SetStanding implements [gate.Ledger].
func (s *Store) SetStanding(ctx context.Context, link gate.LinkID, standing gate.Standing) (gate.Account, error) {
	k := keysOf(link)
	got, err := s.ask(ctx, standingScript, []string{k.account(), k.reservations()},
		standing.State, standing.Why, standing.By)
	return got.account, wrap("set standing", err)
}

// wrap says which verb could not be decided.
func wrap(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s in redis: %w", verb, err)
}
