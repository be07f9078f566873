package caddymodule

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// keepWatching hears what changes, on any node, and passes it on to whatever
// remembers something: leases, running answers, keyrings.
func (b *backing) keepWatching(ctx context.Context) {
	b.Store.Watch(ctx, func(change gate.Change) {
		b.marks.Move(change)
		if change.Kind == gate.KeysChanged {
			lookAtKeys()
			return
		}
		b.streams.news.tell(change)
	})
}

// lookAtKeys makes every keyring of the process look at its file now.
func lookAtKeys() {
	keyFiles.Range(func(_, value any) bool {
		value.(*keyFile).hurry()
		return true
	})
}

// toldKeys is a keyring whose changes are told to the other nodes.
type toldKeys struct {
	*keyFile
	backing *backing
}

// Rotate makes a fresh key sign for the use.
func (k toldKeys) Rotate(use token.Use) (token.Key, error) {
	key, err := k.keyFile.Rotate(use)
	k.tell(err)
	return key, err
}

// Retire makes a key accept nothing any more.
func (k toldKeys) Retire(id string) (token.Key, error) {
	key, err := k.keyFile.Retire(id)
	k.tell(err)
	return key, err
}

// tell announces a change. Where nobody hears it, the other nodes find it by
// themselves before long.
func (k toldKeys) tell(err error) {
	if err != nil {
		return // nothing changed
	}
	if err := k.backing.Announce(context.Background(), gate.Change{Kind: gate.KeysChanged}); err != nil {
		k.logger.Warn("other nodes were not told of the new keyring; they look at its file every second", zap.Error(err))
	}
}

// news are links that something was told about since the cutter looked last.
type news struct {
	wake chan struct{}

	mu    sync.Mutex
	links map[gate.LinkID]struct{}
	all   bool
}

// maxNews bounds them. Beyond it every running answer is looked at.
const maxNews = 1000

// tell notes a change and wakes the cutter. It does not block.
func (n *news) tell(change gate.Change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.links == nil {
		n.links = map[gate.LinkID]struct{}{}
	}
	if change.Kind == gate.Missed || len(n.links) >= maxNews {
		n.all = true
	} else {
		n.links[change.Link] = struct{}{}
	}
	select {
	case n.wake <- struct{}{}:
	default: // it is awake already
	}
}

// take returns the news and forgets them.
func (n *news) take() (links map[gate.LinkID]struct{}, all bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	links, all = n.links, n.all
	n.links, n.all = nil, false
	return links, all
}
