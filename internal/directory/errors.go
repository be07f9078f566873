package directory

import (
	"fmt"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Invalid reports a value that cannot be used.
type Invalid struct {
	// Field names it as the API does.
	Field  string
	Detail string
	// Allowed lists what could stand there instead, where that is a short list.
	Allowed []string
}

func (e *Invalid) Error() string { return e.Field + ": " + e.Detail }

func invalid(field, format string, args ...any) *Invalid {
	return &Invalid{Field: field, Detail: fmt.Sprintf(format, args...)}
}

// NotFound reports that there is no such thing, or that who asks may not know
// of it. It is a [gate.ErrNotFound].
type NotFound struct {
	// Noun is what was looked for: "person", "group", "member", "collection" or
	// "grant".
	Noun string
	ID   string
}

func (e *NotFound) Error() string { return fmt.Sprintf("there is no %s %s", e.Noun, e.ID) }
func (e *NotFound) Unwrap() error { return gate.ErrNotFound }

// Exists reports that something else has what must be had by one only.
type Exists struct {
	// Field is "email", "name" or "paths", Value what was taken already.
	Field, Value string
	// ID is who has it.
	ID string
}

func (e *Exists) Error() string {
	return fmt.Sprintf("%s: %q is taken by %s", e.Field, e.Value, e.ID)
}

// Forbidden reports that who asks may not do this.
type Forbidden struct {
	// Permission is what it takes; zero: somebody with rights at all.
	Permission Permission
	// Missing are the capabilities that are lacking in the collection, where
	// having them would do.
	Missing    gate.Capability
	Collection gate.CollectionID
	// Detail says more, where there is more to say.
	Detail string
}

func (e *Forbidden) Error() string {
	var parts []string
	if e.Permission != 0 {
		parts = append(parts, "this takes the permission "+e.Permission.String())
	}
	if e.Missing != 0 {
		parts = append(parts, fmt.Sprintf("missing in collection %s: %s", e.Collection, e.Missing))
	}
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	return strings.Join(parts, "; ")
}

// LastOwner reports a change after which nobody would own the account.
type LastOwner struct{ Person gate.PersonID }

func (e *LastOwner) Error() string {
	return fmt.Sprintf("%s is the last owner: make a manager the owner first", e.Person)
}

// Cycle reports that a collection would include itself.
type Cycle struct{ Collection, Included gate.CollectionID }

func (e *Cycle) Error() string {
	return fmt.Sprintf("includes: %s includes %s already, by whatever way", e.Included, e.Collection)
}

// InUse reports that something has to be undone first, or that there is no
// room for more.
type InUse struct{ Detail string }

func (e *InUse) Error() string { return e.Detail }

// Ended reports that something is over and cannot be added to.
type Ended struct {
	Noun, ID string
	At       time.Time
}

func (e *Ended) Error() string {
	return fmt.Sprintf("the %s %s ended at %s", e.Noun, e.ID, e.At.UTC().Format(time.RFC3339))
}
