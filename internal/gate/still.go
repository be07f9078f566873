package gate

import (
	"context"
	"errors"
	"time"
)

// Still reports whether an answer that is running for v may run on. It is
// asked again and again while bytes flow, so that a revocation cuts a download
// that began before it, and so does whatever the directory says.
func (g *Gate) Still(ctx context.Context, now time.Time, v *Verdict) (Refusal, error) {
	if v.Public {
		return g.stillPublic(ctx, now, v)
	}
	who, no := g.verify(Credential{Carrier: v.Carrier, Text: v.Token}, now)
	if no != OK {
		return Refusal{Reason: no}, nil // its key was retired
	}
	q := Query{Link: v.Claim.Link, Session: v.Claim.Session, Subject: v.Claim.Subject, Asset: v.Claim.Asset}
	copy(q.Above[:], v.Link.Above)
	var state State
	if err := g.consult(ctx, now, q, &state); err != nil {
		return Refusal{}, err
	}
	r, err := g.recordOf(ctx, who, now)
	if errors.Is(err, ErrNotFound) {
		return Refusal{Reason: NoSession}, nil
	}
	if err != nil {
		return Refusal{}, err
	}
	if err := r.complete(&state); err != nil {
		return Refusal{}, err
	}
	no, open := judge(&g.policy, &state, state.Now)
	if no == OK && v.Countable && !v.Holding && !open {
		no = NoSession // the play has reached its maximum length
	}
	if no != OK {
		return Refusal{Reason: no}, nil
	}
	place := g.rules.Place(v.Path)
	if g.free(place, v.Class) {
		return Refusal{}, nil
	}
	said, err := g.rule(ctx, who, r, place, &state.Session, state.Now)
	if err != nil {
		return Refusal{}, err
	}
	return Refusal{Reason: said.ruling.Reason}, nil
}

func (g *Gate) stillPublic(ctx context.Context, now time.Time, v *Verdict) (Refusal, error) {
	if err := g.confirm(ctx, now); err != nil {
		return Refusal{}, err
	}
	if !g.free(g.rules.Place(v.Path), v.Class) {
		return Refusal{Reason: NoToken}, nil
	}
	return Refusal{}, nil
}
