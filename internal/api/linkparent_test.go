package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// A link made from another is never more than that one: C9, N20.
func TestNothingIsWiderThanItsParent(t *testing.T) {
	s := newSite(t)
	s.collection("acme", "link", "jit")
	parent := s.link(`{"path":"/acme/demo/*","can":["view","share"],"views":5,"views_each":2,"seats":4,"seats_each":2,"when_full":"replace",
		"starts_at":"2026-03-01T00:00:00Z","start_by":"2026-03-09T00:00:00Z","expires_at":"2026-03-10T00:00:00Z","play_for":"48h"}`)
	for _, test := range []struct{ body, field, allowed string }{
		{`"views":2,"path":"/acme/*"`, "path", "[/acme/demo/*]"},
		{`"views":2,"path":"/acme/demos/*"`, "path", "[/acme/demo/*]"},
		{`"views":2,"collection":"acme"`, "path", "[/acme/demo/*]"},
		{`"views":2,"can":["download"]`, "can", "[view share]"},
		{`"views":5`, "views", "[1 to 4]"},
		{`"views":0`, "views", "[1 to 4]"},
		{`"title":"x"`, "views", "[1 to 4]"},
		{`"views":2,"views_each":3`, "views_each", "[1 to 2]"},
		{`"views":2,"views_each":0`, "views_each", "[1 to 2]"},
		{`"views":2,"seats":5`, "seats", "[1 to 4]"},
		{`"views":2,"seats_each":0`, "seats_each", "[1 to 2]"},
		{`"views":2,"starts_at":"2026-02-28T00:00:00Z"`, "starts_at", "[2026-03-01T00:00:00Z or later]"},
		{`"views":2,"expires_at":"2026-03-10T00:00:01Z"`, "expires_at", "[2026-03-10T00:00:00Z or earlier]"},
		{`"views":2,"expires_in":"30d"`, "expires_at", "[2026-03-10T00:00:00Z or earlier]"},
		{`"views":2,"start_by":"2026-03-09T12:00:00Z"`, "start_by", "[2026-03-09T00:00:00Z or earlier]"},
		{`"views":2,"play_for":"49h"`, "play_for", "[48h0m0s or less]"},
	} {
		got := s.ask("POST", "/links", `{"parent":"`+parent+`",`+test.body+`}`)
		if got.status != 400 || got.slug() != "wider-than-parent" || got.word("field") != test.field || fmt.Sprint(got.object["allowed"]) != test.allowed {
			t.Errorf("%s: %d %s, want field %s, allowed %s", test.body, got.status, got.text, test.field, test.allowed)
		}
	}
	left := func() any { return s.must("GET", "/links/"+parent, "")["views"].(map[string]any)["limit"] }
	if left() != 5.0 {
		t.Errorf("what was refused took views: %v", left())
	}
	child := s.must("POST", "/links", `{"parent":"`+parent+`","views":3,"preset":"review"}`)
	want := map[string]any{
		"parent": parent, "scope": "/acme/demo/*", "views_each": 2.0, "seats": 4.0, "seats_each": 2.0, "start_by": "2026-03-09T00:00:00Z",
		"expires_at": "2026-03-10T00:00:00Z", "play_for": "48h0m0s",
	}
	for name, value := range want {
		if child[name] != value {
			t.Errorf("%s: %v, want %v", name, child[name], value)
		}
	}
	if left() != 2.0 {
		t.Errorf("the parent keeps %v views", left())
	}
	narrower := s.must("POST", "/links", `{"parent":"`+child["id"].(string)+`","path":"/acme/demo/a.mp4","views":1,"seats":1,"expires_in":"1h","play_for":"1h"}`)
	if above := s.record(narrower["id"]).Above; !slices.Equal(above, []gate.LinkID{s.linkID(child["id"]), s.linkID(parent)}) {
		t.Errorf("above: %v", above)
	}
}

func TestParentsThatAreNone(t *testing.T) {
	s, _ := family(t)
	ended, suspended, revoked := s.link(`{"path":"/acme/*","expires_in":"1m"}`), s.link(`{"path":"/acme/*"}`), s.link(`{"path":"/acme/*"}`)
	s.must("POST", "/links/"+suspended+"/suspend", "")
	s.must("POST", "/links/"+revoked+"/revoke", "")
	deep := s.link(`{"path":"/acme/*"}`)
	for range gate.MaxAbove {
		deep = s.link(`{"parent":"` + deep + `"}`)
	}
	s.now = s.now.Add(time.Minute)
	for _, test := range []struct {
		parent string
		status int
		slug   string
	}{
		{"x", 400, "bad-value"}, {"lnk_00000000000000000000", 400, "bad-value"}, {deep, 400, "bad-value"},
		{ended, 409, "ended"}, {suspended, 409, "ended"}, {revoked, 409, "link-revoked"},
	} {
		if got := s.ask("POST", "/links", `{"parent":"`+test.parent+`"}`); got.status != test.status || got.slug() != test.slug {
			t.Errorf("%s: %d %s", test.parent, got.status, got.text)
		}
	}
}

