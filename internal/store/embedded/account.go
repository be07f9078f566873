package embedded

import (
	"context"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Issue implements [gate.Ledger].
func (s *Store) Issue(ctx context.Context, link gate.LinkID, terms gate.Terms) (gate.Account, error) {
	return submit(ctx, s, func(b *batch) (gate.Account, error) {
		a, err := b.keptAccount(link)
		if err != nil {
			return gate.Account{}, err
		}
		if a == nil {
			terms.StartsAt = toMillisecond(terms.StartsAt)
			terms.ExpiresAt = toMillisecond(terms.ExpiresAt)
			terms.StartBy = toMillisecond(terms.StartBy)
			a = &account{Account: gate.Account{
				Exists:   true,
				Terms:    terms,
				Standing: gate.Standing{State: gate.Active, Since: b.now},
			}}
			b.putAccount(link, a)
		}
		return a.view(b.now), nil
	})
}

// Account implements [gate.Ledger].
func (s *Store) Account(ctx context.Context, link gate.LinkID) (gate.Account, error) {
	if err := ctx.Err(); err != nil {
		return gate.Account{}, err
	}
	if a, found := s.front.account(link); found && a != nil {
		return a.view(s.clock.now()), nil
	}
	return submit(ctx, s, func(b *batch) (gate.Account, error) {
		a, err := b.account(link)
		if err != nil {
			return gate.Account{}, err
		}
		return a.view(b.now), nil
	})
}

// Extend implements [gate.Ledger].
func (s *Store) Extend(ctx context.Context, link gate.LinkID, change gate.Extension) (gate.Account, error) {
	return submit(ctx, s, func(b *batch) (gate.Account, error) {
		a, err := b.account(link)
		if err != nil {
			return gate.Account{}, err
		}
		if a.Standing.State == gate.Revoked {
			return gate.Account{}, gate.ErrFinal
		}
		if err := a.extend(change); err != nil {
			return gate.Account{}, err
		}
		b.putAccount(link, a)
		b.tell(gate.Change{Kind: gate.LinkChanged, Link: link})
		return a.view(b.now), nil
	})
}

// extend changes the terms of a current account, or nothing where it refuses.
func (a *account) extend(change gate.Extension) error {
	if change.HandOn > 0 && a.Views != 0 {
		// One has to stay in the limit: at zero it would turn into "no limit".
		if left := a.Views - a.Used - int64(len(a.lapses)); left < change.HandOn || a.Views <= change.HandOn {
			return gate.ErrTooFew
		}
		a.Views -= change.HandOn
	}
	a.Views = extended(a.Views, change.Views, change.AddViews)
	a.ViewsEach = extended(a.ViewsEach, change.ViewsEach, change.AddViewsEach)
	setTime(&a.StartsAt, change.StartsAt)
	setTime(&a.ExpiresAt, change.ExpiresAt)
	setTime(&a.StartBy, change.StartBy)
	set(&a.PlayFor, change.PlayFor)
	set(&a.Seats, change.Seats)
	set(&a.SeatsEach, change.SeatsEach)
	set(&a.WhenFull, change.WhenFull)
	return nil
}

func setTime(to, said *time.Time) {
	if said != nil {
		*to = toMillisecond(*said)
	}
}

// set changes what is said.
func set[T any](to, said *T) {
	if said != nil {
		*to = *said
	}
}

// extended is a limit after it was set, if it was, and added to, if it is one.
func extended(limit int64, to *int64, add int64) int64 {
	set(&limit, to)
	if limit == 0 {
		return 0
	}
	return max(limit+add, 1)
}

// SetStanding implements [gate.Ledger].
func (s *Store) SetStanding(ctx context.Context, link gate.LinkID, standing gate.Standing) (gate.Account, error) {
	return submit(ctx, s, func(b *batch) (gate.Account, error) {
		a, err := b.account(link)
		if err != nil {
			return gate.Account{}, err
		}
		switch {
		case a.Standing.State != gate.Revoked:
			a.Standing = standing
			a.Standing.Since = b.now
			b.putAccount(link, a)
			b.tell(gate.Change{Kind: gate.LinkChanged, Link: link})
		case standing.State != gate.Revoked:
			return gate.Account{}, gate.ErrFinal
		}
		return a.view(b.now), nil
	})
}
