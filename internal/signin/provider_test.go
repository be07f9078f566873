package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-media/usher/internal/signin"
)

// provider is an OpenID provider: discovery, keys, a token endpoint that checks
// the code, the client and PKCE, and ID tokens with real signatures.
type provider struct {
	*testing.T
	server *httptest.Server
	key    *rsa.PrivateKey
	now    func() time.Time

	mu sync.Mutex
	// codes are the authorizations that were given and not yet exchanged.
	codes map[string]url.Values
	// claim changes the ID token before it is signed, sign takes the place of signing.
	claim func(jwt.MapClaims)
	sign  func(jwt.MapClaims) string
	down  bool
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func serveProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{T: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, map[string]any{
			"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/auth", "token_endpoint": p.server.URL + "/token",
			"jwks_uri": p.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		enc := base64.RawURLEncoding.EncodeToString
		p.json(w, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": enc(key.N.Bytes()), "e": enc(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		down := p.down
		p.mu.Unlock()
		if down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.Error(err)
	}
}

// authorize is somebody who agrees at the provider: it returns the query with
// which the browser is sent back.
func (p *provider) authorize(to string) url.Values {
	p.Helper()
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, p.server.URL+"/auth?") {
		p.Fatalf("sent to %q, %v", to, err)
	}
	asked := u.Query()
	if asked.Get("client_id") != "usher" || asked.Get("redirect_uri") != site+"/_usher/oidc/callback" || asked.Get("code_challenge_method") != "S256" ||
		asked.Get("response_type") != "code" || asked.Get("scope") != "openid email profile" || asked.Get("nonce") == "" || asked.Get("state") == "" {
		p.Fatalf("asked %v", asked)
	}
	code := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code] = asked
	return url.Values{"code": {code}, "state": {asked.Get("state")}}
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	user, secret, basic := r.BasicAuth()
	if !basic {
		user, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if !known || user != "usher" || secret != "shh" || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := jwt.MapClaims{
		"iss": p.server.URL, "aud": "usher", "sub": "1", "nonce": asked.Get("nonce"), "email": anna, "email_verified": true, "name": "Anna",
		"iat": p.now().Unix(), "exp": p.now().Add(time.Minute).Unix(),
	}
	if p.claim != nil {
		p.claim(claims)
	}
	text := ""
	if p.sign != nil {
		text = p.sign(claims)
	} else {
		text = p.signed(jwt.SigningMethodRS256, claims, p.key)
	}
	p.json(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": text})
}

func (p *provider) signed(method jwt.SigningMethod, claims jwt.MapClaims, key any) string {
	t := jwt.NewWithClaims(method, claims)
	t.Header["kid"] = "k1"
	text, err := t.SignedString(key)
	if err != nil {
		p.Error(err)
	}
	return text
}

// elsewhere is a scene with a provider.
func elsewhere(t *testing.T, external string) (*scene, *provider) {
	t.Helper()
	p := serveProvider(t)
	s := stage(t, func(o *signin.Options) {
		o.Elsewhere = &signin.Provider{Issuer: p.server.URL, ClientID: "usher", ClientSecret: "shh", Domains: []string{"Example.com"}}
		o.External = external
	})
	p.now = s.now
	return s, p
}

// goThere begins in the browser and agrees at the provider.
func (b *browserOf) goThere(p *provider, path string) url.Values {
	b.Helper()
	got := b.get(path)
	b.wants(got, http.StatusSeeOther, p.server.URL)
	return p.authorize(got.Header.Get("Location"))
}

func (b *browserOf) comeBack(with url.Values) answer {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, site+"/_usher/oidc/callback?"+with.Encode(), nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return b.do(r)
}

func TestSignInElsewhere(t *testing.T) {
	s, p := elsewhere(t, signin.ExternalDeny)
	b := s.browser()
	b.wants(b.get("/_usher/signin?next=/s/abc"), http.StatusOK, `href="/_usher/oidc/start?next=%2Fs%2Fabc"`)
	back := b.goThere(p, "/_usher/oidc/start?next=/s/abc")
	b.wants(b.comeBack(back), http.StatusSeeOther, "/s/abc")
	if b.who() != anna {
		t.Error("nobody is signed in")
	}
	if b.cookies["__Host-usher-flow"] != "" {
		t.Error("the flow is still there")
	}
	b.wants(b.comeBack(back), http.StatusForbidden, "cannot sign in")
}

func TestWhereToIsALocalPath(t *testing.T) {
	s, p := elsewhere(t, signin.ExternalDeny)
	for _, next := range []string{"//evil.example", "https://evil.example", ""} {
		b := s.browser()
		back := b.goThere(p, "/_usher/oidc/start?next="+url.QueryEscape(next))
		if got := b.comeBack(back); got.Header.Get("Location") != "/_usher/signin" {
			t.Errorf("%q led to %q", next, got.Header.Get("Location"))
		}
	}
}

func TestAnAnswerIsForTheBrowserThatBegan(t *testing.T) {
	s, p := elsewhere(t, signin.ExternalDeny)
	victim, thief := s.browser(), s.browser()
	back := thief.goThere(p, "/_usher/oidc/start")
	victim.wants(victim.comeBack(back), http.StatusForbidden, "cannot sign in") // without a flow of its own
	mine := victim.goThere(p, "/_usher/oidc/start")
	mixed := url.Values{"code": {back.Get("code")}, "state": {mine.Get("state")}}
	victim.wants(victim.comeBack(mixed), http.StatusForbidden, "cannot sign in") // PKCE: the code was made for the thief's
	if victim.who() != "" {
		t.Error("somebody is signed in")
	}
	late := victim.goThere(p, "/_usher/oidc/start")
	s.pass(signin.FlowFor + time.Second)
	victim.wants(victim.comeBack(late), http.StatusForbidden, "cannot sign in")
	other := victim.goThere(p, "/_usher/oidc/start?next=/a")
	sealed, _, _ := strings.Cut(victim.cookies["__Host-usher-flow"], ".")
	victim.cookies["__Host-usher-flow"] = sealed + "." + base64.RawURLEncoding.EncodeToString([]byte("/b"))
	victim.wants(victim.comeBack(other), http.StatusForbidden, "cannot sign in")
	victim.wants(victim.comeBack(url.Values{"error": {"access_denied"}, "state": {"x"}}), http.StatusForbidden, "cannot sign in")
}

func TestTokensThatLetNobodyIn(t *testing.T) {
	for name, change := range map[string]func(*provider){
		"an unverified address":    func(p *provider) { p.claim = func(c jwt.MapClaims) { c["email_verified"] = false } },
		"no word on verification":  func(p *provider) { p.claim = func(c jwt.MapClaims) { delete(c, "email_verified") } },
		"verification as a number": func(p *provider) { p.claim = func(c jwt.MapClaims) { c["email_verified"] = 1 } },
		"no address":               func(p *provider) { p.claim = func(c jwt.MapClaims) { delete(c, "email") } },
		"an odd address":           func(p *provider) { p.claim = func(c jwt.MapClaims) { c["email"] = "Anna <" + anna + ">" } },
		"an address elsewhere":     func(p *provider) { p.claim = func(c jwt.MapClaims) { c["email"] = "anna@example.com.evil.example" } },
		"another audience":         func(p *provider) { p.claim = func(c jwt.MapClaims) { c["aud"] = "other" } },
		"another issuer":           func(p *provider) { p.claim = func(c jwt.MapClaims) { c["iss"] = "https://evil.example" } },
		"another browser's nonce":  func(p *provider) { p.claim = func(c jwt.MapClaims) { c["nonce"] = "x" } },
		"no nonce":                 func(p *provider) { p.claim = func(c jwt.MapClaims) { delete(c, "nonce") } },
		"a time that is over":      func(p *provider) { p.claim = func(c jwt.MapClaims) { c["exp"] = p.now().Add(-time.Minute).Unix() } },
		"no signature": func(p *provider) {
			p.sign = func(c jwt.MapClaims) string {
				return p.signed(jwt.SigningMethodNone, c, jwt.UnsafeAllowNoneSignatureType)
			}
		},
		"a signature by the client's secret": func(p *provider) {
			p.sign = func(c jwt.MapClaims) string { return p.signed(jwt.SigningMethodHS256, c, []byte("shh")) }
		},
		"somebody else's signature": func(p *provider) {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				p.Fatal(err)
			}
			p.sign = func(c jwt.MapClaims) string { return p.signed(jwt.SigningMethodRS256, c, key) }
		},
		"no token": func(p *provider) { p.sign = func(jwt.MapClaims) string { return "" } },
	} {
		t.Run(name, func(t *testing.T) {
			s, p := elsewhere(t, signin.ExternalJIT)
			change(p)
			b := s.browser()
			b.wants(b.comeBack(b.goThere(p, "/_usher/oidc/start")), http.StatusForbidden, "cannot sign in")
			if b.who() != "" || len(s.people.byID) != 1 {
				t.Error("somebody is signed in, or became a person")
			}
			if len(s.failed) != 1 || strings.Contains(s.failed[0], anna) {
				t.Errorf("the operator reads %v", s.failed)
			}
		})
	}
}

func TestVerifiedAsText(t *testing.T) {
	s, p := elsewhere(t, signin.ExternalDeny)
	p.claim = func(c jwt.MapClaims) { c["email_verified"], c["email"] = "true", "Anna@Example.com" }
	b := s.browser()
	b.wants(b.comeBack(b.goThere(p, "/_usher/oidc/start")), http.StatusSeeOther, "/_usher/signin")
}

func TestPersonsWhomNobodyInvited(t *testing.T) {
	for external, want := range map[string]struct {
		status  int
		says    string
		persons int
	}{
		signin.ExternalDeny:    {http.StatusForbidden, "cannot sign in", 1},
		signin.ExternalApprove: {http.StatusForbidden, "approve", 2},
		signin.ExternalJIT:     {http.StatusSeeOther, "/_usher/signin", 2},
	} {
		t.Run(external, func(t *testing.T) {
			s, p := elsewhere(t, external)
			p.claim = func(c jwt.MapClaims) { c["email"], c["name"] = ben, "Ben\r\nBcc: x" }
			for range 2 { // the second time they are there already
				b := s.browser()
				b.wants(b.comeBack(b.goThere(p, "/_usher/oidc/start")), want.status, want.says)
				if in := b.who() == ben; in != (external == signin.ExternalJIT) {
					t.Errorf("signed in: %v", in)
				}
			}
			if len(s.people.byID) != want.persons {
				t.Errorf("%d persons, want %d", len(s.people.byID), want.persons)
			}
			for _, person := range s.people.byID {
				if person.Name != "" {
					t.Errorf("a name of two lines was kept: %q", person.Name)
				}
			}
		})
	}
}

func TestWhoMayNotSignInMayNotElsewhereEither(t *testing.T) {
	s, p := elsewhere(t, signin.ExternalJIT)
	if err := s.people.change(s.anna, func(person *signin.Person) { person.Live = false }); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.wants(b.comeBack(b.goThere(p, "/_usher/oidc/start")), http.StatusForbidden, "cannot sign in")
}

func TestAProviderThatIsAwayComesBack(t *testing.T) {
	s, p := elsewhere(t, signin.ExternalDeny)
	b := s.browser()
	p.down = true
	b.wants(b.get("/_usher/oidc/start"), http.StatusServiceUnavailable, "store_down")
	p.mu.Lock()
	p.down = false
	p.mu.Unlock()
	back := b.goThere(p, "/_usher/oidc/start")
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()
	b.wants(b.comeBack(back), http.StatusServiceUnavailable, "store_down")
}
