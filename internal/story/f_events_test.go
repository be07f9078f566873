package story

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// event is an event as `usher events --json` prints it.
type event struct {
	ID, Type, By, Link, Session, Person, Client, Agent, Asset, Reason, Detail string
	Count                                                                     int64
}

// events lists events, the oldest first.
func events(t testing.TB, s *storytest.Server, args ...string) []event {
	t.Helper()
	list := decode[struct{ Events []event }](t, s.CLI(append([]string{"events", "--json"}, args...)...)).Events
	slices.Reverse(list)
	return list
}

func typesOf(all []event) string {
	var types []string
	for _, e := range all {
		types = append(types, e.Type)
	}
	return strings.Join(types, " ")
}

// eventsUntil lists events as soon as the last is of that type: what viewers met
// is written a moment later.
func eventsUntil(t testing.TB, s *storytest.Server, last string, args ...string) (all []event) {
	t.Helper()
	eventually(t, "the last event is "+last, func() bool {
		all = events(t, s, args...)
		return len(all) > 0 && all[len(all)-1].Type == last
	})
	return all
}

// The trail tells a link's life in order: who changed it, who opened it, what was
// watched, and that somebody came when it was closed, from which network group.
func TestF2N16TheTrailOfALinksLife(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--views", "1")
		session := newGuest(t).press(s, l)
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
		eventsUntil(t, s, "link.spent", "--link", l.ID)
		s.CLI("link", "extend", l.ID, "--views", "+1")
		s.CLI("link", "suspend", l.ID, "--why", "a pause")
		wantStatus(t, newGuest(t).see(s, l.URL), http.StatusForbidden, "suspended")
		eventsUntil(t, s, "link.refused", "--link", l.ID)
		s.CLI("link", "resume", l.ID)
		s.CLI("link", "revoke", l.ID, "--why", "it is over")
		wantStatus(t, do(t, browser(), http.MethodGet, l.MediaURL, "User-Agent", "VLC/3.0.20"), http.StatusGone, "revoked")
		all := eventsUntil(t, s, "link.refused", "--link", l.URL)
		want := "link.created link.opened play.began link.spent link.extended link.suspended link.refused link.resumed link.revoked link.refused"
		if got := typesOf(all); got != want {
			t.Fatalf("%s, want\n%s", got, want)
		}
		opened, last := all[1], all[len(all)-1]
		if last.Reason != "revoked" || last.Agent != "vlc" || last.Client == "" || last.Client != opened.Client || last.By != "" {
			t.Errorf("%+v", last)
		}
		if all[0].By != "admin" || all[4].Detail != "views 2" || all[5].Detail != "a pause" || all[5].Count != 1 || all[8].Detail != "it is over" {
			t.Errorf("%+v", all)
		}
		if got := typesOf(events(t, s, "--session", opened.Session)); got != "link.opened play.began link.spent" {
			t.Errorf("the session's trail: %s", got)
		}
		if got := typesOf(events(t, s, "--type", "link.refused", "--since", "1h")); got != "link.refused link.refused" {
			t.Errorf("what was refused: %s", got)
		}
		shown := s.CLI("events", "--link", l.ID)
		contains(t, shown, "link.revoked", "it is over", "vlc", opened.Session)
		lacks(t, shown+s.CLI("events", "--json"), "127.0.0.1", strings.TrimPrefix(session, "/~"), l.MediaURL)
	})
}

// Whoever guesses at a link's password and has to wait is in its trail, and who is
// not let in at sign-in in the person's.
func TestGuessingIsInTheTrail(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--password-file", secretFile(t, s, "open sesame 17"))
	g := newGuest(t)
	for g.form(s, l.URL, "password", "wrong").StatusCode != http.StatusTooManyRequests {
	}
	all := eventsUntil(t, s, "password.guessed", "--link", l.ID)
	if got := typesOf(all); got != "link.created password.guessed" || all[1].Client == "" {
		t.Error(all)
	}
	known(t, s, "ada@example.com")
	eventsUntil(t, s, "signin.succeeded", "--person", "ada@example.com")
	wantStatus(t, newGuest(t).form(s, "/_usher/signin", "email", "ada@example.com", "password", "not mine at all"), http.StatusUnauthorized, "")
	all = eventsUntil(t, s, "signin.refused", "--person", "ada@example.com")
	if got := typesOf(all); got != "person.created person.invited person.activated signin.succeeded signin.refused" {
		t.Error(all)
	}
	lacks(t, s.CLI("events", "--json", "--limit", "200"), "open sesame", ownPassword, "ada@example.com", "not mine")
}

// tail is what goes on: its lines as they come.
type tail struct {
	testing.TB
	lines chan string
}

