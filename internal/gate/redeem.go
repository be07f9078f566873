package gate

import (
	"context"
	"errors"
	"time"
)

// Land looks at a share link for its landing page. It changes nothing: mail
// scanners, chat previews and prefetch open links too. A Verdict with outcome
// Pass carries the link and its account.
func (g *Gate) Land(ctx context.Context, now time.Time, code string) (Verdict, error) {
	who, no := g.verifyLink(code, now)
	if who.link.IsZero() {
		return refuse(no), nil
	}
	if no != OK {
		return Verdict{Signed: true, Refusal: Refusal{Reason: no}}, nil
	}
	return g.glance(ctx, now, who)
}

// glance reads what a link is at this moment, and changes nothing.
func (g *Gate) glance(ctx context.Context, now time.Time, who *pass) (Verdict, error) {
	link, terms, no, err := g.known(ctx, who, now, false)
	v := Verdict{Signed: true, Refusal: Refusal{Reason: no}}
	if err != nil || no != OK {
		return v, err
	}
	v.Link = link
	v.Account, err = g.store.Account(ctx, link.ID)
	if errors.Is(err, ErrNotFound) && who.claims != nil {
		v.Account, err = Account{Exists: true, Terms: terms, Standing: Standing{State: Active}}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	v.Refusal.Reason = v.Account.Standing.Reason()
	if v.Refusal.Reason == OK {
		v.Refusal.Reason = v.Account.Window(now)
	}
	if v.Refusal.Reason == OK {
		v.Outcome = Pass
	}
	return v, nil
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
	link, err := g.link(ctx, who.link, now)
	if errors.Is(err, ErrNotFound) {
		return refuse(NoSession), nil
	}
	if err != nil {
		return Verdict{}, err
	}
	state, err := g.store.Check(ctx, Query{Link: who.link, Session: who.session, Subject: who.subject})
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Signed: true, Link: *link, Labels: who.labels, Account: state.Account, Session: who.session, Subject: who.subject,
		Device: state.Session.Device, Token: credential.Text, Carrier: credential.Carrier}
	if no, _ := judge(&g.policy, &state, state.Now); no != OK {
		v.Refusal.Reason = no
		return v, nil
	}
	v.Outcome = Pass
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
	v, err := g.glance(ctx, now, who)
	if err != nil || v.Link.ID.IsZero() {
		return Verdict{}, false, err
	}
	return v, v.Link.Scope.Tree() && req.Path.String() == v.Link.Scope.Root()+"/", nil
}
