package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

func TestCreatedLinkObject(t *testing.T) {
	s := newSite(t)
	got := s.ask("POST", "/links", `{"path":"/acme/demo/*","views":3,"views_each":2,"starts_at":"2026-03-01T13:00:00+01:00",
		"expires_in":"48h","can":["view","download"],"title":"Demo","entry":"master.m3u8"}`)
	if got.status != 201 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	id := got.word("id")
	if got.header.Get("Location") != "links/"+id {
		t.Errorf("Location %q", got.header.Get("Location"))
	}
	link, err := gate.ParseLinkID(id)
	if err != nil {
		t.Fatal(err)
	}
	code := s.gate.LinkCode(link)
	want := map[string]any{
		"id": id, "url": "https://media.example.com/s/" + code,
		"media_url": "https://media.example.com/acme/demo/master.m3u8?usher=" + code,
		"scope":     "/acme/demo/*", "can": []any{"view", "download"}, "title": "Demo", "entry": "master.m3u8",
		"views": map[string]any{"limit": 3.0, "used": 0.0, "reserved": 0.0, "left": 3.0},
		"seats": nil, "seats_each": nil,
		"views_each": 2.0, "starts_at": "2026-03-01T12:00:00Z", "expires_at": "2026-03-03T12:00:00Z",
		"standing": "active", "standing_since": "2026-03-01T12:00:00Z",
		"opens": 0.0, "refused_opens": 0.0, "redeems": 0.0, "plays": 0.0, "devices": 0.0,
		"created_at": "2026-03-01T12:00:00Z", "created_by": "admin",
		"has_password": false, "landing": "confirm", "strength": got.object["strength"],
	}
	same(t, got.object, want)
	same(t, s.must("GET", "/links/"+id, ""), want)
}

func same(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name := range maps.Keys(want) {
		if fmt.Sprint(got[name]) != fmt.Sprint(want[name]) {
			t.Errorf("%s: got %v, want %v", name, got[name], want[name])
		}
	}
	for name := range maps.Keys(got) {
		if _, known := want[name]; !known {
			t.Errorf("%s: %v was not asked for", name, got[name])
		}
	}
}

func TestLinkWithoutLimits(t *testing.T) {
	s := newSite(t)
	link := s.must("POST", "/links", `{"path":"/acme/film.mp4"}`)
	if _, ends := link["expires_at"]; ends {
		t.Errorf("a link that nobody gave an end has one: %v", link["expires_at"])
	}
	views := link["views"].(map[string]any)
	if views["limit"] != nil || views["left"] != nil || link["views_each"] != nil {
		t.Errorf("no limit has to be null: %v, %v", views, link["views_each"])
	}
	if fmt.Sprint(link["can"]) != "[view]" {
		t.Errorf("can %v", link["can"])
	}
	if url := link["media_url"].(string); !strings.HasPrefix(url, "https://media.example.com/acme/film.mp4?usher=") {
		t.Errorf("media_url %s", url)
	}
}

