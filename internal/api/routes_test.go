package api_test

import (
	"crypto/tls"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// TestStoreErrors makes every store verb fail under every endpoint. Whoever
// asks must read 503 then, and above all never a success that did not happen.
func TestStoreErrors(t *testing.T) {
	verbs := []string{
		"get link", "put link", "list link", "issue", "account", "extend", "set_standing", "sessions", "end",
		"get apikey", "put apikey", "list apikey", "delete apikey", "ready",
	}
	failed := map[string]bool{}
	for _, request := range allRequests {
		s := newSite(t)
		fill := s.filled()
		path, body := fill.Replace(request.path), fill.Replace(request.body)
		if strings.HasPrefix(request.path, "/explain") { // of a link that the gate has not read yet
			body = `{"url":"/s/` + s.gate.LinkCode(gate.LinkID{1}) + `"}`
		}
		for _, verb := range verbs {
			s.store.fails, s.store.asked = verb, nil
			got := s.ask(request.method, path, body)
			if slices.Contains(s.store.asked, verb) {
				failed[verb] = true
				if got.status != 503 || got.slug() != "store-down" || got.header.Get("Retry-After") != "1" {
					t.Errorf("%s %s while %q fails: %d %s", request.method, path, verb, got.status, got.text)
				}
				if strings.Contains(got.text, "disk") {
					t.Errorf("the store's own words went out: %s", got.text)
				}
			}
			if request.changes && got.status/100 == 2 {
				s = newSite(t) // the change was made; the next verb needs it undone
				fill = s.filled()
				path, body = fill.Replace(request.path), fill.Replace(request.body)
			}
		}
	}
	for _, verb := range verbs {
		if !failed[verb] {
			t.Errorf("no endpoint ever asked %q: this test did not look at it", verb)
		}
	}
}

func TestStoreErrorWhileAuthenticating(t *testing.T) {
	s := newSite(t)
	_, key := s.apiKey(`{"name":"shop","scope":"manage"}`)
	s.store.fails = "get apikey"
	if got := s.as(bearer(key), "GET", "/keys", ""); got.status != 503 || got.slug() != "store-down" {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestWithoutBackend(t *testing.T) {
	s := newSite(t)
	s.down = true
	for _, got := range []reply{s.ask("GET", "/links", ""), s.as(nil, "GET", "/health", "")} {
		if got.status != 503 || got.slug() != "not-running" || got.header.Get("Retry-After") != "1" {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
}

func TestHealth(t *testing.T) {
	if got := newSite(t).must("GET", "/health", ""); got["status"] != "ready" || got["store"] != "model" || got["version"] != "v1" || got["usage_dropped"] != 3.0 {
		t.Error(got)
	}
}

func TestPathsAndMethods(t *testing.T) {
	s := newSite(t)
	id := s.link(`{"path":"/acme/*"}`)
	tests := []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/nothing", 404, ""},
		{"GET", "/links/", 404, ""},
		{"GET", "//links", 404, ""},
		{"GET", "/Links", 404, ""},
		{"GET", "/links/" + id + "/", 404, ""},
		{"GET", "/links/" + id + "%2Frevoke", 404, ""},
		{"GET", "/links/%6Cnk_" + id[4:], 404, ""},
		{"GET", "/links/lnk_00000000000000000000", 404, ""},
		{"GET", "/links/ses_" + id[4:], 404, ""},
		{"GET", "/links/" + strings.ToUpper(id), 404, ""},
		{"POST", "/links/" + id + "/delete", 404, ""},
		{"DELETE", "/links/" + id, 405, "GET, PATCH, HEAD"},
		{"PUT", "/links", 405, "GET, POST, HEAD"},
		{"OPTIONS", "/links", 405, "GET, POST, HEAD"},
		{"GET", "/links/" + id + "/revoke", 405, "POST"},
		{"HEAD", "/explain", 405, "POST"},
		{"GET", "/keys/rotate", 405, "POST"},
		{"GET", "/links/" + id + "?x=1", 400, ""},
		{"POST", "/links/" + id + "/revoke?why=x", 400, ""},
		{"GET", "/links?%ff=1", 400, ""},
	}
	for _, test := range tests {
		got := s.ask(test.method, test.path, "")
		if got.status != test.status || got.header.Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", test.method, test.path, got.status, got.header.Get("Allow"), test.status, test.allow)
		}
	}
	if link := s.must("HEAD", "/links/"+id, ""); link["standing"] != "active" {
		t.Errorf("a GET or HEAD changed the link: %v", link)
	}
}

func TestBodies(t *testing.T) {
	s := newSite(t)
	const good = `{"path":"/acme/*"}`
	tests := []struct {
		name, contentType, body string
		status                  int
		slug                    string
	}{
		{"with charset", "application/json; charset=utf-8", good, 201, ""},
		{"none", "", good, 415, "unsupported-media-type"},
		{"form", "application/x-www-form-urlencoded", good, 415, "unsupported-media-type"},
		{"text, as a form on another site may send", "text/plain", good, 415, "unsupported-media-type"},
		{"broken", "application/json;;", good, 415, "unsupported-media-type"},
		{"as much as may be", "application/json", good + strings.Repeat(" ", 64<<10-len(good)), 201, ""},
		{"one byte more", "application/json", good + strings.Repeat(" ", 64<<10-len(good)+1), 413, "too-large"},
		{"nested deep", "application/json", strings.Repeat("[", 60000), 400, "bad-json"},
	}
	for _, test := range tests {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/links", strings.NewReader(test.body))
		r.Header.Set("Content-Type", test.contentType)
		if got := s.send(s.open, r); got.status != test.status || got.slug() != test.slug {
			t.Errorf("%s: %d %s, want %d %s", test.name, got.status, got.text, test.status, test.slug)
		}
	}
	r := request(t.Context(), "POST", "/links", good)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(good), broken{}))
	if got := s.send(s.open, r); got.status != 400 || got.slug() != "bad-json" {
		t.Errorf("a body that breaks off: %d %s", got.status, got.text)
	}
	r = request(t.Context(), "POST", "/links/"+s.link(good)+"/suspend", `{"why":"chunked"}`)
	r.ContentLength = -1
	if got := s.send(s.open, r); got.word("standing_reason") != "chunked" {
		t.Errorf("a chunked body: %d %s", got.status, got.text)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A change that comes as HTTP/3 early data may be a replay.
func TestEarlyData(t *testing.T) {
	s := newSite(t)
	for method, status := range map[string]int{"POST": 425, "GET": 200} {
		r := request(t.Context(), method, "/links", `{"path":"/acme/*"}`)
		r.TLS = &tls.ConnectionState{HandshakeComplete: false}
		if got := s.send(s.open, r); got.status != status {
			t.Errorf("%s in early data: %d %s", method, got.status, got.text)
		}
		r = request(t.Context(), method, "/links", `{"path":"/acme/*"}`)
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
		if got := s.send(s.open, r); got.status/100 != 2 {
			t.Errorf("%s after the handshake: %d %s", method, got.status, got.text)
		}
	}
}

func TestExplain(t *testing.T) {
	s := newSite(t)
	link := s.must("POST", "/links", `{"path":"/acme/*","views":1,"views_each":1}`)
	v := s.session(link["id"].(string), "/acme/demo/a.ts")
	s.watch(v, "/acme/demo/a.ts")
	got := s.ask("POST", "/explain", `{"url":"https://media.example.com/~`+v.Token+`/acme/demo/b.ts?CMCD=x","method":"GET"}`)
	want := map[string]any{
		"outcome": "pass", "reason": "ok", "status": 200.0, "link": link["id"], "session": v.Session.String(), "standing": "active",
		"views":      map[string]any{"limit": 1.0, "used": 1.0, "reserved": 0.0, "left": 0.0},
		"views_each": 1.0, "play": got.object["play"], "steps": got.object["steps"],
	}
	same(t, got.object, want)
	if play := got.object["play"].(map[string]any); play["opener"] != "/acme/demo/a.ts" || play["state"] != "charged" {
		t.Errorf("play %v", play)
	}
	spent := s.ask("POST", "/explain", `{"url":"`+link["media_url"].(string)+`"}`)
	if spent.word("reason") != "views_spent" || spent.word("allowance") != "views" || spent.object["status"] != 410.0 {
		t.Errorf("%s", spent.text)
	}
	for _, text := range []string{got.text, spent.text} {
		for _, secret := range []string{v.Token, link["url"].(string)[len("https://media.example.com/s/"):]} {
			if strings.Contains(text, secret) {
				t.Errorf("an explanation holds a token: %s", text)
			}
		}
	}
	for _, body := range []string{`{}`, `{"url":1}`, `{"url":"/","method":"get"}`, `{"url":"/","headers":{}}`} {
		if bad := s.ask("POST", "/explain", body); bad.status != 400 {
			t.Errorf("%s: %d", body, bad.status)
		}
	}
}
