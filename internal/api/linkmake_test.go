package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// family is a site with a collection that Sue shares in, and Lou only watches.
func family(t *testing.T) (s *site, collection string) {
	s = newSite(t)
	collection = s.collection("acme", "link", "jit")
	s.collection("beta", "link", "deny")
	for _, email := range []string{"sue@example.com", "lou@example.com", "max@example.com"} {
		s.person(email, "limited")
	}
	s.person("mia@example.com", "manager")
	s.grant("acme", "sue@example.com", `"view","download","share"`)
	s.grant("acme", "lou@example.com", `"view"`)
	s.grant("acme", "max@example.com", `"manage"`)
	return s, collection
}

func TestLinksOfCollections(t *testing.T) {
	s, acme := family(t)
	for _, test := range []struct{ body, scope, in string }{
		{`{"collection":"acme"}`, "/*", acme},
		{`{"collection":"` + acme + `"}`, "/*", acme},
		{`{"collection":"acme","path":"/acme/demo/*"}`, "/acme/demo/*", acme},
		{`{"path":"/acme/film.mp4"}`, "/acme/film.mp4", acme},
		{`{"path":"/other/*"}`, "/other/*", "<nil>"},
	} {
		link := s.must("POST", "/links", test.body)
		if link["scope"] != test.scope || fmt.Sprint(link["collection"]) != test.in {
			t.Errorf("%s: %v in %v", test.body, link["scope"], link["collection"])
		}
		if record := s.record(link["id"]); !record.Collection.IsZero() != (test.scope == "/*") {
			t.Errorf("%s: to collection %s", test.body, record.Collection)
		}
	}
	entered := s.must("POST", "/links", `{"collection":"acme","entry":"acme/demo/master.m3u8"}`)
	if !strings.HasPrefix(entered["media_url"].(string), "https://media.example.com/acme/demo/master.m3u8?usher=") {
		t.Errorf("%v", entered["media_url"])
	}
	for _, url := range []string{"url", "media_url"} {
		if e := s.must("POST", "/explain", fmt.Sprintf(`{"url":%q}`, entered[url])); e["reason"] != "ok" {
			t.Errorf("%s: %v", url, e)
		}
	}
	for body, field := range map[string]string{
		`{"collection":"acme","entry":"beta/a.mp4"}`:     "entry",
		`{"collection":"acme","entry":"../x"}`:           "entry",
		`{"collection":"none"}`:                          "collection",
		`{"collection":"Acme"}`:                          "collection",
		`{"collection":"col_00000000000000000000"}`:      "collection",
		`{"collection":"acme","path":"/beta/film.mp4"}`:  "path",
		`{"collection":"acme","path":"/*"}`:              "path",
		`{"collection":"acme","path":"/acmes/film.mp4"}`: "path",
	} {
		if got := s.ask("POST", "/links", body); got.status != 400 || got.word("field") != field {
			t.Errorf("%s: %d %s", body, got.status, got.text)
		}
	}
}

// Who may make which links, C9 and A8.
func TestWhoMakesLinks(t *testing.T) {
	s, _ := family(t)
	for _, test := range []struct {
		who, body string
		status    int
		field     string
	}{
		{"", `{"path":"/other/*","can":["view","stats"]}`, 201, ""},
		{"mia@example.com", `{"path":"/other/*"}`, 201, ""},
		{"mia@example.com", `{"collection":"beta","can":["upload"]}`, 201, ""},
		{"sue@example.com", `{"collection":"acme","can":["view","download"]}`, 201, ""},
		{"sue@example.com", `{"path":"/acme/film.mp4"}`, 201, ""},
		{"sue@example.com", `{"path":"/acme/demo/*","can":["share"]}`, 201, ""},
		{"sue@example.com", `{"collection":"acme","can":["view","stats"]}`, 403, "can"},
		{"sue@example.com", `{"collection":"acme","can":["manage"]}`, 400, "can"},
		{"sue@example.com", `{"path":"/beta/film.mp4"}`, 403, ""},
		{"sue@example.com", `{"path":"/other/film.mp4"}`, 403, ""},
		{"sue@example.com", `{"collection":"beta"}`, 400, "collection"},
		{"lou@example.com", `{"collection":"acme"}`, 403, ""},
		{"max@example.com", `{"collection":"acme","can":["stats"]}`, 201, ""},
		{"max@example.com", `{"path":"/*"}`, 403, ""},
	} {
		got := s.by(test.who, "POST", "/links", test.body)
		if got.status != test.status || got.word("field") != test.field {
			t.Errorf("%q %s: %d %s", test.who, test.body, got.status, got.text)
		}
	}
	got := s.by("sue@example.com", "POST", "/links", `{"collection":"acme","can":["view","stats"]}`)
	if fmt.Sprint(got.object["missing"]) != "[stats]" || fmt.Sprint(got.object["allowed"]) != "[view download share]" {
		t.Errorf("the problem does not say what is missing: %s", got.text)
	}
	if outside, hidden := s.by("sue@example.com", "POST", "/links", `{"path":"/other/x.mp4"}`), s.by("sue@example.com", "POST", "/links", `{"path":"/beta/x.mp4"}`); outside.text != hidden.text {
		t.Errorf("it shows that there is a collection:\n%s%s", outside.text, hidden.text)
	}
	made := s.by("sue@example.com", "POST", "/links", `{"collection":"acme"}`)
	if made.word("by") != "sue@example.com" {
		t.Errorf("made by %q", made.word("by"))
	}
}

