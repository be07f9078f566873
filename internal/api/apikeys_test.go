package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// apiKey makes an API key and returns its id and its text.
func (s *site) apiKey(body string) (id, text string) {
	s.Helper()
	key := s.must("POST", "/apikeys", body)
	return key["id"].(string), key["key"].(string)
}

// as sends a request to the guarded mount with these Authorization headers.
func (s *site) as(authorization []string, method, path, body string) reply {
	s.Helper()
	r := request(s.Context(), method, path, body)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	return s.send(s.guard, r)
}

func bearer(key string) []string { return []string{"Bearer " + key} }

// allRequests holds one request for every endpoint; LINK, SESSION and APIKEY
// are replaced by ids that exist.
var allRequests = []struct {
	method, path, body string
	changes            bool
}{
	{"GET", "/links", "", false},
	{"POST", "/links", `{"path":"/acme/*"}`, true},
	{"GET", "/links/LINK", "", false},
	{"PATCH", "/links/LINK", `{"views":9}`, true},
	{"POST", "/links/LINK/suspend", "", true},
	{"POST", "/links/LINK/resume", "", true},
	{"POST", "/links/LINK/cut", "", true},
	{"POST", "/links/LINK/mint", `{"for_each":"new@example.com","views":1}`, true},
	{"POST", "/links/LINK/mail", `{"to":["new@example.com"],"views":1}`, true},
	{"GET", "/invites", "", false},
	{"POST", "/invites", `{"emails":"new@example.com"}`, true},
	{"GET", "/invites/INVITE", "", false},
	{"POST", "/invites/INVITE/resend", "", true},
	{"POST", "/invites/INVITE/revoke", "", true},
	{"GET", "/sessions", "", false},
	{"GET", "/sessions/SESSION", "", false},
	{"POST", "/sessions/SESSION/end", "", true},
	{"GET", "/keys", "", false},
	{"POST", "/keys/rotate", `{"use":"link"}`, true},
	{"POST", "/keys/link-1/retire", "", true},
	{"GET", "/apikeys", "", false},
	{"POST", "/apikeys", `{"name":"n","scope":"read"}`, true},
	{"DELETE", "/apikeys/APIKEY", "", true},
	{"GET", "/limits", "", false},
	{"GET", "/limits?link=LINK", "", false},
	{"GET", "/limits/LIMIT", "", false},
	{"DELETE", "/limits/LIMIT", "", true},
	{"DELETE", "/limits?link=LINK", "", true},
	{"POST", "/explain", `{"url":"URL"}`, false},
	{"GET", "/health", "", false},
	{"POST", "/links/LINK/revoke", "", true}, // the last: it is final
}

// filled puts in the ids of things that exist.
func (s *site) filled() *strings.Replacer {
	s.Helper()
	link := s.link(`{"path":"/acme/*","views":3}`)
	session := s.session(link, "/acme/a.ts")
	id, _ := s.apiKey(`{"name":"to delete","scope":"read"}`)
	invited := s.must("POST", "/invites", `{"emails":"guest@example.com"}`)["items"].([]any)[0].(map[string]any)
	return strings.NewReplacer("LIMIT", s.limit(link), "LINK", link, "INVITE", invited["invite"].(string), "SESSION", session.Session.String(), "APIKEY", id, "URL", "/~"+session.Token+"/acme/a.ts")
}

func TestScopesOfAPIKeys(t *testing.T) {
	s := newSite(t)
	_, reader := s.apiKey(`{"name":"dashboard","scope":"read"}`)
	_, manager := s.apiKey(`{"name":"shop","scope":"manage"}`)
	fill := s.filled()
	for _, request := range allRequests {
		path, body := fill.Replace(request.path), fill.Replace(request.body)
		got := s.as(bearer(reader), request.method, path, body)
		switch {
		case request.changes && (got.status != 403 || got.slug() != "insufficient-scope" || !strings.Contains(got.header.Get("WWW-Authenticate"), "insufficient_scope")):
			t.Errorf("%s %s with the scope read: %d %s", request.method, path, got.status, got.text)
		case !request.changes && got.status != 200:
			t.Errorf("%s %s with the scope read: %d %s", request.method, path, got.status, got.text)
		}
		if got := s.as(bearer(manager), request.method, path, body); got.status/100 != 2 {
			t.Errorf("%s %s with the scope manage: %d %s", request.method, path, got.status, got.text)
		}
	}
}

