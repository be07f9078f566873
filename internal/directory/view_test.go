package directory

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

func TestNothingIsLoadedNothingIsOpen(t *testing.T) {
	r := newRig(t)
	place := r.view.Place(path(t, "/a/b"))
	if place.Level != gate.Locked || place.Collection.IsZero() {
		t.Fatalf("an unloaded view says %v", place)
	}
	if r.view.Edition() >= 0 {
		t.Error("an unloaded view has an edition")
	}
	got := r.rule(gate.Case{Place: place, Link: &gate.Link{Scope: scope(t, "/*"), Can: gate.View}, Opened: epoch})
	if got.Reason != gate.LockedPlace {
		t.Errorf("a place from before: %v", got.Reason)
	}
}

func TestPlaces(t *testing.T) {
	r := newRig(t)
	for name, paths := range map[string]string{"root": "/top/*", "acme": "/top/acme/* /top/other/film.mp4", "secret": "/top/acme/secret/*", "one": "/top/acme/one"} {
		var scopes []gate.Scope
		for p := range strings.FieldsSeq(paths) {
			scopes = append(scopes, scope(t, p))
		}
		must[Collection](t)(r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: name, Paths: scopes}))
	}
	r.know()
	for p, want := range map[string]string{
		"/": "", "/top": "", "/topp/x": "", "/to/x": "", "/top/": "root", "/top/x": "root", "/top/acme": "root",
		"/top/acme/": "acme", "/top/acme/x/y/z": "acme", "/top/acmex/y": "root", "/top/other/film.mp4": "acme",
		"/top/other/film.mp4/": "root", "/top/other/film.mp45": "root", "/top/acme/secret": "acme", "/top/acme/secret/a": "secret",
		"/top/acme/secrets/a": "acme", "/top/acme/one": "one", "/top/acme/one/x": "acme",
	} {
		place := r.view.Place(path(t, p))
		got := ""
		if !place.Collection.IsZero() {
			got = must[Collection](t)(r.dir.Collection(r.ctx, Operator(), place.Collection)).Name
			if !place.Scope.Covers(path(t, p)) {
				t.Errorf("%s is said to be in %s", p, place.Scope)
			}
		}
		if got != want {
			t.Errorf("%s is in %q, want %q", p, got, want)
		}
	}
	deep := path(t, "/top/acme/secret/a/b/c/d.mp4")
	if n := testing.AllocsPerRun(100, func() { r.view.Place(deep) }); n != 0 {
		t.Errorf("Place allocates %v times", n)
	}
}

func TestKnowAsksOnlyWhereTheEditionIsAnother(t *testing.T) {
	r := newRig(t)
	r.person(Owner)
	r.know()
	r.store.reset()
	for range 10 {
		r.know()
	}
	if len(r.store.calls) != 0 {
		t.Errorf("the known edition costs %v", r.store.calls)
	}
	if n := testing.AllocsPerRun(100, func() { _ = r.view.Know(r.ctx, r.view.Edition()) }); n != 0 {
		t.Errorf("Know allocates %v times", n)
	}
	r.person(Limited)
	r.know()
	if r.store.calls["edits"] == 0 || r.store.calls["list collection"] != 0 {
		t.Errorf("a new edition costs %v", r.store.calls)
	}
}

// TestWarmRulings holds that what was asked for lately costs no trip, and what
// is new to the view only trips that do not grow with what there is.
func TestWarmRulings(t *testing.T) {
	r := newRig(t)
	for range 30 {
		r.collection(Operator(), gate.Locked)
	}
	ann, c := r.person(Limited), r.collection(Operator(), gate.Locked)
	r.grant(Operator(), c, toGroup(r.group(ann)), gate.View)
	outer := r.collection(Operator(), gate.Locked, c)
	bob := r.person(Standard)
	r.grant(Operator(), outer, to(bob), gate.View|gate.Share)
	ask := gate.Case{
		Place: r.place(c), Person: ann, Opened: r.now(),
		Link: &gate.Link{Scope: scope(t, "/*"), Can: gate.View, By: bob, Collection: c},
	}
	r.store.reset()
	if got := r.rule(ask); got.Reason != gate.OK || got.Can != gate.View {
		t.Fatal(got)
	}
	lists := 0
	for call, n := range r.store.calls {
		if strings.HasPrefix(call, "list ") {
			lists += n
		}
		if call == "list collection" || call == "list grant" || call == "list person" || call == "list group" {
			t.Errorf("a ruling costs %d %s", n, call)
		}
	}
	if lists > 2 { // the groups of two persons
		t.Errorf("a ruling costs %v", r.store.calls)
	}
	r.store.reset()
	for range 5 {
		r.rule(ask)
	}
	if len(r.store.calls) != 0 {
		t.Errorf("a warm ruling costs %v", r.store.calls)
	}
	r.pass(2 * memoryAge)
	r.rule(ask)
	if r.store.calls["edits"] != 1 || r.store.calls["get person"] == 0 {
		t.Errorf("after %s a ruling costs %v", 2*memoryAge, r.store.calls)
	}
}

