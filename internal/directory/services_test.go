package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

func results(outcomes []Outcome) string {
	var words []string
	for _, o := range outcomes {
		words = append(words, o.Result)
	}
	return strings.Join(words, " ")
}

func TestAddPerson(t *testing.T) {
	r := newRig(t)
	p := must[Person](t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "Ann@Example.com", Name: "Ann", Role: Owner}))
	if p.Email != "ann@example.com" || p.Role != Manager && p.Role != Owner {
		t.Error(p)
	}
	if got := must[Person](t)(r.dir.PersonByAddress(r.ctx, "ANN@example.com")); got.ID != p.ID || got.Role != Owner {
		t.Error(got)
	}
	if got := must[Person](t)(r.dir.PersonByID(r.ctx, p.ID)); got.Role != Owner {
		t.Error(got)
	}
	if got := must[Person](t)(r.dir.PersonByAddressID(r.ctx, AddressID("ann@example.com"))); got.ID != p.ID || got.Role != Owner {
		t.Error(got)
	}
	if _, err := r.dir.PersonByAddressID(r.ctx, AddressID("b@example.com")); !errors.Is(err, gate.ErrNotFound) {
		t.Errorf("nobody has it: %v", err)
	}
	_, err := r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "ann@EXAMPLE.com"})
	if e := fails[*Exists](t, err); e.ID != p.ID.String() || e.Field != "email" {
		t.Error(e)
	}
	for field, n := range map[string]NewPerson{
		"email":   {Email: "x"},
		"name":    {Email: "b@example.com", Name: "a\nb"},
		"until":   {Email: "b@example.com", Until: epoch.Add(-time.Hour)},
		"sponsor": {Email: "b@example.com", Sponsor: gate.PersonID{1}},
		"role":    {Email: "b@example.com", Role: Owner},
	} {
		_, err := r.dir.AddPerson(r.ctx, Operator(), n)
		if e := fails[*Invalid](t, err); e.Field != field {
			t.Errorf("field %s, want %s", e.Field, field)
		}
	}
	if _, err := r.dir.PersonByAddress(r.ctx, "b@example.com"); !errors.Is(err, gate.ErrNotFound) {
		t.Errorf("nothing half-applied: %v", err)
	}
	ok(t, r.dir.SetPassword(r.ctx, p.ID, "$argon2id$x"))
	if got := must[Person](t)(r.dir.PersonByID(r.ctx, p.ID)); got.Password != "$argon2id$x" {
		t.Error(got)
	}
}

func TestAddPersons(t *testing.T) {
	r := newRig(t)
	g := r.group()
	many := []NewPerson{{Email: "a@x.yz", Groups: []gate.GroupID{g}}, {Email: "nobody"}, {Email: "A@x.yz", Groups: []gate.GroupID{g}}, {Email: "b@x.yz"}, {Email: "c@x.yz", Groups: []gate.GroupID{{1}}}}
	out := must[[]Outcome](t)(r.dir.AddPersons(r.ctx, Operator(), many))
	if got := results(out); got != "added refused already added refused" {
		t.Error(got)
	}
	if out[0].Person != out[2].Person || fails[*Invalid](t, out[1].Err).Field != "email" || fails[*NotFound](t, out[4].Err).Noun != "group" {
		t.Error(out)
	}
	again := must[[]Outcome](t)(r.dir.AddPersons(r.ctx, Operator(), many[:4]))
	if got := results(again); got != "already refused already already" || again[0].Person != out[0].Person {
		t.Errorf("the same call again: %s", got)
	}
	if in := must[List[Person]](t)(r.dir.Persons(r.ctx, Operator(), PersonFilter{Group: g}, Page{})); len(in.Items) != 1 {
		t.Error(in)
	}
	_, err := r.dir.AddPersons(r.ctx, Operator(), make([]NewPerson, MaxMany+1))
	fails[*Invalid](t, err)
	r.store.on(func(call string) error {
		if call == "put person" {
			return errors.New("down")
		}
		return nil
	})
	if out, err := r.dir.AddPersons(r.ctx, Operator(), []NewPerson{{Email: "d@x.yz"}}); err == nil {
		t.Errorf("a store that is down is no outcome: %v", out)
	}
}