func TestChangesAreSignedWithTheAPIKeysID(t *testing.T) {
	s := newSite(t)
	id, manager := s.apiKey(`{"name":"shop","scope":"manage"}`)
	link := s.as(bearer(manager), "POST", "/links", `{"path":"/acme/*"}`)
	if link.word("created_by") != "apikey:"+id {
		t.Errorf("created_by %q", link.word("created_by"))
	}
	s.as(bearer(manager), "POST", "/links/"+link.word("id")+"/suspend", "")
	linkID, err := gate.ParseLinkID(link.word("id"))
	if err != nil {
		t.Fatal(err)
	}
	account, err := s.store.Account(t.Context(), linkID)
	if err != nil || account.Standing.By != "apikey:"+id {
		t.Errorf("by %q, %v", account.Standing.By, err)
	}
}

func TestRefusedCredentials(t *testing.T) {
	s := newSite(t)
	_, key := s.apiKey(`{"name":"shop","scope":"manage"}`)
	deletedID, deleted := s.apiKey(`{"name":"old","scope":"manage"}`)
	s.must("DELETE", "/apikeys/"+deletedID, "")
	_, short := s.apiKey(`{"name":"short","scope":"manage","expires_in":"1h"}`)
	if got := s.as(bearer(short), "GET", "/links", ""); got.status != 200 {
		t.Errorf("before its end: %d", got.status)
	}
	s.now = s.now.Add(time.Hour)
	other := "A"
	if strings.HasSuffix(key, other) {
		other = "B"
	}
	tests := []struct {
		name          string
		authorization []string
	}{
		{"none", nil},
		{"empty", []string{""}},
		{"scheme alone", []string{"Bearer"}},
		{"basic", []string{"Basic " + key}},
		{"without scheme", []string{key}},
		{"two headers", []string{"Bearer " + key, "Bearer " + key}},
		{"two keys", []string{"Bearer " + key + "," + key}},
		{"deleted", bearer(deleted)},
		{"expired", bearer(short)},
		{"another secret", bearer(key[:len(key)-1] + other)},
		{"another id", bearer("usk_00000000000000000000" + key[24:])},
		{"upper case", bearer(strings.ToUpper(key))},
		{"cut short", bearer(key[:len(key)-1])},
		{"longer", bearer(key + "A")},
		{"the record's id", bearer("apk_" + key[4:])},
		{"a link's code", bearer(s.gate.LinkCode(gate.LinkID{}))},
	}
	for _, test := range tests {
		got := s.as(test.authorization, "GET", "/links", "")
		if got.status != 401 || got.slug() != "unauthorized" || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", test.name, got.status, got.text)
		}
	}
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER "} { // RFC 9110 section 11.1
		if got := s.as([]string{scheme + key}, "GET", "/links", ""); got.status != 200 {
			t.Errorf("%s: %d", scheme, got.status)
		}
	}
	r := request(t.Context(), "GET", "/links", "")
	r.AddCookie(&http.Cookie{Name: "Authorization", Value: "Bearer " + key})
	if got := s.send(s.guard, r); got.status != 401 {
		t.Errorf("a cookie was taken for a key: %d", got.status)
	}
	if got := s.as(nil, "GET", "/nothing", ""); got.status != 401 {
		t.Errorf("somebody without a key learns what paths there are: %d", got.status)
	}
}

