package events

import (
	"fmt"
	"slices"
	"strings"
)

// Type is one word from a closed list that says what happened. The words are
// public: programs tell events apart by them.
type Type uint8

// The types, by what they are about.
const (
	_ Type = iota // none
	LinkCreated
	LinkChanged
	LinkExtended
	LinkSuspended
	LinkResumed
	LinkRevoked
	LinkOpened
	LinkRefused
	LinkSpent
	PlayBegan
	PasswordGuessed
	ForwardingSuspected
	ForwardingCleared
	LimitCleared
	SessionEnded
	PersonInvited
	InviteRevoked
	PersonCreated
	PersonActivated
	PersonChanged
	PersonSuspended
	PersonResumed
	PersonDeleted
	FactorRemoved
	SigninSucceeded
	SigninRefused
	GroupCreated
	GroupChanged
	GroupJoined
	GroupLeft
	GroupClosed
	GroupDeleted
	CollectionCreated
	CollectionChanged
	CollectionLocked
	CollectionUnlocked
	CollectionDeleted
	GrantGiven
	GrantTaken
	KeyRotated
	KeyRetired
	APIKeyCreated
	APIKeyRevoked
	CutMade
	typeCount
)

// Audience is who beside operators, owners and managers sees an event: they see
// all of them. Whoever did something sees that they did.
type Audience uint8

// The audiences.
const (
	// Managers are nobody else.
	Managers Audience = iota
	// OfLink is whoever may see and change the link: who made it, and who manages
	// its collection.
	OfLink
	// OfViews is OfLink, and whoever has the statistics of the collection; what a
	// named person watched is seen by that person alone.
	OfViews
	// OfPerson is the person.
	OfPerson
	// OfCollection is whoever manages the collection.
	OfCollection
)

var audienceTexts = [...]string{
	"nobody else", "who made the link, or manages its collection",
	"who made the link, manages its collection or has its statistics; of a named person, that person alone",
	"the person", "who manages the collection",
}

// row is everything that is said of a type in one place.
type row struct {
	word string
	// meaning is for people, fields are those that it has beside id, time and type.
	meaning  string
	fields   string
	audience Audience
}

var types = [typeCount]row{
	LinkCreated:         {"link.created", "A link was made.", "by link collection", OfLink},
	LinkChanged:         {"link.changed", "Another password, other capabilities or other persons for a link.", "by link collection", OfLink},
	LinkExtended:        {"link.extended", "Other terms for a link: views, seats or times.", "by link collection detail", OfLink},
	LinkSuspended:       {"link.suspended", "A link was closed for now; `count` sessions were cut off.", "by link collection count detail", OfLink},
	LinkResumed:         {"link.resumed", "A suspended link is open again.", "by link collection detail", OfLink},
	LinkRevoked:         {"link.revoked", "A link was closed for good; `count` sessions were cut off.", "by link collection count detail", OfLink},
	LinkOpened:          {"link.opened", "A session was opened.", "link session person collection client agent count", OfViews},
	LinkRefused:         {"link.refused", "Somebody came to a link that is suspended, revoked or over.", "link person collection client agent reason count", OfViews},
	LinkSpent:           {"link.spent", "The last of a link's views was taken.", "link session person collection count", OfViews},
	PlayBegan:           {"play.began", "A view was charged.", "link session person collection asset count", OfViews},
	PasswordGuessed:     {"password.guessed", "Wrong passwords for a link came so often that whoever tries has to wait.", "link person collection client agent reason count", OfViews},
	ForwardingSuspected: {"forwarding.suspected", "A link was probably passed on; `detail` has how sure that is, and what was done.", "link collection detail", OfLink},
	ForwardingCleared:   {"forwarding.cleared", "Somebody said that how a link is used is fine; `detail` has whom it is meant for now.", "by link collection detail", OfLink},
	LimitCleared:        {"limit.cleared", "Wrong tries were forgotten, so that whoever waited may try again.", "by link person count detail", OfLink},
	SessionEnded:        {"session.ended", "A session was ended by hand.", "by link session person collection", OfViews},
	PersonInvited:       {"person.invited", "An invitation was made, or sent again.", "by person group collection detail", OfPerson},
	InviteRevoked:       {"invite.revoked", "An invitation was withdrawn, with what it gave.", "by person group collection", OfPerson},
	PersonCreated:       {"person.created", "A person was added.", "by person detail", OfPerson},
	PersonActivated:     {"person.activated", "A person followed their invitation and chose a password.", "person client agent", OfPerson},
	PersonChanged:       {"person.changed", "Another name, role, sponsor or end for a person.", "by person", OfPerson},
	PersonSuspended:     {"person.suspended", "A person has no rights for now.", "by person detail", OfPerson},
	PersonResumed:       {"person.resumed", "A suspended person has their rights again.", "by person", OfPerson},
	PersonDeleted:       {"person.deleted", "A person was deleted; `count` sessions were ended.", "by person count", OfPerson},
	FactorRemoved:       {"factor.removed", "Passkeys of a person were taken away.", "by person count detail", OfPerson},
	SigninSucceeded:     {"signin.succeeded", "A person signed in.", "person client agent detail count", OfPerson},
	SigninRefused:       {"signin.refused", "Somebody could not sign in. The person is named where there is one who was meant.", "person client agent detail count", OfPerson},
	GroupCreated:        {"group.created", "A group was made.", "by group", Managers},
	GroupChanged:        {"group.changed", "Another name or another time for a group.", "by group", Managers},
	GroupJoined:         {"group.joined", "A person was put into a group.", "by group person", OfPerson},
	GroupLeft:           {"group.left", "A person was taken out of a group.", "by group person", OfPerson},
	GroupClosed:         {"group.closed", "A group's time was ended; `count` sessions ended because the group was all that their viewers had.", "by group count", Managers},
	GroupDeleted:        {"group.deleted", "A group was deleted.", "by group", Managers},
	CollectionCreated:   {"collection.created", "A collection was made.", "by collection detail", OfCollection},
	CollectionChanged:   {"collection.changed", "Something else of a collection was changed.", "by collection detail", OfCollection},
	CollectionLocked:    {"collection.locked", "A collection was locked.", "by collection count detail", OfCollection},
	CollectionUnlocked:  {"collection.unlocked", "A collection was given another level than locked.", "by collection count detail", OfCollection},
	CollectionDeleted:   {"collection.deleted", "A collection was deleted; its media stay.", "by collection", OfCollection},
	GrantGiven:          {"grant.given", "A person or a group was granted something in a collection.", "by collection person group detail", OfCollection},
	GrantTaken:          {"grant.taken", "What was granted in a collection was taken back.", "by collection person group detail", OfCollection},
	KeyRotated:          {"key.rotated", "A new signing key is used.", "by key", Managers},
	KeyRetired:          {"key.retired", "A signing key was retired, with all that it signed.", "by key count", Managers},
	APIKeyCreated:       {"apikey.created", "An API key was made.", "by key person detail", Managers},
	APIKeyRevoked:       {"apikey.revoked", "An API key was deleted.", "by key person detail", Managers},
	CutMade:             {"cut", "A kill switch was used; `count` sessions were ended.", "by link person group collection count detail", Managers},
}

