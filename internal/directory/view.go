package directory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// View remembers the directory and answers the gate from memory: all
// collections, and of persons, groups, grants and links those that were asked
// for lately. It knows as of which edition of the documents it does. It may be
// used by many at once.
type View struct {
	store gate.Documents
	clock func() time.Time

	// edition is what Edition returns: below zero, and never twice the same,
	// while there is news that was not read yet.
	edition atomic.Int64
	// changes counts what was forgotten: twice for each time, before and after.
	changes atomic.Uint64
	index   atomic.Pointer[index] // nil: nothing was loaded yet
	readAt  atomic.Int64          // when edits were read last, in Unix nanoseconds

	turn  chan struct{} // holds a token while nobody reads edits
	begun atomic.Uint64 // readings of edits
	done  uint64        // the last of them that ended well; whoever has the token sees it

	mu     sync.Mutex // of what follows; never held over a trip to the store
	synced int64      // the edition as of which all is known
	news   int64      // counts what was told
	unread int64      // the highest edition that was told and is still to be read; 0: none

	persons *memory[gate.PersonID, *Person]
	groups  *memory[gate.GroupID, *Group]
	members *memory[gate.PersonID, []gate.GroupID]
	grants  *memory[GrantID, *Grant]
	links   *memory[gate.LinkID, *gate.Link]
	held    *memory[seat, holding]
}

var _ gate.Rules = (*View)(nil)

// Bounds of what is remembered on demand.
const (
	keptPersons = 50_000
	keptGroups  = 10_000
	keptGrants  = 200_000
	keptLinks   = 50_000
	keptHeld    = 50_000
)

// NewView returns an empty view, which loads what it needs when it is asked.
// now is the clock by which it ages what it remembers.
func NewView(store gate.Documents, now func() time.Time) *View {
	v := &View{store: store, clock: now, turn: make(chan struct{}, 1)}
	v.edition.Store(-1)
	v.turn <- struct{}{}
	v.persons = newMemory[gate.PersonID, *Person](keptPersons, &v.changes)
	v.groups = newMemory[gate.GroupID, *Group](keptGroups, &v.changes)
	v.members = newMemory[gate.PersonID, []gate.GroupID](keptPersons, &v.changes)
	v.grants = newMemory[GrantID, *Grant](keptGrants, &v.changes)
	v.links = newMemory[gate.LinkID, *gate.Link](keptLinks, &v.changes)
	v.held = newMemory[seat, holding](keptHeld, &v.changes)
	return v
}

// Edition implements [gate.Rules].
func (v *View) Edition() int64 { return v.edition.Load() }

// Know implements [gate.Rules].
func (v *View) Know(ctx context.Context, edition int64) error {
	if v.edition.Load() == edition && edition >= 0 {
		return nil
	}
	return v.read(ctx, func() bool { return v.edition.Load() == edition && edition >= 0 })
}

// Refresh brings the view to the edition of the moment.
func (v *View) Refresh(ctx context.Context) error {
	return v.read(ctx, func() bool { return false })
}

// current makes sure that there is no unread news, and that edits were read
// within memoryAge, in case news did not come.
func (v *View) current(ctx context.Context) error {
	fresh := func() bool {
		return v.edition.Load() >= 0 && v.clock().Sub(time.Unix(0, v.readAt.Load())) < memoryAge
	}
	if fresh() {
		return nil
	}
	return v.read(ctx, fresh)
}

// read reads the edits, one caller at a time. Whoever waited meanwhile goes by
// a reading that began after they came, if there was one.
func (v *View) read(ctx context.Context, enough func() bool) error {
	came := v.begun.Load()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-v.turn:
	}
	defer func() { v.turn <- struct{}{} }()
	if v.done > came || enough() {
		return nil
	}
	n := v.begun.Add(1)
	at := v.clock()
	if err := v.catchUp(ctx); err != nil {
		return err
	}
	v.readAt.Store(at.UnixNano())
	v.done = n
	return nil
}

