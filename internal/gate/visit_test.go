package gate_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// TestVisitorsAreCounted: a public place that is tracked has no barrier, and each
// visitor has a session on the collection's hidden link.
func TestVisitorsAreCounted(t *testing.T) {
	for _, policy := range []func(*gate.Policy){nil, leased} {
		w := newWorld(t, policy)
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public, Track: true})
		w.catchUp()
		s := w.decide(w.request(player, http.MethodGet, "/film/a/1.ts"))
		w.want(s, gate.Redirect, gate.OK)
		if s.Link.ID != gate.VisitsTo(films) || !s.Person.IsZero() {
			t.Errorf("the visit is %v of %v", s.Link.ID, s.Person)
		}
		w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
		w.want(w.get(s, "/film/a/2.ts"), gate.Pass, gate.OK)
		w.used(s.Link, 1, 0)
		// Captions and images cost nothing, and looking opens nothing.
		if v := w.decide(w.request(player, http.MethodGet, "/film/a/de.vtt")); !v.Public || v.Outcome != gate.Pass {
			t.Errorf("captions: %s", v.Outcome)
		}
		w.want(w.decide(w.request(player, http.MethodHead, "/film/a/1.ts")), gate.Blank, gate.OK)
		preview := w.request(player, http.MethodGet, "/film/a/1.ts")
		preview.Speculative = true
		w.want(w.decide(preview), gate.Blank, gate.OK)
		// Whatever else is brought closes nothing: it is passed by, or over.
		other := w.open(player, w.link("/other/*", gate.Terms{}), "/other/1.ts")
		for _, c := range [][]gate.Credential{{inPath(other)}, {{Carrier: gate.InQuery, Text: "x"}}, {{Carrier: gate.InQuery, Text: "x"}, {Carrier: gate.InHeader, Text: "y"}}} {
			w.want(w.decide(w.request(player, http.MethodGet, "/film/a/1.ts", c...)), gate.Redirect, gate.OK)
		}
		// A cut ends the session, and its visitor gets another one.
		w.now = w.now.Add(time.Second)
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public, Track: true, CutAt: w.now})
		w.now = w.now.Add(lease)
		if _, err := w.store.End(t.Context(), s.Link.ID, s.Session); err != nil {
			t.Fatal(err)
		}
		again := w.get(s, "/film/a/1.ts")
		w.want(again, gate.Redirect, gate.OK)
		if again.Session == s.Session {
			t.Error("the session that was cut")
		}
		// Closed, it is closed to them.
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink, Track: true})
		w.now = w.now.Add(lease)
		w.want(w.get(again, "/film/a/1.ts"), gate.Refuse, gate.LockedPlace)
		w.want(w.open(player, s.Link, "/film/a/1.ts"), gate.Refuse, gate.BadToken) // nobody holds it
	}
}

// TestASpentLinkAtAPublicPlace: its session counts there, and is no barrier.
func TestASpentLinkAtAPublicPlace(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public, Track: true})
	link := w.link("/film/*", gate.Terms{Views: 1})
	s := w.open(player, link, "/film/a/1.ts")
	w.catchUp()
	w.want(w.get(s, "/film/a/1.ts"), gate.Pass, gate.OK)
	w.used(link, 1, 0)
	w.want(w.get(s, "/film/b/1.ts"), gate.Redirect, gate.OK)
}

// TestVisitorsWithoutAPathForSessions: who keeps no cookie could not be given one.
func TestVisitorsWithoutAPathForSessions(t *testing.T) {
	w := newWorld(t, func(p *gate.Policy) { p.InPath = false })
	w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public, Track: true})
	w.catchUp()
	if v := w.decide(w.request(player, http.MethodGet, "/film/a/1.ts")); !v.Public || v.Outcome != gate.Pass {
		t.Errorf("%s", v.Outcome)
	}
}

// TestKeepingAFilm takes the capability; playing it does not.
func TestKeepingAFilm(t *testing.T) {
	for can, want := range map[gate.Capability]gate.Reason{gate.View: gate.NoCapability, gate.View | gate.Download: gate.OK} {
		w := newWorld(t, nil)
		w.collect(films, collection{Paths: w.scopes("/granted/*"), Grants: map[gate.PersonID]gate.Capability{ann: can}})
		link := w.issue(gate.Link{Scope: w.scopes("/film/*")[0], Can: can}, gate.Terms{})
		s := w.open(browser, link, "/film/a.mp4")
		for _, ask := range []func(*gate.Request){func(r *gate.Request) { r.Download = true }, func(r *gate.Request) { r.Document = true }} {
			for path, no := range map[string]gate.Reason{"/film/a.mp4": want, "/film/a.m3u8": gate.OK, "/film/a.vtt": gate.OK} {
				req := w.request(browser, http.MethodGet, path, inPath(s))
				ask(req)
				if v := w.decide(req); v.Refusal.Reason != no {
					t.Errorf("%s with %s: %s, want %s", path, can, v.Refusal.Reason, no)
				}
			}
			req := w.request(browser, http.MethodGet, "/film/a.mp4", gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)})
			ask(req)
			if v := w.decide(req); v.Refusal.Reason != want {
				t.Errorf("a signed media URL with %s: %s, want %s", can, v.Refusal.Reason, want)
			}
			w.catchUp()
			req = w.request(w.as(ann), http.MethodGet, "/granted/a.mp4")
			ask(req)
			if v := w.decide(req); v.Refusal.Reason != want {
				t.Errorf("a grant of %s: %s, want %s", can, v.Refusal.Reason, want)
			}
		}
		w.want(w.get(s, "/film/a.mp4"), gate.Pass, gate.OK)
	}
	for query, want := range map[string]string{"": "", "download": "", "a=1&download": "a=1", "download=1": "-", "a=download": "-", "xdownload&b": "-"} {
		rest, asked := gate.SplitDownload(query)
		if asked != (want != "-" && query != "") || asked && rest != want || !asked && rest != query {
			t.Errorf("%q: %q, %t", query, rest, asked)
		}
	}
}
