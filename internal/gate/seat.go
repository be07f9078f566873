package gate

import "fmt"

// WhenFull says what becomes of a new session on a link whose seats are taken
// by sessions that are not idle.
type WhenFull uint8

const (
	// RefuseNew keeps whoever watches and refuses the new session. It is what
	// a link does that says nothing.
	RefuseNew WhenFull = iota
	// ReplaceOldest ends the oldest session, as services do where the viewer
	// who moves to another room should not have to go back and log out.
	ReplaceOldest
)

var whenFullWords = [...]string{"refuse", "replace"}

// WhenFullWords returns the known words.
func WhenFullWords() []string { return whenFullWords[:] }

// ParseWhenFull reads "refuse" or "replace"; empty is "refuse".
func ParseWhenFull(text string) (WhenFull, error) {
	if text == "" {
		return RefuseNew, nil
	}
	for i, word := range whenFullWords {
		if text == word {
			return WhenFull(i), nil
		}
	}
	return RefuseNew, fmt.Errorf("when_full: unknown word %q: known are refuse, replace", text)
}

func (w WhenFull) String() string { return whenFullWords[w] }

// MarshalText writes the word.
func (w WhenFull) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (w *WhenFull) UnmarshalText(text []byte) (err error) {
	*w, err = ParseWhenFull(string(text))
	return err
}

const (
	// maxSeats is the most seats that a link may have. Whoever looks for an
	// idle one looks at them all, and nobody else is served meanwhile.
	maxSeats = 100
	// MaxReplaced is how many sessions one opening ends at the most. A link
	// whose seats were lowered far below the number of those who watch must not
	// hold up the store while it ends them all; it refuses until enough of them
	// have ended by themselves.
	MaxReplaced = 1000
)

// Limited reports whether the link limits who watches at once.
func (t Terms) Limited() bool { return t.Seats > 0 || t.SeatsEach > 0 }
