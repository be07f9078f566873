package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// used is the sum over all pages of a listing, and how many pages there were.
func (s *site) used(query string) (sum map[string]float64, items, pages int) {
	s.Helper()
	sum = map[string]float64{}
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		page := s.must("GET", "/usage?limit=2"+query+"&cursor="+url.QueryEscape(cursor), "")
		for name, n := range page["sum"].(map[string]any) {
			sum[name] += n.(float64)
		}
		items += len(page["items"].([]any))
		cursor, _ = page["next"].(string)
	}
	return sum, items, pages
}

// Sums are of pages, and those of all pages are exact: links that nobody holds are in
// them, links outside of the collection are not.
func TestUsageIsPaged(t *testing.T) {
	s := newSite(t)
	s.collection("acme", "link", "")
	for range 3 {
		id := s.link(`{"collection":"acme"}`)
		s.watch(s.session(id, "/acme/a.ts"), "/acme/a.ts")
	}
	outside := s.link(`{"path":"/film/*"}`)
	s.watch(s.session(outside, "/film/a.ts"), "/film/a.ts")
	err := s.store.Flush(s.Context(), []gate.Usage{{Link: s.linkID(outside), Bytes: 70}})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][5]float64{ // plays, bytes, sessions, items, pages
		"": {4, 70, 4, 4, 2}, "&collection=acme": {3, 0, 3, 3, 2}, "&link=" + outside: {1, 70, 1, 1, 1},
	} {
		sum, items, pages := s.used(query)
		if got := [5]float64{sum["plays"], sum["bytes"], sum["sessions"], float64(items), float64(pages)}; got != want {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	for query, slug := range map[string]string{
		"link=lnk_00000000000000000000": "not-found", "link=x": "bad-value", "collection=nothing": "bad-value",
		"collection=acme&link=" + outside: "bad-value", "person=a": "unknown-field", "cursor=x": "bad-value",
	} {
		if got := s.ask(http.MethodGet, "/usage?"+query, ""); got.slug() != slug {
			t.Errorf("%s: %s", query, got.text)
		}
	}
}
