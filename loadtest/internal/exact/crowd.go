package exact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/loadtest/internal/dice"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/together"
	"github.com/usher-media/usher/loadtest/internal/viewer"
)

// crowd is viewers who all want in at once.
type crowd struct {
	nodes   []*rig.Server
	code    string
	devices []*device
	// answered counts answers; killAt is the count at which a gateway dies.
	answered atomic.Int64
	killAt   int64
	kills    chan struct{}
}

// device is one viewer and what it got.
type device struct {
	crowd  *crowd
	node   int
	viewer *viewer.Viewer

	mu     sync.Mutex
	in     bool
	plays  map[string]bool // titles of which bytes came
	failed int             // tries that ended without an answer
}

func newCrowd(nodes []*rig.Server, link api.Link, openers int) *crowd {
	code, _ := viewer.Code(link.URL)
	c := &crowd{nodes: nodes, code: code, killAt: int64(1 + dice.Roll(2*openers)), kills: make(chan struct{}, 1)}
	for i := range openers {
		c.devices = append(c.devices, &device{crowd: c, node: i, viewer: viewer.New(false), plays: map[string]bool{}})
	}
	return c
}

func (c *crowd) run(ctx context.Context) error {
	errs := make(chan error, len(c.devices))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for _, d := range c.devices {
		wg.Go(func() {
			<-start
			errs <- d.watch(ctx)
		})
	}
	close(start)
	wg.Wait()
	close(errs)
	close(c.kills) // nobody answers any more
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// kill kills a gateway in the middle, as a crash would, and starts it again.
func (c *crowd) kill(ctx context.Context, wanted bool) error {
	if _, ok := <-c.kills; !ok || !wanted {
		return nil
	}
	node := c.nodes[dice.Roll(len(c.nodes))]
	node.Kill()
	return node.Start(ctx)
}

// watch is one viewer's evening: a look at the page, a double click on Watch,
// and then every film at once in two tabs.
func (d *device) watch(ctx context.Context) error {
	var known viewer.Device
	in, err := d.insist(ctx, func(base string) (err error) {
		known, err = d.viewer.Land(ctx, base, d.crowd.code)
		return err
	})
	if err != nil || !in {
		return err
	}
	const clicks, tabs = 2, 2
	sessions := make([]viewer.Session, clicks)
	err = together.Do(clicks, clicks, func(i int) error {
		_, err := d.insist(ctx, func(base string) (err error) {
			sessions[i], err = d.viewer.Watch(ctx, base, d.crowd.code, known)
			return err
		})
		return err
	})
	session := sessions[0]
	if session == "" {
		session = sessions[1]
	}
	if err != nil || session == "" {
		return err
	}
	d.in = true
	return together.Do(tabs*len(titles), tabs*len(titles), func(i int) error {
		title := titles[i%len(titles)]
		got, err := d.insist(ctx, func(base string) error {
			n, err := d.viewer.Get(ctx, base+session.Path(film(title)))
			if err == nil && n == 0 {
				return fmt.Errorf("%s passed without a byte", title)
			}
			return err
		})
		d.mu.Lock()
		defer d.mu.Unlock()
		d.plays[title] = d.plays[title] || got
		return err
	})
}

// again is how soon a viewer tries again whose gateway died.
const again = 50 * time.Millisecond

// insist tries until the gate has said yes or no. A gateway that died is
// another one's turn, as behind a load balancer.
func (d *device) insist(ctx context.Context, do func(base string) error) (bool, error) {
	for try := 0; ; try++ {
		err := do(d.crowd.nodes[(d.node+try)%len(d.crowd.nodes)].URL)
		var no *viewer.Refused
		switch {
		case err == nil, errors.As(err, &no) && no.Status == http.StatusGone:
			if d.crowd.answered.Add(1) == d.crowd.killAt {
				d.crowd.kills <- struct{}{}
			}
			return err == nil, nil
		case no != nil || ctx.Err() != nil:
			return false, err
		}
		d.mu.Lock()
		d.failed++
		d.mu.Unlock()
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(again):
		}
	}
}
