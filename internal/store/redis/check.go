package redis

import (
	"context"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// Check implements [gate.Ledger]. It is a plain reading in one trip, which is
// shared with those who ask at the same time.
func (s *Store) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	state, err := s.check(ctx, question{Query: q})
	if err != nil {
		return gate.State{}, wrap("check", err)
	}
	return state, nil
}

func (s *Store) check(ctx context.Context, q question) (gate.State, error) {
	got, err := s.checks.ask(ctx, q)
	if err != nil {
		return gate.State{}, err
	}
	if err := got.failed(); err != nil {
		return gate.State{}, err
	}
	account, now, lapsed, err := s.accountAt(got.account.Val(), got.time)
	if err != nil {
		return gate.State{}, err
	}
	above, aboveLapsed, err := s.accountsAbove(got)
	if err != nil {
		return gate.State{}, err
	}
	if got.slots != nil {
		account.Reserved = got.slots.Val()
	} else if lapsed || aboveLapsed {
		q.after = now.UnixMilli()
		return s.check(ctx, q)
	}
	edition, err := editionOf(got.edition)
	if err != nil {
		return gate.State{}, err
	}
	state := gate.State{Now: now, Account: account, Above: above, Edition: edition}
	if q.Record {
		if state.Record, err = s.recordOf(ctx, q.Link, now, got.record.Val()); err != nil {
			return gate.State{}, err
		}
	}
	if !account.Exists {
		return state, nil
	}
	facts, _ := got.session.Val()[0].(string)
	if state.Session, err = decodeFacts(q.Link, q.Session, now, facts); err != nil {
		return gate.State{}, err
	}
	asset, value := q.Asset, got.plays.Val()[0]
	if state.Gathered = state.Session.Exists && got.session.Val()[1] != nil; state.Gathered {
		asset, value = gate.WholeOf(q.Asset), got.plays.Val()[1]
	}
	state.Play, err = decodePlay(asset, now, value)
	return state, err
}

// recordOf reads a link's document; nil: there is none. A change of it that was not
// told yet is told first, as [Store.Get] does.
func (s *Store) recordOf(ctx context.Context, link gate.LinkID, now time.Time, values []any) (*gate.Document, error) {
	name := gate.DocumentName{Kind: gate.KindLink, ID: link.String()}
	doc, err := decodeDocument(name, now, values)
	if err != nil {
		return nil, err
	}
	if err := s.tell(ctx, doc.untold, name); err != nil || !doc.exists() {
		return nil, err
	}
	return &doc.Document, nil
}

// accountsAbove reads the accounts of the links above; lapsed says that the slots
// of one have to be counted.
func (s *Store) accountsAbove(got *answers) (above []gate.Account, lapsed bool, err error) {
	for n, asked := range got.above {
		account, _, some, err := s.accountAt(asked.Val(), got.time)
		if err != nil {
			return nil, false, err
		}
		if got.aboveSlots != nil {
			account.Reserved = got.aboveSlots[n].Val()
		}
		above, lapsed = append(above, account), lapsed || some
	}
	return above, lapsed, nil
}

// Account implements [gate.Ledger].
func (s *Store) Account(ctx context.Context, link gate.LinkID) (gate.Account, error) {
	account, err := s.account(ctx, keysOf(link))
	if err == nil && !account.Exists {
		err = gate.ErrNotFound
	}
	return account, wrap("account", err)
}

func (s *Store) account(ctx context.Context, k linkKeys) (gate.Account, error) {
	if err := ctx.Err(); err != nil {
		return gate.Account{}, err
	}
	pipe := s.client.Pipeline()
	fields := readAccount(ctx, pipe, k)
	asked := s.askTime(ctx, pipe)
	if _, err := pipe.Exec(ctx); err != nil {
		return gate.Account{}, err
	}
	account, now, lapsed, err := s.accountAt(fields.Val(), asked)
	if err == nil && lapsed {
		account.Reserved, err = countSlots(ctx, s.client, k, now.UnixMilli()).Result()
	}
	return account, err
}

// accountAt reads an account, and says when now is. Without a script the number
// of slots outstanding is what the last verb noted, which is right until the
// first of them lapses; lapsed says that they have to be counted.
func (s *Store) accountAt(
	values []any, asked *goredis.TimeCmd,
) (account gate.Account, now time.Time, lapsed bool, err error) {
	account, marks, err := decodeAccount(values)
	millis := max(marks.written, s.saw(s.reading(asked)))
	lapsed = marks.lapses != 0 && marks.lapses <= millis
	if lapsed && account.Reserved == 1 {
		account.Reserved, lapsed = 0, false // no need to ask how many others
	}
	return account, fromMillis(millis), lapsed, err
}

// countSlots counts the slots that lapse after that.
func countSlots(ctx context.Context, on goredis.Cmdable, k linkKeys, after int64) *goredis.IntCmd {
	return on.ZCount(ctx, k.reservations(), "("+strconv.FormatInt(after, 10), "+inf")
}

// askTime asks the server for its time, unless the clock is another.
func (s *Store) askTime(ctx context.Context, pipe goredis.Pipeliner) *goredis.TimeCmd {
	if s.now != nil {
		return nil
	}
	return pipe.Time(ctx)
}

// reading is the clock's, in ms: the server's where it was asked.
func (s *Store) reading(asked *goredis.TimeCmd) int64 {
	if asked == nil {
		return s.now().UnixMilli()
	}
	return asked.Val().UnixMilli()
}
