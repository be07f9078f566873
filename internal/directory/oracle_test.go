package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
	"pgregory.net/rapid"
)

// oracle reads everything anew and answers straight from the rules, with no
// thought for cost.
type oracle struct {
	persons     map[gate.PersonID]*Person
	groups      map[gate.GroupID]*Group
	members     map[MemberID]bool
	collections map[gate.CollectionID]*Collection
	grants      []*Grant
	links       map[gate.LinkID]*gate.Link
	site        Site
	now         time.Time
	can         map[seat]gate.Capability
}

func readAll[T any](ctx context.Context, t testing.TB, store gate.Documents, kind gate.Kind) (all []*T) {
	ok(t, each(ctx, store, kind, "", func(r *T) error { all = append(all, r); return nil }))
	return all
}

func newOracle(r *rig) *oracle {
	o := &oracle{
		persons: map[gate.PersonID]*Person{}, groups: map[gate.GroupID]*Group{}, members: map[MemberID]bool{},
		collections: map[gate.CollectionID]*Collection{}, links: map[gate.LinkID]*gate.Link{}, now: r.now(), can: map[seat]gate.Capability{},
	}
	store := r.store.Store
	for _, p := range readAll[Person](r.ctx, r.t, store, gate.KindPerson) {
		o.persons[p.ID] = p
	}
	for _, g := range readAll[Group](r.ctx, r.t, store, gate.KindGroup) {
		o.groups[g.ID] = g
	}
	for _, m := range readAll[Member](r.ctx, r.t, store, gate.KindMember) {
		o.members[MemberID{m.Group, m.Person}] = true
	}
	for _, c := range readAll[Collection](r.ctx, r.t, store, gate.KindCollection) {
		o.collections[c.ID] = c
	}
	for _, l := range readAll[gate.Link](r.ctx, r.t, store, gate.KindLink) {
		o.links[l.ID] = l
	}
	o.grants = readAll[Grant](r.ctx, r.t, store, gate.KindGrant)
	for _, s := range readAll[Site](r.ctx, r.t, store, gate.KindSite) {
		o.site = *s
	}
	o.grow()
	return o
}

func (o *oracle) stands(id gate.PersonID) bool {
	for range maxSponsors + 1 {
		p := o.persons[id]
		if p == nil || p.Standing.State != gate.Active || (!p.Until.IsZero() && !o.now.Before(p.Until)) {
			return false
		}
		if p.Sponsor.IsZero() {
			return true
		}
		id = p.Sponsor
	}
	return false
}

func in(from, to, now time.Time) bool {
	return (from.IsZero() || !now.Before(from)) && (to.IsZero() || now.Before(to))
}

// grow lets the rights of everybody on everything grow from nothing.
func (o *oracle) grow() {
	for grown := true; grown; {
		grown = false
		for p := range o.persons {
			for c := range o.collections {
				can := o.step(p, c)
				if can&^o.can[seat{p, c}] != 0 {
					o.can[seat{p, c}] |= can
					grown = true
				}
			}
		}
	}
}

func (o *oracle) step(p gate.PersonID, c gate.CollectionID) (can gate.Capability) {
	if !o.stands(p) {
		return 0
	}
	if slices.Contains(o.site.Owners, p) || o.persons[p].Role == Manager || o.collections[c].Owner == p {
		return Everything
	}
	for _, g := range o.grants {
		if g.Collection != c || !in(g.StartsAt, g.EndsAt, o.now) {
			continue
		}
		if !g.Holder.Group.IsZero() {
			group := o.groups[g.Holder.Group]
			if group == nil || !in(group.StartsAt, group.EndsAt, o.now) || !o.members[MemberID{group.ID, p}] {
				continue
			}
		} else if g.Holder.Person != p {
			continue
		}
		give := g.Can
		if give&gate.Manage != 0 {
			give = Everything
		}
		if !g.By.IsZero() {
			give &= o.can[seat{g.By, c}]
		}
		can |= give
	}
	for _, outer := range o.collections {
		if o.includes(outer, c) {
			can |= o.can[seat{p, outer.ID}]
		}
	}
	return can
}

// includes reports whether outer includes c by somebody who may say so.
func (o *oracle) includes(outer *Collection, c gate.CollectionID) bool {
	for _, inner := range outer.Includes {
		if inner.Collection == c && (inner.By.IsZero() || o.can[seat{inner.By, c}]&gate.Manage != 0) {
			return true
		}
	}
	return false
}

