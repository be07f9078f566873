package story

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// until asks until the answer has this status and reason.
func until(t testing.TB, ask func() answer, status int, reason string) {
	t.Helper()
	var last answer
	defer func() {
		if t.Failed() {
			t.Logf("the last answer was %d %q", last.StatusCode, last.Header.Get("Usher-Reason"))
		}
	}()
	eventually(t, reason, func() bool {
		last = ask()
		return last.StatusCode == status && last.Header.Get("Usher-Reason") == reason
	})
}

// Each link has an end of its own. By default that cuts whoever watches, the
// running download with them; the page says whom to ask; and extending it opens
// the same URL and the same session again.
func TestG1TheEndOfALinkCutsWhoeverWatches(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l, other := createLink(t, s, "--path", "/clock/*", "--expires", "2s"), createLink(t, s, "--path", "/clock/*", "--expires", "1h")
		mine, theirs := newGuest(t).press(s, l), newGuest(t).press(s, other)
		wantStatus(t, gets(t, s, mine, firstSegment), http.StatusOK, "")
		running := startDownload(t, s.URL+mine+"/clock/big.mp4")
		until(t, func() answer { return gets(t, s, mine, firstSegment) }, http.StatusGone, "expired")
		select {
		case n := <-running.total:
			if n >= bigFile {
				t.Errorf("the download was complete before the link ended: %d", n)
			}
		case <-time.After(5 * time.Second):
			t.Error("the download runs 5 s after the end of its link")
		}
		page := newGuest(t).see(s, l.URL)
		wantStatus(t, page, http.StatusGone, "expired")
		contains(t, page.body, "This link has ended", "extend it")
		wantStatus(t, gets(t, s, theirs, firstSegment), http.StatusOK, "")
		s.CLI("link", "extend", l.ID, "--expires", "1h")
		wantStatus(t, gets(t, s, mine, firstSegment), http.StatusOK, "")
		wantStatus(t, newGuest(t).see(s, l.URL), http.StatusOK, "")
	})
}

// By the other policy, whoever has begun may finish, within the longest a play
// may take, and nobody begins any more.
func TestG1WhereASiteSaysFinishABegunViewFinishes(t *testing.T) {
	s := gated(t, storytest.Options{Caddyfile: onSite(storytest.DefaultCaddyfile, "after_expiry finish", "max_play 4s")})
	l := createLink(t, s, "--path", "/clock/*", "--expires", "1500ms")
	begun, idle := newGuest(t).press(s, l), newGuest(t).press(s, l)
	wantStatus(t, gets(t, s, begun, firstSegment), http.StatusOK, "")
	until(t, func() answer { return newGuest(t).see(s, l.URL) }, http.StatusGone, "expired")
	wantStatus(t, gets(t, s, idle, firstSegment), http.StatusGone, "expired")
	wantStatus(t, gets(t, s, begun, "/clock/360p/1.ts"), http.StatusOK, "")
	wantStatus(t, newGuest(t).form(s, l.URL), http.StatusGone, "expired")
	eventually(t, "the view ends with the longest a play may take", func() bool {
		return gets(t, s, begun, firstSegment).StatusCode != http.StatusOK
	})
}

// A link opens at its time, by itself; the last view begins before start-by, and
// goes on to the end.
func TestN17WindowOpensAndTheLastViewBegins(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--starts", "1s", "--start-by", "2500ms", "--expires", "1h", "--views", "9")
		page := newGuest(t).see(s, l.URL)
		wantStatus(t, page, http.StatusForbidden, "not_yet")
		early := newGuest(t)
		wantStatus(t, early.form(s, l.URL), http.StatusForbidden, "not_yet")
		until(t, func() answer { return early.see(s, l.URL) }, http.StatusOK, "")
		session := early.press(s, l)
		late := newGuest(t).press(s, l)
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
		until(t, func() answer { return newGuest(t).see(s, l.URL) }, http.StatusGone, "expired")
		wantStatus(t, gets(t, s, session, "/clock/360p/1.ts"), http.StatusOK, "")
		wantStatus(t, gets(t, s, late, firstSegment), http.StatusGone, "expired")
		if a := do(t, browser(), http.MethodGet, l.MediaURL); a.StatusCode != http.StatusGone {
			t.Errorf("a player begins after start-by: %d", a.StatusCode)
		}
		s.CLI("link", "extend", l.ID, "--start-by", "30m")
		wantStatus(t, gets(t, s, late, firstSegment), http.StatusOK, "")
		wantViews(t, s, l.ID, 2, 0)
	})
}