// Who becomes a person because a link is for them.
func TestLinksForPersons(t *testing.T) {
	s, _ := family(t)
	link := s.must("POST", "/links", `{"path":"/other/*","for":"Ann@Example.com, lou@example.com\nann@example.com"}`)
	if fmt.Sprint(link["for"]) != "[ann@example.com lou@example.com]" {
		t.Errorf("for %v", link["for"])
	}
	s.must("PATCH", "/collections/"+s.must("POST", "/collections", `{"name":"asks","paths":["/asks/*"],"external":"approve"}`)["id"].(string), `{"title":"x"}`)
	for _, who := range []string{"sue", "max"} {
		s.grant("asks", who+"@example.com", map[string]string{"sue": `"view","share"`, "max": `"manage"`}[who])
		s.grant("beta", who+"@example.com", map[string]string{"sue": `"view","share"`, "max": `"manage"`}[who])
	}
	for i, test := range []struct {
		who, collection string
		status          int
		sponsor         bool
	}{
		{"", "beta", 201, false},
		{"mia@example.com", "beta", 201, false},
		{"max@example.com", "beta", 403, false},
		{"sue@example.com", "beta", 403, false},
		{"max@example.com", "asks", 201, true},
		{"sue@example.com", "asks", 403, false},
		{"max@example.com", "acme", 201, true},
		{"sue@example.com", "acme", 403, false}, // limited persons bring in where they manage
	} {
		email := fmt.Sprintf("new%d@example.com", i)
		got := s.by(test.who, "POST", "/links", fmt.Sprintf(`{"collection":%q,"for":[%q]}`, test.collection, email))
		if got.status != test.status {
			t.Errorf("%q in %s: %d %s", test.who, test.collection, got.status, got.text)
		}
		p, err := s.dir.PersonByAddress(t.Context(), email)
		if (err == nil) != (test.status == 201) || p.Sponsor.IsZero() == test.sponsor {
			t.Errorf("%q in %s: person %+v, %v", test.who, test.collection, p, err)
		}
	}
	for body, field := range map[string]string{
		`{"path":"/other/*","for":[]}`:                              "for",
		`{"path":"/other/*","for":""}`:                              "for",
		`{"path":"/other/*","for":["Ann <ann@example.com>"]}`:       "for",
		`{"path":"/other/*","for":["ann@example.com\r\nBcc: x"]}`:   "for",
		`{"path":"/other/*","for":{"a":1}}`:                         "for",
		`{"path":"/other/*","for":[1]}`:                             "for/0",
		`{"path":"/other/*","for":"` + many(9) + `"}`:               "for",
		`{"path":"/other/*","for":["` + longAddress + `"]}`:         "for",
		`{"path":"/a/*","title":"x","for":["c@example.com"],"z":1}`: "z",
	} {
		if got := s.ask("POST", "/links", body); got.status != 400 || got.word("field") != field {
			t.Errorf("%.60s: %d %s, want field %s", body, got.status, got.text, field)
		}
	}
	if _, err := s.dir.PersonByAddress(t.Context(), "c@example.com"); err == nil {
		t.Error("a refused body made a person")
	}
}

