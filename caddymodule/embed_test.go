package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// TestCookiesInAFrame: browsers keep no other ones in a frame of another site,
// and nobody else's frames get any.
func TestCookiesInAFrame(t *testing.T) {
	s := newSite(t, config.Site{})
	c := s.collection("film", gate.ByLink, "/film/*")
	embedded, _ := s.link(gate.Link{Collection: c.ID, Scope: s.scope("/*")})
	plain, _ := s.link(gate.Link{Scope: s.scope("/other/*")})
	origins := []gate.Origin{"https://www.example.com"}
	if _, err := s.dir.ChangeCollection(t.Context(), directory.Operator(), c.ID, directory.CollectionChange{Embed: &origins}); err != nil {
		t.Fatal(err)
	}
	if err := s.app.backing.view.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url, dest string
		link      gate.Link
		framed    bool
	}{
		{"https://media.example.com", "iframe", embedded, true},
		{"https://media.example.com", "document", embedded, false},
		{"https://media.example.com", "iframe", plain, false},
		{"", "iframe", embedded, false}, // SameSite=None takes TLS
	} {
		s.app.PublicURL = c.url
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/s/x", nil)
		r.Header.Set("Sec-Fetch-Dest", c.dest)
		rec := httptest.NewRecorder()
		s.setCookie(rec, r, &c.link, "x", "y", time.Hour)
		got := rec.Result().Cookies()[0]
		if got.Partitioned != c.framed || (got.SameSite == http.SameSiteNoneMode) != c.framed || got.Secure != (c.url != "") || !got.HttpOnly {
			t.Errorf("%s %s: %s", c.url, c.dest, got.Raw)
		}
	}
}

// TestWhatUpstreamSaysOfOtherOrigins is not for a collection that says it itself.
func TestWhatUpstreamSaysOfOtherOrigins(t *testing.T) {
	embed := gate.NewEmbedding([]gate.Origin{"https://www.example.com"})
	for origin, want := range map[string]string{"https://www.example.com": "https://www.example.com", "https://evil.example": "", "": ""} {
		header := http.Header{"Access-Control-Allow-Origin": {"*"}, "Access-Control-Allow-Methods": {"PUT"}}
		shareWith(header, embed, origin)
		if header.Get("Access-Control-Allow-Origin") != want || header.Get("Access-Control-Allow-Methods") != "" || header.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", origin, header)
		}
		untouched := http.Header{"Access-Control-Allow-Origin": {"*"}}
		if shareWith(untouched, nil, origin); len(untouched) != 1 {
			t.Errorf("in no such collection: %v", untouched)
		}
	}
}
