package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// arrive opens a session on a link for a fresh device.
func (s *site) arrive(link any) gate.Opened {
	s.Helper()
	id, err := gate.ParseLinkID(link.(string))
	if err != nil {
		s.Fatal(err)
	}
	device := gate.DeviceID(token.NewID(s.now))
	opened, err := s.store.Open(s.Context(), gate.Opening{
		Link: id, Session: gate.SessionID(token.NewID(s.now)), Device: device, Subject: gate.SubjectOf(device),
		Life: time.Hour, Pace: gate.DefaultPolicy().Pace,
	})
	if err != nil {
		s.Fatal(err)
	}
	return opened
}

func TestSeatsOfALink(t *testing.T) {
	s := newSite(t)
	seats := func(link map[string]any) string {
		return fmt.Sprint(link["seats"], " each ", link["seats_each"], " ", link["when_full"], " taken ", link["seated"])
	}
	id := s.must("POST", "/links", `{"path":"/acme/*"}`)["id"].(string)
	for _, c := range []struct{ change, want string }{
		{`{"seats":2}`, "2 each <nil> refuse taken 0"},
		{`{"seats_each":1,"when_full":"replace"}`, "2 each 1 replace taken 0"},
		{`{"seats":1}`, "1 each 1 replace taken 0"},
		{`{"seats":0,"seats_each":0}`, "<nil> each <nil> <nil> taken <nil>"},
		{`{"seats":3,"when_full":"refuse"}`, "3 each <nil> refuse taken 0"},
	} {
		if got := seats(s.must("PATCH", "/links/"+id, c.change)); got != c.want {
			t.Errorf("%s: %s, want %s", c.change, got, c.want)
		}
	}
	s.arrive(id)
	if got := seats(s.must("GET", "/links/"+id, "")); got != "3 each <nil> refuse taken 1" {
		t.Errorf("with one device: %s", got)
	}
	made := s.must("POST", "/links", `{"path":"/acme/*","seats":2,"seats_each":1,"when_full":"replace"}`)
	if got := seats(made); got != "2 each 1 replace taken 0" {
		t.Errorf("made: %s", got)
	}
	for change, field := range map[string]string{
		`{"seats":101}`: "seats", `{"seats_each":-1}`: "seats_each", `{"when_full":"kick"}`: "when_full",
	} {
		if got := s.ask("PATCH", "/links/"+id, change); got.slug() != "bad-value" || got.word("field") != field {
			t.Errorf("%s: %s", change, got.text)
		}
	}
	e := s.must("POST", "/explain", fmt.Sprintf(`{"url":%q}`, made["url"]))
	if fmt.Sprint(e["seats"], e["seats_each"], e["seated"]) != "2 1 0" {
		t.Errorf("explained: %v", e)
	}
}

func TestAReplacedSessionSaysSo(t *testing.T) {
	s := newSite(t)
	id := s.must("POST", "/links", `{"path":"/acme/*","seats":1,"when_full":"replace"}`)["id"]
	first := s.arrive(id).Session
	s.arrive(id)
	got := s.must("GET", "/sessions/"+first.ID.String(), "")
	if got["state"] != "ended" || got["ended_why"] != "replaced" {
		t.Errorf("%v", got)
	}
}
