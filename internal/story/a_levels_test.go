package story

import (
	"net/http"
	"strings"
	"testing"
)

// Nothing is found: what is gated answers nobody who brings nothing, and looks
// the same whether it is there or not.
func TestA1NothingIsFoundWithoutALink(t *testing.T) {
	s := onStage(t)
	s.collect("locked", "locked")
	s.collect("by-link", "link")
	nobody := s.anybody()
	var first answer
	for i, path := range []string{"/locked/clock.mp4", "/by-link/clock.mp4", "/clock/clock.mp4", "/nothing.mp4", "/s/0123456789abcdef", "/locked/clock.mp4?usher=junk"} {
		a := nobody.asks(path, http.StatusNotFound, "")
		if i == 0 {
			first = a
		}
		for _, name := range []string{"Content-Length", "Cache-Control", "Vary", "Content-Type", "X-Robots-Tag", "Referrer-Policy"} {
			if a.Header.Get(name) != first.Header.Get(name) {
				t.Errorf("%s tells by its %s: %q", path, name, a.Header.Get(name))
			}
		}
		if a.body != first.body || !strings.Contains(a.Header.Get("X-Robots-Tag"), "noindex") || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %s %v", path, a.body, a.Header)
		}
	}
	l := s.share("--path", "/clock/*")
	session := nobody.opens(l, "/clock/clock.mp4")
	for _, path := range []string{"/clock/clock.mp4", "/clock/master.m3u8", "/clock/360p/0.ts"} {
		a := nobody.plays(session, path)
		if !strings.Contains(a.Header.Get("X-Robots-Tag"), "noindex") || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
	if page := do(t, browser(), http.MethodGet, l.URL, "Accept", "text/html"); !strings.Contains(page.Header.Get("X-Robots-Tag"), "noindex") {
		t.Errorf("the landing page: %v", page.Header)
	}
}

// Locked, a collection is for named persons: it takes the next request of
// whoever came by a link that anybody may use, and spares all others.
func TestA2A3LockingEndsAnonymousSessionsAndSparesNamedOnes(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "link")
		ann, ben := s.person("ann@example.com"), s.person("ben@example.com")
		s.CLI("grant", "create", "clock", "--person", "ben@example.com", "--can", "view")
		open, hers := s.share("--collection", "clock"), s.share("--collection", "clock", "--for", "ann@example.com")
		byPath := s.share("--path", "/clock/clock.mp4", "--views", "2")
		one, two, three := s.anybody(), s.anybody(), s.anybody()
		path := "/clock/clock.mp4"
		anonymous := []string{one.opens(open, path), two.opens(open, path), three.opens(byPath, path)}
		named, granted := ann.opens(hers, path), ben.enters(path)
		for _, session := range append(anonymous, named, granted) {
			one.plays(session, path)
		}
		wantViews(s, s.Server, byPath.ID, 1, 0)
		locked := s.told("collection", "lock", "clock")
		wantField(s, locked, "sessions_ended", 3)
		wantField(s, locked, "level", "locked")
		for _, session := range anonymous {
			a := do(s, one.Client, http.MethodGet, s.URL+session+path)
			if a.StatusCode != http.StatusForbidden {
				s.Errorf("an anonymous session gets %d", a.StatusCode)
			}
		}
		one.plays(named, path)
		one.plays(granted, path)
		three.tries(byPath, path, http.StatusForbidden, "locked")
		three.tries(open, path, http.StatusForbidden, "locked")
		three.asks(open.URL[len(s.URL):], http.StatusForbidden, "locked")
		wantViews(s, s.Server, byPath.ID, 1, 0) // nothing was taken by it
		s.CLI("collection", "unlock", "clock")
		one.plays(one.opens(open, path), path)
		one.plays(three.opens(byPath, path), path) // in the view that is still open
		wantViews(s, s.Server, byPath.ID, 1, 0)
	})
}