var longAddress = strings.Repeat("x", 64) + "@" + strings.Repeat(strings.Repeat("y", 60)+".", 4) + "example.com"

func many(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("m%d@example.com", i))
	}
	return strings.Join(list, ",")
}

// G2: of a password only a hash is kept, and nothing of it is ever shown.
func TestPasswordsOfLinks(t *testing.T) {
	s := newSite(t)
	got := s.ask("POST", "/links", `{"path":"/acme/*","password":"open sesame"}`)
	if got.object["has_password"] != true || strings.Contains(got.text, "sesame") || strings.Contains(got.text, "argon2") {
		t.Errorf("%s", got.text)
	}
	id := got.word("id")
	first := s.record(id).Password
	if !strings.HasPrefix(first, "$argon2id$") {
		t.Errorf("stored as %q", first)
	}
	s.session2(id)
	edition := s.edition()
	kept := s.must("PATCH", "/links/"+id, `{"password":"open barley"}`)
	if _, says := kept["sessions_ended"]; says || s.record(id).Password == first || s.edition() == edition {
		t.Errorf("%v", kept)
	}
	ended := s.must("PATCH", "/links/"+id, `{"password":"","end_sessions":true}`)
	if ended["has_password"] != false || ended["sessions_ended"] != 2.0 || s.record(id).Password != "" {
		t.Errorf("%v", ended)
	}
	for _, body := range []string{`""`, `"a\u0000b"`, `"` + strings.Repeat("x", 300) + `"`} {
		if bad := s.ask("POST", "/links", `{"path":"/acme/*","password":`+body+`}`); bad.status != 400 || bad.word("field") != "password" || strings.Contains(bad.text, "xxx") {
			t.Errorf("%.20s: %d %s", body, bad.status, bad.text)
		}
	}
}

// session2 opens two sessions on a link.
func (s *site) session2(link string) { s.arrive(link); s.arrive(link) }

func (s *site) edition() int64 {
	s.Helper()
	_, edition, _, err := s.store.Edits(s.Context(), 0)
	if err != nil {
		s.Fatal(err)
	}
	return edition
}

