package cli_test

import (
	"strings"
	"testing"
	"time"
)

func TestSeats(t *testing.T) {
	s := newServer(t)
	made := s.must("link", "create", "--path", "/acme/*", "--seats", "2", "--seats-each", "1", "--when-full", "replace")
	wants(t, made, "2, 1 for each viewer (0 taken), replace when full")
	id := s.object("link", "create", "--path", "/acme/*")["id"].(string)
	if shown := s.must("link", "show", id); strings.Contains(shown, "Seats") {
		t.Errorf("a link without seats shows them:\n%s", shown)
	}
	s.watch(id, "/acme/demo/a.ts", "mpv 0.37")
	wants(t, s.must("link", "extend", id, "--seats", "1"), "1 (1 taken), refuse when full")
	wants(t, s.must("link", "extend", id, "--seats", "0", "--seats-each", "3", "--when-full", "replace"), "no limit in all, 3 for each viewer (1 taken), replace")
	for want, args := range map[string][]string{
		`--seats "+1": want a number`:       {"--seats", "+1"},
		`--seats-each "few": want a number`: {"--seats-each", "few"},
		"known are refuse, replace":         {"--when-full", "kick"},
	} {
		s.fails(want, append([]string{"link", "extend", id}, args...)...)
	}
}

func TestSeatsOfASignedLink(t *testing.T) {
	s := newServer(t)
	signed := s.object("token", "sign", "--keys", s.keys.path, "--path", "/acme/*", "--seats", "2", "--seats-each", "1", "--when-full", "replace")
	claims, err := s.keys.Ring().ReadLink(signed["token"].(string), time.Now())
	if c := claims.Terms; err != nil || c.Seats != 2 || c.SeatsEach != 1 || c.WhenFull != "replace" {
		t.Errorf("%+v, %v", c, err)
	}
	wants(t, s.must("explain", "https://media.example.com"+signed["share_path"].(string)), "Seats: 0 of 2 taken, at most 1 for each viewer", "or else of the oldest session")
}

func TestAReplacedSession(t *testing.T) {
	s := newServer(t)
	id := s.object("link", "create", "--path", "/acme/*", "--seats", "1", "--when-full", "replace")["id"].(string)
	first := s.watch(id, "/acme/demo/a.ts", "mpv 0.37")
	s.watch(id, "/acme/demo/a.ts", "vlc")
	wants(t, s.must("session", "show", first.Session.String()), ", replaced")
}