// The first view starts the clock: of a link, and of each person's own link that
// was minted from one.
func TestN17TheFirstViewStartsAClock(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--expires", "1h", "--play-for", "1500ms", "--can", "view,share")
		minted := mint(t, s, l.ID, "ann@example.com", "ben@example.com")
		session := newGuest(t).press(s, l)
		if end := endOf(t, s, l.ID); time.Until(end) < 50*time.Minute {
			t.Fatalf("looking, and pressing Watch, started the clock: it ends at %v", end)
		}
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
		if end := endOf(t, s, l.ID); time.Until(end) > 1500*time.Millisecond {
			t.Fatalf("the first view did not start the clock: it ends at %v", end)
		}
		for _, child := range minted {
			if end := endOf(t, s, child.Link.ID); time.Until(end) < 50*time.Minute {
				t.Errorf("somebody else's first view started the clock of %s: %v", child.Email, end)
			}
		}
		until(t, func() answer { return gets(t, s, session, firstSegment) }, http.StatusGone, "expired")
	})
}

func endOf(t testing.TB, s *storytest.Server, id string) time.Time {
	t.Helper()
	return decode[struct {
		ExpiresAt time.Time `json:"expires_at"`
	}](t, s.CLI("link", "show", id, "--json")).ExpiresAt
}

// mintedLink is one address of `usher link mint … --json`.
type mintedLink struct {
	Email, Outcome, Why string
	Link                link
}

// mint makes a link for each address.
func mint(t testing.TB, s *storytest.Server, id string, emails ...string) []mintedLink {
	t.Helper()
	return decode[struct{ Items []mintedLink }](t, s.CLI("link", "mint", id, "--for-each", secretFile(t, s, strings.Join(emails, "\n")), "--json")).Items
}

// Windows that could never be, or are over, are one problem each, which names
// the field; nothing is made.
func TestN17ClockEdges(t *testing.T) {
	s := gated(t, storytest.Options{})
	for _, c := range []struct {
		args  []string
		field string
	}{
		{[]string{"--starts", "2h", "--expires", "1h"}, "expires_at"},
		{[]string{"--starts", "1h", "--expires", "2026-01-31T18:00:00Z"}, "expires_at"},
		{[]string{"--starts", "2h", "--start-by", "1h"}, "start_by"},
		{[]string{"--expires", "1h", "--start-by", "2h"}, "start_by"},
		{[]string{"--start-by", "2020-01-31T18:00:00Z"}, "start_by"},
		{[]string{"--expires", "0001-01-01T00:00:00Z"}, "--expires"},
		{[]string{"--expires", "0s"}, ""},
		{[]string{"--play-for", "0s"}, "play_for"},
		{[]string{"--play-for", "-1h"}, ""},
		{[]string{"--starts", "yesterday"}, ""},
	} {
		out, err := s.TryCLI(append([]string{"link", "create", "--path", "/clock/*"}, c.args...)...)
		if err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%v: %s %v", c.args, out, err)
		}
	}
	var list struct{ Links []json.RawMessage }
	if err := json.Unmarshal([]byte(s.CLI("link", "list", "--json")), &list); err != nil || len(list.Links) != 0 {
		t.Errorf("%d links were made, %v", len(list.Links), err)
	}
}