// A9: presets fill in what is left open, and nothing else.
func TestPresets(t *testing.T) {
	s := newSite(t)
	limits := func(l map[string]any) string {
		return fmt.Sprint(l["views_each"], " ", l["seats"], " ", l["seats_each"], " ", l["when_full"], " ", l["expires_at"], " ", l["play_for"], " ", l["preset"])
	}
	for body, want := range map[string]string{
		`{"path":"/a/*","preset":"review"}`:                               "10 <nil> 2 replace 2026-03-15T12:00:00Z <nil> review",
		`{"path":"/a/*","preset":"review","views_each":0}`:                "<nil> <nil> 2 replace 2026-03-15T12:00:00Z <nil> review",
		`{"path":"/a/*","preset":"review","seats_each":1,"seats":4}`:      "10 4 1 replace 2026-03-15T12:00:00Z <nil> review",
		`{"path":"/a/*","preset":"team","expires_in":"1h"}`:               "<nil> <nil> 3 replace 2026-03-01T13:00:00Z <nil> team",
		`{"path":"/a/*","preset":"paid"}`:                                 "<nil> 2 1 replace 2026-03-31T12:00:00Z 48h0m0s paid",
		`{"path":"/a/*","preset":"exam","for":"ann@example.com"}`:         "2 <nil> 1 refuse 2026-03-02T12:00:00Z <nil> exam",
		`{"path":"/a/*","preset":"sensitive","for":["ann@example.com"]}`:  "3 <nil> 1 refuse 2026-03-08T12:00:00Z <nil> sensitive",
		`{"path":"/a/*","preset":"paid","play_for":"6h","can":["stats"]}`: "<nil> 2 1 replace 2026-03-31T12:00:00Z 6h0m0s paid",
	} {
		if got := limits(s.must("POST", "/links", body)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for body, field := range map[string]string{
		`{"path":"/a/*","preset":"party"}`: "preset",
		`{"path":"/a/*","preset":"exam"}`:  "for",
	} {
		if got := s.ask("POST", "/links", body); got.status != 400 || got.word("field") != field {
			t.Errorf("%s: %s", body, got.text)
		}
	}
	got := s.ask("POST", "/links", `{"path":"/a/*","preset":"party"}`)
	if fmt.Sprint(got.object["allowed"]) != "[review team sensitive paid exam]" {
		t.Errorf("%s", got.text)
	}
}

// G15: how strong a link is.
func TestStrength(t *testing.T) {
	s := newSite(t)
	for _, level := range []string{"public", "link", "members", "locked"} {
		s.collection(level, level, "deny")
	}
	for _, test := range []struct {
		body  string
		level int
		name  string
	}{
		{`{"collection":"public","password":"x"}`, 0, "open"},
		{`{"path":"/other/*"}`, 1, "unlisted"},
		{`{"collection":"link","starts_at":"2026-05-01T00:00:00Z"}`, 1, "unlisted"},
		{`{"collection":"link","views":3}`, 2, "limited"},
		{`{"path":"/other/*","expires_in":"1h"}`, 2, "limited"},
		{`{"path":"/other/*","play_for":"1h"}`, 2, "limited"},
		{`{"path":"/other/*","password":"x"}`, 3, "guarded"},
		{`{"path":"/other/*","password":"x","for":"ann@example.com"}`, 3, "guarded"},
		{`{"collection":"members"}`, 3, "guarded"},
		{`{"path":"/members/x.mp4"}`, 3, "guarded"},
		{`{"path":"/other/*","for":"ann@example.com"}`, 4, "personal"},
		{`{"collection":"locked"}`, 4, "personal"},
		{`{"path":"/other/*","for":"ann@example.com","seats_each":1}`, 4, "personal"},
		{`{"path":"/other/*","for":"ann@example.com","seats_each":1,"views_each":2}`, 5, "sealed"},
	} {
		strength := s.must("POST", "/links", test.body)["strength"].(map[string]any)
		stops, leaves := strength["stops"].([]any), strength["does_not_stop"].([]any)
		if strength["level"] != float64(test.level) || strength["name"] != test.name || len(stops) != test.level || len(leaves) != 2 {
			t.Errorf("%s: %v", test.body, strength)
		}
	}
}

// N17, and the edges of times.
func TestWindowsOfLinks(t *testing.T) {
	s := newSite(t)
	link := s.must("POST", "/links", `{"path":"/a/*","starts_at":"2026-03-02T00:00:00Z","start_by":"2026-03-03T00:00:00+01:00","expires_at":"2026-03-04T00:00:00Z","play_for":"90m"}`)
	same := func(l map[string]any, want string) {
		if got := fmt.Sprint(l["starts_at"], " ", l["start_by"], " ", l["expires_at"], " ", l["play_for"]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	same(link, "2026-03-02T00:00:00Z 2026-03-02T23:00:00Z 2026-03-04T00:00:00Z 1h30m0s")
	path := "/links/" + link["id"].(string)
	same(s.must("PATCH", path, `{"starts_at":"2026-03-01T00:00:00Z","start_by":"2026-03-04T00:00:00Z","play_for":"2d"}`),
		"2026-03-01T00:00:00Z 2026-03-04T00:00:00Z 2026-03-04T00:00:00Z 48h0m0s")
	before := s.ask("GET", path, "").text
	for body, field := range map[string]string{
		`{"start_by":"2026-03-04T00:00:01Z"}`:    "start_by",
		`{"expires_at":"2026-03-03T23:59:59Z"}`:  "start_by",
		`{"starts_at":"2026-03-04T00:00:00Z"}`:   "expires_at",
		`{"starts_at":"0001-01-01T00:00:00Z"}`:   "starts_at",
		`{"start_by":"9999999-01-01T00:00:00Z"}`: "start_by",
		`{"play_for":"0s"}`:                      "play_for",
		`{"play_for":"1ns"}`:                     "play_for",
		`{"play_for":3600}`:                      "play_for",
	} {
		if got := s.ask("PATCH", path, body); got.status != 400 || got.word("field") != field {
			t.Errorf("%s: %d %s, want field %s", body, got.status, got.text, field)
		}
	}
	if after := s.ask("GET", path, "").text; after != before {
		t.Errorf("a refused change changed\n%s to\n%s", before, after)
	}
	for _, body := range []string{
		`{"path":"/a/*","start_by":"2026-03-01T12:00:00Z"}`,
		`{"path":"/a/*","start_by":"2026-03-05T00:00:00Z","starts_at":"2026-03-05T00:00:00Z"}`,
		`{"path":"/a/*","start_by":"2026-03-05T00:00:00Z","expires_in":"1h"}`,
	} {
		if got := s.ask("POST", "/links", body); got.status != 400 || got.word("field") != "start_by" {
			t.Errorf("%s: %s", body, got.text)
		}
	}
}

// What is changed of a link's document, and by whom.
func TestChangeOfLinkDocuments(t *testing.T) {
	s, _ := family(t)
	sues := s.by("sue@example.com", "POST", "/links", `{"collection":"acme"}`).word("id")
	for _, test := range []struct {
		who, body string
		status    int
	}{
		{"sue@example.com", `{"can":["view","download"]}`, 200},
		{"sue@example.com", `{"can":["view","stats"]}`, 403},
		{"max@example.com", `{"can":["stats"]}`, 403}, // Sue still makes it, and has none
		{"max@example.com", `{"for":["lou@example.com"]}`, 200},
		{"lou@example.com", `{"for":[]}`, 404},
		{"", `{"can":["manage"]}`, 400},
		{"", `{"can":[]}`, 400},
		{"", `{"for":["x"]}`, 400},
		{"sue@example.com", `{"for":[],"views":3,"password":"x"}`, 200},
	} {
		if got := s.by(test.who, "PATCH", "/links/"+sues, test.body); got.status != test.status {
			t.Errorf("%q %s: %d %s", test.who, test.body, got.status, got.text)
		}
	}
	link := s.must("GET", "/links/"+sues, "")
	if fmt.Sprint(link["can"], link["for"], link["has_password"], link["views"].(map[string]any)["limit"]) != "[view download] <nil> true 3" {
		t.Errorf("%v", link)
	}
	for _, who := range []string{"lou@example.com", "sue@example.com"} {
		want := map[string]int{"lou@example.com": 404, "sue@example.com": 200}[who]
		for _, request := range []string{"GET ", "POST /suspend", "POST /resume", "POST /cut"} {
			method, path, _ := strings.Cut(request, " ")
			if got := s.by(who, method, "/links/"+sues+path, ""); got.status != want {
				t.Errorf("%s %s: %d %s", who, request, got.status, got.text)
			}
		}
	}
}

// Of two writes the one that takes away comes first: where the second fails,
// nothing is open that was to be closed.
func TestHalfAChangeClosesMore(t *testing.T) {
	for _, test := range []struct{ body, fails, wants string }{
		{`{"can":["view"],"views":9}`, "extend", "[view] 3 false"},
		{`{"password":"x","views":9}`, "extend", "[view download] 3 true"},
		{`{"for":["ann@example.com"],"views":9}`, "extend", "[view download] 3 false"},
		{`{"can":["view","stats"],"views":1}`, "put link", "[view download] 1 false"},
	} {
		s := newSite(t)
		id := s.link(`{"path":"/acme/*","can":["view","download"],"views":3}`)
		s.store.fails = test.fails
		if got := s.ask("PATCH", "/links/"+id, test.body); got.status != 503 {
			t.Errorf("%s: %d %s", test.body, got.status, got.text)
		}
		s.store.fails = ""
		link := s.must("GET", "/links/"+id, "")
		if got := fmt.Sprint(link["can"], " ", link["views"].(map[string]any)["limit"], " ", link["has_password"]); got != test.wants {
			t.Errorf("%s: %s, want %s", test.body, got, test.wants)
		}
	}
}

// Two who change different things of a link at once both have their way.
func TestChangesThatMeet(t *testing.T) {
	s := newSite(t)
	id := s.link(`{"path":"/acme/*","can":["view","download"]}`)
	s.store.before = func(verb string) {
		if verb == "put link" {
			s.store.before = nil
			s.must("PATCH", "/links/"+id, `{"password":"x"}`)
		}
	}
	link := s.must("PATCH", "/links/"+id, `{"can":["view"]}`)
	if fmt.Sprint(link["can"], link["has_password"]) != "[view] true" {
		t.Errorf("%v", link)
	}
}

// N14 and N15: what closes a link says how many it cut off.
func TestSessionsEndedByLinks(t *testing.T) {
	s := newSite(t)
	id := s.link(`{"path":"/acme/*"}`)
	child := s.link(`{"parent":"` + id + `"}`)
	s.session2(id)
	s.arrive(child)
	if got := s.must("POST", "/links/"+id+"/cut", ""); got["sessions_ended"] != 3.0 {
		t.Errorf("cut: %v", got)
	}
	if got := s.must("GET", "/links/"+id, ""); got["standing"] != "active" {
		t.Errorf("after a cut: %v", got["standing"])
	}
	s.arrive(id)
	s.arrive(child)
	for _, test := range []struct {
		verb string
		want any
	}{{"suspend", 2.0}, {"suspend", 0.0}, {"resume", nil}, {"revoke", 2.0}, {"revoke", 0.0}} {
		if got := s.must("POST", "/links/"+id+"/"+test.verb, "")["sessions_ended"]; got != test.want {
			t.Errorf("%s: %v ended, want %v", test.verb, got, test.want)
		}
	}
	s.now = s.now.Add(48 * time.Hour)
	if got := s.must("POST", "/links/"+child+"/cut", ""); got["sessions_ended"] != 0.0 {
		t.Errorf("of sessions that are over: %v", got)
	}
}

// Listings go by terms, show passes to nobody, and to everybody what is theirs.
func TestListsOfLinks(t *testing.T) {
	s, acme := family(t)
	made := map[string]string{}
	for name, link := range map[string][2]string{
		"operator": {"", `{"path":"/other/*"}`},
		"acme":     {"", `{"collection":"acme"}`},
		"path":     {"", `{"path":"/acme/x.mp4"}`},
		"sue":      {"sue@example.com", `{"collection":"acme","for":["lou@example.com"]}`},
	} {
		made[s.by(link[0], "POST", "/links", link[1]).word("id")] = name
	}
	sues := ""
	for id, name := range made {
		if name == "sue" {
			sues = id
		}
	}
	made[s.link(`{"parent":"`+sues+`","for":"lou@example.com"}`)] = "child"
	col, _ := gate.ParseCollectionID(acme)
	lou, _ := s.dir.PersonByAddress(t.Context(), "lou@example.com")
	pass := gate.Link{ID: gate.LinkID{9}, Can: gate.View, Collection: col, For: []gate.PersonID{lou.ID}, Pass: true}
	pass.Scope, _ = gate.ParseScope("/*")
	if _, err := gate.Create(t.Context(), s.store, pass, gate.Terms{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ who, query, want string }{
		{"", "", "acme child operator path sue"},
		{"mia@example.com", "", "acme child operator path sue"},
		{"sue@example.com", "", "sue"},
		{"lou@example.com", "", ""},
		{"", "?collection=acme", "acme child path sue"},
		{"max@example.com", "?collection=acme", "acme child path sue"},
		{"sue@example.com", "?collection=acme", "403"},
		{"lou@example.com", "?collection=beta", "400"},
		{"", "?by=sue@example.com", "sue"},
		{"sue@example.com", "?by=sue@example.com", "sue"},
		{"sue@example.com", "?by=mia@example.com", "403"},
		{"sue@example.com", "?by=nobody@example.com", "403"},
		{"", "?for=lou@example.com", "child sue"},
		{"lou@example.com", "?for=lou@example.com", "403"},
		{"", "?by=nobody@example.com", "400"},
		{"", "?parent=" + sues, "child"},
		{"sue@example.com", "?parent=" + sues, "child"},
		{"lou@example.com", "?parent=" + sues, "404"},
		{"", "?by=sue@example.com&collection=acme", "400"},
		{"", "?parent=x", "400"},
	} {
		got := s.by(test.who, "GET", "/links"+test.query, "")
		if got.status != 200 {
			if fmt.Sprint(got.status) != test.want {
				t.Errorf("%q %s: %d %s", test.who, test.query, got.status, got.text)
			}
			continue
		}
		var names []string
		for _, link := range got.object["links"].([]any) {
			names = append(names, made[link.(map[string]any)["id"].(string)])
		}
		slices.Sort(names)
		if strings.Join(names, " ") != test.want {
			t.Errorf("%q %s: %v, want %s", test.who, test.query, names, test.want)
		}
	}
	if got := s.ask("GET", "/links/"+pass.ID.String(), ""); got.status != 404 {
		t.Errorf("a pass is shown: %s", got.text)
	}
}
