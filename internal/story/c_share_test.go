package story

import (
	"net/http"
	"strings"
	"testing"
)

// Who holds share hands on what they hold, and no more; what they handed on is
// cut down with what they hold, all along the chain, with the next request.
func TestC4C9SharingHandsOnWhatOneHoldsAndNoLonger(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "link")
		path := "/clock/clock.mp4"
		s.person("ann@example.com", "--role", "standard")
		ben := s.person("ben@example.com")
		s.CLI("grant", "create", "clock", "--person", "ben@example.com", "--can", "view")
		s.fails("share", "link", "create", "--collection", "clock", "--as", "ben@example.com")
		s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view,share,stats")
		s.fails("download", "link", "create", "--collection", "clock", "--can", "view,download", "--as", "ann@example.com")
		s.fails("upload", "grant", "create", "clock", "--person", "ben@example.com", "--can", "upload", "--as", "ann@example.com")

		parent := s.share("--collection", "clock", "--can", "view,share", "--as", "ann@example.com")
		child := s.share("--parent", parent.ID, "--can", "view,share", "--as", "ann@example.com")
		grandchild := s.share("--parent", child.ID, "--can", "view", "--as", "ann@example.com")
		s.fails("download", "link", "create", "--parent", parent.ID, "--can", "view,download", "--as", "ann@example.com")
		var sessions []string
		for _, l := range []link{parent, child, grandchild} {
			viewer := s.anybody()
			sessions = append(sessions, viewer.opens(l, path))
			viewer.plays(sessions[len(sessions)-1], path)
		}
		all := func(status int, reason string) {
			s.Helper()
			for _, session := range sessions {
				s.anybody().asks(session+path, status, reason)
			}
		}
		s.CLI("link", "suspend", parent.ID)
		all(http.StatusForbidden, "suspended")
		s.CLI("link", "resume", parent.ID)
		all(http.StatusOK, "")
		s.CLI("link", "change", parent.ID, "--can", "stats")
		all(http.StatusForbidden, "no_capability")
		s.CLI("link", "change", parent.ID, "--can", "view,share")
		all(http.StatusOK, "")
		s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view") // share was taken from her
		all(http.StatusForbidden, "no_capability")
		s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view,share,stats")
		all(http.StatusOK, "")
		s.CLI("person", "suspend", "ann@example.com")
		all(http.StatusForbidden, "no_capability")
		ben.plays(ben.enters(path), path)
	})
}

// Statistics without names are for who holds stats; what named persons watched
// is for managers and owners.
func TestC5StatsShowNobodysNames(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	for _, email := range []string{"stats@example.com", "view@example.com", "ben@example.com"} {
		s.CLI("person", "create", email)
	}
	s.CLI("grant", "create", "clock", "--person", "stats@example.com", "--can", "view,stats")
	s.CLI("grant", "create", "clock", "--person", "view@example.com", "--can", "view")
	s.CLI("person", "create", "boss@example.com", "--role", "manager")
	ben, anybody := s.activated("ben@example.com"), s.anybody()
	l := s.share("--collection", "clock")
	for _, viewer := range []*actor{ben, anybody} {
		viewer.plays(viewer.opens(l, "/clock/clock.mp4"), "/clock/clock.mp4")
	}
	seen := func(email string) int {
		return len(field(t, s.told("session", "list", "--link", l.ID, "--as", email), "sessions").([]any))
	}
	if n := seen("stats@example.com"); n != 1 {
		t.Errorf("who holds stats sees %d sessions", n)
	}
	if n := seen("boss@example.com"); n != 2 {
		t.Errorf("a manager sees %d sessions", n)
	}
	s.fails("stats", "session", "list", "--link", l.ID, "--as", "view@example.com")
	s.fails("directory", "session", "list", "--person", "ben@example.com", "--as", "stats@example.com")
}

