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
	if g.free(place, ClassOf(req.Path)) {
		return publicly(req, place), nil
	}
	person, err := g.person(ctx, req, state.Now)
	if err != nil || person.IsZero() || place.Collection.IsZero() {
		return refuse(NoToken), err
	}
	v := Verdict{Signed: true, Link: passOf(place.Collection, person, state.Now), Person: person}
	c := Case{Now: state.Now, Place: place, Link: &v.Link, Person: person, Opened: state.Now}
	ruling, err := g.ruleAnew(ctx, c)
	if err == nil && ruling.Reason == OK {
		ruling.Reason = req.mayKeep(ruling.Can)
	}
	if err != nil || ruling.Reason != OK {
		v.Refusal.Reason = ruling.Reason
		return v, err
	}
	v.Can = ruling.Can
	return v, g.beginHidden(ctx, now, req, c, &v)
}

// beginHidden opens the session on v's link, which is hidden, and made on first
// use.
func (g *Gate) beginHidden(ctx context.Context, now time.Time, req *Request, c Case, v *Verdict) error {
	if req.Speculative || req.Method == http.MethodHead {
		v.Outcome = Blank
		return nil
	}
	_, err := g.link(ctx, v.Link.ID, now)
	if errors.Is(err, ErrNotFound) {
		_, err = Create(ctx, g.store, v.Link, Terms{})
	}
	if err != nil {
		return err
	}
	return g.begin(ctx, now, req, c, false, v)
}

// passOf is the link that stands for what a person was granted in a collection.
func passOf(collection CollectionID, person PersonID, now time.Time) Link {
	return Link{
		ID: hiddenID('p', collection, person), Scope: Scope{tree: true}, Can: LinkCapabilities, CreatedAt: now.UTC().Truncate(time.Second),
		CreatedBy: "grant", Collection: collection, For: []PersonID{person}, Pass: true,
	}
}

// hiddenID is derived from what the link stands for, so that every node finds
// the same one.
func hiddenID(kind byte, collection CollectionID, person PersonID) (id LinkID) {
	h := sha256.New()
	h.Write([]byte{kind})
	h.Write(collection[:])
	h.Write(person[:])
	copy(id[:], h.Sum(nil))
	return id
}
