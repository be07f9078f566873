package signin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/speech"
)

// Pages of signing in are in the reader's language, and say that they go by it.
func TestFormsAreInTheReadersLanguage(t *testing.T) {
	s := stage(t)
	code := s.invite(s.invitation())
	b := s.browser()
	b.web.Brand = pages.Brand{Name: "Cinema"}
	for _, l := range speech.All() {
		for path, said := range map[string]string{
			"/_usher/signin": "signin.code", "/_usher/signin/code": "ask_code.lead", "/_usher/signout": "signout.lead", "/_usher/activate/" + code: "activation.lead",
		} {
			r := httptest.NewRequest(http.MethodGet, site+path, nil)
			r.Header.Set("Accept-Language", l.Tag)
			got := b.do(r)
			b.wants(got, http.StatusOK, l.Say(said))
			if !strings.Contains(got.body, `<html lang="`+l.Tag+`" dir="`+l.Dir+`">`) || !strings.Contains(got.Header.Get("Vary"), "Accept-Language") || !strings.Contains(got.body, ">Cinema</span>") {
				t.Errorf("%s in %s: %v\n%s", path, l.Tag, got.Header, got.body)
			}
		}
	}
}
