// Package events is the trail: what is worth telling a person or keeping for
// later. Events are documents that end by themselves. No event has a token, a
// password, what a mail says, or an address of a client in it.
package events

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// ID names an event. It is shown to people with the prefix "evt_". Its first six
// bytes are milliseconds, so ids sort by time more finely than those of things:
// a trail is read in order.
type ID token.ID

const idPrefix = "evt_"

// idAt returns a fresh id for what happened at a time.
func idAt(at time.Time) ID {
	id := floorAt(at)
	rand.Read(id[6:]) // never fails: crypto/rand ends the program instead
	return id
}

// floorAt is below every id of a time, and above all earlier ones.
func floorAt(at time.Time) (id ID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(at.UnixMilli(), 0)))
	copy(id[:6], ms[2:])
	return id
}

func (id ID) String() string { return idPrefix + token.ID(id).String() }

// Time is when what the id names happened.
func (id ID) Time() time.Time {
	var ms [8]byte
	copy(ms[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))).UTC()
}

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText makes the id a plain string in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// ParseID reads "evt_" and 20 characters.
func ParseID(text string) (ID, error) {
	id, err := token.ParsePrefixed(idPrefix, text)
	return ID(id), err
}

// Event is one thing that happened. The reference says which fields each type has.
type Event struct {
	ID         ID                `json:"id"`
	Time       time.Time         `json:"time"`
	Type       Type              `json:"type"`
	By         string            `json:"by,omitzero"`
	ByPerson   gate.PersonID     `json:"by_person,omitzero"`
	Link       gate.LinkID       `json:"link,omitzero"`
	Session    gate.SessionID    `json:"session,omitzero"`
	Person     gate.PersonID     `json:"person,omitzero"`
	Group      gate.GroupID      `json:"group,omitzero"`
	Collection gate.CollectionID `json:"collection,omitzero"`
	Key        string            `json:"key,omitzero"`
	Client     string            `json:"client,omitzero"`
	Agent      string            `json:"agent,omitzero"`
	Asset      string            `json:"asset,omitzero"`
	Reason     string            `json:"reason,omitzero"`
	Count      int64             `json:"count,omitzero"`
	Unfinished bool              `json:"unfinished,omitzero"`
	Detail     string            `json:"detail,omitzero"`

	// Maker is who made the link: the event is listed for them too. It is not
	// kept, since whoever looks is held against the link as it is then.
	Maker gate.PersonID `json:"-"`
}

// maxText bounds each text that comes from people or from requests.
const maxText = 200

// clip bounds a text, and makes it one.
func clip(text string) string {
	for len(text) > maxText {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return strings.ToValidUTF8(text, "")
}

// Terms by which events are listed.
func typeTerm(t Type) string                     { return "type:" + t.String() }
func linkTerm(id gate.LinkID) string             { return "link:" + id.String() }
func sessionTerm(id gate.SessionID) string       { return "session:" + id.String() }
func collectionTerm(id gate.CollectionID) string { return "collection:" + id.String() }

// theirsTerm is that of what a person did, of what was done to them, and of the
// links that they made.
func theirsTerm(id gate.PersonID) string { return "theirs:" + id.String() }

func (e Event) index() []string {
	terms := []string{typeTerm(e.Type)}
	add := func(zero bool, term string) {
		if !zero && !slices.Contains(terms, term) {
			terms = append(terms, term)
		}
	}
	add(e.Link.IsZero(), linkTerm(e.Link))
	add(e.Session.IsZero(), sessionTerm(e.Session))
	add(e.Collection.IsZero(), collectionTerm(e.Collection))
	for _, person := range []gate.PersonID{e.Person, e.ByPerson, e.Maker} {
		add(person.IsZero(), theirsTerm(person))
	}
	return terms
}

// document is the event as it is kept.
func (e Event) document(kept time.Duration) (gate.Document, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return gate.Document{}, fmt.Errorf("writing event %s: %w", e.ID, err)
	}
	return gate.Document{
		Kind: gate.KindEvent, ID: e.ID.String(), Body: body, Index: e.index(), Until: e.Time.Add(kept),
	}, nil
}

// from reads what document wrote.
func from(doc gate.Document) (e Event, err error) {
	if err = json.Unmarshal(doc.Body, &e); err != nil {
		return e, fmt.Errorf("reading event %s from the store: %w", doc.ID, err)
	}
	return e, nil
}
