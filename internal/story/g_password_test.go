package story

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// A link's password is asked for before anything is told, and where a session is
// opened: never of segments. The person whom the link names skips it, and nothing
// else: every other check is the same for them as for all.
func TestG2G4N6WhoSkipsThePasswordSkipsNothingElse(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--for", "ann@example.com", "--views", "9",
			"--password-file", secretFile(t, s, "open sesame"))
		ann, ben := known(t, s, "ann@example.com"), known(t, s, "ben@example.com")
		for name, row := range map[string]struct {
			who      *guest
			password string
			status   int
			reason   string
		}{
			"a stranger without it":     {newGuest(t), "", http.StatusUnauthorized, "password_needed"},
			"a stranger with a guess":   {newGuest(t), "open", http.StatusUnauthorized, "password_wrong"},
			"a stranger with it":        {newGuest(t), "open sesame", http.StatusSeeOther, ""},
			"the named person":          {ann, "", http.StatusSeeOther, ""},
			"somebody else signed in":   {ben, "", http.StatusUnauthorized, "password_needed"},
			"somebody else who has it":  {ben, "open sesame", http.StatusSeeOther, ""},
			"the named person, guesses": {elsewhere(t, s, "ann@example.com"), "no matter", http.StatusSeeOther, ""},
		} {
			if a := row.who.form(s, l.URL, "password", row.password); a.StatusCode != row.status || a.Header.Get("Usher-Reason") != row.reason {
				t.Errorf("%s: %d %q, want %d %q", name, a.StatusCode, a.Header.Get("Usher-Reason"), row.status, row.reason)
			}
		}
		session := ann.press(s, l)
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "") // a segment asks for nothing
		if l := showLink(t, s, l.ID); l.Views.Used != 1 {
			t.Errorf("the named person's view was not counted: %d", l.Views.Used)
		}
		wantStatus(t, gets(t, s, session, "/other.ts"), http.StatusNotFound, "not_covered")
		s.CLI("link", "extend", l.ID, "--views", "1")
		wantStatus(t, elsewhere(t, s, "ann@example.com").form(s, l.URL), http.StatusSeeOther, "") // the same viewer
		wantStatus(t, newGuest(t).form(s, l.URL, "password", "open sesame"), http.StatusGone, "views_spent")
		s.CLI("link", "suspend", l.ID)
		wantStatus(t, ann.form(s, l.URL), http.StatusForbidden, "suspended")
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusForbidden, "suspended")
		s.CLI("link", "resume", l.ID)
		s.CLI("link", "extend", l.ID, "--expires", "1ms")
		until(t, func() answer { return ann.form(s, l.URL) }, http.StatusGone, "expired")
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusGone, "expired")
	})
}

// Without a password beside them, named persons are the only ones.
func TestG4N6NamedPersonsAndNobodyElse(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--for", "ann@example.com", "--title", "Rough cut of the clock", "--views-each", "1")
	ann, ben := known(t, s, "ann@example.com"), known(t, s, "ben@example.com")
	page := newGuest(t).see(s, l.URL)
	wantStatus(t, page, http.StatusOK, "")
	contains(t, page.body, "Sign in")
	lacks(t, page.body, "Rough cut", "ann@example.com")
	wantStatus(t, newGuest(t).form(s, l.URL), http.StatusUnauthorized, "sign_in")
	wantStatus(t, do(t, browser(), http.MethodGet, l.MediaURL), http.StatusUnauthorized, "sign_in")
	wantStatus(t, ben.form(s, l.URL), http.StatusForbidden, "wrong_person")
	session := ann.press(s, l)
	wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
	wantStatus(t, ben.form(s, l.URL), http.StatusForbidden, "wrong_person")
	explained := s.CLI("explain", l.URL)
	contains(t, explained, "names the persons it is for: 1", "nobody is signed in", "The link says view")
}

// Before the password nothing of the video is told: no title, no name of a file,
// no address to play, by no method and in no header. It holds for a link to a
// path, and for one to a collection.
func TestG2G3BeforeThePasswordNothingIsRevealed(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		s.CLI("collection", "add", "films", "--path", "/clock/*", "--title", "Festival selection", "--level", "link")
		file := secretFile(t, s, "open sesame")
		for name, l := range map[string]link{
			"a path":       createLink(t, s, "--path", "/clock/*", "--title", "The great escape", "--password-file", file),
			"a collection": createLink(t, s, "--collection", "films", "--title", "The great escape", "--password-file", file),
		} {
			g := newGuest(t)
			for _, a := range []answer{
				g.see(s, l.URL), g.form(s, l.URL), g.form(s, l.URL, "password", "wrong"),
				do(t, g.Client, http.MethodHead, l.URL), do(t, browser(), http.MethodGet, l.MediaURL), do(t, browser(), http.MethodHead, l.MediaURL),
				do(t, browser(), http.MethodGet, l.URL, "User-Agent", "Slackbot-LinkExpanding 1.0"),
				do(t, browser(), http.MethodGet, s.URL+"/clock/master.m3u8?usher="+code(l)),
			} {
				told := a.body
				for key, values := range a.Header {
					told += key + strings.Join(values, " ") + "\n"
				}
				lacks(t, told, "great escape", "Festival", "films", "master", "360p", "~", "EXTM3U", "clock")
			}
			session := g.press(s, l, "password", "open sesame")
			wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
			t.Logf("%s is told of once the password was right", name)
		}
		wantStatus(t, do(t, browser(), http.MethodGet, s.URL+firstSegment), http.StatusNotFound, "")
	})
}

// code is the token of a link.
func code(l link) string { return l.URL[strings.LastIndex(l.URL, "/")+1:] }

// Whoever changes the password chooses whether those who are in stay in.
func TestG2ChangingThePasswordEndsSessionsOrNot(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--password-file", secretFile(t, s, "first"))
		g := newGuest(t)
		session := g.press(s, l, "password", "first")
		s.CLI("link", "change", l.ID, "--password-file", secretFile(t, s, "second"))
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
		wantStatus(t, g.form(s, l.URL, "password", "first"), http.StatusUnauthorized, "password_wrong")
		out := s.CLI("link", "change", l.ID, "--password-file", secretFile(t, s, "third"), "--end-sessions")
		contains(t, out, "1 live session ended")
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusForbidden, "no_session")
		wantStatus(t, newGuest(t).form(s, l.URL, "password", "second"), http.StatusUnauthorized, "password_wrong")
		g.press(s, l, "password", "third")
		s.CLI("link", "change", l.ID, "--no-password")
		newGuest(t).press(s, l)
	})
}

// Guesses are counted; too many have to wait, and the device that was let in
// before, from the same network, is not locked out by them.
func TestG2GuessingIsSlowedAndTheRightfulDeviceIsNot(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--password-file", secretFile(t, s, "open sesame"))
		rightful := newGuest(t)
		rightful.see(s, l.URL)
		rightful.press(s, l, "password", "open sesame")
		var last answer
		for range 60 {
			if last = newGuest(t).form(s, l.URL, "password", "guess"); last.StatusCode == http.StatusTooManyRequests {
				break
			}
			wantStatus(t, last, http.StatusUnauthorized, "password_wrong")
		}
		wantStatus(t, last, http.StatusTooManyRequests, "too_many_tries")
		if last.Header.Get("Retry-After") == "" {
			t.Error("it does not say when to try again")
		}
		wantStatus(t, newGuest(t).form(s, l.URL, "password", "open sesame"), http.StatusTooManyRequests, "too_many_tries")
		rightful.press(s, l, "password", "open sesame")
	})
}
