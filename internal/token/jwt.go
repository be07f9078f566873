package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// maxJWT bounds a token before it is split (golang-jwt CVE-2025-30204).
const maxJWT = 4096

// Audience is the one `aud` of links minted as JSON Web Tokens: a key that an
// issuer also uses for other tokens must not turn those into links.
const Audience = "usher"

// Claims are what a link minted elsewhere says. Registered claims are those of
// RFC 7519 section 4.1; Usher's own stand in one object, in which unknown
// members are errors: a misspelt limit must not become no limit.
type Claims struct {
	KeyID     string
	JTI       string
	NotBefore time.Time // zero: none
	Expires   time.Time
	Terms     LinkClaims
}

// LinkClaims is the `usher` claim.
type LinkClaims struct {
	Path      string   `json:"path"`
	Can       []string `json:"can,omitempty"`
	Views     int64    `json:"views,omitempty"`
	ViewsEach int64    `json:"views_each,omitempty"`
	Seats     int64    `json:"seats,omitempty"`
	SeatsEach int64    `json:"seats_each,omitempty"`
	WhenFull  string   `json:"when_full,omitempty"`
	Title     string   `json:"title,omitempty"`
	Entry     string   `json:"entry,omitempty"`
}

// jwtHeader lists every header member that is accepted. Those that bring or
// point to keys (jwk, jku, x5c, x5u), and crit, are refused by not being here.
type jwtHeader struct {
	Alg string `json:"alg"`
	Typ string `json:"typ,omitempty"`
	Kid string `json:"kid"`
}

// wireClaims is the payload as it travels.
type wireClaims struct {
	Iss   string       `json:"iss,omitempty"`
	Sub   string       `json:"sub,omitempty"`
	Aud   audience     `json:"aud"`
	Exp   *int64       `json:"exp"`
	Nbf   *int64       `json:"nbf,omitempty"`
	Iat   *int64       `json:"iat,omitempty"`
	Jti   string       `json:"jti"`
	Usher *usherClaims `json:"usher"`

	// RFC 9246 gives these a meaning that is not kept here; ignoring one would
	// make a wider link than the issuer signed.
	CDNI map[string]any `json:",inline"`
}

type usherClaims LinkClaims

// audience takes the two spellings RFC 7519 allows, with a single value.
type audience string

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience(one)
		return nil
	}
	var many []string
	if err := json.Unmarshal(text, &many); err != nil || len(many) != 1 {
		return errors.New("aud: want one string")
	}
	*a = audience(many[0])
	return nil
}

func (u *usherClaims) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, (*LinkClaims)(u), json.RejectUnknownMembers(true))
}

