package gate_test

import (
	"net/http"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// TestTheOneFilmOfACollection is one, whatever its renditions are called.
func TestTheOneFilmOfACollection(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink})
	link := w.issue(gate.Link{Collection: films}, gate.Terms{Views: 1})
	s := w.open(player, link, "/film/master.m3u8")
	w.get(s, "/film/master.m3u8")
	w.want(w.get(s, "/film/360p/1.ts"), gate.Pass, gate.OK)
	w.want(w.get(s, "/film/720p/1.ts"), gate.Pass, gate.OK)
	w.used(link, 1, 0)
}

// TestAFilmOfAnIncludedCollectionIsNotAllOfTheLink: its manifest does not make
// one asset of what the link opens besides.
func TestAFilmOfAnIncludedCollectionIsNotAllOfTheLink(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink, Includes: []gate.CollectionID{clips}})
	w.collect(clips, collection{Paths: w.scopes("/clips/*"), Level: gate.ByLink})
	link := w.issue(gate.Link{Collection: films}, gate.Terms{Views: 1})
	s := w.open(player, link, "/clips/master.m3u8")
	w.want(w.get(s, "/clips/master.m3u8"), gate.Pass, gate.OK)
	w.want(w.get(s, "/clips/a/1.ts"), gate.Pass, gate.OK)
	w.want(w.get(s, "/film/a/1.ts"), gate.Refuse, gate.ViewsSpent)
}

// TestFilmsOfACollection: each path of it with a manifest in it is one film, of
// its own or of a collection that it includes, and what has a path of its own in
// there is another one. It is the same with a lease, and on another node.
func TestFilmsOfACollection(t *testing.T) {
	for _, policy := range []func(*gate.Policy){nil, leased} {
		w := newWorld(t, policy)
		caughtUp := w.hear()
		w.collect(films, collection{
			Paths: w.scopes("/film/a/*", "/film/a/trailer.mp4", "/film/a/making-of/*", "/film/b/*", "/film/*"),
			Level: gate.ByLink, Includes: []gate.CollectionID{clips},
		})
		w.collect(clips, collection{Paths: w.scopes("/clips/*", "/more/*"), Level: gate.ByLink})
		link := w.issue(gate.Link{Collection: films}, gate.Terms{Views: 8})
		s := w.open(player, link, "/film/a/master.m3u8")
		nodes := []*gate.Gate{w.gate, w.over(w.store)}
		for round, used := range []int64{0, 8} { // the second time, all is open
			views := int64(0)
			for i, step := range []struct {
				path  string
				asset string
				views int64
			}{
				{"/film/a/trailer.mp4", "film/a/trailer.mp4", 1},
				{"/film/a/master.m3u8", "/film/a/", 0},
				{"/film/a/360p/1.ts", "/film/a/", 1},
				{"/film/a/720p/1.ts", "/film/a/", 0},
				{"/film/a/trailer.mp4", "film/a/trailer.mp4", 0},
				{"/film/a/making-of/master.m3u8", "/film/a/making-of/", 0},
				{"/film/a/making-of/360p/1.ts", "/film/a/making-of/", 1},
				{"/film/a/making-of/720p/1.ts", "/film/a/making-of/", 0},
				{"/film/b/master.mpd", "/film/b/", 0},
				{"/film/b/360p/1.m4s", "/film/b/", 1},
				{"/film/b/1.m4s", "/film/b/", 0},
				{"/film/a/720p/2.ts", "/film/a/", 0},
				{"/film/c/master.m3u8", "/film/c", 0},
				{"/film/c/360p/1.ts", "/film/c", 1},
				{"/film/d/360p/1.ts", "/film/d", 1},
				{"/clips/360p/1.ts", "/clips/", 1},
				{"/clips/master.m3u8", "/clips/", 0},
				{"/clips/720p/1.ts", "/clips/", 0},
				{"/more/360p/1.ts", "/more/360p", 1},
			} {
				w.gate = nodes[i%2]
				v := w.get(s, step.path)
				w.want(v, gate.Pass, gate.OK)
				caughtUp()
				first := round == 0 && (step.path == "/clips/360p/1.ts" || v.Gathers)
				if v.Asset != step.asset && !first {
					t.Errorf("%s is of %q, want %q", step.path, v.Asset, step.asset)
				}
				views += step.views
				w.used(link, max(used, views), 0)
			}
		}
		w.want(w.get(s, "/more/720p/1.ts"), gate.Refuse, gate.ViewsSpent)
		w.get(s, "/more/master.m3u8")
		w.want(w.get(s, "/more/720p/1.ts"), gate.Pass, gate.OK) // 360p runs
		w.used(link, 8, 0)
	}
}

// TestAManifestThatWasNotAnsweredGathersNothing: only the answer does.
func TestAManifestThatWasNotAnsweredGathersNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*", "/more/*"), Level: gate.ByLink})
	link := w.issue(gate.Link{Collection: films}, gate.Terms{Views: 2})
	s := w.open(player, link, "/film/master.m3u8")
	for _, path := range []string{"/film/master.m3u8", "/film/360p/index.m3u8"} {
		v := w.decide(w.request(player, http.MethodGet, path, inPath(s)))
		w.want(v, gate.Pass, gate.OK)
		if v.Gathers != (path == "/film/master.m3u8") {
			t.Errorf("%s gathers: %v", path, v.Gathers)
		}
	}
	w.get(s, "/film/360p/1.ts")
	w.get(s, "/film/720p/1.ts")
	w.used(link, 2, 0)
}

func TestWholeOf(t *testing.T) {
	for asset, want := range map[string]string{
		gate.WholeScope: gate.WholeScope, "film.mp4": gate.WholeScope, "/": "/", "/a": "/", "/a/": "/a/", "/a/b": "/a/", "/a/b/": "/a/b/", "a/b.mp4": "a/",
	} {
		if got := gate.WholeOf(asset); got != want {
			t.Errorf("%q is part of %q, want %q", asset, got, want)
		}
	}
}
