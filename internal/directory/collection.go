package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Bounds of collections.
const (
	MaxPaths       = 32
	MaxIncludes    = 32
	MaxDepth       = 8  // collections in a chain of inclusion
	MaxAbove       = 64 // collections that include one, by whatever way
	MaxCollections = 50_000
)

// External says what becomes of somebody unknown who opens an invitation.
type External uint8

// The policies. The zero value is the closed one.
const (
	// Deny lets nobody in who is not known.
	Deny External = iota
	// Approve asks whoever manages the collection.
	Approve
	// JIT makes the person on the spot.
	JIT
)

var externalNames = [...]string{"deny", "approve", "jit"}

// String returns the policy's word.
func (e External) String() string { return externalNames[e] }

// ParseExternal reads a policy's word.
func ParseExternal(text string) (External, error) {
	if i := slices.Index(externalNames[:], text); i >= 0 {
		return External(i), nil
	}
	return Deny, &Invalid{Field: "external", Detail: "unknown word: known are " + strings.Join(externalNames[:], ", "), Allowed: slices.Clone(externalNames[:])}
}

// MarshalText writes the policy's word.
func (e External) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (e *External) UnmarshalText(text []byte) (err error) {
	*e, err = ParseExternal(string(text))
	return err
}

// Include is a collection inside another one: what is granted on the outer one
// holds on the inner one as well.
type Include struct {
	Collection gate.CollectionID `json:"collection"`
	// By is who included it. It takes managing the inner collection, and holds
	// only as long as they do manage it: otherwise whoever managed it once
	// would keep it through a collection of their own. Zero: an operator.
	By gate.PersonID `json:"by,omitzero"`
}

// Collection is a named set of paths with one level.
type Collection struct {
	ID gate.CollectionID `json:"id"`
	// Name is a slug that only one collection has.
	Name  string       `json:"name"`
	Title string       `json:"title,omitempty"`
	Paths []gate.Scope `json:"paths,omitempty"`
	Level gate.Level   `json:"level"`
	// Includes are the collections inside this one.
	Includes []Include `json:"includes,omitempty"`
	External External  `json:"external"`
	// Owner holds everything on it; zero: operators, owners and managers alone.
	Owner gate.PersonID `json:"owner,omitzero"`
	// Embed are the origins of other sites whose pages may show what is in it.
	Embed []gate.Origin `json:"embed,omitempty"`
	// Track counts visitors while the level is public, by a session each.
	Track bool `json:"track,omitempty"`
	// Brand is how its pages look.
	Brand gate.Brand `json:"brand,omitzero"`
	// CutAt ends the sessions that were opened at or before it.
	CutAt     time.Time     `json:"cut_at,omitzero"`
	CreatedAt time.Time     `json:"created_at"`
	CreatedBy gate.PersonID `json:"created_by,omitzero"`
}

// Validate reports what is wrong with the record, naming the field.
func (c Collection) Validate() error {
	if err := CheckSlug("name", c.Name); err != nil {
		return err
	}
	if err := CheckLine("title", c.Title, MaxTitle); err != nil {
		return err
	}
	if len(c.Paths) > MaxPaths {
		return invalid("paths", "want at most %d paths, not %d", MaxPaths, len(c.Paths))
	}
	for i, path := range c.Paths {
		if path == (gate.Scope{}) {
			return invalid("paths", "want paths such as /acme/* or /acme/film.mp4")
		}
		if slices.Contains(c.Paths[:i], path) {
			return invalid("paths", "%s is there twice", path)
		}
	}
	if c.Level > gate.Public {
		return &Invalid{Field: "level", Detail: "unknown", Allowed: Levels()}
	}
	if err := c.Brand.Validate(); err != nil {
		return invalid("brand", "%s", err)
	}
	if len(c.Embed) > gate.MaxOrigins {
		return invalid("embed", "want at most %d origins, not %d", gate.MaxOrigins, len(c.Embed))
	}
	for i, origin := range c.Embed {
		if _, err := gate.ParseOrigin(string(origin)); err != nil {
			return invalid("embed", "%s", err)
		}
		if slices.Contains(c.Embed[:i], origin) {
			return invalid("embed", "%s is there twice", origin)
		}
	}
	if len(c.Includes) > MaxIncludes {
		return invalid("includes", "want at most %d collections, not %d", MaxIncludes, len(c.Includes))
	}
	for i, inner := range c.Includes {
		if inner.Collection == c.ID {
			return &Cycle{c.ID, c.ID}
		}
		if slices.ContainsFunc(c.Includes[:i], func(other Include) bool { return other.Collection == inner.Collection }) {
			return invalid("includes", "%s is there twice", inner.Collection)
		}
	}
	return nil
}

// Levels returns the words of all levels, from the closed to the open.
func Levels() []string {
	var words []string
	for l := gate.Locked; l <= gate.Public; l++ {
		words = append(words, l.String())
	}
	return words
}

func ownerTerm(id gate.PersonID) string { return "owner:" + id.String() }

func (c *Collection) document() (gate.Kind, string, []string) {
	var terms []string
	if !c.Owner.IsZero() {
		terms = append(terms, ownerTerm(c.Owner))
	}
	return gate.KindCollection, c.ID.String(), terms
}
