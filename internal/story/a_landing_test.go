package story

import (
	"net/http"
	"strings"
	"testing"
)

// navigation is what a browser says of itself where a person follows a link.
var navigation = []string{"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none"}

// goes is somebody who follows a share link.
func (a *actor) goes(l link, status int) answer {
	a.Helper()
	got := do(a, a.Client, http.MethodGet, l.URL, navigation...)
	wantStatus(a, got, status, "")
	return got
}

// A link that limits and asks nothing may go without its page: a browser comes
// straight in, to an address without the token. Whatever only looks, looks.
func TestA4ALinkWithoutAPageLetsBrowsersStraightIn(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "link")
		l := s.share("--collection", "clock", "--landing", "none")
		code := l.URL[strings.LastIndex(l.URL, "/")+1:]

		looks := [][]string{
			nil,
			{"Accept", "text/html"},
			append([]string{"Sec-Purpose", "prefetch;prerender"}, navigation...),
			append([]string{"User-Agent", "Slackbot-LinkExpanding 1.0"}, navigation...),
			{"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
			{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "document"},
		}
		for _, header := range looks {
			got := do(s, browser(), http.MethodGet, l.URL, header...)
			if wantStatus(s, got, http.StatusOK, ""); !strings.Contains(got.body, "<form") {
				t.Errorf("%q: no page with a button", header)
			}
		}
		wantStatus(s, do(s, browser(), http.MethodHead, l.URL, navigation...), http.StatusOK, "")
		if shown := showLink(t, s.Server, l.ID); shown.Devices != 0 || shown.Plays != 0 {
			t.Errorf("looks made %d devices, %d plays", shown.Devices, shown.Plays)
		}

		viewer := s.anybody()
		in := viewer.goes(l, http.StatusSeeOther)
		if to := in.Header.Get("Location"); to != "/_usher/watch/"+l.ID || in.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("sent to %s with %v", to, in.Header)
		}
		page := viewer.asks(in.Header.Get("Location"), http.StatusOK, "", "Accept", "text/html")
		if strings.Contains(page.body, code) {
			t.Error("the link's token is on the page")
		}
		viewer.asks("/clock/clock.mp4", http.StatusOK, "")
		viewer.goes(l, http.StatusSeeOther)
		shown := s.told("link", "show", l.ID)
		wantField(t, shown, "landing", "none")
		wantField(t, shown, "devices", 1)
		wantField(t, shown, "plays", 1)
		wantField(t, shown, "views/reserved", 0)
	})
}

// Whatever is counted or asked for keeps the page: such a link is not made without
// one, and one that is limited later has its page from then on.
func TestA4LimitedLinksKeepTheirPage(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	s.collect("inside", "members")
	s.CLI("person", "create", "ann@example.com")
	for _, guard := range [][]string{{"--views", "3"}, {"--views-each", "1"}, {"--seats", "1"}, {"--seats-each", "1"}, {"--play-for", "1h"}, {"--for", "ann@example.com"}, {"--preset", "review", "--for", "ann@example.com"}} {
		s.fails("has a page", append([]string{"link", "create", "--collection", "clock", "--landing", "none"}, guard...)...)
	}
	s.fails("known are confirm, none", "link", "create", "--collection", "clock", "--landing", "custom")

	l := s.share("--collection", "clock", "--landing", "none")
	viewer := s.anybody()
	keeps := func(words ...string) {
		t.Helper()
		s.CLI(append([]string{"link"}, words...)...)
		if page := s.anybody().goes(l, http.StatusOK); !strings.Contains(page.body, "<form") && !strings.Contains(page.body, "/_usher/signin") {
			t.Errorf("%q: a page that asks nothing", words)
		}
		wantField(t, s.told("link", "show", l.ID), "devices", 1)
	}
	viewer.goes(l, http.StatusSeeOther)
	keeps("extend", l.ID, "--views", "5")
	if said := s.CLI("explain", l.URL); !strings.Contains(said, "while it has views") {
		t.Error(said)
	}
	s.fails("has a page", "link", "change", l.ID, "--landing", "none")
	s.CLI("link", "extend", l.ID, "--views", "0")
	if said := s.CLI("explain", l.URL); !strings.Contains(said, "let in at once") {
		t.Error(said)
	}
	viewer.goes(l, http.StatusSeeOther)
	keeps("change", l.ID, "--for", "ann@example.com")
	s.CLI("link", "change", l.ID, "--for-anybody")
	keeps("change", l.ID, "--landing", "confirm")
	s.CLI("link", "change", l.ID, "--landing", "none")
	s.CLI("link", "suspend", l.ID)
	s.anybody().asks(strings.TrimPrefix(l.URL, s.URL), http.StatusForbidden, "suspended", navigation...)

	within := s.share("--collection", "inside", "--landing", "none")
	if page := s.anybody().goes(within, http.StatusOK); !strings.Contains(page.body, "/_usher/signin") {
		t.Error("nobody is asked to sign in")
	}
	s.activated("ann@example.com").goes(within, http.StatusSeeOther)
}
