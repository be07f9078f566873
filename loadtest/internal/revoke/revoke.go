// Package revoke measures how long a change of mind takes: one node is told to
// revoke a link, end a session, lock a collection or the like, while players read
// through every node, and what counts is when the last of them is refused.
package revoke

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// Options say how much is measured.
type Options struct {
	// Nodes is how many gateways share the Redis, Rounds how often each change
	// is made.
	Nodes, Rounds int
	// Systems are "strict" and "lease"; empty: both.
	Systems []string
	// Changes are words; empty: all.
	Changes []string
	// Budget is what a push may take; zero: [Budget].
	Budget time.Duration
}

// Budget is what a change may take to reach every node, from the moment the
// API has answered: the 99th percentile.
const Budget = 50 * time.Millisecond

// lease is D of the leasing sites: without any push, the limit.
const lease = 2 * time.Second

// leaseNoise is for the one request that may have been under way when the
// lease ran out, on a machine that does other things.
const leaseNoise = 100 * time.Millisecond

// cutBudget is what the README promises for running downloads.
const cutBudget = 5 * time.Second

// Validate reports what is wrong with the options.
func (o Options) Validate() error {
	if o.Nodes < 2 || o.Nodes > 32 || o.Rounds < 1 {
		return fmt.Errorf("--nodes %d --rounds %d: want 2 to 32 gateways and at least one round", o.Nodes, o.Rounds)
	}
	for _, word := range o.Changes {
		if !slices.Contains(changeWords(), word) {
			return fmt.Errorf("--only %q: want one or more of %v, with commas in between", word, changeWords())
		}
	}
	_, err := rig.Consistencies(o.Systems)
	return err
}

// scene is one way that nodes learn of changes.
type scene struct {
	name, title string
	consistency rig.Consistency
	push        push
}

var scenes = []scene{
	{"strict", "strict", rig.Strict, pushed},
	{"lease", "lease 2s", rig.Lease, pushed},
	{"lost", "lease 2s, pushes to one node lost", rig.Lease, lost},
	{"cut", "lease 2s, subscription of one node cut", rig.Lease, cut},
}

func (o Options) scenes() []scene {
	return slices.DeleteFunc(slices.Clone(scenes), func(s scene) bool {
		return len(o.Systems) > 0 && !slices.Contains(o.Systems, s.consistency.Word)
	})
}

// few is how much fewer rounds there are where each takes as long as a lease,
// or as the gateway's look at running downloads.
const few = 10

func (s scene) rounds(all int) int {
	if s.push == pushed {
		return all
	}
	return max(1, all/few)
}

// Run measures.
func Run(ctx context.Context, r *rig.Rig, o Options, say *report.Progress) (*report.Report, error) {
	if o.Budget == 0 {
		o.Budget = Budget
	}
	dir, err := makeMedia(r)
	if err != nil {
		return nil, err
	}
	var all []*tally
	for _, s := range o.scenes() {
		tallies, err := s.play(ctx, r, o, dir, say)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.title, err)
		}
		all = append(all, tallies...)
	}
	return makeReport(o, all), nil
}

// play makes every change in every round, and then cuts downloads.
func (s scene) play(ctx context.Context, r *rig.Rig, o Options, dir string, say *report.Progress) ([]*tally, error) {
	say.Say("%s: starting", s.title)
	c, disturb, err := s.cluster(ctx, r, o.Nodes, dir)
	if err != nil {
		return nil, err
	}
	defer c.Kill()
	defer disturb()
	var list []*tally
	for _, change := range changes {
		if !o.wants(change.word) {
			continue
		}
		t := newTally(s, change.word)
		list = append(list, t)
		for round := range s.rounds(o.Rounds) {
			say.Say("%s: %s, round %d of %d", s.title, change.word, round+1, s.rounds(o.Rounds))
			if err := change.measure(ctx, c, t); err != nil {
				return nil, fmt.Errorf("%s: %w", change.word, err)
			}
		}
	}
	if !o.wants(download) || s.push != pushed {
		return list, nil // running downloads are looked at again by every node, pushed or not
	}
	t := newTally(s, download)
	for round := range max(1, o.Rounds/few) {
		say.Say("%s: slow download, round %d", s.title, round+1)
		if err := measureDownload(ctx, c, t); err != nil {
			return nil, fmt.Errorf("slow download: %w", err)
		}
	}
	return append(list, t), nil
}

func (o Options) wants(word string) bool {
	return len(o.Changes) == 0 || slices.Contains(o.Changes, word)
}
