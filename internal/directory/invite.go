package directory

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// InviteID names an invitation. It is shown to people with the prefix "inv_".
type InviteID token.ID

const invitePrefix = "inv_"

func (id InviteID) String() string { return invitePrefix + token.ID(id).String() }

// MarshalText makes the id a plain string in JSON.
func (id InviteID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *InviteID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseInviteID(string(text))
	return err
}

// ParseInviteID reads "inv_" and 20 characters.
func ParseInviteID(text string) (InviteID, error) {
	id, err := token.ParsePrefixed(invitePrefix, text)
	return InviteID(id), err
}

// Invite says that somebody was asked to come. What they were given is not in
// it but in grants and groups: an invitation lets nobody in, and shows who was
// asked, by whom, and whether they came.
type Invite struct {
	ID     InviteID      `json:"id"`
	Person gate.PersonID `json:"person"`
	Email  string        `json:"email"`
	// Collection or Group is what the person was asked into; both zero: the account.
	Collection gate.CollectionID `json:"collection,omitzero"`
	Group      gate.GroupID      `json:"group,omitzero"`
	// Gives says that the grant, or the place in the group, came with this
	// invitation, and goes if it is withdrawn.
	Gives bool `json:"gives,omitempty"`
	// Until is when what was given ends; zero: never.
	Until time.Time `json:"until,omitzero"`
	// Message is what who invites wrote.
	Message string `json:"message,omitempty"`
	// Tell is the address of whoever is told if the activation link goes astray.
	Tell      string        `json:"tell,omitempty"`
	By        gate.PersonID `json:"by,omitzero"`
	CreatedAt time.Time     `json:"created_at"`
	SentAt    time.Time     `json:"sent_at,omitzero"`
	Sent      int           `json:"sent,omitempty"`
	// Unsent is since when the last mail is on its way; zero: it was delivered, or
	// is passed on by hand. It is noted before the mail is handed over, so that one
	// that is lost with its process is seen.
	Unsent     time.Time `json:"unsent,omitzero"`
	AcceptedAt time.Time `json:"accepted_at,omitzero"`
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
}

// Validate reports what is wrong with the record, naming the field.
func (i Invite) Validate() error {
	if _, err := ParseAddress(i.Email); err != nil {
		return err
	}
	if !i.Collection.IsZero() && !i.Group.IsZero() {
		return invalid("group", "want a collection or a group, not both")
	}
	if len(i.Message) > maxInvitation {
		return invalid("message", "want at most %d bytes", maxInvitation)
	}
	return checkTime("until", i.Until)
}

// maxInvitation bounds what is kept of a message; package mail says what it may hold.
const maxInvitation = 2000

func (i *Invite) document() (gate.Kind, string, []string) {
	terms := []string{personTerm(i.Person)}
	if !i.By.IsZero() {
		terms = append(terms, byTerm(i.By))
	}
	if !i.Collection.IsZero() {
		terms = append(terms, collectionTerm(i.Collection))
	}
	if !i.Group.IsZero() {
		terms = append(terms, groupTerm(i.Group))
	}
	return gate.KindInvite, i.ID.String(), terms
}

// NewInvite keeps an invitation in the name of who asks. It gives nothing, and
// checks nothing: whoever calls it grants, which does.
func (d *Directory) NewInvite(ctx context.Context, who Actor, i Invite) (Invite, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Invite{}, err
	}
	i.ID, i.By, i.CreatedAt, i.Until = InviteID(token.NewID(c.now)), who.person, c.now, whole(i.Until)
	return i, keep(ctx, d.store, &i, 0)
}

// Invite shows an invitation: to who made it, to whoever manages its collection,
// and to whoever manages persons.
func (d *Directory) Invite(ctx context.Context, who Actor, id InviteID) (Invite, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Invite{}, err
	}
	i, _, err := fetch[Invite](ctx, d.store, gate.KindInvite, id.String())
	if err != nil {
		return Invite{}, err
	}
	seen := c.has(People) || c.oneOf(i.By)
	if !seen && !i.Collection.IsZero() {
		can, err := c.holds(ctx, i.Collection)
		if err != nil {
			return Invite{}, err
		}
		seen = can&gate.Manage != 0
	}
	if !seen {
		return Invite{}, &NotFound{Noun: nouns[gate.KindInvite], ID: id.String()}
	}
	return *i, nil
}

