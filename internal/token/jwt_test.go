package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// mint makes a token by hand, so that headers and payloads can be anything.
func mint(header, payload string, secret []byte) string {
	enc := base64.RawURLEncoding.EncodeToString
	text := enc([]byte(header)) + "." + enc([]byte(payload))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + enc(mac.Sum(nil))
}

func linkSecret(r *Keyring) []byte { return r.links["link-1"].secret }

func payload(change func(map[string]string)) string {
	members := map[string]string{
		"aud": `"usher"`, "exp": fmt.Sprint(now.Add(time.Hour).Unix()), "jti": `"j1"`, "usher": `{"path":"/a/*","views":3}`,
	}
	change(members)
	var parts []string
	for name, value := range members {
		parts = append(parts, fmt.Sprintf("%q:%s", name, value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func unchanged(map[string]string) {}

const goodHeader = `{"alg":"HS256","typ":"JWT","kid":"link-1"}`

func TestReadLinkAcceptsWhatAnyLibraryMints(t *testing.T) {
	r := ring(t)
	for name, text := range map[string]string{
		"by hand":       mint(goodHeader, payload(unchanged), linkSecret(r)),
		"without typ":   mint(`{"alg":"HS256","kid":"link-1"}`, payload(unchanged), linkSecret(r)),
		"aud as a list": mint(goodHeader, payload(func(m map[string]string) { m["aud"] = `["usher"]` }), linkSecret(r)),
		"more registered claims": mint(goodHeader, payload(func(m map[string]string) {
			m["iss"], m["sub"], m["iat"], m["custom"] = `"me"`, `"you"`, "1", `{"a":[1]}`
		}), linkSecret(r)),
	} {
		got, err := r.ReadLink(text, now)
		if err != nil || got.JTI != "j1" || got.Terms.Views != 3 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	library := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"aud": "usher", "exp": now.Add(time.Hour).Unix(), "jti": "x", "usher": map[string]any{"path": "/a/b.mp4"},
	})
	library.Header["kid"] = "link-1"
	text, err := library.SignedString(linkSecret(r))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.ReadLink(text, now); err != nil || got.Terms.Path != "/a/b.mp4" {
		t.Errorf("golang-jwt: %+v, %v", got, err)
	}
}

// TestReadLinkRefuses is the token family of hostile inputs: algorithms, key
// ids, key headers, signatures, claims, sizes and spellings.
func TestReadLinkRefuses(t *testing.T) {
	r := linkRing(t)
	secret := linkSecret(r)
	good := mint(goodHeader, payload(unchanged), secret)
	head, rest, _ := strings.Cut(good, ".")
	body, sig, _ := strings.Cut(rest, ".")
	enc := base64.RawURLEncoding.EncodeToString
	header := func(h string) string { return mint(h, payload(unchanged), secret) }
	claim := func(name, value string) string {
		return mint(goodHeader, payload(func(m map[string]string) { m[name] = value }), secret)
	}
	without := func(name string) string {
		return mint(goodHeader, payload(func(m map[string]string) { delete(m, name) }), secret)
	}
	public, err := r.links["ec"].jwk()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"alg none":                  enc([]byte(`{"alg":"none","kid":"link-1"}`)) + "." + body + ".",
		"alg None with signature":   header(`{"alg":"None","kid":"link-1"}`),
		"alg HS384":                 header(`{"alg":"HS384","kid":"link-1"}`),
		"alg hs256":                 header(`{"alg":"hs256","kid":"link-1"}`),
		"alg missing":               header(`{"kid":"link-1"}`),
		"alg RS256":                 header(`{"alg":"RS256","kid":"link-1"}`),
		"alg ES256 on an oct key":   header(`{"alg":"ES256","kid":"link-1"}`),
		"HS256 with the EC key's x": mint(`{"alg":"HS256","kid":"ec"}`, payload(unchanged), []byte(public.X)),
		"HS256 with an Ed key":      mint(`{"alg":"HS256","kid":"ed"}`, payload(unchanged), r.links["ed"].verifyBytes()),
		"kid missing":               header(`{"alg":"HS256"}`),
		"kid empty":                 header(`{"alg":"HS256","kid":""}`),
		"kid is a path":             header(`{"alg":"HS256","kid":"../../etc/passwd"}`),
		"kid is a query":            header(`{"alg":"HS256","kid":"x' or '1'='1"}`),
		"kid too long":              header(`{"alg":"HS256","kid":"` + strings.Repeat("a", 33) + `"}`),
		"kid twice":                 header(`{"alg":"HS256","kid":"nope","kid":"link-1"}`),
		"kid by case":               header(`{"alg":"HS256","KID":"link-1"}`),
		"jwk":                       header(`{"alg":"HS256","kid":"link-1","jwk":{"kty":"oct","k":"AA"}}`),
		"jku":                       header(`{"alg":"HS256","kid":"link-1","jku":"http://127.0.0.1/"}`),
		"x5u":                       header(`{"alg":"HS256","kid":"link-1","x5u":"http://127.0.0.1/"}`),
		"x5c":                       header(`{"alg":"HS256","kid":"link-1","x5c":["AA"]}`),
		"crit":                      header(`{"alg":"HS256","kid":"link-1","crit":["exp"]}`),
		"zip":                       header(`{"alg":"HS256","kid":"link-1","zip":"DEF"}`),
		"typ of another kind":       header(`{"alg":"HS256","kid":"link-1","typ":"at+jwt"}`),
		"signature empty":           head + "." + body + ".",
		"signature cut":             good[:len(good)-1],
		"signature of another key":  mint(goodHeader, payload(unchanged), []byte(strings.Repeat("x", 32))),
		"signature with padding":    good + "=",
		"signature with newline":    good + "\n",
		"newline inside":            head + ".\n" + body + "." + sig,
		"four parts":                good + ".x",
		"two parts":                 head + "." + body,
		"header not JSON":           enc([]byte("nope")) + "." + body + "." + sig,
		"payload not JSON":          mint(goodHeader, "nope", secret),
		"payload an array":          mint(goodHeader, "[]", secret),
		"no exp":                    without("exp"),
		"no jti":                    without("jti"),
		"no aud":                    without("aud"),
		"no usher":                  without("usher"),
		"aud of another":            claim("aud", `"other"`),
		"aud of two":                claim("aud", `["usher","other"]`),
		"aud empty list":            claim("aud", `[]`),
		"exp as text":               claim("exp", `"9999999999"`),
		"exp with a fraction":       claim("exp", `1.5`),
		"exp negative":              claim("exp", `-1`),
		"exp huge":                  claim("exp", `9223372036854775807`),
		"exp as 1e99":               claim("exp", `1e99`),
		"exp null":                  claim("exp", `null`),
		"nbf as text":               claim("nbf", `"1"`),
		"jti too long":              claim("jti", `"`+strings.Repeat("a", 257)+`"`),
		"exp twice":                 mint(goodHeader, strings.Replace(payload(unchanged), "{", `{"exp":1,`, 1), secret),
		"usher with unknown member": claim("usher", `{"path":"/a/*","veiws":3}`),
		"usher views negative":      claim("usher", `{"path":"/a/*","views":-1}`),
		"usher views as text":       claim("usher", `{"path":"/a/*","views":"3"}`),
		"usher member twice":        claim("usher", `{"path":"/a/*","path":"/*"}`),
		"usher null":                claim("usher", `null`),
		"cdniuc of RFC 9246":        claim("cdniuc", `"regex:.*"`),
		"cdnicrit of RFC 9246":      claim("cdnicrit", `"cdniip"`),
		"too large":                 claim("custom", `"`+strings.Repeat("a", 4096)+`"`),
		"many dots":                 strings.Repeat(".", 5000),
		"JWE":                       "a.b.c.d.e",
		"empty":                     "",
	}
	for name, text := range cases {
		if got, err := r.ReadLink(text, now); err == nil {
			t.Errorf("%s: accepted as %+v", name, got)
		}
	}
	for name, text := range map[string]string{"unknown kid": header(`{"alg":"HS256","kid":"link-9"}`), "kid of the seal key": header(`{"alg":"HS256","kid":"` + r.keys[0].ID + `"}`)} {
		if _, err := r.ReadLink(text, now); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (k Key) verifyBytes() []byte {
	j, _ := k.jwk()
	raw, _ := base64.RawURLEncoding.DecodeString(j.X)
	return raw
}

func TestReadLinkInItsTime(t *testing.T) {
	r := ring(t)
	c := claims()
	c.NotBefore = now.Add(-time.Minute)
	text, err := r.SignLink(c)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]error{
		-2 * time.Minute: ErrNotYet, -time.Minute: nil, 0: nil, time.Hour - time.Second: nil, time.Hour: ErrExpired,
	} {
		if _, err := r.ReadLink(text, now.Add(at)); !errors.Is(err, want) {
			t.Errorf("at %v: %v, want %v", at, err, want)
		}
	}
}

func TestReadLinkAllocatesLittleOnJunk(t *testing.T) {
	r := ring(t)
	junk := strings.Repeat(".", 1<<20)
	if n := testing.AllocsPerRun(10, func() { _, _ = r.ReadLink(junk, now) }); n > 1 {
		t.Errorf("%v allocations for a megabyte of dots", n)
	}
}

func FuzzReadLink(f *testing.F) {
	r := ring(f)
	text, err := r.SignLink(claims())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(mint(goodHeader, payload(unchanged), linkSecret(r)))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := r.ReadLink(text, now)
		if err == nil && (c.JTI == "" || !now.Before(c.Expires) || min(c.Terms.Views, c.Terms.Seats, c.Terms.SeatsEach) < 0) {
			t.Fatalf("%q was accepted as %+v", text, c)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := ring(b)
	sealed := r.Seal(SessionToken, body(SessionToken))
	b.Run("session", func(b *testing.B) {
		b.ReportAllocs()
		var buf [64]byte
		for b.Loop() {
			if _, err := r.Unseal(buf[:0], SessionToken, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
	text, err := r.SignLink(claims())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("jwt-hs256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.ReadLink(text, now); err != nil {
				b.Fatal(err)
			}
		}
	})
}
