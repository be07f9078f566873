package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func ring(t testing.TB) *Keyring {
	t.Helper()
	r, err := NewKeyring(now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func body(p Purpose) []byte {
	raw := make([]byte, p.bodySize())
	rand.Read(raw)
	return raw
}

var purposes = []Purpose{LinkCode, SessionToken, DeviceToken}

func TestSealAndUnseal(t *testing.T) {
	r := ring(t)
	for _, p := range purposes {
		want := body(p)
		text := r.Seal(p, want)
		if len(text) != SealedLen(p) {
			t.Errorf("purpose %#x: %d characters, want %d", p, len(text), SealedLen(p))
		}
		got, err := r.Unseal(nil, p, text)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("purpose %#x: %x, %v; want %x", p, got, err, want)
		}
	}
}

func TestEveryBitOfASealCounts(t *testing.T) {
	r := ring(t)
	for _, p := range purposes {
		raw, _ := sealText.DecodeString(r.Seal(p, body(p)))
		for bit := range len(raw) * 8 {
			flipped := bytes.Clone(raw)
			flipped[bit/8] ^= 1 << (bit % 8)
			if _, err := r.Unseal(nil, p, sealText.EncodeToString(flipped)); err == nil {
				t.Fatalf("purpose %#x: bit %d flipped and still accepted", p, bit)
			}
		}
	}
}

func TestNoSealPassesForAnotherPurpose(t *testing.T) {
	r := ring(t)
	for _, made := range purposes {
		raw, _ := sealText.DecodeString(r.Seal(made, body(made)))
		for _, wanted := range purposes {
			if made == wanted {
				continue
			}
			relabelled := bytes.Clone(raw)
			relabelled[0] = byte(wanted)
			for _, text := range []string{sealText.EncodeToString(raw), sealText.EncodeToString(relabelled)} {
				if _, err := r.Unseal(nil, wanted, text); !errors.Is(err, ErrMalformed) {
					t.Errorf("a text for %#x as %#x: %v", made, wanted, err)
				}
			}
		}
	}
}

func TestASealHasOneSpelling(t *testing.T) {
	r := ring(t)
	text := r.Seal(LinkCode, body(LinkCode))
	spellings := []string{
		text + "=", text + "==", text[:20] + "\n" + text[20:], text[:20] + "\r" + text[20:], text + "\n", " " + text,
		strings.ReplaceAll(strings.ReplaceAll(text+"-_", "-", "+"), "_", "/"), text[:len(text)-1], text + "A", "", strings.ToUpper(text),
	}
	for _, s := range spellings {
		if _, err := r.Unseal(nil, LinkCode, s); err == nil && s != text {
			t.Errorf("%q was accepted as well", s)
		}
	}
}

func TestRotationAndRetirement(t *testing.T) {
	r := ring(t)
	old := r.Seal(LinkCode, body(LinkCode))
	oldKey := r.keys[0].ID
	if _, err := r.Retire(oldKey, now); err == nil {
		t.Fatal("the sealing key could be retired")
	}
	next, fresh, err := r.Rotate(UseSeal, now)
	if err != nil || fresh.ID == oldKey {
		t.Fatalf("rotate: %v, key %s", err, fresh.ID)
	}
	for _, text := range []string{old, next.Seal(LinkCode, body(LinkCode))} {
		if _, err := next.Unseal(nil, LinkCode, text); err != nil {
			t.Fatalf("after rotation: %v", err)
		}
	}
	last, err := next.Retire(oldKey, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := last.Unseal(nil, LinkCode, old); !errors.Is(err, ErrUnknownKey) {
		t.Fatalf("a retired key: %v", err)
	}
	if text, _ := last.Marshal(); bytes.Contains(text, []byte(base64.RawURLEncoding.EncodeToString(r.keys[0].secret))) {
		t.Fatal("the retired secret is still in the file")
	}
}

// TestDigestsOutliveARotation: what was kept under the key before is found again
// until that is retired.
func TestDigestsOutliveARotation(t *testing.T) {
	r := ring(t)
	old := r.Digest("device", "text")
	next, _, err := r.Rotate(UseSeal, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := next.Digests("device", "text"); len(got) != 2 || got[0] != next.Digest("device", "text") || got[0] == old || got[1] != old {
		t.Errorf("%q, once %q", got, old)
	}
	last, err := next.Retire(r.keys[0].ID, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := last.Digests("device", "text"); len(got) != 1 || got[0] != next.Digest("device", "text") {
		t.Errorf("%q after the retirement", got)
	}
}

// linkRing has a link key of every algorithm.
func linkRing(t testing.TB) *Keyring {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := append(ring(t).keys,
		Key{ID: "ec", Use: UseLink, Alg: "ES256", State: Verifying, verify: &ec.PublicKey, sign: ec},
		Key{ID: "ed", Use: UseLink, Alg: "EdDSA", State: Verifying, verify: public, sign: private},
	)
	r, err := assemble(keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func claims() Claims {
	return Claims{JTI: "j1", Expires: now.Add(time.Hour), Terms: LinkClaims{Path: "/a/*", Views: 3, Can: []string{"view"}}}
}

func TestKeyringSurvivesItsFile(t *testing.T) {
	r := linkRing(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := LoadKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := r.Seal(SessionToken, body(SessionToken))
	if _, err := again.Unseal(nil, SessionToken, sealed); err != nil {
		t.Errorf("a seal of before: %v", err)
	}
	for _, k := range r.keys {
		if k.Use != UseLink {
			continue
		}
		text, err := k.signLink(claims())
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.ReadLink(text, now)
		if err != nil || got.KeyID != k.ID || got.Terms.Views != 3 || got.Terms.Path != "/a/*" {
			t.Errorf("%s: %+v, %v", k.Alg, got, err)
		}
	}
}

func TestKeyringFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "keys.json")
	if _, err := LoadOrCreateKeyring(path, now); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeyring(path, now); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("a file that others may read: %v", err)
	}
}

func TestManyProcessesMakeOneKeyring(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	rings := make([]*Keyring, 16)
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			var err error
			if rings[i], err = LoadOrCreateKeyring(path, now); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sealed := rings[0].Seal(DeviceToken, body(DeviceToken))
	for i, r := range rings {
		if _, err := r.Unseal(nil, DeviceToken, sealed); err != nil {
			t.Errorf("ring %d has other keys: %v", i, err)
		}
	}
	left, err := fs.Glob(os.DirFS(filepath.Dir(path)), ".keys-*")
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBadKeyringsNameTheFault(t *testing.T) {
	secret := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	seal := `{"kid":"00ff","use":"seal","state":"signing","kty":"oct","alg":"HS256","k":"` + secret + `"}`
	for text, want := range map[string]string{
		`{`:                                    "bad JSON",
		`{"keys":[]}`:                          `exactly one key with use "seal"`,
		`{"keys":[` + seal + `,` + seal + `]}`: "given twice",
		`{"keys":[` + seal + `],"kyes":[]}`:    "unknown member",
		`{"keys":[` + seal + `],"keys":[]}`:    "bad JSON",
		`{"keys":[` + strings.Replace(seal, "signing", "sining", 1) + `]}`:                                                                                      `state "sining"`,
		`{"keys":[` + strings.Replace(seal, "00ff", "zz", 1) + `]}`:                                                                                             "lower-case hex",
		`{"keys":[` + strings.Replace(seal, secret, "c2hvcnQ", 1) + `]}`:                                                                                        "32 to 256",
		`{"keys":[` + strings.Replace(seal, secret, "!", 1) + `]}`:                                                                                              "k: want base64url",
		`{"keys":[` + strings.Replace(seal, "HS256", "none", 1) + `]}`:                                                                                          `alg "none"`,
		`{"keys":[` + seal + `,{"kid":"e","use":"link","state":"verifying","kty":"EC","crv":"P-256","alg":"ES256","x":"` + secret + `","y":"` + secret + `"}]}`: "not a point",
	} {
		_, err := ParseKeyring([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s…: %v; want it to say %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%.60s…: the error shows the secret", text)
		}
	}
}

func FuzzUnseal(f *testing.F) {
	r := ring(f)
	for _, p := range purposes {
		f.Add(uint8(p), r.Seal(p, body(p)))
	}
	f.Fuzz(func(t *testing.T, purpose uint8, text string) {
		got, err := r.Unseal(nil, Purpose(purpose), text)
		if err == nil && r.Seal(Purpose(purpose), got) != text {
			t.Fatalf("%q has a second spelling", text)
		}
	})
}

func FuzzParseKeyring(f *testing.F) {
	text, err := linkRing(f).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseKeyring(text)
		if err != nil {
			return
		}
		again, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseKeyring(again); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

func TestIDsSortByAge(t *testing.T) {
	a, b := NewID(now), NewID(now.Add(2*time.Second))
	if a.String() >= b.String() {
		t.Errorf("%s is not before %s", a, b)
	}
	for _, text := range []string{"", a.String() + "0", strings.ToUpper(a.String()), "x" + a.String()[1:], a.String()[:19] + "1"} {
		if id, err := ParseID(text); err == nil && id.String() != text {
			t.Errorf("%q was read as %s", text, id)
		}
	}
}
