package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// desk is a trail on the model store, with a clock that tests move.
type desk struct {
	*testing.T
	*events.Trail
	now   time.Time
	store *shaky
	lost  []error
	mu    sync.Mutex
}

// shaky is a store whose puts fail on demand.
type shaky struct {
	gate.Store
	mu    sync.Mutex
	fails int // how many puts fail from now on
	puts  int
}

var errDown = errors.New("the store is away")

func (s *shaky) Put(ctx context.Context, doc gate.Document) (int64, error) {
	s.mu.Lock()
	s.puts++
	failing := s.fails > 0
	if failing {
		s.fails--
	}
	s.mu.Unlock()
	if failing {
		return 0, errDown
	}
	return s.Store.Put(ctx, doc)
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now }
	d.store = &shaky{Store: model.New(clock)}
	d.Trail = events.New(d.store, clock, func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.lost = append(d.lost, err)
	})
	return d
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

// all lists every event that the query finds, page by page, the oldest first.
func (d *desk) all(q events.Query, page int, sees events.Sees) []events.Event {
	d.Helper()
	var found []events.Event
	for below := (events.ID{}); ; {
		some, next, err := d.List(d.Context(), q, below, page, sees)
		if err != nil || len(some) > page {
			d.Fatalf("%d events, %v", len(some), err)
		}
		if found = append(found, some...); next.IsZero() {
			slices.Reverse(found)
			return found
		}
		below = next
	}
}

func words(all []events.Event) string {
	var words []string
	for _, e := range all {
		words = append(words, e.Type.String())
	}
	return strings.Join(words, " ")
}

func link(n byte) gate.LinkID     { return gate.LinkID{11: n} }
func person(n byte) gate.PersonID { return gate.PersonID{11: n} }

// flush writes what was noted, as the worker does at its end.
func (d *desk) flush() {
	ctx, cancel := context.WithCancel(d.Context())
	cancel()
	d.Trail.Run(ctx)
}

func TestEventsAreListedByWhatTheyAreAbout(t *testing.T) {
	d := newDesk(t)
	d.Write(t.Context(), events.Event{Type: events.LinkCreated, By: "admin", Link: link(1), Maker: person(1)})
	d.Write(t.Context(), events.Event{Type: events.PersonChanged, Person: person(2), ByPerson: person(1)})
	d.pass(time.Hour)
	d.Write(t.Context(),
		events.Event{Type: events.LinkSuspended, Link: link(1), Maker: person(1)},
		events.Event{Type: events.LinkRevoked, Link: link(1), Maker: person(1)},
		events.Event{Type: events.LinkRevoked, Link: link(2), Collection: gate.CollectionID{1}})
	d.Note(events.Event{Type: events.LinkRefused, Link: link(1), Maker: person(1), Session: gate.SessionID{1}})
	d.flush()
	for _, page := range []int{1, 2, 100} {
		for _, test := range []struct {
			q    events.Query
			want string
		}{
			{events.Query{}, "link.created person.changed link.suspended link.revoked link.revoked link.refused"},
			{events.Query{Link: link(1)}, "link.created link.suspended link.revoked link.refused"},
			{events.Query{Link: link(1), Type: events.LinkRevoked}, "link.revoked"},
			{events.Query{Type: events.LinkRevoked}, "link.revoked link.revoked"},
			{events.Query{Session: gate.SessionID{1}}, "link.refused"},
			{events.Query{Collection: gate.CollectionID{1}}, "link.revoked"},
			{events.Query{Person: person(1)}, "person.changed"},
			{events.Query{Theirs: person(1)}, "link.created person.changed link.suspended link.revoked link.refused"},
			{events.Query{Theirs: person(2)}, "person.changed"},
			{events.Query{Theirs: person(3)}, ""},
			{events.Query{Since: d.now.Add(-time.Minute)}, "link.suspended link.revoked link.revoked link.refused"},
		} {
			if got := words(d.all(test.q, page, nil)); got != test.want {
				t.Errorf("%+v by %d: %s, want %s", test.q, page, got, test.want)
			}
		}
	}
	odd := func(e *events.Event) (bool, error) { return e.Link == link(2), nil }
	if got := words(d.all(events.Query{}, 1, odd)); got != "link.revoked" {
		t.Errorf("of those that somebody sees: %s", got)
	}
	if _, _, err := d.List(t.Context(), events.Query{}, events.ID{}, 1, func(*events.Event) (bool, error) { return false, errDown }); !errors.Is(err, errDown) {
		t.Error(err)
	}
	d.pass(events.DefaultKept - time.Hour)
	if got := words(d.all(events.Query{}, 10, nil)); got != "link.suspended link.revoked link.revoked link.refused" {
		t.Errorf("after 90 days: %s", got)
	}
	if edition := d.edition(); edition != 0 {
		t.Errorf("events moved the edition to %d", edition)
	}
}

