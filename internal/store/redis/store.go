// Package redis keeps the store in one Redis server that any number of gateway
// nodes share. A verb that changes something is one Lua script, and so atomic;
// the check of every request is a plain read, decided in Go, in one trip that
// those who ask at the same time share.
//
// What the keys are and why losing any of them can only deny is said in
// keys.go. The scripts are in lua, each with a header naming its arguments.
package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// Options is what a store needs besides its URL.
type Options struct {
	// Now is the clock. Nil is the right one, the server's own, which all
	// nodes share; tests pass another.
	Now func() time.Time
}

// Store is a [gate.Store] in Redis.
type Store struct {
	client goredis.UniversalClient
	checks trips
	now    func() time.Time
	// latest is the highest reading of the clock, in ms.
	latest atomic.Int64
	// connects counts connections made, and vetted is the count at which the
	// server's settings were last found to be safe.
	connects, vetted atomic.Int64
}

var _ gate.Store = (*Store)(nil)

// Open returns a store on the server that rawURL names. It does not connect:
// a gateway starts without its store and denies until the store is there.
func Open(rawURL string, opts Options) (*Store, error) {
	settings, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	return newStore(settings, opts), nil
}

// quiet drops what the client library would print to standard error: failed
// dials come back as errors and are logged there, by whoever asked.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func init() { goredis.SetLogger(quiet{}) }

func newStore(settings *goredis.Options, opts Options) *Store {
	s := &Store{now: opts.Now}
	settings.OnConnect = func(context.Context, *goredis.Conn) error {
		s.connects.Add(1)
		return nil
	}
	s.client = goredis.NewClient(settings)
	s.checks.budget, s.checks.travel = checkBudget, newInquiry(s).travel
	return s
}

// Close implements [gate.Store].
func (s *Store) Close() error { return s.client.Close() }

// Ready implements [gate.Store]. After connections were made, possibly to
// another server, it also refuses one that would throw links away or that
// keeps changes from the other nodes.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis does not answer: %w", err)
	}
	connects := s.connects.Load()
	if s.vetted.Load() == connects {
		return nil
	}
	if err := s.vet(ctx); err != nil {
		return err
	}
	if err := s.greet(ctx); err != nil {
		return err
	}
	s.vetted.Store(connects)
	return nil
}

// ErrEvicts reports a server that throws keys away when its memory is full. A
// gateway must not start on one.
var ErrEvicts = errors.New("redis may evict any key, and with it links and their counts: set maxmemory-policy to noeviction")

var errPolicyUnknown = errors.New("redis does not tell its maxmemory-policy: allow this user INFO")

// vet looks at the eviction policy. No key of an account has a time to live,
// so the volatile-* policies can end sessions and never a link; under
// allkeys-* the count of a link could vanish on a busy day.
func (s *Store) vet(ctx context.Context) error {
	info, err := s.client.Info(ctx, "memory").Result()
	if err != nil {
		return fmt.Errorf("%w: %w", errPolicyUnknown, err)
	}
	_, rest, found := strings.Cut(info, "maxmemory_policy:")
	if !found {
		return errPolicyUnknown
	}
	policy, _, _ := strings.Cut(rest, "\r\n")
	if strings.HasPrefix(policy, "allkeys-") {
		return fmt.Errorf("maxmemory-policy is %s: %w", policy, ErrEvicts)
	}
	return nil
}