func (o *oracle) within(c, outer gate.CollectionID) bool {
	seen := map[gate.CollectionID]bool{c: true}
	for grown := true; grown; {
		grown = false
		for _, x := range o.collections {
			for inner := range seen {
				if !seen[x.ID] && o.includes(x, inner) {
					seen[x.ID], grown = true, true
				}
			}
		}
	}
	return seen[outer]
}

func (o *oracle) place(p gate.Path) (best gate.Place) {
	for _, c := range o.collections {
		for _, scope := range c.Paths {
			longer := len(scope.Root()) > len(best.Scope.Root()) || len(scope.Root()) == len(best.Scope.Root()) && !scope.Tree()
			if scope.Covers(p) && (best.Collection.IsZero() || longer) {
				best = gate.Place{Collection: c.ID, Level: c.Level, Scope: scope}
			}
		}
	}
	return best
}

func (o *oracle) hold(p gate.PersonID, c gate.CollectionID) gate.Capability {
	if c.IsZero() && o.stands(p) && (slices.Contains(o.site.Owners, p) || o.persons[p].Role == Manager) {
		return Everything
	}
	return o.can[seat{p, c}]
}

// worth is what a link says after everybody above it was heard.
func (o *oracle) worth(l *gate.Link, place gate.Place) gate.Capability {
	if !o.covers(l, place) {
		return 0
	}
	if l.By.IsZero() && len(l.Above) == 0 {
		return l.Can
	}
	can, parent := l.Can, (*gate.Link)(nil)
	above := Everything
	if len(l.Above) > 0 {
		if parent = o.links[l.Above[0]]; parent == nil {
			return 0
		}
		above = o.worth(parent, place)
	}
	can &= above
	if l.By.IsZero() {
		return can
	}
	where := l.Collection
	if where.IsZero() {
		where = place.Collection
	}
	var held gate.Capability
	if h := o.hold(l.By, where); h&gate.Share != 0 {
		held = h
	}
	if parent != nil && o.stands(l.By) && above&gate.Share != 0 && (len(parent.For) == 0 || slices.Contains(parent.For, l.By)) {
		held |= above
	}
	return can & held
}

func (o *oracle) covers(l *gate.Link, place gate.Place) bool {
	return l.Collection.IsZero() || !place.Collection.IsZero() && o.within(place.Collection, l.Collection)
}

func (o *oracle) rule(c gate.Case) gate.Ruling {
	reason, can := o.ruled(c)
	if reason == gate.OK && can == 0 {
		reason = gate.NoCapability
	}
	if reason != gate.OK {
		can = 0
	}
	if c.Place.Level == gate.Public {
		reason, can = gate.OK, can|gate.View
	}
	return gate.Ruling{Reason: reason, Can: can}
}

func (o *oracle) ruled(c gate.Case) (gate.Reason, gate.Capability) {
	stamps := []time.Time{o.site.CutAt}
	if col := o.collections[c.Place.Collection]; col != nil {
		stamps = append(stamps, col.CutAt)
	} else if !c.Place.Collection.IsZero() {
		return gate.LockedPlace, 0
	}
	if col := o.collections[c.Link.Collection]; col != nil {
		stamps = append(stamps, col.CutAt)
	}
	if !c.Person.IsZero() {
		if !o.stands(c.Person) {
			return gate.NoSession, 0
		}
		stamps = append(stamps, o.persons[c.Person].CutAt)
	}
	for _, stamp := range stamps {
		if !stamp.IsZero() && !c.Opened.After(stamp) {
			return gate.NoSession, 0
		}
	}
	named := slices.Contains(c.Link.For, c.Person)
	bound := len(c.Link.For) > 0 && c.Link.Password == "" // else whoever knows the password may have the session
	switch {
	case bound && c.Person.IsZero():
		return gate.SignIn, 0
	case bound && !named:
		return gate.WrongPerson, 0
	case !o.covers(c.Link, c.Place):
		return gate.NotCovered, 0
	case c.Place.Collection.IsZero():
		return gate.OK, o.worth(c.Link, c.Place)
	}
	own := o.can[seat{c.Person, c.Place.Collection}]
	if c.Place.Level == gate.Members && !c.Person.IsZero() {
		own |= gate.View
	}
	if c.Link.Pass {
		if own == 0 {
			return gate.LockedPlace, 0
		}
		return gate.OK, own
	}
	switch c.Place.Level {
	case gate.Locked:
		if named {
			return gate.OK, own | o.worth(c.Link, c.Place)
		}
		if own == 0 {
			return gate.LockedPlace, 0
		}
		return gate.OK, own
	case gate.Members:
		if c.Person.IsZero() {
			return gate.SignIn, 0
		}
	case gate.ByLink, gate.Public: // whoever has the link
	}
	return gate.OK, own | o.worth(c.Link, c.Place)
}