// TestALoadFromBeforeAChangeIsNotRemembered changes each document while the
// view waits for it.
func TestALoadFromBeforeAChangeIsNotRemembered(t *testing.T) {
	r := newRig(t)
	ann, c := r.person(Limited), r.collection(Operator(), gate.Locked)
	g := r.group(ann)
	r.grant(Operator(), c, toGroup(g), gate.View|gate.Download)
	ask := gate.Case{Place: r.place(c), Person: ann, Opened: r.now()}
	for _, during := range []string{"get person", "get group", "get grant", "list member"} {
		t.Run(during, func(t *testing.T) {
			r.view.forgetAll()
			r.know()
			after := false
			v := r.view
			slow := &afterwards{counting: r.store, on: during, do: func() {
				if after {
					return
				}
				after = true
				_, err := r.dir.SuspendPerson(r.ctx, Operator(), ann, "")
				ok(t, err)
				_, err = r.dir.RemoveMembers(r.ctx, Operator(), g, []gate.PersonID{ann})
				ok(t, err)
				_, err = r.dir.CloseGroup(r.ctx, Operator(), g)
				ok(t, err)
				ok(t, r.dir.RemoveGrant(r.ctx, Operator(), GrantID{toGroup(g), c}))
				ok(t, v.Know(r.ctx, r.edition()))
			}}
			v.store = slow
			must[gate.Ruling](t)(v.Rule(r.ctx, gate.Case{Now: r.now(), Place: ask.Place, Person: ann, Opened: ask.Opened}))
			v.store = r.store
			if !after {
				t.Fatal("it was not asked for")
			}
			if got := r.rule(ask); got.Reason != gate.NoSession {
				t.Errorf("a suspended person: %v", got)
			}
			_, err := r.dir.ResumePerson(r.ctx, Operator(), ann)
			ok(t, err)
			if got := r.rule(ask); got.Reason != gate.LockedPlace {
				t.Errorf("who was taken out of a closed group without a grant: %v", got)
			}
			ok(t, remove(r.ctx, r.store, gate.KindGroup, g.String()))
			g = r.group(ann)
			r.grant(Operator(), c, toGroup(g), gate.View|gate.Download)
			if got := r.rule(ask); got.Can != gate.View|gate.Download {
				t.Errorf("in a new group: %v", got)
			}
		})
	}
}

// afterwards does something after a read and before its answer is seen.
type afterwards struct {
	*counting
	on string
	do func()
}

func (s *afterwards) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	doc, err := s.counting.Get(ctx, kind, id)
	if s.on == "get "+string(kind) {
		s.do()
	}
	return doc, err
}

func (s *afterwards) List(ctx context.Context, kind gate.Kind, term, below string, limit int) ([]gate.Document, error) {
	docs, err := s.counting.List(ctx, kind, term, below, limit)
	if s.on == "list "+string(kind) {
		s.do()
	}
	return docs, err
}

func TestAStoreThatCannotBeAskedIsAnError(t *testing.T) {
	r := newRig(t)
	ann, c := r.person(Limited), r.collection(Operator(), gate.Locked)
	r.grant(Operator(), c, to(ann), gate.View)
	place := r.place(c)
	down := errors.New("down")
	for _, verb := range []string{"get person", "get grant", "list member", "get link", "edits", "list collection", "get site"} {
		v := NewView(r.store, r.now)
		r.store.on(func(call string) error {
			if call == verb {
				return down
			}
			return nil
		})
		err := v.Know(r.ctx, r.edition())
		if err == nil {
			_, err = v.Rule(r.ctx, gate.Case{Now: r.now(), Place: place, Person: ann, Opened: r.now(), Link: &gate.Link{Can: gate.View, By: ann, Above: []gate.LinkID{linkID()}, Scope: scope(t, "/*"), For: []gate.PersonID{ann}}})
		}
		if !errors.Is(err, down) {
			t.Errorf("%s fails: %v", verb, err)
		}
		r.store.on(nil)
		ok(t, v.Know(r.ctx, r.edition()))
		if got, err := v.Rule(r.ctx, gate.Case{Now: r.now(), Place: place, Person: ann, Opened: r.now()}); err != nil || got.Can != gate.View {
			t.Errorf("after %s failed: %v, %v", verb, got, err)
		}
	}
}

