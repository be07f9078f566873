package api_test

import (
	"net/http"
	"testing"
)

// A link that has something to keep is not made without its page, nor changed to be
// so. What would keep it is in the same request, or was there before.
func TestLandingNoneIsRefusedToWhatHasAPageForAReason(t *testing.T) {
	s := newSite(t)
	refused := func(got reply, field string, status int) {
		t.Helper()
		if got.status != status || got.word("field") != field {
			t.Errorf("%d %v", got.status, got.object)
		}
	}
	for _, guard := range []string{`"views":3`, `"views_each":3`, `"seats":1`, `"seats_each":1`, `"play_for":"1h"`, `"password":"a good long one"`, `"for":["ann@example.com"]`} {
		refused(s.ask("POST", "/links", `{"path":"/film/*","landing":"none",`+guard+`}`), "landing", http.StatusUnprocessableEntity)
		id := s.link(`{"path":"/film/*",` + guard + `}`)
		refused(s.ask("PATCH", "/links/"+id, `{"landing":"none"}`), "landing", http.StatusUnprocessableEntity)
	}
	refused(s.ask("POST", "/links", `{"path":"/film/*","landing":"custom"}`), "landing", http.StatusBadRequest)
	id := s.link(`{"path":"/film/*","views":3}`)
	if got := s.must("PATCH", "/links/"+id, `{"landing":"none","views":0}`); got["landing"] != "none" {
		t.Error(got)
	}
	refused(s.ask("PATCH", "/links/"+id, `{"landing":"none","add_views":1}`), "add_views", http.StatusConflict)
	refused(s.ask("PATCH", "/links/"+id, `{"landing":"none","views":1}`), "landing", http.StatusUnprocessableEntity)
	if got := s.must("PATCH", "/links/"+id, `{"views":1}`); got["landing"] != "none" {
		t.Error(got)
	}
}
