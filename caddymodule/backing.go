package caddymodule

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/embedded"
	"github.com/usher-media/usher/internal/store/guard"
	"github.com/usher-media/usher/internal/store/redis"
	"github.com/usher-media/usher/internal/suspicion"
	"github.com/usher-media/usher/internal/watch"
)

// backings holds the opened stores, across config reloads. The key is the
// store's identity (which file, which server), never its tuning: a reload that
// changes a setting must find the same store, and a file cannot be opened twice.
var backings = caddy.NewUsagePool()

// storeOpen is a store that may be opened: its identity, and how.
type storeOpen struct {
	key  string
	open func() (gate.Store, error)
}

func storeOpener(s config.Store) (storeOpen, error) {
	if s.Kind == config.StoreRedis {
		if err := redis.CheckURL(s.URL); err != nil {
			return storeOpen{}, err
		}
		return storeOpen{"redis " + s.URL, func() (gate.Store, error) { return redis.Open(s.URL, redis.Options{}) }}, nil
	}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return storeOpen{}, fmt.Errorf("store embedded %s: %w", s.Dir, err)
	}
	return storeOpen{"embedded " + dir, func() (gate.Store, error) { return embedded.Open(dir, embedded.Options{}) }}, nil
}

// backing is an opened store with what belongs to it for as long as it is
// open: the usage gathered for it, and the running answers that it may cut.
// It is a gate.Store itself, and opens on first use.
type backing struct {
	gate.Store // set once opened; nil before
	key        string
	opener     func() (gate.Store, error)
	logger     *zap.Logger
	usage      *watch.Gatherer
	trail      *events.Trail
	reading    *api.Streams
	streams    *streams
	marks      gate.Marks
	suspicion  *suspicion.Keeper
	// view is the directory; unread wakes whoever reads it up to the news.
	view   *directory.View
	unread chan struct{}

	flushEvery atomic.Int64 // nanoseconds

	opened atomic.Bool
	// users counts running requests; leftBit in it says that no config uses
	// the store any more. Every request moves it twice: it takes no lock.
	users atomic.Int64

	mu      sync.Mutex // one opens
	stop    context.CancelFunc
	workers sync.WaitGroup
	// dropped counts the facts of usage that were lost.
	dropped atomic.Int64
}

// lingering are stores that no config uses while requests of an old one still
// run on them. A config that comes back to such a store must find it: its file
// is locked, by this very process.
var lingering = struct {
	sync.Mutex
	byKey map[string]*backing
}{byKey: map[string]*backing{}}

func takeBacking(o storeOpen, logger *zap.Logger) (*backing, error) {
	taken, _, err := backings.LoadOrNew(o.key, func() (caddy.Destructor, error) {
		if b := revive(o.key); b != nil {
			return b, nil
		}
		b := &backing{key: o.key, opener: o.open, logger: logger, streams: newStreams(), unread: make(chan struct{}, 1)}
		b.usage = watch.New(func() {
			eventsDropped.Inc()
			b.dropped.Add(1)
		})
		b.view, b.suspicion = directory.NewView(b, time.Now), newSuspicion(b)
		b.trail, b.reading = events.New(b, time.Now, b.eventLost), api.NewStreams()
		b.flushEvery.Store(int64(watch.FlushEvery(time.Hour)))
		return b, nil
	})
	if err != nil {
		return nil, err
	}
	return taken.(*backing), nil
}

// open opens the store, once.
func (b *backing) open() error {
	if b.opened.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.opened.Load() {
		return nil
	}
	if b.users.Load()&leftBit != 0 {
		return errClosing
	}
	inner, err := b.opener()
	if err != nil {
		return err
	}
	b.Store = guard.New(inner, observeStore)
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	heap.hold()
	b.opened.Store(true)
	b.workers.Go(func() { b.keepFlushing(ctx) })
	b.workers.Go(func() { b.keepCutting(ctx) })
	b.workers.Go(func() { b.keepWatching(ctx) })
	b.workers.Go(func() { b.keepReading(ctx) })
	b.workers.Go(func() { b.keepSuspecting(ctx) })
	b.workers.Go(func() { b.trail.Run(ctx) })
	return nil
}

// now is the store's time.
func (b *backing) now(ctx context.Context) (time.Time, error) {
	state, err := b.Check(ctx, gate.Query{})
	return state.Now, err
}

// flushFor makes usage be written often enough for plays, and seats, of this
// idle window.
func (b *backing) flushFor(idle time.Duration) {
	every := int64(watch.FlushEvery(idle))
	for {
		now := b.flushEvery.Load()
		if every >= now || b.flushEvery.CompareAndSwap(now, every) {
			return
		}
	}
}

// keepFlushing writes usage; the last time after the last request.
func (b *backing) keepFlushing(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			b.flush(last)
			return
		case <-time.After(time.Duration(b.flushEvery.Load())):
			b.flush(ctx)
		}
	}
}

// keepCutting ends running answers that may not run on.
func (b *backing) keepCutting(ctx context.Context) {
	tick := time.NewTicker(cutEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			b.streams.cutOld(ctx, now, b.logger)
		case <-b.streams.news.wake:
			b.streams.cutChanged(ctx, time.Now(), b.logger)
		}
	}
}

func (b *backing) flush(ctx context.Context) {
	b.streams.note(b.usage, time.Now())
	if err := b.usage.Flush(ctx, b.Store); err != nil && ctx.Err() == nil {
		b.logger.Debug("usage is kept for the next flush", zap.Error(err))
	}
}

// enter keeps the store open while a request runs, even past the life of its
// config: Caddy cleans a config up while its slow downloads still run.
func (b *backing) enter() error {
	if err := b.open(); err != nil {
		return err
	}
	for {
		users := b.users.Load()
		if users == leftBit {
			return errClosing
		}
		if b.users.CompareAndSwap(users, users+1) {
			return nil
		}
	}
}

func (b *backing) exit() {
	if b.users.Add(-1) == leftBit {
		b.closeLingering()
	}
}

// leftBit is far above any number of requests.
const leftBit = 1 << 62

// closeLingering closes the store unless a config came back to it meanwhile.
func (b *backing) closeLingering() {
	lingering.Lock()
	defer lingering.Unlock()
	if lingering.byKey[b.key] != b || b.users.Load() != leftBit {
		return // a config came back meanwhile, and may have gone again with requests running
	}
	delete(lingering.byKey, b.key)
	b.close()
}

// Destruct closes the store when no config uses it and no request runs.
func (b *backing) Destruct() error {
	lingering.Lock()
	defer lingering.Unlock()
	b.mu.Lock() // whoever opens it just now is done first, or finds that it is left
	running, opened := b.users.Or(leftBit) > 0, b.opened.Load()
	b.mu.Unlock()
	switch {
	case running:
		lingering.byKey[b.key] = b
	case opened:
		b.close()
	}
	return nil
}

// revive returns the store that lingers under the key, in use again.
func revive(key string) *backing {
	lingering.Lock()
	defer lingering.Unlock()
	b := lingering.byKey[key]
	if b == nil {
		return nil
	}
	delete(lingering.byKey, key)
	b.users.And(^int64(leftBit))
	return b
}

func (b *backing) close() {
	b.stop()
	b.workers.Wait()
	heap.release()
	if err := b.Store.Close(); err != nil {
		b.logger.Error("closing the store", zap.Error(err))
	}
}
