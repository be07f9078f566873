package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// authenticator holds one key pair, as a security key or a phone does, and answers
// what a browser would have it answer.
type authenticator struct {
	testing.TB
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32
	// verifies says that it asks for a PIN or a finger.
	verifies bool
	// What the browser says, for tests to spoil.
	origin, rp  string
	crossOrigin bool
}

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	rand.Read(id)
	return &authenticator{TB: t, key: key, id: id, verifies: true, origin: site, rp: "media.example.com"}
}

// options are what a page asks the authenticator with.
type options struct {
	Challenge string
	User      struct{ ID string }
	Allow     []struct{ ID string } `json:"allowCredentials"`
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
	Verify    string                `json:"userVerification"`
	Selection struct {
		Verify string `json:"userVerification"`
	} `json:"authenticatorSelection"`
	Attestation string
}

var optionsIn = regexp.MustCompile(`data-options="([^"]*)"`)

// asks reads what the page at hand asks for.
func (b *browserOf) asks(path string) options {
	b.Helper()
	got := b.get(path)
	b.wants(got, http.StatusOK, `src="/_usher/assets/passkey.js"`)
	return b.optionsOf(got)
}

func (b *browserOf) optionsOf(got answer) (o options) {
	b.Helper()
	found := optionsIn.FindStringSubmatch(got.body)
	if found == nil {
		b.Fatalf("no options in %s", got.body)
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &o); err != nil {
		b.Fatal(err)
	}
	return o
}

func text(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (a *authenticator) clientData(kind, challenge string) []byte {
	a.Helper()
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": a.crossOrigin})
	if err != nil {
		a.Fatal(err)
	}
	return raw
}

func (a *authenticator) data(flags byte, more ...[]byte) []byte {
	a.count++
	flags |= 0x01 // somebody touched it
	if a.verifies {
		flags |= 0x04
	}
	rp := sha256.Sum256([]byte(a.rp))
	return slices.Concat(append([][]byte{rp[:], {flags}, binary.BigEndian.AppendUint32(nil, a.count)}, more...)...)
}

// answer is the credential as the page's script writes it.
func (a *authenticator) answer(response map[string]any) string {
	a.Helper()
	raw, err := json.Marshal(map[string]any{
		"id": text(a.id), "rawId": text(a.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response,
	})
	if err != nil {
		a.Fatal(err)
	}
	return string(raw)
}

// public is the public key, as COSE has it.
func (a *authenticator) public() []byte {
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.Fatal(err)
	}
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		a.Fatal(err)
	}
	return cose
}

// makes makes a passkey.
func (a *authenticator) makes(o options) string {
	a.Helper()
	var err error
	if a.handle, err = base64.RawURLEncoding.DecodeString(o.User.ID); err != nil {
		a.Fatal(err)
	}
	size := binary.BigEndian.AppendUint16(nil, uint16(len(a.id)))
	object, err := webauthncbor.Marshal(map[string]any{
		"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(0x40, make([]byte, 16), size, a.id, a.public()),
	})
	if err != nil {
		a.Fatal(err)
	}
	return a.answer(map[string]any{"clientDataJSON": text(a.clientData("webauthn.create", o.Challenge)), "attestationObject": text(object), "transports": []string{"usb"}})
}

// shows signs a challenge.
func (a *authenticator) shows(o options) string {
	a.Helper()
	said, data := a.clientData("webauthn.get", o.Challenge), a.data(0)
	hash := sha256.Sum256(said)
	digest := sha256.Sum256(slices.Concat(data, hash[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.Fatal(err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": text(said), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(a.handle),
	})
}
