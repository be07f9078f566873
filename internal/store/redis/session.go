package redis

import (
	"context"
	"errors"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
)

// Open implements [gate.Ledger].
func (s *Store) Open(ctx context.Context, o gate.Opening) (gate.Opened, error) {
	opened, stray, err := s.open(ctx, o)
	if stray {
		s.delist(ctx, o)
	}
	return opened, wrap("open", err)
}

// open lists the proposed session in the lists over all links and then runs the
// script, in one trip. It reports a stray where the session was listed and is
// not there.
func (s *Store) open(ctx context.Context, o gate.Opening) (opened gate.Opened, stray bool, err error) {
	if err := ctx.Err(); err != nil {
		return gate.Opened{}, false, err
	}
	k := keysOf(o.Link)
	keys := []string{
		k.account(), k.reservations(), k.sessions(), k.sessionEnds(), k.devices(),
		k.device(o.Device, o.Person), k.alias(o.Alias, o.Person), k.session(o.Session),
	}
	args := s.timed(
		string(k), o.Session.String(), o.Device.String(), o.Subject.String(),
		o.Alias != gate.Subject{}, o.Hold, o.Agent, o.Group, o.Life.Milliseconds(),
		ceilMillis(o.Pace.Idle), ceilMillis(o.Pace.Max), ceilMillis(o.Pace.Lapse),
		ceilMillis(o.Pace.Seat), personText(o.Person))

	pipe := s.client.Pipeline()
	// In full, not by its digest: it has to have run when the next one does.
	for _, list := range listsOf(o) {
		enlistScript.Eval(ctx, pipe, list, s.timed(listedName(o.Link, o.Session), o.Life.Milliseconds())...)
	}
	made := openScript.EvalSha(ctx, pipe, keys, args...)
	_, err = pipe.Exec(ctx)
	if goredis.HasErrorPrefix(err, noScript) {
		made, err = openScript.Eval(ctx, s.client, keys, args...), nil
	}
	if err != nil {
		return gate.Opened{}, false, err
	}
	got, err := s.read(made)
	if err != nil {
		return gate.Opened{}, errors.Is(err, gate.ErrNotFound), err
	}
	return decodeOpened(o, got)
}

// nobody stands for the person of a session that has none.
const nobody = "-"

func personText(person gate.PersonID) string {
	if person.IsZero() {
		return nobody
	}
	return person.String()
}

// listsOf are the lists over all links that the proposed session belongs to.
func listsOf(o gate.Opening) [][]string {
	lists := [][]string{{allSessions, allSessionEnds}}
	if !o.Person.IsZero() {
		lists = append(lists, []string{personSessions(o.Person), personSessionEnds(o.Person)})
	}
	return lists
}

// delist takes the proposed session off the lists over all links again. That
// this may fail is why listing passes over names without a session.
func (s *Store) delist(ctx context.Context, o gate.Opening) {
	pipe := s.client.Pipeline()
	for _, list := range listsOf(o) {
		for _, key := range list {
			pipe.ZRem(ctx, key, listedName(o.Link, o.Session))
		}
	}
	_, _ = pipe.Exec(ctx)
}

// decodeOpened reads what the script adds to its answer: whether the proposed
// session was there already, the session's id, whether it was resumed, and its
// fields.
func decodeOpened(o gate.Opening, got answer) (opened gate.Opened, stray bool, err error) {
	f := fields{values: got.rest}
	stray = f.number() == 0
	opened = gate.Opened{Refused: got.refused, Account: got.account}
	if got.refused.Reason != gate.OK {
		return opened, stray, f.err
	}
	id := f.session()
	opened.Resumed = f.number() == 1
	values, _ := f.next().([]any)
	opened.Session, err = decodeSession(o.Link, id, got.now, values)
	if f.err != nil || err != nil {
		return gate.Opened{}, false, errReply
	}
	return opened, stray && opened.Resumed, nil
}

// Gather implements [gate.Ledger].
func (s *Store) Gather(ctx context.Context, link gate.LinkID, id gate.SessionID, whole string) error {
	k := keysOf(link)
	_, err := s.ask(ctx, gatherScript, []string{k.account(), k.reservations(), k.session(id)}, string(k), whole)
	return wrap("gather", err)
}

// End implements [gate.Ledger].
func (s *Store) End(ctx context.Context, link gate.LinkID, id gate.SessionID) (gate.Session, error) {
	k := keysOf(link)
	got, err := s.ask(ctx, endScript,
		[]string{k.account(), k.reservations(), k.session(id), k.sessionEnds()}, id.String(), string(k))
	if err != nil {
		return gate.Session{}, wrap("end", err)
	}
	f := fields{values: got.rest}
	values, _ := f.next().([]any)
	session, err := decodeSession(link, id, got.now, values)
	return session, wrap("end", err)
}
