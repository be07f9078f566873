// Package footprint measures how much memory links and sessions take: of the
// gateway's heap once all garbage was collected, and of Redis.
package footprint

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// Options say how many there are.
type Options struct {
	Links, Sessions int
	// Systems are "strict" and "lease"; empty: both, one after the other.
	Systems []string
}

const (
	// mostLinks and mostSessions are what has been tried.
	mostLinks    = 1_000_000
	mostSessions = 200_000
	// cached is how many links the gateway is made to remember: fewer than it
	// ever forgets for want of room.
	cached = 20_000
)

// idle is the sites' setting. Four times in it usage is flushed, and the
// default of half an hour would have every level wait for five seconds.
const (
	idle    = 4 * time.Second
	flushed = idle / 2
)

// The budgets, in bytes of the gateway's heap.
const (
	linkBudget    = 1 << 10
	sessionBudget = 2 << 10
)

// Validate reports what is wrong with the options.
func (o Options) Validate() error {
	if o.Links < 1 || o.Links > mostLinks || o.Sessions < 1 || o.Sessions > mostSessions {
		return fmt.Errorf("--links %d --sessions %d: want 1 to %d links and 1 to %d sessions", o.Links, o.Sessions, mostLinks, mostSessions)
	}
	_, err := rig.Consistencies(o.Systems)
	return err
}

// Result is what one system takes.
type Result struct {
	Consistency string `json:"consistency"`
	// Heap is the gateway's before anything, in MiB; the rest is in bytes for
	// each.
	Heap         float64 `json:"heap_mib"`
	HeapLink     float64 `json:"heap_a_cached_link"`
	HeapSession  float64 `json:"heap_a_live_session"`
	RedisLink    float64 `json:"redis_a_link"`
	RedisSession float64 `json:"redis_a_session"`
}

// Run measures.
func Run(ctx context.Context, r *rig.Rig, o Options, say *report.Progress) (*report.Report, error) {
	chosen, err := rig.Consistencies(o.Systems)
	if err != nil {
		return nil, err
	}
	dir, err := r.Sample()
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, s := range chosen {
		c, err := r.Cluster(ctx, rig.Site{Name: "footprint-" + s.Word, Consistency: s, Settings: "idle " + idle.String(), Behind: rig.Files(dir)}, 1)
		if err != nil {
			return nil, err
		}
		say := func(format string, args ...any) { say.Say(s.Setting+": "+format, args...) }
		result, err := measure(ctx, c, filepath.Join(r.Dir, rig.KeysFile), o, say)
		c.Kill()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Setting, err)
		}
		result.Consistency = s.Setting
		results = append(results, result)
	}
	return makeReport(o, results), nil
}

// level is how much memory is used at one time, in bytes.
type level struct{ heap, redis int64 }

// levelOf waits until the heap has stopped falling: what pools hold goes with
// the second collection after its use, and what was noted of usage once it is
// flushed.
func levelOf(ctx context.Context, c *rig.Cluster) (l level, err error) {
	l.heap = math.MaxInt64
	tick := time.NewTicker(flushed / 4)
	defer tick.Stop()
	for lowest := time.Now(); time.Since(lowest) < flushed; {
		heap, err := c.Nodes[0].Heap(ctx)
		if err != nil {
			return l, err
		}
		if heap < l.heap-l.heap/100 {
			lowest = time.Now()
		}
		l.heap = min(l.heap, heap)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return l, ctx.Err()
		}
	}
	l.redis, err = c.Redis.Memory(ctx)
	return l, err
}

// measure takes levels between the steps: links in the store, links that the
// gateway has met, sessions that watch.
func measure(ctx context.Context, c *rig.Cluster, keys string, o Options, say func(string, ...any)) (Result, error) {
	var none Result
	p, err := newPopulation(c, keys, say)
	if err != nil {
		return none, err
	}
	defer p.close()
	steps := []func() error{
		func() error { return p.meet(ctx, 1) }, // what is made once is nobody's
		func() error { return p.issue(ctx, o.Links) },
		func() error { return p.meet(ctx, min(o.Links, cached)) },
		func() error { return p.watch(ctx, o.Sessions) },
	}
	levels := make([]level, len(steps))
	for i, step := range steps {
		if err := step(); err != nil {
			return none, err
		}
		if levels[i], err = levelOf(ctx, c); err != nil {
			return none, err
		}
	}
	each := func(from, to int64, n int) float64 { return float64(to-from) / float64(n) }
	return Result{
		Heap:         float64(levels[0].heap) / (1 << 20),
		HeapLink:     each(levels[1].heap, levels[2].heap, min(o.Links, cached)),
		HeapSession:  each(levels[2].heap, levels[3].heap, o.Sessions),
		RedisLink:    each(levels[0].redis, levels[1].redis, o.Links),
		RedisSession: each(levels[2].redis, levels[3].redis, o.Sessions),
	}, nil
}

func makeReport(o Options, results []Result) *report.Report {
	table := report.Table{Columns: []string{
		"consistency", "links", "sessions", "heap before MiB", "heap B a cached link", "heap B a session", "Redis B a link", "Redis B a session",
	}}
	f := report.Figure
	var promises []report.Promise
	for _, r := range results {
		table.Row(r.Consistency, fmt.Sprint(o.Links), fmt.Sprint(o.Sessions), f(r.Heap), f(r.HeapLink), f(r.HeapSession), f(r.RedisLink), f(r.RedisSession))
		promises = append(promises,
			report.Promise{What: r.Consistency + ": heap of a cached link", Unit: "B", AtMost: true, Bound: linkBudget, Got: r.HeapLink, Binding: true},
			report.Promise{What: r.Consistency + ": heap of a live session", Unit: "B", AtMost: true, Bound: sessionBudget, Got: r.HeapSession, Binding: true})
	}
	out := report.New("footprint", results, promises)
	out.Add(table)
	out.Note("Each session has watched a segment. The heap is what is left after a collection, without connections.")
	return out
}
