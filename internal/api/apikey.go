package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Scopes of API keys.
const (
	scopeRead   = "read"
	scopeManage = "manage"
)

// keyRecord is the stored record of an API key. Of the key itself only a hash is
// kept. A plain SHA-256 does: the key has 256 random bits, which no list of
// likely passwords holds, so a slow hash would only slow requests down.
type keyRecord struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Scope     string    `json:"scope"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Hash      []byte    `json:"sha256"`
	// Person is on whose behalf the key asks, who may do what they may, and with
	// the scope read only look; zero: it is an operator's.
	Person gate.PersonID `json:"person,omitzero"`
}

// A key's text is "usk_", the 20 characters of its id, "_", and 32 random
// bytes in base64url. The id stands in it so that the record is found without
// looking through all of them, and in constant time after that.
const (
	keyPrefix    = "usk_"
	apiKeyPrefix = "apk_"
	idLength     = 20
	secretBytes  = 32
)

var keyLength = len(keyPrefix) + idLength + 1 + base64.RawURLEncoding.EncodedLen(secretBytes)

// mintAPIKey makes a key and its record.
func mintAPIKey(now time.Time) (text string, key keyRecord) {
	id := token.NewID(now).String()
	secret := make([]byte, secretBytes)
	rand.Read(secret)
	text = keyPrefix + id + "_" + base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(text))
	return text, keyRecord{ID: apiKeyPrefix + id, CreatedAt: now.UTC().Truncate(time.Second), Hash: sum[:]}
}

// recordOf returns the id of the record that a key's text names.
func recordOf(text string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(text, keyPrefix)
	if !ok || len(text) != keyLength || rest[idLength] != '_' {
		return "", false
	}
	_, err := token.ParseID(rest[:idLength])
	return apiKeyPrefix + rest[:idLength], err == nil
}

// parseAPIKeyID checks an API key's id as it stands in paths.
func parseAPIKeyID(id string) error {
	rest, ok := strings.CutPrefix(id, apiKeyPrefix)
	if _, err := token.ParseID(rest); !ok || err != nil {
		return fmt.Errorf("not an id: want %q and %d characters of 0-9 and a-v", apiKeyPrefix, idLength)
	}
	return nil
}

// authenticate returns the record of the API key that the request presents.
// Only the Authorization header counts: a browser sends it nowhere by itself,
// so no page of another site can make requests with it.
func (c *call) authenticate() (keyRecord, error) {
	values := c.r.Header.Values("Authorization")
	if len(values) != 1 {
		return keyRecord{}, unauthorized.because("send the header Authorization: Bearer, and an API key after it")
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	id, wellFormed := recordOf(text)
	if !strings.EqualFold(scheme, "Bearer") || !wellFormed {
		return keyRecord{}, unauthorized.because("the Authorization header holds no API key: one begins with usk_ after the word Bearer")
	}
	key, err := loadAPIKey(c.r.Context(), c.Store, id)
	if err != nil && !errors.Is(err, gate.ErrNotFound) {
		return keyRecord{}, err
	}
	// A record that is not there costs the same hash and comparison as one
	// that is.
	sum := sha256.Sum256([]byte(text))
	var want [sha256.Size]byte
	copy(want[:], key.Hash)
	same := subtle.ConstantTimeCompare(sum[:], want[:]) == 1
	switch {
	case err != nil || !same || len(key.Hash) != sha256.Size:
		return keyRecord{}, unauthorized.because("the API key is not known: it was mistyped, or deleted")
	case !key.ExpiresAt.IsZero() && !c.Now().Before(key.ExpiresAt):
		return keyRecord{}, unauthorized.because("the API key has expired: have a new one made")
	case key.Scope != scopeRead && key.Scope != scopeManage:
		return keyRecord{}, unauthorized.because("the API key has no scope that is known here")
	}
	return key, nil
}

func loadAPIKey(ctx context.Context, store gate.Documents, id string) (keyRecord, error) {
	doc, err := store.Get(ctx, gate.KindAPIKey, id)
	if err != nil {
		return keyRecord{}, err
	}
	return apiKeyFrom(doc)
}

func apiKeyFrom(doc gate.Document) (keyRecord, error) {
	var key keyRecord
	if err := json.Unmarshal(doc.Body, &key); err != nil {
		return keyRecord{}, fmt.Errorf("reading API key %s from the store: %w", doc.ID, err)
	}
	return key, nil
}
