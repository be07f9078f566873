package redis

import (
	"cmp"
	"context"
	"errors"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// question is what a check asks for. Two that are the same share answers.
type question struct {
	gate.Query
	// after asks, where it is not zero, how many slots lapse later than that.
	after int64
}

// answers are the replies to a question. Once the trip is back they are only
// read, by all who asked the same.
type answers struct {
	plays   *goredis.SliceCmd
	session *goredis.StringCmd
	slots   *goredis.IntCmd // nil where nobody asked
	account *goredis.SliceCmd
	time    *goredis.TimeCmd // nil where the clock is not the server's
	// trip is the first failure of all who were on it. It is not everybody's:
	// one link's account may be spoilt.
	trip error
}

// inquiry puts the questions of a batch together, so that nothing is asked
// twice. It is kept from one trip to the next for its room.
type inquiry struct {
	store    *Store
	asked    map[question]*answers
	accounts map[gate.LinkID]*goredis.SliceCmd
}

func newInquiry(s *Store) *inquiry {
	return &inquiry{
		store:    s,
		asked:    make(map[question]*answers),
		accounts: make(map[gate.LinkID]*goredis.SliceCmd),
	}
}

// travel answers a batch in one trip. Accounts are read after all else, so that
// a revocation which was acknowledged before any of this is always seen; time
// comes after them, so that nothing is judged earlier than it was read.
func (i *inquiry) travel(ctx context.Context, batch []*caller) {
	defer clear(i.asked)
	defer clear(i.accounts)
	pipe := i.store.client.Pipeline()
	for _, c := range batch {
		if i.asked[c.question] == nil {
			i.asked[c.question] = askPlay(ctx, pipe, c.question)
		}
	}
	for q, a := range i.asked {
		if i.accounts[q.Link] == nil {
			i.accounts[q.Link] = readAccount(ctx, pipe, keysOf(q.Link))
		}
		a.account = i.accounts[q.Link]
	}
	now := i.store.askTime(ctx, pipe)
	_, err := pipe.Exec(ctx)
	for _, c := range batch {
		c.answers = i.asked[c.question]
		c.answers.time, c.answers.trip = now, err
	}
}

// askPlay asks for what belongs to one viewer.
func askPlay(ctx context.Context, pipe goredis.Pipeliner, q question) *answers {
	k := keysOf(q.Link)
	a := &answers{
		plays:   goredis.NewSliceCmd(ctx, "hmget", k.plays(q.Subject), q.Asset, gate.WholeScope),
		session: goredis.NewStringCmd(ctx, "hget", k.session(q.Session), factsField),
	}
	_, _ = pipe.Process(ctx, a.plays), pipe.Process(ctx, a.session) // queues them
	if q.after != 0 {
		a.slots = countSlots(ctx, pipe, k, q.after)
	}
	return a
}

// failed is why the replies are not all there; nil: they are. That a session is
// not there is a reply.
func (a *answers) failed() error {
	session, slots, clock := a.session.Err(), error(nil), error(nil)
	if errors.Is(session, goredis.Nil) {
		session = nil
	}
	answered := len(a.plays.Val()) == 2 && len(a.account.Val()) == len(accountFields)
	if a.slots != nil {
		slots = a.slots.Err()
	}
	if a.time != nil {
		clock, answered = a.time.Err(), answered && !a.time.Val().IsZero()
	}
	if err := cmp.Or(a.account.Err(), a.plays.Err(), session, slots, clock); err != nil {
		return err
	}
	if !answered {
		// Where a connection was refused, by a wrong password for one, the
		// commands know nothing of it: no error of theirs is no answer yet.
		return cmp.Or(a.trip, errReply)
	}
	return nil
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

func readAccount(ctx context.Context, pipe goredis.Pipeliner, k linkKeys) *goredis.SliceCmd {
	return readHash(ctx, pipe, k.account(), readAccountFields)
}

func readSession(ctx context.Context, pipe goredis.Pipeliner, key string) *goredis.SliceCmd {
	return readHash(ctx, pipe, key, readSessionFields)
}
