// Package oidctest is an OpenID provider for tests: discovery, keys, a page where
// everybody agrees at once, a token endpoint that checks the code, the client and
// PKCE, and ID tokens with real signatures.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ClientID and ClientSecret are what the provider knows the site by.
const (
	ClientID     = "usher"
	ClientSecret = "shh"
)

// Provider is a running provider. What is exported is set before somebody comes.
type Provider struct {
	// URL is the issuer.
	URL string
	// Callback is the only address that browsers are sent back to.
	Callback string
	// Now is the clock of ID tokens.
	Now func() time.Time
	// Claims changes an ID token before it is signed; Sign, where it is set, takes
	// the place of signing.
	Claims func(jwt.MapClaims)
	Sign   func(jwt.MapClaims) string

	t   testing.TB
	key *rsa.PrivateKey

	mu    sync.Mutex
	down  bool
	email string                // of who agrees
	codes map[string]url.Values // the authorizations that were given and not yet exchanged
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Serve starts a provider, which ends with the test.
func Serve(t testing.TB) *Provider {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, key: key, Now: time.Now, email: "anna@example.com", codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.configuration)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /auth", p.agree)
	mux.HandleFunc("POST /token", p.token)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		down := p.down
		p.mu.Unlock()
		if down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	p.URL = server.URL
	t.Cleanup(server.Close)
	return p
}

// Down makes the provider answer nothing, or answer again.
func (p *Provider) Down(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// Is says who agrees from now on, by their address.
func (p *Provider) Is(email string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.email = email
}

func (p *Provider) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *Provider) configuration(w http.ResponseWriter, _ *http.Request) {
	p.json(w, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	enc := base64.RawURLEncoding.EncodeToString
	p.json(w, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": enc(p.key.N.Bytes()), "e": enc(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// agree is the page where somebody agrees, as a browser meets it.
func (p *Provider) agree(w http.ResponseWriter, r *http.Request) {
	back, err := p.authorize(r.URL.Query())
	if err != nil {
		p.t.Error(err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, p.Callback+"?"+back.Encode(), http.StatusFound)
}

// Authorize is somebody who agrees at the address that the browser was sent to:
// it returns the query with which the browser is sent back.
func (p *Provider) Authorize(to string) url.Values {
	p.t.Helper()
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, p.URL+"/auth?") {
		p.t.Fatalf("sent to %q, %v", to, err)
	}
	back, err := p.authorize(u.Query())
	if err != nil {
		p.t.Fatal(err)
	}
	return back
}

func (p *Provider) authorize(asked url.Values) (url.Values, error) {
	if asked.Get("redirect_uri") != p.Callback {
		return nil, fmt.Errorf("back to %q, want %q", asked.Get("redirect_uri"), p.Callback)
	}
	if asked.Get("client_id") != ClientID || asked.Get("code_challenge_method") != "S256" || asked.Get("response_type") != "code" ||
		asked.Get("scope") != "openid email profile" || asked.Get("nonce") == "" || asked.Get("state") == "" {
		return nil, errors.New("asked " + asked.Encode())
	}
	code := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code] = asked
	return url.Values{"code": {code}, "state": {asked.Get("state")}}, nil
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	p.mu.Lock()
	asked, known := p.codes[code]
	delete(p.codes, code)
	email := p.email
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	user, secret, basic := r.BasicAuth()
	if !basic {
		user, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if !known || user != ClientID || secret != ClientSecret || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := jwt.MapClaims{
		"iss": p.URL, "aud": ClientID, "sub": "1", "nonce": asked.Get("nonce"), "email": email, "email_verified": true, "name": "Anna",
		"iat": p.Now().Unix(), "exp": p.Now().Add(time.Minute).Unix(),
	}
	if p.Claims != nil {
		p.Claims(claims)
	}
	text := ""
	if p.Sign != nil {
		text = p.Sign(claims)
	} else {
		text = p.Signed(jwt.SigningMethodRS256, claims, p.key)
	}
	p.json(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": text})
}

// Signed writes an ID token that names the provider's key.
func (p *Provider) Signed(method jwt.SigningMethod, claims jwt.MapClaims, key any) string {
	t := jwt.NewWithClaims(method, claims)
	t.Header["kid"] = "k1"
	text, err := t.SignedString(key)
	if err != nil {
		p.t.Error(err)
	}
	return text
}
