package gate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Object says whose a file is that was uploaded: a person's, or that of whoever
// opened a link on a device. It is recorded before the upstream is asked, so that
// of two who upload to one path only one is its owner.
type Object struct {
	Person PersonID  `json:"person,omitzero"`
	Link   LinkID    `json:"link,omitzero"`
	Device DeviceID  `json:"device,omitzero"`
	At     time.Time `json:"at"`
	// Pending says that it is not known yet whether there was something at the
	// path before. Such a record ends by itself.
	Pending bool `json:"pending,omitempty"`
}

// pendingFor is longer than it takes to ask the upstream.
const pendingFor = time.Minute

// ObjectID names the record of a path.
func ObjectID(p Path) string {
	sum := sha256.Sum256([]byte("object\n" + p.text))
	return hex.EncodeToString(sum[:])
}

// OwnedBy is the term of a person's objects.
func OwnedBy(person PersonID) string { return "person:" + person.String() }

// Document returns the record of an object at that id.
func (o Object) Document(id string) (Document, error) {
	body, err := json.Marshal(o)
	doc := Document{Kind: KindObject, ID: id, Body: body}
	if !o.Person.IsZero() {
		doc.Index = []string{OwnedBy(o.Person)}
	}
	return doc, err
}

// ObjectFrom reads an object's document.
func ObjectFrom(doc Document) (o Object, err error) {
	if err = json.Unmarshal(doc.Body, &o); err != nil {
		err = fmt.Errorf("reading object %s from the store: %w", doc.ID, err)
	}
	return o, err
}

// same reports whether both are one owner's.
func (o Object) same(other Object) bool {
	if !o.Person.IsZero() || !other.Person.IsZero() {
		return o.Person == other.Person
	}
	return o.Link == other.Link && o.Device == other.Device
}

// Writes reports a request that changes what is at its path.
func (r *Request) Writes() bool {
	return oneOf(r.Method, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete)
}

// Writing is who uploads without a session: by which sign-in, and since when, by
// the store's time. Both are empty where there is a session.
type Writing struct {
	SignIn string
	Since  time.Time
}

// Write decides about a request that changes what is at its path: whoever brings
// a session, or is signed in, may upload there by what they hold, and change what
// they uploaded; who manages the collection may change everything. The caller has
// made sure that the request comes from no page of another site.
//
// Where nothing is known of the path, the verdict says Claimed, and before the
// request is handed on, the caller has to look whether there is something, and
// say so to Claim. Nothing is counted as a view.
func (g *Gate) Write(ctx context.Context, now time.Time, req *Request) (v Verdict, err error) {
	if req.Path.Dir() {
		return refuse(NotCovered), nil
	}
	credential, no := present(req)
	switch no {
	case OK:
		err = g.writer(ctx, now, req, credential, &v)
		if err == nil && v.Refusal.Reason != OK && credential.Carrier == InCookie && elsewhere(v.Refusal.Reason) {
			var own Verdict
			if err = g.member(ctx, req, now, &own); err == nil && own.Refusal.Reason == OK {
				v = own
			}
		}
	case NoToken:
		err = g.member(ctx, req, now, &v)
	default:
		v = refuse(no)
	}
	if err != nil || v.Refusal.Reason != OK {
		return v, err
	}
	if v.Can&Upload == 0 {
		v.Refusal.Reason = NoCapability
		return v, nil
	}
	v.Path, v.Class = req.Path, ClassOf(req.Path)
	if v.Writing == nil {
		v.Writing = &Writing{}
	}
	return v, g.own(ctx, now, req, &v)
}

// writer finds out what a session may do at the path.
func (g *Gate) writer(ctx context.Context, now time.Time, req *Request, credential Credential, v *Verdict) error {
	who, no := g.verify(credential, now)
	if v.Refusal.Reason = no; who.link.IsZero() {
		return nil
	}
	v.Signed, v.Carrier, v.Token, v.Labels = true, credential.Carrier, credential.Text, who.labels
	if no == OK && who.session.IsZero() {
		v.Refusal.Reason = NoSession // a link is no session, and a body cannot be sent on to one
	}
	if v.Refusal.Reason != OK {
		return nil
	}
	v.Session, v.Subject = who.session, who.subject
	s, err := g.see(ctx, now, req, who, g.rules.Place(req.Path))
	if err != nil || s.no != OK {
		v.Refusal.Reason = s.no
		return err
	}
	switch v.Link = s.record.Link; {
	case !v.Link.Scope.Covers(req.Path):
		v.Refusal.Reason = NotCovered
		return nil
	case !g.mayAsk(who, now):
		v.Refusal.Reason = TooFast
		return nil
	}
	q := Query{Link: who.link, Session: who.session, Subject: who.subject, Asset: s.asset, Above: s.record.above()}
	var state State
	if err := g.consult(ctx, now, q, &state); err != nil {
		return err
	}
	if s, err = g.see(ctx, now, req, who, g.rules.Place(req.Path)); err != nil || s.no != OK {
		v.Refusal.Reason = s.no
		return err
	}
	v.Link, v.Claim = s.record.Link, Claim{Link: who.link, Session: who.session, Subject: who.subject, Pace: g.policy.Pace}
	if err := g.weigh(ctx, who, &s, &state, v); err != nil || v.Refusal.Reason != OK {
		return err
	}
	v.Refusal = hasten(&g.policy, &state, state.Now)
	return nil
}