// forgetful is a store that has lost what changed.
type forgetful struct{ *counting }

func (s forgetful) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	_, edition, _, err := s.counting.Edits(ctx, since)
	return nil, edition + 1000, false, err
}

func TestWhereEditsAreLostAllIsReadAgain(t *testing.T) {
	r := newRig(t)
	ann, c := r.person(Limited), r.collection(Operator(), gate.Locked)
	id := r.grant(Operator(), c, to(ann), gate.View)
	if r.holds(ann, c) != gate.View {
		t.Fatal("no grant")
	}
	ok(t, r.store.Store.Delete(r.ctx, gate.KindGrant, id.String()))
	other := r.collection(Operator(), gate.Public)
	r.view.store = forgetful{r.store}
	ok(t, r.view.Know(r.ctx, r.edition()+1000))
	if can, _, err := r.view.hold(r.ctx, ann, c, r.now()); err != nil || can != 0 {
		t.Errorf("after all was read again: %s, %v", can, err)
	}
	if e, _ := r.view.index.Load().collection(other); e == nil {
		t.Error("the new collection is not there")
	}
	if r.view.Edition() != r.edition()+1000 {
		t.Error("the edition is", r.view.Edition())
	}
}

func TestNews(t *testing.T) {
	r := newRig(t)
	c := r.collection(Operator(), gate.Locked)
	ann := r.person(Limited)
	r.know()
	known := r.view.Edition()
	changed := func(kind gate.Kind, id string, edition int64) gate.Change {
		return gate.Change{Kind: gate.DocumentChanged, Document: gate.DocumentName{Kind: kind, ID: id}, Edition: edition}
	}
	r.view.Told(changed(gate.KindPerson, ann.String(), known+1))
	if r.view.Edition() != known+1 {
		t.Errorf("news of a person, one after the other, is known at once: %d", r.view.Edition())
	}
	r.view.Told(changed(gate.KindSignIn, "x", known+2))
	if r.view.Edition() != known+2 {
		t.Errorf("news of what is not remembered: %d", r.view.Edition())
	}
	r.view.Told(changed(gate.KindPerson, ann.String(), known+4))
	gap := r.view.Edition()
	if gap >= 0 {
		t.Errorf("news with a gap before it: %d", gap)
	}
	r.view.Told(changed(gate.KindCollection, c.String(), known+5))
	if again := r.view.Edition(); again >= 0 || again == gap {
		t.Errorf("news of a collection: %d, and before %d", again, gap)
	}
	r.know()
	for _, news := range []gate.Change{{Kind: gate.Missed}, changed(gate.KindCollection, c.String(), 1), changed(gate.KindSite, "site", 1)} {
		_, err := r.dir.ChangeCollection(r.ctx, Operator(), c, CollectionChange{Title: ptr(news.Document.ID + "x")})
		ok(t, err)
		r.know()
		news.Edition += r.edition()
		r.view.Told(news)
		if r.view.Edition() >= 0 {
			t.Errorf("%v leaves the edition at %d", news, r.view.Edition())
		}
		r.store.reset()
		must[gate.Ruling](t)(r.view.Rule(r.ctx, gate.Case{Now: r.now(), Place: r.view.Place(path(t, "/x")), Link: &gate.Link{Can: 1, Scope: scope(t, "/*")}}))
		if r.store.calls["edits"] != 1 || r.store.calls["list collection"] != 0 {
			t.Errorf("after %v a ruling costs %v", news, r.store.calls)
		}
	}
	r.view.Told(gate.Change{Kind: gate.KeysChanged})
	r.view.Told(changed(gate.KindGrant, "no id", r.edition()))
}

