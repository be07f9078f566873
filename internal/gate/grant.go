package gate

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"
)

// granted lets a person watch who brings no link: what they were granted in the
// collection is a link of their own that nobody sees, and its session is opened
// like that of a signed media URL.
func (g *Gate) granted(ctx context.Context, now time.Time, req *Request) (Verdict, error) {
	if _, ours := g.SignIn(req.SignIn); !ours || askable(req) != OK {
		return refuse(NoToken), nil
	}
	var state State
	if err := g.consult(ctx, now, Query{}, &state); err != nil {
		return Verdict{}, err
	}
	place := g.rules.Place(req.Path)
	if place.Level == Public {
		return publicly(req), nil
	}
	person, err := g.person(ctx, req, state.Now)
	if err != nil || person.IsZero() || place.Collection.IsZero() {
		return refuse(NoToken), err
	}
	v := Verdict{Signed: true, Link: passOf(place.Collection, person, state.Now)}
	c := Case{Now: state.Now, Place: place, Link: &v.Link, Person: person, Opened: state.Now}
	ruling, err := g.ruleAnew(ctx, c)
	if err != nil || ruling.Reason != OK {
		v.Refusal.Reason = ruling.Reason
		return v, err
	}
	if req.Speculative || req.Method == http.MethodHead {
		v.Outcome = Blank
		return v, nil
	}
	v.Can = ruling.Can
	_, err = g.link(ctx, v.Link.ID, now)
	if errors.Is(err, ErrNotFound) {
		_, err = Create(ctx, g.store, v.Link, Terms{})
	}
	if err != nil {
		return Verdict{Signed: true}, err
	}
	err = g.begin(ctx, now, req, c, false, &v)
	return v, err
}

// passOf is the link that stands for what a person was granted in a collection.
// Its id is derived from both, so that every node finds the same one.
func passOf(collection CollectionID, person PersonID, now time.Time) Link {
	h := sha256.New()
	h.Write([]byte{'p'})
	h.Write(collection[:])
	h.Write(person[:])
	link := Link{
		Scope: Scope{tree: true}, Can: LinkCapabilities, CreatedAt: now.UTC().Truncate(time.Second), CreatedBy: "grant",
		Collection: collection, For: []PersonID{person}, Pass: true,
	}
	copy(link.ID[:], h.Sum(nil))
	return link
}