// newTail reads lines to their end.
func newTail(t testing.TB, from io.Reader) *tail {
	f := &tail{t, make(chan string, 1000)}
	go func() {
		defer close(f.lines)
		for lines := bufio.NewScanner(from); lines.Scan(); {
			f.lines <- lines.Text()
		}
	}()
	return f
}

// follows starts a command that follows, which ends with the test.
func follows(t testing.TB, s *storytest.Server, args ...string) *tail {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, storytest.Binary(t), append(args, "--address", s.Admin)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was ended
	})
	return newTail(t, out)
}

// streamed opens a stream on a site.
func streamed(t testing.TB, s *storytest.Server, path, key, after string) *tail {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Last-Event-ID", after)
	resp, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatal(resp.Status, kind)
	}
	return newTail(t, resp.Body)
}

// reads waits for a line with these words, and passes over others.
func (f *tail) reads(words ...string) string {
	f.Helper()
	var others []string
	for late := time.After(20 * time.Second); ; {
		select {
		case line, more := <-f.lines:
			if !more {
				f.Fatalf("it ended before %v, after %v", words, others)
			}
			if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
				return line
			}
			others = append(others, line)
		case <-late:
			f.Fatalf("nothing says %v, but %v", words, others)
		}
	}
}

// ends waits for its end.
func (f *tail) ends() {
	f.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case _, more := <-f.lines:
			if !more {
				return
			}
		case <-late:
			f.Fatal("it does not end")
		}
	}
}

// What happens on one node is told to whoever follows on another, and to whoever
// comes again from where it ended. A reload ends a stream, also where the server
// waits for its running answers for as long as they take, and the command goes on.
func TestEventsAreFollowedOverNodesAndReloads(t *testing.T) {
	nodes := twoNodes(t, func(caddyfile string) string { return strings.Replace(caddyfile, "\tgrace_period 1s\n", "", 1) })
	a, b := nodes[0], nodes[1]
	l := createLink(t, a, "--path", "/clock/*")
	f := follows(t, b, "events", "--follow", "--json", "--link", l.ID)
	var first event
	eventually(t, "the command follows", func() bool {
		newGuest(t).press(a, l)
		select {
		case line := <-f.lines:
			first = decode[event](t, line)
			return true
		case <-time.After(time.Second):
			return false
		}
	})
	sessions := follows(t, b, "session", "list", "--follow", "--json", "--link", l.ID)
	sessions.reads(`"state":"live"`, first.Session)
	session := newGuest(t).press(a, l)
	wantStatus(t, gets(t, a, session, firstSegment), http.StatusOK, "")
	f.reads(`"play.began"`)
	a.CLI("session", "end", first.Session)
	f.reads(`"session.ended"`, first.Session)
	sessions.reads(`"state":"ended"`, first.Session)

	all := events(t, a, "--link", l.ID)
	at := slices.IndexFunc(all, func(e event) bool { return e.ID == first.ID })
	key := decode[struct{ Key string }](t, a.CLI("apikey", "create", "--name", "reader", "--scope", "read", "--json")).Key
	site := streamed(t, b, "/_usher/api/v1/events/stream?link="+l.ID, key, first.ID)
	for _, e := range all[at+1:] {
		if line := site.reads("id:"); line != "id: "+e.ID {
			t.Fatalf("%s, want %s", line, e.ID)
		}
		site.reads("event: " + e.Type)
	}
	if out, err := b.Reload(); err != nil {
		t.Fatal(out, err)
	}
	site.ends()
	a.CLI("link", "revoke", l.ID)
	f.reads(`"link.revoked"`)

	site = streamed(t, b, "/_usher/api/v1/events/stream", key, "")
	b.Stop()
	site.ends()
}

// A standard person sees what is theirs: what they did, and the links that they
// made; of others nothing.
func TestAStandardPersonSeesOnlyTheirEvents(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		s.CLI("person", "create", "stan@example.com", "--role", "standard")
		s.CLI("collection", "create", "acme", "--path", "/clock/*", "--level", "link")
		s.CLI("grant", "create", "acme", "--person", "stan@example.com", "--can", "view,share")
		others := createLink(t, s, "--path", "/clock/*")
		own := createLink(t, s, "--path", "/clock/360p/*", "--as", "stan@example.com")
		newGuest(t).press(s, others)
		newGuest(t).press(s, own)
		eventsUntil(t, s, "link.opened", "--link", own.ID)
		all := events(t, s, "--as", "stan@example.com")
		if got := typesOf(all); got != "person.created link.created link.opened" {
			t.Errorf("%s", got)
		}
		for _, e := range all {
			if e.Link != "" && e.Link != own.ID {
				t.Errorf("%+v", e)
			}
		}
		if out, err := s.TryCLI("events", "--link", others.ID, "--as", "stan@example.com"); err == nil {
			t.Errorf("another's link: %s", out)
		}
	})
}
