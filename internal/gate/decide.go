package gate

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/token"
)

// Decide answers the one question of the gate: may this request for media
// pass? An error means that it could not be decided; the caller denies then.
// now is the wall clock; it is only held against the times inside signed
// links and the age of leases. All else is timed by the store's clock.
func (g *Gate) Decide(ctx context.Context, now time.Time, req *Request) (Verdict, error) {
	credential, no := present(req)
	if no != OK {
		return refuse(no), nil
	}
	who, no := g.verify(credential, now)
	if who.link.IsZero() {
		return refuse(no), nil
	}
	v := Verdict{Signed: true, Carrier: credential.Carrier, Token: credential.Text, Labels: who.labels, Refusal: Refusal{Reason: no}}
	if no != OK {
		return v, nil
	}
	var err error
	if who.session.IsZero() {
		err = g.open(ctx, now, req, who, &v)
	} else {
		err = g.admit(ctx, now, req, who, &v)
	}
	return v, err
}

// open makes or finds the session of a signed media URL. Previewers, prefetch
// and HEAD get a blank answer: looking at a link must not use it.
func (g *Gate) open(ctx context.Context, now time.Time, req *Request, who *pass, v *Verdict) error {
	link, _, no, err := g.known(ctx, who, now, false)
	if err != nil {
		return err
	}
	v.Link, v.Refusal.Reason = link, no
	if no != OK {
		return nil
	}
	if v.Refusal.Reason = cover(&link, req); v.Refusal.Reason != OK {
		return nil
	}
	if req.Speculative || req.Method == http.MethodHead {
		v.Outcome = Blank
		return nil
	}
	return g.enter(ctx, now, req, who, false, v)
}

// enter opens the session on a link; hold says that a person pressed Watch.
func (g *Gate) enter(ctx context.Context, now time.Time, req *Request, who *pass, hold bool, v *Verdict) error {
	link, _, no, err := g.known(ctx, who, now, true)
	if err != nil || no != OK {
		v.Refusal.Reason = no
		return err
	}
	v.Link = link
	device, returning := g.device(req, now)
	opening := Opening{
		Link: link.ID, Session: SessionID(token.NewID(now)), Device: device, Subject: SubjectOf(device), Hold: hold,
		Agent: AgentFamily(req.Agent), Group: g.keys().Digest("group", ClientGroup(req.Client).String()),
		Life: g.policy.SessionLife, Pace: g.policy.Pace,
	}
	if !returning && !req.Browser && !hold {
		opening.Alias = subjectFrom("alias", []byte(opening.Group+"/"+opening.Agent))
	}
	opened, err := g.store.Open(ctx, opening)
	if errors.Is(err, ErrNotFound) {
		v.Refusal.Reason = BadToken
		return nil
	}
	if err != nil {
		return err
	}
	v.Account, v.Refusal = opened.Account, opened.Refused
	if v.Refusal.Reason == TooManySeats {
		v.Refusal.Wait = g.policy.Pace.Seat // a seat that was left just now is free by then
	}
	if v.Refusal.Reason != OK {
		return nil
	}
	s := opened.Session
	v.Outcome, v.Session, v.Subject, v.Device = Redirect, s.ID, s.Subject, s.Device
	v.Token = g.sessionToken(link.ID, s.ID, s.Subject)
	v.Labels = Labels{Link: link.ID.String(), Session: s.ID.String()}
	return nil
}

// admit lets a session's request pass: with no store trip under a lease, with
// one where a play is open or none is needed, and one more where a play begins.
func (g *Gate) admit(ctx context.Context, now time.Time, req *Request, who *pass, v *Verdict) error {
	link, err := g.recordOf(ctx, who, now)
	if errors.Is(err, ErrNotFound) {
		v.Refusal.Reason = NoSession
		return nil
	}
	if err != nil {
		return err
	}
	v.Link, v.Session, v.Subject = *link, who.session, who.subject
	if v.Refusal.Reason = cover(link, req); v.Refusal.Reason != OK {
		return nil
	}
	if !g.mayAsk(who, now) {
		v.Refusal.Reason = TooFast
		return nil
	}
	if req.Speculative {
		v.Outcome = Blank
		return nil
	}
	v.Class = ClassOf(req.Path)
	asset, top := link.Scope.Asset(req.Path)
	var room State
	state, open, err := g.ask(ctx, now, who, asset, &room, v)
	if err != nil || v.Refusal.Reason != OK {
		return err
	}
	if state.Session.Gathered {
		asset = WholeScope
	}
	v.Outcome, v.Asset = Pass, asset
	v.Gathers = v.Class == Manifest && top && link.Scope.Tree() && !state.Session.Gathered
	v.Countable = open
	v.Claim = Claim{
		Link: who.link, Session: who.session, Subject: who.subject, Asset: asset,
		Opener: opener(req.Path), Pace: g.policy.Pace,
	}
	v.Terms = who.write(&v.Account)
	switch {
	case open:
		return nil
	case bears(v.Class, req):
		return g.reserve(ctx, v)
	case v.Class == Media && req.Method == http.MethodHead && state.Account.Spent() && !state.Play.Exists:
		// A HEAD takes nothing, and says what a GET would get: players' pages
		// ask this way why the picture stands still.
		v.Outcome, v.Refusal = Refuse, Refusal{Reason: ViewsSpent, Allowance: AllowanceViews}
	}
	return nil
}

