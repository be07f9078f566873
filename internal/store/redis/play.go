package redis

import (
	"context"

	"github.com/usher-media/usher/internal/gate"
)

// Reserve implements [gate.Ledger].
func (s *Store) Reserve(ctx context.Context, c gate.Claim) (gate.Claimed, error) {
	k := keysOf(c.Link)
	got, err := s.ask(ctx, reserveScript,
		[]string{k.account(), k.reservations(), k.session(c.Session), k.plays(c.Subject)},
		c.Subject.String(), c.Asset, openedBy(c.Session, c.Opener),
		ceilMillis(c.Pace.Idle), ceilMillis(c.Pace.Max), ceilMillis(c.Pace.Lapse), gate.WholeOf(c.Asset))
	if err != nil {
		return gate.Claimed{}, wrap("reserve", err)
	}
	claimed := gate.Claimed{Refused: got.refused, Free: got.free, Account: got.account}
	if got.refused.Reason == gate.OK {
		f := fields{values: got.rest}
		claimed.Asset, err = f.text(), f.err
	}
	return claimed, wrap("reserve", err)
}

// Settle implements [gate.Ledger].
func (s *Store) Settle(ctx context.Context, st gate.Settlement) (gate.Settled, error) {
	k := keysOf(st.Link)
	got, err := s.ask(ctx, settleScript,
		[]string{k.account(), k.reservations(), k.plays(st.Subject)},
		st.Subject.String(), st.Asset, openedBy(st.Session, st.Opener),
		ceilMillis(st.Pace.Idle), ceilMillis(st.Pace.Max), st.Charge)
	if err != nil {
		return gate.Settled{}, wrap("settle", err)
	}
	settled := gate.Settled{Refused: got.refused, Account: got.account}
	if got.refused.Reason == gate.OK {
		f := fields{values: got.rest}
		settled.Charged, err = f.number() == 1, f.err
	}
	return settled, wrap("settle", err)
}

// openedBy is what a play says of the request that opened it.
func openedBy(session gate.SessionID, opener string) string {
	return session.String() + " " + opener[:min(len(opener), gate.MaxOpener)]
}
