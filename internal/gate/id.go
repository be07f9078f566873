package gate

import (
	"crypto/sha256"

	"github.com/usher-media/usher/internal/token"
)

// LinkID names a link. It is shown to people with the prefix "lnk_".
type LinkID token.ID

// SessionID names a session. It is shown to people with the prefix "ses_".
type SessionID token.ID

// DeviceID names a device: a browser or player that was given a signed id.
type DeviceID token.ID

// PersonID names a person. It is shown to people with the prefix "per_".
type PersonID token.ID

// GroupID names a group. It is shown to people with the prefix "grp_".
type GroupID token.ID

// CollectionID names a collection. It is shown to people with the prefix "col_".
type CollectionID token.ID

// Subject is whoever counts as one viewer of a link: a device, or a person on
// any number of devices. Plays and views_each belong to subjects.
type Subject token.ID

const (
	linkPrefix       = "lnk_"
	sessionPrefix    = "ses_"
	devicePrefix     = "dev_"
	personPrefix     = "per_"
	groupPrefix      = "grp_"
	collectionPrefix = "col_"
)

func (id LinkID) String() string       { return linkPrefix + token.ID(id).String() }
func (id SessionID) String() string    { return sessionPrefix + token.ID(id).String() }
func (id DeviceID) String() string     { return devicePrefix + token.ID(id).String() }
func (id PersonID) String() string     { return personPrefix + token.ID(id).String() }
func (id GroupID) String() string      { return groupPrefix + token.ID(id).String() }
func (id CollectionID) String() string { return collectionPrefix + token.ID(id).String() }
func (s Subject) String() string       { return token.ID(s).String() }

// MarshalText makes the id a plain string in JSON.
func (id LinkID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// MarshalText makes the id a plain string in JSON.
func (id SessionID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// MarshalText makes the id a plain string in JSON.
func (id DeviceID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// MarshalText makes the id a plain string in JSON.
func (id PersonID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *PersonID) UnmarshalText(text []byte) (err error) {
	*id, err = ParsePersonID(string(text))
	return err
}

// MarshalText makes the id a plain string in JSON.
func (id GroupID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *GroupID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseGroupID(string(text))
	return err
}

// MarshalText makes the id a plain string in JSON.
func (id CollectionID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *CollectionID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseCollectionID(string(text))
	return err
}

// UnmarshalText reads what MarshalText wrote.
func (id *LinkID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseLinkID(string(text))
	return err
}

// UnmarshalText reads what MarshalText wrote.
func (id *SessionID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseSessionID(string(text))
	return err
}

// UnmarshalText reads what MarshalText wrote.
func (id *DeviceID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseDeviceID(string(text))
	return err
}

// IsZero reports whether id names nothing.
func (id LinkID) IsZero() bool { return token.ID(id).IsZero() }

// IsZero reports whether id names nothing.
func (id SessionID) IsZero() bool { return token.ID(id).IsZero() }

// IsZero reports whether id names nothing.
func (id DeviceID) IsZero() bool { return token.ID(id).IsZero() }

// IsZero reports whether id names nobody.
func (id PersonID) IsZero() bool { return token.ID(id).IsZero() }

// ParsePersonID reads "per_" and 20 characters.
func ParsePersonID(text string) (PersonID, error) {
	id, err := token.ParsePrefixed(personPrefix, text)
	return PersonID(id), err
}

// IsZero reports whether id names no group.
func (id GroupID) IsZero() bool { return token.ID(id).IsZero() }

// ParseGroupID reads "grp_" and 20 characters.
func ParseGroupID(text string) (GroupID, error) {
	id, err := token.ParsePrefixed(groupPrefix, text)
	return GroupID(id), err
}

// IsZero reports whether id names no collection.
func (id CollectionID) IsZero() bool { return token.ID(id).IsZero() }

// ParseCollectionID reads "col_" and 20 characters.
func ParseCollectionID(text string) (CollectionID, error) {
	id, err := token.ParsePrefixed(collectionPrefix, text)
	return CollectionID(id), err
}

// ParseLinkID reads "lnk_" and 20 characters.
func ParseLinkID(text string) (LinkID, error) {
	id, err := token.ParsePrefixed(linkPrefix, text)
	return LinkID(id), err
}

// ParseDeviceID reads "dev_" and 20 characters.
func ParseDeviceID(text string) (DeviceID, error) {
	id, err := token.ParsePrefixed(devicePrefix, text)
	return DeviceID(id), err
}

// ParseSessionID reads "ses_" and 20 characters.
func ParseSessionID(text string) (SessionID, error) {
	id, err := token.ParsePrefixed(sessionPrefix, text)
	return SessionID(id), err
}

// SubjectOf returns the subject that an anonymous device is. The kind is part
// of the hash so that a device and a person can never be the same subject.
func SubjectOf(device DeviceID) Subject {
	return subjectFrom("device", device[:])
}

// SubjectOfPerson returns the subject that a person is, on whatever device.
func SubjectOfPerson(person PersonID) Subject {
	return subjectFrom("person", person[:])
}

func subjectFrom(kind string, name []byte) Subject {
	h := sha256.New()
	h.Write([]byte{byte(len(kind))})
	h.Write([]byte(kind))
	h.Write(name)
	var s Subject
	copy(s[:], h.Sum(nil))
	return s
}