// The URLs of a created link open it.
func TestCreatedURLsOpenTheLink(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/acme/film.mp4", "/acme/demo/*"} {
		link := s.must("POST", "/links", `{"path":"`+path+`"}`)
		for _, url := range []string{"url", "media_url"} {
			e := s.must("POST", "/explain", fmt.Sprintf(`{"url":%q}`, link[url]))
			if e["reason"] != "ok" || e["link"] != link["id"] {
				t.Errorf("%s of a link to %s: %v", url, path, e)
			}
		}
	}
}

var badLinks = []struct{ name, body, slug, field string }{
	{"nothing", `{}`, "bad-value", "path"},
	{"empty path", `{"path":""}`, "bad-value", "path"},
	{"relative path", `{"path":"acme/film.mp4"}`, "bad-value", "path"},
	{"dot segment", `{"path":"/acme/../film.mp4"}`, "bad-value", "path"},
	{"double slash", `{"path":"/acme//film.mp4"}`, "bad-value", "path"},
	{"star inside", `{"path":"/acme/*/film.mp4"}`, "bad-value", "path"},
	{"folder without star", `{"path":"/acme/"}`, "bad-value", "path"},
	{"Usher's own path", `{"path":"/_usher/api/*"}`, "bad-value", "path"},
	{"share path", `{"path":"/s/x"}`, "bad-value", "path"},
	{"control character", `{"path":"/acme/\u0007.mp4"}`, "bad-value", "path"},
	{"path is a number", `{"path":1}`, "bad-value", "path"},
	{"path is null", `{"path":null}`, "bad-value", "path"},
	{"unknown field", `{"path":"/a.mp4","viewz":3}`, "unknown-field", "viewz"},
	{"another case", `{"path":"/a.mp4","Views":3}`, "unknown-field", "Views"},
	{"duplicate field", `{"path":"/a.mp4","views":1,"views":2}`, "bad-json", "views"},
	{"negative views", `{"path":"/a.mp4","views":-1}`, "bad-value", "views"},
	{"too many views", `{"path":"/a.mp4","views":1000000001}`, "bad-value", "views"},
	{"views beyond int64", `{"path":"/a.mp4","views":99999999999999999999}`, "bad-value", "views"},
	{"fraction", `{"path":"/a.mp4","views":1.5}`, "bad-value", "views"},
	{"views as text", `{"path":"/a.mp4","views":"3"}`, "bad-value", "views"},
	{"views null", `{"path":"/a.mp4","views":null}`, "bad-value", "views"},
	{"negative seats", `{"path":"/a.mp4","seats":-1}`, "bad-value", "seats"},
	{"too many seats", `{"path":"/a.mp4","seats_each":101}`, "bad-value", "seats_each"},
	{"unknown word when full", `{"path":"/a.mp4","seats":1,"when_full":"kick"}`, "bad-value", "when_full"},
	{"negative views_each", `{"path":"/a.mp4","views_each":-1}`, "bad-value", "views_each"},
	{"both ends", `{"path":"/a.mp4","expires_in":"1h","expires_at":"2027-01-01T00:00:00Z"}`, "bad-value", "expires_in"},
	{"bad duration", `{"path":"/a.mp4","expires_in":"soon"}`, "bad-value", "expires_in"},
	{"empty duration", `{"path":"/a.mp4","expires_in":""}`, "bad-value", "expires_in"},
	{"no duration", `{"path":"/a.mp4","expires_in":"0s"}`, "bad-value", "expires_in"},
	{"negative duration", `{"path":"/a.mp4","expires_in":"-1h"}`, "bad-value", "expires_in"},
	{"duration as a number", `{"path":"/a.mp4","expires_in":3600}`, "bad-value", "expires_in"},
	{"date without time", `{"path":"/a.mp4","expires_at":"2027-01-01"}`, "bad-value", "expires_at"},
	{"zero time", `{"path":"/a.mp4","expires_at":"0001-01-01T00:00:00Z"}`, "bad-value", "expires_at"},
	{"Unix epoch", `{"path":"/a.mp4","starts_at":"1970-01-01T00:00:00Z"}`, "bad-value", "starts_at"},
	{"over already", `{"path":"/a.mp4","expires_at":"2026-03-01T12:00:00Z"}`, "bad-value", "expires_at"},
	{"ends before it starts", `{"path":"/a.mp4","starts_at":"2026-05-01T00:00:00Z","expires_at":"2026-04-01T00:00:00Z"}`, "bad-value", "expires_at"},
	{"unknown capability", `{"path":"/a.mp4","can":["watch"]}`, "bad-value", "can"},
	{"no capability", `{"path":"/a.mp4","can":[]}`, "bad-value", "can"},
	{"manage by link", `{"path":"/a.mp4","can":["manage"]}`, "bad-value", "can"},
	{"can as text", `{"path":"/a.mp4","can":"view"}`, "bad-value", "can"},
	{"can with a number", `{"path":"/a.mp4","can":["view",1]}`, "bad-value", "can/1"},
	{"long title", `{"path":"/a.mp4","title":"` + strings.Repeat("x", 201) + `"}`, "bad-value", "title"},
	{"two lines", `{"path":"/a.mp4","title":"a\nb"}`, "bad-value", "title"},
	{"entry of a file", `{"path":"/a.mp4","entry":"b"}`, "bad-value", "entry"},
	{"entry outside", `{"path":"/a/*","entry":"../b"}`, "bad-value", "entry"},
	{"entry absolute", `{"path":"/a/*","entry":"/b"}`, "bad-value", "entry"},
	{"list", `[]`, "bad-json", ""},
	{"text", `"/a.mp4"`, "bad-json", ""},
	{"null", `null`, "bad-json", ""},
	{"cut short", `{"path":"/a.mp4"`, "bad-json", ""},
	{"trailing data", `{"path":"/a.mp4"} {}`, "bad-json", ""},
	{"not UTF-8", "{\"path\":\"/a\xff.mp4\"}", "bad-json", ""},
	{"a comment", `{"path":"/a.mp4" /* x */}`, "bad-json", ""},
}

