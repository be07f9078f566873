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

// news are what changed since the cutter looked last.
type news struct {
	wake chan struct{}

	mu      sync.Mutex
	changed map[subject]bool
	all     bool
}

// subject is a session, or with a zero session, a link with all of them. News
// about one session must not cost a store trip for everybody on its link.
type subject struct {
	link    gate.LinkID
	session gate.SessionID
}

// maxNews bounds them. Beyond it every running answer is looked at.
const maxNews = 1000

// tell notes a change and wakes the cutter. It does not block.
func (n *news) tell(change gate.Change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.changed == nil {
		n.changed = map[subject]bool{}
	}
	switch {
	case change.Kind == gate.Missed || len(n.changed) >= maxNews:
		n.all = true
	case change.Kind == gate.SessionChanged:
		n.changed[subject{change.Link, change.Session}] = true
	default:
		n.changed[subject{link: change.Link}] = true
	}
	select {
	case n.wake <- struct{}{}:
	default: // it is awake already
	}
}

// take returns the news and forgets them.
func (n *news) take() (changed map[subject]bool, all bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	changed, all = n.changed, n.all
	n.changed, n.all = nil, false
	return changed, all
}
