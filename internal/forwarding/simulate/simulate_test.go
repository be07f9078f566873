package simulate

import (
	"fmt"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/forwarding"
)

// seeds of the tests are none of those that the weights were tuned with.
const testSeed = 20_261_125

// TestTargets holds the judgement to what is promised of it, on made-up links that
// the weights were not tuned with.
func TestTargets(t *testing.T) {
	for _, table := range []bool{false, true} {
		results, err := Run(Options{Links: 250, Seed: testSeed, Table: table})
		if err != nil {
			t.Fatal(err)
		}
		alarms, honest := 0, 0
		for _, r := range results {
			name := fmt.Sprintf("%s, networks looked up %t", r.Scenario, table)
			t.Logf("%s: %.4f", name, r.Share())
			if r.Alike != "" {
				continue // it is printed, and docs say so
			}
			if !r.Leak {
				alarms, honest = alarms+r.Alarms, honest+r.Links
				if r.Share() > 0.005 {
					t.Errorf("%s: %.4f of honest links are suspected, want at most 0.005", name, r.Share())
				}
				continue
			}
			if want := wanted[r.Scenario]; r.Share() < want.share || float64(r.Within3)/float64(r.Links) < want.within3 {
				t.Errorf("%s: %.3f found, %.3f within three devices; want %+v", name, r.Share(), float64(r.Within3)/float64(r.Links), want)
			}
		}
		if share := float64(alarms) / float64(honest); share > 0.001 {
			t.Errorf("%.5f of all honest links are suspected, want at most 0.001", share)
		}
	}
}

var wanted = map[string]struct{ share, within3 float64 }{
	"one friend": {0.25, 0}, "few friends": {0.95, 0.95}, "chat group": {0.995, 0.995}, "forum": {0.995, 0.995},
	"resold": {0.995, 0.995}, "copied session": {0.99, 0.99}, "copied cookie": {0.95, 0.95}, "household and friends": {0.9, 0},
}

func TestRunsRepeat(t *testing.T) {
	o := Options{Links: 20, Seed: 7}
	first, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Run(o)
	o.Seed = 8
	other, _ := Run(o)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Error("the same seed gave another run")
	}
	if fmt.Sprint(first) == fmt.Sprint(other) {
		t.Error("another seed gave the same run")
	}
	for _, links := range []int{0, -1, 1_000_001} {
		if _, err := Run(Options{Links: links}); err == nil {
			t.Errorf("%d links were accepted", links)
		}
	}
}

// BenchmarkSee is one sighting of a link that a forum reads.
func BenchmarkSee(b *testing.B) {
	w := &world{chance: chance{1}}
	for _, s := range leaks {
		if s.Name == "forum" {
			s.live(w)
		}
	}
	b.ReportAllocs()
	var ledger forwarding.Ledger
	for i := 0; b.Loop(); i++ {
		s := w.seen[i%len(w.seen)]
		s.At = s.At.Add(time.Duration(i/len(w.seen)) * week)
		ledger.See(s, forwarding.One)
	}
}