func TestBadLinkBodies(t *testing.T) {
	s := newSite(t)
	for _, test := range badLinks {
		got := s.ask("POST", "/links", test.body)
		if got.status != 400 || got.slug() != test.slug || got.word("field") != test.field {
			t.Errorf("%s: %d %s, want 400 %s at %q", test.name, got.status, got.text, test.slug, test.field)
		}
	}
	if links := s.must("GET", "/links", "")["links"]; len(links.([]any)) != 0 {
		t.Errorf("a bad body made a link: %v", links)
	}
}

func TestProblemsListWhatIsAllowed(t *testing.T) {
	s := newSite(t)
	for body, want := range map[string]string{
		`{"path":"/a.mp4","viewz":3}`:       "path",
		`{"path":"/a.mp4","can":["watch"]}`: "download",
	} {
		got := s.ask("POST", "/links", body)
		if allowed, _ := got.object["allowed"].([]any); !slices.Contains(allowed, any(want)) {
			t.Errorf("%s: allowed %v, want %s among them", body, allowed, want)
		}
	}
	long := s.ask("POST", "/links", `{"`+strings.Repeat("é", 5000)+`":1}`)
	if len(long.text) > 1000 || long.slug() != "unknown-field" {
		t.Errorf("a long name came back in %d bytes", len(long.text))
	}
}

func TestChangeLink(t *testing.T) {
	tests := []struct{ name, change, want string }{
		{"set", `{"views":7,"views_each":1}`, "views 7 each 1 ends 2026-03-02T12:00:00Z"},
		{"no limit", `{"views":0,"views_each":0}`, "views <nil> each <nil> ends 2026-03-02T12:00:00Z"},
		{"add", `{"add_views":2,"add_views_each":3}`, "views 5 each 5 ends 2026-03-02T12:00:00Z"},
		{"later", `{"expires_in":"2d"}`, "views 3 each 2 ends 2026-03-03T12:00:00Z"},
		{"at a time", `{"expires_at":"2026-04-01T00:00:00.1234Z"}`, "views 3 each 2 ends 2026-04-01T00:00:00.123Z"},
		{"over now", `{"expires_at":"2026-03-01T11:00:00Z"}`, "views 3 each 2 ends 2026-03-01T11:00:00Z"},
		{"both", `{"views":9,"add_views_each":1}`, "views 9 each 3 ends 2026-03-02T12:00:00Z"},
	}
	for _, test := range tests {
		s := newSite(t)
		id := s.link(`{"path":"/acme/*","views":3,"views_each":2,"expires_in":"24h"}`)
		s.watch(s.session(id, "/acme/a.ts"), "/acme/a.ts")
		link := s.must("PATCH", "/links/"+id, test.change)
		views := link["views"].(map[string]any)
		got := fmt.Sprint("views ", views["limit"], " each ", link["views_each"], " ends ", link["expires_at"])
		if got != test.want || link["plays"] != 1.0 || views["used"] != 1.0 {
			t.Errorf("%s: %s, plays %v; want %s, plays 1", test.name, got, link["plays"], test.want)
		}
	}
}

