package revoke

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/usher-media/usher/loadtest/internal/report"
)

// tally is how long one change took in one scene, on every node of every round.
type tally struct {
	scene  scene
	change string
	// sinceStart counts from the call of the API, sinceAnswer from its answer:
	// what is refused before that counts as nothing.
	sinceStart, sinceAnswer *hdrhistogram.Histogram
}

func newTally(s scene, change string) *tally {
	histogram := func() *hdrhistogram.Histogram {
		return hdrhistogram.New(time.Microsecond.Nanoseconds(), time.Minute.Nanoseconds(), 3)
	}
	return &tally{scene: s, change: change, sinceStart: histogram(), sinceAnswer: histogram()}
}

func (t *tally) note(sinceStart, sinceAnswer time.Duration) {
	// Fails only above a minute, and patience ends before.
	_ = t.sinceStart.RecordValue(max(0, sinceStart.Nanoseconds()))
	_ = t.sinceAnswer.RecordValue(max(0, sinceAnswer.Nanoseconds()))
}

// Result is one row, in ms.
type Result struct {
	Consistency string `json:"consistency"`
	Change      string `json:"change"`
	Count       int64  `json:"count"`
	SinceStart  Times  `json:"since_start_ms"`
	SinceAnswer Times  `json:"since_answer_ms"`
}

// Times are of one histogram.
type Times struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func timesOf(h *hdrhistogram.Histogram) Times {
	return Times{millis(h.ValueAtQuantile(50)), millis(h.ValueAtQuantile(99)), millis(h.Max())}
}

func millis(nanoseconds int64) float64 { return float64(nanoseconds) / 1e6 }

func makeReport(o Options, all []*tally) *report.Report {
	table := report.Table{Columns: []string{
		"consistency", "change", "refusals", "p50 ms", "p99 ms", "max ms", "p50 ms from the call", "p99 ms", "max ms",
	}}
	f := report.Figure
	results := make([]Result, len(all))
	for i, t := range all {
		r := Result{t.scene.title, t.change, t.sinceAnswer.TotalCount(), timesOf(t.sinceStart), timesOf(t.sinceAnswer)}
		results[i] = r
		table.Row(r.Consistency, r.Change, fmt.Sprint(r.Count), f(r.SinceAnswer.P50), f(r.SinceAnswer.P99), f(r.SinceAnswer.Max),
			f(r.SinceStart.P50), f(r.SinceStart.P99), f(r.SinceStart.Max))
	}
	report := report.New("revoke", results, judge(o, all))
	report.Add(table)
	report.Note("Times run from the answer of the API to the first refused request of each node, and until a running slow download breaks off; "+
		"%d gateways on one Redis, the change made on one of them.", o.Nodes)
	return report
}

// judge holds the scenes against what is promised.
func judge(o Options, all []*tally) []report.Promise {
	var list []report.Promise
	for _, s := range o.scenes() {
		refusals, downloads := newTally(s, ""), newTally(s, "")
		for _, t := range all {
			switch {
			case t.scene != s:
			case t.change == download:
				downloads.sinceAnswer.Merge(t.sinceAnswer)
			default:
				refusals.sinceAnswer.Merge(t.sinceAnswer)
			}
		}
		if refusals.sinceAnswer.TotalCount() > 0 {
			list = append(list, s.promise(o, timesOf(refusals.sinceAnswer)))
		}
		if downloads.sinceAnswer.TotalCount() > 0 {
			list = append(list, report.Promise{
				What: s.title + ": a running download is cut, the longest", Unit: "ms", AtMost: true, Binding: true,
				Bound: millis(cutBudget.Nanoseconds()), Got: timesOf(downloads.sinceAnswer).Max,
			})
		}
	}
	return list
}

func (s scene) promise(o Options, t Times) report.Promise {
	p := report.Promise{Unit: "ms", AtMost: true, Binding: true}
	if s.push == pushed {
		p.What, p.Bound, p.Got = s.title+": refused on every node, p99", millis(o.Budget.Nanoseconds()), t.P99
	} else {
		p.What, p.Bound, p.Got = s.title+": refused on every node, the longest", millis(lease.Nanoseconds()), t.Max
		p.Noise = millis(leaseNoise.Nanoseconds())
	}
	return p
}
