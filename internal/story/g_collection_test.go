package story

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// sources are the addresses that a watch page plays.
func sources(t testing.TB, page answer) (urls []string) {
	t.Helper()
	wantStatus(t, page, http.StatusOK, "")
	for _, piece := range strings.Split(page.body, `<source src="`)[1:] {
		address, _, _ := strings.Cut(piece, `"`)
		urls = append(urls, address)
	}
	return urls
}

// A link to a collection opens as one to a path does: in a browser, whose page
// plays the film, and by its media URL, which leads a player to the playlist. It
// does so whatever the collection is made of: a folder, a file, several of them,
// first ones with nothing in them to play, or nothing but other collections.
func TestALinkToACollectionOpensInABrowserAndInAPlayer(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		more(t, s, "other")
		if err := os.Mkdir(filepath.Join(s.Dir, "site", "empty"), 0o700); err != nil {
			t.Fatal(err)
		}
		add := func(name string, args ...string) {
			s.CLI(append([]string{"collection", "add", name, "--level", "link"}, args...)...)
		}
		add("one", "--path", "/clock/*")
		add("file", "--path", "/other/clock/clock.mp4")
		add("late", "--path", "/empty/*", "--path", "/other/clock/*")
		add("outer", "--include", "one")
		for name, want := range map[string]string{
			"one": "/clock/master.m3u8", "file": "/other/clock/clock.mp4", "late": "/other/clock/master.m3u8", "outer": "/clock/master.m3u8",
		} {
			l := createLink(t, s, "--collection", name)
			g := newGuest(t)
			contains(t, g.see(s, l.URL).body, "Watch")
			a := g.form(s, l.URL)
			wantStatus(t, a, http.StatusSeeOther, "")
			played := sources(t, g.see(s, a.Header.Get("Location")))
			if len(played) == 0 || !strings.HasSuffix(played[0], want) {
				t.Errorf("%s: the page plays %v, want %s", name, played, want)
				continue
			}
			wantStatus(t, g.see(s, played[0]), http.StatusOK, "")
			a = do(t, browser(), http.MethodGet, l.MediaURL, "User-Agent", "VLC/3.0")
			wantStatus(t, a, http.StatusFound, "")
			if to := a.Header.Get("Location"); !strings.HasSuffix(to, want) || do(t, browser(), http.MethodGet, s.URL+to).StatusCode != http.StatusOK {
				t.Errorf("%s: a player is led to %s, want %s", name, to, want)
			}
			explained := s.CLI("explain", l.MediaURL)
			contains(t, explained, "redirect (302)")
		}
	})
}

// Where there are several films, the page has one of them, and a way to each.
func TestALinkToACollectionLeadsToEachOfItsFilms(t *testing.T) {
	s := gated(t, storytest.Options{})
	more(t, s, "other")
	s.CLI("collection", "add", "festival", "--level", "link", "--path", "/clock/*", "--path", "/other/clock/clock.mp4")
	l := createLink(t, s, "--collection", "festival")
	g := newGuest(t)
	a := g.form(s, l.URL)
	page := g.see(s, a.Header.Get("Location"))
	if played := sources(t, page); len(played) == 0 || !strings.HasSuffix(played[0], "/clock/master.m3u8") {
		t.Errorf("the first page plays %v", played)
	}
	second := between(t, page.body, `<li><a href="`+a.Header.Get("Location")+"/", `"`)
	page = g.see(s, a.Header.Get("Location")+"/"+second)
	if played := sources(t, page); len(played) != 1 || !strings.HasSuffix(played[0], "/other/clock/clock.mp4") {
		t.Errorf("the second page plays %v", played)
	}
	contains(t, page.body, `href="`+a.Header.Get("Location")+`"`, `aria-current="page" dir="auto">clock.mp4<`)
	for _, wrong := range []string{"/1", "/02", "/x", "/2/3"} {
		if a := g.see(s, a.Header.Get("Location")+wrong); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, a.StatusCode)
		}
	}
	if played := sources(t, g.see(s, a.Header.Get("Location")+"/9")); len(played) != 0 {
		t.Errorf("a film that is not there: %v", played)
	}
}
