package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// NewInvites asks persons to come, and gives each of them access.
type NewInvites struct {
	Emails Addresses `json:"emails"`
	// Collection or Group, by name or id, is what they are asked into; neither:
	// they get an account and access to nothing.
	Collection string `json:"collection,omitzero"`
	Group      string `json:"group,omitzero"`
	// Can or Preset is what they may do in the collection; neither: view.
	Can    []string `json:"can,omitzero"`
	Preset string   `json:"preset,omitzero"`
	// Message goes into the mail.
	Message string `json:"message,omitzero"`
	// Until is when what they are given ends.
	Until  *string `json:"until,omitzero"`
	DryRun bool    `json:"dry_run,omitzero"`
}

// Words of what became of an address beside those of all lists.
const (
	OutcomeInvited  = "invited"  // they were sent an activation link
	OutcomeNotified = "notified" // they have an account, and were told that there is more
)

// Invited says what became of each address, in the order of the list.
type Invited struct {
	// DryRun says that nothing was done: this is what would be.
	DryRun bool          `json:"dry_run,omitempty"`
	Items  []InvitedItem `json:"items"`
}

// InvitedItem is what became of one address.
type InvitedItem struct {
	Email   string `json:"email"`
	Outcome string `json:"outcome"`
	Why     string `json:"why,omitempty"`
	Invite  string `json:"invite,omitempty"`
	Delivery
}

// asking is a checked request for invitations. What is given is given at once,
// and not when somebody activates: it is bound to a person, and nobody is that
// person who does not read the mail of their address. So a known person has it
// without any activation, whoever manages the collection sees it among the
// others, and taking it back is one thing that works before and after.
type asking struct {
	NewInvites
	collection directory.Collection
	group      gate.GroupID
	can        gate.Capability
	until      time.Time
	tell       string
	// open says that whoever asks may know who has an account.
	open bool
}

func (c *call) createInvites() (answer, error) {
	var body NewInvites
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	list, err := body.Emails.sort("emails")
	if err != nil {
		return answer{}, err
	}
	ask, err := c.asking(body)
	if err != nil {
		return answer{}, err
	}
	out := Invited{DryRun: body.DryRun, Items: make([]InvitedItem, len(list))}
	for i, one := range list {
		item := &out.Items[i]
		item.Email, item.Outcome, item.Why = one.email, one.outcome, one.why
		if one.outcome != "" {
			continue
		}
		err := c.inviteOne(ask, item)
		if problem := refusal(err); problem != nil {
			item.Outcome, item.Why = OutcomeRefused, problem.Detail
		} else if err != nil {
			return answer{}, err // asked again, those that were done are found again
		}
	}
	if body.DryRun {
		return ok(out)
	}
	return answer{status: http.StatusCreated, body: out}, nil
}

// asking checks all that is the same for every address.
func (c *call) asking(b NewInvites) (*asking, error) {
	ask := &asking{NewInvites: b, can: gate.View}
	if err := c.canInvite(b.Message); err != nil {
		return nil, err
	}
	var err error
	if ask.until, err = c.timeIn("until", b.Until); err != nil {
		return nil, err
	}
	if !ask.until.IsZero() && !c.Now().Before(ask.until) {
		return nil, badValue.of("until", nil, "this time has passed already")
	}
	if ask.open, err = unlessForbidden(c.may(directory.SeePeople)); err != nil {
		return nil, err
	}
	switch {
	case b.Collection != "" && b.Group != "":
		return nil, badValue.of("group", nil, "give collection or group, not both")
	case b.Collection == "" && (b.Can != nil || b.Preset != ""):
		return nil, badValue.of("can", nil, "capabilities are given in a collection: name it")
	case b.Collection != "":
		if ask.collection, err = c.collectionFor("collection", b.Collection); err == nil {
			err = c.mayGive(ask)
		}
	case b.Group != "":
		if ask.group, err = c.groupNamed("group", b.Group); err == nil {
			err = c.may(directory.ManageGroups)
		}
	default:
		err = c.may(directory.People)
	}
	if err != nil {
		return nil, err
	}
	ask.tell, err = c.tell(ask.collection.ID)
	return ask, err
}

// canInvite checks what invitations need. Where there is no mail, the activation
// link comes back to whoever asks, who could open the account with it: so that
// is for those who may add persons anyway.
func (c *call) canInvite(personal string) error {
	if c.Desk == nil {
		return noSignIn.because("this site has no sign-in to invite to")
	}
	if err := c.canMail(true, personal); err != nil || c.Desk.Mail.Delivers() {
		return err
	}
	return lapsed(c.may(directory.People), forbidden, "no mail can be sent from here, and an activation link is given by hand only to whoever may add persons: ask a manager")
}

