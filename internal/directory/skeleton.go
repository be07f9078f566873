package directory

import (
	"context"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// NewPerson is what a person is made from.
type NewPerson struct {
	Email   string
	Name    string
	Role    Role // zero: Limited
	Sponsor gate.PersonID
	Until   time.Time
	// For is the collection on account of which somebody is brought in who
	// without it could not add persons; they become Limited.
	For gate.CollectionID
	// Groups are those that the person is put into.
	Groups []gate.GroupID
}

// AddPerson adds a person. *Exists says who has the address already.
func (d *Directory) AddPerson(ctx context.Context, who Actor, n NewPerson) (Person, error) {
	panic("skeleton")
}

// Words of an [Outcome].
const (
	Added   = "added"
	Removed = "removed"
	Already = "already" // it was so before
	Refused = "refused" // see Err
)

// Outcome is what became of one item of many.
type Outcome struct {
	// Email is the address as it was given, where one was.
	Email  string
	Person gate.PersonID
	Result string
	Err    error
}

// AddPersons adds many, each on its own. The error is for all of them.
func (d *Directory) AddPersons(ctx context.Context, who Actor, many []NewPerson) ([]Outcome, error) {
	panic("skeleton")
}

// Badge words beside those of roles.
const (
	Viewer       = "viewer"
	Collaborator = "collaborator"
)

// Profile is a person with what belongs to them.
type Profile struct {
	Person
	// Badge is the role's word, and for limited persons Collaborator or Viewer.
	Badge  string
	Groups []Group
	// Access is what they may do where; see Everywhere.
	Access []Access
	// More says that there are more groups or collections than shown.
	More bool
}

// Access is what a person may do in a collection.
type Access struct {
	Collection gate.CollectionID
	Name       string
	Title      string
	Level      gate.Level
	Can        gate.Capability
	Owner      bool
}

// Profile shows a person.
func (d *Directory) Profile(ctx context.Context, who Actor, id gate.PersonID) (Profile, error) {
	panic("skeleton")
}

// PersonByAddress finds a person. It checks nobody: sign-in needs it.
func (d *Directory) PersonByAddress(ctx context.Context, address string) (Person, error) {
	panic("skeleton")
}

// PersonFilter says which persons; at most one field is set, none: all.
type PersonFilter struct {
	Role    *Role
	Sponsor gate.PersonID
	Group   gate.GroupID
}

// Persons lists persons, the newest first.
func (d *Directory) Persons(ctx context.Context, who Actor, f PersonFilter, page Page) (List[Person], error) {
	panic("skeleton")
}

// PersonChange is what changes of a person; nil: nothing.
type PersonChange struct {
	Name    *string
	Role    *Role
	Until   *time.Time
	Sponsor *gate.PersonID
}

// ChangePerson changes a person.
func (d *Directory) ChangePerson(ctx context.Context, who Actor, id gate.PersonID, c PersonChange) (Person, error) {
	panic("skeleton")
}

// SuspendPerson takes everything from a person until they are resumed.
func (d *Directory) SuspendPerson(ctx context.Context, who Actor, id gate.PersonID, why string) (Person, error) {
	panic("skeleton")
}

// ResumePerson undoes [Directory.SuspendPerson].
func (d *Directory) ResumePerson(ctx context.Context, who Actor, id gate.PersonID) (Person, error) {
	panic("skeleton")
}

// Farewell says what becomes of what a person leaves.
type Farewell struct {
	// Heir gets the collections they own, and answers for the links and grants
	// they gave, each with no more than it was worth. Zero: the first owner of
	// the account, or operators where there is none.
	Heir gate.PersonID
	// Cut ends what they gave instead.
	Cut bool
}

// Departed says what ended with a person, and what goes on with the heir.
type Departed struct {
	Heir        gate.PersonID
	CutAt       time.Time
	Grants      int // that they held
	Memberships int
	Guests      int // suspended
	Collections int // now the heir's
	Links       int // now answered for by the heir
	Given       int // grants now answered for by the heir
}

// DeletePerson deletes a person.
func (d *Directory) DeletePerson(ctx context.Context, who Actor, id gate.PersonID, f Farewell) (Departed, error) {
	panic("skeleton")
}

// SetPassword replaces the person's password, a PHC string; empty: none. It
// checks nobody: whoever calls it has checked the old one, or a code.
func (d *Directory) SetPassword(ctx context.Context, id gate.PersonID, phc string) error {
	panic("skeleton")
}

// NewGroup is what a group is made from.
type NewGroup struct {
	Name     string
	StartsAt time.Time
	EndsAt   time.Time
}

// GroupChange is what changes of a group; nil: nothing.
type GroupChange struct {
	Name     *string
	StartsAt *time.Time
	EndsAt   *time.Time
}

// CreateGroup makes a group.
func (d *Directory) CreateGroup(ctx context.Context, who Actor, n NewGroup) (Group, error) {
	panic("skeleton")
}

// Group shows a group.
func (d *Directory) Group(ctx context.Context, who Actor, id gate.GroupID) (Group, error) {
	panic("skeleton")
}

// GroupByName finds a group by its name, in either case.
func (d *Directory) GroupByName(ctx context.Context, who Actor, name string) (Group, error) {
	panic("skeleton")
}

// Groups lists groups, the newest first.
func (d *Directory) Groups(ctx context.Context, who Actor, page Page) (List[Group], error) {
	panic("skeleton")
}

// ChangeGroup changes a group.
func (d *Directory) ChangeGroup(ctx context.Context, who Actor, id gate.GroupID, c GroupChange) (Group, error) {
	panic("skeleton")
}

// CloseGroup ends the group now.
func (d *Directory) CloseGroup(ctx context.Context, who Actor, id gate.GroupID) (Group, error) {
	panic("skeleton")
}

// DeleteGroup deletes the group with its members' places and its grants.
func (d *Directory) DeleteGroup(ctx context.Context, who Actor, id gate.GroupID) error {
	panic("skeleton")
}

// AddMembers puts persons into a group.
func (d *Directory) AddMembers(ctx context.Context, who Actor, id gate.GroupID, persons []gate.PersonID) ([]Outcome, error) {
	panic("skeleton")
}

// RemoveMembers takes persons out of a group.
func (d *Directory) RemoveMembers(ctx context.Context, who Actor, id gate.GroupID, persons []gate.PersonID) ([]Outcome, error) {
	panic("skeleton")
}

// NewCollection is what a collection is made from.
type NewCollection struct {
	Name     string
	Title    string
	Paths    []gate.Scope
	Level    gate.Level
	Includes []gate.CollectionID
	External External
}

// CollectionChange is what changes of a collection; nil: nothing.
type CollectionChange struct {
	Name     *string
	Title    *string
	Paths    *[]gate.Scope
	Level    *gate.Level
	Includes *[]gate.CollectionID
	External *External
	Owner    *gate.PersonID
}

// CreateCollection makes a collection, which a person who makes it owns.
func (d *Directory) CreateCollection(ctx context.Context, who Actor, n NewCollection) (Collection, error) {
	panic("skeleton")
}

// Collection shows a collection to whoever has anything in it.
func (d *Directory) Collection(ctx context.Context, who Actor, id gate.CollectionID) (Collection, error) {
	panic("skeleton")
}

// CollectionByName finds a collection by its name.
func (d *Directory) CollectionByName(ctx context.Context, who Actor, name string) (Collection, error) {
	panic("skeleton")
}

// Collections lists the collections in which who asks has anything.
func (d *Directory) Collections(ctx context.Context, who Actor, page Page) (List[Collection], error) {
	panic("skeleton")
}

// ChangeCollection changes a collection. Locking and unlocking is a change of
// its level, and nothing else ever changes that.
func (d *Directory) ChangeCollection(ctx context.Context, who Actor, id gate.CollectionID, c CollectionChange) (Collection, error) {
	panic("skeleton")
}

// DeleteCollection deletes a collection with its grants.
func (d *Directory) DeleteCollection(ctx context.Context, who Actor, id gate.CollectionID) error {
	panic("skeleton")
}

// NewGrant is what a grant is made from.
type NewGrant struct {
	Collection gate.CollectionID
	Holder     Holder
	// Can or Preset, not both.
	Can      gate.Capability
	Preset   string
	StartsAt time.Time
	EndsAt   time.Time
}

// PutGrant grants, in place of what the holder was granted there before.
func (d *Directory) PutGrant(ctx context.Context, who Actor, n NewGrant) (Grant, error) {
	panic("skeleton")
}

// RemoveGrant takes a grant back.
func (d *Directory) RemoveGrant(ctx context.Context, who Actor, id GrantID) error {
	panic("skeleton")
}

// GrantsOn lists the grants on a collection; whoever does not manage it sees
// those that they gave.
func (d *Directory) GrantsOn(ctx context.Context, who Actor, id gate.CollectionID, page Page) (List[Grant], error) {
	panic("skeleton")
}

// GrantsOf lists what a person or a group was granted.
func (d *Directory) GrantsOf(ctx context.Context, who Actor, holder Holder, page Page) (List[Grant], error) {
	panic("skeleton")
}

// Reason is one way in which somebody has access.
type Reason struct {
	// Role is set where the account role gives it, Owner where owning Collection does.
	Role  Role
	Owner bool
	// Grant is the grant, where one gives it.
	Grant Grant
	// Collection is where the right is given: the one asked about, or one that
	// includes it.
	Collection gate.CollectionID
	// Can is what it says, Worth what is left of it.
	Can, Worth gate.Capability
	// Cut says why Worth is less than Can, in plain words; empty: it is not.
	Cut []string
}

// Insider is somebody with access to a collection.
type Insider struct {
	Person Person
	// Own is what grants on the collection itself give, Inherited what comes
	// from collections that include it and from roles, Can all together.
	Own, Inherited, Can gate.Capability
	Reasons             []Reason
}

// Who lists who has access to a collection, and why. It takes managing it.
func (d *Directory) Who(ctx context.Context, who Actor, id gate.CollectionID, page Page) (List[Insider], error) {
	panic("skeleton")
}

// AccessOf lists what a person may do in each collection.
func (d *Directory) AccessOf(ctx context.Context, who Actor, person gate.PersonID, page Page) (List[Access], error) {
	panic("skeleton")
}

// Holds returns what the actor may do in a collection; an operator all. There
// is no error for "nothing".
func (d *Directory) Holds(ctx context.Context, who Actor, id gate.CollectionID) (gate.Capability, error) {
	panic("skeleton")
}

// May returns nil where the actor has the permission: everywhere, or, where the
// collection is not zero, in it. Otherwise *Forbidden.
func (d *Directory) May(ctx context.Context, who Actor, p Permission, id gate.CollectionID) error {
	panic("skeleton")
}

// CutPerson ends what a person opened until now: sessions and sign-ins. It
// returns the stamp.
func (d *Directory) CutPerson(ctx context.Context, who Actor, id gate.PersonID) (time.Time, error) {
	panic("skeleton")
}

// CutCollection ends the sessions in a collection.
func (d *Directory) CutCollection(ctx context.Context, who Actor, id gate.CollectionID) (time.Time, error) {
	panic("skeleton")
}

// CutAll ends all sessions and sign-ins.
func (d *Directory) CutAll(ctx context.Context, who Actor) (time.Time, error) {
	panic("skeleton")
}
