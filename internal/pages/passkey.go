package pages

import (
	"io"
	"time"

	"github.com/usher-media/usher/internal/speech"
)

var (
	passkeyPage  = parse("passkey.html", speech.English())
	passkeysPage = parse("passkeys.html", speech.English())
)

// Passkey is the page on which a browser's authenticator is asked: to show a
// passkey, or to make one. It takes a script, since there is no other way to an
// authenticator, and says so where there is none.
type Passkey struct {
	Title, Lead string
	// Problem is what is wrong with the last try.
	Problem string
	Action  string
	// Makes says that a passkey is made, which then has a name of at most Most
	// bytes.
	Makes bool
	Name  string
	Most  int
	// Options are what the authenticator is asked with, as JSON (WebAuthn section
	// 5.1.8 and 5.1.9).
	Options string
	Hidden  []Hidden
	Links   []Link
	Note    string
}

// Render draws the page, which is in English for every reader.
func (p Passkey) Render(w io.Writer, _ Reader) error {
	if err := checkAddress("form's", p.Action); err != nil {
		return err
	}
	for _, link := range p.Links {
		if err := checkAddress("link's", link.URL); err != nil {
			return err
		}
	}
	return render(w, passkeyPage, p)
}

// Passkeys is the page with a person's passkeys.
type Passkeys struct {
	// Lead says whose they are.
	Lead    string
	Problem string
	Action  string
	Items   []PasskeyItem
	// Add and Remove say what can be done now; Note says why not.
	Add, Remove bool
	Note        string
	Links       []Link
}

// PasskeyItem is one passkey.
type PasskeyItem struct {
	ID, Name string
	// Made and Used are when it was made, and used last; zero: never.
	Made, Used time.Time
}

// Render draws the page, which is in English for every reader.
func (p Passkeys) Render(w io.Writer, _ Reader) error {
	if err := checkAddress("form's", p.Action); err != nil {
		return err
	}
	for _, link := range p.Links {
		if err := checkAddress("link's", link.URL); err != nil {
			return err
		}
	}
	return render(w, passkeysPage, p)
}

// MadeAt is when the passkey was made.
func (i PasskeyItem) MadeAt() *stamp { return stampOf(speech.English(), i.Made) }

// UsedAt is when it was used last; nil: never.
func (i PasskeyItem) UsedAt() *stamp { return stampOf(speech.English(), i.Used) }
