package hostile

import (
	"crypto/ed25519"
	"crypto/sha256"
	"math"
	"strings"
	"time"
)

// forgeries are signed links that must not open anything, by what is wrong.
func (i *issuer) forgeries() map[string]string {
	list := map[string]string{}
	for _, some := range []map[string]string{i.algorithms(), i.kids(), i.keyHeaders(), i.signatures(), i.badClaims(), i.overSize()} {
		for name, text := range some {
			list[name] = text
		}
	}
	return list
}

// algorithms: the key's counts, whatever the token says.
func (i *issuer) algorithms() map[string]string {
	x, y := i.curve.X.FillBytes(make([]byte, 32)), i.curve.Y.FillBytes(make([]byte, 32))
	point := append(append([]byte{4}, x...), y...)
	public := i.edward.Public().(ed25519.PublicKey)
	return map[string]string{
		"alg none":                    seal(headerOf("link-1", "none"), claims(nil), unsigned),
		"alg None":                    seal(headerOf("link-1", "None"), claims(nil), i.hs256),
		"alg empty":                   seal(headerOf("link-1", ""), claims(nil), i.hs256),
		"alg missing":                 seal(`{"kid":"link-1"}`, claims(nil), i.hs256),
		"alg HS384":                   seal(headerOf("link-1", "HS384"), claims(nil), i.hs384),
		"alg HS512":                   seal(headerOf("link-1", "HS512"), claims(nil), i.hs512),
		"alg hs256":                   seal(headerOf("link-1", "hs256"), claims(nil), i.hs256),
		"point as secret":             seal(headerOf("ec-1", "HS256"), claims(nil), mac(sha256.New, point)),
		"public key as secret":        seal(headerOf("ed-1", "HS256"), claims(nil), mac(sha256.New, public)),
		"alg ES256 of secret's key":   seal(headerOf("link-1", "ES256"), claims(nil), i.es256),
		"alg EdDSA of the curve's":    seal(headerOf("ec-1", "EdDSA"), claims(nil), i.eddsa),
		"alg twice":                   seal(`{"alg":"none","alg":"HS256","kid":"link-1"}`, claims(nil), i.hs256),
		"alg in capitals as a member": seal(`{"ALG":"HS256","kid":"link-1"}`, claims(nil), i.hs256),
	}
}

// kids: an exact name from the keyring, and nothing to look up.
func (i *issuer) kids() map[string]string {
	list := map[string]string{"kid missing": seal(`{"alg":"HS256"}`, claims(nil), i.hs256)}
	for _, kid := range []string{"", "link-2", "old-1", "../../../../dev/null", "link-1' OR 1=1--", "http://127.0.0.1/k", "link-1\x00", strings.Repeat("k", 33), "LINK-1"} {
		list["kid "+bounded(kid)] = seal(headerOf(kid, "HS256"), claims(nil), i.hs256)
	}
	list["kid of an empty secret"] = seal(headerOf("old-1", "HS256"), claims(nil), mac(sha256.New, nil))
	list["kid twice"] = seal(`{"alg":"HS256","kid":"x","kid":"link-1"}`, claims(nil), i.hs256)
	list["kid a list"] = seal(`{"alg":"HS256","kid":["link-1"]}`, claims(nil), i.hs256)
	return list
}

// keyHeaders bring a key along, or say where one is to be had.
func (i *issuer) keyHeaders() map[string]string {
	own := `{"kty":"oct","k":"` + b64([]byte("secret")) + `"}`
	list := map[string]string{}
	for name, member := range map[string]string{
		"jwk": `"jwk":` + own, "jku": `"jku":"http://127.0.0.1/keys"`, "x5u": `"x5u":"http://127.0.0.1/cert"`, "x5c": `"x5c":["MII="]`,
		"crit": `"crit":["exp"]`, "b64": `"b64":false`, "zip": `"zip":"DEF"`, "enc": `"enc":"A128GCM"`, "cty": `"cty":"JWT"`, "typ": `"typ":"at+jwt"`,
	} {
		list["header "+name] = seal(`{"alg":"HS256","kid":"link-1",`+member+`}`, claims(nil), i.hs256)
	}
	list["header jwk signs"] = seal(`{"alg":"HS256","kid":"link-1","jwk":`+own+`}`, claims(nil), mac(sha256.New, []byte("secret")))
	return list
}

func (i *issuer) signatures() map[string]string {
	good := seal(goodHeader, claims(nil), i.hs256)
	header, payload, signature := cut(good)
	_, otherPayload, _ := cut(seal(goodHeader, claims(object{"usher": object{"path": "/*"}}), i.hs256))
	return map[string]string{
		"signature empty":      header + "." + payload + ".",
		"signature cut":        good[:len(good)-2],
		"signature of another": header + "." + otherPayload + "." + signature,
		"signature padded":     good + "=",
		"signature DER":        seal(headerOf("ec-1", "ES256"), claims(nil), i.der),
		"signature zero":       seal(headerOf("ec-1", "ES256"), claims(nil), func(string) []byte { return make([]byte, 64) }),
		"signature zero of Ed": seal(headerOf("ed-1", "EdDSA"), claims(nil), func(string) []byte { return make([]byte, 64) }),
		"signature twice":      good + "." + signature,
		"signature alone":      ".." + signature,
		"two parts":            header + "." + payload,
		"detached":             header + ".." + signature,
		"line break":           good[:len(good)-4] + "%0A" + good[len(good)-4:],
	}
}

// badClaims are signed as they should be and say what no link says.
func (i *issuer) badClaims() map[string]string {
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	list := map[string]string{}
	for name, change := range map[string]object{
		"exp missing": {"exp": nil}, "exp past": {"exp": in(-time.Second)}, "exp text": {"exp": "9999999999"}, "exp negative": {"exp": -1},
		"exp huge": {"exp": math.MaxInt64}, "exp fraction": {"exp": 1e300}, "exp a list": {"exp": []int64{in(time.Hour)}}, "nbf future": {"nbf": in(time.Hour)},
		"nbf text": {"nbf": "0"}, "aud missing": {"aud": nil}, "aud another": {"aud": "other"}, "aud two": {"aud": []string{"usher", "other"}}, "aud in capitals": {"aud": "Usher"},
		"jti missing": {"jti": nil}, "jti empty": {"jti": ""}, "jti long": {"jti": strings.Repeat("j", 257)}, "usher missing": {"usher": nil}, "usher empty": {"usher": object{}},
		"path missing": {"usher": object{"views": 1}}, "path climbs": {"usher": object{"path": "/acme/demo/../*"}}, "path prefix": {"usher": object{"path": "/acme/demo*"}},
		"path of ours": {"usher": object{"path": "/_usher/*"}}, "path a list": {"usher": object{"path": []string{"/*"}}}, "views negative": {"usher": object{"path": "/*", "views": -1}},
		"views text": {"usher": object{"path": "/*", "views": "3"}}, "can unknown": {"usher": object{"path": "/*", "can": []string{"root"}}}, "can manage": {"usher": object{"path": "/*", "can": []string{"manage"}}},
		"unknown member": {"usher": object{"path": "/*", "veiws": 1}}, "member in capitals": {"usher": object{"PATH": "/*"}}, "cdni": {"cdniip": "192.0.2.1"},
	} {
		list["claim "+name] = seal(goodHeader, claims(change), i.hs256)
	}
	good := strings.TrimSuffix(claims(nil), "}")
	list["claim exp twice"] = seal(goodHeader, good+`,"exp":9999999999}`, i.hs256)
	list["claim usher twice"] = seal(goodHeader, good+`,"usher":{"path":"/*"}}`, i.hs256)
	list["claim not an object"] = seal(goodHeader, `[]`, i.hs256)
	list["claim not JSON"] = seal(goodHeader, `{"aud"`, i.hs256)
	list["claim followed by more"] = seal(goodHeader, claims(nil)+"{}", i.hs256)
	return list
}

func (i *issuer) overSize() map[string]string {
	return map[string]string{
		"over 4 KiB":     seal(goodHeader, claims(object{"x": strings.Repeat("x", 4096)}), i.hs256),
		"of dots":        strings.Repeat(".", 4000),
		"deep":           seal(goodHeader, `{"a":`+strings.Repeat("[", 2500), i.hs256),
		"a huge header":  seal(`{"alg":"HS256","kid":"link-1","typ":"`+strings.Repeat("x", 2500)+`"}`, claims(nil), i.hs256),
		"of three parts": strings.Repeat("A", 2000) + "." + strings.Repeat("A", 1000) + "." + strings.Repeat("A", 1000),
	}
}
