package redis

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]struct {
		network, addr, user, password, serverName string
		db                                        int
	}{
		"redis://localhost":                    {"tcp", "localhost:6379", "", "", "", 0},
		"redis://localhost/":                   {"tcp", "localhost:6379", "", "", "", 0},
		"redis://10.0.0.1:7000/3":              {"tcp", "10.0.0.1:7000", "", "", "", 3},
		"redis://[::1]:7000":                   {"tcp", "[::1]:7000", "", "", "", 0},
		"redis://:p%40ss%2F@db":                {"tcp", "db:6379", "", "p@ss/", "", 0},
		"redis://usher:secret@db:1/15":         {"tcp", "db:1", "usher", "secret", "", 15},
		"rediss://usher:secret@db.example":     {"tcp", "db.example:6379", "usher", "secret", "db.example", 0},
		"unix:///run/redis.sock":               {"unix", "/run/redis.sock", "", "", "", 0},
		"unix://u:secret@/run/redis.sock?db=2": {"unix", "/run/redis.sock", "u", "secret", "", 2},
	} {
		got, err := parseURL(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		var serverName string
		if got.TLSConfig != nil {
			serverName = got.TLSConfig.ServerName
		}
		if got.Network != want.network || got.Addr != want.addr || got.DB != want.db || serverName != want.serverName ||
			got.Username != want.user || got.Password != want.password {
			t.Errorf("%s: got %+v", raw, got)
		}
		if got.MaxRetries != -1 || !got.ContextTimeoutEnabled {
			t.Errorf("%s: a call would be made again by itself, or outlive its context", raw)
		}
	}
}

// TestParseURLRefuses also sees that no error repeats a piece of the password,
// wherever it ended up in a malformed URL.
func TestParseURLRefuses(t *testing.T) {
	for raw, says := range map[string]string{
		"":                                    "redis://user:password@host",
		"localhost:6379":                      "redis://user:password@host",
		"redis:localhost":                     "redis://user:password@host",
		"redis://":                            "redis://user:password@host",
		"redis://:canary@":                    "redis://user:password@host",
		"redis://:canary@:6379":               "redis://user:password@host",
		"http://canary@host":                  "password",
		"redis://:can/ary@host":               "percent-encode",
		"redis://:can?ary@host":               "percent-encode",
		"redis://u:can#ary@host":              "percent-encode",
		"redis://u:can%zzary@host":            "percent-encode",
		"redis://host:6379#canary":            "percent-encode",
		"redis://:canary@host:port":           "percent-encode",
		"redis://canary@host":                 "without a password",
		"redis://canary:@host":                "without a password",
		"redis://:canary@host/db":             "not a number",
		"redis://:canary@host/1/canary":       "not a number",
		"redis://:canary@host/-1":             "not a number",
		"redis://:canary@host/65536":          "not a number",
		"redis://:canary@host?db=1":           "unknown options",
		"redis://host?password=canary":        "unknown options",
		"redis://:canary@host?":               "unknown options",
		"rediss://:canary@host?skip_verify=1": "unknown options",
		"unix://:canary@host/run/redis.sock":  "unix://",
		"unix://:canary@":                     "unix://",
		"unix://:canary@/":                    "unix://",
		"unix:///run/../canary":               "unix://",
		"unix://run/redis.sock":               "unix://",
		"unix:///run/redis.sock?db=1&db=2":    "unknown options",
		"unix:///run/redis.sock?canary=2":     "unknown options",
		"unix:///run/redis.sock?db=canary":    "not a number",
		"redis+sentinel://:canary@a,b/main":   "redis+sentinel:// is not supported yet: use redis://, rediss:// or unix://",
		"redis+cluster://:canary@a:1":         "redis+cluster:// is not supported yet: use redis://, rediss:// or unix://",
	} {
		_, err := Open(raw, Options{})
		if err == nil {
			t.Errorf("%s was accepted", raw)
			continue
		}
		if text := err.Error(); !strings.Contains(text, says) || strings.Contains(text, "can") && strings.Contains(text, "ary") {
			t.Errorf("%s: %q should say %q, and nothing of the password", raw, text, says)
		}
	}
}
