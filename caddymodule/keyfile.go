package caddymodule

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/token"
)

// keyFiles holds the opened keyrings by path, across config reloads.
var keyFiles = caddy.NewUsagePool()

// keyCheck is how often the file is looked at, so that a rotation or
// retirement on one node reaches the others that share or receive the file.
const keyCheck = time.Second

// keyFile is a keyring and its file.
type keyFile struct {
	path   string
	logger *zap.Logger
	ring   atomic.Pointer[token.Keyring]
	told   chan struct{} // somebody says that the file changed

	mu   sync.Mutex // guards changes of the file, and what follows
	seen os.FileInfo
	stop chan struct{}
	left bool // no config uses the file any more
}

func takeKeyFile(path string, logger *zap.Logger) (*keyFile, error) {
	taken, _, err := keyFiles.LoadOrNew(path, func() (caddy.Destructor, error) {
		return &keyFile{path: path, logger: logger, told: make(chan struct{}, 1)}, nil
	})
	if err != nil {
		return nil, err
	}
	return taken.(*keyFile), nil
}

// Ring returns the keyring of the moment. Before the file was opened it opens
// it: apps start in no fixed order, and a request may come first. A keyring
// that cannot be had is one that accepts nothing.
func (k *keyFile) Ring() *token.Keyring {
	if ring := k.ring.Load(); ring != nil {
		return ring
	}
	if err := k.open(time.Now()); err != nil {
		k.logger.Error("opening the keyring", zap.Error(err))
		return token.NoKeys()
	}
	return k.ring.Load()
}

func (k *keyFile) open(now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ring.Load() != nil {
		return nil
	}
	if k.left {
		return errClosing
	}
	seen, _ := os.Stat(k.path) // before reading: a change in between is then seen by the watch
	ring, err := token.LoadOrCreateKeyring(k.path, now)
	if err != nil {
		return fmt.Errorf("opening the keyring: %w", err)
	}
	k.seen = seen
	k.ring.Store(ring)
	k.stop = make(chan struct{})
	go k.watch(k.stop)
	return nil
}

// watch reads the file again when it changed. A file that went bad is reported
// and the keyring in hand stays: losing it would lock every viewer out.
func (k *keyFile) watch(stop chan struct{}) {
	tick := time.NewTicker(keyCheck)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			k.reload()
		case <-k.told:
			k.reload()
		}
	}
}

// hurry makes the watch look at the file now. It does not block.
func (k *keyFile) hurry() {
	select {
	case k.told <- struct{}{}:
	default: // it is about to
	}
}

func (k *keyFile) reload() {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.path)
	if err != nil || sameFile(k.seen, info) {
		return
	}
	k.seen = info
	ring, err := token.LoadKeyring(k.path)
	if err != nil {
		k.logger.Error("the keyring changed and cannot be read; the old one stays in use", zap.Error(err))
		return
	}
	k.ring.Store(ring)
	k.logger.Info("keyring read again", zap.String("file", k.path))
}

func sameFile(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// Rotate makes a fresh key sign for the use.
func (k *keyFile) Rotate(use token.Use) (token.Key, error) {
	var fresh token.Key
	err := k.change(func(ring *token.Keyring) (next *token.Keyring, err error) {
		next, fresh, err = ring.Rotate(use, time.Now())
		return next, err
	})
	return fresh, err
}

// Retire makes a key accept nothing any more.
func (k *keyFile) Retire(id string) (token.Key, error) {
	var retired token.Key
	err := k.change(func(ring *token.Keyring) (*token.Keyring, error) {
		next, err := ring.Retire(id, time.Now())
		if err != nil {
			return nil, err
		}
		for _, key := range next.Keys() {
			if key.ID == id {
				retired = key
			}
		}
		return next, nil
	})
	return retired, err
}

// change works on the file as it is now, not on what was read at some time:
// another node may have changed it.
func (k *keyFile) change(edit func(*token.Keyring) (*token.Keyring, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	ring, err := token.LoadKeyring(k.path)
	if err != nil {
		return err
	}
	next, err := edit(ring)
	if err != nil {
		return err
	}
	if err := next.Save(k.path); err != nil {
		return err
	}
	k.seen, _ = os.Stat(k.path)
	k.ring.Store(next)
	return nil
}

// Destruct ends the watch when no config uses the file any more. The keyring
// stays readable for answers that still run.
func (k *keyFile) Destruct() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.left = true
	if k.stop != nil {
		close(k.stop)
		k.stop = nil
	}
	return nil
}

var errClosing = errors.New("the server is shutting down")
