package story

import (
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// A session ends two seconds after its last use, and use renews it: a player
// that goes on through several such lives never reloads, has one address, and
// pays one view. However much it is used, it ends with the longest a play may
// take; then the link is opened anew, or is spent.
func TestN14UseRenewsASessionUpToAnAbsoluteEnd(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--views", "1")
		session, idle := newGuest(t).press(s, l), ""
		wantStatus(t, gets(t, s, session, "/clock/master.m3u8"), http.StatusOK, "")
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusOK, "")
		began := time.Now()
		other := createLink(t, s, "--path", "/clock/*")
		idle = newGuest(t).press(s, other)
		pace := time.NewTicker(300 * time.Millisecond) // a player's
		defer pace.Stop()
		last := time.Now()
		for n := 0; ; n++ {
			<-pace.C
			a := gets(t, s, session, []string{"/clock/360p/0.ts", "/clock/180p/1.ts", "/clock/360p/2.ts"}[n%3])
			if a.StatusCode != http.StatusOK {
				wantStatus(t, a, http.StatusForbidden, "no_session")
				break
			}
			last = time.Now()
		}
		if took := last.Sub(began); took < 4*time.Second || took > 7*time.Second {
			t.Errorf("it played for %v; a session's life is 2 s, the longest play 6 s", took)
		}
		wantStatus(t, gets(t, s, idle, firstSegment), http.StatusForbidden, "no_session") // nobody renewed it
		wantStatus(t, gets(t, s, session, firstSegment), http.StatusForbidden, "no_session")
		wantStatus(t, newGuest(t).form(s, l.URL), http.StatusGone, "views_spent")
		wantViews(t, s, l.ID, 1, 0)
	}, "session_life 2s", "max_play 6s")
}

// The same with a real player in real time, over two gateways on a lease: ffmpeg
// reads twelve seconds of film, at twice its pace, through three session lives.
func TestN14APlayerPlaysThroughManySessionLives(t *testing.T) {
	nodes := twoNodes(t, func(caddyfile string) string {
		return onSite(caddyfile, "session_life 2s", "max_play 20s", "consistency lease 1s")
	})
	l := createLink(t, nodes[0], "--path", "/clock/*", "--views", "1")
	session := newGuest(t).press(nodes[0], l)
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is missing: make tools installs it")
	}
	began := time.Now()
	out, err := exec.CommandContext(t.Context(), ffmpeg, "-nostdin", "-v", "error", "-readrate", "2", "-i", nodes[1].URL+session+"/clock/master.m3u8",
		"-t", "12", "-f", "null", "-").CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("ffmpeg after %v: %v\n%s\n%s", time.Since(began), err, out, nodes[1].Log())
	}
	wantViews(t, nodes[0], l.ID, 1, 0)
}
