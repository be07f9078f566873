package directory

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

func TestAPersonsEndCountsInNoCollectionToo(t *testing.T) {
	r := newRig(t)
	end := epoch.Add(time.Hour)
	ann := must[Person](t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "a@x.yz", Until: end})).ID
	r.know()
	got := r.rule(gate.Case{Link: &gate.Link{Scope: scope(t, "/*"), Can: gate.View}, Person: ann, Opened: epoch})
	if got.Can != gate.View || !got.Until.Equal(end) {
		t.Errorf("%v", got)
	}
}

// TestAnHeirAnswersForNoMoreThanWasThere deletes somebody who had been lowered
// after they gave.
func TestAnHeirAnswersForNoMoreThanWasThere(t *testing.T) {
	r := newRig(t)
	r.person(Owner)
	ann, bob := r.person(Standard), r.person(Limited)
	c := r.collection(Operator(), gate.ByLink)
	r.grant(Operator(), c, to(ann), gate.View|gate.Download|gate.Share)
	r.grant(As(ann), c, to(bob), gate.View|gate.Download)
	r.grant(Operator(), c, to(ann), gate.View|gate.Share)
	// A link by path, below which there is a collection where ann has nothing.
	outer := must[Collection](t)(r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: "outer", Level: gate.ByLink, Paths: []gate.Scope{scope(t, "/acme/*")}})).ID
	must[Collection](t)(r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: "secret", Level: gate.ByLink, Paths: []gate.Scope{scope(t, "/acme/secret/*")}}))
	r.grant(Operator(), outer, to(ann), gate.View|gate.Share)
	link := gate.Link{ID: linkID(), Scope: scope(t, "/acme/*"), Can: gate.View, By: ann}
	must[int64](t)(r.store.Put(r.ctx, must[gate.Document](t)(link.Document())))
	// Two that ann included: one that they manage still, and one not any more.
	kept, lost := r.collection(Operator(), gate.Locked), r.collection(Operator(), gate.Locked)
	r.grant(Operator(), kept, to(ann), gate.Manage)
	r.grant(Operator(), lost, to(ann), gate.Manage)
	mine := r.collection(As(ann), gate.Locked, kept, lost)
	r.grant(As(ann), mine, to(bob), gate.View)
	ok(t, r.dir.RemoveGrant(r.ctx, Operator(), GrantID{to(ann), lost}))

	out := must[Departed](t)(r.dir.DeletePerson(r.ctx, Operator(), ann, Farewell{}))
	if out.Links != 0 || out.Given != 2 || out.Collections != 1 {
		t.Errorf("%+v", out)
	}
	for what, got := range map[string]bool{
		"what bob was given":                  r.holds(bob, c) == gate.View,
		"in what ann managed":                 r.holds(bob, kept) == gate.View,
		"in what ann did not manage any more": r.holds(bob, lost) == 0,
		"in what was ann's":                   r.holds(bob, mine) == gate.View,
		"the link stays with who made it":     must[gate.Link](t)(gate.LinkFrom(must[gate.Document](t)(r.store.Get(r.ctx, gate.KindLink, link.ID.String())))).By == ann,
		"and opens nothing":                   r.rule(gate.Case{Place: r.view.Place(path(t, "/acme/secret/x")), Link: &link, Opened: epoch}).Reason == gate.NoCapability,
	} {
		if !got {
			t.Errorf("%s is not as it should be", what)
		}
	}
}

