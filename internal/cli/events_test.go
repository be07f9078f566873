package cli_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/cli"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

// withTrail is a server that keeps events.
func withTrail(t *testing.T) (*server, *events.Trail) {
	s := newServer(t)
	view := directory.NewView(s.store, time.Now)
	dir, err := directory.New(s.store, view, directory.Settings{Now: func(context.Context) (time.Time, error) { return time.Now(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	trail := events.New(s.store, time.Now, func(err error) { t.Errorf("an event was lost: %v", err) })
	s.handler = api.New(func() (api.Backend, bool) {
		return api.Backend{
			Store: s.store, Gate: s.gate, Keys: s.keys, Directory: dir, PublicURL: "https://media.example.com", Now: time.Now,
			Events: trail, Streams: api.NewStreams(), Ending: t.Context(),
		}, true
	}, api.Open)
	return s, trail
}

func TestEvents(t *testing.T) {
	s, trail := withTrail(t)
	if got := s.must("events"); !strings.Contains(got, "There are no events.") {
		t.Error(got)
	}
	id := s.object("link", "create", "--path", "/acme/*")["id"].(string)
	s.must("link", "revoke", id, "--why", "it is over")
	link, err := gate.ParseLinkID(id)
	if err != nil {
		t.Fatal(err)
	}
	trail.Write(t.Context(), events.Event{Type: events.LinkRefused, Link: link, Reason: "revoked", Agent: "vlc", Client: "abc", Count: 7})
	trail.Write(t.Context(), events.Event{Type: events.KeyRotated, Key: "seal-2", By: "admin", Unfinished: true})
	text := s.must("events")
	for _, want := range []string{"TIME", "link.created", "link.revoked", "it is over", "revoked, count 7, player vlc, client abc", "seal-2", "not known how much of it was made"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	text = s.must("events", "--link", id, "--type", "link.created", "--since", "1h", "--limit", "1")
	if strings.Count(text, "link.created") != 1 || strings.Contains(text, "revoked") || strings.Contains(text, "--cursor") {
		t.Error(text)
	}
	if text = s.must("events", "--link", id, "--limit", "1"); !strings.Contains(text, "usher events --link "+id+" --cursor ") {
		t.Error(text)
	}
	if list := s.object("events", "--limit", "2"); len(list["events"].([]any)) != 2 {
		t.Error(list)
	}
	s.fails("no such type", "events", "--type", "link.eaten")
	s.fails("leave --since out", "events", "--follow", "--since", "1h")
	s.fails("neither a link's id", "events", "--link", "x")
}

func following(t *testing.T, dial cli.Dial, ctx context.Context, args ...string) (string, error) {
	t.Helper()
	cmd := cli.Events(dial)
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func TestFollowingEvents(t *testing.T) {
	s := newServer(t)
	const first, second = "evt_00000000000000000010", "evt_00000000000000000020"
	event := func(id, more string) string {
		return fmt.Sprintf("id: %s\nevent: link.revoked\ndata: {\"id\":%q,\"time\":\"2026-03-01T12:00:00Z\",\"type\":\"link.revoked\"%s}\n\n", id, id, more)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--follow"}, "2026-03-01T12:00:00Z  link.revoked    admin\nMore happened"},
		{[]string{"--follow", "--json"}, "{\"id\":\"" + first},
	} {
		ctx, stop := context.WithCancel(t.Context())
		texts := []string{
			"retry: 3000\n\n: still here\n\n" + event(first, ",\"by\":\"admin\"") + "event: gap\ndata: {\"detail\":\"x\"}\n\nid: " + second,
			event(second, ""),
		}
		n := 0
		s.reply = func(w http.ResponseWriter) {
			if n < len(texts) {
				fmt.Fprint(w, texts[n])
			}
			if n++; n == len(texts) {
				stop()
			}
		}
		var after []string
		got, err := following(t, func(string, string) (cli.Doer, error) { return noting{s, &after}, nil }, ctx, test.args...)
		if err != nil || !strings.HasPrefix(got, test.want) || strings.Count(got, "\n") != 3 {
			t.Errorf("%v: %q, %v", test.args, got, err)
		}
		if strings.Join(after, " ") != " "+first {
			t.Errorf("it went on after %q", after)
		}
	}
	s.reply = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"detail":"you may not"}`)
	}
	if got, err := following(t, s.dial, t.Context(), "--follow"); err == nil || !strings.Contains(got, "you may not") {
		t.Errorf("%q, %v", got, err)
	}
	s.reply = func(w http.ResponseWriter) { fmt.Fprint(w, "event: x\ndata: nonsense\n\n") }
	if got, err := following(t, s.dial, t.Context(), "--follow"); err == nil || !strings.Contains(got, "another version") {
		t.Errorf("%q, %v", got, err)
	}
}

// noting notes after what streams are asked to go on.
type noting struct {
	*server
	after *[]string
}

func (n noting) Follow(ctx context.Context, path, after string) (int, io.ReadCloser, error) {
	*n.after = append(*n.after, after)
	return n.server.Follow(ctx, path, after)
}