// TestOneReadsForAll lets many ask at once, some of whom will not wait.
func TestOneReadsForAll(t *testing.T) {
	r := newRig(t)
	r.collection(Operator(), gate.Locked)
	v := NewView(r.store, r.now)
	reading, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.store.on(func(call string) error {
		if call == "list collection" {
			once.Do(func() { close(reading) })
			<-goOn
		}
		return nil
	})
	r.store.reset()
	edition := r.edition()
	first := make(chan error)
	go func() { first <- v.Know(r.ctx, edition) }()
	<-reading
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	if err := v.Know(ctx, edition); !errors.Is(err, context.Canceled) {
		t.Errorf("who does not wait gets %v", err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := v.Know(r.ctx, edition); err != nil {
				t.Error(err)
			}
		})
	}
	close(goOn)
	ok(t, <-first)
	all.Wait()
	if r.store.calls["list collection"] != 1 {
		t.Errorf("20 at once cost %v", r.store.calls)
	}
}

func TestTheViewUnderManyHands(t *testing.T) {
	r := newRig(t)
	ann, bob := r.person(Limited), r.person(Limited)
	c := r.collection(Operator(), gate.Locked)
	place := r.place(c)
	p := path(t, "/home/c3/film.mp4")
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { r.store.Watch(ctx, r.view.Told) })
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				r.view.Place(p)
				if _, err := r.view.Rule(ctx, gate.Case{Now: epoch, Place: place, Person: bob, Opened: epoch}); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	// What was acknowledged is in the next answer, whatever others do.
	for i := range 200 {
		can := gate.View
		if i%2 == 1 {
			can |= gate.Download
		}
		r.grant(Operator(), c, to(ann), can)
		if got := r.holds(ann, c); got != can {
			t.Fatalf("change %d: %s, want %s", i, got, can)
		}
		level := gate.Level(i % 4)
		_, err := r.dir.ChangeCollection(r.ctx, Operator(), c, CollectionChange{Level: &level})
		ok(t, err)
		r.know()
		if got := r.view.Place(p); got.Level != level {
			t.Fatalf("change %d: %v", i, got)
		}
	}
	cancel()
	all.Wait()
}

func TestMemoryIsBounded(t *testing.T) {
	r := newRig(t)
	m := newMemory[int, int](1000, &r.view.changes)
	for i := range 100_000 {
		m.put(byte(i), i, i, r.view.changes.Load(), epoch)
	}
	kept := 0
	for i := range m.shards {
		kept += len(m.shards[i].young) + len(m.shards[i].old)
	}
	if kept > 1000 || kept < 400 {
		t.Errorf("%d are kept", kept)
	}
	if _, found := m.get(byte(99_999%256), 99_999, epoch.Add(memoryAge-1)); !found {
		t.Error("the last one is not there")
	}
	if _, found := m.get(byte(99_999%256), 99_999, epoch.Add(2*memoryAge)); found {
		t.Error("the last one is there after two ages")
	}
}

func TestHomesAreTheCollectionsOwnPathsFirst(t *testing.T) {
	r := newRig(t)
	add := func(name string, paths []gate.Scope, includes ...gate.CollectionID) gate.CollectionID {
		return must[Collection](t)(r.dir.CreateCollection(r.ctx, Operator(), NewCollection{Name: name, Paths: paths, Includes: includes})).ID
	}
	var many []gate.Scope
	for _, letter := range strings.Split("abcdefghijklmnop", "") {
		many = append(many, scope(t, "/many/"+letter+"/*"))
	}
	inner := add("inner", []gate.Scope{scope(t, "/inner/*")})
	both := add("both", []gate.Scope{scope(t, "/b/*"), scope(t, "/a.mp4")}, inner)
	around := add("around", nil, both)
	lots := add("lots", many)
	none := add("none", nil)
	r.know()
	for id, want := range map[gate.CollectionID]string{
		inner: "/inner/*", both: "/b/* /a.mp4 /inner/*", around: "/b/* /a.mp4 /inner/*", none: "", {9}: "",
	} {
		var got []string
		for _, place := range r.view.Homes(id) {
			got = append(got, place.Scope.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
	if n := len(r.view.Homes(lots)); n != maxHomes {
		t.Errorf("%d homes", n)
	}
	if home := r.view.Homes(around)[0]; home.Collection != both {
		t.Errorf("%+v", home)
	}
}
