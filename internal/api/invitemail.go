package api

import (
	"errors"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
)

// activationFor is how long an activation link is good.
const activationFor = 14 * 24 * time.Hour

// sendActivation makes an activation link and mails it. Links of the invitation
// that were not used end.
func (c *call) sendActivation(i *directory.Invite) (Delivery, error) {
	title, err := c.titleOf(i.Collection)
	if err != nil {
		return Delivery{}, err
	}
	until := c.Now().UTC().Add(activationFor)
	if !i.Until.IsZero() && i.Until.Before(until) {
		until = i.Until
	}
	ref, err := c.mails(i)
	if err != nil {
		return Delivery{}, err
	}
	handed, err := c.Desk.Invite(c.r.Context(), signin.Activation{
		Invite: i.ID.String(), Person: i.Person, Address: i.Email, Tell: i.Tell, Until: until,
	}, mail.Invitation{
		By: c.signature(), Personal: i.Message, Title: title, Allowance: mail.Allowance{Until: i.Until},
	}, ref)
	if errors.Is(err, mail.ErrFull) || errors.Is(err, mail.ErrClosed) || err == nil {
		return c.noted(i, delivered(handed, err))
	}
	return Delivery{}, err
}

// sendAccess tells somebody who has an account that there is more to watch.
func (c *call) sendAccess(ask *asking, i *directory.Invite) (Delivery, error) {
	letter := mail.Access{
		By: c.signature(), Personal: ask.Message, Title: ask.collection.Title, Allowance: mail.Allowance{Until: ask.until},
		URL: c.Desk.SignInURL(),
	}
	ref, err := c.mails(i)
	if err != nil {
		return Delivery{}, err
	}
	message, err := letter.Message(i.Email)
	message.Ref = ref
	delivery, err := c.noted(i, c.sends(message, err))
	if err == nil { // there is nothing for them to accept
		*i, err = c.Directory.ChangeInvite(c.r.Context(), i.ID, func(i *directory.Invite) {
			if i.AcceptedAt.IsZero() {
				i.AcceptedAt = c.Now().UTC().Truncate(time.Millisecond)
			}
		})
	}
	return delivery, err
}

// mails notes that a message about the invitation is about to be mailed, and
// returns what its delivery is told by; empty: there is no mail.
func (c *call) mails(i *directory.Invite) (ref string, err error) {
	if c.Desk.Mail.Delivers() {
		*i, ref, err = c.Directory.MailsInvite(c.r.Context(), i.ID)
	}
	return ref, err
}

// noted keeps that a message was handed over.
func (c *call) noted(i *directory.Invite, delivery Delivery) (Delivery, error) {
	if delivery.Mail == MailFailed {
		return delivery, nil
	}
	changed, err := c.Directory.ChangeInvite(c.r.Context(), i.ID, func(i *directory.Invite) {
		i.SentAt = c.Now().UTC().Truncate(time.Millisecond)
		i.Sent++
		if delivery.Mail == MailByHand {
			i.Unsent = time.Time{}
		}
	})
	if err == nil {
		*i = changed
	}
	return delivery, err
}

// titleOf is what a mail says that it is about: never a collection's name, which
// is for whoever manages it.
func (c *call) titleOf(id gate.CollectionID) (string, error) {
	if id.IsZero() {
		return "", nil
	}
	collection, err := c.Directory.Collection(c.r.Context(), c.who, id)
	if errors.Is(err, gate.ErrNotFound) {
		err = nil
	}
	return collection.Title, err
}
