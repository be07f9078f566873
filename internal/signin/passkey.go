package signin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/token"
	"github.com/usher-media/usher/internal/typed"
)

// PasskeyID names a passkey. It is shown to people with the prefix "pky_".
type PasskeyID token.ID

const passkeyPrefix = "pky_"

func (id PasskeyID) String() string { return passkeyPrefix + token.ID(id).String() }

// IsZero reports whether there is no passkey.
func (id PasskeyID) IsZero() bool { return id == PasskeyID{} }

// MarshalText makes the id a plain string in JSON.
func (id PasskeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *PasskeyID) UnmarshalText(text []byte) (err error) {
	*id, err = ParsePasskeyID(string(text))
	return err
}

// ParsePasskeyID reads "pky_" and 20 characters.
func ParsePasskeyID(text string) (PasskeyID, error) {
	id, err := token.ParsePrefixed(passkeyPrefix, text)
	return PasskeyID(id), err
}

// Passkey is a second factor of a person: a key pair in an authenticator of
// theirs, of which we have the public half.
type Passkey struct {
	ID     PasskeyID     `json:"id"`
	Person gate.PersonID `json:"person"`
	// Name is what the person calls it.
	Name string    `json:"name"`
	Made time.Time `json:"made"`
	// Used is when somebody signed in with it last; zero: nobody did.
	Used       time.Time           `json:"used,omitzero"`
	Credential webauthn.Credential `json:"credential"`
}

// Synced reports whether the authenticator keeps copies of the key elsewhere.
func (p Passkey) Synced() bool { return p.Credential.Flags.BackupState }

// Bounds of passkeys.
const (
	maxPasskeys    = 10
	maxPasskeyName = 60
)

// ErrLastPasskey reports that an owner would be left without a second factor.
var ErrLastPasskey = errors.New("the last passkey of an owner stays until there is another")

// credentialTerm finds the passkey of an authenticator's key, whoever has it.
func credentialTerm(id []byte) string {
	sum := sha256.Sum256(id)
	return "credential:" + hex.EncodeToString(sum[:])
}

