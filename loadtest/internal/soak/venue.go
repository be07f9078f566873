package soak

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/loadtest/internal/dice"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/viewer"
)

// venue is one gateway and its players.
type venue struct {
	consistency string
	node        *rig.Server
	o           Options

	before  rig.Gauge // before anybody came
	samples []sampled

	mu       sync.Mutex
	link     api.Link // the one that newcomers get
	guests   int      // how many have got it
	ledger   map[string]*account
	sessions int
	requests int64
	// unexpected counts answers that no player should get; first is the first.
	unexpected int64
	// busy counts answers 503: the gate could not ask its store in time, on a
	// machine that is busy with other things, and denied. Players ask again.
	busy    int64
	first   error
	differs int64
}

// account is the ledger's page of one link.
type account struct {
	plays   int64 // sessions that got a byte of media
	without int64 // sessions that did not
}

// guestsALink is how many sessions share a link.
const guestsALink = 4

func newVenue(consistency string, node *rig.Server, o Options) *venue {
	return &venue{consistency: consistency, node: node, o: o, ledger: map[string]*account{}}
}

// run lets players come and go until over, and then compares the ledgers.
func (v *venue) run(ctx, over context.Context) error {
	var err error
	if v.before, err = v.node.Gauge(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range v.o.Players {
		wg.Go(func() { v.seat(ctx, over) })
	}
	err = v.watchGauge(ctx, over)
	wg.Wait()
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	return v.compare(ctx)
}

// seat is taken by one player after another, so that their number is steady.
func (v *venue) seat(ctx, over context.Context) {
	for begin := dice.Between(0, 4*v.o.Tempo); pause(over, begin); begin = dice.Between(0, v.o.Tempo) {
		p := &player{venue: v, ctx: ctx, over: over, viewer: viewer.New(true)}
		err := p.live()
		p.viewer.Close()
		if ctx.Err() != nil {
			return // interrupted: what failed now says nothing
		}
		v.left(p, err)
	}
}

// pause waits, and reports whether it is not over yet.
func pause(over context.Context, d time.Duration) bool {
	select {
	case <-over.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// invite returns a link for one more session.
func (v *venue) invite(ctx context.Context) (api.Link, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.guests%guestsALink == 0 {
		var err error
		if v.link, err = v.node.NewLink(ctx, api.NewLink{Path: "/clock/*", Views: new(int64(2 * guestsALink))}); err != nil {
			return v.link, err
		}
		v.ledger[v.link.ID] = &account{}
	}
	v.guests++
	return v.link, nil
}

// left writes a player's page of the ledger.
func (v *venue) left(p *player, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.requests += p.requests
	v.busy += p.viewer.Busy()
	switch {
	case err != nil && strings.Contains(err.Error(), "status 503"):
		v.busy++ // the management API says so as well
	case err != nil:
		v.unexpected++
		if v.first == nil {
			v.first = err
		}
	}
	if p.link == "" {
		return
	}
	v.sessions++
	if p.played {
		v.ledger[p.link].plays++
	} else {
		v.ledger[p.link].without++
	}
}

// compare holds the players' ledger against the links'. A session that never
// played may have left its hold.
func (v *venue) compare(ctx context.Context) error {
	for id, own := range v.ledger {
		link, err := v.node.Link(ctx, id)
		if err != nil {
			return err
		}
		if link.Views.Used != own.plays || link.Views.Reserved > own.without {
			v.differs++
		}
	}
	return nil
}

func (v *venue) progress() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return fmt.Sprintf("%d sessions, %d requests, %d unexpected", v.sessions, v.requests, v.unexpected)
}
