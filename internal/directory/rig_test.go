package directory

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// counting is a store that counts what it is asked.
type counting struct {
	gate.Store
	mu     sync.Mutex
	calls  map[string]int
	before func(call string) error // called before each
}

func (s *counting) note(verb string, kind gate.Kind) error {
	call := verb
	if kind != "" {
		call += " " + string(kind)
	}
	s.mu.Lock()
	s.calls[call]++
	before := s.before
	s.mu.Unlock()
	if before != nil {
		return before(call)
	}
	return nil
}

func (s *counting) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	if err := s.note("get", kind); err != nil {
		return gate.Document{}, err
	}
	return s.Store.Get(ctx, kind, id)
}

func (s *counting) Put(ctx context.Context, doc gate.Document) (int64, error) {
	if err := s.note("put", doc.Kind); err != nil {
		return 0, err
	}
	return s.Store.Put(ctx, doc)
}

func (s *counting) Delete(ctx context.Context, kind gate.Kind, id string) error {
	if err := s.note("delete", kind); err != nil {
		return err
	}
	return s.Store.Delete(ctx, kind, id)
}

func (s *counting) List(ctx context.Context, kind gate.Kind, term, below string, limit int) ([]gate.Document, error) {
	if err := s.note("list", kind); err != nil {
		return nil, err
	}
	return s.Store.List(ctx, kind, term, below, limit)
}

func (s *counting) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	if err := s.note("edits", ""); err != nil {
		return nil, 0, false, err
	}
	return s.Store.Edits(ctx, since)
}

func (s *counting) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = map[string]int{}
}

func (s *counting) on(before func(string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

// rig is a directory on the model, with a clock that tests turn.
type rig struct {
	t     testing.TB
	ctx   context.Context
	mu    sync.Mutex
	clock time.Time
	store *counting
	view  *View
	dir   *Directory
	n     int
}

var epoch = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func newRig(t testing.TB, change ...func(*Settings)) *rig {
	r := &rig{t: t, ctx: t.Context(), clock: epoch}
	r.store = &counting{Store: model.New(r.now), calls: map[string]int{}}
	r.view = NewView(r.store, r.now)
	settings := Settings{Now: func(context.Context) (time.Time, error) { return r.now(), nil }, Homes: []gate.Scope{scope(t, "/home/*")}}
	for _, c := range change {
		c(&settings)
	}
	var err error
	if r.dir, err = New(r.store, r.view, settings); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(d)
}

func scope(t testing.TB, text string) gate.Scope {
	t.Helper()
	s, err := gate.ParseScope(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func path(t testing.TB, text string) gate.Path {
	t.Helper()
	p, ok := gate.ParsePath(gate.EncodePath(text))
	if !ok {
		t.Fatalf("no path: %s", text)
	}
	return p
}

func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails wants an error of the type.
func fails[E error](t testing.TB, err error) E {
	t.Helper()
	var want E
	if !is[E](err) {
		t.Fatalf("got %v (%T), want %T", err, err, want)
	}
	want, _ = asType[E](err)
	return want
}

func (r *rig) person(role Role) gate.PersonID {
	r.t.Helper()
	r.n++
	return must[Person](r.t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: fmt.Sprintf("p%d@example.com", r.n), Role: role})).ID
}

func (r *rig) group(members ...gate.PersonID) gate.GroupID {
	r.t.Helper()
	r.n++
	g := must[Group](r.t)(r.dir.CreateGroup(r.ctx, Operator(), NewGroup{Name: fmt.Sprintf("Group %d", r.n)}))
	for _, o := range must[[]Outcome](r.t)(r.dir.AddMembers(r.ctx, Operator(), g.ID, members)) {
		if o.Result != Added {
			r.t.Fatal(o)
		}
	}
	return g.ID
}

// collection makes one with a path that only it has.
func (r *rig) collection(who Actor, level gate.Level, includes ...gate.CollectionID) gate.CollectionID {
	r.t.Helper()
	r.n++
	return must[Collection](r.t)(r.dir.CreateCollection(r.ctx, who, NewCollection{
		Name: fmt.Sprintf("c%d", r.n), Paths: []gate.Scope{scope(r.t, fmt.Sprintf("/home/c%d/*", r.n))}, Level: level, Includes: includes,
	})).ID
}

func (r *rig) grant(who Actor, id gate.CollectionID, holder Holder, can gate.Capability) GrantID {
	r.t.Helper()
	return must[Grant](r.t)(r.dir.PutGrant(r.ctx, who, NewGrant{Collection: id, Holder: holder, Can: can})).ID()
}

func to(p gate.PersonID) Holder     { return Holder{Person: p} }
func toGroup(g gate.GroupID) Holder { return Holder{Group: g} }
func (r *rig) edition() int64       { _, e, _, _ := r.store.Store.Edits(r.ctx, -1); return e }
func (r *rig) know()                { r.t.Helper(); ok(r.t, r.view.Know(r.ctx, r.edition())) }
func linkID() gate.LinkID           { return gate.LinkID(token.NewID(epoch)) }
func ptr[T any](v T) *T             { return &v }
func (r *rig) holds(p gate.PersonID, id gate.CollectionID) gate.Capability {
	r.t.Helper()
	r.know()
	can, _, err := r.view.hold(r.ctx, p, id, r.now())
	ok(r.t, err)
	return can
}

// place is where the collection's only path is.
func (r *rig) place(id gate.CollectionID) gate.Place {
	r.t.Helper()
	r.know()
	e, _ := r.view.index.Load().collection(id)
	if e == nil || len(e.paths) == 0 {
		r.t.Fatal("no such collection")
	}
	return r.view.Place(path(r.t, e.paths[0].Root()+"/film.mp4"))
}

func (r *rig) rule(c gate.Case) gate.Ruling {
	r.t.Helper()
	r.know()
	if c.Now.IsZero() {
		c.Now = r.now()
	}
	return must[gate.Ruling](r.t)(r.view.Rule(r.ctx, c))
}
