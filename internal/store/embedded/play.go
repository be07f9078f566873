package embedded

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Reserve implements [gate.Ledger].
func (s *Store) Reserve(ctx context.Context, c gate.Claim) (gate.Claimed, error) {
	return submit(ctx, s, func(b *batch) (gate.Claimed, error) { return b.reserve(c) })
}

func (b *batch) reserve(c gate.Claim) (gate.Claimed, error) {
	a, err := b.account(c.Link)
	if err != nil {
		return gate.Claimed{}, err
	}
	refuse := func(refusal gate.Refusal) (gate.Claimed, error) {
		return gate.Claimed{Refused: refusal, Account: a.view(b.now)}, nil
	}
	if reason := a.closed(b.now); reason != gate.OK {
		return refuse(gate.Refusal{Reason: reason})
	}
	session, err := b.session(c.Link, c.Session)
	if err != nil && !errors.Is(err, gate.ErrNotFound) {
		return gate.Claimed{}, err
	}
	if reason := refusedBy(session, b.now); reason != gate.OK {
		return refuse(gate.Refusal{Reason: reason})
	}
	sub, err := b.subject(c.Link, c.Subject)
	if err != nil {
		return gate.Claimed{}, err
	}
	asset := assetOf(session, c.Asset)
	p := sub.play(asset)
	if p != nil && p.Open(b.now, c.Pace) {
		return gate.Claimed{Free: true, Asset: asset, Account: a.view(b.now)}, nil
	}
	if p != nil && p.State == gate.PlayReserved {
		p.holders++
	} else {
		lapses := b.now.Add(c.Pace.Lapse)
		if refusal := a.admit(sub); refusal.Reason != gate.OK {
			return refuse(refusal)
		}
		a.take(lapses)
		sub.set(play{
			Play:    newPlay(gate.PlayReserved, asset, c.Session, c.Opener, b.now),
			holders: 1,
			lapses:  lapses,
		})
		b.putAccount(c.Link, a)
	}
	b.putSubject(c.Link, c.Subject, sub)
	return gate.Claimed{Asset: asset, Account: a.view(b.now)}, nil
}

// Settle implements [gate.Ledger].
func (s *Store) Settle(ctx context.Context, st gate.Settlement) (gate.Settled, error) {
	return submit(ctx, s, func(b *batch) (gate.Settled, error) {
		a, err := b.account(st.Link)
		if err != nil {
			return gate.Settled{}, err
		}
		sub, err := b.subject(st.Link, st.Subject)
		if err != nil {
			return gate.Settled{}, err
		}
		if st.Charge {
			return b.charge(st, a, sub), nil
		}
		b.giveBack(st, a, sub)
		return gate.Settled{Account: a.view(b.now)}, nil
	})
}

func (b *batch) charge(st gate.Settlement, a *account, sub *subject) gate.Settled {
	if reason := a.inactive(); reason != gate.OK {
		return gate.Settled{Refused: gate.Refusal{Reason: reason}, Account: a.view(b.now)}
	}
	p := sub.play(st.Asset)
	if p != nil && p.Open(b.now, st.Pace) {
		return gate.Settled{Account: a.view(b.now)}
	}
	if p != nil && p.State == gate.PlayReserved {
		a.release(p.lapses)
	} else if refusal := a.admit(sub); refusal.Reason != gate.OK {
		return gate.Settled{Refused: refusal, Account: a.view(b.now)}
	}
	a.Used++
	if a.Used == 1 && a.startClock(b.now) {
		b.tell(gate.Change{Kind: gate.LinkChanged, Link: st.Link})
	}
	sub.used++
	sub.set(play{Play: newPlay(gate.PlayCharged, st.Asset, st.Session, st.Opener, b.now)})
	b.putAccount(st.Link, a)
	b.putSubject(st.Link, st.Subject, sub)
	return gate.Settled{Charged: true, Account: a.view(b.now)}
}

func (b *batch) giveBack(st gate.Settlement, a *account, sub *subject) {
	p := sub.play(st.Asset)
	if p == nil || p.State != gate.PlayReserved {
		return
	}
	if p.holders--; p.holders == 0 {
		a.release(p.lapses)
		sub.drop(st.Asset)
		b.putAccount(st.Link, a)
	}
	b.putSubject(st.Link, st.Subject, sub)
}

// refusedBy says what a session means for a request; nil: there is none.
func refusedBy(s *session, now time.Time) gate.Reason {
	if s == nil {
		return gate.NoSession
	}
	return s.Refused(now)
}

// assetOf is the asset that the session's play of asset is of.
func assetOf(s *session, asset string) string {
	if s.gathers(asset) {
		return gate.WholeOf(asset)
	}
	return asset
}

func newPlay(state, asset string, session gate.SessionID, opener string, now time.Time) gate.Play {
	return gate.Play{
		Exists:   true,
		Asset:    asset,
		State:    state,
		OpenedAt: now,
		LastSeen: now,
		Session:  session,
		Opener:   opener[:min(len(opener), gate.MaxOpener)],
	}
}
