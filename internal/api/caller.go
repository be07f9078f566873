package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// asHeader names the person on whose behalf an operator asks: an e-mail address
// or an id. Only an open mount takes it.
const asHeader = "Usher-As"

// byOperator is what records say of an operator who came without an API key.
const byOperator = "admin"

// identify finds out who asks, and whether they may only look. Whom an API key
// belongs to, and whether they still have rights, is read anew each time.
func (c *call) identify(access Access, secure func(*http.Request) bool) (reads bool, err error) {
	if access == Open {
		return false, c.identifyOperator()
	}
	if cookie := c.signInCookie(secure); cookie != "" {
		return false, c.identifySignedIn(cookie)
	}
	key, err := c.authenticate()
	if err != nil {
		return false, err
	}
	if c.r.Header.Values(asHeader) != nil {
		return false, forbidden.because("the header " + asHeader + " is for operators on the admin endpoint: an API key speaks for itself")
	}
	c.by, c.who = "apikey:"+key.ID, directory.Operator()
	if !key.Person.IsZero() {
		c.who = directory.As(key.Person)
		if err := c.stands(); err != nil {
			return false, lapsed(err, unauthorized, "the person whose API key this is has no rights any more: they were suspended or deleted, or their time is over")
		}
	}
	c.key = key
	return key.Scope == scopeRead, nil
}

func (c *call) identifyOperator() error {
	c.by, c.who = byOperator, directory.Operator()
	values := c.r.Header.Values(asHeader)
	if values == nil {
		return nil
	}
	if len(values) > 1 {
		return badValue.of(asHeader, nil, "the header is given twice")
	}
	person, err := c.personNamed(asHeader, values[0])
	if errors.Is(err, gate.ErrNotFound) {
		return forbidden.of(asHeader, nil, "there is no such person to act as")
	}
	if err != nil {
		return err
	}
	c.by, c.who = byOperator+" as "+person.String(), directory.As(person)
	return lapsed(c.stands(), forbidden, "the person to act as has no rights: they were suspended, or their time is over")
}

// stands returns an error unless who asks has rights at all.
func (c *call) stands() error {
	_, err := c.Directory.Role(c.r.Context(), c.who)
	return err
}

// lapsed says why a person is refused who has no rights; other errors stay as
// they are.
func lapsed(err error, as kind, why string) error {
	if allowed, err := unlessForbidden(err); allowed || err != nil {
		return err
	}
	return as.because(why)
}

// unlessForbidden reports whether the error is no refusal, and keeps errors of
// the store.
func unlessForbidden(err error) (bool, error) {
	if _, refused := errors.AsType[*directory.Forbidden](err); refused || errors.Is(err, gate.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// personNamed finds the person whom a text names by id or by e-mail address.
// It tells whether there is one, so only those get to ask it who may know.
func (c *call) personNamed(field, text string) (gate.PersonID, error) {
	if !strings.Contains(text, "@") {
		id, err := gate.ParsePersonID(text)
		if err != nil {
			return id, badValue.of(field, nil, "want a person's e-mail address or id (per_…)")
		}
		return id, nil
	}
	address, err := directory.ParseAddress(text)
	if err != nil {
		return gate.PersonID{}, renamed(err, field)
	}
	person, err := c.Directory.PersonByAddress(c.r.Context(), address)
	return person.ID, err
}

// renamed makes an error of the directory speak of the request's field.
func renamed(err error, field string) error {
	if bad, is := errors.AsType[*directory.Invalid](err); is {
		return badValue.of(field, bad.Allowed, bad.Detail)
	}
	return err
}

// mayLink returns nil where who asks has the permission over a link: everywhere,
// in its collection, or because they made it.
func (c *call) mayLink(link gate.Link, p directory.Permission) error {
	if !link.By.IsZero() && link.By == c.who.Person() {
		return nil
	}
	if c.who.IsOperator() {
		return nil
	}
	in, err := c.Directory.CollectionOf(c.r.Context(), link)
	if err != nil {
		return err
	}
	return c.Directory.May(c.r.Context(), c.who, p, in)
}

// may returns nil where who asks has the permission everywhere.
func (c *call) may(p directory.Permission) error {
	if c.who.IsOperator() {
		return nil
	}
	return c.Directory.May(c.r.Context(), c.who, p, gate.CollectionID{})
}
