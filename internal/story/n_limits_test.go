package story

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// limit is a counter of wrong tries, as the API tells of it.
type limit struct {
	ID          string
	What, Whom  string
	Link, Email string
	Wrong       int
	WaitsUntil  time.Time `json:"waits_until"`
	Why         string
}

func limits(t testing.TB, text string) []limit {
	t.Helper()
	return decode[struct{ Limits []limit }](t, text).Limits
}

// newcomer is somebody new, in a network of their own.
func newcomer(t testing.TB, network byte) *guest {
	t.Helper()
	g := newGuest(t)
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 23, 0, network)}}
	transport := &http.Transport{DialContext: from.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	g.Transport = transport
	return g
}

// guessed makes ten wrong tries from two networks: from then on every newcomer
// waits for a minute.
func guessed(t testing.TB, guess func(network byte) answer, networks ...byte) {
	t.Helper()
	for _, network := range networks {
		for range 5 {
			if a := guess(network); a.StatusCode != http.StatusUnauthorized {
				t.Fatalf("a guess: %d %s", a.StatusCode, a.body)
			}
		}
	}
	if a := guess(99); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Fatalf("after ten guesses: %d, %v", a.StatusCode, a.Header)
	}
}

// Whoever guesses a password is slowed, and whoever runs the gate sees that, and
// why, and can end it: by the command line and by the API. The device that was let
// in before waits for nobody, before and after.
func TestN23LimitsAreListedExplainedAndCleared(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		l := createLink(t, s, "--path", "/clock/*", "--password-file", secretFile(t, s, "open sesame"))
		contains(t, s.CLI("limit", "list"), "Nobody has tried anything wrong.", "Held to a request rate on this node: 0 of")
		rightful := newGuest(t)
		rightful.see(s, l.URL)
		rightful.press(s, l, "password", "open sesame")
		guess := func(network byte) answer {
			return newcomer(t, network).form(s, l.URL, "password", "a wrong guess")
		}
		guessed(t, guess, 1, 2)

		told := s.CLI("limit", "list", "--link", l.ID)
		contains(t, told, "5 wrong tries at the password of link "+l.ID+" by client group ",
			"10 wrong tries at the password of link "+l.ID+" by everybody who was not let in before; the next may be made at ")
		lacks(t, told, "127.", "wrong guess", "sesame", "device")
		var everybody limit
		for _, each := range limits(t, s.CLI("limit", "list", "--link", l.URL, "--json")) {
			if each.Whom == "everybody" {
				everybody = each
			}
		}
		if everybody.Wrong != 10 || everybody.Link != l.ID || everybody.What != "link_password" || everybody.WaitsUntil.IsZero() {
			t.Fatalf("%+v", everybody)
		}
		contains(t, s.CLI("limit", "show", everybody.ID), everybody.Why, "link password")
		rightful.press(s, l, "password", "open sesame")
		wantStatus(t, newcomer(t, 3).form(s, l.URL, "password", "open sesame"), http.StatusTooManyRequests, "too_many_tries")

		contains(t, s.CLI("limit", "clear", everybody.ID), "begins anew")
		guessed(t, guess, 4, 5)
		s.CLI("person", "create", "max@example.com", "--role", "manager")
		s.CLI("person", "create", "stan@example.com", "--role", "standard")
		ask := func(email, method, path string) answer {
			key := decode[struct{ Key string }](t, s.CLI("apikey", "create", "--name", "n", "--scope", "manage", "--person", email, "--json")).Key
			return do(t, browser(), method, s.URL+"/_usher/api/v1"+path, "Authorization", "Bearer "+key)
		}
		wantStatus(t, ask("stan@example.com", http.MethodGet, "/limits?link="+l.ID), http.StatusNotFound, "")
		wantStatus(t, ask("stan@example.com", http.MethodDelete, "/limits?link="+l.ID), http.StatusNotFound, "")
		wantStatus(t, guess(6), http.StatusTooManyRequests, "too_many_tries")
		listed := ask("max@example.com", http.MethodGet, "/limits")
		if all := limits(t, listed.body); len(all) != 9 || strings.Contains(listed.body, "127.") || !strings.Contains(listed.body, `"rates"`) {
			t.Errorf("%s", listed.body)
		}
		a := ask("max@example.com", http.MethodDelete, "/limits?link="+l.ID)
		wantStatus(t, a, http.StatusOK, "")
		contains(t, a.body, `"cleared":5`)
		wantStatus(t, guess(1), http.StatusUnauthorized, "password_wrong")
		rightful.press(s, l, "password", "open sesame")

		// The same for a person's own password.
		known(t, s, "ann@example.com")
		guessed(t, func(network byte) answer {
			return newcomer(t, network).form(s, "/_usher/signin", "email", "ann@example.com", "password", "a wrong guess")
		}, 1, 2)
		contains(t, s.CLI("limit", "list", "--person", "ann@example.com"), "5 wrong tries at passwords and mailed codes of ann@example.com by client group ")
		contains(t, s.CLI("limit", "clear", "--person", "ann@example.com"), "3 limits begun anew")
		wantStatus(t, newcomer(t, 7).form(s, "/_usher/signin", "email", "ann@example.com", "password", ownPassword), http.StatusSeeOther, "")
	})
}