// TestClaims interrupts whoever takes an address, at every step.
func TestClaims(t *testing.T) {
	down := errors.New("down")
	for n := range 5 {
		r := newRig(t)
		left := n
		r.store.on(func(call string) error {
			if strings.HasPrefix(call, "put") {
				if left--; left < 0 {
					return down
				}
			}
			return nil
		})
		_, err := r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "a@x.yz"})
		r.store.on(nil)
		if n < 3 != (err != nil) {
			t.Fatalf("with %d writes: %v", n, err)
		}
		_, again := r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "a@x.yz"})
		if again != nil {
			fails[*Exists](t, again)
			r.pass(claimTime)
			_, again = r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "a@x.yz"})
		}
		if (err == nil) != is[*Exists](again) {
			t.Errorf("with %d writes: first %v, then %v", n, err, again)
		}
		if all := must[List[Person]](t)(r.dir.Persons(r.ctx, Operator(), PersonFilter{}, Page{})); len(all.Items) != 1 {
			t.Errorf("with %d writes there are %d persons", n, len(all.Items))
		}
	}
}

func TestOneAddressOnePerson(t *testing.T) {
	r := newRig(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	added := 0
	for range 10 {
		all.Go(func() {
			_, err := r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "a@x.yz"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				added++
			} else if !is[*Exists](err) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if added != 1 {
		t.Errorf("%d were added", added)
	}
}

func TestOwners(t *testing.T) {
	r := newRig(t)
	role := func(who Actor, p gate.PersonID, role Role) error {
		_, err := r.dir.ChangePerson(r.ctx, who, p, PersonChange{Role: &role})
		return err
	}
	one := r.person(Owner)
	fails[*LastOwner](t, role(As(one), one, Manager))
	_, err := r.dir.DeletePerson(r.ctx, Operator(), one, Farewell{})
	fails[*LastOwner](t, err)
	_, err = r.dir.SuspendPerson(r.ctx, Operator(), one, "")
	fails[*InUse](t, err)
	_, err = r.dir.ChangePerson(r.ctx, Operator(), one, PersonChange{Until: ptr(epoch.Add(time.Hour))})
	if e := fails[*Invalid](t, err); e.Field != "until" {
		t.Error(e)
	}
	two, three, four, std := r.person(Manager), r.person(Manager), r.person(Manager), r.person(Standard)
	if e := fails[*Invalid](t, role(As(one), std, Owner)); e.Field != "role" {
		t.Error(e)
	}
	if e := fails[*Forbidden](t, role(As(two), two, Owner)); e.Permission != Appoint {
		t.Error(e)
	}
	fails[*Forbidden](t, role(As(two), std, Manager))
	fails[*Forbidden](t, role(As(two), three, Standard))
	ok(t, role(As(two), std, Limited))
	ok(t, role(As(one), two, Owner))
	ok(t, role(As(two), three, Owner))
	fails[*InUse](t, role(As(one), four, Owner))
	if got := must[List[Person]](t)(r.dir.Persons(r.ctx, As(std2(r)), PersonFilter{Role: ptr(Owner)}, Page{})); len(got.Items) != 3 {
		t.Error(got)
	}
	if got := must[List[Person]](t)(r.dir.Persons(r.ctx, Operator(), PersonFilter{Role: ptr(Manager)}, Page{})); len(got.Items) != 1 || got.Items[0].ID != four {
		t.Error(got)
	}
	ok(t, role(As(one), one, Standard))
	if got := must[Person](t)(r.dir.PersonByID(r.ctx, one)); got.Role != Standard {
		t.Error(got.Role)
	}
}

func std2(r *rig) gate.PersonID { return r.person(Standard) }

func TestTwoOwnersCannotBothStepDown(t *testing.T) {
	for range 20 {
		r := newRig(t)
		one, two := r.person(Owner), r.person(Manager)
		_, err := r.dir.ChangePerson(r.ctx, As(one), two, PersonChange{Role: ptr(Owner)})
		ok(t, err)
		var all sync.WaitGroup
		for _, p := range [][2]gate.PersonID{{one, two}, {two, one}} {
			all.Go(func() { _, _ = r.dir.ChangePerson(r.ctx, As(p[0]), p[1], PersonChange{Role: ptr(Limited)}) })
		}
		all.Wait()
		if got := must[List[Person]](t)(r.dir.Persons(r.ctx, Operator(), PersonFilter{Role: ptr(Owner)}, Page{})); len(got.Items) != 1 {
			t.Fatalf("%d owners", len(got.Items))
		}
	}
}

func TestWhoSeesPersons(t *testing.T) {
	r := newRig(t)
	boss, std, lim := r.person(Manager), r.person(Standard), r.person(Limited)
	guest := must[Person](t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "guest@x.yz", Sponsor: lim, Until: epoch.Add(time.Hour)})).ID
	for _, c := range []struct {
		who  Actor
		whom gate.PersonID
		sees bool
	}{
		{As(boss), lim, true}, {As(std), lim, true}, {As(lim), lim, true}, {As(lim), std, false}, {As(lim), guest, true},
		{As(guest), lim, false}, {As(gate.PersonID{1}), lim, false}, {Actor{}, lim, false}, {Operator(), gate.PersonID{1}, false},
	} {
		if _, err := r.dir.Profile(r.ctx, c.who, c.whom); (err == nil) != c.sees {
			t.Errorf("%s sees %s: %v", c.who, c.whom, err)
		}
	}
	_, err := r.dir.Persons(r.ctx, As(lim), PersonFilter{}, Page{})
	fails[*Forbidden](t, err)
	if own := must[List[Person]](t)(r.dir.Persons(r.ctx, As(lim), PersonFilter{Sponsor: lim}, Page{})); len(own.Items) != 1 {
		t.Error(own)
	}
	r.pass(2 * time.Hour)
	_, err = r.dir.Profile(r.ctx, As(guest), guest)
	fails[*Forbidden](t, err)
}

func TestGuestsHangOnTheirSponsor(t *testing.T) {
	r := newRig(t)
	ann := r.person(Standard)
	guest := must[Person](t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "guest@x.yz", Sponsor: ann})).ID
	c := r.collection(Operator(), gate.Locked)
	r.grant(Operator(), c, to(guest), gate.View)
	holds := func(want gate.Capability) {
		t.Helper()
		if got := r.holds(guest, c); got != want {
			t.Errorf("the guest holds %s, want %s", got, want)
		}
	}
	holds(gate.View)
	_, err := r.dir.SuspendPerson(r.ctx, Operator(), ann, "left")
	ok(t, err)
	holds(0)
	_, err = r.dir.ResumePerson(r.ctx, Operator(), ann)
	ok(t, err)
	holds(gate.View)
	for name, bad := range map[string]gate.PersonID{"a guest": guest, "themselves": ann} {
		_, err := r.dir.ChangePerson(r.ctx, Operator(), ann, PersonChange{Sponsor: &bad})
		if e := fails[*Invalid](t, err); e.Field != "sponsor" {
			t.Errorf("%s: %v", name, e)
		}
	}
	out := must[Departed](t)(r.dir.DeletePerson(r.ctx, Operator(), ann, Farewell{}))
	if out.Guests != 1 {
		t.Error(out)
	}
	holds(0)
	if p := must[Person](t)(r.dir.PersonByID(r.ctx, guest)); p.Standing.State != gate.Suspended {
		t.Error(p.Standing)
	}
}

