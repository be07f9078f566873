package gate

import (
	"fmt"
	"net/http"
)

// Landing says what a person meets who follows a share link.
type Landing uint8

const (
	// Confirm shows a page, and opens a session for whoever presses Watch there.
	// It is what a link does that says nothing.
	Confirm Landing = iota
	// Straight lets a browser in at once, as long as there is nothing that a look
	// could use up and nothing to ask: see [Link.Guards].
	Straight
)

var landingWords = [...]string{"confirm", "none"}

// LandingWords returns the known words.
func LandingWords() []string { return landingWords[:] }

// ParseLanding reads "confirm" or "none"; empty is "confirm".
func ParseLanding(text string) (Landing, error) {
	if text == "" {
		return Confirm, nil
	}
	for i, word := range landingWords {
		if text == word {
			return Landing(i), nil
		}
	}
	return Confirm, fmt.Errorf("landing: unknown word %q: known are confirm, none", text)
}

func (l Landing) String() string { return landingWords[l] }

// MarshalText writes the word.
func (l Landing) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Landing) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLanding(string(text))
	return err
}

// Guards names what keeps a link from going without its page, as a field of it;
// empty: nothing does. Whatever is counted, taken, started or asked for when a link
// is opened must not be so by a look at it: mail scanners follow links too, and
// some call themselves browsers.
func (l *Link) Guards(terms *Terms) string {
	switch {
	case terms.Views > 0:
		return "views"
	case terms.ViewsEach > 0:
		return "views_each"
	case terms.Seats > 0:
		return "seats"
	case terms.SeatsEach > 0:
		return "seats_each"
	case terms.PlayFor > 0:
		return "play_for"
	case l.Password != "":
		return "password"
	case len(l.For) > 0:
		return "for"
	}
	return ""
}

// straight reports whether the request is let in by a link without its page: a
// browser in which a person went to the share URL, and not one that looks ahead.
func (l *Link) straight(terms *Terms, req *Request) bool {
	return l.Landing == Straight && req.Navigates && !req.Speculative && req.Method == http.MethodGet && l.Guards(terms) == ""
}

// tellLanding says what becomes of a browser, for [Gate.Explain].
func tellLanding(v *Verdict) string {
	guard := v.Link.Guards(&v.Account.Terms)
	switch {
	case v.Link.Landing != Straight:
		return ""
	case guard != "":
		return " The link says that it goes without the page, which does not hold while it has " + guard + "."
	}
	return " A person's browser is let in at once instead, and sent to the player."
}
