// Package soak keeps a gateway busy with simulated players for a long time and
// looks at what remains: memory and goroutines that grow, answers that nobody
// expected, views that nobody watched.
package soak

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/usher-media/usher/loadtest/internal/report"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// Options say how long and how many.
type Options struct {
	Duration time.Duration
	// Players is how many watch at any time, on each gateway.
	Players int
	// Systems are "strict" and "lease"; empty: both, side by side.
	Systems []string
	// Tempo is how long players take for a segment; zero: [Tempo].
	Tempo time.Duration
}

// Tempo is four times as fast as the clip's segments last, so that more comes
// to pass.
const Tempo = time.Second

// Validate reports what is wrong with the options.
func (o Options) Validate() error {
	if o.Duration < time.Second || o.Players < 1 || o.Players > 10_000 {
		return fmt.Errorf("--soak %s --players %d: want a second at the least and 1 to 10000 players", o.Duration, o.Players)
	}
	_, err := rig.Consistencies(o.Systems)
	return err
}

// Run soaks.
func Run(ctx context.Context, r *rig.Rig, o Options, say *report.Progress) (*report.Report, error) {
	if o.Tempo == 0 {
		o.Tempo = Tempo
	}
	chosen, err := rig.Consistencies(o.Systems)
	if err != nil {
		return nil, err
	}
	dir, err := r.Sample()
	if err != nil {
		return nil, err
	}
	var venues []*venue
	for _, s := range chosen {
		c, err := r.Cluster(ctx, rig.Site{Name: "soak-" + s.Word, Consistency: s, Behind: rig.Files(dir)}, 1)
		if err != nil {
			return nil, err
		}
		defer c.Kill()
		venues = append(venues, newVenue(s.Setting, c.Nodes[0], o))
	}
	over, stop := context.WithTimeout(ctx, o.Duration)
	defer stop()
	errs := make([]error, len(venues))
	var wg sync.WaitGroup
	for i, v := range venues {
		wg.Go(func() { errs[i] = v.run(ctx, over) })
	}
	wg.Go(func() { v := venues[0]; tell(over, v, o, say) })
	wg.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return nil, err
	}
	return makeReport(o, venues), nil
}

// tell says now and then how far it is.
func tell(over context.Context, v *venue, o Options, say *report.Progress) {
	began := time.Now()
	tick := time.NewTicker(max(time.Second, o.Duration/100))
	defer tick.Stop()
	for {
		select {
		case <-over.Done():
			say.Say("comparing the ledgers")
			return
		case <-tick.C:
			say.Say("%s of %s; %s", time.Since(began).Round(time.Second), o.Duration, v.progress())
		}
	}
}
