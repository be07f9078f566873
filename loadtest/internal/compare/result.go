package compare

import (
	"fmt"

	"github.com/usher-media/usher/loadtest/internal/report"
)

// Result is a cell as it is reported: medians over the rounds, processor times
// in µs a request, latencies in µs.
type Result struct {
	Kind      string  `json:"kind"`
	Conns     int     `json:"conns"`
	System    System  `json:"system"`
	Requests  int64   `json:"requests"`
	Errors    int64   `json:"errors"`
	PerSecond float64 `json:"per_second"`
	Ratio     spread  `json:"ratio"`
	CPU       float64 `json:"cpu_us"`
	Added     float64 `json:"cpu_added_us"`
	Redis     *Store  `json:"redis,omitempty"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	Max       float64 `json:"max_us"`
}

// Store is what a request cost at Redis.
type Store struct {
	CPU      float64 `json:"cpu_us"`
	Commands float64 `json:"commands"`
	Trips    float64 `json:"trips"`
	// PlainTrip is the time of one trip of the same bytes and nothing else; 0
	// where it was not measured.
	PlainTrip float64 `json:"plain_trip_us,omitempty"`
}

func resultOf(c, bare *cell) Result {
	r := Result{
		Kind: c.kind.name, Conns: c.conns, System: c.stand.system,
		PerSecond: own(c, func(s sample) float64 { return s.perSecond }),
		Ratio:     ratios(c, bare),
		CPU:       own(c, func(s sample) float64 { return s.cpu }),
		Added:     added(c, bare),
		P50:       micros(c.latency.ValueAtQuantile(50)),
		P99:       micros(c.latency.ValueAtQuantile(99)),
		Max:       micros(c.latency.Max()),
	}
	for _, s := range c.rounds {
		r.Requests += s.requests
		r.Errors += s.errors
	}
	if c.stand.redis != nil {
		r.Redis = &Store{
			CPU:       redisCPU(c, bare),
			Commands:  own(c, func(s sample) float64 { return s.commands }),
			Trips:     trips(c, bare),
			PlainTrip: own(c, func(s sample) float64 { return s.plainTrip }),
		}
	}
	return r
}

// Figures are what a run found.
type Figures struct {
	Cells []Result `json:"cells"`
	// Others is the part of the machine that other programs took meanwhile.
	Others float64 `json:"others"`
}

func makeReport(o Options, cells []*cell, others float64) *report.Report {
	if o.Budgets == nil {
		o.Budgets = Budgets
	}
	table := report.Table{Columns: []string{
		"kind", "conns", "system", "requests/s", "× bare (min – max)", "CPU µs", "added µs",
		"Redis µs", "commands", "trips", "p50 µs", "p99 µs", "max µs", "errors",
	}}
	results := make([]Result, len(cells))
	for i, c := range cells {
		results[i] = resultOf(c, bareOf(cells, c))
		table.Row(results[i].row()...)
	}
	r := report.New("compare", Figures{results, others}, judge(o.Budgets, cells))
	r.Add(table)
	r.Note("%d rounds of %g s a cell, the systems in turn; medians; pairs are taken within a round. CPU is of the process under test, "+
		"for one request. Ratios and counts are promises: a broken one fails the run, once it is further off than the noise allowed. "+
		"Microseconds are those of one machine: met or not met, they fail nothing.", o.Rounds, o.Seconds)
	doubt := ""
	if others > busyPart {
		doubt = " That is too much for figures to be believed: run this again on a machine that does nothing else."
	}
	r.Note("Other programs took %.0f %% of the machine meanwhile.%s", 100*others, doubt)
	return r
}

func (r Result) row() []string {
	f := report.Figure
	ratio, added := report.None, report.None
	if r.System != Bare {
		ratio = fmt.Sprintf("%.3f (%.3f – %.3f)", r.Ratio.Median, r.Ratio.Min, r.Ratio.Max)
		added = f(r.Added)
	}
	store := []string{report.None, report.None, report.None}
	if r.Redis != nil {
		store = []string{f(r.Redis.CPU), f(r.Redis.Commands), f(r.Redis.Trips)}
	}
	row := []string{r.Kind, fmt.Sprint(r.Conns), r.System.title(), f(r.PerSecond), ratio, f(r.CPU), added}
	row = append(row, store...)
	return append(row, f(r.P50), f(r.P99), f(r.Max), fmt.Sprint(r.Errors))
}
