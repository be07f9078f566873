package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/gate"
)

// FactorFor is how long somebody may take for their passkey, all tries together.
const FactorFor = 10 * time.Minute

// freshFactor is how long after signing in somebody may change their passkeys: a
// browser that was left open is not enough.
const freshFactor = 15 * time.Minute

// ceremony is what a browser was asked for: to show a passkey, or to make one. A
// browser has one at a time, under its device id, which only its sealed cookie
// names; the challenge in it is good once.
type ceremony struct {
	Person gate.PersonID `json:"person"`
	// How the person showed who they are so far, and is in once this is done;
	// empty: they are in, by SignIn, and add a passkey.
	How    string    `json:"how,omitempty"`
	SignIn ID        `json:"signin,omitzero"`
	Begun  time.Time `json:"begun"`
	// Makes says that a passkey is made.
	Makes   bool                 `json:"makes,omitempty"`
	Session webauthn.SessionData `json:"session"`
	// Options are what the browser's authenticator is asked with.
	Options json.RawMessage `json:"options"`
}

// forPasskey is the purpose of a ceremony's document.
const forPasskey = "passkey"

// triesAtPasskeys is what wrong answers of an address's passkeys are counted under.
func triesAtPasskeys(address string) string { return "passkey:" + addressID(address) }

func ceremonyID(v Visitor) string { return codeID(forPasskey, v.Device.String()) }

// begin stores a ceremony with a challenge of its own in place of the browser's
// last one.
func (d *Desk) begin(ctx context.Context, v Visitor, a account, c ceremony) error {
	c.Person = a.ID
	var options any
	var session *webauthn.SessionData
	var err error
	if c.Makes {
		var made *protocol.CredentialCreation
		known := webauthn.Credentials(a.WebAuthnCredentials()).CredentialDescriptors()
		if made, session, err = d.Party.web.BeginRegistration(a, webauthn.WithExclusions(known)); err == nil {
			options = made.Response
		}
	} else {
		var asked *protocol.CredentialAssertion
		if asked, session, err = d.Party.web.BeginLogin(a); err == nil {
			options = asked.Response
		}
	}
	if err != nil {
		return fmt.Errorf("asking for a passkey: %w", err)
	}
	c.Session = *session
	if c.Options, err = json.Marshal(options); err != nil {
		return fmt.Errorf("asking for a passkey: %w", err)
	}
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("asking for a passkey: %w", err)
	}
	id := ceremonyID(v)
	if err := d.Store.Delete(ctx, gate.KindCode, id); err != nil && !errors.Is(err, gate.ErrNotFound) {
		return fmt.Errorf("asking for a passkey: %w", err)
	}
	_, err = d.Store.Put(ctx, gate.Document{Kind: gate.KindCode, ID: id, Body: body, Until: c.Begun.Add(FactorFor)})
	if err != nil && !errors.Is(err, gate.ErrConflict) { // a double click: the other one's page has the challenge
		return fmt.Errorf("asking for a passkey: %w", err)
	}
	return nil
}

// ceremony returns the browser's, and whose it is; found is false where there is
// none that counts.
func (d *Desk) ceremony(ctx context.Context, v Visitor) (c ceremony, person Person, found bool, err error) {
	doc, err := d.Store.Get(ctx, gate.KindCode, ceremonyID(v))
	if errors.Is(err, gate.ErrNotFound) {
		return c, person, false, nil
	}
	if err != nil {
		return c, person, false, fmt.Errorf("looking up what a passkey is for: %w", err)
	}
	if err := json.Unmarshal(doc.Body, &c); err != nil {
		return c, person, false, fmt.Errorf("reading what a passkey is for: %w", err)
	}
	person, err = d.People.ByID(ctx, c.Person)
	if errors.Is(err, gate.ErrNotFound) {
		return c, person, false, nil
	}
	if err != nil {
		return c, person, false, fmt.Errorf("looking up a person: %w", err)
	}
	return c, person, person.Live && c.Begun.After(person.CutAt), nil
}

// AddPasskey begins making a passkey for who is signed in. Denied: nobody is, or
// not since a short while ago.
func (d *Desk) AddPasskey(ctx context.Context, v Visitor) (Outcome, error) {
	person, s, err := d.Who(ctx, v.Token)
	if errors.Is(err, gate.ErrNotFound) || err == nil && !d.fresh(s) {
		return Outcome{Result: Denied}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	a, err := d.account(ctx, person)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Result: Second, Person: person}, d.begin(ctx, v, a, ceremony{SignIn: s.ID, Begun: d.Now().UTC(), Makes: true})
}