// TestWhatIsWorkedOutDuringAChangeIsNotKept asks while the view reads a changed
// collection, when the answer is of before or after it and nobody knows which.
func TestWhatIsWorkedOutDuringAChangeIsNotKept(t *testing.T) {
	r := newRig(t)
	ann, bob := r.person(Limited), r.person(Limited)
	c := r.collection(Operator(), gate.Locked)
	_, err := r.dir.ChangeCollection(r.ctx, Operator(), c, CollectionChange{Owner: &ann})
	ok(t, err)
	if r.holds(ann, c) != Everything {
		t.Fatal("the owner holds nothing")
	}
	ok(t, keepOwner(r, c, bob))
	asked := false
	r.store.on(func(call string) error {
		if call == "get collection" && !asked {
			asked = true
			for _, p := range []gate.PersonID{ann, bob} {
				_, _, err := r.view.hold(r.ctx, p, c, r.now())
				ok(t, err)
			}
		}
		return nil
	})
	r.know()
	if !asked {
		t.Fatal("the collection was not read")
	}
	if a, b := r.holds(ann, c), r.holds(bob, c); a != 0 || b != Everything {
		t.Errorf("the former owner holds %s, the owner %s", a, b)
	}
}

// keepOwner changes the owner behind the view's back.
func keepOwner(r *rig, c gate.CollectionID, owner gate.PersonID) error {
	_, err := change(r.ctx, r.store.Store, gate.KindCollection, c.String(), func(col *Collection) error { col.Owner = owner; return nil })
	return err
}

// TestAnAnswerOfBeforeComesDuringAChange: while edits are applied, and what they
// name is forgotten already, the answer of a load that began before comes in.
func TestAnAnswerOfBeforeComesDuringAChange(t *testing.T) {
	r := newRig(t)
	ann, c := r.person(Limited), r.collection(Operator(), gate.Locked)
	id := r.grant(Operator(), c, to(ann), gate.View)
	r.know()
	began := r.view.changes.Load()
	old := must[*Grant](t)(one[Grant](r.ctx, r.view, gate.KindGrant, id.String()))
	ok(t, r.store.Store.Delete(r.ctx, gate.KindGrant, id.String()))
	_, err := change(r.ctx, r.store.Store, gate.KindCollection, c.String(), func(col *Collection) error { col.Title = "x"; return nil })
	ok(t, err)
	r.store.on(func(call string) error {
		if call == "get collection" { // the grant was forgotten before
			r.view.grants.put(id.spread(), id, old, began, r.now())
		}
		return nil
	})
	r.know()
	r.store.on(nil)
	if got := r.holds(ann, c); got != 0 {
		t.Errorf("a grant that was removed gives %s", got)
	}
}

// TestNewsDuringAReadingIsReadNext tells of a change that is not in the edits
// that are being read.
func TestNewsDuringAReadingIsReadNext(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	r.know()
	r.person(Limited)
	edition := r.edition()
	slow := &telling{counting: r.store, do: func() {
		r.view.Told(gate.Change{Kind: gate.DocumentChanged, Document: gate.DocumentName{Kind: gate.KindCollection, ID: c.String()}, Edition: edition + 1})
	}}
	r.view.store = slow
	ok(t, r.view.Know(r.ctx, edition))
	r.view.store = r.store
	if got := r.view.Edition(); got >= 0 {
		t.Errorf("with news of edition %d still to be read, the edition is %d", edition+1, got)
	}
	ok(t, keepOwner(r, c, r.person(Limited)))
	r.know()
	if got := r.view.Edition(); got != r.edition() {
		t.Errorf("the edition is %d, want %d", got, r.edition())
	}
}

// telling tells something after the edits were read.
type telling struct {
	*counting
	do func()
}

func (s *telling) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	names, edition, complete, err := s.counting.Edits(ctx, since)
	s.do()
	return names, edition, complete, err
}

func TestClaimsThatNothingHas(t *testing.T) {
	r := newRig(t)
	gone := gate.PersonID{7}
	claim := func(until time.Time) {
		t.Helper()
		c := r.dir.addressClaim("a@x.yz", gone)
		if doc, err := r.store.Get(r.ctx, c.kind, c.id); err == nil {
			c.rev = doc.Rev
		}
		ok(t, r.dir.put(r.ctx, c, until))
	}
	add := func() error {
		_, err := r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "a@x.yz"})
		return err
	}
	claim(epoch.Add(time.Second))
	if e := fails[*Exists](t, add()); e.ID != gone.String() { // somebody is about to write it
		t.Error(e)
	}
	claim(time.Time{}) // kept, and nobody there has the address
	ok(t, add())
	fails[*Exists](t, add())
}

