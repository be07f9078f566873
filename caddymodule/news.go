package caddymodule

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// keepWatching hears what changes, on any node, and passes it on to whatever
// remembers something: leases, running answers, keyrings.
func (b *backing) keepWatching(ctx context.Context) {
	b.Store.Watch(ctx, func(change gate.Change) {
		b.marks.Move(change)
		b.view.Told(change)
		switch change.Kind {
		case gate.KeysChanged:
			lookAtKeys()
			return
		case gate.Missed, gate.DocumentChanged:
			b.hurry()
		default:
		}
		b.streams.news.tell(change)
	})
}

// hurry makes the directory be read up to the news.
func (b *backing) hurry() {
	select {
	case b.unread <- struct{}{}:
	default: // it is awake already
	}
}

// readAfter is how long the directory waits before it is read again after the
// store could not be asked.
const readAfter = time.Second

// keepReading reads the directory up to the news. Sessions' requests would do
// it too: this is for those who bring none, since what was opened to everybody
// is open without one.
func (b *backing) keepReading(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.unread:
		}
		if b.view.Edition() >= 0 {
			continue // the news said it all
		}
		if err := b.view.Refresh(ctx); err != nil && ctx.Err() == nil {
			b.logger.Debug("the directory is read again later", zap.Error(err))
			time.AfterFunc(readAfter, b.hurry)
		}
	}
}

// Edits tells the gates which links' documents changed, before anybody knows
// the edition.
func (b *backing) Edits(ctx context.Context, since int64) ([]gate.DocumentName, int64, bool, error) {
	names, edition, complete, err := b.Store.Edits(ctx, since)
	if err == nil {
		b.marks.Edited(names, complete)
	}
	return names, edition, complete, err
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
	case change.Kind == gate.DocumentChanged:
		if !n.tellDocument(change.Document) {
			return
		}
	default:
		n.changed[subject{link: change.Link}] = true
	}
	select {
	case n.wake <- struct{}{}:
	default: // it is awake already
	}
}

// tellDocument notes a change of a document, if running answers hang on it. Who
// is signed in is asked only where a session is opened.
func (n *news) tellDocument(name gate.DocumentName) bool {
	switch name.Kind {
	case gate.KindSignIn:
		return false
	case gate.KindLink:
		if id, err := gate.ParseLinkID(name.ID); err == nil {
			n.changed[subject{link: id}] = true
			return true
		}
	default:
	}
	n.all = true
	return true
}

// take returns the news and forgets them.
func (n *news) take() (changed map[subject]bool, all bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	changed, all = n.changed, n.all
	n.changed, n.all = nil, false
	return changed, all
}