// Types returns all types in the order of the reference.
func Types() []Type {
	all := make([]Type, 0, typeCount-1)
	for t := LinkCreated; t < typeCount; t++ {
		all = append(all, t)
	}
	return all
}

// Words returns the words of all types.
func Words() []string {
	words := make([]string, 0, typeCount-1)
	for _, t := range Types() {
		words = append(words, t.String())
	}
	return words
}

// String returns the type's word.
func (t Type) String() string { return types[t].word }

// Meaning says what happened.
func (t Type) Meaning() string { return types[t].meaning }

// Fields are those that the type has beside id, time and type.
func (t Type) Fields() []string { return strings.Fields(types[t].fields) }

// Audience is who beside managers sees it.
func (t Type) Audience() Audience { return types[t].audience }

// ParseType reads a type's word.
func ParseType(text string) (Type, error) {
	if i := slices.Index(Words(), text); i >= 0 {
		return LinkCreated + Type(i), nil
	}
	return 0, fmt.Errorf("type: unknown word %q", text)
}

// MarshalText writes the type's word.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *Type) UnmarshalText(text []byte) (err error) {
	*t, err = ParseType(string(text))
	return err
}

// String says who it is.
func (a Audience) String() string { return audienceTexts[a] }

// Reference returns the types for the docs.
func Reference() string {
	var b strings.Builder
	b.WriteString("| type | says | fields | seen by operators, owners, managers, who did it, and |\n| --- | --- | --- | --- |\n")
	for _, t := range Types() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", t, t.Meaning(), strings.Join(t.Fields(), "`, `"), t.Audience())
	}
	b.WriteString("\n| field | is |\n| --- | --- |\n")
	for _, f := range fields {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.name, f.says)
	}
	return b.String()
}

// fields are all that an event may have.
var fields = []struct{ name, says string }{
	{"id", "`evt_` and 20 characters; ids sort by time"},
	{"time", "when it happened"},
	{"type", "one of those above"},
	{"by", "who did it: `admin`, `admin as per_…` or `apikey:…`"},
	{"by_person", "the person who did it, or on whose behalf it was done"},
	{"link", "the link"},
	{"session", "the session"},
	{"person", "whom it is about, or who watched"},
	{"group", "the group"},
	{"collection", "the collection, or that of the link"},
	{"key", "the id of the signing key or the API key; never the key"},
	{"client", "the client's group of addresses, as a keyed hash, as sessions have it; never an address"},
	{"agent", "the family of the browser or player"},
	{"asset", "what was watched, as plays name it"},
	{"reason", "why it was refused, as in [reasons](reasons.md)"},
	{"count", "how many sessions; for what viewers did, how many of the same came within a short time and are told by this one"},
	{"unfinished", "the change met an error on its way: it is not known how much of it was made"},
	{"detail", "a few words for people"},
}
