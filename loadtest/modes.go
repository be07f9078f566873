package main

import (
	"context"
	"strings"

	"github.com/usher-media/usher/loadtest/internal/compare"
	"github.com/usher-media/usher/loadtest/internal/exact"
	"github.com/usher-media/usher/loadtest/internal/footprint"
	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/revoke"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/soak"
)

// mode is one thing that can be measured.
type mode struct {
	name, doc string
	// takes are the flags, besides those for all, that mean something to it.
	takes []string
	// rounds is how often everything is done unless --rounds says so.
	rounds int
	// rigless: the mode starts nothing.
	rigless bool
	run     func(context.Context, *rig.Rig, options, *report.Progress) (*report.Report, error)
	// valid reports what is wrong with the mode's options.
	valid func(options) error
}

// soakName is the mode that takes a value.
const soakName = "soak"

var modes = []mode{
	{
		name: "compare", takes: []string{"rounds", "systems", "only", "seconds", "conns"},
		doc: "what the gate costs: bare Caddy and Usher, side by side", rounds: 9,
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return compare.Run(ctx, r, o.forCompare(), p)
		},
		valid: func(o options) error { return o.forCompare().Validate() },
	},
	{
		name: "revoke", takes: []string{"rounds", "systems", "only", "nodes"},
		doc: "how long it takes until nobody gets in any more, over several gateways", rounds: 50,
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return revoke.Run(ctx, r, o.forRevoke(), p)
		},
		valid: func(o options) error { return o.forRevoke().Validate() },
	},
	{
		name: "exact", takes: []string{"rounds", "nodes", "openers"},
		doc: "that a link with N views lets exactly N in, whatever happens", rounds: 10,
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return exact.Run(ctx, r, o.forExact(), p)
		},
		valid: func(o options) error { return o.forExact().Validate() },
	},
	{
		name: soakName, takes: []string{"systems", "players"},
		doc: "what grows and what goes wrong while players come and go, for a `DURATION` (10m where none is given)",
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return soak.Run(ctx, r, o.forSoak(), p)
		},
		valid: func(o options) error { return o.forSoak().Validate() },
	},
	{
		name: "footprint", takes: []string{"systems", "links", "sessions"},
		doc: "how much memory links and sessions take",
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return footprint.Run(ctx, r, o.forFootprint(), p)
		},
		valid: func(o options) error { return o.forFootprint().Validate() },
	},
}

// onRunning is --exact on gateways that run already.
var onRunning = mode{
	name: "exact", takes: []string{"openers", "share", "gateway", "path", "views"}, rigless: true,
	run: func(ctx context.Context, _ *rig.Rig, o options, _ *report.Progress) (*report.Report, error) {
		return o.running.Race(ctx)
	},
	valid: func(o options) error { return o.running.Validate() },
}

func modeNames() string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = "--" + m.name
	}
	return strings.Join(names, ", ")
}

func (o options) forCompare() compare.Options {
	c := o.compare
	c.Rounds, c.Systems, c.Kinds = o.rounds, o.systems, o.only
	return c
}

func (o options) forRevoke() revoke.Options {
	r := o.revoke
	r.Nodes, r.Rounds, r.Systems, r.Changes = o.nodes, o.rounds, o.systems, o.only
	return r
}

func (o options) forExact() exact.Options {
	return exact.Options{Nodes: o.nodes, Rounds: o.rounds, Openers: o.openers}
}

func (o options) forSoak() soak.Options {
	s := o.soak
	s.Systems = o.systems
	return s
}

func (o options) forFootprint() footprint.Options {
	f := o.footprint
	f.Systems = o.systems
	return f
}
