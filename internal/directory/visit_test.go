package directory

import (
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// TestVisits: the hidden link of a tracked collection opens what is public, to
// sessions that were not cut, and nothing else.
func TestVisits(t *testing.T) {
	r := newRig(t)
	id, other := r.collection(Operator(), gate.Public), r.collection(Operator(), gate.Public)
	for _, c := range []gate.CollectionID{id, other} {
		must[Collection](t)(r.dir.ChangeCollection(r.ctx, Operator(), c, CollectionChange{Track: ptr(true)}))
	}
	link := &gate.Link{ID: gate.VisitsTo(id), Scope: scope(t, "/*"), Can: gate.View | gate.Download, Collection: id, Pass: true}
	opened := r.now()
	rule := func(at gate.CollectionID, link *gate.Link) gate.Ruling {
		t.Helper()
		return r.rule(gate.Case{Place: r.place(at), Link: link, Opened: opened})
	}
	if got := rule(id, link); got.Reason != gate.OK || got.Can != gate.View|gate.Download {
		t.Errorf("a visitor: %+v", got)
	}
	if got := rule(other, link); got.Reason != gate.NotCovered {
		t.Errorf("in another collection: %+v", got)
	}
	for level := gate.Locked; level < gate.Public; level++ {
		must[Collection](t)(r.dir.ChangeCollection(r.ctx, Operator(), id, CollectionChange{Level: ptr(level)}))
		if got := rule(id, link); got.Reason != gate.LockedPlace {
			t.Errorf("%s: %+v", level, got)
		}
	}
	must[Collection](t)(r.dir.ChangeCollection(r.ctx, Operator(), id, CollectionChange{Level: ptr(gate.Public)}))
	r.pass(time.Second)
	must[time.Time](t)(r.dir.CutCollection(r.ctx, Operator(), id))
	if got := rule(id, link); got.Reason != gate.NoSession {
		t.Errorf("cut: %+v", got)
	}
}

func TestWhoMayEmbed(t *testing.T) {
	r := newRig(t)
	id := r.collection(Operator(), gate.ByLink)
	embed := func(origins ...gate.Origin) error {
		_, err := r.dir.ChangeCollection(r.ctx, Operator(), id, CollectionChange{Embed: &origins})
		return err
	}
	ok(t, embed("https://a.example", "https://b.example"))
	first := r.place(id)
	if !first.Embed.Allows("https://b.example") || first.Embed.Allows("https://c.example") || first != r.place(id) {
		t.Error("the place does not say so, or not the same twice")
	}
	var many []gate.Origin
	for range gate.MaxOrigins + 1 {
		many = append(many, "https://a.example")
	}
	for _, bad := range [][]gate.Origin{many, {"https://a.example", "https://a.example"}, {"*"}, {""}} {
		fails[*Invalid](t, embed(bad...))
	}
	ok(t, embed())
	if r.place(id).Embed != nil {
		t.Error("it is still embedded")
	}
}
