package gate

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Decide answers the one question of the gate: may this request for media
// pass? An error means that it could not be decided; the caller denies then.
// now is the wall clock; it is only held against the times inside signed
// links and the age of leases. All else is timed by the store's clock.
func (g *Gate) Decide(ctx context.Context, now time.Time, req *Request) (v Verdict, err error) {
	place, passes, tracks, err := g.public(ctx, now, req)
	switch {
	case err != nil:
		return v, err
	case passes:
		return publicly(req, place), nil
	case tracks:
		return g.visit(ctx, now, req, place)
	}
	credential, no := present(req)
	if no == NoToken {
		return g.granted(ctx, now, req)
	}
	if no != OK {
		return refuse(no), nil
	}
	err = g.brought(ctx, now, req, credential, place, &v)
	if err != nil || v.Outcome != Refuse || credential.Carrier != InCookie || !elsewhere(v.Refusal.Reason) {
		return v, err
	}
	// The cookie is of another link, or an old one: the person may still be here.
	if own, err := g.granted(ctx, now, req); err != nil || own.Outcome != Refuse {
		return own, err
	}
	return v, nil
}

// elsewhere are the reasons of a session that is not one for this place.
func elsewhere(no Reason) bool {
	return oneOf(no, NotCovered, NoSession, BadToken, UnknownKey, SignIn, WrongPerson, LockedPlace)
}

// brought decides about a request that brings a credential; place is where its
// path is, as far as is known yet.
func (g *Gate) brought(ctx context.Context, now time.Time, req *Request, credential Credential, place Place, v *Verdict) error {
	who, no := g.verify(credential, now)
	if v.Refusal.Reason = no; who.link.IsZero() {
		return nil
	}
	v.Signed, v.Carrier, v.Token, v.Labels = true, credential.Carrier, credential.Text, who.labels
	switch {
	case no != OK:
		return nil
	case who.session.IsZero():
		return g.open(ctx, now, req, who, v)
	}
	return g.admit(ctx, now, req, who, place, v)
}

