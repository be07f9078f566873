package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// APIKey is an API key as the API shows it.
type APIKey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Scope     string    `json:"scope"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Person is on whose behalf the key asks; empty: it is an operator's.
	Person string `json:"person,omitempty"`
	// Key is the key itself. It is shown once, when it is made.
	Key string `json:"key,omitempty"`
}

func apiKeyOf(k keyRecord) APIKey {
	return APIKey{ID: k.ID, Name: k.Name, Scope: k.Scope, CreatedAt: k.CreatedAt, CreatedBy: k.CreatedBy, ExpiresAt: k.ExpiresAt, Person: text(k.Person)}
}

// NewAPIKey is what an API key is made from.
type NewAPIKey struct {
	Name      string     `json:"name"`
	Scope     string     `json:"scope"`
	ExpiresAt *time.Time `json:"expires_at,omitzero"`
	ExpiresIn *string    `json:"expires_in,omitzero"`
	// Person is whose key it is, by e-mail address or id. Left out, it is that of
	// who makes it: an operator's, or theirs.
	Person string `json:"person,omitzero"`
}

// APIKeyList is one page of API keys, the newest first.
type APIKeyList struct {
	APIKeys []APIKey `json:"apikeys"`
	Next    string   `json:"next,omitempty"`
}

const maxName = 100

func (c *call) listAPIKeys() (answer, error) {
	if err := c.may(directory.Keys); err != nil {
		return answer{}, err
	}
	limit, below, err := c.below("apikeys")
	if err != nil {
		return answer{}, err
	}
	docs, err := c.Store.List(c.r.Context(), gate.KindAPIKey, "", below, limit+1)
	if err != nil {
		return answer{}, err
	}
	page, next := cut("apikeys", docs, limit, func(doc gate.Document) string { return doc.ID })
	list := APIKeyList{APIKeys: make([]APIKey, 0, len(page)), Next: next}
	for _, doc := range page {
		key, err := apiKeyFrom(doc)
		if err != nil {
			return answer{}, err
		}
		list.APIKeys = append(list.APIKeys, apiKeyOf(key))
	}
	return ok(list)
}

func (c *call) createAPIKey() (answer, error) {
	var body NewAPIKey
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if err := c.may(directory.Keys); err != nil {
		return answer{}, err
	}
	if body.Name == "" {
		return answer{}, badValue.of("name", nil, "say whose key it is, or what it is for")
	}
	if err := oneLine("name", body.Name, maxName); err != nil {
		return answer{}, err
	}
	if body.Scope != scopeRead && body.Scope != scopeManage {
		return answer{}, badValue.of("scope", []string{scopeRead, scopeManage}, "say what the key may do: read, or manage")
	}
	now := c.Now()
	ends, err := end(now, body.ExpiresAt, body.ExpiresIn)
	if err != nil {
		return answer{}, err
	}
	if !ends.IsZero() && !now.Before(ends) {
		return answer{}, badValue.of("expires_at", nil, "this time has passed already")
	}
	person, err := c.keyPerson(body.Person)
	if err != nil {
		return answer{}, err
	}
	text, key := mintAPIKey(now)
	key.Person = person
	key.Name, key.Scope, key.CreatedBy, key.ExpiresAt = body.Name, body.Scope, c.by, ends
	record, err := json.Marshal(key)
	if err != nil {
		return answer{}, err
	}
	if _, err := c.Store.Put(c.r.Context(), gate.Document{Kind: gate.KindAPIKey, ID: key.ID, Body: record}); err != nil {
		return answer{}, err
	}
	object := apiKeyOf(key)
	object.Key = text
	return answer{status: http.StatusCreated, location: "apikeys/" + key.ID, body: object}, nil
}

// keyPerson finds whose a new key is. Nobody but an operator makes one that is
// nobody's, which may do everything.
func (c *call) keyPerson(name string) (gate.PersonID, error) {
	if name == "" {
		return c.who.Person(), nil
	}
	id, err := c.personIn("person", name, gate.CollectionID{})
	if err != nil {
		return id, err
	}
	if _, err := c.Directory.PersonByID(c.r.Context(), id); errors.Is(err, gate.ErrNotFound) {
		return id, badValue.of("person", nil, "there is no person with this id")
	} else if err != nil {
		return id, err
	}
	return id, nil
}

// deleteAPIKey answers with the key that is gone: every request reads its
// key's record, so none passes with it from here on.
func (c *call) deleteAPIKey() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	if err := c.may(directory.Keys); err != nil {
		return answer{}, err
	}
	if parseAPIKeyID(c.id) != nil {
		return answer{}, gate.ErrNotFound
	}
	key, err := loadAPIKey(c.r.Context(), c.Store, c.id)
	if err != nil {
		return answer{}, err
	}
	if err := c.Store.Delete(c.r.Context(), gate.KindAPIKey, c.id); err != nil {
		return answer{}, err
	}
	return ok(apiKeyOf(key))
}
