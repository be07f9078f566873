package directory

import (
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Holder is who was granted something: a person or a group, never both.
type Holder struct {
	Person gate.PersonID
	Group  gate.GroupID
}

// IsZero reports whether it is nobody.
func (h Holder) IsZero() bool { return h == Holder{} }

// String returns the id of the person or the group.
func (h Holder) String() string {
	if h.Group.IsZero() {
		return h.Person.String()
	}
	return h.Group.String()
}

// ParseHolder reads the id of a person or a group.
func ParseHolder(text string) (h Holder, err error) {
	if h.Person, err = gate.ParsePersonID(text); err == nil {
		return h, nil
	}
	if h.Group, err = gate.ParseGroupID(text); err == nil {
		return h, nil
	}
	return Holder{}, invalid("holder", "want the id of a person (per_…) or of a group (grp_…)")
}

// MarshalText writes the id.
func (h Holder) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Holder) UnmarshalText(text []byte) (err error) {
	*h, err = ParseHolder(string(text))
	return err
}

// GrantID names the grant of a collection to a holder: it is made of both, so
// that there is one for each pair, and so that who reads it knows whom it is
// about.
type GrantID struct {
	Holder     Holder
	Collection gate.CollectionID
}

// The prefixes tell persons' grants from groups'.
const (
	personGrantPrefix = "grt_p"
	groupGrantPrefix  = "grt_g"
)

// String returns "grt_p" or "grt_g" and 40 characters.
func (id GrantID) String() string {
	prefix, holder := personGrantPrefix, token.ID(id.Holder.Person)
	if !id.Holder.Group.IsZero() {
		prefix, holder = groupGrantPrefix, token.ID(id.Holder.Group)
	}
	return prefix + holder.String() + token.ID(id.Collection).String()
}

// ParseGrantID reads what String wrote.
func ParseGrantID(text string) (id GrantID, err error) {
	var holder, collection token.ID
	if strings.HasPrefix(text, groupGrantPrefix) {
		holder, collection, err = parsePair(groupGrantPrefix, text)
		id.Holder.Group = gate.GroupID(holder)
	} else {
		holder, collection, err = parsePair(personGrantPrefix, text)
		id.Holder.Person = gate.PersonID(holder)
	}
	id.Collection = gate.CollectionID(collection)
	if err == nil && id.Holder.IsZero() {
		err = invalid("id", "want the id of a grant")
	}
	return id, err
}

// Grant is what a holder may do in a collection.
type Grant struct {
	Collection gate.CollectionID `json:"collection"`
	Holder     Holder            `json:"holder"`
	Can        gate.Capability   `json:"can"`
	// Preset names the set that Can was taken from; for people.
	Preset string `json:"preset,omitempty"`
	// StartsAt and EndsAt are the window [StartsAt, EndsAt); zero: open on that
	// side.
	StartsAt time.Time `json:"starts_at,omitzero"`
	EndsAt   time.Time `json:"ends_at,omitzero"`
	// By is who gave it: it is worth no more than what they hold themselves.
	// Zero: an operator.
	By        gate.PersonID `json:"by,omitzero"`
	CreatedAt time.Time     `json:"created_at"`
	ChangedAt time.Time     `json:"changed_at"`
}

// ID returns the grant's id.
func (g Grant) ID() GrantID { return GrantID{g.Holder, g.Collection} }

// Validate reports what is wrong with the record, naming the field.
func (g Grant) Validate() error {
	if g.Collection.IsZero() {
		return invalid("collection", "want the collection's id")
	}
	if g.Holder.Person.IsZero() == g.Holder.Group.IsZero() {
		return invalid("holder", "want one person or one group")
	}
	if g.Can == 0 || g.Can&^Everything != 0 {
		return &Invalid{Field: "can", Detail: "want at least one capability", Allowed: Everything.Names()}
	}
	return window{g.StartsAt, g.EndsAt}.validate()
}

// Terms by which grants are listed.
func collectionTerm(id gate.CollectionID) string { return "collection:" + id.String() }
func holderTerm(h Holder) string                 { return "holder:" + h.String() }
func byTerm(id gate.PersonID) string             { return "by:" + id.String() }

func (g *Grant) document() (gate.Kind, string, []string) {
	terms := []string{collectionTerm(g.Collection), holderTerm(g.Holder)}
	if !g.By.IsZero() {
		terms = append(terms, byTerm(g.By))
	}
	return gate.KindGrant, g.ID().String(), terms
}
