package forwarding

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Ledger is what is kept about one link. It is small and bounded, and holds
// digests only.
type Ledger struct {
	Clusters []Cluster  `json:"clusters,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	Level    Level      `json:"level"`
	// Since is when the level was reached.
	Since time.Time `json:"since,omitzero"`
	// Owed says that what the level asks for was not done yet. Who keeps the ledger
	// sets it, and takes it back.
	Owed bool `json:"owed,omitempty"`
	// Uncounted are new devices after there was no more room.
	Uncounted int `json:"uncounted,omitempty"`
	// Previews and Scans were set apart.
	Previews int `json:"previews,omitempty"`
	Scans    int `json:"scans,omitempty"`
	// said counts what was ever held against the link.
	said int
}

const (
	maxEvidence = 256
	// halfLife is how long it takes until a piece of evidence counts half.
	halfLife = 7 * 24 * time.Hour
	// current is for how long somebody who was seen watching is taken to watch:
	// players fetch ahead.
	current = time.Minute
	// burst is the time within which several newcomers are one wave.
	burst = 6 * time.Hour
)

// The scores from which on a level is reached.
const (
	watchFrom    = 0.8
	likelyFrom   = 2.0
	restreamFrom = 6.0
	// ease is how far below its threshold a score has to fall before the level
	// goes back: what hovers around one tells nobody twice.
	ease = 0.75
)

// See takes in a sighting of a link for that audience, and reports whether the
// level rose.
func (l *Ledger) See(s Sighting, audience Audience) (rose bool) {
	switch s.Who {
	case Preview:
		l.Previews++
		return false
	case Scanner:
		l.Scans++
		return false
	case Owner:
		return false
	}
	if audience == Public {
		return false
	}
	for _, names := range s.Before {
		for i := range l.Clusters {
			l.Clusters[i].rename(names, &s)
		}
	}
	before := l.said
	at := l.find(&s)
	if at >= 0 {
		l.recognise(at, &s)
	} else {
		at = l.meet(&s, audience)
	}
	if at >= 0 && s.Kind == Played {
		l.overlaps(at, &s, audience)
	}
	if s.Kind == Played && l.said == before {
		return false // nothing to weigh anew
	}
	return l.settle(s.At)
}

// meet takes in a device that was not seen before; -1: there is no room.
func (l *Ledger) meet(s *Sighting, audience Audience) int {
	fresh := Cluster{Agent: s.Agent, Language: s.Language, First: s.At}
	fresh.note(s)
	l.newcomer(&fresh, s, audience)
	if len(l.Clusters) >= maxClusters {
		l.Uncounted++
		return -1
	}
	l.Clusters = append(l.Clusters, fresh)
	return len(l.Clusters) - 1
}

// recognise takes in one that was seen before.
func (l *Ledger) recognise(at int, s *Sighting) {
	c := &l.Clusters[at]
	watching := s.At.Sub(c.Played) <= current
	from := c.On
	if s.Kind == Moved && !c.near(s.Network) {
		if watching && from != s.Network.Group && c.apart(s.Network) {
			l.add(Evidence{At: s.At, Cluster: at, Reason: CopiedSession})
		} else { // or at home, where the television has the other kind of address
			l.add(Evidence{At: s.At, Cluster: at, Reason: HandedOver})
		}
		return // the network is whoever else's: it does not become the device's
	}
	if c.Agent != s.Agent && c.apart(s.Network) {
		l.add(Evidence{At: s.At, Cluster: at, Reason: CopiedCookie})
		return
	}
	if c.note(s) {
		l.explain(at)
	}
}

// explain takes back most of what was held against newcomers that turn out to be
// in one place with a device from before them: phone and television of a home,
// each of which was seen elsewhere first.
func (l *Ledger) explain(at int) {
	for i := range l.Evidence {
		e := &l.Evidence[i]
		if e.Reason != NewElsewhere && e.Reason != NewNearby || e.Explained || e.Cluster < 0 || e.Cluster >= len(l.Clusters) {
			continue
		}
		for other := range l.Clusters {
			if (e.Cluster == at || other == at) && other != e.Cluster && l.Clusters[e.Cluster].meets(&l.Clusters[other]) {
				e.Explained = true
			}
		}
	}
}

// overlaps holds it against a link that more places watch at the same moment than
// it was meant for.
func (l *Ledger) overlaps(at int, s *Sighting, audience Audience) {
	_, expected := audience.expected()
	here := &l.Clusters[at]
	places := []*Cluster{here}
	for i := range l.Clusters {
		c := &l.Clusters[i]
		apart := func(other *Cluster) bool { return !other.meets(c) && !c.meets(other) }
		if age := s.At.Sub(c.Played); i != at && age >= 0 && age <= current &&
			!slices.ContainsFunc(places, func(p *Cluster) bool { return !apart(p) }) {
			places = append(places, c)
		}
	}
	if len(places) <= expected {
		return
	}
	weight := overlapWeight
	for _, e := range l.Evidence {
		if e.Reason == WatchedApart && e.Cluster == at {
			if s.At.Sub(e.At) < 24*time.Hour {
				return // once a day for each device
			}
			weight = overlapAgain
		}
	}
	l.add(Evidence{At: s.At, Cluster: at, Reason: WatchedApart, Weight: weight, Places: len(places)})
}

func (l *Ledger) add(e Evidence) {
	e.Weight = cmp.Or(e.Weight, e.Reason.weight())
	for i := range l.Evidence { // said once a day; it does not grow by being said again
		old := &l.Evidence[i]
		if old.Reason == e.Reason && old.Cluster == e.Cluster && e.At.Sub(old.At) < 24*time.Hour && !e.Reason.newcomer() {
			return
		}
	}
	l.said++
	l.Evidence = newest(append(l.Evidence, e), maxEvidence)
}

// Score is the sum of the evidence at a moment: each kind up to a limit, and the
// older the less.
func (l *Ledger) Score(now time.Time) float64 {
	var sums [reasons]float64
	for _, e := range l.Evidence {
		sums[e.Reason] += e.now(now)
	}
	total := 0.0
	for reason, sum := range sums {
		total += min(sum, Reason(reason).most())
	}
	return total
}

// now is what a piece of evidence is worth at a moment.
func (e *Evidence) now(now time.Time) float64 {
	weight := e.Weight
	if e.Explained {
		weight *= explained
	}
	return weight * math.Exp2(-max(now.Sub(e.At), 0).Hours()/halfLife.Hours())
}

// settle finds the level of the moment, and reports whether it rose.
func (l *Ledger) settle(now time.Time) bool {
	score, level := l.Score(now), Quiet
	for i, from := range [...]float64{watchFrom, likelyFrom, restreamFrom} {
		if score >= from || Level(i+1) <= l.Level && score >= from*ease {
			level = Level(i + 1)
		}
	}
	rose := level > l.Level
	if level != l.Level {
		l.Level, l.Since = level, now
	}
	return rose
}

// Fine is an owner's "this is fine": what was held against the link is taken back.
// Who was seen stays known, and is no news again.
func (l *Ledger) Fine(now time.Time) {
	l.Evidence, l.Level, l.Since, l.Owed = nil, Quiet, now, false
}