// Unlocked, a link's media URL leads straight to the media, and its share URL to
// a page of one button; neither leaves its token in the address.
func TestA4AnUnlockedLinkGoesStraightIn(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	l := s.share("--collection", "clock")
	a := do(t, browser(), http.MethodGet, l.MediaURL)
	wantStatus(t, a, http.StatusFound, "")
	_, token, _ := strings.Cut(l.MediaURL, "?usher=")
	to := a.Header.Get("Location")
	if strings.Contains(to, token) || strings.Contains(to, "?") || !strings.HasSuffix(to, "/clock/master.m3u8") {
		t.Errorf("sent to %s", to)
	}
	wantStatus(t, do(t, browser(), http.MethodGet, s.URL+to), http.StatusOK, "")
	viewer := s.anybody()
	after := viewer.post(l.URL[len(s.URL):])
	if got := after.Header.Get("Location"); got != "/_usher/watch/"+l.ID {
		t.Errorf("sent to %s", got)
	}
	if page := viewer.asks(after.Header.Get("Location"), http.StatusOK, "", "Accept", "text/html"); strings.Contains(page.body, token) {
		t.Error("the link's token is on the page")
	}
}

// One link for a whole group: who watches is told apart by device, and nobody is
// asked for a name.
func TestA6OneLinkForManyIsCountedByDevice(t *testing.T) {
	s := onStage(t)
	l := s.share("--path", "/clock/*")
	for range 14 {
		viewer := s.anybody()
		viewer.post(l.URL[len(s.URL):])
		viewer.asks("/clock/clock.mp4", http.StatusOK, "")
	}
	shown := showLink(t, s.Server, l.ID)
	if shown.Devices != 14 || shown.Plays != 14 || shown.Redeems != 14 {
		t.Errorf("%d devices, %d plays, %d redeems", shown.Devices, shown.Plays, shown.Redeems)
	}
	list := s.told("session", "list", "--link", l.ID)
	if n := len(field(t, list, "sessions").([]any)); n != 14 {
		t.Errorf("%d sessions", n)
	}
	wantField(t, list, "sessions/0/person", nil)
}

// Members are whoever is signed in: a link alone is not enough.
func TestA7MembersAreWhoeverIsSignedIn(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "members")
		ann, nobody := s.person("ann@example.com"), s.anybody()
		path := "/clock/clock.mp4"
		ann.plays(ann.enters(path), path)
		nobody.asks(path, http.StatusNotFound, "")
		l := s.share("--collection", "clock")
		nobody.tries(l, path, http.StatusUnauthorized, "sign_in")
		if a := nobody.asks(l.URL[len(s.URL):], http.StatusOK, "", "Accept", "text/html"); !strings.Contains(a.body, "/_usher/signin?next=") {
			s.Errorf("the page does not ask to sign in: %s", a.body)
		}
		ann.plays(ann.opens(l, path), path)
		s.CLI("collection", "unlock", "clock")
		session := nobody.opens(l, path)
		nobody.plays(session, path)
		s.CLI("collection", "change", "clock", "--level", "members")
		if a := do(s, nobody.Client, http.MethodGet, s.URL+session+path); a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusForbidden {
			s.Errorf("an anonymous session gets %d", a.StatusCode)
		}
	})
}

// Who lost their access still sees what is public: whatever they bring.
func TestA10PublicPathsAreOpenToDeadSessions(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "locked")
		s.collect("open", "public")
		ann := s.person("ann@example.com")
		s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view")
		session := ann.enters("/clock/clock.mp4")
		ann.plays(session, "/clock/clock.mp4")
		s.CLI("person", "delete", "ann@example.com")
		ann.asks(session+"/clock/clock.mp4", http.StatusForbidden, "no_session")
		ann.asks(session+"/open/clock.mp4", http.StatusOK, "")
		ann.asks("/open/clock.mp4", http.StatusOK, "")
		for _, odd := range []string{"?usher=junk", "?usher=a&URISigningPackage=b"} {
			ann.asks("/open/360p/0.ts"+odd, http.StatusOK, "")
		}
	})
}