func (d *Desk) fresh(s SignIn) bool { return d.Now().Sub(s.Opened) < freshFactor }

// FinishPasskey takes what the browser's authenticator answered. In: the person is
// signed in, or, without a token, has one passkey more. Wrong: they may try again,
// with another challenge. Gone: they begin anew.
func (d *Desk) FinishPasskey(ctx context.Context, v Visitor, name, response string) (Outcome, error) {
	c, person, found, err := d.ceremony(ctx, v)
	if err != nil || !found || !d.Passkeyed() {
		return Outcome{Result: Gone}, err
	}
	try, wait, err := d.tries.Begin(ctx, attempts.Guesses, v.at(triesAtPasskeys(person.Address)))
	if err != nil || wait > 0 {
		return Outcome{Result: TooMany, Wait: wait, Person: person}, err
	}
	switch err := d.Store.Delete(ctx, gate.KindCode, ceremonyID(v)); { // of several at once, one
	case errors.Is(err, gate.ErrNotFound):
		return Outcome{Result: Gone}, d.tries.Void(ctx, try)
	case err != nil:
		return Outcome{}, errors.Join(fmt.Errorf("taking a challenge: %w", err), d.tries.Void(context.WithoutCancel(ctx), try))
	}
	a, err := d.account(ctx, person)
	if err != nil {
		return Outcome{}, errors.Join(err, d.tries.Void(context.WithoutCancel(ctx), try))
	}
	var passkey PasskeyID
	if c.Makes {
		passkey, err = d.enrol(ctx, v, a, c, name, response)
	} else {
		passkey, err = d.prove(ctx, a, c, response)
	}
	var wrong wrongError
	switch {
	case errors.Is(err, errOver):
		return Outcome{Result: Gone}, d.tries.Void(ctx, try)
	case errors.As(err, &wrong):
		d.Failed("taking a passkey", wrong)
		return Outcome{Result: Wrong, Person: person}, d.begin(ctx, v, a, c)
	case err != nil:
		return Outcome{}, errors.Join(err, d.tries.Void(context.WithoutCancel(ctx), try))
	}
	if err := d.tries.Right(ctx, try); err != nil {
		return Outcome{}, err
	}
	if c.How == "" {
		return Outcome{Result: In, Person: person}, nil
	}
	return d.open(ctx, v, person, c.How, passkey)
}

// wrongError is an answer of an authenticator that is not taken. The operator may
// read why.
type wrongError struct{ error }

func (w wrongError) Unwrap() error { return w.error }

// errOver says that a ceremony is not for what it was for any more.
var errOver = errors.New("the passkeys are others by now")

// prove checks what an authenticator signed.
func (d *Desk) prove(ctx context.Context, a account, c ceremony, response string) (PasskeyID, error) {
	if len(a.passkeys) == 0 {
		return PasskeyID{}, errOver
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(response))
	if err != nil {
		return PasskeyID{}, wrongError{err}
	}
	shown, err := d.Party.web.ValidateLogin(a, c.Session, parsed)
	if err != nil {
		return PasskeyID{}, wrongError{err}
	}
	for _, p := range a.passkeys {
		if string(p.Credential.ID) != string(shown.ID) {
			continue
		}
		err := d.used(ctx, p.ID, shown.Flags, parsed.Response.AuthenticatorData.Counter)
		if errors.Is(err, errCloned) || errors.Is(err, gate.ErrNotFound) {
			return p.ID, wrongError{err}
		}
		return p.ID, err
	}
	return PasskeyID{}, errOver
}

// enrol keeps the passkey that an authenticator made. Whoever makes one to get in
// has none: another one that came in between is asked for instead, since somebody
// who knows only the password could have begun this.
func (d *Desk) enrol(ctx context.Context, v Visitor, a account, c ceremony, name, response string) (PasskeyID, error) {
	if c.How != "" && len(a.passkeys) > 0 {
		return PasskeyID{}, errOver
	}
	if c.How == "" {
		person, s, err := d.Who(ctx, v.Token)
		switch {
		case errors.Is(err, gate.ErrNotFound), err == nil && (person.ID != c.Person || s.ID != c.SignIn):
			return PasskeyID{}, errOver
		case err != nil:
			return PasskeyID{}, err
		}
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(response))
	if err != nil {
		return PasskeyID{}, wrongError{err}
	}
	made, err := d.Party.web.CreateCredential(a, c.Session, parsed)
	if err != nil {
		return PasskeyID{}, wrongError{err}
	}
	p, err := d.addPasskey(ctx, a.Person, name, *made)
	if errors.Is(err, errTaken) {
		return PasskeyID{}, wrongError{err}
	}
	return p.ID, err
}
