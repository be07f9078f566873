package soak

import (
	"math"
	"testing"
	"time"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

func line(start, rise float64, saw ...float64) []sampled {
	list := make([]sampled, 101)
	for i := range list {
		v := start + rise*float64(i)/100
		if len(saw) > 0 {
			v += saw[i%len(saw)]
		}
		list[i] = sampled{time.Duration(i) * time.Second, rig.Gauge{RSS: v}}
	}
	return list
}

func TestGrowth(t *testing.T) {
	for what, try := range map[string]struct {
		list []sampled
		want float64
	}{
		"flat":                   {line(100, 0), 0},
		"rising":                 {line(100, 20), 20},
		"falling":                {line(100, -5), -5},
		"a collector's saw":      {line(100, 0, -30, -10, 10, 30), 0},
		"rising under the saw":   {line(100, 20, -3, -1, 1, 3), 20},
		"one sample says naught": {line(100, 20)[:1], 0},
	} {
		if got := growth(try.list, rss); math.Abs(got-try.want) > 0.06*100 {
			t.Errorf("%s: %g, want about %g", what, got, try.want)
		}
	}
}

func TestJudge(t *testing.T) {
	fine := Result{RSS: 100, RSSGrowth: 7, Goroutines: 400, Growth: 15}
	for what, try := range map[string]struct {
		change func(*Result)
		kept   bool
	}{
		"fine":                       {func(*Result) {}, true},
		"a leak":                     {func(r *Result) { r.RSSGrowth = 9 }, false},
		"5 % of much":                {func(r *Result) { r.RSS, r.RSSGrowth = 1000, 40 }, true},
		"goroutines that stay":       {func(r *Result) { r.Growth = 25 }, false},
		"an unexpected answer":       {func(r *Result) { r.Unexpected = 1 }, false},
		"a view that nobody watched": {func(r *Result) { r.Differs = 1 }, false},
	} {
		r := fine
		try.change(&r)
		if got := report.New("", nil, judge(r, nil)).Kept; got != try.kept {
			t.Errorf("%s: kept %v", what, got)
		}
	}
}

func TestSettled(t *testing.T) {
	if got := settled(line(0, 1)); len(got) != 68 || got[0].at != 33*time.Second {
		t.Errorf("%d samples from %s", len(got), got[0].at)
	}
}
