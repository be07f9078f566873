package embedded

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// The seats bucket lists the sessions of a link, and once more those of each of
// its subjects, by when they expire: who is live is read off from now on, and
// what expired is passed over without being looked at. Sessions that end are
// taken off, those that expire when they are swept away.

// wholeLink is in the place of a subject where all of a link is meant. No
// subject is zero, as it is a hash.
var wholeLink gate.Subject

func seatKey(link gate.LinkID, of gate.Subject, expires time.Time, id gate.SessionID) []byte {
	key := binary.BigEndian.AppendUint64(pair(link, of), uint64(expires.UnixMilli()))
	return append(key, id[:]...)
}

// sit lists a new session.
func (b *batch) sit(s *session) {
	b.put(seatsBucket, seatKey(s.Link, wholeLink, s.ExpiresAt, s.ID), nil)
	b.put(seatsBucket, seatKey(s.Link, s.Subject, s.ExpiresAt, s.ID), nil)
}

// stand takes a session off the list.
func (b *batch) stand(s *session) {
	b.delete(seatsBucket, seatKey(s.Link, wholeLink, s.ExpiresAt, s.ID))
	b.delete(seatsBucket, seatKey(s.Link, s.Subject, s.ExpiresAt, s.ID))
}

// seated returns the live sessions of a link or of its subject, at most limit.
func seated(tx *bolt.Tx, link gate.LinkID, of gate.Subject, now time.Time, limit int) []gate.SessionID {
	var ids []gate.SessionID
	owner := pair(link, of)
	first := seatKey(link, of, now.Add(time.Millisecond), gate.SessionID{})
	cursor := tx.Bucket(seatsBucket).Cursor()
	for key, _ := cursor.Seek(first); bytes.HasPrefix(key, owner) && len(ids) < limit; key, _ = cursor.Next() {
		ids = append(ids, gate.SessionID(key[len(key)-token.IDSize:]))
	}
	return ids
}

// Seated implements [gate.Ledger].
func (s *Store) Seated(ctx context.Context, link gate.LinkID) (n int64, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		a, err := load(tx, accountsBucket, link[:], decodeAccount)
		if err == nil && a == nil {
			err = gate.ErrNotFound
		}
		if err == nil {
			const all = int(^uint(0) >> 1)
			n = int64(len(seated(tx, link, wholeLink, s.clock.now(), all)))
		}
		return err
	})
	return n, err
}

// seat makes room for one more session of the subject, as the last step of an
// opening that may still refuse: sessions that have to leave are ended.
func (b *batch) seat(o gate.Opening, a *account) (gate.Refusal, error) {
	leaving, ok, err := b.leaving(o, a, o.Subject, a.SeatsEach, nil)
	if err != nil || !ok {
		return gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeatsEach}, err
	}
	leaving, ok, err = b.leaving(o, a, wholeLink, a.Seats, leaving)
	if err != nil || !ok || len(leaving) > gate.MaxReplaced {
		return gate.Refusal{Reason: gate.TooManySeats, Allowance: gate.AllowanceSeats}, err
	}
	for _, s := range leaving {
		s.EndedWhy = gate.EndedReplaced
		b.end(s)
	}
	return gate.Refusal{}, nil
}

// leaving adds to those that leave already whoever else has to, for one more
// to be below the limit; false: that many may not.
func (b *batch) leaving(
	o gate.Opening, a *account, of gate.Subject, limit int64, already []*session,
) ([]*session, bool, error) {
	if limit == 0 {
		return already, true, nil
	}
	bound := int(limit) + gate.MaxReplaced + len(already)
	ids := seated(b.tx, o.Link, of, b.now, bound)
	need := len(ids) - len(already) + 1 - int(limit)
	if need <= 0 {
		return already, true, nil
	}
	if len(ids) == bound {
		return nil, false, nil
	}
	var candidates []*session
	for _, id := range ids {
		if slices.ContainsFunc(already, func(s *session) bool { return s.ID == id }) {
			continue
		}
		s, err := b.session(o.Link, id)
		if err != nil {
			return nil, false, err
		}
		if a.WhenFull == gate.ReplaceOldest || b.idle(s, o.Pace) {
			candidates = append(candidates, s)
		}
	}
	if need > len(candidates) {
		return nil, false, nil
	}
	slices.SortFunc(candidates, func(x, y *session) int { return b.goesFirst(x, y, o.Pace) })
	return append(already, candidates[:need]...), true, nil
}

func (b *batch) idle(s *session, pace gate.Pace) bool { return b.now.Sub(s.LastSeen) >= pace.Seat }

// goesFirst orders sessions by who has to leave first.
func (b *batch) goesFirst(x, y *session, pace gate.Pace) int {
	switch idle := b.idle(x, pace); {
	case idle != b.idle(y, pace) && idle:
		return -1
	case idle != b.idle(y, pace):
		return 1
	case idle:
		if by := x.LastSeen.Compare(y.LastSeen); by != 0 {
			return by
		}
	}
	return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), bytes.Compare(x.ID[:], y.ID[:]))
}
