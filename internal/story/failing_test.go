package story

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// Without its store the gate closes, says when to come back, and opens again
// by itself.
func TestRedisGoesAndComesBack(t *testing.T) {
	r := redistest.Start(t)
	s := gated(t, storytest.Options{Caddyfile: redisCaddyfile(r.URL())})
	l := createLink(t, s, "--path", "/clock/*")
	c := browser()
	base := enter(t, s, c, l, "/clock/master.m3u8")
	segment := base + "/clock/360p/0.ts"
	wantStatus(t, do(t, c, http.MethodGet, segment), http.StatusOK, "")

	closed := func(how string) {
		t.Helper()
		start := time.Now()
		a := once(t, c, http.MethodGet, segment)
		wantStatus(t, a, http.StatusServiceUnavailable, "store_down")
		if a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", how)
		}
		t.Logf("%s: refused after %v", how, time.Since(start).Round(time.Millisecond))
		if a := once(t, c, http.MethodPost, l.URL); a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: redeem: %d", how, a.StatusCode)
		}
		if a := once(t, c, http.MethodGet, s.URL+"/_usher/ready"); a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: ready: %d", how, a.StatusCode)
		}
	}
	opens := func() {
		t.Helper()
		eventually(t, "the gate opens again", func() bool { return do(t, c, http.MethodGet, segment).StatusCode == http.StatusOK })
	}
	r.Stop() // SIGSTOP: the server hangs
	closed("hanging")
	r.Cont()
	opens()
	r.Kill()
	closed("gone")
	r.Restart()
	// The restarted server is empty: what was lost denies, and refills nothing.
	eventually(t, "the store answers", func() bool { return do(t, c, http.MethodGet, s.URL+"/_usher/ready").StatusCode == http.StatusOK })
	if a := do(t, c, http.MethodGet, segment); a.StatusCode != http.StatusForbidden {
		t.Errorf("with an empty store: %d", a.StatusCode)
	}
}

// A revocation that the store did not take is not said to have happened.
func TestRevokingWithoutTheStoreFails(t *testing.T) {
	r := redistest.Start(t)
	s := gated(t, storytest.Options{Caddyfile: redisCaddyfile(r.URL())})
	l := createLink(t, s, "--path", "/clock/*")
	r.Kill()
	if out, err := s.TryCLI("link", "revoke", l.ID); err == nil {
		t.Fatalf("it said %s", out)
	}
}

// Bad configs stop the server with file and line and the known words.
func TestBadConfigIsFatal(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown option":      {"api\n", "apy\n", `unknown usher option "apy": known are consistency, on_store_loss, carry`},
		"unknown global":      {"keys {dir}", "kees {dir}", `unknown usher option "kees": known are store, keys, public_url`},
		"bad value":           {"api\n", "api\n\t\tidle soon\n", `"soon" is not a duration`},
		"twice":               {"api\n", "api\n\t\tapi\n", "given twice"},
		"bad store":           {"store embedded", "store memory", "known are embedded, redis"},
		"missing secret":      {"store embedded {dir}/store", "store redis redis://x:{env.NO_SUCH_SECRET}@127.0.0.1/0", "NO_SUCH_SECRET"},
		"public_url":          {"http://{addr}\n\t}", "{addr}/x\n\t}", "public_url"},
		"console without api": {"api\n", "\n", "add the word api"},
		"arguments":           {"\tusher {\n\t\tapi", "\tusher on {\n\t\tapi", "takes a block and no arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(storytest.DefaultCaddyfile, c.from, c.to, 1)
			if text == storytest.DefaultCaddyfile {
				t.Fatal("the case changes nothing")
			}
			s := storytest.New(t, storytest.Options{Caddyfile: text})
			_, err := s.Validate()
			if err == nil {
				t.Fatal("it is valid")
			}
			said := strings.ReplaceAll(err.Error(), `\"`, `"`) // Caddy writes errors as JSON
			if !strings.Contains(said, c.want) {
				t.Fatalf("%s\nwant it to say %s", said, c.want)
			}
			if name == "unknown option" && !strings.Contains(said, "Caddyfile:14") {
				t.Errorf("no file and line: %s", said)
			}
		})
	}
}

// A broken keyring is fatal too, and is not replaced.
func TestBrokenKeysFileIsFatal(t *testing.T) {
	s := storytest.New(t, storytest.Options{})
	path := filepath.Join(s.Dir, "keys.json")
	if err := os.WriteFile(path, []byte(`{"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Validate(); err == nil || !strings.Contains(err.Error(), "keys.json") {
		t.Fatalf("%v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != `{"keys":[]}` {
		t.Errorf("the file was changed to %s", text)
	}
}

// `usher validate` beside a live server takes no lock and makes no connection;
// a second server on the same embedded store says whose file it is.
func TestValidateAndASecondServer(t *testing.T) {
	s := gated(t, storytest.Options{})
	if _, err := s.Validate(); err != nil {
		t.Fatalf("validate beside the running server: %v", err)
	}
	other := storytest.New(t, storytest.Options{})
	other.WriteCaddyfile(strings.ReplaceAll(storytest.DefaultCaddyfile, "{dir}", s.Dir))
	start := time.Now()
	err := other.RunToEnd()
	if err == nil || !strings.Contains(err.Error(), filepath.Join(s.Dir, "store")) {
		t.Fatalf("%v", err)
	}
	t.Logf("the second server gave up after %v", time.Since(start).Round(100*time.Millisecond))

	fresh := storytest.New(t, storytest.Options{Caddyfile: redisCaddyfile("redis://" + storytest.FreeAddr(t) + "/0")})
	if _, err := fresh.Validate(); err != nil {
		t.Fatalf("validate asked a Redis that is not there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(fresh.Dir, "keys.json")); err == nil {
		t.Error("validate made a keyring")
	}
}
