package directory

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"pgregory.net/rapid"
)

// TestNobodyHoldsMoreThanTheChainGivesThem hands a collection on along random
// chains, and then lowers somebody in the middle.
func TestNobodyHoldsMoreThanTheChainGivesThem(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		c := r.collection(Operator(), gate.Locked)
		inner := c
		if rapid.Bool().Draw(rt, "from outside") { // the chain is about what includes the collection
			c = r.collection(Operator(), gate.Locked, c)
		}
		var chain []gate.PersonID
		var gave []gate.Capability
		who := Operator()
		for i := range rapid.IntRange(2, 7).Draw(rt, "length") {
			p := r.person(Role(rapid.IntRange(int(Limited), int(Standard)).Draw(rt, "role")))
			can := gate.Capability(rapid.IntRange(1, int(Everything)).Draw(rt, "can"))
			holder := to(p)
			if rapid.IntRange(0, 3).Draw(rt, "by group") == 0 {
				holder = toGroup(r.group(p))
			}
			g, err := r.dir.PutGrant(r.ctx, who, NewGrant{Collection: c, Holder: holder, Can: can})
			if err != nil { // more than they hold: then what they hold, if they may share that
				missing := gate.Capability(0)
				if e, yes := asType[*Forbidden](err); yes {
					missing = e.Missing
				}
				held := r.holds(chain[i-1], c)
				if (can&^held == 0 && held&gate.Share != 0) || missing&held != 0 {
					rt.Fatalf("%s holds %s and may not give %s: %v", who, held, can, err)
				}
				if held&gate.Share == 0 || held&can == 0 {
					break
				}
				g = must[Grant](t)(r.dir.PutGrant(r.ctx, who, NewGrant{Collection: c, Holder: holder, Can: can & held}))
			}
			chain, gave, who = append(chain, p), append(gave, expand(g.Can)), As(p)
		}
		check := func() {
			least := Everything
			for i, p := range chain {
				least &= gave[i]
				for _, at := range []gate.CollectionID{c, inner} {
					if got := r.holds(p, at); got != least {
						rt.Fatalf("the %dth of %v holds %s, want %s", i, gave, got, least)
					}
				}
			}
		}
		check()
		if len(chain) == 0 {
			return
		}
		// Lower somebody, as an operator: everybody after them has it at once.
		i := rapid.IntRange(0, len(chain)-1).Draw(rt, "who is lowered")
		for _, g := range readAll[Grant](r.ctx, t, r.store, gate.KindGrant) {
			isTheirs := g.Holder == to(chain[i])
			if !g.Holder.Group.IsZero() {
				m, err := one[Member](r.ctx, r.view, gate.KindMember, MemberID{g.Holder.Group, chain[i]}.String())
				ok(t, err)
				isTheirs = m != nil
			}
			if !isTheirs {
				continue
			}
			lower := g.Can & gate.Capability(rapid.IntRange(0, int(Everything)).Draw(rt, "lowered to"))
			gave[i] = expand(lower)
			if lower == 0 {
				ok(t, r.dir.RemoveGrant(r.ctx, Operator(), g.ID()))
				continue
			}
			_, err := change(r.ctx, r.store, gate.KindGrant, g.ID().String(), func(g *Grant) error { g.Can = lower; return nil })
			ok(t, err)
		}
		check()
	})
}

// TestCirclesProveNothing: two who grant each other what one of them had once.
func TestCirclesProveNothing(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	ann, bob := r.person(Standard), r.person(Standard)
	g := r.group(ann)
	r.grant(Operator(), c, toGroup(g), Everything)
	r.grant(As(ann), c, to(bob), Everything)
	r.grant(As(bob), c, to(ann), Everything)
	if r.holds(ann, c) != Everything || r.holds(bob, c) != Everything {
		t.Fatal("they should hold everything")
	}
	// And one who includes it in their own, and grants it to the other there.
	mine := r.collection(As(bob), gate.Locked, c)
	r.grant(As(bob), mine, to(ann), Everything)
	ok(t, r.dir.RemoveGrant(r.ctx, Operator(), GrantID{toGroup(g), c}))
	for _, p := range []gate.PersonID{ann, bob} {
		if got := r.holds(p, c); got != 0 {
			t.Errorf("%s holds %s by nothing but a circle", p, got)
		}
	}
}

// TestLongChainsEnd holds that what hangs on too much is nothing, and soon.
func TestLongChainsEnd(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	first := r.person(Limited)
	by := gate.PersonID{}
	var last gate.PersonID
	for i := range maxSeats + 10 {
		p := Person{ID: gate.PersonID{1, byte(i >> 8), byte(i)}, Email: fmt.Sprintf("q%d@x.yz", i), Standing: gate.Standing{State: gate.Active}}
		ok(t, keep(r.ctx, r.store.Store, &p, 0))
		ok(t, keep(r.ctx, r.store.Store, &Grant{Collection: c, Holder: to(p.ID), Can: Everything, By: by}, 0))
		if by = p.ID; i == maxSeats-1 {
			last = p.ID
		}
	}
	r.view.Told(gate.Change{Kind: gate.Missed})
	ok(t, r.view.Refresh(r.ctx))
	if got, _, err := r.view.hold(r.ctx, last, c, r.now()); err != nil || got != Everything {
		t.Errorf("at the bound: %s, %v", got, err)
	}
	if got, _, err := r.view.hold(r.ctx, by, c, r.now()); err != nil || got != 0 {
		t.Errorf("beyond it: %s, %v", got, err)
	}
	if r.holds(first, c) != 0 {
		t.Error("somebody else")
	}
}

