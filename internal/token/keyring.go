package token

import (
	"crypto"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Use says what a key is for. No key is ever used for both.
type Use string

const (
	// UseSeal marks the keyring's own secrets: link codes, session and device
	// tokens are sealed with keys derived from them.
	UseSeal Use = "seal"
	// UseLink marks keys of issuers who mint links as JSON Web Tokens.
	UseLink Use = "link"
)

// KeyState says how far a key may still be used.
type KeyState string

const (
	// Signing keys make new tokens; there is one for each use at the most.
	Signing KeyState = "signing"
	// Verifying keys only accept tokens made before.
	Verifying KeyState = "verifying"
	// Retired keys accept nothing. Their secret is gone from the file; the
	// entry stays so that the name is never given to another key.
	Retired KeyState = "retired"
)

// maxLiveKeys bounds the keys of one use that accept tokens.
const maxLiveKeys = 8

// Key is one entry of a keyring.
type Key struct {
	ID        string
	Use       Use
	Alg       string
	State     KeyState
	CreatedAt time.Time
	RetiredAt time.Time
	// Issuer, where set, is the only `iss` that links of this key may have.
	Issuer string

	secret []byte // symmetric keys
	verify crypto.PublicKey
	sign   crypto.PrivateKey
}

// CanSign reports whether the key holds what signing takes.
func (k Key) CanSign() bool { return k.secret != nil || k.sign != nil }

// sealKey is a live seal key, ready for use.
type sealKey struct {
	kid    [kidSize]byte
	sealer *sealer
}

// Keyring is a set of keys, immutable once made: a change makes a new one.
type Keyring struct {
	keys    []Key
	seals   map[[kidSize]byte]sealKey
	sealing sealKey
	links   map[string]Key
}

// NewKeyring returns a fresh keyring: one key that seals, and one HS256 key
// that signs links.
func NewKeyring(now time.Time) (*Keyring, error) {
	seal, err := newSealKey(nil, now)
	if err != nil {
		return nil, err
	}
	link := newLinkKey(nil, now)
	return assemble([]Key{seal, link})
}

// assemble checks keys and makes them ready for use.
func assemble(keys []Key) (*Keyring, error) {
	r := &Keyring{keys: keys, seals: map[[kidSize]byte]sealKey{}, links: map[string]Key{}}
	names := map[string]bool{}
	signing := map[Use]int{}
	live := map[Use]int{}
	for i, k := range keys {
		if names[k.ID] {
			return nil, fmt.Errorf("keys[%d]: kid %q is given twice", i, k.ID)
		}
		names[k.ID] = true
		if k.State == Retired {
			continue
		}
		live[k.Use]++
		if k.State == Signing {
			signing[k.Use]++
		}
		if err := r.admit(k); err != nil {
			return nil, fmt.Errorf("keys[%d] (kid %q): %w", i, k.ID, err)
		}
	}
	if signing[UseSeal] != 1 {
		return nil, fmt.Errorf("want exactly one key with use %q and state %q, found %d", UseSeal, Signing, signing[UseSeal])
	}
	if signing[UseLink] > 1 {
		return nil, fmt.Errorf("want at most one key with use %q and state %q, found %d", UseLink, Signing, signing[UseLink])
	}
	for use, n := range live {
		if n > maxLiveKeys {
			return nil, fmt.Errorf("%d keys with use %q are not retired; at most %d may be: retire the oldest", n, use, maxLiveKeys)
		}
	}
	return r, nil
}

// admit makes a live key usable.
func (r *Keyring) admit(k Key) error {
	if k.Use == UseLink {
		if k.State == Signing && !k.CanSign() {
			return fmt.Errorf("state %q takes a private key or a secret", Signing)
		}
		r.links[k.ID] = k
		return nil
	}
	kid, err := sealKid(k.ID)
	if err != nil {
		return err
	}
	s, err := newSealer(k.secret)
	if err != nil {
		return err
	}
	r.seals[kid] = sealKey{kid: kid, sealer: s}
	if k.State == Signing {
		r.sealing = r.seals[kid]
	}
	return nil
}

func sealKid(text string) (kid [kidSize]byte, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != kidSize || hex.EncodeToString(raw) != text {
		return kid, fmt.Errorf("a key with use %q has a kid of %d lower-case hex digits", UseSeal, 2*kidSize)
	}
	return [kidSize]byte(raw), nil
}

// deriveKey gives each purpose its own key (HKDF, RFC 5869).
func deriveKey(secret []byte, p Purpose) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("usher/v1/seal/%02x", uint8(p)), sha256.Size)
}

