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
)

//go:embed templates
var templates embed.FS

var (
	landingPage = parse("landing.html")
	watchPage   = parse("watch.html")
	refusalPage = parse("refusal.html")
	formPage    = parse("form.html")
	consolePage = parse("console.html")
)

// parse reads one page and the frame around it. A page that does not parse, or
// names an asset that does not exist, is a fault of this package and stops the
// program at start, not the first viewer.
func parse(name string) *template.Template {
	functions := template.FuncMap{"asset": assetPath}
	return template.Must(template.New("frame.html").Funcs(functions).
		ParseFS(templates, "templates/frame.html", "templates/"+name))
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
