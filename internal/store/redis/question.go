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
	// after asks, where it is not zero, how many slots of each link lapse later
	// than that.
	after int64
}

// answers are the replies to a question. Once the trip is back they are only
// read, by all who asked the same.
type answers struct {
	plays   *goredis.SliceCmd
	session *goredis.SliceCmd // its facts, and whether it gathered what is asked for
	slots   *goredis.IntCmd   // nil where nobody asked
	account *goredis.SliceCmd
	// above are the accounts of the links above, and aboveSlots counts theirs.
	above      []*goredis.SliceCmd
	aboveSlots []*goredis.IntCmd
	edition    *goredis.StringCmd
	record     *goredis.SliceCmd // nil where nobody asked
	time       *goredis.TimeCmd  // nil where the clock is not the server's
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
// a revocation which was acknowledged before any of this is always seen; the
// edition of the documents comes after them, and links' documents after that: none
// is older than the edition says. Time comes after all, so that nothing is judged
// earlier than it was read.
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
		a.account = i.account(ctx, pipe, q.Link)
		for _, link := range q.Above {
			if link.IsZero() {
				break
			}
			a.above = append(a.above, i.account(ctx, pipe, link))
		}
	}
	edition := goredis.NewStringCmd(ctx, readEdition...)
	_ = pipe.Process(ctx, edition) // queues it
	for q, a := range i.asked {
		if q.Record {
			a.record = readHash(ctx, pipe, documentKey(gate.KindLink, q.Link.String()), readDocumentFields)
		}
	}
	now := i.store.askTime(ctx, pipe)
	_, err := pipe.Exec(ctx)
	for _, c := range batch {
		c.answers = i.asked[c.question]
		c.answers.edition, c.answers.time, c.answers.trip = edition, now, err
	}
}

// account asks for a link's account, once.
func (i *inquiry) account(ctx context.Context, pipe goredis.Pipeliner, link gate.LinkID) *goredis.SliceCmd {
	asked := i.accounts[link]
	if asked == nil {
		asked = readAccount(ctx, pipe, keysOf(link))
		i.accounts[link] = asked
	}
	return asked
}

// askPlay asks for what belongs to one viewer.
func askPlay(ctx context.Context, pipe goredis.Pipeliner, q question) *answers {
	k, whole := keysOf(q.Link), gate.WholeOf(q.Asset)
	a := &answers{
		plays:   goredis.NewSliceCmd(ctx, "hmget", k.plays(q.Subject), q.Asset, whole),
		session: goredis.NewSliceCmd(ctx, "hmget", k.session(q.Session), factsField, gatheredField+whole),
	}
	_, _ = pipe.Process(ctx, a.plays), pipe.Process(ctx, a.session) // queues them
	if q.after != 0 {
		a.slots = countSlots(ctx, pipe, k, q.after)
		for _, link := range q.Above {
			if link.IsZero() {
				break
			}
			a.aboveSlots = append(a.aboveSlots, countSlots(ctx, pipe, keysOf(link), q.after))
		}
	}
	return a
}

// failed is why the replies are not all there; nil: they are. That no document
// was ever changed is a reply.
func (a *answers) failed() error {
	answered := len(a.plays.Val()) == 2 && len(a.session.Val()) == 2 && len(a.account.Val()) == len(accountFields)
	err := cmp.Or(a.account.Err(), a.plays.Err(), a.session.Err(), present(a.edition.Err()))
	for _, account := range a.above {
		err, answered = cmp.Or(err, account.Err()), answered && len(account.Val()) == len(accountFields)
	}
	for _, slots := range a.aboveSlots {
		err = cmp.Or(err, slots.Err())
	}
	if a.slots != nil {
		err = cmp.Or(err, a.slots.Err())
	}
	if a.record != nil {
		err, answered = cmp.Or(err, a.record.Err()), answered && len(a.record.Val()) == len(readDocumentFields)
	}
	if a.time != nil {
		err, answered = cmp.Or(err, a.time.Err()), answered && !a.time.Val().IsZero()
	}
	if err == nil && !answered {
		// Where a connection was refused, by a wrong password for one, the
		// commands know nothing of it: no error of theirs is no answer yet.
		return cmp.Or(a.trip, errReply)
	}
	return err
}

// present takes it for an answer that there is nothing.
func present(err error) error {
	if errors.Is(err, goredis.Nil) {
		return nil
	}
	return err
}

var (
	readAccountFields = boxed(accountFields)
	readSessionFields = boxed(sessionFields)
	readEdition       = boxed([]string{"get", editionKey})
)

// boxed turns words into arguments once, and not on every check.
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
