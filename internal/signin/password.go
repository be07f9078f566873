package signin

import (
	"context"
	"errors"
	"fmt"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/secret"
)

// addressID is an address in terms and counters: its hash, since whoever types an
// address at the desk need not be somebody we may keep the address of.
func addressID(address string) string { return directory.AddressID(address) }

// TriesAt is the term of all counters of tries at an address.
func TriesAt(address string) string { return attempts.At(addressID(address)) }

// triesOf is what wrong passwords and codes of an address are counted under.
func triesOf(address string) string { return "signin:" + addressID(address) }

// mailsOf is what the code mails to an address are counted under.
func mailsOf(address string) string { return "mail:" + addressID(address) }

func (v Visitor) at(of string) attempts.Who {
	return attempts.Who{Of: of, Device: v.Device, Group: v.Group}
}

// know notes that the device was let in.
func (d *Desk) know(ctx context.Context, v Visitor, of string) error {
	return d.tries.Know(ctx, v.at(of))
}

// find returns the person with an address; found is false where there is none, or
// none who may sign in.
func (d *Desk) find(ctx context.Context, address string) (person Person, found bool, err error) {
	person, err = d.People.ByAddress(ctx, address)
	if errors.Is(err, gate.ErrNotFound) {
		return Person{}, false, nil
	}
	if err != nil {
		return Person{}, false, fmt.Errorf("looking up a person: %w", err)
	}
	return person, person.Live, nil
}

// Password signs in whoever knows the password of an address. The work is the
// same where there is no such person.
func (d *Desk) Password(ctx context.Context, v Visitor, address, password string) (Outcome, error) {
	try, wait, err := d.tries.Begin(ctx, attempts.Guesses, v.at(triesOf(address)))
	if err != nil {
		return Outcome{Result: TooMany}, err
	}
	if wait > 0 {
		outcome := d.turnAway(v, TooMany, gate.PersonID{}, ByPassword)
		outcome.Wait = wait
		return outcome, nil
	}
	person, found, err := d.find(ctx, address)
	if err != nil {
		return Outcome{}, errors.Join(err, d.tries.Void(ctx, try))
	}
	answer, err := check(ctx, person.Password, password)
	if err != nil {
		return Outcome{}, errors.Join(err, d.tries.Void(context.WithoutCancel(ctx), try))
	}
	if !answer.Right || !found {
		return d.turnAway(v, Wrong, person.ID, ByPassword), nil
	}
	if err := d.tries.Right(ctx, try); err != nil {
		return Outcome{}, err
	}
	if answer.Stale {
		d.rehash(ctx, person, password)
	}
	return d.admit(ctx, v, person, ByPassword)
}

// check verifies a password, or does the same work for nobody.
func check(ctx context.Context, phc, password string) (secret.Answer, error) {
	if phc == "" {
		return secret.Answer{}, secret.VerifyNobody(ctx, password)
	}
	return secret.Verify(ctx, phc, password)
}

// rehash puts a string of today's costs in place of an old one. That it failed
// keeps nobody out.
func (d *Desk) rehash(ctx context.Context, person Person, password string) {
	phc, err := secret.Hash(ctx, password)
	if err == nil {
		err = d.People.SetPassword(ctx, person.ID, phc)
	}
	if err != nil {
		d.Failed("renewing the costs of a password", err)
	}
}

// ChangePassword sets another password for who is signed in, who has to know the
// old one: a browser that was left open is not enough. All other sign-ins end.
// Who has no password yet signs in by an activation link to choose one.
func (d *Desk) ChangePassword(ctx context.Context, v Visitor, old, fresh string) (Outcome, error) {
	person, s, err := d.Who(ctx, v.Token)
	if errors.Is(err, gate.ErrNotFound) {
		return Outcome{Result: Denied}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	try, wait, err := d.tries.Begin(ctx, attempts.Guesses, v.at(triesOf(person.Address)))
	if err != nil || wait > 0 {
		return Outcome{Result: TooMany, Wait: wait, Person: person}, err
	}
	answer, err := check(ctx, person.Password, old)
	if err != nil {
		return Outcome{}, errors.Join(err, d.tries.Void(context.WithoutCancel(ctx), try))
	}
	if !answer.Right {
		return Outcome{Result: Wrong, Person: person}, nil
	}
	if err := d.tries.Right(ctx, try); err != nil {
		return Outcome{}, err
	}
	phc, ok, err := d.choose(ctx, fresh)
	if err != nil || !ok {
		return Outcome{Result: Weak, Person: person}, err
	}
	if err := d.People.SetPassword(ctx, person.ID, phc); err != nil {
		return Outcome{}, fmt.Errorf("setting a password: %w", err)
	}
	if err := d.renewed(ctx, v, person); err != nil {
		return Outcome{}, err
	}
	return d.open(ctx, v, person, ByPassword, s.Passkey)
}
