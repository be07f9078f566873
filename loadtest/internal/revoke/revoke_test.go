package revoke

import (
	"testing"
	"time"

	"github.com/usher-media/usher/loadtest/internal/relay"
	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// What a relay does to the connection that subscribes, and to no other.
func TestHook(t *testing.T) {
	const (
		subscribe = "*2\r\n$9\r\nsubscribe\r\n$13\r\nusher:changes\r\n"
		confirmed = "*3\r\n$9\r\nsubscribe\r\n$13\r\nusher:changes\r\n:1\r\n"
		message   = "*3\r\n$7\r\nmessage\r\n$13\r\nusher:changes\r\n$1\r\nx\r\n"
		pong      = "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
	)
	losing := lost.hook()
	for i, step := range []struct {
		fromClient bool
		piece      string
		want       relay.Fate
	}{
		{false, message, relay.Pass}, // before a subscription it is somebody's data
		{true, subscribe, relay.Pass},
		{false, confirmed, relay.Pass},
		{false, pong, relay.Pass},
		{false, message, relay.Drop},
		{false, pong, relay.Pass},
	} {
		if got := losing(step.fromClient, []byte(step.piece)); got != step.want {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
	if got := cut.hook()(true, []byte(subscribe)); got != relay.Cut {
		t.Errorf("a subscription is not cut: %v", got)
	}
}

func TestJudge(t *testing.T) {
	o := Options{Nodes: 3, Rounds: 1, Budget: Budget}
	tallyOf := func(scene int, change string, took time.Duration) *tally {
		l := newTally(scenes[scene], change)
		l.note(took, took)
		return l
	}
	for what, try := range map[string]struct {
		tally *tally
		kept  bool
	}{
		"in time":                   {tallyOf(1, "revoke", 40*time.Millisecond), true},
		"refused before the answer": {tallyOf(1, "revoke", -time.Millisecond), true},
		"late":                      {tallyOf(1, "revoke", 60*time.Millisecond), false},
		"a lease, without push":     {tallyOf(2, "revoke", lease), true},
		"longer than a lease":       {tallyOf(3, "revoke", lease+2*leaseNoise), false},
		"a download that is cut":    {tallyOf(0, download, 2*time.Second), true},
		"a download that runs on":   {tallyOf(0, download, 6*time.Second), false},
	} {
		r := report.New("", nil, judge(o, []*tally{try.tally}))
		if len(r.Promises) != 1 || r.Kept != try.kept {
			t.Errorf("%s: kept %v, %+v", what, r.Kept, r.Promises)
		}
	}
}

func TestRounds(t *testing.T) {
	for i, want := range []int{50, 50, 5, 5} {
		if got := scenes[i].rounds(50); got != want {
			t.Errorf("%s: %d rounds of 50, want %d", scenes[i].title, got, want)
		}
	}
	if got := scenes[2].rounds(1); got != 1 {
		t.Errorf("%d rounds of 1", got)
	}
	o := Options{Systems: []string{rig.Lease.Word}}
	if got := o.scenes(); len(got) != 3 {
		t.Errorf("the scenes of lease are %v", got)
	}
}

func TestWords(t *testing.T) {
	o := Options{Nodes: 3, Rounds: 1, Changes: changeWords()}
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
	if o.Changes = []string{"delete"}; o.Validate() == nil {
		t.Error("an unknown change is measured")
	}
}
