package exact

import (
	"fmt"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/loadtest/internal/report"
)

// outcome is the rounds on one store, added up.
type outcome struct {
	Store string `json:"store"`
	// Killed says that a gateway was killed in the middle of each round.
	Killed  bool  `json:"killed"`
	Rounds  int   `json:"rounds"`
	Openers int   `json:"openers"`
	Views   int64 `json:"views"`
	Won     int64 `json:"plays"`
	Refused int   `json:"refused"`
	// Unanswered counts tries that a dying gateway left without an answer.
	Unanswered int `json:"unanswered"`
	Broken     struct {
		Beyond     int64 `json:"beyond_views"`
		BeyondEach int64 `json:"beyond_views_each"`
		NoByte     int64 `json:"let_in_without_a_byte"`
		Differs    int64 `json:"counts_that_differ"`
		Left       int64 `json:"left_over"`
	} `json:"broken"`
}

// add compares what the viewers of a round got with what the link says.
func (out *outcome) add(devices []*device, limits gate.Terms, link api.Link) {
	var plays int64
	for _, d := range devices {
		var own int64
		for _, got := range d.plays {
			if got {
				own++
			}
		}
		plays += own
		out.Unanswered += d.failed
		switch {
		case !d.in:
			out.Refused++
		case own == 0:
			out.Broken.NoByte++
		}
		if limits.ViewsEach > 0 {
			out.Broken.BeyondEach += max(0, own-limits.ViewsEach)
		}
	}
	out.Rounds++
	out.Openers += len(devices)
	out.Views += limits.Views
	out.Won += plays
	out.Broken.Beyond += max(0, plays-limits.Views)
	out.Broken.Left += max(0, limits.Views-plays)
	// Whoever was interrupted came back and got an answer: nothing is left
	// reserved, and every charged view has somebody who got bytes.
	out.Broken.Differs += distance(link.Views.Used, plays) + link.Views.Reserved
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

func makeReport(o Options, all []*outcome) *report.Report {
	table := report.Table{Columns: []string{"store", "gateways", "killed", "rounds", "openers", "views", "plays won", "refused", "unanswered"}}
	for _, out := range all {
		nodes, killed := o.Nodes, "none"
		if out.Store == "embedded" {
			nodes = 1
		}
		if out.Killed {
			killed = "one a round"
		}
		table.Row(out.Store, fmt.Sprint(nodes), killed, fmt.Sprint(out.Rounds), fmt.Sprint(out.Openers), fmt.Sprint(out.Views),
			fmt.Sprint(out.Won), fmt.Sprint(out.Refused), fmt.Sprint(out.Unanswered))
	}
	r := report.New("exact", all, judge(all))
	r.Add(table)
	r.Note("Each round is a fresh link with 1 to %d views and 0 to %d for each viewer (0: no limit), and %d viewers who press Watch twice and open every film in two tabs, all at once.",
		mostViews, len(titles)-1, o.Openers)
	return r
}

func judge(all []*outcome) []report.Promise {
	var sum outcome
	unanswered := 0
	for _, out := range all {
		sum.Broken.Beyond += out.Broken.Beyond
		sum.Broken.BeyondEach += out.Broken.BeyondEach
		sum.Broken.NoByte += out.Broken.NoByte
		sum.Broken.Differs += out.Broken.Differs
		sum.Broken.Left += out.Broken.Left
		if !out.Killed {
			unanswered += out.Unanswered
		}
	}
	none := func(what string, got int64) report.Promise {
		return report.Promise{What: what, AtMost: true, Got: float64(got), Binding: true}
	}
	return []report.Promise{
		none("plays beyond a link's views", sum.Broken.Beyond),
		none("plays beyond a viewer's own views", sum.Broken.BeyondEach),
		none("viewers let in who got no byte", sum.Broken.NoByte),
		none("views used or reserved that no viewer's ledger shows, or the other way round", sum.Broken.Differs),
		none("views left over while viewers were refused", sum.Broken.Left),
		none("requests without an answer while nothing was killed", int64(unanswered)),
	}
}