func TestPages(t *testing.T) {
	r := newRig(t)
	var want []string
	for range 25 {
		want = append(want, r.person(Standard).String())
	}
	slices.Sort(want)
	slices.Reverse(want)
	var got []string
	page := Page{Limit: 10}
	for n := 1; ; n++ {
		r.store.reset()
		out := must[List[Person]](t)(r.dir.Persons(r.ctx, Operator(), PersonFilter{Role: ptr(Standard)}, page))
		if r.store.calls["list person"] != 1 || r.store.calls["get person"] != 0 {
			t.Errorf("a page costs %v", r.store.calls)
		}
		for _, p := range out.Items {
			got = append(got, p.ID.String())
		}
		if page.Cursor = out.Next; page.Cursor == "" {
			if n != 3 {
				t.Errorf("%d pages", n)
			}
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	first := must[List[Person]](t)(r.dir.Persons(r.ctx, Operator(), PersonFilter{}, Page{Limit: 1}))
	for _, bad := range []Page{{Limit: -1}, {Limit: MaxPage + 1}, {Cursor: "x"}, {Cursor: "!"}, {Cursor: first.Next}, {Cursor: strings.Repeat("a", 4000)}} {
		_, err := r.dir.Persons(r.ctx, Operator(), PersonFilter{Role: ptr(Standard)}, bad)
		fails[*Invalid](t, err)
	}
}

func TestBadges(t *testing.T) {
	r := newRig(t)
	ann, c := r.person(Limited), r.collection(Operator(), gate.Locked)
	badge := func(want string) {
		t.Helper()
		if p := must[Profile](t)(r.dir.Profile(r.ctx, Operator(), ann)); p.Badge != want {
			t.Errorf("badge %s, want %s", p.Badge, want)
		}
	}
	badge(Viewer)
	r.grant(Operator(), c, to(ann), gate.View)
	badge(Viewer)
	r.grant(Operator(), c, to(ann), gate.View|gate.Download)
	badge(Collaborator)
	ok(t, r.dir.RemoveGrant(r.ctx, Operator(), GrantID{to(ann), c}))
	badge(Viewer)
	r.grant(Operator(), c, toGroup(r.group(ann)), gate.Stats)
	badge(Collaborator)
	_, err := r.dir.ChangePerson(r.ctx, Operator(), ann, PersonChange{Role: ptr(Standard)})
	ok(t, err)
	badge("standard")
}

func TestGroups(t *testing.T) {
	r := newRig(t)
	ann, bob, c := r.person(Limited), r.person(Standard), r.collection(Operator(), gate.Locked)
	g := must[Group](t)(r.dir.CreateGroup(r.ctx, Operator(), NewGroup{Name: "Jury", StartsAt: epoch.Add(time.Hour), EndsAt: epoch.Add(2 * time.Hour)}))
	_, err := r.dir.CreateGroup(r.ctx, Operator(), NewGroup{Name: "JURY"})
	if e := fails[*Exists](t, err); e.ID != g.ID.String() {
		t.Error(e)
	}
	_, err = r.dir.CreateGroup(r.ctx, As(bob), NewGroup{Name: "Mine"})
	if e := fails[*Forbidden](t, err); e.Permission != ManageGroups {
		t.Error(e)
	}
	out := must[[]Outcome](t)(r.dir.AddMembers(r.ctx, Operator(), g.ID, []gate.PersonID{ann, ann, {1}, bob}))
	if got := results(out); got != "added already refused added" {
		t.Error(got)
	}
	r.grant(Operator(), c, toGroup(g.ID), gate.View)
	holds := func(when string, want gate.Capability) {
		t.Helper()
		if got := r.holds(ann, c); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	holds("before the window", 0)
	r.pass(time.Hour)
	holds("in the window", gate.View)
	out = must[[]Outcome](t)(r.dir.RemoveMembers(r.ctx, Operator(), g.ID, []gate.PersonID{ann, {1}}))
	if got := results(out); got != "removed already" {
		t.Error(got)
	}
	holds("taken out", 0)
	must[[]Outcome](t)(r.dir.AddMembers(r.ctx, Operator(), g.ID, []gate.PersonID{ann}))
	holds("in again", gate.View)
	if got := must[Group](t)(r.dir.GroupByName(r.ctx, As(ann), "jury")); got.ID != g.ID {
		t.Error(got)
	}
	if e := fails[*NotFound](t, func() error { _, err := r.dir.GroupByName(r.ctx, As(r.person(Limited)), "jury"); return err }()); e.ID != "jury" {
		t.Error(e)
	}
	closed := must[Group](t)(r.dir.CloseGroup(r.ctx, Operator(), g.ID))
	if !closed.EndsAt.Equal(r.now()) {
		t.Error(closed)
	}
	holds("closed", 0)
	out = must[[]Outcome](t)(r.dir.AddMembers(r.ctx, Operator(), g.ID, []gate.PersonID{{2}}))
	fails[*Ended](t, out[0].Err)
	_, err = r.dir.PutGrant(r.ctx, Operator(), NewGrant{Collection: c, Holder: toGroup(g.ID), Can: gate.View})
	fails[*Ended](t, err)
	must[Group](t)(r.dir.ChangeGroup(r.ctx, Operator(), g.ID, GroupChange{EndsAt: ptr(time.Time{}), Name: ptr("Judges")}))
	holds("opened again", gate.View)
	must[Group](t)(r.dir.CreateGroup(r.ctx, Operator(), NewGroup{Name: "Jury"}))
	ok(t, r.dir.DeleteGroup(r.ctx, Operator(), g.ID))
	holds("deleted", 0)
	if n := len(must[List[Grant]](t)(r.dir.GrantsOn(r.ctx, Operator(), c, Page{})).Items); n != 0 {
		t.Errorf("%d grants are left", n)
	}
	must[Group](t)(r.dir.CreateGroup(r.ctx, Operator(), NewGroup{Name: "judges"}))
}

func TestPathsBelongToOneCollection(t *testing.T) {
	r := newRig(t)
	std, other := r.person(Standard), r.person(Standard)
	a := must[Collection](t)(r.dir.CreateCollection(r.ctx, As(std), NewCollection{Name: "a", Paths: []gate.Scope{scope(t, "/home/a/*")}}))
	if a.Owner != std || r.holds(std, a.ID) != Everything {
		t.Error("who makes a collection does not manage it")
	}
	create := func(who Actor, name, path string) error {
		_, err := r.dir.CreateCollection(r.ctx, who, NewCollection{Name: name, Paths: []gate.Scope{scope(t, path)}})
		return err
	}
	if e := fails[*Exists](t, create(Operator(), "b", "/home/a/*")); e.Field != "paths" || e.ID != a.ID.String() {
		t.Error(e)
	}
	if e := fails[*Exists](t, create(Operator(), "a", "/home/b/*")); e.Field != "name" {
		t.Error(e)
	}
	for path, may := range map[string]bool{
		"/home/a/mine/*": false, "/home/a/film.mp4": false, // in somebody else's
		"/raw/*": false, "/homes/x/*": false, "/*": false, // in nobody's, and in no home
		"/home/*":   false, // what the others have there is not theirs
		"/home/x/*": true, "/home/ab/*": true,
	} {
		err := create(As(other), "o"+strings.Trim(strings.NewReplacer("/", "-", "*", "", ".", "").Replace(path), "-"), path)
		if may != (err == nil) {
			t.Errorf("%s: %v", path, err)
		}
		if !may && fails[*Forbidden](t, err).Permission != LayPaths {
			t.Errorf("%s: %v", path, err)
		}
	}
	ok(t, create(As(std), "inner", "/home/a/inner/*"))
	fails[*Forbidden](t, create(As(r.person(Limited)), "lim", "/home/lim/*"))
	_, err := r.dir.ChangeCollection(r.ctx, As(std), a.ID, CollectionChange{Paths: &[]gate.Scope{scope(t, "/home/a/*"), scope(t, "/raw/*")}})
	fails[*Forbidden](t, err)
	_, err = r.dir.ChangeCollection(r.ctx, As(std), a.ID, CollectionChange{Paths: &[]gate.Scope{scope(t, "/home/a2/*")}, Name: ptr("a2")})
	ok(t, err)
	ok(t, create(As(other), "a", "/home/a/*"))
	ok(t, r.dir.DeleteCollection(r.ctx, As(std), a.ID))
	ok(t, create(As(other), "a2", "/home/a2/*"))
	_, err = r.dir.Collection(r.ctx, Operator(), a.ID)
	fails[*NotFound](t, err)
}

// TestManagingACollectionKeepsNothingOfIt: who was granted it lays its paths out
// as its owner would, and does not take one for themselves.
func TestManagingACollectionKeepsNothingOfIt(t *testing.T) {
	r := newRig(t)
	std, helper := r.person(Standard), r.person(Standard)
	create := func(who gate.PersonID, name, path string) (Collection, error) {
		return r.dir.CreateCollection(r.ctx, As(who), NewCollection{Name: name, Paths: []gate.Scope{scope(t, path)}})
	}
	add := func(who gate.PersonID, to Collection, path string) error {
		paths := append(slices.Clone(to.Paths), scope(t, path))
		_, err := r.dir.ChangeCollection(r.ctx, As(who), to.ID, CollectionChange{Paths: &paths})
		return err
	}
	a, b := must[Collection](t)(create(std, "a", "/home/a/*")), must[Collection](t)(create(std, "b", "/home/b/*"))
	own := must[Collection](t)(create(helper, "own", "/home/own/*"))
	for _, col := range []Collection{a, b, own} {
		for _, holder := range []gate.PersonID{std, helper} {
			must[Grant](t)(r.dir.PutGrant(r.ctx, Operator(), NewGrant{Collection: col.ID, Holder: Holder{Person: holder}, Can: gate.Manage}))
		}
	}
	_, err := create(helper, "mine", "/home/a/film/*")
	fails[*Forbidden](t, err)
	fails[*Forbidden](t, add(helper, own, "/home/a/film/*"))
	ok(t, add(helper, b, "/home/a/film/*"))
	ok(t, add(std, own, "/home/a/clip/*"))
	_, err = create(std, "inner", "/home/a/inner/*")
	ok(t, err)
	// Nor by making it nobody's first.
	for name, giveUp := range map[string]func(who gate.PersonID) error{
		"deleting": func(who gate.PersonID) error { return r.dir.DeleteCollection(r.ctx, As(who), a.ID) },
		"taking out": func(who gate.PersonID) error {
			_, err := r.dir.ChangeCollection(r.ctx, As(who), a.ID, CollectionChange{Paths: &[]gate.Scope{scope(t, "/home/a2/*")}})
			return err
		},
	} {
		if e := fails[*Forbidden](t, giveUp(helper)); e.Permission != ChangeCollections {
			t.Errorf("%s: %v", name, e)
		}
		_, err = create(helper, "mine", "/home/a/*")
		if !is[*Exists](err) && !is[*Forbidden](err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := r.place(a.ID); got.Collection != a.ID {
		t.Errorf("the path is in %s", got.Collection)
	}
	ok(t, r.dir.DeleteCollection(r.ctx, As(std), a.ID))
	out := must[Collection](t)(r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: "out", Paths: []gate.Scope{scope(t, "/raw/*")}}))
	must[Grant](t)(r.dir.PutGrant(r.ctx, Operator(), NewGrant{Collection: out.ID, Holder: Holder{Person: helper}, Can: gate.Manage}))
	ok(t, r.dir.DeleteCollection(r.ctx, As(helper), out.ID)) // outside of the homes nobody takes it
	_, err = create(helper, "mine", "/raw/*")
	fails[*Forbidden](t, err)
	all := must[Collection](t)(r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: "all", Paths: []gate.Scope{scope(t, "/*")}}))
	must[Grant](t)(r.dir.PutGrant(r.ctx, Operator(), NewGrant{Collection: all.ID, Holder: Holder{Person: helper}, Can: gate.Manage}))
	fails[*Forbidden](t, r.dir.DeleteCollection(r.ctx, As(helper), all.ID)) // in which the homes are
}

func TestTwoDoNotGetTheSamePath(t *testing.T) {
	r := newRig(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			_, err := r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: fmt.Sprintf("c%d", i), Paths: []gate.Scope{scope(t, fmt.Sprintf("/x%d/*", i)), scope(t, "/same/*")}})
			if err != nil && !is[*Exists](err) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := must[List[Collection]](t)(r.dir.Collections(r.ctx, Operator(), Page{})); len(got.Items) != 1 {
		t.Errorf("%d collections have it", len(got.Items))
	}
	for i := range 8 { // and nobody keeps a path of what was refused
		_, err := r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: fmt.Sprintf("d%d", i), Paths: []gate.Scope{scope(t, fmt.Sprintf("/x%d/*", i))}})
		if err != nil && !is[*Exists](err) {
			t.Error(err)
		}
	}
	if got := must[List[Collection]](t)(r.dir.Collections(r.ctx, Operator(), Page{})); len(got.Items) != 8 {
		t.Errorf("%d collections", len(got.Items))
	}
}