// mayAsk counts the request against the session's rate on this node.
func (g *Gate) mayAsk(who *pass, now time.Time) bool {
	if own := who.pacer.Load(); own != nil {
		return (*own).AllowN(now, 1)
	}
	pacer, own := g.pacer(who.session, now)
	if own {
		who.pacer.Store(&pacer)
	}
	return pacer.AllowN(now, 1)
}

// recordOf returns the record of a session's link.
func (g *Gate) recordOf(ctx context.Context, who *pass, now time.Time) (*Link, error) {
	if link := who.record.Load(); link != nil {
		return link, nil
	}
	link, err := g.link(ctx, who.link, now)
	if err != nil {
		return nil, err
	}
	who.record.Store(link)
	return link, nil
}

// ask gets the state and judges it: from a lease where that passes, else from
// the store. Media outside an open play is always asked for, since a view may
// have to be taken for it, or one may have been given back. room is where the
// state is put that nobody keeps.
func (g *Gate) ask(ctx context.Context, now time.Time, who *pass, asset string, room *State, v *Verdict) (_ *State, open bool, err error) {
	if g.policy.Lease == 0 {
		open, err = g.check(ctx, who, asset, room, v)
		return room, open, err
	}
	if l, then := g.recall(who, asset, now); l != nil {
		no, open := judge(&g.policy, &l.state, then)
		if no == OK && (open || v.Class != Media) && hasten(&g.policy, &l.state, then).Reason == OK {
			v.Recalled, v.Account, v.Device = true, l.state.Account, l.state.Session.Device
			return &l.state, open, nil
		}
	}
	fresh := &lease{asset: strings.Clone(asset), asked: now, marks: g.marks.of(who)}
	open, err = g.check(ctx, who, asset, &fresh.state, v)
	if err == nil && v.Refusal.Reason == OK {
		who.lease.Store(fresh)
	}
	return &fresh.state, open, err
}

// check asks the store, and judges what it says.
func (g *Gate) check(ctx context.Context, who *pass, asset string, state *State, v *Verdict) (open bool, err error) {
	*state, err = g.store.Check(ctx, Query{Link: who.link, Session: who.session, Subject: who.subject, Asset: asset})
	if err != nil {
		return false, err
	}
	v.Account, v.Device = state.Account, state.Session.Device
	v.Refusal.Reason, open = judge(&g.policy, state, state.Now)
	if v.Refusal.Reason == OK {
		v.Refusal = hasten(&g.policy, state, state.Now)
	}
	return open, nil
}

// bears reports whether the answer to the request may bear media, so that a
// slot is taken before the upstream is asked.
func bears(class Class, req *Request) bool {
	return class == Media && req.Method == http.MethodGet && req.Range != RangeProbe
}

func (g *Gate) reserve(ctx context.Context, v *Verdict) error {
	claimed, err := g.store.Reserve(ctx, v.Claim)
	if errors.Is(err, ErrNotFound) {
		v.Outcome, v.Refusal = Refuse, Refusal{Reason: NoSession}
		return nil
	}
	if err != nil {
		return err
	}
	v.Account, v.Terms = claimed.Account, claimed.Account.Text()
	if claimed.Refused.Reason != OK {
		v.Outcome, v.Refusal = Refuse, claimed.Refused
		return nil
	}
	v.Asset, v.Claim.Asset = claimed.Asset, claimed.Asset
	v.Holding, v.Countable = !claimed.Free, true
	return nil
}

func opener(p Path) string {
	text := p.String()
	return text[:min(len(text), MaxOpener)]
}

// Take reserves for an answer that turned out to bear media although its
// request did not look so. The verdict becomes a refusal where no slot is left.
func (g *Gate) Take(ctx context.Context, v *Verdict) error { return g.reserve(ctx, v) }

// Charge turns the reservation that v holds into a view, durably, before the
// first byte of it leaves.
func (g *Gate) Charge(ctx context.Context, v *Verdict) (Settled, error) {
	return g.settle(ctx, v, true)
}

// GiveBack lets go of the reservation that v holds: no byte of it was sent.
func (g *Gate) GiveBack(ctx context.Context, v *Verdict) error {
	_, err := g.settle(ctx, v, false)
	return err
}

func (g *Gate) settle(ctx context.Context, v *Verdict, charge bool) (Settled, error) {
	return g.store.Settle(ctx, Settlement{
		Link: v.Claim.Link, Session: v.Claim.Session, Subject: v.Claim.Subject, Asset: v.Claim.Asset,
		Opener: v.Claim.Opener, Charge: charge, Pace: v.Claim.Pace,
	})
}

// Gather notes that v's session watches one asset, the whole scope.
func (g *Gate) Gather(ctx context.Context, v *Verdict) error {
	return g.store.Gather(ctx, v.Claim.Link, v.Session)
}
