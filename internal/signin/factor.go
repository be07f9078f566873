package signin

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Who is asked for a second factor, a passkey.
const (
	FactorOffered  = "offered"  // whoever has one
	FactorOwners   = "owners"   // also owners, who make one when they sign in next
	FactorEveryone = "everyone" // everybody, likewise
	FactorOff      = "off"      // nobody, and none can be made
)

// Party is whom passkeys are made for: the site, by its host name.
type Party struct{ web *webauthn.WebAuthn }

// NewParty returns the party of a site. verify says that the authenticator has to
// make sure that it is the person, by a PIN or a finger; otherwise it is asked to
// where it can.
func NewParty(publicURL string, verify bool) (*Party, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	host := strings.ToLower(u.Hostname())
	_, notAddress := netip.ParseAddr(host)
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if host == "" || notAddress == nil || u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, fmt.Errorf("passkeys need a public_url of https and a host name, such as https://media.example.com")
	}
	wants := protocol.VerificationPreferred
	if verify {
		wants = protocol.VerificationRequired
	}
	web, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: host, RPOrigins: []string{u.Scheme + "://" + strings.ToLower(u.Host)},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: wants,
		},
		// Browsers report outputs that nobody asked for, and we read none.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Party{web}, nil
}

// account is a person as package webauthn knows one.
type account struct {
	Person
	passkeys []Passkey
}

var _ webauthn.User = account{}

// WebAuthnID is the user handle. Authenticators give it away to whoever has them,
// so it is an id and no address.
func (a account) WebAuthnID() []byte { return []byte(a.ID.String()) }

// WebAuthnName is what the authenticator shows.
func (a account) WebAuthnName() string { return a.Address }

// WebAuthnDisplayName is what the authenticator shows beside.
func (a account) WebAuthnDisplayName() string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name
}

// WebAuthnCredentials are the person's passkeys.
func (a account) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(a.passkeys))
	for i, p := range a.passkeys {
		all[i] = p.Credential
	}
	return all
}

func (d *Desk) account(ctx context.Context, person Person) (account, error) {
	passkeys, err := d.Passkeys(ctx, person.ID)
	return account{person, passkeys}, err
}

// Passkeyed reports whether passkeys can be made and used here.
func (d *Desk) Passkeyed() bool { return d.Party != nil && d.factor() != FactorOff }

func (d *Desk) factor() string {
	if d.SecondFactor == "" {
		return FactorOff
	}
	return d.SecondFactor
}

// must reports whether the person has to have a passkey.
func (d *Desk) must(person Person) bool {
	return d.factor() == FactorEveryone || d.factor() == FactorOwners && person.Owner
}

// admit lets in somebody who has shown one factor, or asks for the second. It is
// the same however the first was shown: whoever reads the person's mail has a code
// and an activation link as well.
func (d *Desk) admit(ctx context.Context, v Visitor, person Person, how string) (Outcome, error) {
	if d.factor() == FactorOff {
		return d.open(ctx, v, person, how, PasskeyID{})
	}
	a, err := d.account(ctx, person)
	if err != nil {
		return Outcome{}, err
	}
	switch has := len(a.passkeys) > 0; {
	case !has && !d.must(person):
		return d.open(ctx, v, person, how, PasskeyID{})
	case d.Party == nil:
		return Outcome{Result: NoPasskeys, Person: person}, nil
	default:
		return Outcome{Result: Second, Person: person}, d.begin(ctx, v, a, ceremony{How: how, Begun: d.Now().UTC(), Makes: !has})
	}
}
