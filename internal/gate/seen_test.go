package gate_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// TestSeen has one session's requests come from here and there.
func TestSeen(t *testing.T) {
	const never = gate.SeenNothing
	home, thief := player, player
	thief.addr, thief.agent = "198.51.100.7", "VLC/3"
	other := func(addr string) viewer { v := player; v.addr = addr; return v }
	casting := player
	casting.agent = "VLC/3"
	for _, c := range []struct {
		name     string
		audience string
		by       []viewer
		want     []gate.Seen
	}{
		{"one place", "one", []viewer{home, home, home}, []gate.Seen{gate.SeenPlaying, never, never}},
		{"a link for everybody", "", []viewer{home, thief}, []gate.Seen{never, never}},
		{"neighbours in a network", "one", []viewer{home, other("192.0.2.99"), home}, []gate.Seen{gate.SeenPlaying, never, never}},
		{"under way", "one", []viewer{home, other("203.0.113.1"), other("2001:db8::1")}, []gate.Seen{gate.SeenPlaying, never, never}},
		{"another player at home", "one", []viewer{home, casting}, []gate.Seen{gate.SeenPlaying, never}},
		{"used twice", "one", []viewer{home, thief, home, thief}, []gate.Seen{gate.SeenPlaying, gate.SeenMoved, never, never}},
	} {
		w := newWorld(t, nil)
		s := w.open(home, w.issue(gate.Link{Scope: w.scopes("/film/*")[0], Audience: c.audience}, gate.Terms{}), "/film/a/1.ts")
		ask := func(who viewer) gate.Seen {
			v := w.decide(w.request(who, http.MethodGet, "/film/a/1.ts", inPath(s)))
			w.want(v, gate.Pass, gate.OK)
			if v.Seen != never && v.Device != s.Device {
				t.Errorf("%s: seen on %s, want %s", c.name, v.Device, s.Device)
			}
			return v.Seen
		}
		for i, who := range c.by {
			if got := ask(who); got != c.want[i] {
				t.Errorf("%s: request %d is %d, want %d", c.name, i, got, c.want[i])
			}
		}
		w.now = w.now.Add(gate.SeenEvery - time.Millisecond)
		if got := ask(home); got != never {
			t.Errorf("%s: too soon, %d", c.name, got)
		}
		w.now = w.now.Add(time.Millisecond)
		if got := ask(home); (got == gate.SeenPlaying) != (c.audience != "") {
			t.Errorf("%s: in time, %d", c.name, got)
		}
	}
}