// InviteFilter says which invitations; at most one field is set.
type InviteFilter struct {
	Collection gate.CollectionID
	Group      gate.GroupID
	Person     gate.PersonID
}

// Invites lists invitations, the newest first: of a collection to whoever
// manages it; all others to whoever manages persons, and to everybody those that
// they made.
func (d *Directory) Invites(ctx context.Context, who Actor, f InviteFilter, page Page) (List[Invite], error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return List[Invite]{}, err
	}
	term := ""
	switch {
	case !f.Collection.IsZero():
		term, err = collectionTerm(f.Collection), c.wantIn(ctx, ChangeCollections, f.Collection)
	case !f.Group.IsZero():
		term, err = groupTerm(f.Group), c.want(ManageGroups)
	case !f.Person.IsZero():
		term, err = personTerm(f.Person), c.want(People)
	case !c.has(People):
		term = byTerm(who.person)
	}
	if err != nil {
		return List[Invite]{}, err
	}
	return list[Invite](ctx, c, gate.KindInvite, term, page)
}

// ChangeInvite notes what became of an invitation. Whoever calls it has seen
// that who asks may see it.
func (d *Directory) ChangeInvite(ctx context.Context, id InviteID, do func(*Invite)) (Invite, error) {
	i, err := change(ctx, d.store, gate.KindInvite, id.String(), func(i *Invite) error {
		do(i)
		return nil
	})
	if err != nil {
		return Invite{}, err
	}
	return *i, nil
}

// MailsInvite notes that a mail is about to be handed over, and returns what its
// delivery is told by.
func (d *Directory) MailsInvite(ctx context.Context, id InviteID) (i Invite, ref string, err error) {
	now, err := d.now(ctx)
	if err != nil {
		return i, "", err
	}
	i, err = d.ChangeInvite(ctx, id, func(i *Invite) { i.Unsent = whole(now) })
	return i, mailRef(&i), err
}

func mailRef(i *Invite) string {
	return i.ID.String() + "@" + strconv.FormatInt(i.Unsent.UnixMilli(), 36)
}

// InviteMailed notes that a mail was delivered. Where another one was handed over
// since, nothing is known of that one.
func (d *Directory) InviteMailed(ctx context.Context, ref string) error {
	name, _, _ := strings.Cut(ref, "@")
	id, err := ParseInviteID(name)
	if err != nil {
		return err
	}
	_, err = d.ChangeInvite(ctx, id, func(i *Invite) {
		if mailRef(i) == ref {
			i.Unsent = time.Time{}
		}
	})
	return err
}

// DropInvite forgets an invitation that gave nothing after all.
func (d *Directory) DropInvite(ctx context.Context, id InviteID) error {
	return remove(ctx, d.store, gate.KindInvite, id.String())
}

// AcceptInvite sets the password of somebody who follows an invitation, and
// notes that they did. It may be called again. One that was withdrawn, or is for
// somebody else, is not found.
func (d *Directory) AcceptInvite(ctx context.Context, invite string, person gate.PersonID, phc string) error {
	i, _, err := fetch[Invite](ctx, d.store, gate.KindInvite, invite)
	if err != nil {
		return err
	}
	if i.Person != person || !i.RevokedAt.IsZero() {
		return &NotFound{Noun: nouns[gate.KindInvite], ID: invite}
	}
	now, err := d.now(ctx)
	if err != nil {
		return err
	}
	if err := d.SetPassword(ctx, person, phc); err != nil {
		return err
	}
	_, err = d.ChangeInvite(ctx, i.ID, func(i *Invite) {
		if i.AcceptedAt.IsZero() {
			i.AcceptedAt = whole(now)
		}
	})
	if errors.Is(err, gate.ErrNotFound) {
		return nil // it was deleted meanwhile: the person is in
	}
	return err
}