func TestIncludes(t *testing.T) {
	r := newRig(t)
	a := r.collection(Operator(), gate.Locked)
	chain := []gate.CollectionID{a}
	for range MaxDepth - 1 {
		chain = append(chain, r.collection(Operator(), gate.Locked, chain[len(chain)-1]))
	}
	include := func(who Actor, outer gate.CollectionID, inner ...gate.CollectionID) error {
		_, err := r.dir.ChangeCollection(r.ctx, who, outer, CollectionChange{Includes: &inner})
		return err
	}
	top := chain[len(chain)-1]
	fails[*Cycle](t, include(Operator(), a, top))
	fails[*Cycle](t, include(Operator(), a, a))
	if e := fails[*Invalid](t, include(Operator(), r.collection(Operator(), gate.Locked), top)); e.Field != "includes" {
		t.Error(e)
	}
	fails[*Invalid](t, include(Operator(), a, gate.CollectionID{9}))
	ann, std := r.person(Limited), r.person(Standard)
	r.grant(Operator(), top, to(ann), gate.View)
	if r.holds(ann, a) != gate.View {
		t.Error("a grant does not flow all the way down")
	}
	// Managing the inner one is what it takes, and as long as it takes.
	mine := r.collection(As(std), gate.Locked)
	fails[*Invalid](t, include(As(std), mine, a)) // it is not told whether there is such a thing
	r.grant(Operator(), a, to(std), gate.View|gate.Share)
	if e := fails[*Forbidden](t, include(As(std), mine, a)); e.Missing != gate.Manage || e.Collection != a {
		t.Error(e)
	}
	r.grant(Operator(), a, to(std), gate.Manage)
	ok(t, include(As(std), mine, a))
	r.grant(As(std), mine, to(r.person(Limited)), gate.View)
	bob := must[Person](t)(r.dir.PersonByAddress(r.ctx, fmt.Sprintf("p%d@example.com", r.n))).ID
	if r.holds(bob, a) != gate.View {
		t.Error("a grant does not flow down")
	}
	ok(t, r.dir.RemoveGrant(r.ctx, Operator(), GrantID{to(std), a}))
	if r.holds(bob, a) != 0 || r.holds(std, a) != 0 {
		t.Error("who managed a collection once keeps it by including it in their own")
	}
}

