package forwarding

import (
	"fmt"
	"slices"
	"time"
)

// Evidence is one thing that speaks for a link's having been passed on.
type Evidence struct {
	At time.Time `json:"at"`
	// Cluster is the place of the device in the ledger.
	Cluster int     `json:"cluster"`
	Reason  Reason  `json:"reason"`
	Weight  float64 `json:"weight"`
	// Places are those that watched at the same moment.
	Places int `json:"places,omitempty"`
	// Explained says that most of it was taken back by what was seen later.
	Explained bool `json:"explained,omitempty"`
}

// Reason is one kind of evidence.
type Reason byte

// The reasons.
const (
	// NewHere is a further device in a place that is known.
	NewHere Reason = iota
	// NewNearby is a further device on another network of the same operator, or
	// one that looks like a known device somewhere else.
	NewNearby
	// NewElsewhere is a further device in a place that none was seen in.
	NewElsewhere
	// Wave is one of several such newcomers within hours.
	Wave
	// Foreign is a newcomer that speaks another language.
	Foreign
	// WatchedApart are more places watching at the same moment than expected.
	WatchedApart
	// CopiedSession is a session that is used in two places at the same moment.
	CopiedSession
	// HandedOver is a session that went on in another place.
	HandedOver
	// CopiedCookie is a device's cookie in an agent of another family, elsewhere.
	CopiedCookie
	reasons
)

const (
	overlapWeight = 1.15
	overlapAgain  = 0.5
	// explained is what is left of evidence that was explained.
	explained = 0.15
	// spare is what a device within the expected ones counts, in a household.
	spare = 0.15
	// abroad is how much more a newcomer counts in another country, discounted how
	// much less where addresses say little, or cannot be compared.
	abroad, discounted = 1.3, 0.4
)

// meaning is what a kind of evidence weighs, up to how much all of it counts, and
// how it reads. The sentences are for owners: likely, and never sure.
type meaning struct {
	word         string
	weight, most float64
	sentence     string
}

var ofReason = [reasons]meaning{
	NewHere:       {"new_here", 0.05, 0.5, "one more device in a place that is known"},
	NewNearby:     {"new_nearby", 0.35, 1.4, "a device that was not seen before, and may be a known one on another network"},
	NewElsewhere:  {"new_elsewhere", 0.9, 7, "a device that was not seen before, in a place where no other device of this link was"},
	Wave:          {"wave", 0.3, 3, "it came within hours of others that were new, too"},
	Foreign:       {"foreign", 0.25, 1, "it asks for another language than the devices before it"},
	WatchedApart:  {"watched_apart", overlapWeight, 4, "watched in %d places that have nothing in common at the same moment"},
	CopiedSession: {"copied_session", 2.1, 4.2, "the address of a running playback is used in another place by another player, while the first still plays"},
	HandedOver:    {"handed_over", 0.3, 0.9, "a playback went on in another place, in another player"},
	CopiedCookie:  {"copied_cookie", 1.2, 2.4, "a browser's cookie was shown by a player of another kind, in another place"},
}

func (r Reason) weight() float64 { return ofReason[r].weight }
func (r Reason) most() float64   { return ofReason[r].most }
func (r Reason) newcomer() bool {
	return r == NewHere || r == NewNearby || r == NewElsewhere || r == Wave || r == Foreign
}

// String is the reason's word.
func (r Reason) String() string { return ofReason[r].word }

// MarshalText writes the word.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads it.
func (r *Reason) UnmarshalText(text []byte) error {
	at := slices.IndexFunc(ofReason[:], func(m meaning) bool { return m.word == string(text) })
	if at < 0 {
		return fmt.Errorf("reason %q is not known", text)
	}
	*r = Reason(at)
	return nil
}

// Sentence is what the evidence says.
func (e *Evidence) Sentence() string {
	text := ofReason[e.Reason].sentence
	if e.Reason == WatchedApart {
		text = fmt.Sprintf(text, e.Places)
	}
	if e.Explained {
		text += "; it was seen with a known device later, so it counts little"
	}
	return text
}

// newcomer weighs a device that was not seen before.
func (l *Ledger) newcomer(fresh *Cluster, s *Sighting, audience Audience) {
	if len(l.Clusters) == 0 {
		return // whoever comes first is whom it was meant for
	}
	at := len(l.Clusters)
	reason, factor := NewElsewhere, 1.0
	switch {
	case slices.ContainsFunc(l.Clusters, func(c Cluster) bool { return c.meets(fresh) }):
		reason = NewHere
	case s.Cookieless && slices.ContainsFunc(l.Clusters, func(c Cluster) bool { return c.Agent == s.Agent && c.Language == s.Language }):
		reason = NewNearby // a player that keeps no cookies, somewhere else
	case s.Network.Shared || !slices.ContainsFunc(l.Clusters, func(c Cluster) bool { return c.knows(s.Network.Six) }):
		factor = discounted
	case l.elsewhere(s.Network.Country):
		factor = abroad
	}
	devices, _ := audience.expected()
	expected := at < devices
	if expected {
		if audience.kind == toTeam {
			return
		}
		factor *= spare
	}
	l.add(Evidence{At: s.At, Cluster: at, Reason: reason, Weight: reason.weight() * factor})
	if expected || reason != NewElsewhere {
		return
	}
	if l.newcomersSince(s.At.Add(-burst)) > 1 {
		l.add(Evidence{At: s.At, Cluster: at, Reason: Wave})
	}
	if s.Language != "" && !slices.ContainsFunc(l.Clusters, func(c Cluster) bool { return c.Language == s.Language || c.Language == "" }) {
		l.add(Evidence{At: s.At, Cluster: at, Reason: Foreign})
	}
}

// elsewhere reports whether the country is another than all that were seen.
func (l *Ledger) elsewhere(country string) bool {
	if country == "" {
		return false
	}
	for i := range l.Clusters {
		for _, n := range l.Clusters[i].Networks {
			if n.Country == country || n.Country == "" {
				return false
			}
		}
	}
	return true
}

func (l *Ledger) newcomersSince(since time.Time) (n int) {
	for _, e := range l.Evidence {
		if e.Reason == NewElsewhere && e.At.After(since) && !e.Explained {
			n++
		}
	}
	return n
}
