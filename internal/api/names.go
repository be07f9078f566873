package api

import (
	"errors"
	"strings"
	"time"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// personIn finds the person whom a body or a query names, on account of a
// collection where that is not zero. By address only those find anybody who
// could see or bring them in: it tells whether somebody is known here.
func (c *call) personIn(field, text string, in gate.CollectionID) (gate.PersonID, error) {
	if strings.Contains(text, "@") {
		if err := c.mayKnow(in); err != nil {
			return gate.PersonID{}, err
		}
	}
	id, err := c.personNamed(field, text)
	if errors.Is(err, gate.ErrNotFound) {
		return id, badValue.of(field, nil, "there is no person with this address: add them first")
	}
	return id, err
}

func (c *call) mayKnow(in gate.CollectionID) error {
	err := c.may(directory.SeePeople)
	if allowed, broken := unlessForbidden(err); allowed || broken != nil || in.IsZero() {
		return err
	}
	return c.Directory.May(c.r.Context(), c.who, directory.BringIn, in)
}

// groupNamed finds a group by its id or its name.
func (c *call) groupNamed(field, text string) (gate.GroupID, error) {
	if id, err := gate.ParseGroupID(text); err == nil {
		return id, nil
	}
	group, err := c.Directory.GroupByName(c.r.Context(), c.who, text)
	if errors.Is(err, gate.ErrNotFound) {
		return group.ID, badValue.of(field, nil, "there is no group with this name or id (grp_…) that you may know of")
	}
	return group.ID, renamed(err, field)
}

// collectionNamed finds a collection by its id or its name.
func (c *call) collectionNamed(field, text string) (gate.CollectionID, error) {
	if id, err := gate.ParseCollectionID(text); err == nil {
		return id, nil
	}
	collection, err := c.Directory.CollectionByName(c.r.Context(), c.who, text)
	if errors.Is(err, gate.ErrNotFound) {
		return collection.ID, badValue.of(field, nil, "there is no collection with this name or id (col_…) in which you have anything")
	}
	return collection.ID, renamed(err, field)
}

// never is the word for a time that does not come.
const never = "never"

// timeIn reads a time out of a body: written out, as a duration from now, or
// the word never. zero: it was not given, or is never.
func (c *call) timeIn(field string, text *string) (time.Time, error) {
	if text == nil || *text == never {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, *text); err == nil {
		return moment(field, &at)
	}
	d, err := config.ParseDuration(*text)
	if err != nil {
		return time.Time{}, badValue.of(field, nil, "want a time such as 2026-01-31T18:00:00Z, a duration from now such as 48h or 7d, or the word never")
	}
	return c.Now().UTC().Add(time.Duration(d)).Truncate(time.Millisecond), nil
}

// changedTime is timeIn for a time that stays as it is where it is not given.
func (c *call) changedTime(field string, text *string) (*time.Time, error) {
	if text == nil {
		return nil, nil
	}
	at, err := c.timeIn(field, text)
	return &at, err
}

// text writes an id; empty where there is none.
func text[T interface {
	IsZero() bool
	String() string
}](id T) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
