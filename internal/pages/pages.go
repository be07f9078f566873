// Package pages draws what a person sees of Usher in a browser: the landing
// page of a link, the watch page, refusals, forms to sign in by, and the console. Pages are made by
// html/template from embedded files; style and scripts are written by hand and
// served from [AssetPrefix], so there is no build step, no inline code, and no
// request to anybody else.
package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"

	"github.com/usher-media/usher/internal/speech"
)

//go:embed templates
var templates embed.FS

var (
	landingPage = speak("landing.html")
	watchPage   = speak("watch.html")
	refusalPage = speak("refusal.html")
	formPage    = speak("form.html")
	consolePage = parse("console.html", speech.English())
)

// Reader is whom a page is drawn for.
type Reader struct {
	// Language is the one they read; nil: English.
	Language *speech.Language
	// Brand is whose page it is.
	Brand Brand
}

func (r Reader) language() *speech.Language {
	if r.Language == nil {
		return speech.English()
	}
	return r.Language
}

// spoken is one page in every language.
type spoken map[*speech.Language]*template.Template

func speak(name string) spoken {
	pages := spoken{}
	for _, language := range speech.All() {
		pages[language] = parse(name, language)
	}
	return pages
}

// render draws the page for its reader.
func (s spoken) render(w io.Writer, to Reader, view map[string]any) error {
	view["Brand"] = to.Brand
	return render(w, s[to.language()], view)
}

// parse reads one page and the frame around it. A page that does not parse, or
// names an asset that does not exist, is a fault of this package and stops the
// program at start, not the first viewer.
func parse(name string, language *speech.Language) *template.Template {
	functions := template.FuncMap{
		"asset": assetPath, "say": language.Say, "around": language.Around,
		"lang": func() string { return language.Tag }, "dir": func() string { return language.Dir },
	}
	return template.Must(template.New("frame.html").Funcs(functions).
		ParseFS(templates, "templates/frame.html", "templates/brand.html", "templates/"+name))
}

// render draws into a buffer first: an error never leaves half a page behind a
// status line that promised a whole one.
func render(w io.Writer, page *template.Template, view any) error {
	var whole bytes.Buffer
	if err := page.Execute(&whole, view); err != nil {
		return fmt.Errorf("drawing a page: %w", err)
	}
	if _, err := whole.WriteTo(w); err != nil {
		return fmt.Errorf("sending a page: %w", err)
	}
	return nil
}

// checkAddress lets only root-relative and http(s) addresses into a page.
// html/template already defuses javascript: in a URL attribute; this refuses it
// loudly, and with it what html/template lets pass: another host by "//host"
// (or "/\host", which browsers read the same way), data:, and app schemes.
func checkAddress(what, address string) error {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsFunc(address, isOdd) {
		return fmt.Errorf("the %s address %q is malformed", what, address)
	}
	rooted := u.Scheme == "" && strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//")
	absolute := (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
	if !rooted && !absolute {
		return fmt.Errorf("the %s address %q is neither root-relative nor http(s)", what, address)
	}
	return nil
}

// isOdd names the characters that browsers drop or turn round inside an
// address before they read it.
func isOdd(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }
