package api

import (
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Mint makes a link of their own for each of many addresses, from one link. The
// limits are those of each new link; what is left out is the parent's.
type Mint struct {
	ForEach   Addresses  `json:"for_each"`
	Views     *int64     `json:"views,omitzero"`
	ViewsEach *int64     `json:"views_each,omitzero"`
	ExpiresAt *time.Time `json:"expires_at,omitzero"`
	ExpiresIn *string    `json:"expires_in,omitzero"`
	Can       []string   `json:"can,omitzero"`
	// Mail sends each link to its address, with Message.
	Mail    bool   `json:"mail,omitzero"`
	Message string `json:"message,omitzero"`
}

// LinkMail sends a link: to each address a link of their own, made from it. Its
// other fields are those of [Mint].
type LinkMail struct {
	To        Addresses  `json:"to"`
	Message   string     `json:"message,omitzero"`
	Views     *int64     `json:"views,omitzero"`
	ViewsEach *int64     `json:"views_each,omitzero"`
	ExpiresAt *time.Time `json:"expires_at,omitzero"`
	ExpiresIn *string    `json:"expires_in,omitzero"`
	Can       []string   `json:"can,omitzero"`
}

// Words of what became of an address beside those of all lists.
const (
	OutcomeMade    = "made"    // a new link
	OutcomeAlready = "already" // there was such a link, and it still is
)

// Minted says what became of each address, in the order of the list.
type Minted struct {
	Items []MintedItem `json:"items"`
	// LevelBefore and LevelAfter say how open the collection is: sharing does not
	// change that. Both are empty where the link is in none.
	LevelBefore string `json:"level_before,omitempty"`
	LevelAfter  string `json:"level_after,omitempty"`
}

// MintedItem is what became of one address.
type MintedItem struct {
	Email   string `json:"email"`
	Outcome string `json:"outcome"`
	// Why says what is wrong, Allowed what there could be instead.
	Why     string   `json:"why,omitempty"`
	Allowed []string `json:"allowed,omitempty"`
	Link    *Link    `json:"link,omitempty"`
	Delivery
}

func (c *call) mintLinks() (answer, error) {
	var body Mint
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if body.Message != "" && !body.Mail {
		return answer{}, badValue.of("message", nil, "a message goes with a mail: say mail, or leave it out")
	}
	return c.mint(body, "for_each")
}

func (c *call) mailLink() (answer, error) {
	var body LinkMail
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	return c.mint(Mint{
		ForEach: body.To, Views: body.Views, ViewsEach: body.ViewsEach, ExpiresAt: body.ExpiresAt, ExpiresIn: body.ExpiresIn,
		Can: body.Can, Mail: true, Message: body.Message,
	}, "to")
}

// mint does one address after the other. Each is finished before the next is
// begun, and one that was done is found again: so whoever got no answer sends
// the same request once more.
func (c *call) mint(body Mint, field string) (answer, error) {
	list, err := body.ForEach.sort(field)
	if err != nil {
		return answer{}, err
	}
	if err := c.canMail(body.Mail, body.Message); err != nil {
		return answer{}, err
	}
	id, err := gate.ParseLinkID(c.id)
	if err != nil {
		return answer{}, gate.ErrNotFound
	}
	from, err := c.parentOf(id)
	if err != nil {
		return answer{}, err
	}
	if from.account.Views > 0 && body.Views == nil && !forOne(from.Link) { // which can be mailed as it is
		return answer{}, tooFew(from.account)
	}
	out := Minted{Items: make([]MintedItem, len(list)), LevelBefore: c.levelWord(from.Link)}
	for i, one := range list {
		item := &out.Items[i]
		item.Email, item.Outcome, item.Why = one.email, one.outcome, one.why
		if one.outcome != "" {
			continue
		}
		if err := c.mintOne(from, body, item); err != nil {
			return answer{}, err
		}
	}
	if err := c.stands(); err != nil { // which looks anew
		return answer{}, err
	}
	out.LevelAfter = c.levelWord(from.Link)
	return ok(out)
}

func (c *call) levelWord(l gate.Link) string {
	if level, known := c.levelOf(l); known {
		return level.String()
	}
	return ""
}

// mintOne makes or finds the link for one address, and mails it.
func (c *call) mintOne(from *parent, body Mint, item *MintedItem) error {
	link, account, found, err := c.singly(from, item.Email, func() (gate.Link, gate.Account, error) {
		made, err := c.draft(body.newLink(from.ID, item.Email))
		if err != nil {
			return gate.Link{}, gate.Account{}, err
		}
		account, err := c.issue(made)
		return made.link, account, err
	})
	if problem := refusal(err); problem != nil {
		item.Outcome, item.Why, item.Allowed = OutcomeRefused, problem.Detail, problem.Allowed
		return nil
	}
	if err != nil {
		return err
	}
	item.Outcome = OutcomeMade
	if found {
		item.Outcome = OutcomeAlready
	}
	object := c.present(link, account)
	item.Link = &object
	switch left, limited := account.Left(); {
	case !body.Mail:
	case limited && left == 0:
		item.Why = "nothing was mailed: all views of the link are used, so extend it first"
	default:
		item.Delivery = c.mailTo(item.Email, link, account, body.Message)
	}
	return nil
}

func (b Mint) newLink(from gate.LinkID, email string) NewLink {
	return NewLink{
		Audience: new("one"), Parent: from.String(), For: Addresses{email}, Views: b.Views, ViewsEach: b.ViewsEach,
		ExpiresAt: b.ExpiresAt, ExpiresIn: b.ExpiresIn, Can: b.Can,
	}
}

// refusal is the problem of one item of many; nil: there is none, or it is no
// answer but a store that could not be asked.
func refusal(err error) *Problem {
	if err == nil {
		return nil
	}
	if problem := problemOf(err); problem.Status < 500 {
		return problem
	}
	return nil
}

// forOne reports whether a link is for one person, who needs no password.
func forOne(l gate.Link) bool { return len(l.For) == 1 && l.Password == "" }

// minted finds the live link that who asks made from the parent for this person
// alone, or the parent itself if it is that.
func (c *call) minted(from *parent, email string) (gate.Link, gate.Account, bool, error) {
	ctx := c.r.Context()
	person, err := c.Directory.PersonByAddress(ctx, email)
	if errors.Is(err, gate.ErrNotFound) {
		return gate.Link{}, gate.Account{}, false, nil
	}
	if err != nil {
		return gate.Link{}, gate.Account{}, false, err
	}
	alone := func(l gate.Link) bool { return forOne(l) && l.For[0] == person.ID }
	if alone(from.Link) {
		return from.Link, from.account, true, nil
	}
	for below := ""; ; {
		docs, err := c.Store.List(ctx, gate.KindLink, "for:"+person.ID.String(), below, batch)
		if err != nil {
			return gate.Link{}, gate.Account{}, false, err
		}
		for _, doc := range docs {
			below = doc.ID
			link, err := gate.LinkFrom(doc)
			if err != nil {
				return gate.Link{}, gate.Account{}, false, err
			}
			if len(link.Above) == 0 || link.Above[0] != from.ID || link.By != c.who.Person() || !alone(link) {
				continue
			}
			account, err := c.account(ctx, link.ID)
			if err != nil {
				return gate.Link{}, gate.Account{}, false, err
			}
			if account.Standing.State == gate.Active && account.Window(c.Now()) != gate.Expired {
				return link, account, true, nil
			}
		}
		if len(docs) < batch {
			return gate.Link{}, gate.Account{}, false, nil
		}
	}
}
