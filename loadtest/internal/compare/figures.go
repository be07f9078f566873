package compare

import (
	"slices"

	"github.com/usher-media/usher/loadtest/internal/report"
)

// spread is a figure over the rounds.
type spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
}

// over takes the spread of a figure of each round. Pairs are taken within a
// round: what the machine did besides then, it did to both.
func over(c, bare *cell, of func(s, bare sample) float64) spread {
	values := make([]float64, len(c.rounds))
	for i, s := range c.rounds {
		values[i] = of(s, bare.rounds[i])
	}
	slices.Sort(values)
	return spread{values[0], median(values), values[len(values)-1]}
}

// median of sorted values.
func median(values []float64) float64 {
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func ratios(c, bare *cell) spread {
	return over(c, bare, func(s, b sample) float64 { return s.perSecond / b.perSecond })
}

func ratio(c, bare *cell) float64 { return ratios(c, bare).Median }

func added(c, bare *cell) float64 {
	return over(c, bare, func(s, b sample) float64 { return s.cpu - b.cpu }).Median
}

func delay(c, bare *cell) float64 {
	return over(c, bare, func(s, b sample) float64 { return (s.p50 - b.p50) / s.plainTrip }).Median
}

func redisCPU(c, _ *cell) float64 { return own(c, func(s sample) float64 { return s.redisCPU }) }
func trips(c, _ *cell) float64    { return own(c, func(s sample) float64 { return s.trips }) }

func bareCPU(_, bare *cell) string {
	return "bare Caddy " + report.Figure(own(bare, func(s sample) float64 { return s.cpu })) + " µs"
}

func plainTrip(c, _ *cell) string {
	return "a plain round trip " + report.Figure(own(c, func(s sample) float64 { return s.plainTrip })) + " µs"
}

// own is the median of a figure that needs no other cell.
func own(c *cell, of func(sample) float64) float64 {
	return over(c, c, func(s, _ sample) float64 { return of(s) }).Median
}
