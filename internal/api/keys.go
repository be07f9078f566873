package api

import (
	"time"

	"github.com/usher-media/usher/internal/token"
)

// Key is a key of the keyring without anything secret. Public keys are
// left out too: nobody needs them from here.
type Key struct {
	ID        string    `json:"id"`
	Use       string    `json:"use"`
	Alg       string    `json:"alg"`
	State     string    `json:"state"`
	Issuer    string    `json:"issuer,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

func keyOf(k token.Key) Key {
	return Key{
		ID: k.ID, Use: string(k.Use), Alg: k.Alg, State: string(k.State),
		Issuer: k.Issuer, CreatedAt: k.CreatedAt, RetiredAt: k.RetiredAt,
	}
}

// KeyList is the whole keyring, in the order of its file.
type KeyList struct {
	Keys []Key `json:"keys"`
}

func (c *call) listKeys() (answer, error) {
	var list KeyList
	for _, k := range c.Keys.Ring().Keys() {
		list.Keys = append(list.Keys, keyOf(k))
	}
	return ok(list)
}

// Rotation says which key to rotate.
type Rotation struct {
	Use string `json:"use"`
}

func (c *call) rotateKey() (answer, error) {
	var body Rotation
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	use := token.Use(body.Use)
	if use != token.UseSeal && use != token.UseLink {
		return answer{}, badValue.of("use", []string{string(token.UseSeal), string(token.UseLink)}, "say which key to rotate")
	}
	// The keyring in hand is asked first: what its rules refuse is the
	// caller's to mend, and what fails after that is the server's.
	if _, _, err := c.Keys.Ring().Rotate(use, c.Now()); err != nil {
		return answer{}, keyRules.because(err.Error())
	}
	key, err := c.Keys.Rotate(use)
	if err != nil {
		return answer{}, keysFailed.because(err.Error())
	}
	return ok(keyOf(key))
}

func (c *call) retireKey() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	ring := c.Keys.Ring()
	if !hasKey(ring, c.id) {
		return answer{}, notFound.because("there is no key with this id")
	}
	if _, err := ring.Retire(c.id, c.Now()); err != nil {
		return answer{}, keyRules.because(err.Error())
	}
	key, err := c.Keys.Retire(c.id)
	if err != nil {
		return answer{}, keysFailed.because(err.Error())
	}
	return ok(keyOf(key))
}

func hasKey(ring *token.Keyring, id string) bool {
	for _, k := range ring.Keys() {
		if k.ID == id {
			return true
		}
	}
	return false
}
