package gate

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Level is how open a collection is.
type Level uint8

// The levels, from the closed to the open. The zero value is the closed one.
const (
	// Locked opens to persons with a grant, and to persons whom a link names.
	Locked Level = iota
	// Members opens to everybody who is signed in, and to those as well.
	Members
	// ByLink opens to whoever has a link, and to those as well.
	ByLink
	// Public opens to everybody, and no session is looked at.
	Public
)

var levelNames = [...]string{"locked", "members", "link", "public"}

// String returns the level's word.
func (l Level) String() string { return levelNames[l] }

// ParseLevel reads a level's word.
func ParseLevel(text string) (Level, error) {
	for i, name := range levelNames {
		if text == name {
			return Level(i), nil
		}
	}
	return Locked, fmt.Errorf("level: unknown word %q: known are %s", text, strings.Join(levelNames[:], ", "))
}

// MarshalText writes the level's word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLevel(string(text))
	return err
}

// Rules is what the directory says about requests: which collection a path is
// in, how open that is, and what a person may do there. It remembers documents,
// and answers from memory wherever it can.
type Rules interface {
	// Know brings what is remembered to an edition of the documents, as a
	// [State] says it. It asks the store only where the edition is another than
	// the known one.
	Know(ctx context.Context, edition int64) error
	// Edition is the edition that is known. A Ruling of the same edition may be
	// repeated for the same Case, until its Until.
	Edition() int64
	// Place says in which collection a path is, of several the one with the
	// longest path. It answers from memory alone and allocates nothing.
	Place(p Path) Place
	// Homes are the places that a collection is: its paths, in order, and then
	// those of the collections that it includes; of many the first. There are none
	// where there is no such collection, or it has no path. It answers from memory
	// alone.
	Homes(id CollectionID) []Place
	// Rule says what somebody may do at a place.
	Rule(ctx context.Context, c Case) (Ruling, error)
}

// Place is where a path is. The zero Place is in no collection.
type Place struct {
	Collection CollectionID
	Level      Level
	// Scope is the one of the collection's paths that the path is in.
	Scope Scope
	// Track says that at a public place visitors are counted.
	Track bool
	// Embed is who may show what is here on pages of their own; nil: nobody.
	Embed *Embedding
	// Brand is how pages of what is here look; nil: as the site's do.
	Brand *Brand
}

// Case is what the directory rules about: a session's request at a place.
type Case struct {
	// Now is the store's time.
	Now   time.Time
	Place Place
	// Link is the session's link, Person who is signed in on it, if anybody,
	// and Opened since when the session is there; for a session that is only
	// about to be opened, Now. Whether a sign-in still counts is asked as if it
	// were a session, opened then, of a link that lets everybody view, at no place.
	Link   *Link
	Person PersonID
	Opened time.Time
}

// Ruling is what the directory says about a Case.
type Ruling struct {
	// Reason is OK, or why the session may not even be here: NotCovered where the
	// link is to a collection, and the place is neither in it nor in one that it
	// includes. Whether the link names the person the gate asks by itself.
	Reason Reason
	// Can is what may be done: what the link says, and everybody from whom it
	// came still may, or what the person was granted.
	Can Capability
	// Until is when time alone may change the ruling; zero: never.
	Until time.Time
}

// NoRules are those of a gateway without a directory: no path is in a
// collection, a link opens what it says, and no document of a link ever changes.
type NoRules struct{}

// Know knows nothing.
func (NoRules) Know(context.Context, int64) error { return nil }

// Edition is the only one.
func (NoRules) Edition() int64 { return 0 }

// Place is in no collection.
func (NoRules) Place(Path) Place { return Place{} }

// Homes are nowhere.
func (NoRules) Homes(CollectionID) []Place { return nil }

// Rule lets the link say what may be done.
func (NoRules) Rule(_ context.Context, c Case) (Ruling, error) { return Ruling{Can: c.Link.Can}, nil }