func TestSharing(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	ann, bob, eve, boss := r.person(Limited), r.person(Limited), r.person(Limited), r.person(Manager)
	put := func(who Actor, p gate.PersonID, can gate.Capability) error {
		_, err := r.dir.PutGrant(r.ctx, who, NewGrant{Collection: c, Holder: to(p), Can: can})
		return err
	}
	fails[*NotFound](t, put(As(ann), bob, gate.View))
	ok(t, put(As(boss), ann, gate.View|gate.Download))
	if e := fails[*Forbidden](t, put(As(ann), bob, gate.View)); e.Missing != gate.Share {
		t.Error(e)
	}
	ok(t, put(As(boss), ann, gate.View|gate.Download|gate.Share))
	if e := fails[*Forbidden](t, put(As(ann), bob, gate.View|gate.Upload|gate.Manage)); e.Missing != gate.Upload|gate.Manage {
		t.Error(e)
	}
	ok(t, put(As(ann), bob, gate.View|gate.Download|gate.Share))
	ok(t, put(As(bob), eve, gate.View|gate.Download))
	// What others gave, only those who manage change.
	if e := fails[*Forbidden](t, put(As(bob), ann, gate.View)); e.Missing != gate.Manage {
		t.Error(e)
	}
	fails[*NotFound](t, r.dir.RemoveGrant(r.ctx, As(ann), GrantID{to(eve), c}))
	// Lowering the first lowers all at once.
	ok(t, put(As(boss), ann, gate.View|gate.Share))
	for _, p := range []gate.PersonID{bob, eve} {
		if got := r.holds(p, c); got&gate.Download != 0 || got&gate.View == 0 {
			t.Errorf("%s holds %s", p, got)
		}
	}
	// Each sees what is theirs.
	count := func(who Actor) int {
		return len(must[List[Grant]](t)(r.dir.GrantsOn(r.ctx, who, c, Page{})).Items)
	}
	if a, b, all := count(As(ann)), count(As(bob)), count(As(boss)); a != 2 || b != 2 || all != 3 {
		t.Errorf("ann sees %d, bob %d, the manager %d", a, b, all)
	}
	_, err := r.dir.GrantsOn(r.ctx, As(eve), c, Page{})
	fails[*Forbidden](t, err)
	_, err = r.dir.Who(r.ctx, As(ann), c, Page{})
	if e := fails[*Forbidden](t, err); e.Permission != SeeWho || e.Missing != gate.Manage {
		t.Error(e)
	}
	if got := must[List[Grant]](t)(r.dir.GrantsOf(r.ctx, As(eve), to(eve), Page{})); len(got.Items) != 1 {
		t.Error(got)
	}
	ok(t, r.dir.RemoveGrant(r.ctx, As(eve), GrantID{to(eve), c})) // one's own
	ok(t, r.dir.RemoveGrant(r.ctx, As(boss), GrantID{to(ann), c}))
	if r.holds(bob, c) != 0 {
		t.Error("what a person without rights gave is worth something")
	}
}

