package story

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// festival makes a collection of two films, each a path of its own with a folder
// for each quality, and one more film of a collection that it includes. On more
// nodes than one, each has the files.
func festival(t *testing.T, nodes ...*storytest.Server) {
	t.Helper()
	for _, s := range nodes {
		for _, folder := range []string{"films/a", "films/b", "bonus"} {
			more(t, s, folder)
		}
	}
	nodes[0].CLI("collection", "add", "extras", "--level", "link", "--path", "/bonus/clock/*")
	nodes[0].CLI("collection", "add", "festival", "--level", "link", "--include", "extras",
		"--path", "/films/a/clock/*", "--path", "/films/b/clock/*")
}

// A film of a collection is one view in whatever quality, two films are two, and
// it stays so after a restart.
func TestEachFilmOfACollectionIsOneViewInAllQualities(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		festival(t, s)
		l := createLink(t, s, "--collection", "festival", "--views", "3")
		session := newGuest(t).press(s, l)
		watch := func(want int64, films ...string) {
			t.Helper()
			for _, film := range films {
				for _, path := range []string{"master.m3u8", "360p/index.m3u8", "360p/0.ts", "180p/index.m3u8", "180p/0.ts", "360p/1.ts", "clock.mp4"} {
					wantStatus(t, gets(t, s, session, film+path), http.StatusOK, "")
				}
			}
			wantViews(t, s, l.ID, want, 0)
		}
		watch(1, "/films/a/clock/")
		watch(2, "/films/b/clock/", "/films/a/clock/")
		watch(3, "/bonus/clock/", "/films/b/clock/")
		wantStatus(t, newGuest(t).form(s, l.URL), http.StatusGone, "views_spent")

		s.Stop()
		s.Run()
		for _, film := range []string{"/films/b/clock/", "/bonus/clock/", "/films/a/clock/"} { // no manifest again
			wantStatus(t, gets(t, s, session, film+"180p/2.ts"), http.StatusOK, "")
			wantStatus(t, gets(t, s, session, film+"360p/2.ts"), http.StatusOK, "")
		}
		watch(3, "/films/a/clock/", "/films/b/clock/", "/bonus/clock/")

		sessions := decode[struct{ Sessions []struct{ ID string } }](t, s.CLI("session", "list", "--link", l.ID, "--json")).Sessions
		contains(t, s.CLI("session", "show", sessions[0].ID), "/films/a/clock/ ", "/films/b/clock/ ", "/bonus/clock/ ")
	})
}

// Whoever began a film before they asked for its manifest goes on with it, on
// the last view too, and the other film is another one.
func TestAFilmOfACollectionThatRunsGoesOnAfterItsManifest(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		festival(t, s)
		l := createLink(t, s, "--collection", "festival", "--views", "2")
		session := newGuest(t).press(s, l)
		for _, path := range []string{
			"/films/a/clock/clock.mp4", "/films/b/clock/180p/0.ts", // two views
			"/films/a/clock/master.m3u8", "/films/a/clock/360p/0.ts", "/films/a/clock/clock.mp4",
			"/films/b/clock/180p/1.ts", "/films/b/clock/master.m3u8", "/films/b/clock/360p/0.ts",
		} {
			wantStatus(t, gets(t, s, session, path), http.StatusOK, "")
		}
		wantStatus(t, gets(t, s, session, "/bonus/clock/master.m3u8"), http.StatusOK, "")
		wantStatus(t, gets(t, s, session, "/bonus/clock/360p/0.ts"), http.StatusGone, "views_spent")
		wantViews(t, s, l.ID, 2, 0)
	})
}

// Viewers who watch both films in both qualities all at once, while they open the
// link again, use two views each and not one more, nor is anybody refused.
func TestFilmsOfACollectionAreExactWhileViewersRace(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) []*storytest.Server{
		"embedded": func(t *testing.T) []*storytest.Server {
			return []*storytest.Server{gated(t, storytest.Options{Caddyfile: unpaced(storytest.DefaultCaddyfile)})}
		},
		"two nodes on redis": func(t *testing.T) []*storytest.Server { return twoNodes(t, unpaced) },
	} {
		t.Run(name, func(t *testing.T) {
			nodes := start(t)
			festival(t, nodes...)
			const viewers = 6
			for range 3 {
				l := createLink(t, nodes[0], "--collection", "festival", "--views", strconv.Itoa(2*viewers))
				atOnce(viewers, func(i int) { race(t, nodes, l, i) })
				wantViews(t, nodes[0], l.ID, 2*viewers, 0)
				wantStatus(t, newGuest(t).form(nodes[0], l.URL), http.StatusGone, "views_spent")
			}
		})
	}
}

// race is one viewer who does everything at once, on all nodes.
func race(t *testing.T, nodes []*storytest.Server, l link, first int) {
	g := newGuest(t)
	session := g.press(nodes[first%len(nodes)], l)
	node := func(i int) *storytest.Server { return nodes[(first+i)%len(nodes)] }
	want := func(a answer, status int) {
		if a.StatusCode != status {
			t.Errorf("%s: %d %q", a.Request.URL.Path, a.StatusCode, a.Header.Get("Usher-Reason"))
		}
	}
	films := []string{"/films/a/clock/", "/films/b/clock/"}
	atOnce(2*len(films)+1, func(i int) {
		if i == 2*len(films) {
			want(g.form(node(i), l.URL), http.StatusSeeOther)
			return
		}
		film := films[i%len(films)]
		want(gets(t, node(i), session, film+"master.m3u8"), http.StatusOK)
		atOnce(4, func(k int) {
			quality := []string{"360p/", "180p/"}[k%2]
			want(gets(t, node(k), session, film+quality+strconv.Itoa(k)+".ts"), http.StatusOK)
		})
	})
}
