// Package exact holds the promise that a link with N views lets exactly N in:
// many viewers race for links with limits of all kinds, over several gateways
// and both stores, while gateways are killed. The viewers keep a ledger of
// their own, and it has to agree with the link's.
package exact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/loadtest/internal/dice"
	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// Options say how much is tried.
type Options struct {
	// Nodes is how many gateways share the Redis, Rounds how many links there
	// are for each store, Openers how many viewers race for each.
	Nodes, Rounds, Openers int
}

// Validate reports what is wrong with the options.
func (o Options) Validate() error {
	if o.Nodes < 1 || o.Nodes > 32 || o.Rounds < 1 {
		return fmt.Errorf("--nodes %d --rounds %d: want 1 to 32 gateways and at least one round", o.Nodes, o.Rounds)
	}
	return validOpeners(o.Openers)
}

func validOpeners(n int) error {
	if n < 1 || n > 10_000 {
		return fmt.Errorf("--openers %d: want 1 to 10000", n)
	}
	return nil
}

// mostViews is the largest limit of a link. There are as many openers at the
// least, so that every limit is reached.
const mostViews = 20

// titles are small films: what is counted is who gets them.
var titles = []string{"one", "two", "three"}

func film(title string) string { return "/film/" + title + "/0.ts" }

func makeMedia(dir string) (string, error) {
	dir = filepath.Join(dir, "films")
	for _, title := range titles {
		file := filepath.Join(dir, film(title))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return dir, err
		}
		if err := os.WriteFile(file, make([]byte, 4<<10), 0o600); err != nil {
			return dir, err
		}
	}
	return dir, nil
}

// Run races.
func Run(ctx context.Context, r *rig.Rig, o Options, say *report.Progress) (*report.Report, error) {
	dir, err := makeMedia(r.Dir)
	if err != nil {
		return nil, err
	}
	several, err := r.Cluster(ctx, rig.Site{Name: "exact", Consistency: rig.Strict, Behind: rig.Files(dir)}, o.Nodes)
	if err != nil {
		return nil, err
	}
	defer several.Kill()
	single, err := r.Single(ctx, rig.Site{Name: "exact-embedded", Consistency: rig.Strict, Behind: rig.Files(dir)})
	if err != nil {
		return nil, err
	}
	defer single.Kill()
	var all []*outcome
	for _, place := range []struct {
		store   string
		cluster *rig.Cluster
	}{{"Redis", several}, {"embedded", single}} {
		calm, killed := &outcome{Store: place.store}, &outcome{Store: place.store, Killed: true}
		for round := range o.Rounds {
			out := calm
			if round%2 == 1 {
				out = killed
			}
			say.Say("%s, round %d of %d", place.store, round+1, o.Rounds)
			if err := out.race(ctx, place.cluster, o.Openers); err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", place.store, round+1, err)
			}
		}
		all = append(all, calm, killed)
	}
	return makeReport(o, all), nil
}

// patience is how long a round may take.
const patience = 2 * time.Minute

// race lets viewers race for one fresh link, and compares the ledgers.
func (out *outcome) race(ctx context.Context, c *rig.Cluster, openers int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	limits := gate.Terms{Views: int64(1 + dice.Roll(min(mostViews, openers))), ViewsEach: int64(dice.Roll(len(titles)))}
	link, err := c.Nodes[0].NewLink(ctx, api.NewLink{Path: "/film/*", Views: &limits.Views, ViewsEach: &limits.ViewsEach})
	if err != nil {
		return err
	}
	crowd := newCrowd(c.Nodes, link, openers)
	killing := make(chan error, 1)
	go func() { killing <- crowd.kill(ctx, out.Killed) }()
	err = errors.Join(crowd.run(ctx), <-killing)
	if err != nil {
		return err
	}
	after, err := c.Nodes[0].Link(ctx, link.ID)
	if err != nil {
		return err
	}
	out.add(crowd.devices, limits, after)
	return nil
}
