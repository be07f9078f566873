package redis

import (
	"context"
	"fmt"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

const (
	// heartbeat is how often a channel on which nothing is told is tried, and
	// silence after how long without an answer it counts as dead: a firewall
	// that forgot the connection, or a server that hangs, says nothing.
	heartbeat = time.Second
	silence   = 3 * heartbeat
	// The pauses between attempts to listen grow from the shortest to the
	// longest while the server is away.
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second
)

// Watch implements [gate.Changes]. It holds one connection of its own.
func (s *Store) Watch(ctx context.Context, tell func(gate.Change)) {
	pause := shortestPause
	for {
		if s.listen(ctx, tell) {
			pause = shortestPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
}

// listen tells what is told on the channel until that fails, or ctx is done.
// It reports whether it got as far as listening.
//
// The client library would connect anew by itself. A subscription for each
// attempt was taken instead, because a read that timed out half way through a
// message must not be followed by another on the same connection: the rest of
// that message, a revocation perhaps, would be read as something else.
func (s *Store) listen(ctx context.Context, tell func(gate.Change)) (listened bool) {
	ctx, cancel := context.WithCancel(ctx)
	var beating sync.WaitGroup
	defer beating.Wait()
	defer cancel()

	sub := s.client.Subscribe(ctx, changesChannel)
	defer sub.Close()
	// A read does not end with its context, but with its connection.
	defer context.AfterFunc(ctx, func() { sub.Close() })()
	beating.Go(func() { beat(ctx, sub) })
	for {
		received, err := sub.ReceiveTimeout(ctx, silence)
		if err != nil || ctx.Err() != nil {
			return listened
		}
		switch received := received.(type) {
		case *goredis.Subscription:
			listened = true
			tell(gate.Change{Kind: gate.Missed})
		case *goredis.Message:
			if change, news := decodeChange(received.Payload); news {
				tell(change)
			}
		}
	}
}

// beat asks the server for a sign of life now and then. Whether it comes is
// for who listens to see.
func beat(ctx context.Context, sub *goredis.PubSub) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = sub.Ping(ctx)
		}
	}
}

// Announce implements [gate.Changes].
func (s *Store) Announce(ctx context.Context, change gate.Change) error {
	text, err := encodeChange(change)
	if err == nil {
		err = s.publish(ctx, text)
	}
	return wrap("announce", err)
}

func (s *Store) publish(ctx context.Context, text string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.client.Publish(ctx, changesChannel, text).Err()
}

// greet sees that this node may tell changes. Where it may not, verbs do what
// they have to all the same, and the other nodes learn of it late.
func (s *Store) greet(ctx context.Context) error {
	if err := s.publish(ctx, greeting); err != nil {
		return fmt.Errorf("redis does not let this user tell the other nodes of changes: "+
			"allow it PUBLISH, SUBSCRIBE and the channel %s: %w", changesChannel, err)
	}
	return nil
}