func (d *desk) edition() int64 {
	state, err := d.store.Check(d.Context(), gate.Query{})
	if err != nil {
		d.Fatal(err)
	}
	return state.Edition
}

func TestOneQuestionReadsNoMoreThanItsBound(t *testing.T) {
	d := newDesk(t)
	for range 50 {
		d.Write(t.Context(), make50(events.Event{Type: events.LinkCreated, Link: link(1)})...)
	}
	looked := 0
	page, next, err := d.List(t.Context(), events.Query{Link: link(1)}, events.ID{}, 50, func(*events.Event) (bool, error) {
		looked++
		return false, nil
	})
	if err != nil || len(page) != 0 || next.IsZero() || looked > 2100 {
		t.Errorf("%d looked at, %d shown, next %v, %v", looked, len(page), next, err)
	}
	if all := d.all(events.Query{Link: link(1), Type: events.LinkCreated}, 200, nil); len(all) != 2500 {
		t.Errorf("%d of 2500", len(all))
	}
}

func make50(e events.Event) []events.Event {
	return slices.Repeat([]events.Event{e}, 50)
}

func TestAChangeStandsWhereItsEventCannotBeKept(t *testing.T) {
	d := newDesk(t)
	d.store.fails = 2
	d.Write(t.Context(), events.Event{Type: events.LinkRevoked}, events.Event{Type: events.LinkCreated}, events.Event{Type: events.LinkChanged})
	if len(d.lost) != 2 || !errors.Is(d.lost[0], errDown) {
		t.Error(d.lost)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // whoever asked went away
	d.Write(ctx, events.Event{Type: events.LinkRevoked})
	if got := len(d.all(events.Query{}, 10, nil)); got != 2 {
		t.Errorf("%d events", got)
	}
}

func TestWhatWasNotedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.store.fails = 3
		ctx, cancel := context.WithCancel(t.Context())
		go d.Trail.Run(ctx)
		d.Note(events.Event{Type: events.LinkOpened, Link: link(1)})
		for range 5 { // bubble time
			time.Sleep(time.Second)
		}
		if got := words(d.all(events.Query{}, 10, nil)); got != "link.opened" || d.store.puts != 4 || len(d.lost) > 0 {
			t.Errorf("%s after %d puts, %v", got, d.store.puts, d.lost)
		}
		cancel()
		synctest.Wait()
	})
}

func TestAtTheEndWhatCannotBeWrittenIsCounted(t *testing.T) {
	d := newDesk(t)
	d.Note(events.Event{Type: events.LinkOpened, Link: link(1)})
	d.Note(events.Event{Type: events.LinkOpened, Link: link(2)})
	d.store.fails = 100
	d.flush()
	if len(d.lost) != 2 {
		t.Errorf("%v lost", d.lost)
	}
}

func TestAFloodIsToldByACount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		const came = 1000
		for range came {
			d.Note(events.Event{Type: events.LinkRefused, Link: link(1), Client: "x", Person: person(1), Session: gate.SessionID{1}})
		}
		d.Note(events.Event{Type: events.LinkRefused, Link: link(2)})
		ctx, cancel := context.WithCancel(t.Context())
		go d.Trail.Run(ctx)
		tick := func() {
			time.Sleep(1500 * time.Millisecond) // bubble time: the worker looks once
			synctest.Wait()
		}
		tick()
		if got := len(d.all(events.Query{Link: link(1)}, 100, nil)); got != events.Burst {
			t.Errorf("%d at once", got)
		}
		d.pass(time.Minute)
		tick()
		d.Note(events.Event{Type: events.LinkRefused, Link: link(1)})
		cancel()
		synctest.Wait()
		all := d.all(events.Query{Link: link(1)}, 100, nil)
		sum := all[events.Burst]
		if sum.Count != came-events.Burst || sum.Client != "" || !sum.Person.IsZero() || !sum.Session.IsZero() {
			t.Errorf("%+v", sum)
		}
		if last := all[len(all)-1]; len(all) != events.Burst+2 || last.Count != 1 {
			t.Errorf("%d events, the last %+v: at the end all is told", len(all), last)
		}
		if got := len(d.all(events.Query{Link: link(2)}, 100, nil)); got != 1 || len(d.lost) > 0 {
			t.Errorf("another link has %d, %v lost", got, d.lost)
		}
	})
}

func TestWhatComesTooFastIsCountedAsLost(t *testing.T) {
	d := newDesk(t)
	const came = 5000
	for n := range came {
		d.Note(events.Event{Type: events.LinkOpened, Link: gate.LinkID{1: byte(n), 2: byte(n >> 8)}})
	}
	d.flush()
	if kept := len(d.all(events.Query{}, 200, nil)); kept+len(d.lost) != came || len(d.lost) == 0 {
		t.Errorf("%d kept and %d lost of %d", kept, len(d.lost), came)
	}
}