// world is a rig with things that random calls are made on.
type world struct {
	*rig
	persons     []gate.PersonID
	groups      []gate.GroupID
	collections []gate.CollectionID
	links       []gate.LinkID
	names       int
	told        *View // hears all news, but is never asked to Know
	heard       int64
}

func newWorld(t testing.TB) *world {
	w := &world{rig: newRig(t, func(s *Settings) { s.Homes = []gate.Scope{scope(t, "/*")} })}
	w.told = NewView(w.store, w.now)
	for _, role := range []Role{Owner, Manager, Standard, Standard, Limited, Limited, Limited} {
		w.persons = append(w.persons, w.person(role))
	}
	w.groups = append(w.groups, w.group(w.persons[3]), w.group(w.persons[4], w.persons[5]))
	for _, p := range []string{"/a/*", "/a/b/*", "/a/b/c.mp4", "/d/*"} {
		w.names++
		c := must[Collection](t)(w.dir.CreateCollection(w.ctx, As(w.persons[2]), NewCollection{Name: fmt.Sprintf("w%d", w.names), Paths: []gate.Scope{scope(t, p)}, Level: gate.Level(w.names % 3)}))
		w.collections = append(w.collections, c.ID)
	}
	return w
}

var worldPaths = []string{"/a/x.mp4", "/a/b/x.mp4", "/a/b/c.mp4", "/a/b/c.mp4/y", "/ab/x.mp4", "/d/e/f/x.mp4", "/z.mp4", "/d/e", "/d", "/q/x/y"}

// do makes one random call. Many are refused, as they should be.
func (w *world) do(r *rapid.T) {
	pick := func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(r, name) }
	person := func() gate.PersonID { return w.persons[pick("person", len(w.persons))] }
	group := func() gate.GroupID { return w.groups[pick("group", len(w.groups))] }
	collection := func() gate.CollectionID { return w.collections[pick("collection", len(w.collections))] }
	who := Operator()
	if pick("operator", 3) > 0 {
		who = As(person())
	}
	holder := to(person())
	if pick("to a group", 3) == 0 {
		holder = toGroup(group())
	}
	can := gate.Capability(rapid.IntRange(1, int(Everything)).Draw(r, "can"))
	at := func(name string) time.Time {
		if n := pick(name, 6); n < 3 {
			return w.now().Add(time.Duration(n-1) * time.Hour)
		}
		return time.Time{}
	}
	var err error
	switch pick("call", 18) {
	case 0, 1, 2, 3:
		_, err = w.dir.PutGrant(w.ctx, who, NewGrant{Collection: collection(), Holder: holder, Can: can, StartsAt: at("from"), EndsAt: at("to")})
	case 4:
		err = w.dir.RemoveGrant(w.ctx, who, GrantID{holder, collection()})
	case 5:
		_, err = w.dir.AddMembers(w.ctx, who, group(), []gate.PersonID{person(), person()})
	case 6:
		_, err = w.dir.RemoveMembers(w.ctx, who, group(), []gate.PersonID{person()})
	case 7:
		_, err = w.dir.ChangeCollection(w.ctx, who, collection(), CollectionChange{Level: ptr(gate.Level(pick("level", 4)))})
	case 8, 9:
		_, err = w.dir.ChangeCollection(w.ctx, who, collection(), CollectionChange{Includes: &[]gate.CollectionID{collection()}})
	case 10:
		_, err = w.dir.ChangePerson(w.ctx, who, person(), PersonChange{Role: ptr(Role(pick("role", 4)))})
	case 11:
		if pick("resume", 2) == 0 {
			_, err = w.dir.ResumePerson(w.ctx, who, person())
		} else {
			_, err = w.dir.SuspendPerson(w.ctx, who, person(), "")
		}
	case 12:
		_, err = w.dir.ChangePerson(w.ctx, who, person(), PersonChange{Sponsor: ptr(person()), Until: ptr(at("until"))})
	case 13:
		_, err = w.dir.ChangeGroup(w.ctx, who, group(), GroupChange{StartsAt: ptr(at("from")), EndsAt: ptr(at("to"))})
	case 14:
		w.names++
		var c Collection
		c, err = w.dir.CreateCollection(w.ctx, who, NewCollection{
			Name: fmt.Sprintf("w%d", w.names), Level: gate.Level(pick("level", 4)), Includes: []gate.CollectionID{collection()},
			Paths: []gate.Scope{scope(w.t, []string{"/q/*", "/d/e/*", "/*", "/a/b/*", "/d/e"}[pick("path", 5)])},
		})
		if err == nil && len(w.collections) < 8 {
			w.collections = append(w.collections, c.ID)
		}
	case 15:
		switch pick("cut", 4) {
		case 0:
			_, err = w.dir.CutAll(w.ctx, who)
		case 1:
			_, err = w.dir.CutCollection(w.ctx, who, collection())
		default:
			_, err = w.dir.CutPerson(w.ctx, who, person())
		}
	case 16:
		w.newLink(r, can, pick)
	case 17:
		switch pick("delete", 3) {
		case 0:
			err = w.dir.DeleteCollection(w.ctx, who, collection())
		case 1:
			_, err = w.dir.DeletePerson(w.ctx, who, person(), Farewell{Cut: pick("cut", 2) == 0})
			if err == nil && len(w.persons) < 9 {
				w.persons = append(w.persons, w.person(Limited))
			}
		case 2:
			if len(w.links) > 0 { // a link above others becomes less
				l := w.links[pick("link", len(w.links))]
				_, err = change(w.ctx, w.store, gate.KindLink, l.String(), func(rec *linkRecord) error { rec.Can &= can; return nil })
				if is[*Invalid](err) {
					err = nil
				}
			}
		}
	}
	if err != nil && !personal(err) {
		r.Fatalf("not refused but failed: %v (%T)", err, err)
	}
}

