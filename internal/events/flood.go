package events

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Viewers, and whoever has a link, decide how often something happens to it. So
// that nobody fills the store, a link has no more than Burst events of a type at
// once and one a minute after that; what comes above is told by the next one, as
// a count.
const (
	Burst = 60
	every = time.Minute
	// maxFloods bounds how many links and types are counted at once.
	maxFloods = 50_000
)

// flooded is what is counted: a type and the link, or else the person, it is about.
type flooded struct {
	kind Type
	of   token.ID
}

func floodOf(e *Event) flooded {
	of := token.ID(e.Link)
	if e.Link.IsZero() {
		of = token.ID(e.Person)
	}
	return flooded{e.Type, of}
}

// flood is the count of one.
type flood struct {
	left int
	at   time.Time // up to when left was filled up
	more int64     // how many were not told
	last *Event    // of these
}

// refill adds what came to be allowed until now.
func (f *flood) refill(now time.Time) {
	steps := now.Sub(f.at) / every
	if steps <= 0 {
		return
	}
	f.left = int(min(int64(f.left)+int64(steps), Burst))
	f.at = f.at.Add(steps * every)
}

// floods are all counts.
type floods struct {
	mu  sync.Mutex
	all map[flooded]*flood
}

// fate is what becomes of an event.
type fate uint8

const (
	told fate = iota
	counted
	lost
)

// admit says whether an event is told, or counted and told later.
func (all *floods) admit(e *Event, now time.Time) fate {
	all.mu.Lock()
	defer all.mu.Unlock()
	key := floodOf(e)
	f := all.all[key]
	if f == nil {
		if len(all.all) >= maxFloods {
			return lost
		}
		all.all[key] = &flood{left: Burst - 1, at: now}
		return told
	}
	f.refill(now)
	if f.left > 0 && f.more == 0 {
		f.left--
		return told
	}
	f.more++
	f.last = new(*e)
	return counted
}

// due returns events that stand for those that were counted: where one is
// allowed again, or of all where nothing will be counted any more. What is full
// again is forgotten.
func (all *floods) due(now time.Time, last bool) []Event {
	all.mu.Lock()
	defer all.mu.Unlock()
	var sums []Event
	maps.DeleteFunc(all.all, func(_ flooded, f *flood) bool {
		f.refill(now)
		if f.more > 0 && (f.left > 0 || last) {
			sums = append(sums, f.sum())
			f.left, f.more, f.last = max(f.left-1, 0), 0, nil
		}
		return f.more == 0 && f.left == Burst
	})
	slices.SortFunc(sums, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return sums
}

// sum is one event for all that were counted: of each in particular it says nothing.
func (f *flood) sum() Event {
	e := *f.last
	e.Count, e.Session, e.Client, e.Agent, e.Asset = f.more, gate.SessionID{}, "", "", ""
	if !e.Link.IsZero() {
		e.Person = gate.PersonID{}
	}
	return e
}
