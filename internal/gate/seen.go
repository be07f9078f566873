package gate

import (
	"net/netip"
	"time"
)

// Seen is what a request shows about where its link is used. Only links that were
// made for a certain audience are watched so.
type Seen uint8

// What is seen.
const (
	SeenNothing Seen = iota // new
	// SeenPlaying is a session that goes on where it began, or that moved on with
	// the same agent, as phones do.
	SeenPlaying
	// SeenMoved is a session in another network and with another family of agents
	// than the request by which it was first known.
	SeenMoved
)

// SeenEvery is how often a session that goes on is seen.
const SeenEvery = 50 * time.Second

// shape is what the requests of a session look like. A request that looks like the
// one before it costs two comparisons.
type shape struct {
	network netip.Prefix // of the first
	family  string
	client  netip.Addr // of the last
	agent   string
	moved   bool
	// playing and away are when either was seen last.
	playing, away time.Time
}

// seen says whether the request is worth a sighting.
func (p *pass) seen(req *Request, now time.Time) Seen {
	known := p.shape.Load()
	if known != nil && known.client == req.Client && known.agent == req.Agent && !known.due(now) {
		return SeenNothing
	}
	fresh := shape{network: NetworkGroup(req.Client), family: AgentFamily(req.Agent)}
	if known != nil {
		moved := fresh.network != known.network && fresh.family != known.family
		fresh = *known
		fresh.moved = moved
	}
	fresh.client, fresh.agent = req.Client, req.Agent
	says := SeenNothing
	if fresh.due(now) {
		if says = SeenPlaying; fresh.moved {
			says, fresh.away = SeenMoved, now
		} else {
			fresh.playing = now
		}
	}
	p.shape.Store(&fresh)
	return says
}

func (s *shape) due(now time.Time) bool {
	last := s.playing
	if s.moved {
		last = s.away
	}
	return now.Sub(last) >= SeenEvery
}

// NetworkGroup is the group of addresses that is taken for one place: an IPv4 /24,
// or an IPv6 /48, which is what a site gets.
func NetworkGroup(addr netip.Addr) netip.Prefix {
	group := ClientGroup(addr)
	bits := 48
	if group.Addr().Is4() {
		bits = 24
	}
	wide, err := group.Addr().Prefix(bits)
	if err != nil { // all clients without an address are in one place
		return netip.Prefix{}
	}
	return wide
}
