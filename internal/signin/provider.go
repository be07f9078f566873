package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/token"
	"github.com/usher-media/usher/internal/typed"
)

// Provider is an OpenID Connect provider, where persons have accounts already.
type Provider struct {
	Issuer, ClientID, ClientSecret string
	// Domains are those whose addresses the provider may vouch for. A provider
	// that could vouch for any address could sign in as anybody.
	Domains []string
	// Client makes the requests to the provider; nil: one with time limits.
	Client *http.Client

	mu    sync.Mutex
	known *oidc.Provider
}

// providerTime bounds each request to the provider.
const providerTime = 10 * time.Second

func (p *Provider) client(ctx context.Context) context.Context {
	client := p.Client
	if client == nil {
		client = &http.Client{Timeout: providerTime}
	}
	return oidc.ClientContext(ctx, client)
}

// discover reads what the provider says of itself, once it answers. It is asked
// when somebody signs in and not at start: a provider that is away must not keep
// the gateway from starting.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	known := p.known
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	// The keys are fetched later with the context of now, which must not end with
	// this request.
	asking, cancel := context.WithTimeout(p.client(context.WithoutCancel(ctx)), providerTime)
	defer cancel()
	found, err := oidc.NewProvider(asking, p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("asking the OpenID provider: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = found
	return found, nil
}

// CallbackPath is where the provider sends the browser back to.
const CallbackPath = "/_usher/oidc/callback"

func (d *Desk) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: d.Elsewhere.ClientID, ClientSecret: d.Elsewhere.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: d.PublicURL + CallbackPath, Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// flow is a sign-in elsewhere that was begun in this browser. Everything that
// ties the answer to it is made from its secret, which only the browser's sealed
// cookie holds: nothing is stored for who never comes back.
type flow struct {
	secret [flowSecret]byte
	next   string
}

const (
	flowSecret = 28 // with 8 bytes of time, the one length of a FlowToken
	// FlowFor is how long somebody may take at the provider.
	FlowFor = 10 * time.Minute
)

// part makes one of the values that go to the provider: state, nonce, verifier.
func (f flow) part(name string) string {
	mac := hmac.New(sha256.New, f.secret[:])
	fmt.Fprintf(mac, "%d:%s%s", len(name), name, f.next)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// seal writes the flow as the text of a cookie. The sealed part has a fixed
// length; next stands beside it, and is held to it by the state.
func (f flow) seal(keys *token.Keyring, now time.Time) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))
	return keys.Seal(token.FlowToken, append(body, f.secret[:]...)) + "." + base64.RawURLEncoding.EncodeToString([]byte(f.next))
}

// openFlow reads a cookie's text.
func openFlow(keys *token.Keyring, now time.Time, text string) (flow, bool) {
	var f flow
	sealed, rest, found := strings.Cut(text, ".")
	if !found {
		return f, false
	}
	body, err := keys.Unseal(nil, token.FlowToken, sealed)
	if err != nil {
		return f, false
	}
	next, err := base64.RawURLEncoding.DecodeString(rest)
	begun := time.Unix(int64(binary.BigEndian.Uint64(body)), 0)
	if err != nil || now.Sub(begun) > FlowFor || begun.After(now.Add(time.Minute)) {
		return f, false
	}
	f.next = string(next)
	copy(f.secret[:], body[8:])
	return f, true
}

// Begin begins a sign-in elsewhere: it returns where to send the browser, and
// the text of the cookie by which it is known when it comes back.
func (d *Desk) Begin(ctx context.Context, next string) (to, cookie string, err error) {
	found, err := d.Elsewhere.discover(ctx)
	if err != nil {
		return "", "", err
	}
	f := flow{next: next}
	rand.Read(f.secret[:])
	to = d.oauth(found).AuthCodeURL(f.part("state"), oidc.Nonce(f.part("nonce")), oauth2.S256ChallengeOption(f.part("verifier")))
	return to, f.seal(d.Keys(), d.Now()), nil
}

