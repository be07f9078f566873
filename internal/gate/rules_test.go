package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// collection is what the test's directory keeps of one.
type collection struct {
	Paths    []gate.Scope
	Level    gate.Level
	Includes []gate.CollectionID
	Grants   map[gate.PersonID]gate.Capability
	CutAt    time.Time
	Track    bool
	Embed    []gate.Origin
}

// place is where a path is that is in this scope of the collection.
func (c collection) place(id gate.CollectionID, scope gate.Scope) gate.Place {
	return gate.Place{Collection: id, Level: c.Level, Scope: scope, Track: c.Track, Embed: gate.NewEmbedding(c.Embed)}
}

// facts is all that the test's directory knows, as of an edition.
type facts struct {
	edition     int64
	collections map[gate.CollectionID]collection
	cut         map[gate.PersonID]time.Time
	share       map[gate.PersonID]gate.Capability // what persons may hand out
}

// rules is a directory in few words: it reads documents as the real one does,
// and knows an edition only from what the store said.
type rules struct {
	store gate.Documents
	marks *gate.Marks
	known atomic.Pointer[facts]
	asked atomic.Int64 // rulings
}

func newRules(store gate.Documents, marks *gate.Marks) *rules {
	r := &rules{store: store, marks: marks}
	r.known.Store(&facts{})
	return r
}

func (r *rules) Edition() int64 { return r.known.Load().edition }

func (r *rules) Know(ctx context.Context, edition int64) error {
	if r.Edition() == edition {
		return nil
	}
	names, edition, complete, err := r.store.Edits(ctx, r.Edition())
	if err != nil {
		return err
	}
	r.marks.Edited(names, complete)
	fresh := facts{edition, map[gate.CollectionID]collection{}, map[gate.PersonID]time.Time{}, map[gate.PersonID]gate.Capability{}}
	docs, err := r.store.List(ctx, gate.KindCollection, "", "", 1000)
	for _, doc := range docs {
		var c collection
		id, bad := gate.ParseCollectionID(doc.ID)
		err = errors.Join(err, bad, json.Unmarshal(doc.Body, &c))
		fresh.collections[id] = c
	}
	persons, failed := r.store.List(ctx, gate.KindPerson, "", "", 1000)
	err = errors.Join(err, failed)
	for _, doc := range persons {
		var p person
		id, bad := gate.ParsePersonID(doc.ID)
		err = errors.Join(err, bad, json.Unmarshal(doc.Body, &p))
		fresh.cut[id], fresh.share[id] = p.CutAt, p.Holds
	}
	if err == nil {
		r.known.Store(&fresh)
	}
	return err
}

func (r *rules) Place(p gate.Path) (place gate.Place) {
	for id, c := range r.known.Load().collections {
		for _, scope := range c.Paths {
			if scope.Covers(p) && (place.Collection.IsZero() || len(scope.Root()) > len(place.Scope.Root())) {
				place = c.place(id, scope)
			}
		}
	}
	return place
}

func (r *rules) Homes(id gate.CollectionID) (homes []gate.Place) {
	c := r.known.Load().collections[id]
	for _, scope := range c.Paths {
		homes = append(homes, c.place(id, scope))
	}
	return homes
}

func (r *rules) Rule(_ context.Context, c gate.Case) (gate.Ruling, error) {
	r.asked.Add(1)
	f := r.known.Load()
	at := f.collections[c.Place.Collection]
	if !c.Opened.After(at.CutAt) || !c.Opened.After(f.cut[c.Person]) {
		return gate.Ruling{Reason: gate.NoSession}, nil
	}
	of := c.Link.Collection
	if !of.IsZero() && of != c.Place.Collection && !slices.Contains(f.collections[of].Includes, c.Place.Collection) {
		return gate.Ruling{Reason: gate.NotCovered}, nil
	}
	own := at.Grants[c.Person]
	if c.Person.IsZero() {
		own = 0
	}
	can := own
	if c.Link.Pass && len(c.Link.For) == 0 {
		if at.Level < gate.Public {
			return gate.Ruling{Reason: gate.LockedPlace}, nil
		}
		can |= c.Link.Can
	} else if c.Link.Pass {
		if at.Level == gate.Members {
			can |= gate.View
		}
		if can == 0 {
			return gate.Ruling{Reason: gate.LockedPlace}, nil
		}
	} else {
		can |= c.Link.Can
		if !c.Link.By.IsZero() {
			can &= f.share[c.Link.By]
		}
	}
	switch {
	case c.Place.Collection.IsZero(), at.Level >= gate.ByLink, c.Link.Names(c.Person), own != 0:
	case at.Level == gate.Members && c.Person.IsZero():
		return gate.Ruling{Reason: gate.SignIn}, nil
	case at.Level == gate.Locked:
		return gate.Ruling{Reason: gate.LockedPlace}, nil
	}
	return gate.Ruling{Can: can}, nil
}

