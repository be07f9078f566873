package cli_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

func TestLimitCommands(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("limit", "list"), "Nobody has tried anything wrong.")
	s.must("person", "create", "ada@example.com")
	link := s.object("link", "create", "--path", "/acme/*")["id"].(string)
	book := attempts.NewBook(s.store, time.Now)
	for range 6 {
		who := attempts.Who{Of: "link:" + link, Group: netip.MustParsePrefix("203.0.113.9/32")}
		if _, _, err := book.Begin(t.Context(), attempts.Guesses, who); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, s.must("limit", "list", "--link", link), "LIMIT", "WAITS UNTIL", "5 wrong tries at the password of link "+link, "nobody waits")
	wants(t, s.must("limit", "list", "--link", link, "--limit", "1"), "There are more: usher limit list --link "+link+" --cursor ")
	wants(t, s.must("limit", "list", "--person", "ada@example.com"), "Nobody has tried anything wrong.")
	id := s.object("limit", "list", "--link", link)["limits"].([]any)[0].(map[string]any)["id"].(string)
	wants(t, s.must("limit", "show", id), id, "link password", link, "Wrong tries", "5")
	s.fails("say what to clear", "limit", "clear")
	s.fails("say what to clear", "limit", "clear", id, "--link", link)
	s.fails("accepts at most 1 arg", "limit", "clear", id, id)
	wants(t, s.must("limit", "clear", id), "Limit "+id+" begins anew. It was: 5 wrong tries")
	wants(t, s.must("limit", "clear", "--link", link), "1 limit begun anew")
	wants(t, s.must("limit", "clear", "--person", "ada@example.com"), "0 limits begun anew")
}

func TestFactorCommands(t *testing.T) {
	s := newDesk(t)
	ada := s.object("person", "create", "ada@example.com")["id"].(string)
	wants(t, s.must("person", "factors", "ada@example.com"), "signs in by one factor")
	person, err := gate.ParsePersonID(ada)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string) string {
		p := signin.Passkey{ID: signin.PasskeyID(token.NewID(time.Now())), Person: person, Name: name, Made: time.Now()}
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.Put(t.Context(), gate.Document{Kind: gate.KindPasskey, ID: p.ID.String(), Body: body, Index: []string{ada}}); err != nil {
			t.Fatal(err)
		}
		return p.ID.String()
	}
	blue := put("blue key")
	put("phone")
	wants(t, s.must("person", "factors", ada), "FACTOR", blue, "passkey", "never", "blue key", "phone")
	wants(t, s.must("person", "remove-factor", blue), "blue key", "is gone")
	s.fails("", "person", "remove-factor", blue)
	wants(t, s.must("person", "reset-factors", "ada@example.com"), "1 passkey taken away from ada@example.com.")
}
