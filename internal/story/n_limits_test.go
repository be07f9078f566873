package story

import (
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

// guessed guesses until the guesser has to wait.
func guessed(t testing.TB, guess func() answer) {
	t.Helper()
	for range 12 {
		if guess().StatusCode == http.StatusTooManyRequests {
			return
		}
	}
	t.Fatal("so many guesses did not wait")
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
		guesser := newGuest(t)
		guesser.see(s, l.URL)
		guess := func() answer { return guesser.form(s, l.URL, "password", "a wrong guess") }
		guessed(t, guess)

		told := s.CLI("limit", "list", "--link", l.ID)
		contains(t, told, "5 wrong tries at the password of link "+l.ID+" by client group ", "; the next may be made at ", "by everybody who was not let in before")
		lacks(t, told, "127.0.0.1", "wrong guess", "sesame", "device")
		var one limit
		for _, each := range limits(t, s.CLI("limit", "list", "--link", l.URL, "--json")) {
			if each.Whom == "client_group" {
				one = each
			}
		}
		if one.Wrong != 5 || one.Link != l.ID || one.What != "link_password" || one.WaitsUntil.IsZero() {
			t.Fatalf("%+v", one)
		}
		contains(t, s.CLI("limit", "show", one.ID), one.Why, "client group")
		rightful.press(s, l, "password", "open sesame")
		wantStatus(t, newGuest(t).form(s, l.URL, "password", "open sesame"), http.StatusTooManyRequests, "too_many_tries")

		contains(t, s.CLI("limit", "clear", one.ID), "begins anew")
		wantStatus(t, guess(), http.StatusUnauthorized, "password_wrong")
		guessed(t, guess)
		s.CLI("person", "create", "max@example.com", "--role", "manager")
		s.CLI("person", "create", "stan@example.com", "--role", "standard")
		ask := func(email, method, path string) answer {
			key := decode[struct{ Key string }](t, s.CLI("apikey", "create", "--name", "n", "--scope", "manage", "--person", email, "--json")).Key
			return do(t, browser(), method, s.URL+"/_usher/api/v1"+path, "Authorization", "Bearer "+key)
		}
		wantStatus(t, ask("stan@example.com", http.MethodGet, "/limits?link="+l.ID), http.StatusNotFound, "")
		wantStatus(t, ask("stan@example.com", http.MethodDelete, "/limits?link="+l.ID), http.StatusNotFound, "")
		wantStatus(t, guess(), http.StatusTooManyRequests, "too_many_tries")
		listed := ask("max@example.com", http.MethodGet, "/limits")
		if all := limits(t, listed.body); len(all) != 3 || strings.Contains(listed.body, "127.0.0.1") || !strings.Contains(listed.body, `"rates"`) {
			t.Errorf("%s", listed.body)
		}
		a := ask("max@example.com", http.MethodDelete, "/limits?link="+l.ID)
		wantStatus(t, a, http.StatusOK, "")
		contains(t, a.body, `"cleared":2`)
		wantStatus(t, guess(), http.StatusUnauthorized, "password_wrong")
		rightful.press(s, l, "password", "open sesame")

		// The same for a person's own password.
		known(t, s, "ann@example.com")
		guessed(t, func() answer {
			return guesser.form(s, "/_usher/signin", "email", "ann@example.com", "password", "a wrong guess")
		})
		contains(t, s.CLI("limit", "list", "--person", "ann@example.com"), "5 wrong tries at passwords and mailed codes of ann@example.com by client group ")
		contains(t, s.CLI("limit", "clear", "--person", "ann@example.com"), "2 limits begun anew")
		wantStatus(t, guesser.form(s, "/_usher/signin", "email", "ann@example.com", "password", ownPassword), http.StatusSeeOther, "")
	})
}
