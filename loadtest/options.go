package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/usher-media/usher/loadtest/internal/compare"
	"github.com/usher-media/usher/loadtest/internal/exact"
	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/revoke"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// options are the flags.
type options struct {
	mode    mode
	json    bool
	binary  string
	rounds  int // 0: the mode's own
	nodes   int
	systems []string
	openers int
	compare compare.Options
	running exact.Running
}

// mode is one thing that can be measured.
type mode struct {
	name, doc string
	// rounds is how often everything is done unless --rounds says so.
	rounds int
	// rigless: the mode starts nothing.
	rigless bool
	run     func(context.Context, *rig.Rig, options, *report.Progress) (*report.Report, error)
	// valid reports what is wrong with the mode's options.
	valid func(options) error
}

var modes = []mode{
	{
		"compare", "what the gate costs: bare Caddy and Usher, side by side", 3, false,
		func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return compare.Run(ctx, r, o.forCompare(), p)
		},
		func(o options) error { return o.forCompare().Validate() },
	},
	{
		"revoke", "how long it takes until nobody gets in any more, over several gateways", 50, false,
		func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return revoke.Run(ctx, r, o.forRevoke(), p)
		},
		func(o options) error { return o.forRevoke().Validate() },
	},
	{
		"exact", "that a link with N views lets exactly N in, whatever happens", 10, false,
		func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return exact.Run(ctx, r, o.forExact(), p)
		},
		func(o options) error { return o.forExact().Validate() },
	},
}

func (o options) forExact() exact.Options {
	return exact.Options{Nodes: o.nodes, Rounds: o.rounds, Openers: o.openers}
}

func (o options) forCompare() compare.Options {
	c := o.compare
	c.Rounds, c.Systems = o.rounds, o.systems
	return c
}

func (o options) forRevoke() revoke.Options {
	return revoke.Options{Nodes: o.nodes, Rounds: o.rounds, Systems: o.systems}
}

// parse reads the command line. Everything that can be wrong with it is found
// here, before anything is started.
func parse(args []string, errs io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.SetOutput(errs)
	asked := make([]bool, len(modes))
	for i, m := range modes {
		flags.BoolVar(&asked[i], m.name, false, m.doc)
	}
	flags.BoolVar(&o.json, "json", false, "print one JSON object and no table")
	flags.StringVar(&o.binary, "binary", "", "measure this gateway `FILE` instead of the one built from this checkout")
	flags.IntVar(&o.rounds, "rounds", 0, "how often everything is done; 0: as often as suits the mode")
	flags.IntVar(&o.nodes, "nodes", 3, "how many gateways share a Redis in --revoke and --exact")
	flags.IntVar(&o.openers, "openers", 200, "how many viewers race for each link in --exact")
	o.runningFlags(flags)
	flags.Float64Var(&o.compare.Seconds, "seconds", 2, "how long each cell of a round takes")
	flags.Func("only", "narrow --compare to these `KINDS`: respond, file_server, reverse_proxy, download", words(&o.compare.Kinds))
	flags.Func("systems", "narrow to these `SYSTEMS`: strict, embedded, lease; bare Caddy is always compared with", words(&o.systems))
	flags.Func("conns", "narrow --compare to these `NUMBERS` of connections, such as 32,256", numbers(&o.compare.Conns))
	if err := flags.Parse(args); err != nil {
		return o, errors.New("see the usage above") // flag has said what was wrong
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q: only flags are understood", flags.Arg(0))
	}
	chosen := 0
	for i, m := range modes {
		if asked[i] {
			o.mode = m
			chosen++
		}
	}
	if chosen == 0 && o.running.Share != "" {
		chosen = 1 // a race is all that can be had of a link
	}
	if chosen != 1 {
		flags.Usage()
		return o, errors.New("say what to measure, by exactly one of " + modeNames())
	}
	if o.running.Share != "" {
		if o.mode.name != "" && o.mode.name != "exact" {
			return o, errors.New("--share names a link to race for: use it with --exact, or alone")
		}
		o.mode, o.running.Openers = onRunning, o.openers
	}
	if o.rounds == 0 {
		o.rounds = o.mode.rounds
	}
	return o, o.mode.valid(o)
}

func modeNames() string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = "--" + m.name
	}
	return strings.Join(names, ", ")
}

// words reads words with commas in between.
func words(into *[]string) func(string) error {
	return func(text string) error {
		*into = append(*into, strings.Split(text, ",")...)
		return nil
	}
}

func numbers(into *[]int) func(string) error {
	return func(text string) error {
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil {
				return fmt.Errorf("want numbers with commas in between, such as 32,256")
			}
			*into = append(*into, n)
		}
		return nil
	}
}
