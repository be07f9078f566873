package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/forwarding"
)

// Options say what is simulated.
type Options struct {
	// Links is how many links of each scenario are looked at, each for a week.
	Links int
	// Seed makes a run repeatable.
	Seed uint64
	// Table says that networks are looked up in a table, by autonomous system and
	// country.
	Table bool
}

// Result is what became of one scenario.
type Result struct {
	Scenario string `json:"scenario"`
	Leak     bool   `json:"leak"`
	Audience string `json:"audience"`
	What     string `json:"what"`
	Links    int    `json:"links"`
	// Alarms are links that were judged likely, or worse; Watched those that were
	// at least worth a look.
	Alarms  int `json:"alarms"`
	Watched int `json:"watched"`
	// Within3 are those judged so by the third new device at the latest.
	Within3 int `json:"within_3_devices"`
	// Hours is the median time from the first new device to the alarm.
	Hours float64 `json:"median_hours"`
	// Alike says from what it cannot be told by anything that a gateway sees.
	Alike string `json:"alike,omitempty"`
	// scores are the highest of each link.
	scores []float64
}

// Share is the part of links with an alarm.
func (r *Result) Share() float64 { return float64(r.Alarms) / float64(r.Links) }

// Run simulates every scenario.
func Run(o Options) ([]Result, error) {
	if o.Links < 1 || o.Links > 1_000_000 {
		return nil, fmt.Errorf("%d links of each scenario: want 1 to 1000000", o.Links)
	}
	var results []Result
	for i, s := range Scenarios() {
		seeds := chance{o.Seed + uint64(i)<<32}
		r := Result{Scenario: s.Name, Leak: s.Leak, Audience: s.Audience.String(), What: s.What, Links: o.Links, Alike: alike[s.Name]}
		var hours []float64
		for range o.Links {
			w := &world{chance: chance{seeds.next()}, table: o.Table}
			s.live(w)
			judge(&r, s.Audience, w.seen, &hours)
		}
		if len(hours) > 0 {
			slices.Sort(hours)
			r.Hours = hours[len(hours)/2]
		}
		results = append(results, r)
	}
	return results, nil
}

// judge lets a link's sightings pass in the order of time.
func judge(r *Result, audience forwarding.Audience, seen []forwarding.Sighting, hours *[]float64) {
	slices.SortStableFunc(seen, func(a, b forwarding.Sighting) int { return a.At.Compare(b.At) })
	var ledger forwarding.Ledger
	var second time.Time // when the first new device came
	highest, score := forwarding.Quiet, 0.0
	for _, s := range seen {
		if s.At.Sub(monday) > week {
			break
		}
		known := len(ledger.Evidence)
		ledger.See(s, audience)
		if second.IsZero() && len(ledger.Clusters) > 1 {
			second = s.At
		}
		if len(ledger.Evidence) != known {
			score = max(score, ledger.Score(s.At))
		}
		if ledger.Level >= forwarding.Likely && highest < forwarding.Likely {
			if len(ledger.Clusters) <= 4 {
				r.Within3++
			}
			*hours = append(*hours, s.At.Sub(cmp.Or(second, s.At)).Hours())
		}
		highest = max(highest, ledger.Level)
	}
	if highest >= forwarding.Likely {
		r.Alarms++
	}
	if highest >= forwarding.Watch {
		r.Watched++
	}
	r.scores = append(r.scores, score)
}
