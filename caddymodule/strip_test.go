package caddymodule

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// TestStrip: what is ours or came with the request as a token goes, and what
// belongs to the site behind the gate stays.
func TestStrip(t *testing.T) {
	session := strings.Repeat("S", 76)
	path, ok := gate.ParsePath("/a/film.mp4")
	if !ok {
		t.Fatal("the path was refused")
	}
	in := &request{Request: gate.Request{Path: path, Query: "b=1", Presented: []gate.Credential{{Carrier: gate.InPath, Text: session}}}}
	for _, c := range []struct{ name, given, want string }{
		{"Cookie", "a=1; usher=x; b=2; __Host-usher-device=y; c=3", "a=1; b=2; c=3"},
		{"Cookie", "a=1; d=1, usher=" + session + "; b=2", "a=1; b=2"},
		{"Cookie", "usher=x", ""},
		{"Cookie", "usherette=x; a_usher=y", "usherette=x; a_usher=y"},
		{"Authorization", "Basic dTpw", "Basic dTpw"},
		{"Authorization", "Bearer x", ""},
		{"Authorization", "Token " + session, ""},
		{"Referer", "http://h/~" + session + "/a?usher=x&b=1", "http://h/~REDACTED/a?usher=REDACTED&b=1"},
		{"X-Played", "/~" + session + "/a/film.mp4", ""},
		{"X-Other", "kept", "kept"},
		{"Usher!Link", "forged", ""},
		{"X_Original_URL", "/b", ""},
		{"Range", "bytes=0-1", "bytes=0-1"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/~"+session+"/a/film.mp4?usher=x&b=1", nil)
		r.Header[c.name] = []string{c.given}
		new(Handler).strip(r, in)
		if got := strings.Join(r.Header[c.name], "|"); got != c.want {
			t.Errorf("%s: %.60s goes on as %q, want %q", c.name, c.given, got, c.want)
		}
		if c.want == "" && len(r.Header) != 0 {
			t.Errorf("%s: %.60s leaves %v", c.name, c.given, slices.Collect(maps.Keys(r.Header)))
		}
		if r.RequestURI != "/a/film.mp4?b=1" || r.URL.String() != r.RequestURI {
			t.Errorf("the target goes on as %q, %q", r.RequestURI, r.URL)
		}
	}
}