// member finds out what somebody may do at the path who is signed in and brings
// no session: a request with a body cannot be sent on to one.
func (g *Gate) member(ctx context.Context, req *Request, now time.Time, v *Verdict) error {
	v.Refusal.Reason = NoToken
	if _, ours := g.SignIn(req.SignIn); !ours {
		return nil
	}
	var state State
	if err := g.consult(ctx, now, Query{}, &state); err != nil {
		return err
	}
	place := g.rules.Place(req.Path)
	person, err := g.person(ctx, req, state.Now)
	if err != nil || person.IsZero() || place.Collection.IsZero() {
		return err
	}
	v.Writing = &Writing{req.SignIn, state.Now}
	link := passOf(place.Collection, person, state.Now)
	ruling, err := g.ruleAnew(ctx, Case{Now: state.Now, Place: place, Link: &link, Person: person, Opened: state.Now})
	v.Signed, v.Link, v.Person, v.Can, v.Refusal.Reason = true, link, person, ruling.Can, ruling.Reason
	v.Labels = Labels{Link: link.ID.String(), Person: person.String()}
	return err
}

// own records whose the object at the path is, or finds out, and refuses who may
// not change it.
func (g *Gate) own(ctx context.Context, now time.Time, req *Request, v *Verdict) error {
	mine, id := v.owner(now), ObjectID(req.Path)
	manages := v.Can&Manage != 0 && !v.Person.IsZero()
	for range mostLooks {
		known, _, err := g.object(ctx, id)
		if err == nil {
			v.passWrite(manages || known.same(mine))
			v.Claimed = known.Pending && !manages
			return nil
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if oneOf(req.Method, http.MethodDelete, http.MethodPatch) { // nothing of theirs is there to change
			v.passWrite(manages)
			return nil
		}
		mine.Pending = !manages
		if err = g.keep(ctx, mine, id, 0, now); err == nil {
			v.passWrite(true)
			v.Claimed = mine.Pending
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return errors.New("whose an object is changes faster than it can be read")
}

// owner is whose an object is that v's request makes.
func (v *Verdict) owner(now time.Time) Object {
	o := Object{Person: v.Person, At: now.UTC().Truncate(time.Second)}
	if v.Person.IsZero() {
		o.Link, o.Device = v.Link.ID, v.Device
	}
	return o
}

func (v *Verdict) passWrite(may bool) {
	if v.Outcome = Pass; !may {
		v.Outcome, v.Refusal.Reason = Refuse, NoCapability
	}
}

func (g *Gate) object(ctx context.Context, id string) (Object, int64, error) {
	doc, err := g.store.Get(ctx, KindObject, id)
	if err != nil {
		return Object{}, 0, err
	}
	o, err := ObjectFrom(doc)
	return o, doc.Rev, err
}

func (g *Gate) keep(ctx context.Context, o Object, id string, rev int64, now time.Time) error {
	doc, err := o.Document(id)
	if err != nil {
		return err
	}
	if doc.Rev = rev; o.Pending {
		doc.Until = now.Add(pendingFor)
	}
	_, err = g.store.Put(ctx, doc)
	return err
}

// Claim settles what a verdict says that is Claimed: there is something at the
// path already, or nothing. It may turn the verdict into a refusal. What is
// there and was not uploaded here is not for whoever comes first.
func (g *Gate) Claim(ctx context.Context, now time.Time, v *Verdict, there bool) error {
	id := ObjectID(v.Path)
	known, rev, err := g.object(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && !known.same(v.owner(now)):
		v.passWrite(false) // it took too long, and somebody else came
		return nil
	case err != nil || !known.Pending: // by another request of theirs, it is settled
		return err
	case there:
		v.passWrite(false)
		return g.Forget(ctx, v)
	}
	known.Pending = false
	if err = g.keep(ctx, known, id, rev, now); errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		v.passWrite(false)
		return nil
	}
	return err
}

// Forget removes the record of whose the object is: nothing of theirs is there.
func (g *Gate) Forget(ctx context.Context, v *Verdict) error {
	err := g.store.Delete(ctx, KindObject, ObjectID(v.Path))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
