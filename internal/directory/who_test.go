package directory

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"pgregory.net/rapid"
)

// whoAll walks through all pages.
func (r *rig) whoAll(who Actor, id gate.CollectionID, limit int) map[gate.PersonID]Insider {
	r.t.Helper()
	all := map[gate.PersonID]Insider{}
	page := Page{Limit: limit}
	for {
		out := must[List[Insider]](r.t)(r.dir.Who(r.ctx, who, id, page))
		if len(out.Items) > limit || out.Next != "" && len(out.Items) != limit {
			r.t.Fatalf("a page of %d has %d", limit, len(out.Items))
		}
		for _, insider := range out.Items {
			if _, twice := all[insider.Person.ID]; twice {
				r.t.Fatalf("%s comes twice", insider.Person.ID)
			}
			all[insider.Person.ID] = insider
		}
		if page.Cursor = out.Next; page.Cursor == "" {
			return all
		}
	}
}

func TestWhoIsEverybodyWithAccess(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(5, 40).Draw(rt, "calls") {
			w.do(rt)
		}
		o := newOracle(w.rig)
		for id := range o.collections {
			limit := rapid.IntRange(1, 9).Draw(rt, "limit")
			all := w.whoAll(Operator(), id, limit)
			for p := range o.persons {
				in, can := all[p], o.can[seat{p, id}]
				if in.Can != can {
					rt.Fatalf("%s holds %s in %s, and is said to hold %s: %+v", p, can, id, in.Can, in.Reasons)
				}
				var sum gate.Capability
				for _, reason := range in.Reasons {
					if sum |= reason.Worth; reason.Worth&^reason.Can != 0 || (reason.Worth != reason.Can) != (len(reason.Cut) > 0) {
						rt.Fatalf("%+v", reason)
					}
				}
				if sum != in.Can || in.Own|in.Inherited != in.Can {
					rt.Fatalf("%+v", in)
				}
			}
		}
		for p := range o.persons {
			w.compareAccess(rt, o, p)
		}
	})
}

// compareAccess reads what a person may do where, page by page.
func (w *world) compareAccess(rt *rapid.T, o *oracle, p gate.PersonID) {
	got := map[gate.CollectionID]gate.Capability{}
	for page := (Page{Limit: 2}); ; {
		out := must[List[Access]](w.t)(w.dir.AccessOf(w.ctx, Operator(), p, page))
		for _, a := range out.Items {
			got[a.Collection] = a.Can
		}
		if page.Cursor = out.Next; page.Cursor == "" {
			break
		}
	}
	for id := range o.collections {
		if got[id] != o.can[seat{p, id}] {
			rt.Fatalf("%s holds %s in %s, and is said to hold %s", p, o.can[seat{p, id}], id, got[id])
		}
	}
	if !o.stands(p) {
		return
	}
	mine := must[List[Collection]](w.t)(w.dir.Collections(w.ctx, As(p), Page{Limit: MaxPage}))
	for _, c := range mine.Items {
		if got[c.ID] == 0 {
			rt.Fatalf("%s sees %s and has nothing in it", p, c.Name)
		}
	}
	if n := len(mine.Items); n != len(got) {
		rt.Fatalf("%s sees %d collections, and has something in %d", p, n, len(got))
	}
}

func TestWhoSaysWhy(t *testing.T) {
	r := newRig(t)
	boss, ann, bob, eve := r.person(Manager), r.person(Standard), r.person(Limited), r.person(Limited)
	c := r.collection(As(ann), gate.Locked)
	outer := r.collection(Operator(), gate.Locked, c)
	jury := r.group(bob, eve)
	r.grant(As(ann), c, to(bob), gate.View|gate.Share)
	r.grant(Operator(), outer, toGroup(jury), gate.View|gate.Stats)
	r.grant(As(bob), c, to(eve), gate.View)
	_, err := r.dir.ChangeGroup(r.ctx, Operator(), jury, GroupChange{EndsAt: ptr(epoch.Add(time.Hour))})
	ok(t, err)
	all := r.whoAll(As(ann), c, 50)
	if len(all) != 4 {
		t.Fatalf("%d persons", len(all))
	}
	if in := all[boss]; in.Inherited != Everything || in.Own != 0 || in.Reasons[0].Role != Manager {
		t.Errorf("the manager: %+v", in)
	}
	if in := all[ann]; in.Own != Everything || !in.Reasons[0].Owner {
		t.Errorf("the owner: %+v", in)
	}
	if in := all[bob]; in.Own != gate.View|gate.Share || in.Inherited != gate.View|gate.Stats || len(in.Reasons) != 2 ||
		in.Reasons[1].Grant.Holder != toGroup(jury) || in.Reasons[1].Collection != outer {
		t.Errorf("bob: %+v", in)
	}
	why := func(p gate.PersonID, want ...string) {
		t.Helper()
		var cuts []string
		for _, reason := range r.whoAll(As(ann), c, 50)[p].Reasons {
			cuts = append(cuts, reason.Cut...)
		}
		text := strings.Join(cuts, "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%q does not say %q", text, w)
			}
		}
		if len(want) == 0 && text != "" {
			t.Errorf("cut because of %q", text)
		}
	}
	why(bob)
	why(eve)
	r.pass(time.Hour)
	why(bob, "the group ended at 2026-07-01T13:00:00Z")
	r.grant(As(ann), c, to(bob), gate.Share)
	why(eve, fmt.Sprintf("given by %s, who holds share", bob))
	_, err = r.dir.SuspendPerson(r.ctx, Operator(), eve, "")
	ok(t, err)
	why(eve, "the person is suspended")
	// An inclusion by somebody who manages it no more.
	std := r.person(Standard)
	r.grant(As(ann), c, to(std), gate.Manage)
	theirs := r.collection(As(std), gate.Locked, c)
	r.grant(As(std), theirs, to(r.person(Limited)), gate.View)
	ok(t, r.dir.RemoveGrant(r.ctx, As(ann), GrantID{to(std), c}))
	why(std, fmt.Sprintf("was included by %s, who does not manage it any more", std))
}

func TestWhoAtAPlaceThatIsGone(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	for range 5 {
		r.grant(Operator(), c, to(r.person(Limited)), gate.View)
	}
	first := must[List[Insider]](t)(r.dir.Who(r.ctx, Operator(), c, Page{Limit: 2}))
	_, err := r.dir.Who(r.ctx, Operator(), r.collection(Operator(), 0), Page{Cursor: first.Next})
	fails[*Invalid](t, err)
	ok(t, r.dir.DeleteCollection(r.ctx, Operator(), c))
	_, err = r.dir.Who(r.ctx, Operator(), c, Page{Cursor: first.Next})
	fails[*NotFound](t, err)
}

// TestPagesOfManyMembers goes through a large group without reading it whole.
func TestPagesOfManyMembers(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	var persons []gate.PersonID
	for range 300 {
		persons = append(persons, r.person(Limited))
	}
	r.grant(Operator(), c, toGroup(r.group(persons...)), gate.View)
	r.store.reset()
	out := must[List[Insider]](t)(r.dir.Who(r.ctx, Operator(), c, Page{Limit: 10}))
	if len(out.Items) != 10 || r.store.calls["get person"] > 20 {
		t.Errorf("a page of %d costs %v", len(out.Items), r.store.calls)
	}
	if all := r.whoAll(Operator(), c, 70); len(all) != 300 {
		t.Errorf("%d persons", len(all))
	}
}