// Passkeys returns a person's passkeys, the newest first.
func (d *Desk) Passkeys(ctx context.Context, person gate.PersonID) ([]Passkey, error) {
	docs, err := d.Store.List(ctx, gate.KindPasskey, person.String(), "", maxPasskeys)
	if err != nil {
		return nil, fmt.Errorf("listing passkeys: %w", err)
	}
	all := make([]Passkey, len(docs))
	for i, doc := range docs {
		if all[i], err = passkeyFrom(doc); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Passkey returns one, or ErrNotFound.
func (d *Desk) Passkey(ctx context.Context, id PasskeyID) (Passkey, error) {
	doc, err := d.Store.Get(ctx, gate.KindPasskey, id.String())
	if err != nil {
		return Passkey{}, fmt.Errorf("looking up a passkey: %w", err)
	}
	return passkeyFrom(doc)
}

func passkeyFrom(doc gate.Document) (Passkey, error) {
	var p Passkey
	if err := json.Unmarshal(doc.Body, &p); err != nil {
		return p, fmt.Errorf("reading passkey %s: %w", doc.ID, err)
	}
	return p, nil
}

func (p Passkey) document(rev int64) (gate.Document, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return gate.Document{}, fmt.Errorf("writing a passkey: %w", err)
	}
	return gate.Document{
		Kind: gate.KindPasskey, ID: p.ID.String(), Rev: rev, Body: body,
		Index: []string{p.Person.String(), credentialTerm(p.Credential.ID)},
	}, nil
}

// errTaken reports that the authenticator's key is known already, or that the
// person has as many passkeys as one may have.
var errTaken = errors.New("the passkey cannot be added")

// addPasskey keeps a passkey that an authenticator has just made.
func (d *Desk) addPasskey(ctx context.Context, person Person, name string, credential webauthn.Credential) (Passkey, error) {
	if name = strings.TrimSpace(name); name == "" || !typed.Line(name, maxPasskeyName) {
		name = "Passkey"
	}
	had, err := d.Store.List(ctx, gate.KindPasskey, credentialTerm(credential.ID), "", 1)
	if err != nil {
		return Passkey{}, fmt.Errorf("looking for a passkey: %w", err)
	}
	all, err := d.Passkeys(ctx, person.ID)
	if err != nil {
		return Passkey{}, err
	}
	if len(had) > 0 || len(all) >= maxPasskeys {
		return Passkey{}, errTaken
	}
	credential.Attestation = webauthn.CredentialAttestation{} // we ask for none, and judge by none
	now := d.Now().UTC()
	p := Passkey{ID: PasskeyID(token.NewID(now)), Person: person.ID, Name: name, Made: now, Credential: credential}
	doc, err := p.document(0)
	if err != nil {
		return p, err
	}
	if _, err := d.Store.Put(ctx, doc); err != nil {
		return p, fmt.Errorf("keeping a passkey: %w", err)
	}
	d.tellOfPasskey(ctx, person, now)
	return p, nil
}

// tellOfPasskey tells the person by mail, where there is mail. The passkey is there
// already: that nobody could be told takes it from nobody.
func (d *Desk) tellOfPasskey(ctx context.Context, person Person, now time.Time) {
	if !d.Mail.Delivers() || d.PublicURL == "" {
		return
	}
	letter, err := mail.PasskeyAdded{URL: d.PublicURL + passkeysPath, When: now}.Message(person.Address)
	if err == nil {
		_, err = d.Mail.Send(ctx, letter)
	}
	if err != nil {
		d.Failed("telling of a passkey", err)
	}
}

// errCloned reports a sign count that did not grow: the key is in two
// authenticators (WebAuthn section 6.1.1), or the answer was given before.
var errCloned = errors.New("the sign count of a passkey did not grow: it may have been copied")

// used notes that somebody signed in with a passkey. Of two with the same count,
// at the same moment, one is refused.
func (d *Desk) used(ctx context.Context, id PasskeyID, flags webauthn.CredentialFlags, count uint32) error {
	for {
		doc, err := d.Store.Get(ctx, gate.KindPasskey, id.String())
		if err != nil {
			return fmt.Errorf("looking up a passkey: %w", err)
		}
		p, err := passkeyFrom(doc)
		if err != nil {
			return err
		}
		p.Credential.Authenticator.UpdateCounter(count)
		if p.Credential.Authenticator.CloneWarning {
			return errCloned
		}
		p.Credential.Flags, p.Used = flags, d.Now().UTC()
		if doc, err = p.document(doc.Rev); err != nil {
			return err
		}
		_, err = d.Store.Put(ctx, doc)
		if err == nil || !errors.Is(err, gate.ErrConflict) {
			return err
		}
	}
}

// RemovePasskey takes a passkey from a person, and ends the sign-ins that were
// opened with it, but for one: somebody else may have the authenticator. The last
// one of an owner is ErrLastPasskey; only [Desk.ResetPasskeys] removes it.
func (d *Desk) RemovePasskey(ctx context.Context, person Person, id PasskeyID, but ID) (Passkey, error) {
	all, err := d.Passkeys(ctx, person.ID)
	if err != nil {
		return Passkey{}, err
	}
	i := slices.IndexFunc(all, func(p Passkey) bool { return p.ID == id })
	switch {
	case i < 0:
		return Passkey{}, gate.ErrNotFound
	case person.Owner && len(all) == 1:
		return all[i], ErrLastPasskey
	}
	return all[i], d.removePasskey(ctx, all[i], but)
}

// ResetPasskeys takes all passkeys from a person, and says how many: whoever knows
// the password is then in by that alone, or has to make a passkey first.
func (d *Desk) ResetPasskeys(ctx context.Context, person gate.PersonID) (int, error) {
	all, err := d.Passkeys(ctx, person)
	if err != nil {
		return 0, err
	}
	for i, p := range all {
		if err := d.removePasskey(ctx, p, ID{}); err != nil {
			return i, err
		}
	}
	return len(all), nil
}

func (d *Desk) removePasskey(ctx context.Context, p Passkey, but ID) error {
	if err := d.Store.Delete(ctx, gate.KindPasskey, p.ID.String()); err != nil {
		return fmt.Errorf("removing a passkey: %w", err)
	}
	below := ID{}
	for {
		all, err := d.Of(ctx, p.Person, below, page)
		if err != nil || len(all) == 0 {
			return err
		}
		for _, s := range all {
			below = s.ID
			if s.Passkey != p.ID || s.ID == but {
				continue
			}
			if err := d.End(ctx, s.ID); err != nil && !errors.Is(err, gate.ErrNotFound) {
				return err
			}
		}
	}
}
