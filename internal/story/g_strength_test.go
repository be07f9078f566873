package story

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// Each link is shown with how strong it is, what that stops, and what it does
// not; every level says that filming the screen is not stopped (G14).
func TestG14G15StrengthOfEachLink(t *testing.T) {
	s := gated(t, storytest.Options{})
	for _, name := range []string{"public", "members", "locked", "link"} {
		more(t, s, name)
		s.CLI("collection", "add", name+"-films", "--path", "/"+name+"/*", "--level", name)
	}
	s.CLI("person", "add", "ann@example.com")
	file := secretFile(t, s, "open sesame")
	for _, row := range []struct {
		args  []string
		level int
		name  string
	}{
		{[]string{"--collection", "public-films"}, 0, "open"},
		{[]string{"--path", "/clock/*"}, 1, "unlisted"},
		{[]string{"--path", "/clock/*", "--views", "3"}, 2, "limited"},
		{[]string{"--path", "/clock/*", "--expires", "1h"}, 2, "limited"},
		{[]string{"--path", "/clock/*", "--password-file", file}, 3, "guarded"},
		{[]string{"--collection", "members-films"}, 3, "guarded"},
		{[]string{"--path", "/clock/*", "--for", "ann@example.com"}, 4, "personal"},
		{[]string{"--path", "/clock/*", "--for", "ann@example.com", "--password-file", file}, 3, "guarded"},
		{[]string{"--collection", "locked-films", "--for", "ann@example.com"}, 4, "personal"},
		{[]string{"--path", "/clock/*", "--for", "ann@example.com", "--views-each", "2", "--seats-each", "1"}, 5, "sealed"},
	} {
		type strong struct {
			ID       string
			Strength struct {
				Level       int
				Name        string
				Stops       []string
				DoesNotStop []string `json:"does_not_stop"`
			}
		}
		made := decode[strong](t, s.CLI(append([]string{"link", "create", "--json"}, row.args...)...))
		if got := made.Strength; got.Level != row.level || got.Name != row.name {
			t.Errorf("%v: %d %s, want %d %s", row.args, got.Level, got.Name, row.level, row.name)
		}
		if got := made.Strength; len(got.Stops) != row.level || !strings.Contains(strings.Join(got.DoesNotStop, ";"), "recording the screen") {
			t.Errorf("%v: stops %v, and not %v", row.args, got.Stops, got.DoesNotStop)
		}
		contains(t, s.CLI("link", "show", made.ID), row.name+": does not stop ")
	}
	// Opening the collection to everybody is seen at once on its links.
	l := createLink(t, s, "--collection", "link-films", "--views", "2")
	contains(t, s.CLI("link", "show", l.ID), "2 limited")
	s.CLI("collection", "change", "link-films", "--level", "public")
	contains(t, s.CLI("link", "show", l.ID), "0 open")
	contains(t, s.CLI("link", "strength"), "0  open", "5  sealed", "does not stop")
}

// How many views are left, and until when, stands on the page, in headers for
// machines, and in the mail.
func TestG16N5WhatIsLeftIsSaid(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--views", "3", "--expires", "2026-12-31T12:00:00Z", "--can", "view,share")
		session := newGuest(t).press(s, l)
		a := gets(t, s, session, firstSegment)
		wantStatus(t, a, http.StatusOK, "")
		for name, want := range map[string]string{"Usher-Views-Left": "2", "Usher-Expires": "2026-12-31T12:00:00Z"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		contains(t, newGuest(t).see(s, l.URL).body, "2 of 3 views left", "31 December 2026")
		g := newGuest(t)
		contains(t, g.see(s, g.form(s, l.URL).Header.Get("Location")).body, "1 of 3 views left", "31 December 2026")
		s.CLI("link", "extend", l.ID, "--views", "9")
		type mailed struct {
			Items []struct{ Message struct{ Text string } }
		}
		list := decode[mailed](t, s.CLI("link", "mail", l.ID, "--to", "ann@example.com", "--views", "2", "--json"))
		contains(t, list.Items[0].Message.Text, "2 views", "31 December 2026", "/s/")
		lacks(t, list.Items[0].Message.Text, "share", "master.m3u8")
	})
}

// Whoever comes to open a link that is closed is counted: the owner sees that it
// is still tried. Looking by machines is not, and neither is a player that was
// at it when it was closed.
func TestN16OpeningsOfAClosedLinkAreCounted(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*")
		session := newGuest(t).press(s, l)
		s.CLI("link", "suspend", l.ID)
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusForbidden, "suspended")
		wantStatus(t, newGuest(t).see(s, l.URL), http.StatusForbidden, "suspended")
		wantStatus(t, newGuest(t).form(s, l.URL), http.StatusForbidden, "suspended")
		wantStatus(t, do(t, browser(), http.MethodGet, l.MediaURL), http.StatusForbidden, "suspended")
		do(t, browser(), http.MethodHead, l.URL)
		do(t, browser(), http.MethodGet, l.URL, "User-Agent", "Slackbot-LinkExpanding 1.0")
		tried := func() int64 {
			return decode[struct {
				Tried int64 `json:"refused_opens"`
			}](t, s.CLI("link", "show", l.ID, "--json")).Tried
		}
		eventually(t, "three are counted", func() bool { return tried() == 3 })
		s.CLI("link", "resume", l.ID)
		wantStatus(t, newGuest(t).see(s, l.URL), http.StatusOK, "")
		s.CLI("link", "revoke", l.ID)
		wantStatus(t, newGuest(t).form(s, l.URL), http.StatusGone, "revoked")
		eventually(t, "and the fourth", func() bool { return tried() == 4 })
		contains(t, s.CLI("link", "show", l.ID), "4 refused openings")
	}, "idle 2s") // usage is written four times as often
}

// Each preset makes a link with what its row says, names persons where it must,
// and gives way to what the command says itself.
func TestPresetsMakeWhatTheySay(t *testing.T) {
	s := gated(t, storytest.Options{})
	s.CLI("person", "add", "ann@example.com")
	table := s.CLI("link", "presets")
	for name, row := range map[string]struct {
		named bool
		says  []string
	}{
		"review":    {false, []string{"10 for each viewer", "2 for each viewer", "replace when full"}},
		"team":      {false, []string{"3 for each viewer", "replace when full"}},
		"sensitive": {true, []string{"3 for each viewer", "1 for each viewer", "refuse when full", "5 sealed"}},
		"paid":      {false, []string{"48h", "2, 1 for each viewer", "replace when full"}},
		"exam":      {true, []string{"2 for each viewer", "1 for each viewer", "refuse when full", "5 sealed"}},
	} {
		contains(t, table, name)
		args := []string{"link", "create", "--path", "/clock/*", "--preset", name}
		if row.named {
			if _, err := s.TryCLI(args...); err == nil {
				t.Errorf("%s: it was made for nobody", name)
			}
			args = append(args, "--for", "ann@example.com")
		}
		contains(t, s.CLI(args...), append(row.says, name)...)
		contains(t, s.CLI(append(args, "--views-each", "7", "--expires", "1h")...), "7 for each viewer")
	}
	_, err := s.TryCLI("link", "create", "--path", "/clock/*", "--preset", "generous")
	if err == nil || !strings.Contains(err.Error(), "review, team, sensitive, paid, exam") {
		t.Errorf("an unknown preset: %v", err)
	}
}
