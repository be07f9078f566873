package caddymodule

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/token"
)

// loadConfig runs a config in this process, as Caddy does on a reload.
func loadConfig(t *testing.T, dir string, app config.App, site map[string]any) error {
	t.Helper()
	site["handler"] = "usher"
	raw, err := json.Marshal(map[string]any{
		"admin":   map[string]any{"disabled": true, "config": map[string]any{"persist": false}},
		"logging": map[string]any{"logs": map[string]any{"default": map[string]any{"level": "ERROR"}}},
		"storage": map[string]any{"module": "file_system", "root": filepath.Join(dir, "caddy")},
		"apps": map[string]any{
			"usher": app,
			"http": map[string]any{"grace_period": "1s", "servers": map[string]any{"s": map[string]any{
				"listen": []string{"unix/" + filepath.Join(dir, "site.sock")},
				"routes": []any{map[string]any{"handle": []any{site}}},
			}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return caddy.Load(raw, true)
}

// A reload keeps the store it has, a broken one changes nothing, another store
// closes the old one, and the end leaves nothing running.
func TestReloads(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", dir)
	before := goleak.IgnoreCurrent()
	one := config.App{Store: config.Store{Kind: "embedded", Dir: filepath.Join(dir, "one")}, Keys: filepath.Join(dir, "keys.json")}
	two := one
	two.Store.Dir = filepath.Join(dir, "two")
	broken := one
	broken.PublicURL = "not a url"

	held := func() (stores, keys int) {
		count := func(n *int) func(any, any) bool { return func(any, any) bool { *n++; return true } }
		backings.Range(count(&stores))
		keyFiles.Range(count(&keys))
		return stores, keys
	}
	wantHeld := func(step string, want int) {
		t.Helper()
		if stores, keys := held(); stores != want || keys != want {
			t.Fatalf("%s: %d stores, %d keyrings held; want %d", step, stores, keys, want)
		}
	}
	load := func(step string, app config.App, site map[string]any, fails bool) {
		t.Helper()
		if err := loadConfig(t, dir, app, site); (err != nil) != fails {
			t.Fatalf("%s: %v", step, err)
		}
		wantHeld(step, 1)
	}
	load("first", one, map[string]any{}, false)
	var running *backing
	backings.Range(func(_, value any) bool {
		running = value.(*backing)
		return true
	})
	for range 20 {
		load("the same again", one, map[string]any{}, false)
		load("another setting", one, map[string]any{"idle": "45m"}, false)
		load("a broken app", broken, map[string]any{}, true)
		load("a broken site", one, map[string]any{"idle": "never"}, true)
		load("an unknown word", one, map[string]any{"on_store_loss": "open"}, true)
	}
	if err := running.Ready(t.Context()); err != nil {
		t.Fatalf("the store of the first config: %v", err)
	}
	load("another store", two, map[string]any{}, false)
	if err := running.enter(); err == nil {
		t.Error("the store that no config uses is still open")
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	wantHeld("stopped", 0)
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"))
}

// A store stays open while a request of an old config runs.
func TestAStoreOutlivesItsConfigWhileARequestRuns(t *testing.T) {
	b, err := takeBacking(mustOpener(t, config.Store{Kind: "embedded", Dir: filepath.Join(t.TempDir(), "store")}), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.enter(); err != nil {
		t.Fatal(err)
	}
	if _, err := backings.Delete(b.key); err != nil {
		t.Fatal(err)
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Errorf("closed under a running request: %v", err)
	}
	b.exit()
	if err := b.enter(); err == nil {
		t.Error("a new request got in after the end")
	}
}

func mustOpener(t *testing.T, s config.Store) storeOpen {
	t.Helper()
	o, err := storeOpener(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// A keyring that changes on disk is read again; one that went bad is not.
func TestKeyFileFollowsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := takeKeyFile(path, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer keyFiles.Delete(path)
	if err := k.open(time.Now()); err != nil {
		t.Fatal(err)
	}
	was := k.Ring()
	elsewhere, _, err := was.Rotate(token.UseSeal, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := elsewhere.Save(path); err != nil {
		t.Fatal(err)
	}
	k.reload()
	if k.Ring() == was || len(k.Ring().Keys()) != 3 {
		t.Fatalf("%d keys after another node rotated", len(k.Ring().Keys()))
	}
	good := k.Ring()
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	k.reload()
	if k.Ring() != good {
		t.Error("a broken file replaced the keyring")
	}
	if _, err := k.Rotate(token.UseSeal); err == nil || !strings.Contains(err.Error(), "keys.json") {
		t.Errorf("rotating a broken file: %v", err)
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"/s/EdBLDPd_pm4O":                          "/s/REDACTED",
		"/~EtBLDPd/clock/1.ts?a=b":                 "/~REDACTED/clock/1.ts?a=b",
		"/clock/?usher=EdBL&x=1":                   "/clock/?usher=REDACTED&x=1",
		"https://h/a.m3u8?x&URISigningPackage=e.y": "https://h/a.m3u8?x&URISigningPackage=REDACTED",
		"/%7EEtBL/x":                               "/%7EREDACTED/x",
		"/?u%73her=abc":                            "/?u%73her=REDACTED",
		"/film/usher/a.ts":                         "/film/usher/a.ts",
		"/_usher/activate/0b2m7nik5j3073ambv4lqq":  "/_usher/activate/REDACTED",
		"/_usher%2Factivate%2F0b2m7nik5j3073?x":    "/_usher%2Factivate%2FREDACTED?x",
		"/_usher/oidc/callback?code=c/1&state=s":   "/_usher/oidc/callback?REDACTED",
		"/_usher/signin?next=%2Fa":                 "/_usher/signin?next=%2Fa",
	} {
		if got := redact(in); got != want {
			t.Errorf("redact(%s) = %s, want %s", in, got, want)
		}
	}
}
