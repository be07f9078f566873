package forwarding

import (
	"encoding/base64"
	"fmt"
	"time"
)

// Digest stands for something that identifies: it is made with a secret, and is
// good for nothing but to be compared. The zero Digest is "nothing known".
type Digest [8]byte

// IsZero reports whether nothing is known.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText writes it as base64url.
func (d Digest) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, d[:]), nil
}

// UnmarshalText reads it.
func (d *Digest) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != len(d) {
		return fmt.Errorf("digest %q: want %d bytes as base64url", text, len(d))
	}
	*d = Digest(raw)
	return nil
}

// Kind is what was seen.
type Kind byte

// The kinds of sightings.
const (
	// Opened is a session that was opened, or found again by its device.
	Opened Kind = iota
	// Played says that a device is watching at this moment.
	Played
	// Moved is a session that is used from another network and by another family
	// of agents than it was opened with.
	Moved
)

// Visitor is what kind of client it was. Whoever is no viewer is counted, and
// never suspected.
type Visitor byte

// The kinds of clients.
const (
	Viewer  Visitor = iota
	Preview         // a chat or a social network that draws a preview
	Scanner         // a mail gateway that looks whether a link is harmful
	Owner           // whoever made the link, looking at it
)

// Network is where a client is: a group of addresses, and what a table of
// networks says of it where there is one.
type Network struct {
	Group Digest `json:"group"`
	// AS is the autonomous system; 0: not known.
	AS uint32 `json:"as,omitempty"`
	// Country is an ISO 3166-1 code; empty: not known.
	Country string `json:"country,omitempty"`
	// Shared says that addresses there say little: a relay or a VPN.
	Shared bool `json:"shared,omitempty"`
	// Six says that it is one of IPv6. A home has one of each, and nothing tells
	// that they are the same place.
	Six bool `json:"six,omitempty"`
}

// Sighting is what is known about one use of a link.
type Sighting struct {
	At   time.Time
	Kind Kind
	Who  Visitor
	// Device is the digest of the id that Usher gave; of Moved and Played that of
	// the session's.
	Device Digest
	// Before are what the device and the network were called under other secrets,
	// which may be how a ledger knows them.
	Before []Names
	// Cookieless says that the client brought no cookie, and may be one that keeps
	// none.
	Cookieless bool
	Network    Network
	// Agent is a family of agents and Language the first language that it asks
	// for, without its region; empty: not known.
	Agent, Language string
}

// Names are what a device and a network are called under one secret.
type Names struct{ Device, Network Digest }
