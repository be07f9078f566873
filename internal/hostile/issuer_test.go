package hostile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/token"
)

var b64 = base64.RawURLEncoding.EncodeToString

// issuer mints links as JSON Web Tokens, good ones and others. Its keys are in
// the server's keyring: one of each algorithm, and one that was retired.
type issuer struct {
	secret []byte // of the key "link-1"
	curve  *ecdsa.PrivateKey
	edward ed25519.PrivateKey
}

type object = map[string]any

// newIssuer writes the server's keyring.
func newIssuer(t *testing.T, path string) *issuer {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	ring, err := token.NewKeyring(time.Now())
	must(err)
	text, err := ring.Marshal()
	must(err)
	var set struct {
		Keys []object `json:"keys"`
	}
	must(json.Unmarshal(text, &set))
	i := &issuer{}
	for _, key := range set.Keys {
		if key["kid"] == "link-1" {
			i.secret, err = base64.RawURLEncoding.DecodeString(key["k"].(string))
			must(err)
		}
	}
	i.curve, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	_, i.edward, err = ed25519.GenerateKey(rand.Reader)
	must(err)
	x, y := i.point(t)
	set.Keys = append(set.Keys,
		object{"kid": "ec-1", "use": "link", "state": "verifying", "kty": "EC", "crv": "P-256", "alg": "ES256", "x": b64(x), "y": b64(y)},
		object{"kid": "ed-1", "use": "link", "state": "verifying", "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": b64(i.edward.Public().(ed25519.PublicKey))},
		object{"kid": "old-1", "use": "link", "state": "retired", "kty": "oct", "alg": "HS256"},
	)
	text, err = json.Marshal(set)
	must(err)
	must(os.WriteFile(path, text, 0o600))
	return i
}

func (i *issuer) point(t *testing.T) (x, y []byte) {
	t.Helper()
	point, err := i.curve.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return point[1:33], point[33:]
}

// claims are good claims, changed; a nil value takes a member away.
func claims(change object) string {
	members := object{
		"aud": "usher", "exp": time.Now().Add(time.Hour).Unix(), "jti": unique("j"), "usher": object{"path": scopeRoot + "*"},
	}
	for name, value := range change {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	text, _ := json.Marshal(members) // of plain values: it cannot fail
	return string(text)
}

const goodHeader = `{"alg":"HS256","typ":"JWT","kid":"link-1"}`

// seal signs by hand, so that header and payload can be anything.
func seal(header, payload string, sign func(text string) []byte) string {
	text := b64([]byte(header)) + "." + b64([]byte(payload))
	return text + "." + b64(sign(text))
}

func mac(of func() hash.Hash, secret []byte) func(string) []byte {
	return func(text string) []byte {
		h := hmac.New(of, secret)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
}

func (i *issuer) hs256(text string) []byte { return mac(sha256.New, i.secret)(text) }
func (i *issuer) hs384(text string) []byte { return mac(sha512.New384, i.secret)(text) }
func (i *issuer) hs512(text string) []byte { return mac(sha512.New, i.secret)(text) }

func (i *issuer) eddsa(text string) []byte { return ed25519.Sign(i.edward, []byte(text)) }

// es256 is R and S side by side (RFC 7518 section 3.4); der is what other
// tools make of them.
func (i *issuer) es256(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.curve, sum[:])
	if err != nil {
		panic(err) // the key is a good one
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func (i *issuer) der(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	signature, err := i.curve.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		panic(err) // the key is a good one
	}
	return signature
}

func unsigned(string) []byte { return nil }

// valid is a good signed link to the folder.
func (i *issuer) valid(t *testing.T, s *secrets) string {
	t.Helper()
	text := seal(goodHeader, claims(nil), i.hs256)
	s.add(text)
	return text
}

// good are signed links that open the folder.
func (i *issuer) good() map[string]string {
	return map[string]string{
		"HS256": seal(goodHeader, claims(nil), i.hs256),
		"ES256": seal(headerOf("ec-1", "ES256"), claims(nil), i.es256),
		"EdDSA": seal(headerOf("ed-1", "EdDSA"), claims(nil), i.eddsa),
	}
}

func headerOf(kid, alg string) string { return fmt.Sprintf(`{"alg":%q,"kid":%q}`, alg, kid) }

func cut(text string) (header, payload, signature string) {
	parts := strings.Split(text, ".")
	return parts[0], parts[1], parts[2]
}