// person is what the test's directory keeps of one.
type person struct {
	CutAt time.Time
	Holds gate.Capability
}

// door is a doorkeeper in few words.
type door struct {
	signIns map[token.ID]signIn
	tries   []gate.Try
}

type signIn struct {
	person gate.PersonID
	opened time.Time
}

func (d *door) SignedIn(_ context.Context, id token.ID) (gate.PersonID, time.Time, error) {
	return d.signIns[id].person, d.signIns[id].opened, nil
}

// PasswordFits lets two wrong tries pass without a wait.
func (d *door) PasswordFits(_ context.Context, try gate.Try) (gate.Refusal, error) {
	if len(d.tries) >= 2 {
		return gate.Refusal{Reason: gate.TooManyTries, Wait: time.Minute}, nil
	}
	if try.Text == try.Password {
		return gate.Refusal{}, nil
	}
	d.tries = append(d.tries, try)
	return gate.Refusal{Reason: gate.PasswordWrong}, nil
}

// put writes a document, whether or not it is there already.
func (w *world) put(kind gate.Kind, id string, body any) {
	w.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	doc, err := w.store.Get(w.Context(), kind, id)
	if err != nil && !errors.Is(err, gate.ErrNotFound) {
		w.Fatal(err)
	}
	doc.Kind, doc.ID, doc.Body = kind, id, text
	if _, err := w.store.Put(w.Context(), doc); err != nil {
		w.Fatal(err)
	}
}

func (w *world) collect(id gate.CollectionID, c collection) {
	w.Helper()
	w.put(gate.KindCollection, id.String(), c)
}

// scopes reads paths.
func (w *world) scopes(texts ...string) (scopes []gate.Scope) {
	w.Helper()
	for _, text := range texts {
		s, err := gate.ParseScope(text)
		if err != nil {
			w.Fatal(err)
		}
		scopes = append(scopes, s)
	}
	return scopes
}

// signIn signs a person in, and returns the cookie's text.
func (w *world) signIn(who gate.PersonID) string {
	id := token.NewID(w.now)
	w.door.signIns[id] = signIn{who, w.now}
	return w.gate.SignInToken(id)
}

// issue stores a link that says more than a scope.
func (w *world) issue(link gate.Link, terms gate.Terms) gate.Link {
	w.Helper()
	link.ID, link.CreatedAt = gate.LinkID(token.NewID(w.now)), w.now
	if link.Can == 0 {
		link.Can = gate.View
	}
	if !link.Collection.IsZero() {
		link.Scope = w.scopes("/*")[0]
	}
	if _, err := gate.Create(w.Context(), w.store, link, terms); err != nil {
		w.Fatal(err)
	}
	return link
}

// redeem presses Watch.
func (w *world) redeem(link gate.Link, req *gate.Request) gate.Verdict {
	w.Helper()
	v, err := w.gate.Redeem(w.Context(), w.now, w.gate.LinkCode(link.ID), req)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

func (w *world) land(link gate.Link, req *gate.Request) gate.Verdict {
	w.Helper()
	v, err := w.gate.Land(w.Context(), w.now, w.gate.LinkCode(link.ID), req)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

var ann, ben = gate.PersonID{1}, gate.PersonID{2}

var films, clips = gate.CollectionID{1}, gate.CollectionID{2}
