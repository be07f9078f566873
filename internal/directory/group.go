package directory

import (
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Group is a named set of persons that is granted to as one.
type Group struct {
	ID   gate.GroupID `json:"id"`
	Name string       `json:"name"`
	// StartsAt and EndsAt are the window in which the group grants anything;
	// zero: open on that side. Closing it sets EndsAt.
	StartsAt  time.Time     `json:"starts_at,omitzero"`
	EndsAt    time.Time     `json:"ends_at,omitzero"`
	CreatedAt time.Time     `json:"created_at"`
	CreatedBy gate.PersonID `json:"created_by,omitzero"`
}

// Validate reports what is wrong with the record, naming the field.
func (g Group) Validate() error {
	if err := checkName("name", g.Name); err != nil {
		return err
	}
	return window{g.StartsAt, g.EndsAt}.validate()
}

// Ended reports whether the group is over at now.
func (g Group) Ended(now time.Time) bool {
	side, _ := window{g.StartsAt, g.EndsAt}.state(now)
	return side > 0
}

func (g *Group) document() (gate.Kind, string, []string) {
	return gate.KindGroup, g.ID.String(), nil
}

// MemberID names one person in one group: it is made of both, so that there is
// one for each pair, and so that who reads it knows whom it is about.
type MemberID struct {
	Group  gate.GroupID
	Person gate.PersonID
}

const memberPrefix = "mem_"

// String returns "mem_" and 40 characters.
func (id MemberID) String() string {
	return memberPrefix + token.ID(id.Group).String() + token.ID(id.Person).String()
}

// ParseMemberID reads what String wrote.
func ParseMemberID(text string) (MemberID, error) {
	group, person, err := parsePair(memberPrefix, text)
	return MemberID{gate.GroupID(group), gate.PersonID(person)}, err
}

// idText is the length of an id without its prefix.
const idText = 20

func parsePair(prefix, text string) (one, two token.ID, err error) {
	rest, found := strings.CutPrefix(text, prefix)
	if !found || len(rest) != 2*idText {
		return one, two, invalid("id", "want %q and 40 characters of 0-9 and a-v", prefix)
	}
	if one, err = token.ParseID(rest[:idText]); err != nil {
		return one, two, err
	}
	two, err = token.ParseID(rest[idText:])
	return one, two, err
}

// Member says that a person is in a group.
type Member struct {
	Group   gate.GroupID  `json:"group"`
	Person  gate.PersonID `json:"person"`
	AddedAt time.Time     `json:"added_at"`
	AddedBy gate.PersonID `json:"added_by,omitzero"`
}

func groupTerm(id gate.GroupID) string   { return "group:" + id.String() }
func personTerm(id gate.PersonID) string { return "person:" + id.String() }

func (m *Member) document() (gate.Kind, string, []string) {
	return gate.KindMember, MemberID{m.Group, m.Person}.String(), []string{groupTerm(m.Group), personTerm(m.Person)}
}

// Validate reports what is wrong with the record.
func (m Member) Validate() error {
	if m.Group.IsZero() || m.Person.IsZero() {
		return invalid("members", "want a group and a person")
	}
	return nil
}
