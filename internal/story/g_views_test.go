package story

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// A person is one viewer on all their devices: what each may have is counted
// over them, and those of others are not touched.
func TestG5ViewsEachFollowAPersonOverDevices(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		more(t, s, "clock/second")
		l := createLink(t, s, "--path", "/clock/*", "--views-each", "1", "--for", "ann@example.com", "--for", "ben@example.com")
		desktop, ben := known(t, s, "ann@example.com"), known(t, s, "ben@example.com")
		phone := elsewhere(t, s, "ann@example.com")
		at := desktop.press(s, l)
		wantStatus(t, gets(t, s, at, "/clock/big.mp4"), http.StatusOK, "")
		again := phone.press(s, l)
		wantStatus(t, gets(t, s, again, "/clock/big.mp4"), http.StatusOK, "") // the same view goes on
		refused := gets(t, s, again, "/clock/second/clock/clock.mp4")
		wantStatus(t, refused, http.StatusGone, "views_spent")
		wantStatus(t, gets(t, s, at, "/clock/second/clock/clock.mp4"), http.StatusGone, "views_spent")
		wantStatus(t, gets(t, s, ben.press(s, l), "/clock/second/clock/clock.mp4"), http.StatusOK, "")
		wantViews(t, s, l.ID, 2, 0)
	})
}

// Fifty devices of one person, and as many of nobody in particular, come to two
// gateways at once: the person gets what each may have, and not one view more.
func TestG5ViewsEachAreExactOverTwoGateways(t *testing.T) {
	nodes := twoNodes(t, unpaced)
	person := known(t, nodes[0], "ann@example.com")
	for _, film := range []string{"a", "b", "c", "d"} { // each is a view of its own
		more(t, nodes[0], "clock/"+film)
		more(t, nodes[1], "clock/"+film)
	}
	for range 5 {
		l := createLink(t, nodes[0], "--path", "/clock/*", "--views-each", "2")
		var won atomic.Int64
		films := map[string]*atomic.Int64{"a": {}, "b": {}, "c": {}, "d": {}}
		atOnce(50, func(i int) {
			s, film := nodes[i%2], string("abcd"[i%4])
			own := &guest{t, &http.Client{Jar: person.Jar, Transport: person.Transport, CheckRedirect: person.CheckRedirect}}
			a := own.form(s, l.URL)
			if a.StatusCode != http.StatusSeeOther {
				if a.Header.Get("Usher-Reason") != "views_spent" {
					t.Errorf("%d %q", a.StatusCode, a.Header.Get("Usher-Reason"))
				}
				return
			}
			a = gets(t, s, own.session(a), "/clock/"+film+"/clock/clock.mp4")
			if a.StatusCode == http.StatusOK && films[film].Add(1) == 1 {
				won.Add(1)
			}
		})
		if n := won.Load(); n != 2 {
			t.Fatalf("one person got %d of 2 views", n)
		}
		wantViews(t, nodes[1], l.ID, 2, 0)
	}
}

// The preset for exams: named persons, one device at a time, two views, a day,
// nothing to download; whoever is caught on a second device is told so.
func TestG6Exam(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		s.CLI("person", "add", "ann@example.com")
		if _, err := s.TryCLI("link", "create", "--path", "/clock/*", "--preset", "exam"); err == nil || !strings.Contains(err.Error(), "for named persons") {
			t.Errorf("an exam for nobody: %v", err)
		}
		l := createLink(t, s, "--path", "/clock/*", "--preset", "exam", "--for", "ann@example.com")
		said := s.CLI("link", "show", l.ID)
		contains(t, said, "exam", "2 for each viewer", "5 sealed", "1 for each viewer", "refuse when full")
		if end := time.Until(endOf(t, s, l.ID)); end > 24*time.Hour || end < 23*time.Hour {
			t.Errorf("it ends in %v", end)
		}
		ann := known(t, s, "ann@example.com")
		wantStatus(t, known(t, s, "ben@example.com").form(s, l.URL), http.StatusForbidden, "wrong_person")
		session := ann.press(s, l)
		a := gets(t, s, session, "/clock/clock.mp4")
		wantStatus(t, a, http.StatusOK, "")
		second := elsewhere(t, s, "ann@example.com")
		wantStatus(t, second.form(s, l.URL), http.StatusTooManyRequests, "too_many_seats")
		if again := ann.press(s, l); again == "" {
			t.Error("her own device is not let in again")
		}
		wantViews(t, s, l.ID, 1, 0)
	})
}

