package caddymodule

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// TestD3PagesHaveTheirOwnersLook: those of a site, and those of a collection
// that has a look of its own, told to whoever has a link to it.
func TestD3PagesHaveTheirOwnersLook(t *testing.T) {
	dir := t.TempDir()
	drawing := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9"/></svg>`
	for name, text := range map[string]string{"site.svg": drawing, "acme.svg": strings.Replace(drawing, "h9", "h8", 1), "bad.svg": strings.Replace(drawing, "<path", "<script", 1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t, config.Site{})
	var err error
	s.brands, err = readBrands(config.Brand{
		Name: "Cinema", Color: "#123456", Logo: filepath.Join(dir, "site.svg"), Logos: map[string]string{"acme": filepath.Join(dir, "acme.svg")},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.assets = pages.Assets(s.brands.all...)
	col := s.collection("acme", gate.ByLink, "/film/*")
	_, code := s.link(gate.Link{Title: "The film"})
	look := func(target string) string {
		t.Helper()
		answer := s.do(browserTab{}, http.MethodGet, target, nil)
		return s.want(answer, answer.StatusCode, gate.OK)
	}
	says := func(page string, brand pages.Brand) {
		t.Helper()
		if !strings.Contains(page, ">"+brand.Name+"</span>") || !strings.Contains(page, `<link rel="stylesheet" href="`+brand.Style+`">`) || !strings.Contains(page, `<img src="`+brand.Logo+`"`) {
			t.Errorf("the page is not that of %+v:\n%s", brand, page)
		}
		for _, address := range []string{brand.Style, brand.Logo} {
			s.want(s.do(nil, http.MethodGet, address, nil), 200, gate.OK)
		}
	}
	says(look("/s/"+code), s.brands.site)
	brand := gate.Brand{Name: "Acme", Color: "#abcdef", Logo: "acme"}
	if _, err := s.dir.ChangeCollection(t.Context(), directory.Operator(), col.ID, directory.CollectionChange{Brand: &brand}); err != nil {
		t.Fatal(err)
	}
	acme := s.brands.of(brand)
	if acme.Logo == s.brands.site.Logo || acme.Logo == "" {
		t.Errorf("%+v", acme)
	}
	says(look("/s/"+code), acme)
	says(look("/s/nothing"), s.brands.site) // whoever shows nothing learns nothing
	tab := browserTab{}
	s.want(s.do(tab, http.MethodGet, "/s/"+code, nil), 200, gate.OK)
	to := s.do(tab, http.MethodPost, "/s/"+code, url.Values{}).Header.Get("Location")
	says(s.want(s.do(tab, http.MethodGet, to, nil), 200, gate.OK), acme)
	if unknown := s.brands.of(gate.Brand{Logo: "none"}); unknown.Logo != s.brands.site.Logo {
		t.Errorf("%+v", unknown)
	}
	for _, bad := range []config.Brand{{Logo: filepath.Join(dir, "bad.svg")}, {Logo: filepath.Join(dir, "missing.svg")}, {Logos: map[string]string{"x": dir}}} {
		if _, err := readBrands(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