// Sharing by mail gives persons something, and the collection stays as closed as
// it was.
func TestA12SharingByMailOpensNothingElse(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	level := func() any { return s.told("collection", "show", "clock")["level"] }
	invited := s.told("invite", "create", "ann@example.com", "--collection", "clock")
	if level() != "locked" {
		t.Error("an invitation opened the collection")
	}
	_, code, _ := strings.Cut(field(t, invited, "items/0/message/text").(string), "/_usher/activate/")
	ann := s.anybody()
	ann.post("/_usher/activate/"+strings.Fields(code)[0], "new", "a few words of ann")
	ann.plays(ann.enters("/clock/clock.mp4"), "/clock/clock.mp4")
	ben, nobody := s.person("ben@example.com"), s.anybody()
	ben.asks("/clock/clock.mp4", http.StatusForbidden, "locked")
	nobody.asks("/clock/clock.mp4", http.StatusNotFound, "")
	// A link that names persons is theirs, and no more opens it to others.
	l := s.share("--collection", "clock", "--for", "ben@example.com")
	mailed := s.told("link", "mail", l.ID, "--to", "ben@example.com")
	wantField(t, mailed, "level_before", "locked")
	wantField(t, mailed, "level_after", "locked")
	ben.plays(ben.opens(l, "/clock/clock.mp4"), "/clock/clock.mp4")
	nobody.tries(l, "/clock/clock.mp4", http.StatusUnauthorized, "sign_in")
	s.CLI("grant", "create", "clock", "--person", "ben@example.com", "--can", "view,share")
	if level() != "locked" {
		t.Error("a link, or a grant, opened the collection")
	}
}

// A public collection that is tracked has no barrier, and whoever watches is
// counted, on links that nobody holds.
func TestA13PublicWithTracking(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "public", "--track")
		path := "/clock/clock.mp4"
		wantStatus(s, do(s, browser(), http.MethodHead, s.URL+path), http.StatusNoContent, "")
		wantStatus(s, do(s, browser(), http.MethodGet, s.URL+path, "Sec-Purpose", "prefetch"), http.StatusNoContent, "")
		ann, ben := s.anybody(), s.anybody()
		session := ann.enters(path)
		ann.plays(session, path)
		ann.plays(session, "/clock/360p/0.ts") // by the playlist, a film of its own
		ben.plays(ben.enters(path), path)
		list := s.told("session", "list", "--visitors", "clock")
		if n := len(field(s, list, "sessions").([]any)); n != 2 {
			s.Errorf("%d visitors", n)
		}
		wantField(s, list, "sessions/0/plays/0/asset", "/clock/clock.mp4")
		hidden := field(s, list, "sessions/0/link").(string)
		if strings.Contains(s.CLI("link", "list", "--json"), hidden) {
			s.Error("the hidden link is listed")
		}
		s.CLI("collection", "cut", "clock")
		again := ann.sentOn(ann.asks(session+path, http.StatusFound, ""), path)
		if again == session {
			s.Error("the session that was cut")
		}
		ann.plays(again, path)
		s.CLI("collection", "lock", "clock")
		if a := do(s, ann.Client, http.MethodGet, s.URL+again+path); a.StatusCode != http.StatusForbidden {
			s.Errorf("locked, it answers %d", a.StatusCode)
		}
		s.anybody().asks(path, http.StatusNotFound, "")
	})
}

// A collection may include others: what is granted on it holds there.
func TestA14GrantsFlowDownIntoIncludedCollections(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("spring", "locked")
		s.collect("autumn", "locked")
		s.CLI("collection", "create", "launches", "--include", "spring", "--include", "autumn")
		ann := s.person("ann@example.com")
		ann.asks("/spring/clock.mp4", http.StatusForbidden, "locked")
		s.CLI("grant", "create", "launches", "--person", "ann@example.com", "--preset", "can_view")
		spring, autumn := ann.enters("/spring/clock.mp4"), ann.enters("/autumn/clock.mp4")
		ann.plays(spring, "/spring/clock.mp4")
		ann.plays(autumn, "/autumn/clock.mp4")
		s.fails("include", "collection", "change", "spring", "--include", "launches")
		s.CLI("collection", "change", "launches", "--include", "spring")
		ann.asks(autumn+"/autumn/clock.mp4", http.StatusForbidden, "locked")
		ann.plays(spring, "/spring/clock.mp4")
	})
}