// jwt.Claims wants getters for its own validation, which stays off: times are
// checked by ReadLink against a clock it is given.
func (c *wireClaims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (c *wireClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (c *wireClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (c *wireClaims) GetIssuer() (string, error)                   { return c.Iss, nil }
func (c *wireClaims) GetSubject() (string, error)                  { return c.Sub, nil }
func (c *wireClaims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }

// strictClaims makes golang-jwt decode the payload with the strict decoder:
// names match by case, repeated names and invalid UTF-8 are errors.
type strictClaims struct{ wireClaims }

func (c *strictClaims) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &c.wireClaims)
}

// LooksLikeJWT tells the two kinds of link credential apart by form alone.
func LooksLikeJWT(text string) bool { return strings.Count(text, ".") == 2 }

// ReadLink checks a link minted as a JSON Web Token. The algorithm is the
// key's, never the token's (RFC 8725 section 3.1). It refuses with
// [ErrMalformed], [ErrUnknownKey], [ErrNotYet] or [ErrExpired]; with the last
// two the claims are returned as well, since the signature holds.
func (r *Keyring) ReadLink(text string, now time.Time) (Claims, error) {
	head, err := readHeader(text)
	if err != nil {
		return Claims{}, err
	}
	key, known := r.links[head.Kid]
	if !known {
		return Claims{}, ErrUnknownKey
	}
	var wire strictClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{key.Alg}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	_, err = parser.ParseWithClaims(text, &wire, func(*jwt.Token) (any, error) { return key.verifier(), nil })
	if err != nil {
		return Claims{}, ErrMalformed
	}
	claims, err := wire.checked(key)
	if err != nil {
		return Claims{}, err
	}
	return claims, claims.InTime(now)
}

// InTime returns ErrNotYet before and ErrExpired from the end of the claims'
// own time on (RFC 7519 sections 4.1.4 and 4.1.5), without leeway: both clocks
// are kept by operators.
func (c Claims) InTime(now time.Time) error {
	switch {
	case now.Before(c.NotBefore):
		return ErrNotYet
	case !now.Before(c.Expires):
		return ErrExpired
	}
	return nil
}

func readHeader(text string) (jwtHeader, error) {
	var head jwtHeader
	if len(text) > maxJWT || !LooksLikeJWT(text) || !isTokenText(text) {
		return head, ErrMalformed
	}
	first, _, _ := strings.Cut(text, ".")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return head, ErrMalformed
	}
	if err := json.Unmarshal(raw, &head, json.RejectUnknownMembers(true)); err != nil {
		return head, ErrMalformed
	}
	if !kidText.MatchString(head.Kid) || (head.Typ != "" && head.Typ != "JWT" && head.Typ != "usher-link+jwt") {
		return head, ErrMalformed
	}
	return head, nil
}

// isTokenText keeps out what base64 decoders skip in silence, CR and LF.
func isTokenText(text string) bool {
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// maxDate is the last second RFC 3339 can write.
const maxDate = 253402300799

func (c *wireClaims) checked(key Key) (Claims, error) {
	out := Claims{KeyID: key.ID, JTI: c.Jti}
	if c.Aud != Audience || c.Jti == "" || len(c.Jti) > 256 || c.Usher == nil || c.Exp == nil {
		return out, ErrMalformed
	}
	if key.Issuer != "" && c.Iss != key.Issuer {
		return out, ErrMalformed
	}
	for name := range c.CDNI {
		if strings.HasPrefix(name, "cdni") {
			return out, ErrMalformed
		}
	}
	for _, date := range []*int64{c.Exp, c.Nbf, c.Iat} {
		if date != nil && (*date < 0 || *date > maxDate) {
			return out, ErrMalformed
		}
	}
	out.Expires = time.Unix(*c.Exp, 0).UTC()
	if c.Nbf != nil {
		out.NotBefore = time.Unix(*c.Nbf, 0).UTC()
	}
	out.Terms = LinkClaims(*c.Usher)
	if t := out.Terms; min(t.Views, t.ViewsEach, t.Seats, t.SeatsEach) < 0 {
		return out, ErrMalformed
	}
	return out, nil
}

// verifier is what golang-jwt takes to check a signature of the key.
func (k Key) verifier() any {
	if k.secret != nil {
		return k.secret
	}
	return k.verify
}

// SignLink mints a link as a JSON Web Token with the keyring's link key.
// claims.KeyID is ignored.
func (r *Keyring) SignLink(claims Claims) (string, error) {
	for _, k := range r.keys {
		if k.Use == UseLink && k.State == Signing {
			return k.signLink(claims)
		}
	}
	return "", fmt.Errorf("the keyring has no key with use %q and state %q: run usher key rotate --use link", UseLink, Signing)
}

func (k Key) signLink(claims Claims) (string, error) {
	payload := jwt.MapClaims{"aud": Audience, "exp": claims.Expires.Unix(), "jti": claims.JTI, "usher": claims.Terms}
	if !claims.NotBefore.IsZero() {
		payload["nbf"] = claims.NotBefore.Unix()
	}
	if k.Issuer != "" {
		payload["iss"] = k.Issuer
	}
	t := jwt.NewWithClaims(jwt.GetSigningMethod(k.Alg), payload)
	t.Header["kid"] = k.ID
	var signer any = k.secret
	if k.sign != nil {
		signer = k.sign
	}
	return t.SignedString(signer)
}
