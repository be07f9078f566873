package gate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// session walks on for a session's request.
func (e *explaining) session(ctx context.Context, req *Request, who *pass) error {
	e.Link, e.Session = who.link, who.session
	e.found("verify", "The token is a session's. Its seal holds.")
	r, err := e.gate.recordOf(ctx, who, e.now)
	if errors.Is(err, ErrNotFound) {
		e.refuse("cover", NoSession, "The link that the session was made from is not in the store.")
		return nil
	}
	if err != nil {
		return err
	}
	if !e.covers(&r.Link, req, false) {
		return nil
	}
	v := Verdict{Link: r.Link}
	s := sight{record: r, place: e.gate.rules.Place(req.Path)}
	s.asset, _ = r.asset(s.place, req.Path)
	var state State
	q := Query{Link: who.link, Session: who.session, Subject: who.subject, Asset: s.asset, Above: r.above()}
	if err := e.gate.consult(ctx, e.now, q, &state); err != nil {
		return err
	}
	if err := e.gate.weigh(ctx, who, &s, &state, &v); err != nil {
		return err
	}
	e.Account, e.Play = state.Account, state.Play
	e.found("identify", "%s", tellSession(&r.Link, state.Session, state.Now))
	e.found("admit", "%s", tellAccount(state.Account))
	if e.judges(req, &state, &v, s.open) {
		e.answer(Pass, http.StatusOK, "The request is handed on, unless it comes faster than the site's rate.")
	}
	return nil
}

// judges says what the facts mean for a session's request: whether it needs a
// view, and whether one is left.
func (e *explaining) judges(req *Request, state *State, v *Verdict, open bool) bool {
	no, _ := judge(&e.gate.policy, state, state.Now)
	ruled := v.Refusal.Reason
	if ruled == OK {
		e.found("rule", "The session may %s here.", v.Can)
	}
	hasty := hasten(&e.gate.policy, state, state.Now)
	left, limited := state.Account.Left()
	switch {
	case no != OK:
		e.refuse("judge", no, no.Meaning())
		return false
	case ruled != OK:
		e.refuse("rule", ruled, ruled.Meaning())
		return false
	case hasty.Reason != OK:
		e.refuse("judge", hasty.Reason, fmt.Sprintf("The session asked faster than the site's rate, on all nodes together. It may go on in %s.", hasty.Wait))
		return false
	case open:
		e.found("judge", "A play of this is open since %s, begun by %s. Whatever belongs to it is free.", stamp(state.Play.OpenedAt), state.Play.Opener)
	case !bears(ClassOf(req.Path), req):
		e.found("judge", "A request for this, by this method, begins no play and uses no view.")
	case state.Play.Exists && state.Play.State == PlayReserved:
		e.found("judge", "A view is reserved for this play already.")
	case v.late:
		e.refuse("judge", Expired, "No play is open, and the time in which one may begin is over.")
		return false
	case limited && left == 0:
		e.Refusal.Allowance = AllowanceViews
		e.refuse("judge", ViewsSpent, "No play is open, and every view is used or reserved. Where this viewer pressed Watch just now, one is held for them and the request passes.")
		return false
	default:
		e.found("judge", "No play is open. The first byte uses a view.%s", tellEach(state.Account))
	}
	return true
}

// byRule are the reasons that the directory, or whom the link is for, gives.
func byRule(no Reason) bool {
	return oneOf(no, NotCovered, NoCapability, NoSession, SignIn, WrongPerson, LockedPlace)
}
