package forwarding

import (
	"slices"
	"time"
)

// Bounds of what is kept of a link. Beyond them the oldest goes, or only a count
// is kept: nobody fills a store by opening a link.
const (
	maxClusters = 256
	maxDevices  = 8
	maxNetworks = 8
)

// Cluster is one device, or what looks like one: a browser whose cookies are
// cleared, or a player without any, is known again by its network, agent and
// language.
type Cluster struct {
	Devices  []Digest  `json:"devices,omitempty"`
	Networks []Network `json:"networks"`
	Agent    string    `json:"agent,omitempty"`
	Language string    `json:"language,omitempty"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	// Played is when it was last seen watching, and On from where.
	Played time.Time `json:"played,omitzero"`
	On     Digest    `json:"on,omitzero"`
}

// find returns the place of the cluster that a sighting belongs to; -1: it is a
// new one.
func (l *Ledger) find(s *Sighting) int {
	for i := range l.Clusters {
		if slices.Contains(l.Clusters[i].Devices, s.Device) {
			return i
		}
	}
	for i := range l.Clusters {
		c := &l.Clusters[i]
		// A device with a cookie of its own may still be one of before, whose
		// cookies were cleared; two alike in one household are then taken for one.
		if c.Agent == s.Agent && c.Language == s.Language && c.near(s.Network) {
			return i
		}
	}
	return -1
}

// near reports whether the cluster was seen on that network, or on one of the
// same autonomous system.
func (c *Cluster) near(n Network) bool {
	return slices.ContainsFunc(c.Networks, func(known Network) bool {
		return known.Group == n.Group || known.AS != 0 && known.AS == n.AS && !n.Shared
	})
}

// apart reports whether the cluster is known on networks that can be held against
// that one, and on none near it.
func (c *Cluster) apart(n Network) bool { return !c.near(n) && c.knows(n.Six) }

// knows reports whether the cluster was seen on a network of that kind of address.
func (c *Cluster) knows(six bool) bool {
	return slices.ContainsFunc(c.Networks, func(n Network) bool { return n.Six == six })
}

// rename makes the names of before those of now.
func (c *Cluster) rename(before Names, s *Sighting) {
	now := Names{s.Device, s.Network.Group}
	for i := range c.Devices {
		if c.Devices[i] == before.Device {
			c.Devices[i] = now.Device
		}
	}
	for i := range c.Networks {
		if c.Networks[i].Group == before.Network {
			c.Networks[i].Group = now.Network
		}
	}
	if c.On == before.Network {
		c.On = now.Network
	}
}

// meets reports whether both were seen in one place.
func (c *Cluster) meets(other *Cluster) bool { return slices.ContainsFunc(other.Networks, c.near) }

// note adds what a sighting says. It reports whether the network is news.
func (c *Cluster) note(s *Sighting) (elsewhere bool) {
	if !slices.Contains(c.Devices, s.Device) {
		c.Devices = newest(append(c.Devices, s.Device), maxDevices)
	}
	at := slices.IndexFunc(c.Networks, func(n Network) bool { return n.Group == s.Network.Group })
	if at >= 0 {
		c.Networks = slices.Delete(c.Networks, at, at+1)
	}
	c.Networks = newest(append(c.Networks, s.Network), maxNetworks) // the last used is the last to go
	if s.At.After(c.Last) {
		c.Last = s.At
	}
	if s.Kind == Played {
		c.Played, c.On = s.At, s.Network.Group
	}
	return at < 0
}

func newest[T any](list []T, most int) []T {
	if len(list) > most {
		return slices.Delete(list, 0, len(list)-most)
	}
	return list
}
