package api

import (
	"errors"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
)

// Delivery is what became of a message.
type Delivery struct {
	// Mail is one of the words below, or empty where there was no message.
	Mail string `json:"mail,omitempty"`
	// Message is the message where it has to be passed on by hand.
	Message *Letter `json:"message,omitempty"`
}

// Letter is a message to be passed on by hand.
type Letter struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// Words of what became of a message.
const (
	MailSent   = "sent"    // it was handed to the mail server's queue
	MailByHand = "by_hand" // there is no mail setting: Message is to be passed on
	MailFailed = "failed"  // it was not taken: what it is about is there all the same
	// MailUnsent is what is shown of an invitation whose last mail was not
	// delivered: it still waits, was given up, or was lost with its process.
	MailUnsent = "not_sent"
)

// canMail checks what a message needs, before anything is made for it.
func (c *call) canMail(mails bool, personal string) error {
	if err := mail.CheckPersonal(personal); err != nil {
		return badValue.of("message", nil, err.Error())
	}
	if mails && c.PublicURL == "" {
		return noPublicURL.because("a mail needs a whole address to lead to: set public_url in the configuration")
	}
	return nil
}

func (c *call) sender() mail.Sender {
	if c.Desk == nil {
		return mail.Printer{}
	}
	return c.Desk.Mail
}

// sends hands a message over. Whatever it is about was done already, so that it
// failed is said, and is no failure of the request.
func (c *call) sends(message mail.Message, err error) Delivery {
	var handed mail.Handed
	if err == nil {
		handed, err = c.sender().Send(c.r.Context(), message)
	}
	return delivered(handed, err)
}

func delivered(handed mail.Handed, err error) Delivery {
	switch {
	case err != nil:
		return Delivery{Mail: MailFailed}
	case handed.ByHand != nil:
		m := handed.ByHand
		return Delivery{MailByHand, &Letter{m.To, m.Subject, m.Text}}
	}
	return Delivery{Mail: MailSent}
}

// mailTo sends a link to somebody, with what is left of it.
func (c *call) mailTo(email string, link gate.Link, account gate.Account, personal string) Delivery {
	left, _ := account.Left()
	letter := mail.Link{
		By: c.signature(), Personal: personal, Title: link.Title,
		Allowance: mail.Allowance{Views: left, Each: account.ViewsEach, Until: account.ExpiresAt},
		URL:       c.PublicURL + gate.SharePath(c.Gate.LinkCode(link.ID)),
	}
	return c.sends(letter.Message(email))
}

// signature is the name of who asks, as it stands in mails; of an operator none.
func (c *call) signature() string {
	if c.who.IsOperator() {
		return ""
	}
	person, err := c.Directory.PersonByID(c.r.Context(), c.who.Person())
	if err != nil {
		return ""
	}
	if person.Name != "" {
		return person.Name
	}
	return person.Email
}

// tell is the address of whoever is told about an invitation: who invites, or,
// where that is an operator, who owns the collection; empty: nobody.
func (c *call) tell(home gate.CollectionID) (string, error) {
	id := c.who.Person()
	if id.IsZero() && !home.IsZero() {
		collection, err := c.Directory.Collection(c.r.Context(), c.who, home)
		if err != nil {
			return "", err
		}
		id = collection.Owner
	}
	if id.IsZero() {
		return "", nil
	}
	person, err := c.Directory.PersonByID(c.r.Context(), id)
	if errors.Is(err, gate.ErrNotFound) {
		return "", nil
	}
	return person.Email, err
}