// Finish takes the provider's answer: it signs in the person with the address
// that the provider vouches for, and returns where they wanted to go.
func (d *Desk) Finish(ctx context.Context, v Visitor, cookie, state, code string) (Outcome, string, error) {
	f, ok := openFlow(d.Keys(), d.Now(), cookie)
	if !ok || code == "" || !hmac.Equal([]byte(state), []byte(f.part("state"))) {
		return Outcome{Result: Denied}, "", nil
	}
	who, err := d.ask(ctx, f, code)
	var refused refusedError
	if errors.As(err, &refused) {
		d.Failed("signing in elsewhere", err)
		return Outcome{Result: Denied}, f.next, nil
	}
	if err != nil {
		return Outcome{}, f.next, err
	}
	outcome, err := d.welcome(ctx, v, who)
	return outcome, f.next, err
}

// refusedError is an answer of the provider that nobody may come in by. It is no
// fault of ours, and the operator wants to read of it.
type refusedError struct{ error }

func (r refusedError) Unwrap() error { return r.error }

// claims are what is read of an ID token.
type claims struct {
	Email    string   `json:"email"`
	Verified verified `json:"email_verified"`
	Name     string   `json:"name"`
}

// verified takes true in its two spellings: some providers write it as text.
type verified bool

func (v *verified) UnmarshalJSON(text []byte) error {
	*v = verified(string(text) == "true" || string(text) == `"true"`)
	return nil
}

// ask exchanges the code for an ID token and checks that.
func (d *Desk) ask(ctx context.Context, f flow, code string) (claims, error) {
	var said claims
	found, err := d.Elsewhere.discover(ctx)
	if err != nil {
		return said, err
	}
	ctx, cancel := context.WithTimeout(d.Elsewhere.client(ctx), providerTime)
	defer cancel()
	answer, err := d.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(f.part("verifier")))
	var no *oauth2.RetrieveError
	switch {
	case errors.As(err, &no) && no.Response.StatusCode < http.StatusInternalServerError:
		return said, refusedError{fmt.Errorf("the OpenID provider refused the code: %s", no.ErrorCode)}
	case err != nil:
		return said, fmt.Errorf("exchanging the code at the OpenID provider: %w", err)
	}
	text, _ := answer.Extra("id_token").(string)
	proof, err := found.Verifier(&oidc.Config{ClientID: d.Elsewhere.ClientID, Now: d.Now}).Verify(ctx, text)
	if err != nil {
		return said, refusedError{fmt.Errorf("the ID token: %w", err)}
	}
	if !hmac.Equal([]byte(proof.Nonce), []byte(f.part("nonce"))) {
		return said, refusedError{errors.New("the ID token was made for another browser")}
	}
	if err := proof.Claims(&said); err != nil {
		return said, refusedError{fmt.Errorf("the ID token: %w", err)}
	}
	return d.Elsewhere.vouched(said)
}

// vouched checks the address.
func (p *Provider) vouched(said claims) (claims, error) {
	address, ok := typed.Address(said.Email)
	if !ok {
		return said, refusedError{errors.New("the ID token: email is not an address that is taken here")}
	}
	if !said.Verified {
		return said, refusedError{errors.New("the ID token: the provider has not verified the address")}
	}
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if !slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return said, refusedError{fmt.Errorf("the ID token: addresses of %s are not among those that the provider may vouch for", domain)}
	}
	said.Email = address
	if mail.CheckName(said.Name) != nil {
		said.Name = ""
	}
	return said, nil
}

// welcome signs in the person that was vouched for, or makes them one.
func (d *Desk) welcome(ctx context.Context, v Visitor, who claims) (Outcome, error) {
	person, live, err := d.find(ctx, who.Email)
	if err == nil && person.ID.IsZero() {
		person, err = d.join(ctx, who)
		live = person.Live
	}
	switch {
	case err != nil:
		return Outcome{}, err
	case live:
		return d.admit(ctx, v, person, ByOIDC)
	case person.Waiting:
		return d.turnAway(v, Waiting, person.ID, ByOIDC), nil
	}
	return d.turnAway(v, Denied, person.ID, ByOIDC), nil
}

// join makes somebody a person whom nobody invited, where the site wants that;
// otherwise it returns nobody.
func (d *Desk) join(ctx context.Context, who claims) (Person, error) {
	if d.External != ExternalJIT && d.External != ExternalApprove {
		return Person{}, nil
	}
	person, err := d.People.Join(ctx, who.Email, who.Name, d.External == ExternalApprove)
	if errors.Is(err, gate.ErrConflict) { // in another window, just now
		person, _, err = d.find(ctx, who.Email)
	}
	if err != nil {
		return Person{}, fmt.Errorf("making a person: %w", err)
	}
	return person, nil
}
