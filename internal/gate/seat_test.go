package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// another is another player than player, elsewhere.
var another = viewer{agent: "VLC/3.0", addr: "198.51.100.7"}

func TestOneDeviceTooMany(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/films/*", gate.Terms{Seats: 1})
	first := w.open(player, link, "/films/a.mp4")
	w.want(first, gate.Redirect, gate.OK)
	refused := w.open(another, link, "/films/a.mp4")
	w.want(refused, gate.Refuse, gate.TooManySeats)
	want := gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeats, Wait: gate.DefaultPolicy().Pace.Seat}
	if refused.Refusal != want || !refused.Signed {
		t.Errorf("%+v, want %+v", refused.Refusal, want)
	}
	w.now = w.now.Add(want.Wait)
	w.want(w.open(another, link, "/films/a.mp4"), gate.Redirect, gate.OK)
	w.want(w.get(first, "/films/a.mp4"), gate.Refuse, gate.Replaced)
}

func TestTheOldestDeviceIsReplaced(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/films/*", gate.Terms{Seats: 1, WhenFull: gate.ReplaceOldest})
	first := w.open(player, link, "/films/a.mp4")
	running := w.get(first, "/films/a.mp4")
	w.want(running, gate.Pass, gate.OK)
	running.Holding = false // it was charged
	second := w.open(another, link, "/films/a.mp4")
	w.want(second, gate.Redirect, gate.OK)
	w.want(w.get(first, "/films/b.mp4"), gate.Refuse, gate.Replaced)
	if still, err := w.gate.Still(t.Context(), w.now, &running); err != nil || still.Reason != gate.Replaced {
		t.Errorf("a running answer of a replaced session may go on: %+v, %v", still, err)
	}
	w.want(w.get(second, "/films/a.mp4"), gate.Pass, gate.OK)
}

// TestOneRateForAllNodes flushes what two nodes saw of one session.
func TestOneRateForAllNodes(t *testing.T) {
	rate := gate.Rate{Interval: 100 * time.Millisecond, Burst: 10}
	w := newWorld(t, func(p *gate.Policy) { p.Rate = rate })
	s := w.open(player, w.link("/films/*", gate.Terms{}), "/films/a.mp4")
	running := w.get(s, "/films/a.mp4")
	fact := gate.Usage{
		Link: running.Claim.Link, Session: s.Session, Subject: s.Subject, Asset: running.Claim.Asset,
		Pace: running.Claim.Pace, Requests: 10, Since: w.now, LastSeen: w.now, Rate: rate,
	}
	flush := func() {
		if err := w.store.Flush(t.Context(), []gate.Usage{fact}); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	w.want(w.get(s, "/films/a.mp4"), gate.Pass, gate.OK)
	flush()
	refused := w.get(s, "/films/a.mp4")
	w.want(refused, gate.Refuse, gate.TooFast)
	if refused.Refusal.Wait != time.Second {
		t.Errorf("wait %s, want 1s", refused.Refusal.Wait)
	}
	if still, err := w.gate.Still(t.Context(), w.now, &running); err != nil || still.Reason != gate.OK {
		t.Errorf("the answer that runs is cut: %+v, %v", still, err)
	}
	w.now = w.now.Add(refused.Refusal.Wait)
	w.want(w.get(s, "/films/a.mp4"), gate.Pass, gate.OK)
}

func TestWhenFullWords(t *testing.T) {
	for text, want := range map[string]gate.WhenFull{"": gate.RefuseNew, "refuse": gate.RefuseNew, "replace": gate.ReplaceOldest} {
		got, err := gate.ParseWhenFull(text)
		if err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	if _, err := gate.ParseWhenFull("Replace"); err == nil || !strings.Contains(err.Error(), "refuse, replace") {
		t.Errorf("an unknown word: %v", err)
	}
}

func TestSeatsOfTerms(t *testing.T) {
	for field, terms := range map[string]gate.Terms{
		"seats":      {Seats: 101},
		"seats_each": {SeatsEach: -1},
	} {
		if err := terms.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%+v: %v", terms, err)
		}
	}
	if err := (gate.Terms{Seats: 100, SeatsEach: 100}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestExplainSeats(t *testing.T) {
	s := newExplainSite(t)
	_, code := s.link("/films/*", "", gate.Terms{Seats: 2, SeatsEach: 1, WhenFull: gate.ReplaceOldest})
	s.session(code, "/films/a.mp4")
	e := s.explain("GET", "/s/"+code)
	if found := sentence(e, "admit"); e.Seated != 1 || !strings.Contains(found, "Seats: 1 of 2 taken, at most 1 for each viewer. Where none is left, a new device gets that of one not seen for 2m0s, or else of the oldest session.") {
		t.Errorf("%d seated: %s", e.Seated, found)
	}
}

func TestExplainReplaced(t *testing.T) {
	s := newExplainSite(t)
	link, code := s.link("/films/*", "", gate.Terms{Seats: 1})
	session := s.session(code, "/films/a.mp4")
	s.now = s.now.Add(time.Hour)
	if _, err := s.store.Open(t.Context(), gate.Opening{Link: link, Session: gate.SessionID{1}, Device: gate.DeviceID{1}, Life: time.Hour}); err != nil {
		t.Fatal(err)
	}
	e := s.explain("GET", "/~"+session+"/films/a.mp4")
	if e.Refusal.Reason != gate.Replaced || !strings.Contains(sentence(e, "identify"), "lost its seat to another device") {
		t.Errorf("%+v", e)
	}
}

func sentence(e gate.Explanation, step string) string {
	for _, s := range e.Steps {
		if s.Name == step {
			return s.Finding
		}
	}
	return ""
}
