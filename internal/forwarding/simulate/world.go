// Package simulate makes up the use of links, honest and not, and lets the
// judgement of package forwarding loose on it. What it prints is about these
// made-up people and nobody else: the parameters are assumptions, stated where
// they are used.
package simulate

import (
	"encoding/binary"
	"time"

	"github.com/usher-media/usher/internal/forwarding"
)

// chance is a reproducible generator (SplitMix64, Steele and others 2014). Runs
// are to be repeated by their seed; nothing secret comes from it.
type chance struct{ state uint64 }

func (c *chance) next() uint64 {
	c.state += 0x9e3779b97f4a7c15
	z := c.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (c *chance) below(n int) int { return int(c.next() % uint64(n)) }

func (c *chance) happens(p float64) bool { return float64(c.next()>>11)/(1<<53) < p }

func (c *chance) between(low, high time.Duration) time.Duration {
	return low + time.Duration(c.next()%uint64(high-low+1))
}

func (c *chance) digest() (d forwarding.Digest) {
	binary.BigEndian.PutUint64(d[:], c.next()|1)
	return d
}

// week is for how long a link is looked at.
const week = 7 * 24 * time.Hour

var monday = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// world is where one link is used for a week.
type world struct {
	chance
	// table says that networks are looked up: autonomous system and country.
	table bool
	seen  []forwarding.Sighting
	busy  []sitting
	next  uint32
}

// sitting is when the one person of a link watches.
type sitting struct{ from, to time.Time }

// network is one in the country where the link's person lives, and nobody else is
// on it.
func (w *world) network() forwarding.Network {
	w.next++
	n := forwarding.Network{Group: w.digest()}
	if w.table {
		n.AS, n.Country = 64512+w.next, "DE"
	}
	return n
}

// anywhere is a network of somebody else, who lives abroad in one of ten cases.
func (w *world) anywhere() forwarding.Network {
	n := w.network()
	if w.table && w.happens(0.1) {
		n.Country = []string{"AT", "CH", "NL", "GB"}[w.below(4)]
	}
	return n
}

// sister is another group of addresses of the same operator: the other protocol of a
// line, another egress of an office, another gateway of a mobile network.
func (w *world) sister(n forwarding.Network) forwarding.Network {
	n.Group = w.digest()
	return n
}

// device is one browser or player.
type device struct {
	id              forwarding.Digest
	agent, language string
	forgets         bool // keeps no cookies
}

func (w *world) device(agents ...string) *device {
	if len(agents) == 0 {
		agents = []string{"chrome", "safari", "firefox", "edge"}
	}
	language := "de"
	if w.happens(0.1) {
		language = []string{"en", "fr", "nl"}[w.below(3)]
	}
	return &device{id: w.digest(), agent: agents[w.below(len(agents))], language: language}
}

func (d *device) sighting(at time.Time, on forwarding.Network, kind forwarding.Kind) forwarding.Sighting {
	return forwarding.Sighting{
		At: at, Kind: kind, Device: d.id, Cookieless: d.forgets, Network: on, Agent: d.agent, Language: d.language,
	}
}

// beat is how often somebody who watches is seen.
const beat = 50 * time.Second

// watches has a device open the link and watch for a while; networks are those
// that its requests come from, in turn.
func (w *world) watches(d *device, at time.Time, during time.Duration, on ...forwarding.Network) {
	if d.forgets {
		d.id = w.digest()
	}
	w.seen = append(w.seen, d.sighting(at, on[0], forwarding.Opened))
	for i := 0; time.Duration(i)*beat < during; i++ {
		w.seen = append(w.seen, d.sighting(at.Add(time.Duration(i)*beat), on[i%len(on)], forwarding.Played))
	}
}

// sits is watches by the one person of a link, who has two eyes: when they watch on
// another device at that time, they do so afterwards.
func (w *world) sits(d *device, at time.Time, during time.Duration, on ...forwarding.Network) {
	for moved := true; moved; {
		moved = false
		for _, s := range w.busy {
			if at.Before(s.to) && s.from.Before(at.Add(during)) {
				at, moved = s.to.Add(2*time.Minute), true
			}
		}
	}
	w.busy = append(w.busy, sitting{at, at.Add(during)})
	w.watches(d, at, during, on...)
}

// evening, working and someday are moments of the week.
func (w *world) evening() time.Time {
	return w.day(7).Add(w.between(18*time.Hour, 22*time.Hour))
}

func (w *world) working() time.Time { return w.day(5).Add(w.between(9*time.Hour, 17*time.Hour)) }

func (w *world) commuting() time.Time {
	if w.happens(0.5) {
		return w.day(5).Add(w.between(7*time.Hour, 8*time.Hour))
	}
	return w.day(5).Add(w.between(17*time.Hour, 18*time.Hour))
}

func (w *world) day(of int) time.Time { return monday.Add(time.Duration(w.below(of)) * 24 * time.Hour) }

// while is how long somebody watches.
func (w *world) while() time.Duration { return w.between(3*time.Minute, 40*time.Minute) }

// times calls f once or more, up to most times.
func (w *world) times(most int, f func()) {
	for range 1 + w.below(most) {
		f()
	}
}
