package redis

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/token"
)

// patience is how long news may take on a busy machine.
const patience = 20 * time.Second

// listener is a Watch of a store.
type listener struct {
	*testing.T
	news chan gate.Change
}

func listen(t *testing.T, s *Store) listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := listener{t, make(chan gate.Change, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx, func(c gate.Change) { l.news <- c })
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(silence / 2):
			t.Error("Watch did not return when its context was done")
		}
	})
	l.hears(gate.Change{Kind: gate.Missed})
	return l
}

// hears waits for a change to be told and returns how long that took.
func (l listener) hears(want gate.Change) time.Duration {
	l.Helper()
	start := time.Now()
	select {
	case got := <-l.news:
		if got != want {
			l.Fatalf("told %+v, want %+v", got, want)
		}
	case <-time.After(patience):
		l.Fatalf("nothing was told, want %+v", want)
	}
	return time.Since(start)
}

func revoke(t testing.TB, s *Store, id gate.LinkID) gate.Change {
	t.Helper()
	if _, err := s.SetStanding(t.Context(), id, gate.Standing{State: gate.Revoked}); err != nil {
		t.Fatal(err)
	}
	return gate.Change{Kind: gate.LinkChanged, Link: id}
}

// TestWatchHearsOtherNodes sees that what one node changes is told on another,
// also after the server has forgotten its scripts.
func TestWatchHearsOtherNodes(t *testing.T) {
	srv := redistest.Start(t)
	here, there := open(t, srv.URL(), nil), open(t, srv.URL(), nil)
	l := listen(t, here)
	for range 3 {
		o := visit(t, there, link(t, there, gate.Terms{}))
		if _, err := there.End(t.Context(), o.Link, o.Session); err != nil {
			t.Fatal(err)
		}
		l.hears(gate.Change{Kind: gate.SessionChanged, Link: o.Link, Session: o.Session})
		l.hears(revoke(t, there, o.Link))
		if err := there.Announce(t.Context(), gate.Change{Kind: gate.KeysChanged}); err != nil {
			t.Fatal(err)
		}
		l.hears(gate.Change{Kind: gate.KeysChanged})
		do(t, admin(t, srv.URL()), "SCRIPT", "FLUSH")
	}
}

// TestWatchComesBack loses the channel in every way there is. Each time Watch
// has to say that it missed something once it hears again, and has to hear.
func TestWatchComesBack(t *testing.T) {
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr)
	here, there := open(t, proxy.URL(), nil), open(t, srv.URL(), nil)
	l := listen(t, here)
	for _, loss := range []struct {
		name   string
		lose   func()
		within time.Duration
	}{
		{"cut", proxy.Cut, silence},
		{"stalled", proxy.Stall, silence + longestPause},
		{"server killed", func() { srv.Kill(); srv.Restart() }, silence + longestPause},
		{"server hung", func() {
			srv.Stop()
			time.AfterFunc(silence+heartbeat, srv.Cont)
		}, silence + heartbeat + silence + longestPause},
	} {
		t.Run(loss.name, func(t *testing.T) {
			l.T = t
			loss.lose()
			if took := l.hears(gate.Change{Kind: gate.Missed}); took > loss.within+patience/4 {
				t.Errorf("it took %v, want %v", took, loss.within)
			}
			l.hears(revoke(t, there, link(t, there, gate.Terms{})))
		})
	}
}

// TestWatchOfNothing sees that Watch waits for a server that is not there yet.
func TestWatchOfNothing(t *testing.T) {
	srv := redistest.Start(t)
	srv.Kill()
	s := openStrict(t, srv.URL())
	told := make(chan gate.Change, 9)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx, func(c gate.Change) { told <- c })
	}()
	srv.Restart()
	select {
	case c := <-told:
		if c.Kind != gate.Missed {
			t.Errorf("told %+v at first", c)
		}
	case <-time.After(patience):
		t.Error("nothing was told")
	}
	cancel()
	<-done
}

// TestUserMayNotPublish sees that a user without the channel can revoke a link
// all the same, and that Ready says what is missing.
func TestUserMayNotPublish(t *testing.T) {
	srv := redistest.Start(t)
	c := admin(t, srv.URL())
	do(t, c, "ACL", "SETUSER", "mute", "on", ">word", "~usher:*", "+@all", "resetchannels")
	s := open(t, strings.Replace(srv.URL(), "redis://", "redis://mute:word@", 1), nil)
	o := visit(t, s, link(t, s, gate.Terms{}))
	revoke(t, s, o.Link)
	if a := account(t, s, o.Link); a.Standing.State != gate.Revoked {
		t.Errorf("%+v", a)
	}
	err := s.Ready(t.Context())
	if err == nil || !strings.Contains(err.Error(), changesChannel) || !strings.Contains(err.Error(), "allow") {
		t.Errorf("Ready does not say what to do: %v", err)
	}
	do(t, c, "ACL", "SETUSER", "mute", "&"+changesChannel)
	l := listen(t, s)
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	l.hears(revoke(t, s, link(t, s, gate.Terms{}))) // and not the greeting
}

func TestUnknownChangeIsMissed(t *testing.T) {
	srv := redistest.Start(t)
	l := listen(t, open(t, srv.URL(), nil))
	for _, text := range []string{"", "link", "link lnk_", "person per_1", "keys 2", "KEYS",
		"document", "document 1", "document 1 person", "document 01 person x", "document +1 person x", "document  person x", "session " + gate.LinkID{1}.String()} {
		do(t, admin(t, srv.URL()), "PUBLISH", changesChannel, text)
		l.hears(gate.Change{Kind: gate.Missed})
	}
}

func TestUnknownKindIsNotAnnounced(t *testing.T) {
	s := open(t, redistest.Start(t).URL(), nil)
	if err := s.Announce(t.Context(), gate.Change{Kind: gate.DocumentChanged + 1}); err == nil {
		t.Error("an unknown kind was announced")
	}
}

// FuzzDecodeChange sees that whatever comes on the channel is either a change
// in its one spelling, a greeting, or Missed.
func FuzzDecodeChange(f *testing.F) {
	id := token.NewID(time.Now())
	for _, c := range []gate.Change{
		{}, {Kind: gate.KeysChanged}, {Kind: gate.LinkChanged, Link: gate.LinkID(id)},
		{Kind: gate.SessionChanged, Link: gate.LinkID(id), Session: gate.SessionID(id)},
		{Kind: gate.DocumentChanged, Document: gate.DocumentName{Kind: gate.KindPerson, ID: "per_1"}, Edition: 1 << 50},
		{Kind: gate.DocumentChanged, Edition: -1},
	} {
		text, err := encodeChange(c)
		if got, news := decodeChange(text); err != nil || got != c || !news {
			f.Fatalf("%q is %+v, want %+v, %v", text, got, c, err)
		}
		f.Add(text)
		f.Add(text + " ")
		f.Add(fmt.Sprint(" ", text))
	}
	f.Add(greeting)
	f.Fuzz(func(t *testing.T, text string) {
		change, news := decodeChange(text)
		if !news {
			if text != greeting || change != (gate.Change{}) {
				t.Errorf("%q is no news, and %+v", text, change)
			}
			return
		}
		if change == (gate.Change{}) {
			return
		}
		if again, err := encodeChange(change); err != nil || again != text {
			t.Errorf("%q is %+v, which is %q, %v", text, change, again, err)
		}
	})
}
