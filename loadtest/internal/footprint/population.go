package footprint

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redis"
	"github.com/usher-media/usher/internal/token"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/together"
	"github.com/usher-media/usher/loadtest/internal/viewer"
)

// population is the links and sessions.
type population struct {
	node   *rig.Server
	store  *redis.Store
	keys   *token.Keyring
	viewer *viewer.Viewer
	scope  gate.Scope
	links  []gate.LinkID
	say    func(string, ...any)
}

const segment = "/clock/180p/0.ts"

func newPopulation(c *rig.Cluster, keysFile string, say func(string, ...any)) (*population, error) {
	scope, err := gate.ParseScope("/clock/*")
	if err != nil {
		return nil, err
	}
	keys, err := token.LoadKeyring(keysFile)
	if err != nil {
		return nil, err
	}
	store, err := redis.Open(c.Redis.URL(), redis.Options{})
	if err != nil {
		return nil, err
	}
	return &population{node: c.Nodes[0], store: store, keys: keys, viewer: viewer.New(true), scope: scope, say: say}, nil
}

func (p *population) close() {
	p.viewer.Close()
	_ = p.store.Close() // its connections end with Redis
}

// atOnce is how many of a step are under way at the same time.
const atOnce = 32

// each does a step n times and says how far it is.
func (p *population) each(ctx context.Context, what string, n int, do func(int) error) error {
	var done atomic.Int64
	every := int64(max(n/20, 1))
	err := together.Do(n, atOnce, func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if d := done.Add(1); d%every == 0 {
			p.say("%s: %d of %d", what, d, n)
		}
		return do(i)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// issue makes links as the API does, straight in the store: a million calls of
// the API would measure patience.
func (p *population) issue(ctx context.Context, n int) error {
	from := len(p.links)
	p.links = append(p.links, make([]gate.LinkID, n)...)
	return p.each(ctx, "links", n, func(i int) error {
		now := time.Now()
		link := gate.Link{ID: gate.LinkID(token.NewID(now)), Scope: p.scope, Can: gate.View, CreatedAt: now.UTC().Truncate(time.Second), CreatedBy: "loadtest"}
		p.links[from+i] = link.ID
		_, err := gate.Create(ctx, p.store, link, gate.Terms{Views: 1_000_000})
		return err
	})
}

func (p *population) code(i int) string {
	id := p.links[i%len(p.links)]
	return p.keys.Seal(token.LinkCode, id[:])
}

// meet looks at the landing pages of the newest links; where there is none
// yet, it makes one.
func (p *population) meet(ctx context.Context, n int) error {
	if len(p.links) == 0 {
		if err := p.issue(ctx, 1); err != nil {
			return err
		}
	}
	newest := len(p.links) - n
	return p.each(ctx, "links met", n, func(i int) error {
		_, err := p.viewer.Land(ctx, p.node.URL, p.code(newest+i))
		return err
	})
}

// watch opens sessions on the links that were met, and lets each watch.
func (p *population) watch(ctx context.Context, n int) error {
	met := min(len(p.links), cached)
	newest := len(p.links) - met
	return p.each(ctx, "sessions", n, func(i int) error {
		session, err := p.viewer.Watch(ctx, p.node.URL, p.code(newest+i%met), "")
		if err != nil {
			return err
		}
		bytes, err := p.viewer.Get(ctx, p.node.URL+session.Path(segment))
		if err == nil && bytes == 0 {
			err = errors.New("a session watched and got no byte")
		}
		return err
	})
}
