package gate

import (
	"context"
	"errors"
	"time"
)

// Land looks at a share link for its landing page. It changes nothing: mail
// scanners, chat previews and prefetch open links too. A Verdict with outcome
// Pass carries the link and its account, and what redeeming will ask for.
//
// A link that says [Straight] lets a browser in at once, with the outcome
// Redirect. A session is opened then, and no view is held for it: should the link
// have been limited since it was looked at, the session still took nothing.
func (g *Gate) Land(ctx context.Context, now time.Time, code string, req *Request) (Verdict, error) {
	who, no := g.verifyLink(code, now)
	if who.link.IsZero() {
		return refuse(no), nil
	}
	if no != OK {
		return Verdict{Signed: true, Refusal: Refusal{Reason: no}}, nil
	}
	v, c, err := g.glance(ctx, now, req, who, g.home)
	if err != nil || v.Outcome != Pass || v.Asks != OK || !v.Link.straight(&v.Account.Terms, req) {
		return v, err
	}
	v.Outcome = Refuse
	return v, g.begin(ctx, now, req, c, false, &v)
}

// glance reads what a link is at this moment, to a session that would begin at
// that place, and changes nothing. c is the case of that session.
func (g *Gate) glance(ctx context.Context, now time.Time, req *Request, who *pass, place func(*Link) Place) (v Verdict, c Case, err error) {
	at, err := g.approach(ctx, now, req, who)
	if err != nil {
		return Verdict{}, Case{}, err
	}
	v = Verdict{Signed: true, Refusal: Refusal{Reason: at.no}, Link: at.link(), Account: at.state.Account, Person: at.person}
	if at.no != OK {
		return v, Case{}, nil
	}
	c = at.at(place(&v.Link))
	ruling, err := g.ruleAnew(ctx, c)
	if err != nil {
		return Verdict{}, Case{}, err
	}
	v.Can = ruling.Can
	switch ruling.Reason {
	case OK:
		v.Outcome, v.Asks = Pass, v.Link.asks(at.person)
	case SignIn:
		v.Outcome, v.Asks = Pass, SignIn
	default:
		v.Refusal.Reason = ruling.Reason
	}
	return v, c, nil
}

// Redeem opens a session for the person who pressed Watch, and holds a slot
// for them. The caller has made sure that the post came from our own page.
func (g *Gate) Redeem(ctx context.Context, now time.Time, code string, req *Request) (Verdict, error) {
	who, no := g.verifyLink(code, now)
	if who.link.IsZero() {
		return refuse(no), nil
	}
	if no != OK {
		return Verdict{Signed: true, Refusal: Refusal{Reason: no}}, nil
	}
	v := Verdict{Signed: true}
	err := g.enter(ctx, now, req, who, true, &v)
	return v, err
}

// Look reads the state of a session for its page, without passing anything.
func (g *Gate) Look(ctx context.Context, now time.Time, req *Request) (Verdict, error) {
	credential, no := present(req)
	if no != OK {
		return refuse(no), nil
	}
	who, no := g.verify(credential, now)
	if no == OK && who.session.IsZero() {
		no = BadToken // a link is no session
	}
	if no != OK {
		return refuse(no), nil
	}
	if err := g.confirm(ctx, now); err != nil { // the record is read by an edition that the state is not older than
		return Verdict{}, err
	}
	r, err := g.recordOf(ctx, who, now)
	if errors.Is(err, ErrNotFound) {
		return refuse(NoSession), nil
	}
	if err != nil {
		return Verdict{}, err
	}
	var state State
	if err := g.consult(ctx, now, Query{Link: who.link, Session: who.session, Subject: who.subject, Above: r.above()}, &state); err != nil {
		return Verdict{}, err
	}
	v := Verdict{Signed: true, Link: r.Link, Labels: who.labels, Session: who.session, Subject: who.subject, Token: credential.Text, Carrier: credential.Carrier}
	if err := g.weigh(ctx, who, &sight{record: r, place: g.home(&r.Link)}, &state, &v); err != nil {
		return Verdict{}, err
	}
	if v.Refusal.Reason == OK {
		v.Outcome = Pass
	}
	return v, nil
}

// Folder reports whether the request is a signed media URL that names the
// link's folder itself, for which the gate finds the file to start with. The
// verdict says whether the link is good at this moment: for one that is not,
// nobody needs to look. It changes nothing.
func (g *Gate) Folder(ctx context.Context, now time.Time, req *Request) (Verdict, bool, error) {
	credential, no := present(req)
	if no != OK {
		return Verdict{}, false, nil
	}
	who, no := g.verify(credential, now)
	if no != OK || !who.session.IsZero() {
		return Verdict{}, false, nil
	}
	v, _, err := g.glance(ctx, now, req, who, g.home)
	if err != nil || v.Link.ID.IsZero() {
		return Verdict{}, false, err
	}
	if v.Asks != OK {
		v.Outcome = Refuse // whom the link is for is asked before anything is looked for
	}
	return v, v.Link.Scope.Tree() && req.Path.String() == v.Link.Scope.Root()+"/", nil
}
