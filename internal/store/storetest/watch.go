package storetest

import (
	"context"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// patience is how long news may take on a busy machine.
const patience = 20 * time.Second

// listener is a Watch of a store.
type listener struct {
	*fixture
	news chan gate.Change
	stop context.CancelFunc
	done chan struct{}
}

// listen starts a Watch and waits until it listens.
func (f *fixture) listen() *listener {
	f.Helper()
	ctx, stop := context.WithCancel(f.ctx)
	l := &listener{fixture: f, news: make(chan gate.Change, 1000), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		f.store.Watch(ctx, func(c gate.Change) { l.news <- c })
	}()
	f.Cleanup(l.leave)
	l.hears("at first", gate.Change{Kind: gate.Missed})
	return l
}

// leave ends the Watch and sees that it returns.
func (l *listener) leave() {
	l.Helper()
	l.stop()
	select {
	case <-l.done:
	case <-time.After(patience):
		l.Error("Watch did not return when its context was done")
	}
}

// next waits for the next change that is told.
func (l *listener) next(what string) gate.Change {
	l.Helper()
	select {
	case got := <-l.news:
		return got
	case <-time.After(patience):
		l.Fatalf("%s: nothing was told", what)
		return gate.Change{}
	}
}

// hears sees that this change is the next that is told.
func (l *listener) hears(what string, want gate.Change) {
	l.Helper()
	l.equal(what, l.next(what), want)
}

// hearsNothing sees that all that was told before now was heard: an announced
// change is the next.
func (l *listener) hearsNothing(what string) {
	l.Helper()
	l.announce()
	l.hears(what, gate.Change{Kind: gate.KeysChanged})
}

func (f *fixture) announce() {
	f.Helper()
	if err := f.store.Announce(f.ctx, gate.Change{Kind: gate.KeysChanged}); err != nil {
		f.Fatalf("Announce: %v", err)
	}
}

func linkChange(o gate.Opening) gate.Change {
	return gate.Change{Kind: gate.LinkChanged, Link: o.Link}
}

func sessionChange(o gate.Opening) gate.Change {
	return gate.Change{Kind: gate.SessionChanged, Link: o.Link, Session: o.Session}
}

var watchCases = []testCase{
	{"tells of whatever may end what a check allowed, in order", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 1}))
		l := f.listen()
		f.extend(o.Link, gate.Extension{AddViews: 1})
		f.stand(o.Link, gate.Suspended)
		f.stand(o.Link, gate.Active)
		f.gather(o)
		f.end(o)
		f.stand(o.Link, gate.Revoked)
		l.hears("extended", linkChange(o))
		l.hears("suspended", linkChange(o))
		l.hears("active", linkChange(o))
		l.hears("gathered", sessionChange(o))
		l.hears("ended", sessionChange(o))
		l.hears("revoked", linkChange(o))
		l.hearsNothing("no more")
	}},
	{"tells of a session that lost its seat", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Seats: 1, WhenFull: gate.ReplaceOldest}))
		l := f.listen()
		f.visit(o.Link)
		l.hears("replaced", sessionChange(o))
		l.hearsNothing("no more")
	}},
	{"tells of what was announced, as it was", func(f *fixture) {
		o := f.device(gate.LinkID(f.id()))
		l := f.listen()
		for _, change := range []gate.Change{
			{Kind: gate.KeysChanged}, linkChange(o), sessionChange(o), {Kind: gate.Missed},
			{Kind: gate.DocumentChanged, Document: name(gate.KindPerson, "per son"), Edition: 9},
		} {
			if err := f.store.Announce(f.ctx, change); err != nil {
				f.Fatalf("Announce: %v", err)
			}
			l.hears("announced", change)
		}
	}},
	{"tells nothing of what changes no answer", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{Views: 9}))
		gone := f.visit(o.Link)
		f.gather(gone)
		f.end(gone)
		revoked := f.link(gate.Terms{})
		f.stand(revoked, gate.Revoked)
		l := f.listen()
		f.watch(o, "a")
		f.settle(o, f.reserved(o, "b"), false)
		f.open(o)
		f.check(o, "a")
		f.flush(usage(f, o, "a"))
		f.gather(gone)
		f.end(gone)
		f.stand(revoked, gate.Revoked)
		_, err := f.store.SetStanding(f.ctx, revoked, gate.Standing{State: gate.Active})
		f.fails("SetStanding", err, gate.ErrFinal)
		_, err = f.store.Extend(f.ctx, gate.LinkID(f.id()), gate.Extension{AddViews: 1})
		f.fails("Extend", err, gate.ErrNotFound)
		_, err = f.store.End(f.ctx, o.Link, f.device(o.Link).Session)
		f.fails("End", err, gate.ErrNotFound)
		l.hearsNothing("told")
	}},
	{"who is told can read the change at once", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		l := f.listen()
		for _, state := range []string{gate.Suspended, gate.Active, gate.Revoked} {
			f.stand(o.Link, state)
			l.hears(state, linkChange(o))
			f.equal("standing", f.check(o, "a").Account.Standing.State, state)
		}
	}},
	{"tells every Watch, and none that has ended", func(f *fixture) {
		first, second := f.listen(), f.listen()
		first.leave()
		third := f.listen()
		for range 100 {
			f.announce()
		}
		for range 100 {
			second.hears("second", gate.Change{Kind: gate.KeysChanged})
			third.hears("third", gate.Change{Kind: gate.KeysChanged})
		}
		f.equal("told after the end", len(first.news), 0)
	}},
	{"returns at once where its context is done", func(f *fixture) {
		ctx, cancel := context.WithCancel(f.ctx)
		cancel()
		f.store.Watch(ctx, func(c gate.Change) { f.Errorf("told %+v", c) })
	}},
}
