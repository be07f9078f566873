package redis

import (
	"context"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// Check implements [gate.Ledger]. The account is read last, so that a
// revocation which was acknowledged before any of this is always seen; time
// comes after it, so that nothing is judged earlier than it was read.
func (s *Store) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	state, err := s.check(ctx, q)
	if err != nil {
		return gate.State{}, wrap("check", err)
	}
	return state, nil
}

func (s *Store) check(ctx context.Context, q gate.Query) (gate.State, error) {
	k := keysOf(q.Link)
	pipe := s.client.Pipeline()
	plays := pipe.HMGet(ctx, k.plays(q.Subject), q.Asset, gate.WholeScope)
	session := readSession(ctx, pipe, k.session(q.Session))
	account := s.readAccount(ctx, pipe, k)
	now, a, err := account.exec(ctx, pipe)
	if err != nil {
		return gate.State{}, err
	}
	state := gate.State{Now: now, Account: a}
	if !a.Exists {
		return state, nil
	}
	if state.Session, err = decodeSession(q.Link, q.Session, now, session.Val()); err != nil {
		return gate.State{}, err
	}
	asset, value := q.Asset, plays.Val()[0]
	if state.Session.Gathered {
		asset, value = gate.WholeScope, plays.Val()[1]
	}
	state.Play, err = decodePlay(asset, now, value)
	return state, err
}

// Account implements [gate.Ledger].
func (s *Store) Account(ctx context.Context, link gate.LinkID) (gate.Account, error) {
	pipe := s.client.Pipeline()
	_, account, err := s.readAccount(ctx, pipe, keysOf(link)).exec(ctx, pipe)
	if err == nil && !account.Exists {
		err = gate.ErrNotFound
	}
	return account, wrap("account", err)
}

// lapsedSeen is how many of the next lapsing slots a reading looks at. It is
// one that has lapsed, now and then: verbs sweep them.
const lapsedSeen = 8

// accountReading is the reading of an account within a pipeline. Without a
// script the number of slots outstanding is what the last verb noted, less
// those that have lapsed since.
type accountReading struct {
	store  *Store
	keys   linkKeys
	slots  *goredis.ZSliceCmd
	fields *goredis.SliceCmd
	time   *goredis.TimeCmd
}

var (
	readAccountFields = boxed(accountFields)
	readSessionFields = boxed(sessionFields)
)

// boxed turns names into arguments once, and not on every check.
func boxed(names []string) []any {
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = name
	}
	return args
}

// readHash reads some fields of a hash within a pipeline.
func readHash(ctx context.Context, pipe goredis.Pipeliner, key string, fields []any) *goredis.SliceCmd {
	args := make([]any, 0, 2+len(fields))
	cmd := goredis.NewSliceCmd(ctx, append(append(args, "hmget", key), fields...)...)
	_ = pipe.Process(ctx, cmd) // queues it
	return cmd
}

func readSession(ctx context.Context, pipe goredis.Pipeliner, key string) *goredis.SliceCmd {
	return readHash(ctx, pipe, key, readSessionFields)
}

func (s *Store) readAccount(ctx context.Context, pipe goredis.Pipeliner, k linkKeys) accountReading {
	r := accountReading{
		store: s, keys: k,
		slots:  pipe.ZRangeWithScores(ctx, k.reservations(), 0, lapsedSeen-1),
		fields: readHash(ctx, pipe, k.account(), readAccountFields),
	}
	if s.now == nil {
		r.time = pipe.Time(ctx)
	}
	return r
}

// exec makes the trip.
func (r accountReading) exec(ctx context.Context, pipe goredis.Pipeliner) (time.Time, gate.Account, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, gate.Account{}, err
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return time.Time{}, gate.Account{}, err
	}
	account, mark, err := decodeAccount(r.fields.Val())
	millis := max(mark, r.store.saw(r.store.reading(r.time)))
	now := fromMillis(millis)
	if err != nil {
		return now, gate.Account{}, err
	}
	lapsed := 0
	for _, slot := range r.slots.Val() {
		if slot.Score <= float64(millis) {
			lapsed++
		}
	}
	if lapsed < lapsedSeen {
		account.Reserved -= min(int64(lapsed), account.Reserved)
		return now, account, nil
	}
	from := "(" + strconv.FormatInt(millis, 10)
	account.Reserved, err = r.store.client.ZCount(ctx, string(r.keys.reservations()), from, "+inf").Result()
	return now, account, err
}

// reading is the clock's, in ms: the server's where it was asked.
func (s *Store) reading(asked *goredis.TimeCmd) int64 {
	if asked == nil {
		return s.now().UnixMilli()
	}
	return asked.Val().UnixMilli()
}
