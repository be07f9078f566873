package signin

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/secret"
)

// minPassword is how many characters a person's own password has at the least.
const minPassword = 10

// choose turns a password that somebody chose into a PHC string; ok is false
// where it is none that can be chosen.
func (d *Desk) choose(ctx context.Context, password string) (phc string, ok bool, err error) {
	if utf8.RuneCountInString(password) < minPassword {
		return "", false, nil
	}
	phc, err = secret.Hash(ctx, password)
	if errors.Is(err, secret.ErrText) {
		return "", false, nil
	}
	return phc, err == nil, err
}

// Activate uses an activation link: the person gets the password they chose and
// is signed in on this device. All their sign-ins on other devices end, since
// whoever opened those may have come by a mail that was passed on.
func (d *Desk) Activate(ctx context.Context, v Visitor, code, password string) (Outcome, Activation, error) {
	a, result, err := d.Look(ctx, v, code)
	if err != nil || result != In {
		return Outcome{Result: result}, a, err
	}
	phc, ok, err := d.choose(ctx, password) // before the link is used up: this may have to be tried again
	if err != nil || !ok {
		return Outcome{Result: Weak}, a, err
	}
	h, result, err := d.take(ctx, v, code)
	if err != nil || result != In {
		return Outcome{Result: result}, a, err
	}
	err = d.People.Accept(ctx, h.Invite, h.Person, phc)
	if errors.Is(err, gate.ErrNotFound) {
		return Outcome{Result: Gone}, a, nil
	}
	if err != nil {
		return Outcome{}, a, fmt.Errorf("accepting an invitation: %w", err)
	}
	person, err := d.People.ByID(ctx, h.Person)
	if err != nil {
		return Outcome{}, a, fmt.Errorf("accepting an invitation: %w", err)
	}
	if !person.Live {
		return Outcome{Result: Gone}, a, nil
	}
	if err := d.renewed(ctx, v, person); err != nil {
		return Outcome{}, a, err
	}
	outcome, err := d.admit(ctx, v, person, ByActivation)
	return outcome, h.Activation, err
}

// renewed ends what a person's old password opened: everybody who was in by it is
// out, and what they watch stops.
func (d *Desk) renewed(ctx context.Context, v Visitor, person Person) error {
	if _, err := d.EndAll(ctx, person.ID); err != nil {
		return err
	}
	if _, err := d.endSessions(ctx, person.ID, func(device gate.DeviceID) bool { return device != v.Device }); err != nil {
		return err
	}
	of := triesOf(person.Address)
	if _, err := d.tries.Clear(ctx, of); err != nil {
		return err
	}
	return d.know(ctx, v, of)
}

// freshEvery is how often a fresh link of one invitation is mailed at the most.
const freshEvery = 10 * time.Minute

// freshFor is how long a fresh link is good at the most.
const freshFor = 48 * time.Hour

// Again is what became of a device that came with a used link.
type Again uint8

// What becomes of such a device.
const (
	// Mailed: a fresh link went to the address that the invitation went to, and
	// who invited was told.
	Mailed Again = iota
	// MailedBefore: that was done a short while ago.
	MailedBefore
	// NoMail: there is no mail; who invited has to be asked for a new invitation.
	NoMail
	// NoneUsed: there is no such link, or nobody has used it yet.
	NoneUsed
)

// MailFresh is asked for by a device that came with a used link.
func (d *Desk) MailFresh(ctx context.Context, v Visitor, code string) (Again, error) {
	h, _, err := d.activation(ctx, code)
	if errors.Is(err, gate.ErrNotFound) {
		return NoneUsed, nil
	}
	if err != nil {
		return NoneUsed, err
	}
	if result, err := d.means(ctx, v, h); err != nil || result != Used {
		return NoneUsed, err
	}
	if !d.Mail.Delivers() || d.PublicURL == "" {
		return NoMail, nil
	}
	now := d.Now().UTC()
	noted := gate.Document{
		Kind: gate.KindCode, ID: codeID(forFresh, h.Invite), Body: []byte("{}"), Until: now.Add(freshEvery),
	}
	_, err = d.Store.Put(ctx, noted)
	if errors.Is(err, gate.ErrConflict) {
		return MailedBefore, nil
	}
	if err != nil {
		return NoneUsed, fmt.Errorf("noting that a fresh link is mailed: %w", err)
	}
	if err := d.sendFresh(ctx, v, h, now); err != nil {
		return NoneUsed, errors.Join(err, d.Store.Delete(ctx, noted.Kind, noted.ID))
	}
	return Mailed, nil
}

func (d *Desk) sendFresh(ctx context.Context, v Visitor, h held, now time.Time) error {
	a := h.Activation
	a.Until = now.Add(freshFor)
	code, err := d.putActivation(ctx, held{Activation: a, Fresh: true})
	if err != nil {
		return err
	}
	letter, err := mail.Fresh{URL: d.ActivationURL(code), Until: a.Until}.Message(a.Address)
	if err == nil {
		_, err = d.Mail.Send(ctx, letter)
	}
	if err != nil {
		return fmt.Errorf("mailing a fresh activation link: %w", err)
	}
	if a.Tell == "" {
		return nil
	}
	what := "the activation link, which was used already, was opened on another device"
	if v.Agent != "" {
		what += " (" + v.Agent + ")"
	}
	notice, err := mail.Notice{Who: a.Address, What: what + "; a fresh link went to that address, and to no other", When: now}.Message(a.Tell)
	if err == nil {
		_, err = d.Mail.Send(ctx, notice)
	}
	if err != nil { // the person has their link; asking again would mail another
		d.Failed("telling who invited", err)
	}
	return nil
}

// ActivationPrefix is where activation links lead to.
const ActivationPrefix = "/_usher/activate/"

// ActivationURL is the link of a code, as it is mailed.
func (d *Desk) ActivationURL(code string) string { return d.PublicURL + ActivationPrefix + code }

// SignInURL is where persons sign in, as it is mailed.
func (d *Desk) SignInURL() string { return d.PublicURL + Path }

// Invite makes an activation link and mails it, or gives the message back where
// there is no mail. The letter's URL is filled in; ref is the message's.
func (d *Desk) Invite(ctx context.Context, a Activation, letter mail.Invitation, ref string) (mail.Handed, error) {
	code, err := d.NewActivation(ctx, a)
	if err != nil {
		return mail.Handed{}, err
	}
	letter.URL = d.ActivationURL(code)
	message, err := letter.Message(a.Address)
	if err != nil {
		return mail.Handed{}, err
	}
	message.Ref = ref
	handed, err := d.Mail.Send(ctx, message)
	if err != nil {
		return handed, fmt.Errorf("mailing an invitation: %w", err)
	}
	return handed, nil
}
