package api

import (
	"time"

	"github.com/usher-media/usher/internal/token"
)

// keyObject is a key of the keyring without anything secret. Public keys are
// left out too: nobody needs them from here.
type keyObject struct {
	ID        string    `json:"id"`
	Use       string    `json:"use"`
	Alg       string    `json:"alg"`
	State     string    `json:"state"`
	Issuer    string    `json:"issuer,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

func keyOf(k token.Key) keyObject {
	return keyObject{
		ID: k.ID, Use: string(k.Use), Alg: k.Alg, State: string(k.State),
		Issuer: k.Issuer, CreatedAt: k.CreatedAt, RetiredAt: k.RetiredAt,
	}
}

func (c *call) listKeys() (answer, error) {
	keys := []keyObject{}
	for _, k := range c.Keys.Ring().Keys() {
		keys = append(keys, keyOf(k))
	}
	return ok(map[string][]keyObject{"keys": keys})
}

type rotateBody struct {
	Use string `json:"use"`
}

func (c *call) rotateKey() (answer, error) {
	var body rotateBody
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
