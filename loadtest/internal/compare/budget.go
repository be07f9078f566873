package compare

import (
	"fmt"
	"slices"

	"github.com/usher-media/usher/loadtest/internal/report"
)

// figure is what of a cell is held against a bound.
type figure struct {
	name, unit string
	atMost     bool
	of         func(c, bare *cell) float64
	// beside is the figure of bare Caddy to read it against.
	beside func(c, bare *cell) string
}

var (
	ratioFigure = figure{name: "requests/s against bare Caddy", of: ratio, beside: nil}
	addedFigure = figure{name: "CPU added to a request", unit: "µs", atMost: true, of: added, beside: bareCPU}
	redisFigure = figure{name: "CPU of Redis for a request", unit: "µs", atMost: true, of: redisCPU, beside: bareCPU}
	tripsFigure = figure{name: "store trips for a request", atMost: true, of: trips, beside: nil}
	delayFigure = figure{name: "latency added, in plain round trips to Redis", atMost: true, of: delay, beside: plainTrip}
)

// Budget is one row of what the gate may cost.
type Budget struct {
	System System
	Kinds  []string
	Conns  []int
	Figure figure
	Bound  float64
	// Noise is the allowance that the promise is judged with: medians of an
	// interleaved run still differ by some per cent from run to run on a
	// machine that generator, servers and others share.
	Noise float64
	// Binding: ratios and counts hold on every machine. Microseconds are those
	// of the machine that the budget was made on, and fail no run.
	Binding bool
}

// ratioNoise and countNoise are the allowances. A count's is for what is not
// asked by requests: usage is flushed in batches, running answers looked at.
const (
	ratioNoise = 0.05
	countNoise = 0.05
)

var (
	served = []string{"file_server", "reverse_proxy"}
	naked  = []string{"respond"}
	big    = []string{"download"}
	many   = []int{32, 256}
	one    = []int{1}
)

// Budgets are the promises of the gate's cost.
var Budgets = []Budget{
	{Lease, served, many, ratioFigure, 0.97, ratioNoise, true},
	{Strict, served, many, ratioFigure, 0.85, ratioNoise, true},
	{Embedded, served, many, ratioFigure, 0.95, ratioNoise, true},
	{Lease, big, one, ratioFigure, 0.98, ratioNoise, true},
	{Strict, big, one, ratioFigure, 0.98, ratioNoise, true},
	{Embedded, big, one, ratioFigure, 0.98, ratioNoise, true},
	{Strict, naked, one, tripsFigure, 1, countNoise, true},
	{Strict, naked, one, delayFigure, 1.15, ratioNoise, true},
	{Lease, naked, many, addedFigure, 2, 0, false},
	{Strict, naked, []int{32}, addedFigure, 8, 0, false},
	{Strict, naked, []int{256}, addedFigure, 4, 0, false},
	{Strict, naked, many, redisFigure, 6, 0, false},
	{Embedded, naked, many, addedFigure, 3, 0, false},
}

// judge holds the cells against the budgets. What was not measured is not
// judged.
func judge(budgets []Budget, cells []*cell) []report.Promise {
	var list []report.Promise
	for _, b := range budgets {
		for _, c := range cells {
			if c.stand.system != b.System || !slices.Contains(b.Kinds, c.kind.name) || !slices.Contains(b.Conns, c.conns) {
				continue
			}
			bare := bareOf(cells, c)
			p := report.Promise{
				What: fmt.Sprintf("%s; %s, %s: %s", c.stand.system.title(), c.kind.name, connections(c.conns), b.Figure.name),
				Unit: b.Figure.unit, AtMost: b.Figure.atMost, Bound: b.Bound, Noise: b.Noise, Binding: b.Binding,
				Got: b.Figure.of(c, bare),
			}
			if b.Figure.beside != nil {
				p.Beside = b.Figure.beside(c, bare)
			}
			list = append(list, p)
		}
	}
	return append(list, noErrors(cells))
}

func noErrors(cells []*cell) report.Promise {
	total, first := 0.0, ""
	for _, c := range cells {
		for _, s := range c.rounds {
			total += float64(s.errors)
			if s.first != nil && first == "" {
				first = fmt.Sprintf("the first: %s; %s, %s: %v", c.stand.system.title(), c.kind.name, connections(c.conns), s.first)
			}
		}
	}
	return report.Promise{What: "wrong or missing answers", AtMost: true, Got: total, Beside: first, Binding: true}
}

// bareOf is the cell of bare Caddy that was measured beside c.
func bareOf(cells []*cell, c *cell) *cell {
	i := slices.IndexFunc(cells, func(b *cell) bool {
		return b.stand.system == Bare && b.kind.name == c.kind.name && b.conns == c.conns
	})
	return cells[i]
}
