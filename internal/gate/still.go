package gate

import (
	"context"
	"errors"
	"time"
)

// Still reports whether an answer that is running for v, or an upload, may run on.
// It is asked again and again while bytes flow, so that a revocation cuts what
// began before it, and so does whatever the directory says.
func (g *Gate) Still(ctx context.Context, now time.Time, v *Verdict) (Refusal, error) {
	if v.Public {
		return g.stillPublic(ctx, now, v)
	}
	if v.Writing != nil && v.Session.IsZero() {
		return g.stillMember(ctx, now, v)
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
	if v.Writing == nil && g.free(place, v.Class) {
		return Refusal{}, nil
	}
	said, err := g.rule(ctx, who, r, place, &state.Session, state.Now)
	if err != nil {
		return Refusal{}, err
	}
	return v.stillMay(&said.ruling), nil
}

// stillMay is what a ruling means for what runs.
func (v *Verdict) stillMay(ruling *Ruling) Refusal {
	if v.Writing != nil && ruling.Reason == OK && ruling.Can&Upload == 0 {
		return Refusal{Reason: NoCapability}
	}
	return Refusal{Reason: ruling.Reason}
}

// stillMember asks about an upload of somebody who is signed in and brought no
// session.
func (g *Gate) stillMember(ctx context.Context, now time.Time, v *Verdict) (Refusal, error) {
	var state State
	if err := g.consult(ctx, now, Query{}, &state); err != nil {
		return Refusal{}, err
	}
	person, err := g.personOf(ctx, v.Writing.SignIn, state.Now)
	if err != nil || person != v.Person {
		return Refusal{Reason: NoSession}, err
	}
	place := g.rules.Place(v.Path)
	if place.Collection.IsZero() {
		return Refusal{Reason: NoToken}, nil // as it would be asked now
	}
	link := passOf(place.Collection, person, state.Now)
	ruling, err := g.ruleAnew(ctx, Case{Now: state.Now, Place: place, Link: &link, Person: person, Opened: v.Writing.Since})
	if err != nil {
		return Refusal{}, err
	}
	return v.stillMay(&ruling), nil
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
