package api

import (
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

func (t *teller) person() {
	if p, is := t.body.(Person); is {
		e := t.base
		aim(&e, p.ID)
		if e.Type == events.PersonSuspended {
			e.Detail = p.StandingReason
		}
		t.add(e)
	}
}

func (t *teller) persons() {
	for _, one := range t.outcomes() {
		if one.Result == directory.Added {
			e := t.base
			aim(&e, one.Person)
			t.add(e)
		}
	}
}

// outcomes are those of a change of many.
func (t *teller) outcomes() []Outcome {
	if o, is := t.body.(*Outcomes); is {
		return o.Results
	}
	return nil
}

func (t *teller) deleted() {
	if f, is := t.body.(Farewell); is {
		e := t.base
		e.Count = int64(f.SessionsEnded)
		t.add(e)
	}
}

func (t *teller) group() {
	if g, is := t.body.(Group); is {
		e := t.base
		aim(&e, g.ID)
		t.add(e)
	}
}

func (t *teller) members() {
	for _, one := range t.outcomes() {
		e := t.base
		aim(&e, one.Person)
		switch one.Result {
		case directory.Added:
			e.Type = events.GroupJoined
		case directory.Removed:
			e.Type = events.GroupLeft
		default:
			continue
		}
		t.add(e)
	}
}

func (t *teller) closed() {
	if report, is := t.body.(GroupReport); is {
		e := t.base
		e.Count = int64(report.SessionsEnded)
		t.add(e)
	}
}

func (t *teller) collection() {
	if c, is := t.body.(Collection); is {
		e := t.base
		aim(&e, c.ID)
		if e.Type == events.CollectionCreated {
			e.Detail = c.Name
		}
		t.add(e)
	}
}

func (t *teller) collectionChange() {
	c, is := t.body.(Collection)
	if !is {
		return
	}
	e := t.base
	if t.changed.level {
		e.Type, e.Detail = events.CollectionUnlocked, "level "+c.Level
		if c.Level == gate.Locked.String() {
			e.Type = events.CollectionLocked
		}
		if c.SessionsEnded != nil {
			e.Count = int64(*c.SessionsEnded)
		}
	}
	t.add(e)
}