// mayGive works out what is given in the collection, and asks whether who asks
// holds it.
func (c *call) mayGive(ask *asking) error {
	var err error
	switch {
	case ask.Can != nil && ask.Preset != "":
		return badValue.of("preset", nil, "give can or preset, not both")
	case ask.Preset != "":
		known := c.Directory.Presets()
		can, found := known[ask.Preset]
		if !found {
			return badValue.of("preset", known.Names(), "unknown")
		}
		ask.can = can
	case ask.Can != nil:
		if ask.can, err = gate.ParseCapabilities(ask.Can); err != nil || ask.can == 0 {
			return badValue.of("can", directory.Everything.Names(), "want at least one capability, and none that is not known")
		}
	}
	if err := c.Directory.May(c.r.Context(), c.who, directory.Hand, ask.collection.ID); err != nil {
		return err
	}
	held, err := c.Directory.Holds(c.r.Context(), c.who, ask.collection.ID)
	if err != nil {
		return err
	}
	if missing := ask.can &^ held; missing != 0 {
		problem := forbidden.of("can", held.Names(), "nobody hands on more than they hold; missing: "+missing.String())
		problem.Missing = missing.Names()
		return problem
	}
	return nil
}

func (c *call) listInvites() (answer, error) {
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	filter, err := c.inviteFilter()
	if err != nil {
		return answer{}, err
	}
	found, err := c.Directory.Invites(c.r.Context(), c.who, filter, page)
	if err != nil {
		return answer{}, err
	}
	list := InviteList{Invites: make([]Invite, len(found.Items)), Next: found.Next}
	for i, invite := range found.Items {
		list.Invites[i] = c.inviteOf(invite)
	}
	return ok(list)
}

func (c *call) inviteFilter() (f directory.InviteFilter, err error) {
	query, given := c.r.URL.Query(), 0
	for name, read := range map[string]func(text string) error{
		"collection": func(text string) (err error) { f.Collection, err = c.collectionNamed("collection", text); return err },
		"group":      func(text string) (err error) { f.Group, err = c.groupNamed("group", text); return err },
		"person": func(text string) (err error) {
			f.Person, err = c.personIn("person", text, gate.CollectionID{})
			return err
		},
	} {
		if !query.Has(name) {
			continue
		}
		if given++; given > 1 {
			return f, badValue.because("give one of collection, group and person")
		}
		if err := read(query.Get(name)); err != nil {
			return f, err
		}
	}
	return f, nil
}

// invite reads the invitation that the path names.
func (c *call) invite() (directory.Invite, error) {
	id, err := directory.ParseInviteID(c.id)
	if err != nil {
		return directory.Invite{}, gate.ErrNotFound
	}
	return c.Directory.Invite(c.r.Context(), c.who, id)
}

func (c *call) showInvite() (answer, error) {
	invite, err := c.invite()
	if err != nil {
		return answer{}, err
	}
	object := c.inviteOf(invite)
	err = c.status(&object, invite)
	return done(object, err)
}

// resendInvite mails a new activation link; those that were not used end.
func (c *call) resendInvite() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	invite, err := c.invite()
	if err != nil {
		return answer{}, err
	}
	if err := c.canInvite(invite.Message); err != nil {
		return answer{}, err
	}
	switch {
	case !invite.RevokedAt.IsZero():
		return answer{}, over.because("the invitation was withdrawn: make a new one")
	case !invite.AcceptedAt.IsZero():
		return answer{}, over.because("the invitation was accepted: the person signs in")
	case !invite.Until.IsZero() && !c.Now().Before(invite.Until):
		return answer{}, over.because("what the invitation gave has ended")
	}
	person, err := c.Directory.PersonByID(c.r.Context(), invite.Person)
	if err != nil {
		return answer{}, err
	}
	if been, err := c.beenHere(person, false); err != nil {
		return answer{}, err
	} else if been {
		return answer{}, over.because("the person has been here meanwhile: they sign in")
	}
	delivery, err := c.sendActivation(&invite)
	if err != nil {
		return answer{}, err
	}
	object := c.inviteOf(invite)
	object.Delivery = delivery
	return ok(object)
}

// revokeInvite takes everything back: first nobody can accept any more, then the
// activation links end, then what was given goes. Asked again it does what is
// still to be done.
func (c *call) revokeInvite() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	if c.Desk == nil {
		return answer{}, noSignIn.because("this site has no sign-in to invite to")
	}
	invite, err := c.invite()
	if err != nil {
		return answer{}, err
	}
	invite, err = c.Directory.ChangeInvite(c.r.Context(), invite.ID, func(i *directory.Invite) {
		if i.RevokedAt.IsZero() {
			i.RevokedAt = c.Now().UTC().Truncate(time.Millisecond)
		}
	})
	if err != nil {
		return answer{}, err
	}
	if err := c.Desk.Withdraw(c.r.Context(), invite.ID.String()); err != nil {
		return answer{}, err
	}
	if err := c.takeAway(invite); err != nil {
		return answer{}, err
	}
	return ok(c.inviteOf(invite))
}

// takeAway ends what came with an invitation, unless somebody else has given it
// meanwhile.
func (c *call) takeAway(i directory.Invite) error {
	ctx := c.r.Context()
	switch {
	case !i.Gives:
		return nil
	case !i.Group.IsZero():
		_, err := c.Directory.RemoveMembers(ctx, c.who, i.Group, []gate.PersonID{i.Person})
		return err
	}
	id := directory.GrantID{Holder: directory.Holder{Person: i.Person}, Collection: i.Collection}
	grant, err := c.Directory.Grant(ctx, directory.Operator(), id)
	if err == nil && grant.By == i.By {
		err = c.Directory.RemoveGrant(ctx, c.who, id)
	}
	if errors.Is(err, gate.ErrNotFound) {
		return nil
	}
	return err
}