func (v *View) catchUp(ctx context.Context) error {
	v.mu.Lock()
	since := v.synced
	v.unread = 0
	v.mu.Unlock()
	names, edition, complete, err := v.store.Edits(ctx, since)
	if err != nil {
		return v.failed(fmt.Errorf("reading what changed in the directory: %w", err))
	}
	whole := complete && v.index.Load() != nil
	if whole {
		err = v.apply(ctx, names)
	} else {
		err = v.load(ctx)
	}
	if err != nil {
		return v.failed(err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !whole || edition > v.synced {
		v.synced = edition
	}
	if v.unread > edition {
		v.unsettle()
	} else {
		v.edition.Store(v.synced)
	}
	return nil
}

// failed notes that something is still to be read.
func (v *View) failed(err error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unread = max(v.unread, 1)
	v.unsettle()
	return err
}

// unsettle makes the edition one that nobody knows. v.mu is held.
func (v *View) unsettle() {
	v.news++
	v.edition.Store(-1 - v.news)
}

// load reads all collections and the site, and forgets everything else.
func (v *View) load(ctx context.Context) error {
	v.forgetAll()
	fresh := newIndex()
	err := each(ctx, v.store, gate.KindCollection, "", func(c *Collection) error {
		if fresh.set(entryOf(c)); len(fresh.all) > 2*MaxCollections {
			return fmt.Errorf("there are more than %d collections", 2*MaxCollections)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("loading the directory: %w", err)
	}
	site, err := v.readSite(ctx)
	if err != nil {
		return fmt.Errorf("loading the directory: %w", err)
	}
	fresh.setSite(site)
	v.changes.Add(1)
	v.index.Store(fresh)
	v.changes.Add(1)
	return nil
}

func (v *View) readSite(ctx context.Context) (Site, error) {
	site, _, err := fetch[Site](ctx, v.store, gate.KindSite, siteID)
	if errors.Is(err, gate.ErrNotFound) {
		return Site{}, nil
	}
	if err != nil {
		return Site{}, err
	}
	return *site, nil
}

// apply forgets what changed, and reads it again where it is always remembered.
// What was being loaded meanwhile is not remembered, see memory.put, and what
// was worked out meanwhile neither, since changes is counted again at the end.
func (v *View) apply(ctx context.Context, names []gate.DocumentName) error {
	if !slices.ContainsFunc(names, func(name gate.DocumentName) bool { return concerns(name.Kind) }) {
		return nil
	}
	v.changes.Add(1)
	defer v.changes.Add(1)
	index := v.index.Load()
	for _, name := range names {
		v.forget(name)
		switch name.Kind {
		case gate.KindCollection:
			if err := v.readCollection(ctx, index, name.ID); err != nil {
				return err
			}
		case gate.KindSite:
			site, err := v.readSite(ctx)
			if err != nil {
				return err
			}
			index.setSite(site)
		default:
			// It is read when somebody asks.
		}
	}
	return nil
}

func (v *View) readCollection(ctx context.Context, index *index, id string) error {
	c, _, err := fetch[Collection](ctx, v.store, gate.KindCollection, id)
	if errors.Is(err, gate.ErrNotFound) {
		if id, err := gate.ParseCollectionID(id); err == nil {
			index.remove(id)
		}
		return nil
	}
	if err == nil {
		index.set(entryOf(c))
	}
	return err
}

// Told takes news from the store's Watch. It never waits.
func (v *View) Told(change gate.Change) {
	switch change.Kind {
	case gate.Missed:
		v.forgetAll()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.unread = math.MaxInt64
		v.unsettle()
	case gate.DocumentChanged:
		if concerns(change.Document.Kind) {
			v.changes.Add(1)
			v.forget(change.Document)
			v.changes.Add(1)
		}
		v.hear(change)
	default:
		// Links' terms, sessions and keys are not remembered here.
	}
}

// hear notes that an edition is there: known, where the news said all that led
// to it, or still to be read.
func (v *View) hear(change gate.Change) {
	v.mu.Lock()
	defer v.mu.Unlock()
	always := change.Document.Kind == gate.KindCollection || change.Document.Kind == gate.KindSite
	switch {
	case change.Edition <= v.synced && v.edition.Load() >= 0:
		// It was read already.
	case change.Edition == v.synced+1 && !always:
		v.synced = change.Edition
		if v.edition.Load() >= 0 {
			v.edition.Store(v.synced)
		}
	default:
		v.unread = max(v.unread, change.Edition)
		v.unsettle()
	}
}

// Place implements [gate.Rules]. As long as nothing was loaded, every path is
// in a locked collection that nobody has anything in.
func (v *View) Place(p gate.Path) gate.Place {
	index := v.index.Load()
	if index == nil {
		return nowhere
	}
	return index.place(p)
}

// Homes implements [gate.Rules].
func (v *View) Homes(id gate.CollectionID) []gate.Place {
	index := v.index.Load()
	if index == nil {
		return nil
	}
	return index.homes(id)
}

var nowhere = gate.Place{Collection: gate.CollectionID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