func TestBringingIn(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	for _, row := range []struct {
		role Role
		can  gate.Capability
		may  bool
	}{
		{Limited, gate.View | gate.Share, false}, {Limited, gate.Manage, true},
		{Standard, gate.View, false}, {Standard, gate.View | gate.Share, true}, {Standard, gate.Manage, true},
	} {
		p := r.person(row.role)
		r.grant(Operator(), c, to(p), row.can)
		r.n++
		_, err := r.dir.AddPerson(r.ctx, As(p), NewPerson{Email: fmt.Sprintf("new%d@x.yz", r.n), For: c})
		if (err == nil) != row.may {
			t.Errorf("%s with %s: %v", row.role, row.can, err)
		}
		_, err = r.dir.AddPerson(r.ctx, As(p), NewPerson{Email: fmt.Sprintf("other%d@x.yz", r.n)})
		fails[*Forbidden](t, err)
		_, err = r.dir.AddPerson(r.ctx, As(p), NewPerson{Email: fmt.Sprintf("other%d@x.yz", r.n), For: c, Role: Standard})
		fails[*Forbidden](t, err)
	}
}

func TestGivingACollectionAway(t *testing.T) {
	r := newRig(t)
	ann, bob := r.person(Standard), r.person(Standard)
	c := r.collection(As(ann), gate.Locked)
	r.grant(As(ann), c, to(bob), gate.Manage)
	_, err := r.dir.ChangeCollection(r.ctx, As(bob), c, CollectionChange{Owner: &bob})
	fails[*Forbidden](t, err)
	_, err = r.dir.ChangeCollection(r.ctx, As(ann), c, CollectionChange{Owner: &gate.PersonID{}})
	fails[*Invalid](t, err)
	_, err = r.dir.ChangeCollection(r.ctx, As(ann), c, CollectionChange{Owner: &bob})
	ok(t, err)
	if r.holds(bob, c) != Everything || r.holds(ann, c) != 0 {
		t.Error("it was not given away")
	}
}

