package revoke

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/usher-media/usher/loadtest/internal/relay"
	"github.com/usher-media/usher/loadtest/internal/rig"
)

// push is what happens to what Redis tells the last node.
type push int

const (
	pushed push = iota
	lost        // the messages vanish; the subscription seems to be fine
	cut         // every attempt to subscribe is cut off
)

const (
	segment  = "/clock/360p/0.ts"
	bigFile  = "/clock/big.mp4"
	bigBytes = 256 << 20
)

// makeMedia makes the site: the sample, and a file that takes long to read.
func makeMedia(r *rig.Rig) (string, error) {
	dir, err := r.Sample()
	if err != nil {
		return "", err
	}
	file, err := os.Create(filepath.Join(dir, bigFile))
	if err != nil {
		return "", err
	}
	defer file.Close()
	return dir, file.Truncate(bigBytes) // a hole takes no disk
}

// cluster starts the scene's nodes. Where pushes are disturbed, the last one
// reaches Redis through a relay.
func (s scene) cluster(ctx context.Context, r *rig.Rig, nodes int, dir string) (c *rig.Cluster, stop func(), err error) {
	site := rig.Site{Name: "revoke-" + s.name, Consistency: s.consistency, Behind: rig.Files(dir)}
	if s.push == pushed {
		c, err = r.Cluster(ctx, site, nodes)
		return c, func() {}, err
	}
	if c, err = r.Cluster(ctx, site, nodes-1); err != nil {
		return nil, nil, err
	}
	between, err := relay.Start(c.Redis.Addr, s.push.hook)
	if err != nil {
		return nil, nil, err
	}
	if err := c.Join(ctx, between.Addr); err != nil {
		between.Close()
		return nil, nil, err
	}
	return c, between.Close, nil
}

// hook disturbs the connection that subscribes, and no other.
func (p push) hook() relay.Hook {
	var subscribed atomic.Bool
	return func(fromClient bool, piece []byte) relay.Fate {
		piece = bytes.ToLower(piece)
		switch {
		case fromClient && bytes.Contains(piece, []byte("subscribe\r\n")):
			if p == cut {
				return relay.Cut
			}
			subscribed.Store(true)
		case !fromClient && subscribed.Load() && bytes.Contains(piece, []byte("message\r\n")):
			return relay.Drop
		}
		return relay.Pass
	}
}
