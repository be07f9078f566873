package directory

import (
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// Role is what a person is in the account.
type Role uint8

// The roles, from the least to the most. The zero value is the least.
const (
	// Limited is only where they were granted something.
	Limited Role = iota
	// Standard makes collections of their own.
	Standard
	// Manager does all but what is the owners' alone.
	Manager
	// Owner does everything. There are one to three of them.
	Owner
)

var roleNames = [...]string{"limited", "standard", "manager", "owner"}

// Roles returns the words of all roles, from the least to the most.
func Roles() []string { return append([]string(nil), roleNames[:]...) }

// String returns the role's word.
func (r Role) String() string { return roleNames[r] }

// ParseRole reads a role's word.
func ParseRole(text string) (Role, error) {
	for i, name := range roleNames {
		if text == name {
			return Role(i), nil
		}
	}
	return Limited, &Invalid{Field: "role", Detail: "unknown word: known are " + strings.Join(roleNames[:], ", "), Allowed: Roles()}
}

// MarshalText writes the role's word.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}

// Everything is every capability. Who holds manage in a collection holds all.
const Everything = gate.LinkCapabilities | gate.Manage

// whole of a collection goes with managing it.
func expand(can gate.Capability) gate.Capability {
	if can&gate.Manage != 0 {
		return Everything
	}
	return can
}

// Permission is something that a role may do.
type Permission uint8

// The permissions. Each has its row in the role table.
const (
	_ Permission = iota // none
	Appoint
	Keys
	CutAll
	People
	SeePeople
	ManageGroups
	MakeCollections
	LayPaths
	ChangeCollections
	SeeWho
	Hand
	BringIn
	SeeStats
	SeePrivate
	SeeUsage
	Limits
	Branding
	permissionCount
)

// Reach is how far a permission goes.
type Reach uint8

// The reaches, from nothing to everything.
const (
	Nowhere Reach = iota
	WithManage
	WithShare
	WithStats
	Everywhere
)

var reachTexts = [...]string{"–", "with manage", "with share", "with stats", "yes"}

// String returns what stands in the chart.
func (r Reach) String() string { return reachTexts[r] }

// needs is the capability in a collection that the reach asks for.
func (r Reach) needs() gate.Capability {
	switch r {
	case WithManage:
		return gate.Manage
	case WithShare:
		return gate.Share
	case WithStats:
		return gate.Stats
	default:
		return 0
	}
}

type permissionRow struct {
	word     string
	sentence string
	reach    [len(roleNames)]Reach // by Role
}

// roleTable is the one place that says which role may do what: checks, the
// chart and the docs come from it.
var roleTable = [permissionCount]permissionRow{
	Appoint:           {"appoint", "Make somebody manager or owner, and take it from them.", only(Owner)},
	Keys:              {"keys", "Make, rotate and retire signing keys and API keys.", only(Owner)},
	CutAll:            {"cut-all", "End every session of everybody at once.", only(Owner)},
	People:            {"people", "Add, change, suspend and delete persons.", only(Manager)},
	SeePeople:         {"directory", "See the directory of persons and groups.", only(Standard)},
	ManageGroups:      {"groups", "Make, change and close groups, and say who is in them.", only(Manager)},
	MakeCollections:   {"make-collections", "Make collections; who makes one manages it.", only(Standard)},
	LayPaths:          {"lay-paths", "Give a collection paths where no other one is, outside the homes.", only(Manager)},
	ChangeCollections: {"collections", "Change, lock, unlock, cut and delete a collection, and grant managing it. In a home, deleting it and taking paths out is its owner's.", within(WithManage)},
	SeeWho:            {"who", "See who has access to a collection, and why.", within(WithManage)},
	Hand:              {"share", "Make links and grants, with no more than one holds.", within(WithShare)},
	BringIn:           {"bring-in", "Add a person who was not known before, for a collection.", [...]Reach{WithManage, WithShare, Everywhere, Everywhere}},
	SeeStats:          {"stats", "See what was watched by link, without names.", within(WithStats)},
	SeePrivate:        {"private-stats", "See what named persons watched.", only(Manager)},
	SeeUsage:          {"usage", "See bytes and plays of the whole account.", only(Manager)},
	Limits:            {"limits", "See who waits after wrong tries, and let them try again.", within(WithManage)},
	Branding:          {"branding", "Say how the pages of a collection look: whose name, colour and logo.", only(Owner)},
}

// only is a row of roles at or above the least.
func only(least Role) (reach [len(roleNames)]Reach) {
	for r := least; r <= Owner; r++ {
		reach[r] = Everywhere
	}
	return reach
}

// within is a row where managers may everywhere and others where they hold
// something.
func within(some Reach) [len(roleNames)]Reach {
	return [...]Reach{some, some, Everywhere, Everywhere}
}

// Permissions returns all permissions in the order of the chart.
func Permissions() []Permission {
	all := make([]Permission, 0, permissionCount-1)
	for p := Appoint; p < permissionCount; p++ {
		all = append(all, p)
	}
	return all
}

// String returns the permission's word.
func (p Permission) String() string { return roleTable[p].word }

// Sentence says what the permission is for.
func (p Permission) Sentence() string { return roleTable[p].sentence }

// Reach says how far the role may do what p is.
func (r Role) Reach(p Permission) Reach { return roleTable[p].reach[r] }