func TestBadChanges(t *testing.T) {
	s := newSite(t)
	id := s.link(`{"path":"/acme/*","views":3,"starts_at":"2026-03-01T12:00:00Z"}`)
	tests := []struct {
		name, body string
		status     int
		slug       string
		field      string
	}{
		{"nothing", `{}`, 400, "bad-value", ""},
		{"unknown field", `{"path":"/b"}`, 400, "unknown-field", "path"},
		{"negative", `{"views":-1}`, 400, "bad-value", "views"},
		{"set and add", `{"views":3,"add_views":1}`, 400, "bad-value", "add_views"},
		{"add nothing", `{"add_views":0}`, 400, "bad-value", "add_views"},
		{"take away", `{"add_views":-1}`, 400, "bad-value", "add_views"},
		{"add too much", `{"add_views":9223372036854775807}`, 400, "bad-value", "add_views"},
		{"add beyond the bound", `{"add_views":1000000000}`, 400, "bad-value", "views"},
		{"add to no limit", `{"add_views_each":1}`, 409, "no-limit", "add_views_each"},
		{"both ends", `{"expires_in":"1h","expires_at":"2027-01-01T00:00:00Z"}`, 400, "bad-value", "expires_in"},
		{"bad duration", `{"expires_in":"1y"}`, 400, "bad-value", "expires_in"},
		{"zero time", `{"expires_at":"0001-01-01T00:00:00Z"}`, 400, "bad-value", "expires_at"},
		{"no end", `{"expires_at":null}`, 400, "bad-value", "expires_at"},
		{"ends before it starts", `{"expires_at":"2026-02-01T00:00:00Z"}`, 400, "bad-value", "expires_at"},
		{"null", `{"views":null}`, 400, "bad-value", "views"},
	}
	before := s.ask("GET", "/links/"+id, "").text
	for _, test := range tests {
		got := s.ask("PATCH", "/links/"+id, test.body)
		if got.status != test.status || got.slug() != test.slug || got.word("field") != test.field {
			t.Errorf("%s: %d %s, want %d %s at %q", test.name, got.status, got.text, test.status, test.slug, test.field)
		}
	}
	if after := s.ask("GET", "/links/"+id, "").text; after != before {
		t.Errorf("a refused change changed the link:\n%s was\n%s", after, before)
	}
}

func TestStanding(t *testing.T) {
	s := newSite(t)
	id := s.link(`{"path":"/acme/*","views":3}`)
	s.now = s.now.Add(time.Minute)
	link := s.must("POST", "/links/"+id+"/suspend", `{"why":"passed on"}`)
	if link["standing"] != "suspended" || link["standing_reason"] != "passed on" || link["standing_since"] != "2026-03-01T12:01:00Z" {
		t.Errorf("suspended: %v", link)
	}
	link = s.must("POST", "/links/"+id+"/resume", "")
	if _, has := link["standing_reason"]; link["standing"] != "active" || has {
		t.Errorf("resumed: %v", link)
	}
	link = s.must("POST", "/links/"+id+"/revoke", `{}`)
	if link["standing"] != "revoked" {
		t.Errorf("revoked: %v", link)
	}
	if link = s.must("POST", "/links/"+id+"/revoke", ""); link["standing"] != "revoked" {
		t.Errorf("revoked again: %v", link)
	}
	for _, change := range []struct{ method, path, body string }{
		{"POST", "/resume", ""}, {"POST", "/suspend", ""}, {"PATCH", "", `{"views":9}`},
	} {
		got := s.ask(change.method, "/links/"+id+change.path, change.body)
		if got.status != 409 || got.slug() != "link-revoked" {
			t.Errorf("%s after revocation: %d %s", change.path, got.status, got.text)
		}
	}
	for _, body := range []string{`{"why":"` + strings.Repeat("x", 201) + `"}`, `{"why":"a\u0000"}`, `{"reason":"x"}`} {
		if got := s.ask("POST", "/links/"+id+"/suspend", body); got.status != 400 {
			t.Errorf("%.40s: %d", body, got.status)
		}
	}
}