func TestPermissionsByRole(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	caps := map[Reach]gate.Capability{WithManage: gate.Manage, WithShare: gate.View | gate.Share, WithStats: gate.View | gate.Stats}
	for role := Limited; role <= Owner; role++ {
		p := r.person(min(role, Manager))
		if role == Owner {
			p = must[Person](t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "owner@x.yz", Role: Owner})).ID
		}
		if got := must[Role](t)(r.dir.Role(r.ctx, As(p))); got != role {
			t.Fatalf("role %s, want %s", got, role)
		}
		for _, perm := range Permissions() {
			if err := r.dir.May(r.ctx, As(p), perm, gate.CollectionID{}); (err == nil) != (role.Reach(perm) == Everywhere) {
				t.Errorf("%s, %s: %v", role, perm, err)
			}
			ok(t, r.dir.May(r.ctx, Operator(), perm, c))
			for reach, can := range caps {
				r.grant(Operator(), c, to(p), can)
				want := role.Reach(perm) == Everywhere || role.Reach(perm) != Nowhere && expand(can)&role.Reach(perm).needs() != 0
				if err := r.dir.May(r.ctx, As(p), perm, c); (err == nil) != want {
					t.Errorf("%s, %s, %s: %v", role, perm, reach, err)
				}
			}
			ok(t, r.dir.RemoveGrant(r.ctx, Operator(), GrantID{to(p), c}))
		}
	}
}

