package story

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// Storage that is also served without the gate is private to nobody. The config is
// looked over before it runs, and a server that runs it says so in its log.
func TestA1ConfigsAreLookedOverForWaysAroundTheGate(t *testing.T) {
	besides := storytest.FreeAddr(t)
	whole := storytest.DefaultCaddyfile + "http://" + besides + " {\n\thandle_path /assets/* {\n\t\troot {dir}/site/clock\n\t\tfile_server\n\t}\n}\n"
	s := &stage{Server: gated(t, storytest.Options{Caddyfile: whole}), TB: t}
	checks := func(args ...string) (string, error) {
		return s.TryOffline(append([]string{"check-config", "--config", filepath.Join(s.Dir, "Caddyfile"), "--adapter", "caddyfile"}, args...)...)
	}
	const logged = `"kind":"ungated-storage"`

	wantStatus(t, do(t, browser(), http.MethodGet, s.URL+"/clock/clock.mp4"), http.StatusNotFound, "")
	wantStatus(t, do(t, browser(), http.MethodGet, "http://"+besides+"/assets/clock.mp4"), http.StatusOK, "")
	said, err := checks()
	if err != nil || strings.Count(said, "ungated-storage") != 1 || !strings.Contains(said, "path /assets/*") || !strings.Contains(said, filepath.Join(s.Dir, "site", "clock")) {
		t.Errorf("%v\n%s", err, said)
	}
	said, err = checks("--strict", "--json")
	if err == nil || !strings.Contains(err.Error(), "1 warning") {
		t.Errorf("--strict: %v", err)
	}
	warnings := decode[map[string]any](t, said)
	wantField(t, warnings, "warnings/0/kind", "ungated-storage")
	if n := strings.Count(s.Server.Log(), logged); n != 1 {
		t.Errorf("it was logged %d times:\n%s", n, s.Server.Log())
	}

	s.WriteCaddyfile(strings.Replace(whole, "\t\troot {dir}/site/clock", "\t\troot {dir}/assets", 1))
	if said, err := checks("--strict"); err != nil || !strings.Contains(said, "Nothing was found") {
		t.Errorf("%v\n%s", err, said)
	}
	if out, err := s.Reload(); err != nil {
		t.Fatal(out, err)
	}
	wantStatus(t, do(t, browser(), http.MethodGet, "http://"+besides+"/assets/clock.mp4"), http.StatusNotFound, "")
	if n := strings.Count(s.Server.Log(), logged); n != 1 {
		t.Errorf("after the reload it was logged %d times", n)
	}
	if _, err := s.TryOffline("check-config", "--config", filepath.Join(s.Dir, "nothing")); err == nil {
		t.Error("a config that is not there was checked")
	}
}