// Who manages one collection has all of it, and none of another one.
func TestC6ManagingOneCollection(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	s.collect("other", "link")
	ann := s.person("ann@example.com", "--role", "standard")
	s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--preset", "can_manage")
	l := s.share("--collection", "clock")
	viewer := s.anybody()
	session := viewer.opens(l, "/clock/clock.mp4")
	s.CLI("collection", "lock", "clock", "--as", "ann@example.com")
	if a := do(t, viewer.Client, http.MethodGet, s.URL+session+"/clock/clock.mp4"); a.StatusCode != http.StatusForbidden {
		t.Errorf("locked, it answers %d", a.StatusCode)
	}
	s.CLI("collection", "change", "clock", "--title", "Hers", "--as", "ann@example.com")
	s.CLI("collection", "unlock", "clock", "--as", "ann@example.com")
	session = viewer.opens(l, "/clock/clock.mp4")
	s.CLI("link", "suspend", l.ID, "--as", "ann@example.com")
	viewer.asks(session+"/clock/clock.mp4", http.StatusForbidden, "suspended")
	s.CLI("collection", "who", "clock", "--as", "ann@example.com")
	for _, args := range [][]string{{"lock", "other"}, {"who", "other"}, {"delete", "other"}, {"show", "other"}} {
		s.fails("", append(append([]string{"collection"}, args...), "--as", "ann@example.com")...)
	}
	ann.asks("/other/clock.mp4", http.StatusForbidden, "locked")
	s.CLI("collection", "delete", "clock", "--as", "ann@example.com")
	ann.asks("/clock/clock.mp4", http.StatusNotFound, "")
}

// Everybody sees what they may do, and the upstream is told with each request,
// for what only it can decide, such as who may comment.
func TestC7C16WhatOneMayIsShownAndToldToTheUpstream(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Header.Get("Usher-Person") + " " + r.Header.Get("Usher-Capabilities")))
	})
	s := &stage{Server: before(t, u), TB: t}
	s.CLI("collection", "create", "acme", "--path", "/acme/*")
	ann := s.person("ann@example.com")
	s.CLI("grant", "create", "acme", "--person", "ann@example.com", "--can", "view,upload")
	me := s.told("me", "--as", "ann@example.com")
	wantField(t, me, "person/collections/0/name", "acme")
	wantField(t, me, "person/collections/0/can", []string{"view", "upload"})
	wantField(t, me, "permissions/keys", nil)
	wantField(t, me, "permissions/share", "with share")
	session := ann.enters("/acme/a.ts")
	id, _ := field(t, me, "person/id").(string)
	if got := ann.plays(session, "/acme/a.ts").body; got != id+" view,upload" {
		t.Errorf("the upstream is told %q", got)
	}
	s.CLI("grant", "create", "acme", "--person", "ann@example.com", "--can", "view")
	if got := ann.plays(session, "/acme/a.ts").body; got != id+" view" {
		t.Errorf("the upstream is told %q", got)
	}
}

// Whoever was given one thing sees that thing: no other collection, no person, no
// account.
func TestC8OneSeesOnlyWhatWasShared(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	s.collect("secret", "locked")
	ann := s.person("ann@example.com")
	s.CLI("person", "create", "ben@example.com")
	s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view")
	list := s.told("collection", "list", "--as", "ann@example.com")
	if n := len(field(t, list, "collections").([]any)); n != 1 {
		t.Errorf("%d collections", n)
	}
	wantField(t, list, "collections/0/name", "clock")
	wantField(t, list, "collections/0/owner", nil)
	session := ann.enters("/clock/clock.mp4")
	ann.asks(session+"/secret/clock.mp4", http.StatusNotFound, "not_covered")
	ann.asks(session+"/nothing/clock.mp4", http.StatusNotFound, "not_covered")
	s.fails("", "collection", "show", "secret", "--as", "ann@example.com")
	s.fails("directory", "person", "list", "--as", "ann@example.com")
	s.fails("", "person", "show", "ben@example.com", "--as", "ann@example.com")
	s.fails("keys", "key", "list", "--as", "ann@example.com")
	link := s.share("--path", "/clock/360p/*")
	viewer := s.anybody()
	narrow := viewer.opens(s.share("--path", "/elsewhere/*"), "/elsewhere/x.mp4")
	viewer.asks(narrow+"/clock/clock.mp4", http.StatusNotFound, "not_covered")
	viewer.tries(link, "/clock/360p/0.ts", http.StatusForbidden, "locked")
}

// Who shares writes their own words, and the mail says them as text.
func TestC10WhoSharesWritesTheirOwnWords(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	s.person("ann@example.com", "--role", "standard")
	s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view,share")
	ben := s.person("ben@example.com")
	l := s.share("--collection", "clock", "--as", "ann@example.com")
	mailed := s.told("link", "mail", l.ID, "--to", "ben@example.com", "--message", "<b>Have</b> a look", "--as", "ann@example.com")
	text, _ := field(t, mailed, "items/0/message/text").(string)
	if !strings.Contains(text, "<b>Have</b> a look") {
		t.Errorf("%v", mailed)
	}
	_, code, _ := strings.Cut(text, s.URL+"/s/")
	ben.post("/s/" + strings.Fields(code)[0])
	ben.asks("/clock/clock.mp4", http.StatusOK, "")
}