func newSealKey(taken []Key, now time.Time) (Key, error) {
	for range 1000 {
		var kid [kidSize]byte
		rand.Read(kid[:])
		id := hex.EncodeToString(kid[:])
		if !slices.ContainsFunc(taken, func(k Key) bool { return k.ID == id }) {
			return Key{ID: id, Use: UseSeal, Alg: "HS256", State: Signing, CreatedAt: now.UTC().Truncate(time.Second), secret: freshSecret()}, nil
		}
	}
	return Key{}, errors.New("no free kid left for a seal key: start a new keyring")
}

func newLinkKey(taken []Key, now time.Time) Key {
	n := 1
	id := "link-1"
	for slices.ContainsFunc(taken, func(k Key) bool { return k.ID == id }) {
		n++
		id = fmt.Sprintf("link-%d", n)
	}
	return Key{ID: id, Use: UseLink, Alg: "HS256", State: Signing, CreatedAt: now.UTC().Truncate(time.Second), secret: freshSecret()}
}

func freshSecret() []byte {
	secret := make([]byte, 32)
	rand.Read(secret)
	return secret
}

// Keys returns the entries in the order of the file.
func (r *Keyring) Keys() []Key { return slices.Clone(r.keys) }

// Rotate returns a keyring in which a fresh key of the given use signs, and
// the one that signed so far only verifies.
func (r *Keyring) Rotate(use Use, now time.Time) (*Keyring, Key, error) {
	keys := slices.Clone(r.keys)
	for i := range keys {
		if keys[i].Use == use && keys[i].State == Signing {
			keys[i].State = Verifying
		}
	}
	var fresh Key
	switch use {
	case UseSeal:
		var err error
		if fresh, err = newSealKey(keys, now); err != nil {
			return nil, Key{}, err
		}
	case UseLink:
		fresh = newLinkKey(keys, now)
	default:
		return nil, Key{}, fmt.Errorf("unknown use %q: want %q or %q", use, UseSeal, UseLink)
	}
	next, err := assemble(append(keys, fresh))
	return next, fresh, err
}

// Retire returns a keyring in which the named key accepts nothing any more.
// The key that seals cannot be retired: rotate first.
func (r *Keyring) Retire(id string, now time.Time) (*Keyring, error) {
	keys := slices.Clone(r.keys)
	i := slices.IndexFunc(keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("no key %q in the keyring", id)
	}
	if keys[i].State == Retired {
		return r, nil
	}
	if keys[i].Use == UseSeal && keys[i].State == Signing {
		return nil, fmt.Errorf("key %q seals new tokens: rotate first, then retire it", id)
	}
	k := &keys[i]
	k.State, k.RetiredAt = Retired, now.UTC().Truncate(time.Second)
	k.secret, k.verify, k.sign = nil, nil, nil
	return assemble(keys)
}

// NoKeys returns a keyring that accepts nothing and seals with a key that is
// thrown away: what is left when the keys file cannot be read.
func NoKeys() *Keyring {
	key, err := newSealKey(nil, time.Time{})
	if err != nil {
		panic("token: no free kid among none taken")
	}
	ring, err := assemble([]Key{key})
	if err != nil {
		panic("token: a fresh key was refused: " + err.Error())
	}
	return ring
}
