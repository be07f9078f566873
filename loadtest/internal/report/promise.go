package report

import (
	"fmt"
	"strings"
)

// Promise is a bound and what was measured against it.
type Promise struct {
	// What is bounded, in words.
	What string `json:"what"`
	// AtMost: the figure may not be above Bound; otherwise not below.
	AtMost bool    `json:"at_most"`
	Bound  float64 `json:"bound"`
	// Noise is how far beyond the bound a figure may be on a machine that does
	// other things too.
	Noise float64 `json:"noise,omitempty"`
	Got   float64 `json:"got"`
	Unit  string  `json:"unit,omitempty"`
	// Beside is what to read the figure against, such as that of bare Caddy.
	Beside string `json:"beside,omitempty"`
	// Binding: a broken promise fails the run. The others hold for one machine:
	// they are said, and fail nothing.
	Binding bool `json:"binding"`
	// Kept is the verdict; [New] gives it.
	Kept bool `json:"kept"`
}

func (p *Promise) judge() {
	if p.AtMost {
		p.Kept = p.Got <= p.Bound+p.Noise
	} else {
		p.Kept = p.Got >= p.Bound-p.Noise
	}
}

func (p Promise) bound() string {
	sign := "≥"
	if p.AtMost {
		sign = "≤"
	}
	text := fmt.Sprintf("%s %s%s", sign, Figure(p.Bound), unit(p.Unit))
	if p.Noise > 0 {
		text += fmt.Sprintf(" (noise %s)", Figure(p.Noise))
	}
	return text
}

func (p Promise) verdict() string {
	switch {
	case p.Binding && p.Kept:
		return "kept"
	case p.Binding:
		return "**broken**"
	case p.Kept:
		return "met"
	}
	return "not met"
}

func unit(u string) string {
	if u == "" {
		return ""
	}
	return " " + u
}

func promiseTable(promises []Promise) Table {
	t := Table{Columns: []string{"promise", "bound", "measured", "beside", "verdict"}}
	for _, p := range promises {
		beside := p.Beside
		if beside == "" {
			beside = None
		}
		t.Row(p.What, p.bound(), Figure(p.Got)+unit(p.Unit), beside, p.verdict())
	}
	return t
}

// Figure prints a number with about three digits that mean something.
func Figure(v float64) string {
	switch size := max(v, -v); {
	case size >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", v), "0"), ".")
}
