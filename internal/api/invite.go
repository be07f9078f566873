package api

import (
	"errors"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
)

// Invite is an invitation as the API shows it.
type Invite struct {
	ID             string `json:"id"`
	Email          string `json:"email"`
	Person         string `json:"person"`
	Collection     string `json:"collection,omitempty"`
	CollectionName string `json:"collection_name,omitempty"`
	Group          string `json:"group,omitempty"`
	GroupName      string `json:"group_name,omitempty"`
	// Status is "pending", "accepted" or "revoked".
	Status     string    `json:"status"`
	Until      time.Time `json:"until,omitzero"`
	By         string    `json:"by,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	SentAt     time.Time `json:"sent_at,omitzero"`
	Sent       int       `json:"sent"`
	AcceptedAt time.Time `json:"accepted_at,omitzero"`
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
	// Watched is what the person watched, for whoever may see that.
	Watched *InviteStatus `json:"watched,omitempty"`
	Delivery
}

// InviteStatus is what somebody did who was invited, as far back as sessions are
// kept: a day after they are over.
type InviteStatus struct {
	Sessions int       `json:"sessions"`
	Plays    int       `json:"plays"`
	LastSeen time.Time `json:"last_seen,omitzero"`
}

// InviteList is one page of invitations, the newest first.
type InviteList struct {
	Invites []Invite `json:"invites"`
	Next    string   `json:"next,omitempty"`
}

func (c *call) inviteOf(i directory.Invite) Invite {
	object := Invite{
		ID: i.ID.String(), Email: i.Email, Person: i.Person.String(), Collection: text(i.Collection), Group: text(i.Group), GroupName: c.nameOfGroup(i.Group),
		Status: "pending", Until: i.Until, CreatedAt: i.CreatedAt, SentAt: i.SentAt, Sent: i.Sent,
		AcceptedAt: i.AcceptedAt, RevokedAt: i.RevokedAt,
	}
	if !i.Collection.IsZero() {
		object.CollectionName = c.Directory.NameOf(i.Collection)
	}
	if !i.By.IsZero() {
		object.By = c.emailOf(i.By)
	}
	if !i.Unsent.IsZero() {
		object.Mail = MailUnsent
	}
	switch {
	case !i.RevokedAt.IsZero():
		object.Status = "revoked"
	case !i.AcceptedAt.IsZero():
		object.Status = "accepted"
	}
	return object
}

// status adds what the person watched, if who asks may see that.
func (c *call) status(object *Invite, i directory.Invite) error {
	if may, err := unlessForbidden(c.may(directory.SeePrivate)); !may || err != nil {
		return err
	}
	sessions, err := c.Store.Sessions(c.r.Context(), gate.Whose{Person: i.Person}, gate.SessionID{}, maxCounted)
	if err != nil {
		return err
	}
	status, watched := InviteStatus{Sessions: len(sessions)}, plays{}
	for _, s := range sessions {
		watched.add(s)
		if s.LastSeen.After(status.LastSeen) {
			status.LastSeen = s.LastSeen
		}
	}
	status.Plays = len(watched)
	object.Watched = &status
	return nil
}

// inviteOne invites one address. The person comes first, who has access to
// nothing; then the invitation, by which everything can be found and taken back;
// then what it gives; and the mail comes last.
func (c *call) inviteOne(ask *asking, item *InvitedItem) error {
	if ask.DryRun {
		return c.wouldInvite(ask, item)
	}
	person, isNew, err := c.bringIn("emails", item.Email, ask.collection.ID, ask.guestUntil())
	if err != nil {
		return err
	}
	active, err := c.beenHere(person, isNew)
	if err != nil {
		return err
	}
	gives, err := c.gives(ask, person.ID)
	if err != nil {
		return err
	}
	invite, found, err := c.standing(ask, person, gives)
	if err != nil {
		return err
	}
	item.Invite = invite.ID.String()
	if gives {
		if err := c.give(ask, person.ID); err != nil {
			if !found {
				_ = c.Directory.DropInvite(c.r.Context(), invite.ID) // else it shows what was not given
			}
			return err
		}
	}
	item.Outcome = ask.outcome(isNew)
	if active {
		item.Delivery, err = c.sendAccess(ask, &invite)
	} else {
		item.Delivery, err = c.sendActivation(&invite)
	}
	return err
}

// outcome says what became of an address. Who may not see the directory does not
// learn who was in it before.
func (ask *asking) outcome(isNew bool) string {
	if isNew || !ask.open {
		return OutcomeInvited
	}
	return OutcomeNotified
}

// guestUntil is when somebody new stops being anybody here: with what they were
// asked for, where that is not a grant with an end of its own.
func (ask *asking) guestUntil() time.Time {
	if ask.collection.ID.IsZero() {
		return ask.until
	}
	return time.Time{}
}

// wouldInvite says what inviteOne would do.
func (c *call) wouldInvite(ask *asking, item *InvitedItem) error {
	person, err := c.Directory.PersonByAddress(c.r.Context(), item.Email)
	isNew := errors.Is(err, gate.ErrNotFound)
	switch {
	case isNew:
		_, err = c.sponsor("emails", item.Email, ask.collection.ID)
	case err == nil:
		if _, err = c.beenHere(person, isNew); err == nil {
			_, err = c.gives(ask, person.ID)
		}
	}
	if err == nil {
		item.Outcome = ask.outcome(isNew)
	}
	return err
}

// gives reports whether the invitation gives the person something that they do
// not have. A grant that somebody else gave is not touched: in place of it they
// might have less.
func (c *call) gives(ask *asking, person gate.PersonID) (bool, error) {
	if !ask.group.IsZero() {
		profile, err := c.Directory.Profile(c.r.Context(), directory.Operator(), person)
		in := slices.ContainsFunc(profile.Groups, func(g directory.Group) bool { return g.ID == ask.group })
		return !in, err
	}
	if ask.collection.ID.IsZero() {
		return false, nil
	}
	grant, err := c.Directory.Grant(c.r.Context(), directory.Operator(), ask.grantTo(person))
	switch {
	case errors.Is(err, gate.ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	case ask.can&^grant.Can == 0 && grant.StartsAt.IsZero() && (grant.EndsAt.IsZero() || !ask.until.IsZero() && !grant.EndsAt.Before(ask.until)):
		return false, nil
	}
	return false, forbidden.of("emails", nil, "this person has another grant there already, which an invitation does not change: see usher grant, or ask whoever manages the collection")
}

func (ask *asking) grantTo(person gate.PersonID) directory.GrantID {
	return directory.GrantID{Holder: directory.Holder{Person: person}, Collection: ask.collection.ID}
}

// standing finds the invitation of the same person to the same, or makes one.
// That it is found is why the same request may be sent again.
func (c *call) standing(ask *asking, person directory.Person, gives bool) (i directory.Invite, found bool, err error) {
	ctx := c.r.Context()
	page := directory.Page{Limit: directory.MaxPage}
	for {
		list, err := c.Directory.Invites(ctx, directory.Operator(), directory.InviteFilter{Person: person.ID}, page)
		if err != nil {
			return i, false, err
		}
		for _, i := range list.Items {
			if i.Collection == ask.collection.ID && i.Group == ask.group && i.By == c.who.Person() && i.RevokedAt.IsZero() {
				i, err := c.Directory.ChangeInvite(ctx, i.ID, func(i *directory.Invite) {
					i.Message, i.Until, i.Gives = ask.Message, ask.until, i.Gives || gives
				})
				return i, true, err
			}
		}
		if page.Cursor = list.Next; page.Cursor == "" {
			break
		}
	}
	i, err = c.Directory.NewInvite(ctx, c.who, directory.Invite{
		Person: person.ID, Email: person.Email, Collection: ask.collection.ID, Group: ask.group, Gives: gives,
		Until: ask.until, Message: ask.Message, Tell: ask.tell,
	})
	return i, false, err
}

// give gives what the invitation says.
func (c *call) give(ask *asking, person gate.PersonID) error {
	ctx := c.r.Context()
	if ask.group.IsZero() {
		_, err := c.Directory.PutGrant(ctx, c.who, directory.NewGrant{
			Collection: ask.collection.ID, Holder: directory.Holder{Person: person}, Can: ask.can, EndsAt: ask.until,
		})
		return err
	}
	done, err := c.Directory.AddMembers(ctx, c.who, ask.group, []gate.PersonID{person})
	if err == nil && len(done) == 1 {
		err = done[0].Err
	}
	return err
}

// beenHere reports whether the person has been here: they chose a password, or
// are signed in. Whoever has not is sent an activation link. Where there is no
// mail, who asks gets it and could come in by it as that person, so they have to
// be allowed to decide about them.
func (c *call) beenHere(p directory.Person, isNew bool) (bool, error) {
	if p.Password != "" {
		return true, nil
	}
	if !isNew {
		signIns, err := c.Desk.Of(c.r.Context(), p.ID, signin.ID{}, 1)
		if err != nil || len(signIns) > 0 {
			return true, err
		}
	}
	if c.Desk.Mail.Delivers() {
		return false, nil
	}
	return false, c.Directory.Decides(c.r.Context(), c.who, p.ID)
}