// linkRecord lets tests change a link as they change other records.
type linkRecord struct{ gate.Link }

func (l *linkRecord) document() (gate.Kind, string, []string) {
	doc, _ := l.Document()
	return doc.Kind, doc.ID, doc.Index
}

func (l *linkRecord) Validate() error {
	if l.Can == 0 {
		return invalid("can", "nothing")
	}
	return nil
}

func (w *world) newLink(r *rapid.T, can gate.Capability, pick func(string, int) int) {
	l := gate.Link{ID: gate.LinkID(token.NewID(w.now())), Can: can & gate.LinkCapabilities, Scope: scope(w.t, "/*")}
	if l.Can == 0 || len(w.links) > 12 {
		return
	}
	if pick("by", 3) > 0 {
		l.By = w.persons[pick("by whom", len(w.persons))]
	}
	if pick("in a collection", 2) == 0 {
		l.Collection = w.collections[pick("which", len(w.collections))]
	}
	if pick("for", 3) == 0 {
		l.For = []gate.PersonID{w.persons[pick("for whom", len(w.persons))]}
		if l.Pass = pick("pass", 2) == 0 && !l.Collection.IsZero(); l.Pass {
			l.By = gate.PersonID{} // nobody makes one
		}
	}
	if pick("password", 3) == 0 && !l.Pass {
		l.Password = "a PHC string"
	}
	if len(w.links) > 0 && pick("made from", 2) == 0 && !l.Pass {
		parent := must[gate.Document](w.t)(w.store.Store.Get(w.ctx, gate.KindLink, w.links[pick("parent", len(w.links))].String()))
		above := must[gate.Link](w.t)(gate.LinkFrom(parent))
		if l.Above = append([]gate.LinkID{above.ID}, above.Above...); len(l.Above) > gate.MaxAbove || above.Pass {
			return
		}
	}
	ok(w.t, l.Validate(gate.Terms{}))
	doc := must[gate.Document](w.t)(l.Document())
	must[int64](w.t)(w.store.Put(w.ctx, doc))
	w.links = append(w.links, l.ID)
}

// tell hands the news to the view that is told: all of it, or with gaps.
func (w *world) tell(r *rapid.T) {
	names, edition, _, err := w.store.Store.Edits(w.ctx, w.heard)
	ok(w.t, err)
	// Edits names each document once: so news of the others is lost here.
	for i, name := range names {
		at := edition - int64(len(names)-1-i)
		if len(names) == 1 || at > w.heard {
			w.told.Told(gate.Change{Kind: gate.DocumentChanged, Document: name, Edition: at})
		}
	}
	if w.heard = edition; rapid.IntRange(0, 30).Draw(r, "missed") == 0 {
		w.told.Told(gate.Change{Kind: gate.Missed})
	}
}

