package signin

import (
	"context"

	"github.com/go-webauthn/webauthn/webauthn"
)

// Put gives a person a passkey.
func (d *Desk) Put(ctx context.Context, person Person, credential webauthn.Credential) error {
	_, err := d.addPasskey(ctx, person, "key", credential)
	return err
}

// Ask begins a ceremony of a person's, as signing in and adding a passkey do.
func (d *Desk) Ask(ctx context.Context, v Visitor, person Person, makes bool) error {
	a, err := d.account(ctx, person)
	if err != nil {
		return err
	}
	return d.begin(ctx, v, a, ceremony{How: ByPassword, Begun: d.Now().UTC(), Makes: makes})
}