// TestWhoKnowsTheWayThatHolds includes a collection twice over: by somebody who
// manages it, and by somebody who does not any more.
func TestWhoKnowsTheWayThatHolds(t *testing.T) {
	r := newRig(t)
	std, ann := r.person(Standard), r.person(Limited)
	c := r.collection(Operator(), gate.Locked)
	r.grant(Operator(), c, to(std), gate.Manage)
	top := r.collection(Operator(), gate.Locked)
	set := func(outer gate.CollectionID, who Actor, inner ...gate.CollectionID) {
		t.Helper()
		_, err := r.dir.ChangeCollection(r.ctx, who, outer, CollectionChange{Includes: &inner})
		ok(t, err)
	}
	one, two := r.collection(As(std), gate.Locked), r.collection(Operator(), gate.Locked)
	set(one, As(std), c)
	set(two, Operator(), c)
	set(top, Operator(), one, two)
	r.grant(Operator(), top, to(ann), gate.View)
	ok(t, r.dir.RemoveGrant(r.ctx, Operator(), GrantID{to(std), c}))
	in := r.whoAll(Operator(), c, 50)[ann]
	if r.holds(ann, c) != gate.View || in.Can != gate.View || len(in.Reasons) != 1 || len(in.Reasons[0].Cut) != 0 {
		t.Errorf("%+v", in)
	}
}

func TestBounds(t *testing.T) {
	r := newRig(t)
	ann := r.person(Limited)
	for i := range MaxGroups {
		r.n++
		g := must[Group](t)(r.dir.CreateGroup(r.ctx, Operator(), NewGroup{Name: fmt.Sprintf("g%d", i)}))
		must[[]Outcome](t)(r.dir.AddMembers(r.ctx, Operator(), g.ID, []gate.PersonID{ann}))
	}
	last := r.group()
	out := must[[]Outcome](t)(r.dir.AddMembers(r.ctx, Operator(), last, []gate.PersonID{ann}))
	fails[*InUse](t, out[0].Err)

	inner := r.collection(Operator(), gate.Locked)
	for range MaxAbove {
		r.collection(Operator(), gate.Locked, inner)
	}
	_, err := r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: "one-more", Includes: []gate.CollectionID{inner}})
	if e := fails[*Invalid](t, err); e.Field != "includes" {
		t.Error(e)
	}
	index := r.view.index.Load()
	for i := range MaxCollections {
		id := gate.CollectionID{9, byte(i >> 16), byte(i >> 8), byte(i)}
		index.all[id] = &entry{id: id}
	}
	_, err = r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: "one-more"})
	fails[*InUse](t, err)
}

// TestWhoSeesWhatOthersMayDo shows a person to somebody who manages one of the
// two collections in which they have something.
func TestWhoSeesWhatOthersMayDo(t *testing.T) {
	r := newRig(t)
	std, ann := r.person(Standard), r.person(Limited)
	theirs, other := r.collection(As(std), gate.Locked), r.collection(Operator(), gate.Locked)
	r.grant(Operator(), theirs, to(ann), gate.View)
	r.grant(Operator(), other, to(ann), gate.View)
	count := func(who Actor) int {
		t.Helper()
		return len(must[Profile](t)(r.dir.Profile(r.ctx, who, ann)).Access)
	}
	if a, s, o := count(As(ann)), count(As(std)), count(Operator()); a != 2 || s != 1 || o != 2 {
		t.Errorf("ann sees %d, who manages one %d, the operator %d", a, s, o)
	}
	_, err := r.dir.Collection(r.ctx, As(std), other)
	fails[*NotFound](t, err)
	_, err = r.dir.CollectionByName(r.ctx, As(std), "c4")
	if e := fails[*NotFound](t, err); e.ID != "c4" {
		t.Error(e)
	}
}
