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
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/embedded"
	"github.com/usher-media/usher/internal/store/guard"
	"github.com/usher-media/usher/internal/store/redis"
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
	streams    *streams

	opened atomic.Bool
	mu     sync.Mutex
	users  int  // running requests
	left   bool // no config uses the store any more
	stop   context.CancelFunc
	done   chan struct{}
}

func takeBacking(o storeOpen, logger *zap.Logger) (*backing, error) {
	taken, _, err := backings.LoadOrNew(o.key, func() (caddy.Destructor, error) {
		return &backing{key: o.key, opener: o.open, logger: logger, usage: watch.New(), streams: newStreams()}, nil
	})
	if err != nil {
		return nil, err
	}
	return taken.(*backing), nil
}

// open opens the store, once.
func (b *backing) open() (*backing, error) {
	if b.opened.Load() {
		return b, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.opened.Load() {
		return b, nil
	}
	if b.left {
		return nil, errClosing
	}
	inner, err := b.opener()
	if err != nil {
		return nil, err
	}
	b.Store = guard.New(inner, observeStore)
	ctx, cancel := context.WithCancel(context.Background())
	b.stop, b.done = cancel, make(chan struct{})
	b.opened.Store(true)
	go b.work(ctx)
	return b, nil
}

// flushEvery suits the shortest idle window an operator can set (1 s).
const flushEvery = 250 * time.Millisecond

// work does what goes on beside requests: cutting answers that may not run on,
// and writing usage. The last round is after the last request.
func (b *backing) work(ctx context.Context) {
	defer close(b.done)
	flush := time.NewTicker(flushEvery)
	cut := time.NewTicker(cutEvery)
	defer flush.Stop()
	defer cut.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			b.flush(last)
			return
		case <-flush.C:
			b.flush(ctx)
		case now := <-cut.C:
			b.streams.cut(ctx, now, b.logger)
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
	if _, err := b.open(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left && b.users == 0 {
		return errClosing
	}
	b.users++
	return nil
}

func (b *backing) exit() {
	b.mu.Lock()
	b.users--
	last := b.left && b.users == 0
	b.mu.Unlock()
	if last {
		b.close()
	}
}

// Destruct closes the store when no config uses it and no request runs.
func (b *backing) Destruct() error {
	b.mu.Lock()
	b.left = true
	idle := b.users == 0 && b.opened.Load()
	b.mu.Unlock()
	if idle {
		b.close()
	}
	return nil
}

func (b *backing) close() {
	b.stop()
	<-b.done
	if err := b.Store.Close(); err != nil {
		b.logger.Error("closing the store", zap.Error(err))
	}
}