// A link that opens once: a page with a button, and from then on the device that
// pressed it goes on, reloads and comes back, while nobody else gets in.
func TestG7G12OpensOnceAndTheSameDeviceResumes(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--views", "1", "--expires", "24h")
		first := newGuest(t)
		page := first.see(s, l.URL)
		contains(t, page.body, "1 view", "Pressing Watch uses one; you can come back within 30 min at no cost", "Open until")
		session := first.press(s, l)
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
		stranger := newGuest(t)
		spent := stranger.see(s, l.URL)
		wantStatus(t, spent, http.StatusGone, "views_spent")
		contains(t, spent.body, "All views of this link are used", "Ask whoever sent it to you to add views")
		wantStatus(t, stranger.form(s, l.URL), http.StatusGone, "views_spent")
		wantStatus(t, do(t, browser(), http.MethodGet, l.MediaURL, "User-Agent", "VLC/3.0"), http.StatusGone, "views_spent")
		if again := first.press(s, l); gets(t, s, again, "/clock/360p/1.ts").StatusCode != http.StatusOK {
			t.Error("the device that began may not go on")
		}
		wantViews(t, s, l.ID, 1, 0)
	})
}

// The owner adds views while somebody waits on the page that says they are used:
// the same URL, reloaded, lets them in; and so it is with time. What was used
// stays used, unless the owner sets another limit.
func TestG8N4TheOwnerExtendsWhileAViewerWaits(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--views", "1")
		wantStatus(t, gets(t, s, newGuest(t).press(s, l), firstSegment), http.StatusOK, "")
		waiting := newGuest(t)
		spent := waiting.form(s, l.URL)
		wantStatus(t, spent, http.StatusGone, "views_spent")
		contains(t, spent.body, "the same link then works again")
		extended := decode[link](t, s.CLI("link", "extend", l.URL, "--views", "+1", "--json")) // from what stands in the mail
		if extended.URL != l.URL || extended.Views.Used != 1 || *extended.Views.Left != 1 {
			t.Errorf("%+v", extended)
		}
		page := waiting.see(s, l.URL)
		wantStatus(t, page, http.StatusOK, "")
		contains(t, page.body, "1 of 2 views left")
		session := waiting.press(s, l)
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
		wantViews(t, s, l.ID, 2, 0)

		s.CLI("link", "extend", l.ID, "--expires", "1ms")
		until(t, func() answer { return gets(t, s, session, firstSegment) }, http.StatusGone, "expired")
		s.CLI("link", "extend", l.ID, "--expires", "1h")
		wantStatus(t, gets(t, s, session, "/clock/360p/1.ts"), http.StatusOK, "")
		wantViews(t, s, l.ID, 2, 0)
	})
}

// Nobody re-shares by what a viewer gets: no session makes links, the session's
// address plays the one film for the one view, and the link's own address is
// worth nothing once it is used up.
func TestG12G13ASessionSharesNothing(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	session := newGuest(t).press(s, l)
	wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
	for _, target := range []string{"/_usher/api/v1/links", session + "/_usher/api/v1/links"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+target, strings.NewReader(`{"path":"/clock/*"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(session, "/~"))
		if a := read(t, browser(), req); a.StatusCode < 400 {
			t.Errorf("%s: %d %s", target, a.StatusCode, a.body)
		}
	}
	shown := decode[struct{ Can []string }](t, s.CLI("link", "show", l.ID, "--json"))
	if len(shown.Can) != 1 || shown.Can[0] != "view" {
		t.Errorf("a link may %v unless told otherwise", shown.Can)
	}
	out, err := s.TryCLI("link", "create", "--path", "/clock/*", "--can", "view,manage")
	if err == nil || !strings.Contains(err.Error(), "manages nothing") {
		t.Errorf("a link that manages: %s %v", out, err)
	}
}
