package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

// passkey gives a person a passkey and returns its id.
func (s *site) passkey(person, name string) string {
	s.Helper()
	id := signin.PasskeyID(token.NewID(s.now)).String()
	body := fmt.Sprintf(`{"id":%q,"person":%q,"name":%q,"made":"2026-02-01T00:00:00Z","credential":{"id":"AQID","publicKey":"AQID","flags":{},"authenticator":{}}}`, id, person, name)
	if _, err := s.store.Put(s.Context(), gate.Document{Kind: gate.KindPasskey, ID: id, Body: []byte(body), Index: []string{person}}); err != nil {
		s.Fatal(err)
	}
	return id
}

func TestFactorsAreListedAndTakenAway(t *testing.T) {
	w := newWorld(t)
	tess := w.ids["PERSON"]
	blue := w.passkey(tess, "blue key")
	list := w.must("GET", "/persons/"+tess+"/factors", "")
	if all := list["factors"].([]any); len(all) != 2 {
		t.Fatalf("%v", list)
	}
	if own := w.behalf("tess@example.com", "GET", "/persons/"+tess+"/factors", ""); own.status != 200 || strings.Contains(own.text, "publicKey") || strings.Contains(own.text, "AQID") {
		t.Errorf("her own: %d %s", own.status, own.text)
	}
	if got := w.behalf("tess@example.com", "DELETE", "/factors/"+blue, ""); got.status != 404 {
		t.Errorf("an API key is no second factor: %d %s", got.status, got.text)
	}
	same(t, w.must("DELETE", "/factors/"+blue, ""), map[string]any{
		"id": blue, "kind": "passkey", "name": "blue key", "person": tess, "made_at": "2026-02-01T00:00:00Z",
	})
	for _, id := range []string{blue, "x", "pky_00000000000000000000"} {
		if got := w.ask("DELETE", "/factors/"+id, ""); got.status != 404 {
			t.Errorf("%s: %d %s", id, got.status, got.text)
		}
	}
	same(t, w.must("DELETE", "/persons/"+tess+"/factors", ""), map[string]any{"person": tess, "removed": 1.0})
	if all := w.must("GET", "/persons/"+tess+"/factors", "")["factors"].([]any); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

// An owner is never left without a second factor, but by the operator.
func TestAnOwnerKeepsTheLastFactor(t *testing.T) {
	w := newWorld(t)
	olga := w.ids["olga@example.com"]
	first, second := w.passkey(olga, "first"), w.passkey(olga, "second")
	if got := w.behalf("max@example.com", "DELETE", "/factors/"+first, ""); got.status != 404 {
		t.Errorf("a manager: %d %s", got.status, got.text)
	}
	if got := w.behalf("olga@example.com", "DELETE", "/factors/"+first, ""); got.status != 200 {
		t.Errorf("one of two: %d %s", got.status, got.text)
	}
	for _, path := range []string{"/factors/" + second, "/persons/" + olga + "/factors"} {
		if got := w.behalf("olga@example.com", "DELETE", path, ""); got.status != 409 || got.slug() != "in-use" {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
	if got := w.must("DELETE", "/persons/"+olga+"/factors", ""); got["removed"] != 1.0 {
		t.Errorf("the operator: %v", got)
	}
}

func TestFactorsGoWithTheirPerson(t *testing.T) {
	w := newWorld(t)
	w.must("DELETE", "/persons/"+w.ids["PERSON"], "")
	if got := w.ask("DELETE", "/factors/"+w.ids["FACTOR"], ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.text)
	}
}