// TestDeletingWidensNothing deletes persons from random worlds: nobody holds
// more by it, no link opens more, the links that they made for a collection open
// as much as before where an heir answers for them, and nothing of theirs is left.
func TestDeletingWidensNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(5, 30).Draw(rt, "calls") {
			w.do(rt)
		}
		before := newOracle(w.rig)
		id := w.persons[rapid.IntRange(0, len(w.persons)-1).Draw(rt, "who")]
		f := Farewell{Cut: rapid.IntRange(0, 2).Draw(rt, "cut") == 0}
		out, err := w.dir.DeletePerson(w.ctx, Operator(), id, f)
		if err != nil {
			if !personal(err) {
				rt.Fatal(err)
			}
			return
		}
		after := newOracle(w.rig)
		for s, can := range after.can {
			// The heir owns what they owned.
			if s.person != out.Heir && can&^before.can[s] != 0 {
				rt.Fatalf("%s held %s in %s and holds %s", s.person, before.can[s], s.collection, can)
			}
		}
		for _, link := range after.links {
			was := before.links[link.ID]
			for _, text := range worldPaths {
				place := after.place(path(t, text))
				if can := after.worth(link, place); can&^before.worth(was, place) != 0 {
					rt.Fatalf("at %s, link %s was worth %s and is worth %s", text, link.ID, before.worth(was, place), can)
				}
				// Made without a link above, for a collection: an heir who is an owner
				// answers for all of it.
				if f.Cut || out.Heir.IsZero() || was.By != id || was.Collection.IsZero() || len(was.Above) > 0 || place.Collection != was.Collection {
					continue
				}
				if can := before.worth(was, place); after.worth(link, place) != can {
					rt.Fatalf("at %s, link %s was worth %s and is worth %s", text, link.ID, can, after.worth(link, place))
				}
			}
		}
		w.nothingLeft(rt, after, id)
	})
}

func (w *world) nothingLeft(rt *rapid.T, o *oracle, id gate.PersonID) {
	if o.persons[id] != nil || slices.Contains(o.site.Owners, id) {
		rt.Fatal("the person is there")
	}
	for _, g := range o.grants {
		if g.Holder.Person == id || g.By == id {
			rt.Fatalf("grant %+v", g)
		}
	}
	for m := range o.members {
		if m.Person == id {
			rt.Fatalf("member %+v", m)
		}
	}
	for _, c := range o.collections {
		if c.Owner == id {
			rt.Fatalf("collection %+v", c)
		}
	}
	for _, p := range o.persons {
		if p.Sponsor == id && p.Standing.State == gate.Active {
			rt.Fatalf("guest %+v", p)
		}
	}
}

func TestDeletePerson(t *testing.T) {
	r := newRig(t)
	owner, ann, bob := r.person(Owner), r.person(Standard), r.person(Limited)
	c := r.collection(Operator(), gate.ByLink)
	mine := r.collection(As(ann), gate.ByLink)
	r.grant(Operator(), c, to(ann), gate.View|gate.Share)
	r.grant(As(ann), c, to(bob), gate.View)
	r.grant(As(ann), mine, to(bob), gate.View)
	r.group(ann, bob)
	var links []gate.Link
	for _, col := range []gate.CollectionID{c, mine} {
		l := gate.Link{ID: linkID(), Scope: scope(t, "/*"), Can: gate.View | gate.Download, By: ann, Collection: col}
		must[int64](t)(r.store.Put(r.ctx, must[gate.Document](t)(l.Document())))
		links = append(links, l)
	}
	r.pass(time.Second)
	out := must[Departed](t)(r.dir.DeletePerson(r.ctx, As(owner), ann, Farewell{}))
	want := Departed{Heir: owner, CutAt: r.now(), Grants: 1, Memberships: 1, Collections: 1, Links: 2, Given: 2}
	if out != want {
		t.Errorf("%+v, want %+v", out, want)
	}
	for i, can := range []gate.Capability{gate.View, gate.View | gate.Download} {
		l := must[gate.Link](t)(gate.LinkFrom(must[gate.Document](t)(r.store.Get(r.ctx, gate.KindLink, links[i].ID.String()))))
		if l.By != owner || l.Can != can {
			t.Errorf("link %d: by %s, %s", i, l.By, l.Can)
		}
		if got := r.rule(gate.Case{Place: r.place(l.Collection), Link: &l, Opened: epoch}); got.Can != can {
			t.Errorf("link %d: %v", i, got)
		}
	}
	if r.holds(bob, c) != gate.View || r.holds(bob, mine) != gate.View {
		t.Error("what they gave has ended")
	}
	_, err := r.dir.DeletePerson(r.ctx, Operator(), ann, Farewell{})
	fails[*NotFound](t, err)
	must[Person](t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "p2@example.com"}))
	_, err = r.dir.DeletePerson(r.ctx, Operator(), bob, Farewell{Heir: bob})
	if e := fails[*Invalid](t, err); e.Field != "heir" {
		t.Error(e)
	}
	_, err = r.dir.DeletePerson(r.ctx, As(r.person(Manager)), r.person(Manager), Farewell{})
	fails[*Forbidden](t, err)
}