func TestCuts(t *testing.T) {
	r := newRig(t)
	owner, boss, ann := r.person(Owner), r.person(Manager), r.person(Limited)
	c := r.collection(Operator(), gate.ByLink)
	outer := r.collection(Operator(), gate.ByLink, c)
	r.grant(Operator(), c, to(ann), gate.View)
	link := &gate.Link{Scope: scope(t, "/*"), Can: gate.View, Collection: outer}
	opened := r.now()
	sees := func(when string, link *gate.Link, person gate.PersonID, opened time.Time, want gate.Reason) {
		t.Helper()
		if got := r.rule(gate.Case{Place: r.place(c), Link: link, Person: person, Opened: opened}); got.Reason != want {
			t.Errorf("%s: %v, want %v", when, got.Reason, want)
		}
	}
	sees("at first", link, ann, opened, gate.OK)
	r.pass(time.Second)
	if at := must[time.Time](t)(r.dir.CutPerson(r.ctx, As(boss), ann)); !at.Equal(r.now()) {
		t.Error(at)
	}
	sees("cut", link, ann, opened, gate.NoSession)
	sees("opened at the very moment", link, ann, r.now(), gate.NoSession)
	sees("opened later", link, ann, r.now().Add(time.Millisecond), gate.OK)
	sees("being opened", link, ann, time.Time{}, gate.OK)
	sees("somebody else", link, gate.PersonID{}, opened, gate.OK)
	for since, want := range map[time.Time]bool{opened: false, r.now().Add(time.Millisecond): true} {
		if got := must[bool](t)(r.view.Admits(r.ctx, ann, since, r.now().Add(time.Second))); got != want {
			t.Errorf("a sign-in of %s: %v", since, got)
		}
	}
	must[time.Time](t)(r.dir.CutCollection(r.ctx, As(boss), outer))
	sees("the link's collection", link, gate.PersonID{}, opened, gate.NoSession)
	sees("another link", &gate.Link{Scope: scope(t, "/*"), Can: gate.View}, gate.PersonID{}, opened, gate.OK)
	must[time.Time](t)(r.dir.CutCollection(r.ctx, Operator(), c))
	sees("the place's collection", &gate.Link{Scope: scope(t, "/*"), Can: gate.View}, gate.PersonID{}, opened, gate.NoSession)
	_, err := r.dir.CutAll(r.ctx, As(boss))
	if e := fails[*Forbidden](t, err); e.Permission != CutAll {
		t.Error(e)
	}
	_, err = r.dir.CutPerson(r.ctx, As(boss), owner)
	fails[*Forbidden](t, err)
	r.pass(time.Second)
	fresh := r.now()
	must[time.Time](t)(r.dir.CutAll(r.ctx, As(owner)))
	sees("everything", link, gate.PersonID{}, fresh, gate.NoSession)
	if must[bool](t)(r.view.Admits(r.ctx, owner, fresh, fresh)) {
		t.Error("a sign-in survives")
	}
	if must[bool](t)(r.view.Admits(r.ctx, gate.PersonID{1}, fresh.Add(time.Hour), fresh)) {
		t.Error("nobody is admitted")
	}
	must[time.Time](t)(r.dir.CutPerson(r.ctx, As(ann), ann))
}

func TestChangesMeetingOneAnother(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	first := true
	r.store.on(func(call string) error {
		if call == "put collection" && first {
			first = false
			_, err := change(context.Background(), r.store.Store, gate.KindCollection, c.String(), func(col *Collection) error { col.Level = gate.Members; return nil })
			return err
		}
		return nil
	})
	col := must[Collection](t)(r.dir.ChangeCollection(r.ctx, Operator(), c, CollectionChange{Title: ptr("Films")}))
	if col.Title != "Films" || col.Level != gate.Members {
		t.Error(col)
	}
	r.store.on(func(call string) error {
		if call == "put collection" {
			return gate.ErrConflict
		}
		return nil
	})
	if _, err := r.dir.ChangeCollection(r.ctx, Operator(), c, CollectionChange{Title: ptr("X")}); !errors.Is(err, gate.ErrConflict) {
		t.Error(err)
	}
}