func TestListLinks(t *testing.T) {
	s := newSite(t)
	var want []any
	for range 5 {
		s.now = s.now.Add(time.Second)
		want = append([]any{s.link(`{"path":"/acme/*"}`)}, want...)
	}
	var got []any
	query, pages := "?limit=2", 0
	for query != "" {
		list := s.must("GET", "/links"+query, "")
		for _, link := range list["links"].([]any) {
			got = append(got, link.(map[string]any)["id"])
		}
		query = ""
		if next, more := list["next"].(string); more {
			query = "?limit=2&cursor=" + next
		}
		pages++
	}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%v in %d pages, want %v", got, pages, want)
	}
	if list := s.must("GET", "/links?limit=5", ""); list["next"] != nil {
		t.Errorf("a full last page promises another: %v", list["next"])
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "limit=1&limit=2", "below=x", "cursor=x", "cursor=c2Vzc2lvbnMKeA", "cursor=bGlua3MK", "above=1", "limit=%zz", "a;b"} {
		if bad := s.ask("GET", "/links?"+query, ""); bad.status != 400 {
			t.Errorf("?%s: %d", query, bad.status)
		}
	}
}

// A link minted elsewhere is shown with its issuer, may have its views
// changed, and keeps the end that its issuer signed.
func TestLinkMintedElsewhere(t *testing.T) {
	s := newSite(t)
	text, err := s.keys.Ring().SignLink(token.Claims{
		JTI: "order-17", Expires: s.now.Add(time.Hour), Terms: token.LinkClaims{Path: "/acme/*", Views: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := gate.ParsePath("/acme/a.ts")
	v, err := s.gate.Decide(t.Context(), s.now, &gate.Request{Method: "GET", Path: p, Presented: []gate.Credential{{Carrier: gate.InQuery, Text: text}}})
	if err != nil || v.Outcome != gate.Redirect {
		t.Fatal(v.Refusal, err)
	}
	path := "/links/" + v.Link.ID.String()
	link := s.must("PATCH", path, `{"add_views":1}`)
	if link["issuer"] != "link-1" || link["created_by"] != "token" || link["views"].(map[string]any)["limit"] != 3.0 {
		t.Errorf("%v", link)
	}
	for _, body := range []string{`{"expires_in":"9h"}`, `{"views":5,"expires_at":"2027-01-01T00:00:00Z"}`} {
		if got := s.ask("PATCH", path, body); got.status != 409 || got.slug() != "expiry-is-signed" || got.word("field") != "expires_at" {
			t.Errorf("%s: %d %s", body, got.status, got.text)
		}
	}
	if after := s.must("GET", path, ""); after["views"].(map[string]any)["limit"] != 3.0 {
		t.Errorf("a refused change was half made: %v", after)
	}
}

// A link whose account is gone is listed as what it is.
func TestLostAccount(t *testing.T) {
	s := newSite(t)
	scope, err := gate.ParseScope("/acme/*")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := gate.Link{ID: gate.LinkID(token.NewID(s.now)), Scope: scope, Can: gate.View}.Document()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Put(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	links := s.must("GET", "/links", "")["links"].([]any)
	if len(links) != 1 || links[0].(map[string]any)["standing"] != "lost" {
		t.Errorf("%v", links)
	}
	if got := s.ask("POST", "/links/"+doc.ID+"/revoke", ""); got.status != 404 {
		t.Errorf("revoking it: %d %s", got.status, got.text)
	}
}

func FuzzCreateLink(f *testing.F) {
	f.Add(`{"path":"/acme/demo/*","views":3,"expires_in":"48h","can":["view"],"title":"T","entry":"master.m3u8"}`)
	for _, test := range badLinks {
		f.Add(test.body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newSite(t)
		got := s.ask("POST", "/links", body)
		if got.status >= 500 {
			t.Fatalf("%d %s", got.status, got.text)
		}
		docs, err := s.store.List(t.Context(), gate.KindLink, "", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != 201 {
			if len(docs) != 0 {
				t.Fatalf("refused with %s, and made", got.text)
			}
			return
		}
		link, err := gate.LinkFrom(docs[0])
		if err != nil {
			t.Fatal(err)
		}
		account, err := s.store.Account(t.Context(), link.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := link.Validate(account.Terms); err != nil || account.Window(s.now) == gate.Expired {
			t.Fatalf("made a link that is not valid: %v", err)
		}
		if e := s.must("POST", "/explain", fmt.Sprintf(`{"url":%q}`, got.word("url"))); e["link"] != got.word("id") {
			t.Fatalf("its URL does not open it: %v", e)
		}
	})
}
