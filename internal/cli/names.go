package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

// What takes says of persons, groups and collections on the command line.
const (
	whichPerson     = "the person: their e-mail address or id (per_…)"
	whichGroup      = "the group: its name or id (grp_…)"
	whichCollection = "the collection: its name or id (col_…)"
)

// personID returns the id of a person who stands on the command line as their
// e-mail address or id.
func (r *run) personID(text string) (string, error) {
	if id, err := gate.ParsePersonID(text); err == nil {
		return id.String(), nil
	}
	if !strings.Contains(text, "@") {
		return "", fmt.Errorf("%q is neither a person's e-mail address nor their id (per_ and 20 characters)", text)
	}
	found, err := named[api.PersonList](r, "/persons", "email", text)
	if err != nil {
		return "", err
	}
	if len(found.Persons) == 0 {
		return "", fmt.Errorf("there is no person with the address %q; see usher person list", text)
	}
	return found.Persons[0].ID, nil
}

var errNoGroup = errors.New("there is no group with this name or id; see usher group list")

// groupID returns the id of a group that stands on the command line as its name
// or id.
func (r *run) groupID(text string) (string, error) {
	if id, err := gate.ParseGroupID(text); err == nil {
		return id.String(), nil
	}
	found, err := named[api.GroupList](r, "/groups", "name", text)
	if err != nil {
		return "", err
	}
	if len(found.Groups) == 0 {
		return "", fmt.Errorf("%q: %w", text, errNoGroup)
	}
	return found.Groups[0].ID, nil
}

// collectionID returns the id of a collection that stands on the command line
// as its name or id.
func (r *run) collectionID(text string) (string, error) {
	if id, err := gate.ParseCollectionID(text); err == nil {
		return id.String(), nil
	}
	found, err := named[api.CollectionList](r, "/collections", "name", text)
	if err != nil {
		return "", err
	}
	if len(found.Collections) == 0 {
		return "", fmt.Errorf("%q: there is no collection with this name or id; see usher collection list", text)
	}
	return found.Collections[0].ID, nil
}

// named lists what has a name that only one has.
func named[T any](r *run, path, parameter, name string) (list T, err error) {
	response, err := r.ask(http.MethodGet, path+"?"+url.Values{parameter: {name}}.Encode(), nil)
	if err != nil {
		return list, err
	}
	return read[T](response)
}

// asked sends a request and reads the answer.
func asked[T any](r *run, method, path string, body any) (object T, err error) {
	response, err := r.ask(method, path, body)
	if err != nil {
		return object, err
	}
	return read[T](response)
}

// optional makes a flag's text a body's field: nil where it was not given.
func optional(text string, given bool) *string {
	if !given {
		return nil
	}
	return &text
}
