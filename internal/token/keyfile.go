package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxKeyFile bounds what is read of a keys file.
const maxKeyFile = 64 << 10

// jwk is one JSON Web Key (RFC 7517) of the keys file, with three members of
// our own: state, created_at, retired_at. Private members of asymmetric keys
// (d) are optional: an issuer's public key verifies and does not sign.
type jwk struct {
	Kid       string    `json:"kid"`
	Use       Use       `json:"use"`
	State     KeyState  `json:"state"`
	Kty       string    `json:"kty"`
	Alg       string    `json:"alg"`
	K         string    `json:"k,omitempty"`
	Crv       string    `json:"crv,omitempty"`
	X         string    `json:"x,omitempty"`
	Y         string    `json:"y,omitempty"`
	D         string    `json:"d,omitempty"`
	Iss       string    `json:"iss,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

var kidText = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// ParseKeyring reads a JSON Web Key Set. Unknown and repeated members are
// errors: a misspelt word must not make a weaker keyring.
func ParseKeyring(text []byte) (*Keyring, error) {
	var set jwkSet
	if err := json.Unmarshal(text, &set, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("not a JSON Web Key Set as Usher writes it: %w", withoutValue(err))
	}
	keys := make([]Key, 0, len(set.Keys))
	for i, j := range set.Keys {
		k, err := j.key()
		if err != nil {
			return nil, fmt.Errorf("keys[%d] (kid %q): %w", i, j.Kid, err)
		}
		keys = append(keys, k)
	}
	return assemble(keys)
}

// withoutValue keeps what is wrong and where, and drops the offending text,
// which may be a secret.
func withoutValue(err error) error {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		if errors.Is(err, json.ErrUnknownName) {
			return fmt.Errorf("unknown member at %s", semantic.JSONPointer)
		}
		return fmt.Errorf("wrong type at %s: want %v", semantic.JSONPointer, semantic.GoType)
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return fmt.Errorf("bad JSON near byte %d at %q", syntactic.ByteOffset, syntactic.JSONPointer)
	}
	return errors.New("bad JSON")
}

func (j jwk) key() (Key, error) {
	k := Key{ID: j.Kid, Use: j.Use, Alg: j.Alg, State: j.State, Issuer: j.Iss, CreatedAt: j.CreatedAt, RetiredAt: j.RetiredAt}
	if !kidText.MatchString(j.Kid) {
		return k, errors.New("kid: want 1 to 32 characters of A-Z a-z 0-9 _ -")
	}
	if j.Use != UseSeal && j.Use != UseLink {
		return k, fmt.Errorf("use %q: want %q or %q", j.Use, UseSeal, UseLink)
	}
	switch j.State {
	case Retired:
		return k, nil
	case Signing, Verifying:
	default:
		return k, fmt.Errorf("state %q: want %q, %q or %q", j.State, Signing, Verifying, Retired)
	}
	switch {
	case j.Kty == "oct" && j.Alg == "HS256":
		return k, j.symmetric(&k)
	case j.Use == UseSeal:
		return k, fmt.Errorf("kty %q with alg %q: a key with use %q is oct with HS256", j.Kty, j.Alg, UseSeal)
	case j.Kty == "EC" && j.Crv == "P-256" && j.Alg == "ES256":
		return k, j.ecdsa(&k)
	case j.Kty == "OKP" && j.Crv == "Ed25519" && j.Alg == "EdDSA":
		return k, j.ed25519(&k)
	default:
		return k, fmt.Errorf("kty %q, crv %q, alg %q: want oct with HS256, EC P-256 with ES256, or OKP Ed25519 with EdDSA", j.Kty, j.Crv, j.Alg)
	}
}

func (j jwk) symmetric(k *Key) error {
	secret, err := keyBytes("k", j.K)
	if err != nil {
		return err
	}
	if len(secret) < 32 || len(secret) > 256 {
		return fmt.Errorf("k: %d bytes; HS256 takes 32 to 256 (RFC 7518 section 3.2)", len(secret))
	}
	k.secret = secret
	return nil
}

func (j jwk) ecdsa(k *Key) error {
	x, errX := keyBytes("x", j.X)
	y, errY := keyBytes("y", j.Y)
	if err := errors.Join(errX, errY); err != nil {
		return err
	}
	if len(x) != 32 || len(y) != 32 {
		return errors.New("x and y: want 32 bytes each")
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return errors.New("x, y: not a point of P-256")
	}
	k.verify = public
	if j.D == "" {
		return nil
	}
	d, err := keyBytes("d", j.D)
	if err != nil {
		return err
	}
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil || !private.PublicKey.Equal(public) {
		return errors.New("d: not the private key of x and y")
	}
	k.sign = private
	return nil
}

func (j jwk) ed25519(k *Key) error {
	x, err := keyBytes("x", j.X)
	if err != nil {
		return err
	}
	if len(x) != ed25519.PublicKeySize {
		return fmt.Errorf("x: want %d bytes", ed25519.PublicKeySize)
	}
	k.verify = ed25519.PublicKey(x)
	if j.D == "" {
		return nil
	}
	d, err := keyBytes("d", j.D)
	if err != nil {
		return err
	}
	if len(d) != ed25519.SeedSize {
		return fmt.Errorf("d: want %d bytes", ed25519.SeedSize)
	}
	private := ed25519.NewKeyFromSeed(d)
	if !bytes.Equal(private.Public().(ed25519.PublicKey), x) {
		return errors.New("d: not the private key of x")
	}
	k.sign = private
	return nil
}

func keyBytes(name, text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(raw) != text || text == "" {
		return nil, fmt.Errorf("%s: want base64url without padding", name)
	}
	return raw, nil
}

// jwk is the inverse of key.
func (k Key) jwk() (jwk, error) {
	j := jwk{Kid: k.ID, Use: k.Use, State: k.State, Alg: k.Alg, Iss: k.Issuer, CreatedAt: k.CreatedAt, RetiredAt: k.RetiredAt}
	enc := base64.RawURLEncoding.EncodeToString
	switch public := k.verify.(type) {
	case nil:
		j.Kty = "oct"
		j.K = enc(k.secret)
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			return j, err
		}
		j.Kty, j.Crv, j.X, j.Y = "EC", "P-256", enc(point[1:33]), enc(point[33:])
		if private, ok := k.sign.(*ecdsa.PrivateKey); ok {
			d, err := private.Bytes()
			if err != nil {
				return j, err
			}
			j.D = enc(d)
		}
	case ed25519.PublicKey:
		j.Kty, j.Crv, j.X = "OKP", "Ed25519", enc(public)
		if private, ok := k.sign.(ed25519.PrivateKey); ok {
			j.D = enc(private.Seed())
		}
	}
	return j, nil
}

// Marshal returns the keyring as the text of a keys file.
func (r *Keyring) Marshal() ([]byte, error) {
	set := jwkSet{Keys: make([]jwk, 0, len(r.keys))}
	for _, k := range r.keys {
		j, err := k.jwk()
		if err != nil {
			return nil, fmt.Errorf("writing key %q: %w", k.ID, err)
		}
		set.Keys = append(set.Keys, j)
	}
	text, err := json.Marshal(set, jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// LoadKeyring reads a keys file. It refuses a file that others may read.
func LoadKeyring(path string) (*Keyring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, fmt.Errorf("%s can be read or written by others (mode %04o): run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	if info.Size() > maxKeyFile {
		return nil, fmt.Errorf("%s has %d bytes; a keys file has at most %d", path, info.Size(), maxKeyFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ring, err := ParseKeyring(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ring, nil
}

// LoadOrCreateKeyring reads the keys file, and makes one where there is none.
// Of several processes that make it at once one wins and all load the same.
func LoadOrCreateKeyring(path string, now time.Time) (*Keyring, error) {
	ring, err := LoadKeyring(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	fresh, err := NewKeyring(now)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the keys file: %w", err)
	}
	err = fresh.write(path, os.Link) // unlike Rename, Link never replaces another's keys
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return LoadKeyring(path)
}

// Save replaces the keys file whole or not at all.
func (r *Keyring) Save(path string) error { return r.write(path, os.Rename) }

func (r *Keyring) write(path string, place func(from, to string) error) (err error) {
	text, err := r.Marshal()
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // made 0600
	if err != nil {
		return fmt.Errorf("writing the keys file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, errWrite := tmp.Write(text)
	errSync := tmp.Sync()
	if err := errors.Join(errWrite, errSync, tmp.Close()); err != nil {
		return fmt.Errorf("writing the keys file: %w", err)
	}
	if err := place(tmp.Name(), path); err != nil {
		return fmt.Errorf("writing the keys file: %w", err)
	}
	return nil
}