func TestFollowing(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	d.Write(ctx, events.Event{Type: events.LinkCreated, Link: link(1)})
	d.pass(time.Second)
	f := d.Follow(events.Query{Link: link(1)}, events.ID{})
	next := func(f *events.Follower, want string) []events.Event {
		t.Helper()
		fresh, gap, err := f.Next(ctx, nil)
		if got := words(fresh); err != nil || gap || got != want {
			t.Fatalf("%s, gap %v, %v; want %s", got, gap, err, want)
		}
		return fresh
	}
	next(f, "")
	d.Write(ctx, events.Event{Type: events.LinkSuspended, Link: link(1)}, events.Event{Type: events.LinkResumed, Link: link(1)}, events.Event{Type: events.LinkResumed, Link: link(2)})
	told := next(f, "link.suspended link.resumed")
	next(f, "")
	d.pass(3 * time.Second)
	d.Write(ctx, events.Event{Type: events.LinkRevoked, Link: link(1)})
	next(f, "link.revoked")

	// Another node is behind with its clock: its event sorts before what was told.
	behind := events.New(d.store, func() time.Time { return d.now.Add(-2 * time.Second) }, func(err error) { t.Error(err) })
	behind.Write(ctx, events.Event{Type: events.LinkExtended, Link: link(1)})
	next(f, "link.extended")
	next(f, "")
	d.pass(time.Hour)
	next(f, "")

	resumed := d.Follow(events.Query{Link: link(1)}, told[0].ID)
	next(resumed, "link.resumed link.extended link.revoked")
	next(resumed, "")
	blind := d.Follow(events.Query{Link: link(1)}, told[0].ID)
	if fresh, _, err := blind.Next(ctx, func(e *events.Event) (bool, error) { return e.Type == events.LinkRevoked, nil }); err != nil || words(fresh) != "link.revoked" {
		t.Errorf("%s, %v", words(fresh), err)
	}
}

func TestFollowingSaysWhereItLeftSomethingOut(t *testing.T) {
	d := newDesk(t)
	first := events.Event{Type: events.LinkCreated, Link: link(1)}
	d.Write(t.Context(), first)
	after := d.all(events.Query{}, 10, nil)[0].ID
	for range 30 {
		d.Write(t.Context(), make50(first)...)
	}
	f := d.Follow(events.Query{}, after)
	fresh, gap, err := f.Next(t.Context(), nil)
	if err != nil || !gap || len(fresh) < 1000 || len(fresh) > 1200 {
		t.Fatalf("%d, gap %v, %v", len(fresh), gap, err)
	}
	all := d.all(events.Query{}, 200, nil)
	if fresh[len(fresh)-1].ID != all[len(all)-1].ID {
		t.Error("these are not the last")
	}
	if fresh, gap, err = f.Next(t.Context(), nil); err != nil || gap || len(fresh) > 0 {
		t.Errorf("%d, gap %v, %v", len(fresh), gap, err)
	}
}

// Each field of an event is told of in the reference, and each type names fields
// that there are.
func TestReferenceTellsOfEveryField(t *testing.T) {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[events.Event]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	text := events.Reference()
	for _, name := range names {
		if !strings.Contains(text, "| `"+name+"` |") {
			t.Errorf("the reference does not tell of %s", name)
		}
	}
	for _, kind := range events.Types() {
		if kind.Meaning() == "" || len(kind.Fields()) == 0 {
			t.Errorf("nothing is said of %q", kind)
		}
		for _, field := range kind.Fields() {
			if !slices.Contains(names, field) {
				t.Errorf("%s: there is no field %s", kind, field)
			}
		}
		if again, err := events.ParseType(kind.String()); again != kind || err != nil {
			t.Errorf("%s: %v, %v", kind, again, err)
		}
	}
	if _, err := events.ParseType("link.eaten"); err == nil {
		t.Error("an unknown type was read")
	}
}

func TestTextsAreCut(t *testing.T) {
	d := newDesk(t)
	d.Write(t.Context(), events.Event{Type: events.LinkRevoked, Detail: strings.Repeat("ä", 400) + "\xff", By: strings.Repeat("a", 500)})
	e := d.all(events.Query{}, 1, nil)[0]
	if len(e.Detail) != 200 || len(e.By) != 200 {
		t.Errorf("%d and %d bytes", len(e.Detail), len(e.By))
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("evt_" + token.NewID(time.Now()).String())
	f.Add("lnk_00000000000000000000")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := events.ParseID(text)
		if err == nil && id.String() != text {
			t.Errorf("%q is read as %s", text, id)
		}
		if body, jsonErr := json.Marshal(id); jsonErr != nil || err == nil && string(body) != `"`+text+`"` {
			t.Errorf("%s, %v", body, jsonErr)
		}
	})
}
