package main

import (
	"context"
	"strings"
	"time"

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
		name: "compare", doc: "what the gate costs: bare Caddy and Usher, side by side", rounds: 3,
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return compare.Run(ctx, r, o.forCompare(), p)
		},
		valid: func(o options) error { return o.forCompare().Validate() },
	},
	{
		name: "revoke", doc: "how long it takes until nobody gets in any more, over several gateways", rounds: 50,
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return revoke.Run(ctx, r, o.forRevoke(), p)
		},
		valid: func(o options) error { return o.forRevoke().Validate() },
	},
	{
		name: "exact", doc: "that a link with N views lets exactly N in, whatever happens", rounds: 10,
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return exact.Run(ctx, r, o.forExact(), p)
		},
		valid: func(o options) error { return o.forExact().Validate() },
	},
	{
		name: soakName, doc: "what grows and what goes wrong while players come and go, for a `DURATION` (10m where none is given)",
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return soak.Run(ctx, r, o.forSoak(), p)
		},
		valid: func(o options) error { return o.forSoak().Validate() },
	},
	{
		name: "footprint", doc: "how much memory links and sessions take",
		run: func(ctx context.Context, r *rig.Rig, o options, p *report.Progress) (*report.Report, error) {
			return footprint.Run(ctx, r, o.forFootprint(), p)
		},
		valid: func(o options) error { return o.forFootprint().Validate() },
	},
}

// onRunning is --exact on gateways that run already.
var onRunning = mode{
	name: "exact", rigless: true,
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
	c.Rounds, c.Systems = o.rounds, o.systems
	return c
}

func (o options) forRevoke() revoke.Options {
	return revoke.Options{Nodes: o.nodes, Rounds: o.rounds, Systems: o.systems}
}

func (o options) forExact() exact.Options {
	return exact.Options{Nodes: o.nodes, Rounds: o.rounds, Openers: o.openers}
}

func (o options) forSoak() soak.Options {
	return soak.Options{Duration: time.Duration(o.soak), Players: o.players, Systems: o.systems}
}

func (o options) forFootprint() footprint.Options {
	return footprint.Options{Links: o.links, Sessions: o.sessions, Systems: o.systems}
}
