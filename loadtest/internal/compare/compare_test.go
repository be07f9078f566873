package compare

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

func TestOptions(t *testing.T) {
	fine := Options{Rounds: 1, Seconds: 1}
	for what, change := range map[string]func(*Options){
		"an unknown kind":        func(o *Options) { o.Kinds = []string{"respond", "php"} },
		"an unknown system":      func(o *Options) { o.Systems = []string{"nginx"} },
		"no connections":         func(o *Options) { o.Conns = []int{0} },
		"too many connections":   func(o *Options) { o.Conns = []int{5000} },
		"no rounds":              func(o *Options) { o.Rounds = 0 },
		"no time":                func(o *Options) { o.Seconds = 0 },
		"an empty word, as in ,": func(o *Options) { o.Kinds = []string{""} },
	} {
		o := fine
		change(&o)
		if err := o.Validate(); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if err := fine.Validate(); err != nil {
		t.Error(err)
	}
	if got := fine.systems(); !slices.Equal(got, []System{Bare, Roomy, Strict, Embedded, Lease}) {
		t.Errorf("all systems are %v", got)
	}
	fine.Systems = []string{"lease"}
	if got := fine.systems(); !slices.Equal(got, []System{Bare, Lease}) {
		t.Errorf("lease alone is %v: bare Caddy is always measured", got)
	}
}

// cells are bare Caddy and a system in three rounds. In the second the machine
// was busy with something else.
func cells(k kind, conns int, system System) []*cell {
	bare := newCell(k, conns, &stand{system: Bare})
	bare.rounds = []sample{{perSecond: 1000, cpu: 50, p50: 100}, {perSecond: 100, cpu: 80, p50: 900}, {perSecond: 2000, cpu: 60, p50: 90}}
	s := newCell(k, conns, &stand{system: system, redis: &rig.Redis{}})
	s.rounds = []sample{
		{perSecond: 900, cpu: 58, p50: 150, redisCPU: 5, trips: 1, plainTrip: 50},
		{perSecond: 20, cpu: 99, p50: 950, redisCPU: 9, trips: 1, plainTrip: 25},
		{perSecond: 1900, cpu: 70, p50: 130, redisCPU: 4, trips: 1.04, plainTrip: 40},
	}
	return []*cell{bare, s}
}

func TestFiguresArePairedByRound(t *testing.T) {
	pair := cells(kinds[1], 32, Strict)
	bare, s := pair[0], pair[1]
	if got := ratios(s, bare); got != (spread{0.2, 0.9, 0.95}) {
		t.Errorf("ratios %+v", got)
	}
	if got := added(s, bare); got != 10 {
		t.Errorf("added %g, want 10", got)
	}
	if got := delay(s, bare); got != 1 {
		t.Errorf("delay %g, want 1", got)
	}
	if got := median([]float64{1, 2, 4, 9}); got != 3 {
		t.Errorf("median of four %g, want 3", got)
	}
}

func TestJudge(t *testing.T) {
	for _, try := range []struct {
		kind   string
		conns  int
		system System
		kept   []bool // each promise but that about wrong answers
		passes bool
	}{
		{"file_server", 32, Strict, []bool{true}, true},
		{"file_server", 32, Embedded, []bool{true}, true}, // 0.9 is 0.95 less the noise
		{"file_server", 32, Lease, []bool{false}, false},
		{"file_server", 7, Lease, nil, true}, // nobody promised anything about 7
		{"respond", 1, Strict, []bool{true, true}, true},
		{"respond", 32, Strict, []bool{false, true}, true}, // 10 µs instead of 8: one machine's
		{"respond", 32, Lease, []bool{false}, true},
		{"download", 1, Lease, []bool{false}, false},
	} {
		k := kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == try.kind })]
		r := report.New("", nil, judge(Budgets, cells(k, try.conns, try.system)))
		var kept []bool
		for _, p := range r.Promises[:len(r.Promises)-1] {
			kept = append(kept, p.Kept)
		}
		if !slices.Equal(kept, try.kept) || r.Kept != try.passes {
			t.Errorf("%s, %d, %s: %v, the run %v; want %v, %v", try.kind, try.conns, try.system, kept, r.Kept, try.kept, try.passes)
		}
	}
}

func TestWrongAnswersBreakTheRun(t *testing.T) {
	pair := cells(kinds[1], 32, Strict)
	pair[1].rounds[2].errors, pair[1].rounds[2].first = 1, errors.New("status 503")
	if r := report.New("", nil, judge(Budgets, pair)); r.Kept {
		t.Error("a wrong answer is taken")
	}
}

func TestEverythingThatIsJudgedIsMeasured(t *testing.T) {
	for _, b := range Budgets {
		for _, name := range b.Kinds {
			i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
			for _, n := range b.Conns {
				if i < 0 || !slices.Contains(kinds[i].conns, n) {
					t.Errorf("%s has a budget for %s with %d connections, which is not measured", b.System, name, n)
				}
			}
		}
	}
}

func TestWeigh(t *testing.T) {
	var s sample
	s.requests = 1000
	began := time.Now()
	s.weigh(counters{began, time.Second, time.Minute, 10, 5},
		counters{began.Add(2 * time.Second), time.Second + 50*time.Millisecond, time.Minute + 5*time.Millisecond, 5011, 1006})
	if s.perSecond != 500 || s.cpu != 50 || s.redisCPU != 5 || s.commands != 5 || s.trips != 1 {
		t.Errorf("%+v", s)
	}
}

func TestMarksAreDistinct(t *testing.T) {
	seen := map[byte]bool{}
	for asset := range assets {
		for segment := range segments {
			m := mark(asset, segment)
			if seen[m] || m == ^m {
				t.Errorf("asset %d, segment %d: mark %d twice", asset, segment, m)
			}
			seen[m] = true
		}
	}
}
