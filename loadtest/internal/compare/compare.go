// Package compare measures what the gate costs: bare Caddy, also with a heap as
// roomy as Usher's, and Usher in three settings, side by side in one run, round
// by round in turn. A gate can only be read as a ratio to what it stands on,
// taken in the same seconds.
package compare

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// System is one server under test, by its word on the command line.
type System string

// The systems.
const (
	Bare     System = "bare"
	Roomy    System = "roomy"
	Strict   System = "strict"
	Embedded System = "embedded"
	Lease    System = "lease"
)

// systems are in the order of the report.
var systems = []struct {
	system System
	title  string
}{{Bare, "bare Caddy"}, {Roomy, "bare Caddy, GOGC=700"}, {Strict, "strict, Redis"}, {Embedded, "strict, embedded"}, {Lease, "lease 2s, Redis"}}

// roomyGC collects bare Caddy's heap about as seldom as Usher has its own
// collected. What the gate saves by that is no merit of deciding: the row shows
// what it would save without a gate.
const roomyGC = "GOGC=700"

// gated reports whether the system has a gate.
func (s System) gated() bool { return s != Bare && s != Roomy }

func (s System) title() string {
	for _, known := range systems {
		if known.system == s {
			return known.title
		}
	}
	return string(s)
}

// Options say what is measured, and for how long.
type Options struct {
	// Rounds is how often everything is measured, Seconds how long a cell of a
	// round takes.
	Rounds  int
	Seconds float64
	// Kinds and Systems are words; empty: all. Bare Caddy is always there.
	Kinds, Systems []string
	// Conns are the numbers of connections; empty: each kind's own.
	Conns []int
	// Big is the size of the download; zero: 1 GiB.
	Big int64
	// Budgets are what is held; nil: [Budgets].
	Budgets []Budget
}

// Validate reports what is wrong with the options.
func (o Options) Validate() error {
	if err := known("--only", o.Kinds, kindWords()); err != nil {
		return err
	}
	if err := known("--systems", o.Systems, systemWords()); err != nil {
		return err
	}
	for _, n := range o.Conns {
		if n < 1 || n > 4096 {
			return fmt.Errorf("--conns %d: want 1 to 4096", n)
		}
	}
	if o.Rounds < 1 || o.Seconds <= 0 {
		return fmt.Errorf("--rounds %d --seconds %g: want at least one round and some time", o.Rounds, o.Seconds)
	}
	return nil
}

func known(flag string, words, all []string) error {
	for _, word := range words {
		if !slices.Contains(all, word) {
			return fmt.Errorf("%s %q: want one or more of %v, with commas in between", flag, word, all)
		}
	}
	return nil
}

func systemWords() []string {
	var words []string
	for _, s := range systems {
		words = append(words, string(s.system))
	}
	return words
}

// systems that are asked for, bare Caddy first.
func (o Options) systems() []System {
	var list []System
	for _, s := range systems {
		if s.system == Bare || len(o.Systems) == 0 || slices.Contains(o.Systems, string(s.system)) {
			list = append(list, s.system)
		}
	}
	return list
}

// comparison is one run.
type comparison struct {
	Options
	rig    *rig.Rig
	media  media
	origin *rig.Server
	others witness
	say    *report.Progress
}

// Run measures.
func Run(ctx context.Context, r *rig.Rig, o Options, say *report.Progress) (*report.Report, error) {
	run := &comparison{Options: o, rig: r, say: say}
	var err error
	if run.media, err = makeMedia(r.Dir, o.Big); err != nil {
		return nil, err
	}
	if run.origin, err = r.Serve(ctx, rig.Site{Name: "origin", Behind: rig.Files(run.media.dir)}); err != nil {
		return nil, err
	}
	var all []*cell
	for _, k := range kinds {
		if len(o.Kinds) > 0 && !slices.Contains(o.Kinds, k.name) {
			continue
		}
		cells, err := run.measure(ctx, k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		all = append(all, cells...)
	}
	return makeReport(o, all, run.others.part()), nil
}

// measure starts one server a system, all of the kind, and measures them in
// turn; while one is measured the others are idle.
func (run *comparison) measure(ctx context.Context, k kind) ([]*cell, error) {
	conns := k.conns
	if len(run.Conns) > 0 && !k.download {
		conns = run.Conns
	}
	run.say.Say("%s: starting", k.name)
	f, err := run.startFleet(ctx, k, slices.Max(conns))
	if err != nil {
		return nil, err
	}
	defer f.stop()
	if err := run.others.begin(append(f.processes(), run.origin.Process)); err != nil {
		return nil, err
	}
	rows := make([][]*cell, len(conns))
	for round := range run.Rounds {
		for i, n := range conns {
			if round == 0 {
				rows[i] = f.cells(k, n)
			}
			if err := run.measureRow(ctx, rows[i], round); err != nil {
				return nil, err
			}
		}
	}
	return slices.Concat(rows...), run.others.end()
}

// measureRow measures every system once. Whoever comes first meets other
// caches and clock speeds than whoever comes last: the order moves on with
// each round.
func (run *comparison) measureRow(ctx context.Context, row []*cell, round int) error {
	during := time.Duration(run.Seconds * float64(time.Second))
	for i := range row {
		c := row[(i+round)%len(row)]
		what := fmt.Sprintf("%s, %s", connections(c.conns), c.stand.system.title())
		run.say.Say("%s, round %d of %d, %s", c.kind.name, round+1, run.Rounds, what)
		if err := c.measure(ctx, during, row[0]); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}
