package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/signin/oidctest"
)

// elsewhere is a scene with a provider.
func elsewhere(t *testing.T, external string) (*scene, *oidctest.Provider) {
	t.Helper()
	p := oidctest.Serve(t)
	p.Callback = site + signin.CallbackPath
	s := stage(t, func(o *signin.Options) {
		o.Elsewhere = &signin.Provider{Issuer: p.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, Domains: []string{"Example.com"}}
		o.External = external
	})
	p.Now = s.now
	return s, p
}

// goThere begins in the browser and agrees at the provider.
func (b *browserOf) goThere(p *oidctest.Provider, path string) url.Values {
	b.Helper()
	got := b.get(path)
	b.wants(got, http.StatusSeeOther, p.URL)
	return p.Authorize(got.Header.Get("Location"))
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
	for name, change := range map[string]func(*oidctest.Provider){
		"an unverified address":    func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { c["email_verified"] = false } },
		"no word on verification":  func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { delete(c, "email_verified") } },
		"verification as a number": func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { c["email_verified"] = 1 } },
		"no address":               func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { delete(c, "email") } },
		"an odd address":           func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { c["email"] = "Anna <" + anna + ">" } },
		"an address elsewhere": func(p *oidctest.Provider) {
			p.Claims = func(c jwt.MapClaims) { c["email"] = "anna@example.com.evil.example" }
		},
		"another audience":        func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { c["aud"] = "other" } },
		"another issuer":          func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { c["iss"] = "https://evil.example" } },
		"another browser's nonce": func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { c["nonce"] = "x" } },
		"no nonce":                func(p *oidctest.Provider) { p.Claims = func(c jwt.MapClaims) { delete(c, "nonce") } },
		"a time that is over": func(p *oidctest.Provider) {
			p.Claims = func(c jwt.MapClaims) { c["exp"] = p.Now().Add(-time.Minute).Unix() }
		},
		"no signature": func(p *oidctest.Provider) {
			p.Sign = func(c jwt.MapClaims) string {
				return p.Signed(jwt.SigningMethodNone, c, jwt.UnsafeAllowNoneSignatureType)
			}
		},
		"a signature by the client's secret": func(p *oidctest.Provider) {
			p.Sign = func(c jwt.MapClaims) string { return p.Signed(jwt.SigningMethodHS256, c, []byte("shh")) }
		},
		"somebody else's signature": func(p *oidctest.Provider) {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				panic(err)
			}
			p.Sign = func(c jwt.MapClaims) string { return p.Signed(jwt.SigningMethodRS256, c, key) }
		},
		"no token": func(p *oidctest.Provider) { p.Sign = func(jwt.MapClaims) string { return "" } },
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
	p.Claims = func(c jwt.MapClaims) { c["email_verified"], c["email"] = "true", "Anna@Example.com" }
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
			p.Claims = func(c jwt.MapClaims) { c["email"], c["name"] = ben, "Ben\r\nBcc: x" }
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
	p.Down(true)
	b.wants(b.get("/_usher/oidc/start"), http.StatusServiceUnavailable, "store_down")
	p.Down(false)
	back := b.goThere(p, "/_usher/oidc/start")
	p.Down(true)
	b.wants(b.comeBack(back), http.StatusServiceUnavailable, "store_down")
}
