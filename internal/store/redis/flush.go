package redis

import (
	"context"
	"slices"
	"strconv"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// Flush implements [gate.Ledger]. Facts are sums: where a flush failed and is
// made again, what its first attempt has added is added twice.
func (s *Store) Flush(ctx context.Context, facts []gate.Usage) error {
	if err := ctx.Err(); err != nil {
		return wrap("flush", err)
	}
	for chunk := range slices.Chunk(facts, page) {
		if err := s.flush(ctx, chunk); err != nil {
			return wrap("flush", err)
		}
	}
	return nil
}

// flush runs the script for each of the facts, in one trip where the server
// knows it.
func (s *Store) flush(ctx context.Context, facts []gate.Usage) error {
	pipe := s.client.Pipeline()
	for _, fact := range facts {
		s.flushOne(ctx, flushScript.EvalSha, pipe, fact)
	}
	cmds, err := pipe.Exec(ctx)
	if err == nil || !goredis.HasErrorPrefix(err, noScript) {
		return err
	}
	for i, cmd := range cmds {
		err := cmd.Err()
		if goredis.HasErrorPrefix(err, noScript) {
			err = s.flushOne(ctx, flushScript.Run, s.client, facts[i]).Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// runScript is a way to run a script.
type runScript func(context.Context, goredis.Scripter, []string, ...any) *goredis.Cmd

func (s *Store) flushOne(ctx context.Context, run runScript, on goredis.Scripter, fact gate.Usage) *goredis.Cmd {
	k := keysOf(fact.Link)
	cost := ""
	if fact.Requests > 0 && fact.Rate.Interval > 0 {
		cost = strconv.FormatInt(fact.Rate.Cost(fact.Requests).Milliseconds(), 10)
	}
	return run(ctx, on,
		[]string{k.account(), k.reservations(), k.session(fact.Session), k.plays(fact.Subject)},
		s.timed(fact.Opens, fact.Bytes, fact.LastSeen.UnixMilli(), fact.Asset,
			ceilMillis(fact.Pace.Idle), ceilMillis(fact.Pace.Max),
			cost, fact.Since.UnixMilli(), fact.Rate.Most().Milliseconds(), fact.RefusedOpens)...)
}