// A record with a scope that this version does not know allows nothing.
func TestUnknownScopeOfAStoredKey(t *testing.T) {
	s := newSite(t)
	id, key := s.apiKey(`{"name":"shop","scope":"manage"}`)
	doc, err := s.store.Get(t.Context(), gate.KindAPIKey, id)
	if err != nil {
		t.Fatal(err)
	}
	doc.Body = []byte(strings.Replace(string(doc.Body), `"manage"`, `"own"`, 1))
	if _, err := s.store.Put(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	if got := s.as(bearer(key), "GET", "/links", ""); got.status != 401 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// Known and unknown keys make the same store calls.
func TestUnknownKeysCostWhatKnownOnesDo(t *testing.T) {
	s := newSite(t)
	_, key := s.apiKey(`{"name":"shop","scope":"read"}`)
	asked := func(key string) []string {
		s.store.asked = nil
		s.as(bearer(key), "GET", "/keys", "")
		return s.store.asked
	}
	known, unknown := asked(key), asked("usk_00000000000000000000"+key[24:])
	if !slices.Equal(known, unknown) || len(known) != 1 {
		t.Errorf("a known key asks %v, an unknown one %v", known, unknown)
	}
}

func TestStoredAPIKeysHoldNoSecret(t *testing.T) {
	s := newSite(t)
	var keys []string
	for _, scope := range []string{"read", "manage"} {
		s.now = s.now.Add(time.Second)
		id, key := s.apiKey(`{"name":"shop","scope":"` + scope + `"}`)
		if !strings.HasPrefix(key, "usk_") || len(key) < 4+43 {
			t.Errorf("key %q is too short", key)
		}
		if strings.Contains(s.ask("GET", "/apikeys", "").text, key) || strings.Contains(s.ask("GET", "/apikeys", "").text, "sha256") {
			t.Error("a key or its hash is listed")
		}
		keys = append(keys, key, id)
	}
	docs, err := s.store.List(t.Context(), gate.KindAPIKey, "", "", 10)
	if err != nil || len(docs) != 2 {
		t.Fatal(docs, err)
	}
	for _, doc := range docs {
		for _, key := range []string{keys[0], keys[2]} {
			secret := key[len("usk_")+20+1:]
			raw, err := base64.RawURLEncoding.DecodeString(secret)
			if err != nil || len(raw) != 32 {
				t.Fatalf("the secret has %d bytes: %v", len(raw), err)
			}
			for _, form := range []string{secret, hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw)} {
				if strings.Contains(string(doc.Body), form) {
					t.Errorf("a stored document holds a key's secret: %s", doc.Body)
				}
			}
		}
	}
	sum := sha256.Sum256([]byte(keys[2]))
	if !strings.Contains(string(docs[0].Body), base64.StdEncoding.EncodeToString(sum[:])) {
		t.Errorf("the newest document has not the key's hash: %s", docs[0].Body)
	}
}

func TestAPIKeyObjects(t *testing.T) {
	s := newSite(t)
	got := s.ask("POST", "/apikeys", `{"name":"shop","scope":"manage","expires_in":"90d"}`)
	id, key := got.word("id"), got.word("key")
	want := map[string]any{
		"id": id, "name": "shop", "scope": "manage", "key": key, "created_by": "admin",
		"created_at": "2026-03-01T12:00:00Z", "expires_at": "2026-05-30T12:00:00Z",
	}
	same(t, got.object, want)
	if got.status != 201 || got.header.Get("Location") != "apikeys/"+id {
		t.Errorf("%d, Location %q", got.status, got.header.Get("Location"))
	}
	delete(want, "key")
	list := s.must("GET", "/apikeys", "")["apikeys"].([]any)
	same(t, list[0].(map[string]any), want)
	same(t, s.must("DELETE", "/apikeys/"+id, ""), want)
	if got := s.ask("DELETE", "/apikeys/"+id, ""); got.status != 404 {
		t.Errorf("deleted twice: %d", got.status)
	}
	for range 3 {
		s.apiKey(`{"name":"n","scope":"read"}`)
	}
	page := s.must("GET", "/apikeys?limit=2", "")
	rest := s.must("GET", fmt.Sprint("/apikeys?limit=2&cursor=", page["next"]), "")
	if len(page["apikeys"].([]any)) != 2 || len(rest["apikeys"].([]any)) != 1 || rest["next"] != nil {
		t.Errorf("pages %v and %v", page, rest)
	}
}

func TestBadAPIKeyRequests(t *testing.T) {
	s := newSite(t)
	tests := []struct{ body, field string }{
		{`{}`, "name"},
		{`{"name":"n"}`, "scope"},
		{`{"name":"n","scope":"admin"}`, "scope"},
		{`{"name":"","scope":"read"}`, "name"},
		{`{"name":"a\nb","scope":"read"}`, "name"},
		{`{"name":"` + strings.Repeat("x", 101) + `","scope":"read"}`, "name"},
		{`{"name":"n","scope":"read","expires_in":"x"}`, "expires_in"},
		{`{"name":"n","scope":"read","expires_in":"1h","expires_at":"2027-01-01T00:00:00Z"}`, "expires_in"},
		{`{"name":"n","scope":"read","expires_at":"2026-01-01T00:00:00Z"}`, "expires_at"},
		{`{"name":"n","scope":"read","key":"usk_x"}`, "key"},
	}
	for _, test := range tests {
		if got := s.ask("POST", "/apikeys", test.body); got.status != 400 || got.word("field") != test.field {
			t.Errorf("%s: %d %s, want 400 at %q", test.body, got.status, got.text, test.field)
		}
	}
	for _, id := range []string{"apk_00000000000000000000", "x", "lnk_00000000000000000000", "apk_0"} {
		if got := s.ask("DELETE", "/apikeys/"+id, ""); got.status != 404 {
			t.Errorf("deleting %s: %d", id, got.status)
		}
	}
	if got := s.ask("GET", "/apikeys?cursor=x", ""); got.status != 400 {
		t.Errorf("cursor: %d", got.status)
	}
}
