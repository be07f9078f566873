package directory

import (
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// TestBrandsAreTheOwners: whoever manages a collection changes all of it but how
// its pages look, and keeps what owners said of that.
func TestBrandsAreTheOwners(t *testing.T) {
	r := newRig(t)
	owner, manager, maker := r.person(Owner), r.person(Manager), r.person(Standard)
	id := r.collection(Operator(), gate.Public)
	r.grant(Operator(), id, to(maker), gate.Manage)
	brand := gate.Brand{Name: "Acme", Color: "#0b6f63", Logo: "acme"}
	for _, who := range []gate.PersonID{manager, maker} {
		_, err := r.dir.ChangeCollection(r.ctx, As(who), id, CollectionChange{Brand: &brand})
		if e := fails[*Forbidden](t, err); e.Permission != Branding {
			t.Error(e)
		}
	}
	col := must[Collection](t)(r.dir.ChangeCollection(r.ctx, As(owner), id, CollectionChange{Brand: &brand}))
	r.know()
	if place := r.place(id); col.Brand != brand || place.Brand == nil || *place.Brand != brand {
		t.Errorf("%+v, %+v", col, place)
	}
	col = must[Collection](t)(r.dir.ChangeCollection(r.ctx, As(maker), id, CollectionChange{Title: ptr("Spring"), Brand: &brand}))
	if col.Brand != brand || col.Title != "Spring" {
		t.Errorf("%+v", col)
	}
	for _, bad := range []gate.Brand{{Name: "a\nb"}, {Color: "red"}, {Logo: "../x"}} {
		_, err := r.dir.ChangeCollection(r.ctx, Operator(), id, CollectionChange{Brand: &bad})
		if e := fails[*Invalid](t, err); e.Field != "brand" {
			t.Error(e)
		}
	}
}
