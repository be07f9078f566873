package pages

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

var hex6 = regexp.MustCompile(`#[0-9a-f]{6}`)

// Whatever colour an owner likes can be read, as text and under text, in both
// schemes.
func TestEveryColourCanBeRead(t *testing.T) {
	backgrounds := [2][]gate.Color{{white, lightFloor}, {darkCard, {0x0f, 0x15, 0x20}}}
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				brand := gate.Color{uint8(r), uint8(g), uint8(b)}
				css := style(brand)
				var found []gate.Color
				for _, text := range hex6.FindAllString(css, -1) {
					c, err := gate.ParseColor(text)
					if err != nil {
						t.Fatal(err)
					}
					found = append(found, c)
				}
				if len(found) != 6 || found[4] != brand {
					t.Fatalf("%v gives\n%s", brand, css)
				}
				for i := 0; i < 6; i += 2 {
					if contrast(found[i], found[i+1]) < 4.5 {
						t.Errorf("%v: %v on %v cannot be read", brand, found[i+1], found[i])
					}
				}
				for scheme, accent := range []gate.Color{found[0], found[2]} {
					for _, background := range backgrounds[scheme] {
						if contrast(accent, background) < 4.5 {
							t.Errorf("%v: %v on %v cannot be read", brand, accent, background)
						}
					}
				}
			}
		}
	}
}

// The backgrounds that colours are measured against are those of the stylesheet.
func TestBackgroundsAreThoseOfTheStylesheet(t *testing.T) {
	css, err := os.ReadFile("assets/usher.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"--floor: " + written(lightFloor), "--card: #fff;", "--card: " + written(darkCard), "--floor: #0f1520"} {
		if !strings.Contains(string(css), line) {
			t.Errorf("usher.css lacks %q", line)
		}
	}
}

func TestLogosAreHarmless(t *testing.T) {
	svg := func(inside string) string {
		return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">` + inside + `</svg>`
	}
	for _, good := range []string{
		svg(`<path d="M0 0h9v9z" fill="#123456"/>`), `<?xml version="1.0"?>` + svg(`<style>.a{fill:red}</style><g class="a"><use href="#x"/></g>`),
		svg(`<rect fill="url(#g)" width="9" height="9"/>`), "\x89PNG\r\n\x1a\n....", "RIFF....WEBPVP8 ",
	} {
		if logo, err := NewLogo([]byte(good)); err != nil || !strings.HasPrefix(logo.URL(), AssetPrefix+"logo-") {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "GIF89a", "<html></html>", svg(`<script>1</script>`), svg(`<SCRIPT>1</SCRIPT>`), svg(`<g onload="x"/>`), svg(`<g ONLOAD="x"/>`),
		svg(`<foreignObject/>`), svg(`<image href="https://evil.example/x.png"/>`), svg(`<use href="https://evil.example/x.svg#a"/>`),
		svg(`<use xlink:href="data:image/svg+xml,x"/>`), svg(`<a href="javascript:x"><path d=""/></a>`), svg(`<animate attributeName="href"/>`),
		svg(`<style>@import "x"</style>`), svg(`<rect fill="URL(https://evil.example)"/>`), svg(`<rect style="background:url( 'http://x')"/>`),
		svg(`<style>a{b:u\72l(x)}</style>`), `<!DOCTYPE svg [<!ENTITY x "y">]>` + svg(""), `<?xml-stylesheet href="x"?>` + svg(""), "<svg>", svg("") + "<svg",
		"\x89PNG\r\n\x1a\n" + strings.Repeat("x", MaxLogo),
	} {
		if _, err := NewLogo([]byte(bad)); err == nil {
			t.Errorf("%.80q is taken", bad)
		}
	}
}

func FuzzNewLogo(f *testing.F) {
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		logo, err := NewLogo(body)
		if (err == nil) != strings.HasPrefix(logo.URL(), AssetPrefix+"logo-") {
			t.Errorf("%q: %q, %v", body, logo.URL(), err)
		}
	})
}

func TestBrandsAreServed(t *testing.T) {
	logo, err := NewLogo([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	served := Assets(logo)
	get := func(path string) *http.Response {
		w := httptest.NewRecorder()
		served.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Result()
	}
	picture := get(logo.URL())
	if picture.StatusCode != 200 || picture.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(picture.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the logo: %d %v", picture.StatusCode, picture.Header)
	}
	if css := get(BrandStyle("#0B6F63")); css.StatusCode != 200 || css.Header.Get("Content-Type") != "text/css; charset=utf-8" || css.Header.Get("ETag") == "" {
		t.Errorf("the stylesheet: %d %v", css.StatusCode, css.Header)
	}
	for _, path := range []string{
		AssetPrefix + "brand-.css", AssetPrefix + "brand-0B6F63.css", AssetPrefix + "brand-0b6f6.css", AssetPrefix + "brand-0b6f63.css.css",
		AssetPrefix + "brand-0b6f63", AssetPrefix + "brand-red.css", AssetPrefix + "logo-0000000000000000.svg", logo.URL() + "/x",
	} {
		if answer := get(path); answer.StatusCode != 404 {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
	if BrandStyle("red") != "" || BrandStyle("") != "" {
		t.Error("a word is a colour")
	}
}