func (w *world) compare(r *rapid.T) {
	o := newOracle(w.rig)
	ok(w.t, w.view.Know(w.ctx, w.edition()))
	if w.view.Edition() != w.edition() {
		r.Fatalf("edition %d, want %d", w.view.Edition(), w.edition())
	}
	for _, v := range []*View{w.view, w.told} {
		ok(w.t, v.current(w.ctx)) // also where there is nobody, or nothing, to ask about
		for p := range o.persons {
			for c := range o.collections {
				ok(w.t, v.current(w.ctx))
				if got, _, err := v.hold(w.ctx, p, c, w.now()); err != nil || got != o.can[seat{p, c}] {
					r.Fatalf("told %v: %s holds %s in %s, want %s, %v", v == w.told, p, got, c, o.can[seat{p, c}], err)
				}
			}
		}
		for _, text := range worldPaths {
			w.compareAt(r, v, o, path(w.t, text))
		}
	}
}

func (w *world) compareAt(r *rapid.T, v *View, o *oracle, p gate.Path) {
	place := v.Place(p)
	if want := o.place(p); place != want {
		r.Fatalf("%s is at %v, want %v", p, place, want)
	}
	persons := append([]gate.PersonID{{}}, w.persons...)
	for id := range o.links {
		c := gate.Case{
			Now: w.now(), Place: place, Link: o.links[id], Person: persons[rapid.IntRange(0, len(persons)-1).Draw(r, "viewer")],
			Opened: w.now().Add(time.Duration(rapid.IntRange(-2, 1).Draw(r, "opened")) * time.Minute),
		}
		got, err := v.Rule(w.ctx, c)
		if err != nil {
			r.Fatal(err)
		}
		want := o.rule(c)
		if want.Until = got.Until; got != want {
			r.Fatalf("told %v: ruling on %s of link %+v for %s is %v %s, want %v %s", v == w.told, p, c.Link, c.Person, got.Reason, got.Can, want.Reason, want.Can)
		}
		if !got.Until.IsZero() {
			if !got.Until.After(w.now()) {
				r.Fatalf("until %s is not after %s", got.Until, w.now())
			}
		}
		w.compareLater(r, o, c, got)
	}
}

// compareLater holds that time alone does not change a ruling before its Until.
func (w *world) compareLater(r *rapid.T, o *oracle, c gate.Case, got gate.Ruling) {
	later := *o
	later.now, later.can = w.now().Add(59*time.Minute+59*time.Second+999*time.Millisecond), map[seat]gate.Capability{}
	if !got.Until.IsZero() && !got.Until.After(later.now) {
		later.now = got.Until.Add(-time.Millisecond)
	}
	if rapid.IntRange(0, 9).Draw(r, "look ahead") > 0 {
		return
	}
	later.grow()
	c.Now = later.now
	if then := later.rule(c); then.Reason != got.Reason || then.Can != got.Can {
		r.Fatalf("until %s the ruling is said to stay %v %s, but at %s it is %v %s", got.Until, got.Reason, got.Can, c.Now, then.Reason, then.Can)
	}
}

func TestViewIsTheRulesThemselves(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		r.Repeat(map[string]func(*rapid.T){
			"do":   w.do,
			"do 2": w.do,
			"do 3": w.do,
			"tell": w.tell,
			"pass": func(r *rapid.T) {
				w.pass(time.Duration(rapid.SampledFrom([]int{1, 29_000, 61_000, 3_600_000}).Draw(r, "ms")) * time.Millisecond)
			},
			"": func(r *rapid.T) { w.tell(r); w.compare(r); w.owned(r) },
		})
	})
}

// owned holds that the account always has owners, and not too many, who have
// rights.
func (w *world) owned(r *rapid.T) {
	o := newOracle(w.rig)
	if n := len(o.site.Owners); n < 1 || n > 3 {
		r.Fatalf("%d owners", n)
	}
	for _, id := range o.site.Owners {
		if !o.stands(id) || o.persons[id].Role != Manager {
			r.Fatalf("owner %s: %+v", id, o.persons[id])
		}
	}
	seen := map[string]bool{}
	for _, c := range o.collections {
		for _, p := range c.Paths {
			if seen[p.String()] {
				r.Fatalf("%s is in two collections", p)
			}
			seen[p.String()] = true
		}
		if strings.TrimSpace(c.Name) == "" {
			r.Fatal("a collection without a name")
		}
	}
}
