package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/loadtest/internal/compare"
	"github.com/usher-media/usher/loadtest/internal/exact"
	"github.com/usher-media/usher/loadtest/internal/footprint"
	"github.com/usher-media/usher/loadtest/internal/revoke"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/soak"
)

// Ratios and microseconds of so short a run say nothing; that everything is
// measured, and how often the store was asked, can be told.
func TestCompare(t *testing.T) {
	o := measured(t, func(o *options) {
		o.compare.Big = 1 << 20
		o.compare.Budgets = lenient()
	}, "--compare", "--only", "respond,reverse_proxy,download", "--conns", "1,4", "--rounds", "2", "--seconds", "0.2")
	o.wantKept(t, "")
	results := figures[compare.Figures](t, o).Cells
	if want := 5 * (2 + 2 + 1); len(results) != want {
		t.Fatalf("%d cells, want %d", len(results), want)
	}
	for _, r := range results {
		switch onRedis := r.System == compare.Strict || r.System == compare.Lease; {
		case r.Requests == 0 || r.Errors != 0 || r.PerSecond <= 0 || r.CPU <= 0 || r.P50 <= 0 || r.Max < r.P99:
			t.Errorf("%+v", r)
		case r.System == compare.Bare && (r.Ratio.Median != 1 || r.Added != 0):
			t.Errorf("bare Caddy differs from itself: %+v", r)
		case onRedis != (r.Redis != nil):
			t.Errorf("%+v", r)
		case r.System == compare.Strict && r.Kind == "respond" && r.Conns == 1 && (r.Redis.Trips < 0.9 || r.Redis.Trips > 1.5 || r.Redis.PlainTrip <= 0):
			t.Errorf("a strict check is one trip, not %+v", r.Redis)
		case r.System == compare.Lease && r.Kind == "respond" && r.Conns == 1 && r.Redis.Trips > 0.5:
			t.Errorf("a lease saves most trips: %+v", r.Redis)
		}
	}
}

// lenient is the budgets, binding none.
func lenient() []compare.Budget {
	budgets := slices.Clone(compare.Budgets)
	for i := range budgets {
		budgets[i].Binding = false
	}
	return budgets
}

func TestABrokenPromiseFailsTheRun(t *testing.T) {
	o := measured(t, func(o *options) {
		o.compare.Budgets = lenient()
		for i, b := range o.compare.Budgets {
			if b.System == compare.Strict && slices.Contains(b.Conns, 1) {
				o.compare.Budgets[i].Binding, o.compare.Budgets[i].Bound, o.compare.Budgets[i].Noise = true, -1e9, 0
			}
		}
	}, "--compare", "--only", "respond", "--conns", "1", "--systems", "strict", "--rounds", "1", "--seconds", "0.1")
	if o.code != exitBroken || o.Kept || !strings.Contains(o.errs, "a promise was broken") {
		t.Errorf("status %d, kept %v: %s", o.code, o.Kept, o.errs)
	}
}

func TestRevoke(t *testing.T) {
	o := measured(t, func(o *options) {
		o.revoke.Budget = 5 * time.Second // tests share the machine: that it happens, not how fast
	}, "--revoke", "--nodes", "2", "--rounds", "1", "--only", "revoke,end,lock,ungrant")
	o.wantKept(t, "")
	results := figures[[]revoke.Result](t, o)
	if len(results) != 4*4 {
		t.Fatalf("%d rows: %+v", len(results), results)
	}
	for _, r := range results {
		if r.Count != 2 || r.SinceStart.Max <= 0 || r.SinceStart.Max < r.SinceAnswer.Max {
			t.Errorf("%+v", r)
		}
	}
}

func TestDownloadsAreCut(t *testing.T) {
	o := measured(t, nil, "--revoke", "--nodes", "2", "--rounds", "1", "--only", "download", "--systems", "strict")
	o.wantKept(t, "download")
}

func TestExact(t *testing.T) {
	o := measured(t, nil, "--exact", "--nodes", "2", "--rounds", "2", "--openers", "12")
	o.wantKept(t, "")
	type row struct {
		Store   string
		Rounds  int
		Openers int
		Views   int64
		Plays   int64
		Killed  bool
	}
	for _, r := range figures[[]row](t, o) {
		if r.Rounds != 1 || r.Openers != 12 || r.Plays != r.Views || r.Views == 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestSoak(t *testing.T) {
	o := measured(t, func(o *options) {
		o.soak.Tempo = 50 * time.Millisecond
	}, "--soak", "4s", "--players", "5")
	o.wantKept(t, "unexpected answers")
	o.wantKept(t, "differ from the players' ledger")
	results := figures[[]soak.Result](t, o)
	if len(results) != 2 {
		t.Fatalf("%+v", results)
	}
	for _, r := range results {
		if r.Sessions < 5 || r.Views == 0 || r.Views > int64(r.Sessions) || r.RSS <= 0 || r.Goroutines <= 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestFootprint(t *testing.T) {
	o := measured(t, nil, "--footprint", "--links", "200", "--sessions", "100", "--systems", "lease")
	for _, r := range figures[[]footprint.Result](t, o) {
		if r.RedisLink < 100 || r.RedisSession < 100 || r.Heap <= 0 || r.HeapLink == 0 || r.HeapSession == 0 {
			t.Errorf("%+v", r)
		}
	}
}

// One race is for a link of three views, one for the same link when it is
// spent.
func TestOnRunningGateways(t *testing.T) {
	stage(t)
	r, err := rig.Open(t.Context(), gateway)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	dir, err := r.Sample()
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Single(t.Context(), rig.Site{Name: "running", Consistency: rig.Strict, Behind: rig.Files(dir)})
	if err != nil {
		t.Fatal(err)
	}
	var link api.Link
	if err := c.Nodes[0].Call(t.Context(), http.MethodPost, "/links", api.NewLink{Path: "/clock/*", Views: new(int64(3))}, &link); err != nil {
		t.Fatal(err)
	}
	errs, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	for _, want := range []struct {
		code int
		exact.RunningResult
	}{
		{exitKept, exact.RunningResult{Gateways: 2, Openers: 20, Views: 3, Won: 3, Refused: 17}},
		{exitBroken, exact.RunningResult{Gateways: 2, Openers: 20, Views: 3, Refused: 20}},
	} {
		var out strings.Builder
		code := run(t.Context(), []string{"--share", link.URL, "--gateway", c.Nodes[0].URL, "--path", "/clock/360p/0.ts", "--openers", "20"}, &out, errs)
		got := want.RunningResult
		if table := out.String(); code != want.code || !strings.Contains(table, "| 2 | 20 | 3 | "+itoa(got.Won)+" | "+itoa(got.Refused)+" | 0 |") {
			t.Errorf("status %d, want %d\n%s", code, want.code, table)
		}
	}
}
