package gate

import (
	"context"
	"time"
)

// Still reports whether an answer that is running for v may run on. It is
// asked again and again while bytes flow, so that a revocation cuts a download
// that began before it.
func (g *Gate) Still(ctx context.Context, now time.Time, v *Verdict) (Refusal, error) {
	if _, no := g.verify(Credential{Carrier: v.Carrier, Text: v.Token}, now); no != OK {
		return Refusal{Reason: no}, nil // its key was retired
	}
	state, err := g.store.Check(ctx, Query{Link: v.Claim.Link, Session: v.Claim.Session, Subject: v.Claim.Subject, Asset: v.Claim.Asset})
	if err != nil {
		return Refusal{}, err
	}
	no, open := judge(&g.policy, &state, state.Now)
	if no == OK && v.Countable && !v.Holding && !open {
		no = NoSession // the play has reached its maximum length
	}
	return Refusal{Reason: no}, nil
}
