package pages

import (
	"io"
	"net/http"
	"regexp"
)

// Console is the page for owners and operators. It knows nothing by itself: its
// script asks the management API, by the sign-in of a person or with an API key.
type Console struct {
	// API is the base address of the management API, "/_usher/api/v1".
	API string
	// SignIn and SignOut are the addresses of the pages where people sign in and out.
	SignIn, SignOut string
	// Presets are the named ways to make a link.
	Presets []Preset
}

// Preset is a named way to make a link.
type Preset struct {
	Name, Sentence string
	// NamesPersons: such a link says for whom it is.
	NamesPersons bool
}

// screens are the addresses of the console: one for each thing that it shows, and
// some for one of these.
var screens = regexp.MustCompile(`^/_usher/console(/(links|collections|people|groups|sessions|events|keys|health)|/(links|collections|people|groups)/[a-z]{3}_[0-9a-v]{20})?$`)

// ConsoleServes reports whether the console has a screen at the path. All have
// the same page, which looks at its own address.
func ConsoleServes(path string) bool { return screens.MatchString(path) }

// SetConsoleHeaders puts the headers that the console carries: those of every
// page, and one by which the browser itself refuses markup that is made from text.
func SetConsoleHeaders(h http.Header) {
	SetHeaders(h)
	h.Set("Content-Security-Policy", policy+"; require-trusted-types-for 'script'; trusted-types 'none'")
	// Signing out is a form of ours, which says where it comes from.
	h.Set("Referrer-Policy", "same-origin")
}

// Render draws the page.
func (c Console) Render(w io.Writer) error {
	for what, address := range map[string]string{"API's": c.API, "sign-in": c.SignIn, "sign-out": c.SignOut} {
		if err := checkAddress(what, address); err != nil {
			return err
		}
	}
	return render(w, consolePage, c)
}
