package gate

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
)

// Capability is a set of things that may be done, as a bitmask.
type Capability uint8

// The capabilities.
const (
	View Capability = 1 << iota
	Download
	Upload
	Share
	Stats
	Manage
	// Comment is for the upstream alone: the gate hands it on like the others, and
	// lets nobody do anything for it.
	Comment

	allCapabilities = 1 << iota // how many sets there are
)

// LinkCapabilities are those that a link may carry: managing a collection is
// for persons, never for whoever holds a URL.
const LinkCapabilities = View | Download | Upload | Share | Stats | Comment

var capabilityNames = [...]string{"view", "download", "upload", "share", "stats", "manage", "comment"}

// ParseCapabilities reads names such as "view" and "download".
func ParseCapabilities(names []string) (Capability, error) {
	var set Capability
next:
	for _, name := range names {
		for i, known := range capabilityNames {
			if name == known {
				set |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("can: unknown capability %q: known are %s", name, strings.Join(capabilityNames[:], ", "))
	}
	return set, nil
}

// Names returns the names of the set's members in a fixed order.
func (c Capability) Names() []string {
	names := make([]string, 0, bits.OnesCount8(uint8(c)))
	for i, name := range capabilityNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String returns the names, separated by commas. It allocates nothing: every
// media request tells its upstream.
func (c Capability) String() string { return capabilityTexts[c%allCapabilities] }

// capabilityTexts are all sets as text.
var capabilityTexts = func() (texts [allCapabilities]string) {
	for i := range texts {
		texts[i] = strings.Join(Capability(i).Names(), ",")
	}
	return texts
}()

// MarshalJSON writes the set as a list of names.
func (c Capability) MarshalJSON() ([]byte, error) { return json.Marshal(c.Names()) }

// UnmarshalJSON reads a list of names.
func (c *Capability) UnmarshalJSON(text []byte) error {
	var names []string
	if err := json.Unmarshal(text, &names); err != nil {
		return err
	}
	set, err := ParseCapabilities(names)
	*c = set
	return err
}