// admit lets a session's request pass: with no store trip under a lease, with
// one where a play is open or none is needed, and one more where a play begins.
func (g *Gate) admit(ctx context.Context, now time.Time, req *Request, who *pass, place Place, v *Verdict) error {
	v.Session, v.Subject = who.session, who.subject
	s, err := g.see(ctx, now, req, who, place)
	if err != nil || s.no != OK {
		v.Refusal.Reason = s.no
		return err
	}
	v.Link = s.record.Link
	if v.Refusal.Reason = cover(&v.Link, req); v.Refusal.Reason != OK {
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
	var room State
	state, err := g.ask(ctx, now, req, who, &s, &room, v)
	if err != nil || v.Refusal.Reason != OK || v.Public {
		return err
	}
	if v.Refusal.Reason = req.mayKeep(v.Can); v.Refusal.Reason != OK {
		return nil
	}
	asset := s.asset
	if state.Gathered {
		asset = WholeOf(asset)
	}
	v.Outcome, v.Path, v.Asset, v.Embed = Pass, req.Path, asset, s.place.Embed
	v.Gathers = v.Class == Manifest && s.gathers && !state.Gathered
	v.Countable = s.open
	v.Claim = Claim{
		Link: who.link, Session: who.session, Subject: who.subject, Asset: asset,
		Opener: opener(req.Path), Pace: g.policy.Pace,
	}
	v.Terms = who.write(&v.Account)
	if v.Link.Audience != "" && v.Class == Media {
		v.Seen, v.Device = who.seen(req, now), state.Session.Device
	}
	switch {
	case s.open:
		return nil
	case bears(v.Class, req):
		return g.reserve(ctx, v)
	case v.Class == Media && req.Method == http.MethodHead && !state.Play.Exists:
		v.foretell()
	}
	return nil
}

// foretell says to a HEAD, which takes nothing, what a GET would get: players'
// pages ask this way why the picture stands still.
func (v *Verdict) foretell() {
	switch {
	case v.late:
		v.Outcome, v.Refusal = Refuse, Refusal{Reason: Expired}
	case v.Account.Spent():
		v.Outcome, v.Refusal = Refuse, Refusal{Reason: ViewsSpent, Allowance: AllowanceViews}
	}
}

// sight is what is known about a session's request.
type sight struct {
	record  *record
	place   Place
	asset   string
	gathers bool
	open    bool // its play
	no      Reason
}

// see looks at what is remembered about a session, and about a path at a place.
func (g *Gate) see(ctx context.Context, now time.Time, req *Request, who *pass, place Place) (s sight, err error) {
	s.record, err = g.recordOf(ctx, who, now)
	if errors.Is(err, ErrNotFound) {
		return sight{no: NoSession}, nil
	}
	if err != nil {
		return sight{}, err
	}
	if s.record.Scope.Covers(req.Path) {
		s.place = place
		s.asset, s.gathers = s.record.asset(place, req.Path)
	}
	return s, nil
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
func (g *Gate) recordOf(ctx context.Context, who *pass, now time.Time) (*record, error) {
	if r := who.record.Load(); r != nil && r.mark == g.marks.record(who.link) {
		return r, nil
	}
	r, err := g.link(ctx, who.link, now)
	if err != nil {
		return nil, err
	}
	who.record.Store(r)
	return r, nil
}

// ask gets the state and judges it: from a lease where that passes, else from
// the store. Media outside an open play is always asked for, since a view may
// have to be taken for it, or one may have been given back. room is where the
// state is put that nobody keeps.
func (g *Gate) ask(ctx context.Context, now time.Time, req *Request, who *pass, s *sight, room *State, v *Verdict) (*State, error) {
	if g.policy.Lease == 0 {
		return room, g.check(ctx, now, req, who, s, room, v)
	}
	if l, then := g.recall(who, s, now); l != nil {
		no, open := judge(&g.policy, &l.state, then)
		if no == OK && (open || v.Class != Media) && hasten(&g.policy, &l.state, then).Reason == OK {
			said, err := g.rule(ctx, who, s.record, s.place, &l.state.Session, then)
			if err == nil && said.ruling.Reason == OK {
				v.Recalled, s.open = true, open
				v.tell(&l.state, said, then)
				return &l.state, nil
			}
		}
	}
	fresh := &lease{asked: now, marks: g.marks.of(who, s.record)}
	err := g.check(ctx, now, req, who, s, &fresh.state, v)
	if err == nil && v.Refusal.Reason == OK && !v.Public {
		fresh.asset = strings.Clone(s.asset)
		who.lease.Store(fresh)
	}
	return &fresh.state, err
}

// mostLooks is how often one request is looked at anew because the directory
// changed meanwhile.
const mostLooks = 3

// check asks the store, and judges what it says. What is remembered may be from
// before the edition that it says: then it is looked at, and asked for, again.
func (g *Gate) check(ctx context.Context, now time.Time, req *Request, who *pass, s *sight, state *State, v *Verdict) (err error) {
	for range mostLooks {
		before := *s
		q := Query{Link: who.link, Session: who.session, Subject: who.subject, Asset: s.asset, Above: s.record.above()}
		if err = g.consult(ctx, now, q, state); err != nil {
			return err
		}
		if *s, err = g.see(ctx, now, req, who, g.rules.Place(req.Path)); err != nil {
			return err
		}
		if g.free(s.place, v.Class) {
			*v = publicly(req, s.place)
			return nil
		}
		if *s == before {
			if err = g.weigh(ctx, who, s, state, v); err == nil && v.Refusal.Reason == OK {
				v.Refusal = hasten(&g.policy, state, state.Now)
			}
			return err
		}
		if s.no == OK {
			v.Link = s.record.Link
			s.no = cover(&v.Link, req)
		}
		if v.Refusal.Reason = s.no; s.no != OK {
			return nil
		}
	}
	return errors.New("the directory changes faster than it can be read")
}

// weigh says what the facts mean for the request.
func (g *Gate) weigh(ctx context.Context, who *pass, s *sight, state *State, v *Verdict) error {
	if err := s.record.complete(state); err != nil {
		return err
	}
	v.Account, v.Device = state.Account, state.Session.Device
	if v.Refusal.Reason, s.open = judge(&g.policy, state, state.Now); v.Refusal.Reason != OK {
		return nil
	}
	said, err := g.rule(ctx, who, s.record, s.place, &state.Session, state.Now)
	if err != nil {
		return err
	}
	v.Refusal.Reason = said.ruling.Reason
	v.tell(state, said, state.Now)
	return nil
}

// tell notes what the verdict says of the state and of the ruling.
func (v *Verdict) tell(state *State, said *ruled, now time.Time) {
	v.Account, v.Device, v.Person, v.Labels.Person = state.Account, state.Session.Device, state.Session.Person, said.person
	v.Can, v.late = said.ruling.Can, state.late(now)
}

// bears reports whether the answer to the request may bear media, so that a
// slot is taken before the upstream is asked.
func bears(class Class, req *Request) bool {
	return class == Media && req.Method == http.MethodGet && req.Range != RangeProbe
}

func (g *Gate) reserve(ctx context.Context, v *Verdict) error {
	if v.late {
		v.Outcome, v.Refusal = Refuse, Refusal{Reason: Expired}
		return nil
	}
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

// Gather notes that what is in the folder of v's manifest is one asset for v's
// session.
func (g *Gate) Gather(ctx context.Context, v *Verdict) error {
	return g.store.Gather(ctx, v.Claim.Link, v.Session, WholeOf(v.Claim.Asset))
}