// Who makes links from which: who made it, whom it is for, who shares there.
func TestWhoHandsOn(t *testing.T) {
	s, _ := family(t)
	s.grant("acme", "mia@example.com", `"view"`)
	plain := s.link(`{"path":"/acme/a/*","can":["view","share"]}`)
	forLou := s.link(`{"path":"/acme/b/*","can":["view","download","share"],"for":["lou@example.com"]}`)
	still := s.link(`{"path":"/acme/c/*","for":["lou@example.com"]}`)
	for _, test := range []struct {
		who, parent, more string
		status            int
		field             string
	}{
		{"sue@example.com", plain, ``, 201, ""},
		{"lou@example.com", plain, ``, 400, "parent"},
		{"lou@example.com", forLou, `,"for":["x@example.com"],"can":["view","download"]`, 403, ""}, // x is not known, and Lou brings in nobody
		{"lou@example.com", forLou, `,"for":["sue@example.com"],"can":["view","download"]`, 201, ""},
		{"lou@example.com", forLou, `,"for":["sue@example.com"],"can":["stats"]`, 400, "can"},
		{"lou@example.com", forLou, ``, 400, "for"},
		{"lou@example.com", still, `,"for":["sue@example.com"]`, 400, "can"},
		{"sue@example.com", still, `,"for":["sue@example.com"]`, 201, ""}, // by her own grant
	} {
		got := s.by(test.who, "POST", "/links", `{"parent":"`+test.parent+`"`+test.more+`}`)
		if got.status != test.status || got.word("field") != test.field {
			t.Errorf("%s from %s%s: %d %s", test.who, test.parent, test.more, got.status, got.text)
		}
	}
	locked := s.link(`{"path":"/acme/d/*","password":"open sesame"}`)
	child := s.must("POST", "/links", `{"parent":"`+locked+`"}`)
	if s.record(child["id"]).Password != s.record(locked).Password || child["has_password"] != true {
		t.Errorf("a link from one with a password: %v", child)
	}
	if got := s.ask("PATCH", "/links/"+child["id"].(string), `{"password":""}`); got.word("field") != "password" || got.slug() != "wider-than-parent" {
		t.Errorf("%s", got.text)
	}
}

// Views leave the parent before the child has them, and come back only where
// the child is not there.
func TestViewsAreHandedOnExactly(t *testing.T) {
	for _, test := range []struct {
		fails, then string
		status      int
		left        float64
	}{
		{"", "", 201, 3},
		{"extend", "", 503, 5},
		{"issue", "", 503, 5},
		{"put link", "", 503, 5},
		{"put link", "set_standing", 503, 3}, // nobody knows whether it is there: the views stay taken
	} {
		s := newSite(t)
		parent := s.link(`{"path":"/acme/*","views":5}`)
		s.store.fails = test.fails
		s.store.before = func(verb string) {
			if test.then != "" && verb == test.then {
				s.store.fails = test.then
			}
		}
		if got := s.ask("POST", "/links", `{"parent":"`+parent+`","views":2}`); got.status != test.status {
			t.Errorf("%s: %d %s", test.fails, got.status, got.text)
		}
		s.store.fails, s.store.before = "", nil
		account, err := s.store.Account(t.Context(), s.linkID(parent))
		if err != nil || float64(account.Views) != test.left {
			t.Errorf("while %q and %q fail the parent has %d views, want %v", test.fails, test.then, account.Views, test.left)
		}
	}
}

func TestChangesOfSubLinks(t *testing.T) {
	s := newSite(t)
	parent := s.link(`{"path":"/acme/*","can":["view","download"],"views":10,"views_each":3,"expires_at":"2026-03-10T00:00:00Z"}`)
	child := s.link(`{"parent":"` + parent + `","views":2,"views_each":1}`)
	views := func(id string) any { return s.must("GET", "/links/"+id, "")["views"].(map[string]any)["limit"] }
	for body, field := range map[string]string{
		`{"views":3}`:                           "views",
		`{"views":0}`:                           "views",
		`{"add_views":8}`:                       "views",
		`{"views_each":4}`:                      "views_each",
		`{"views_each":0}`:                      "views_each",
		`{"add_views_each":3}`:                  "views_each",
		`{"expires_at":"2026-03-11T00:00:00Z"}`: "expires_at",
		`{"can":["view","stats"]}`:              "can",
	} {
		if got := s.ask("PATCH", "/links/"+child, body); got.status != 400 || got.slug() != "wider-than-parent" || got.word("field") != field {
			t.Errorf("%s: %d %s", body, got.status, got.text)
		}
	}
	if views(parent) != 8.0 || views(child) != 2.0 {
		t.Errorf("what was refused moved views: %v, %v", views(parent), views(child))
	}
	s.must("PATCH", "/links/"+child, `{"add_views":7,"views_each":3,"expires_in":"2d","can":["view","download"]}`)
	if views(parent) != 1.0 || views(child) != 9.0 {
		t.Errorf("after add_views: %v, %v", views(parent), views(child))
	}
	if got := s.ask("PATCH", "/links/"+child, `{"add_views":1}`); !strings.Contains(got.text, "no views to hand on") {
		t.Errorf("%s", got.text)
	}
	s.must("PATCH", "/links/"+child, `{"views":4}`)
	if views(parent) != 1.0 || views(child) != 4.0 {
		t.Errorf("lowered: %v, %v", views(parent), views(child))
	}
}
