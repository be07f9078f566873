package api

import (
	"slices"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
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
	if err := c.may(directory.Keys); err != nil {
		return answer{}, err
	}
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
	if err := c.may(directory.Keys); err != nil {
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

// KeyRetired is a key that was retired, and what ended with it.
type KeyRetired struct {
	Key
	// SessionsEnded is how many live sessions this request found on links that
	// were signed with the key, and ended. It is left out for a key that seals.
	SessionsEnded *int `json:"sessions_ended,omitempty"`
	// SessionsSealed is, for a key that seals, how many live sessions this request
	// found that were opened while it was the one that seals. All sessions that it
	// sealed are over, and they are at most so many: a session does not say by
	// which key its token was sealed, so those are counted as well that were
	// opened within a second after another key took its place, and those that got
	// a token of a later key when their device came again.
	SessionsSealed *int `json:"sessions_sealed,omitempty"`
	// Next is the cursor with which the same request finds more of them; empty:
	// there are no more.
	Next string `json:"next,omitempty"`
}

func (c *call) retireKey() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	if err := c.may(directory.Keys); err != nil {
		return answer{}, err
	}
	upTo, below, goesOn, err := c.sweepFrom()
	if err != nil {
		return answer{}, err
	}
	key, found := keyIn(c.Keys.Ring(), c.id)
	if !found {
		return answer{}, notFound.because("there is no key with this id")
	}
	if !goesOn {
		upTo = c.Now()
		if key, err = c.retired(); err != nil {
			return answer{}, err
		}
	}
	out := KeyRetired{Key: keyOf(key)}
	if key.State != token.Retired {
		return ok(out)
	}
	if key.Use == token.UseSeal {
		sealed, next, err := c.run(c.sealedBy(key, upTo), below)
		out.SessionsSealed, out.Next = &sealed, cursorOf(upTo, next)
		return done(out, err)
	}
	links := c.links()
	ended, next, err := c.run(sweep{upTo: upTo, wants: func(s gate.Session) (bool, error) {
		link, err := links.of(s.Link)
		return link.Issuer == c.id, err
	}}, below)
	out.SessionsEnded, out.Next = &ended, cursorOf(upTo, next)
	return done(out, err)
}

// sealLag is how long after another key took its place a key may still seal: so
// exact is the time that a keyring says, and so long other nodes take to read it.
const sealLag = time.Second

// sealedBy counts the sessions that were opened while the key was the one that
// seals. They end by themselves: nothing unseals their tokens any more.
func (c *call) sealedBy(key token.Key, upTo time.Time) sweep {
	keys := c.Keys.Ring().Keys()
	after := keys[slices.IndexFunc(keys, func(k token.Key) bool { return k.ID == key.ID })+1:]
	if i := slices.IndexFunc(after, func(k token.Key) bool { return k.Use == token.UseSeal }); i >= 0 {
		if end := after[i].CreatedAt.Add(sealLag); end.Before(upTo) {
			upTo = end
		}
	}
	return sweep{upTo: upTo, counts: true, wants: func(s gate.Session) (bool, error) { return !s.CreatedAt.Before(key.CreatedAt), nil }}
}

func (c *call) retired() (token.Key, error) {
	if _, err := c.Keys.Ring().Retire(c.id, c.Now()); err != nil {
		return token.Key{}, keyRules.because(err.Error())
	}
	key, err := c.Keys.Retire(c.id)
	if err != nil {
		return key, keysFailed.because(err.Error())
	}
	return key, nil
}

func keyIn(ring *token.Keyring, id string) (token.Key, bool) {
	keys := ring.Keys()
	i := slices.IndexFunc(keys, func(k token.Key) bool { return k.ID == id })
	if i < 0 {
		return token.Key{}, false
	}
	return keys[i], true
}
