package embedded

import (
	"encoding/binary"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// The broom deletes what no verb knows any more. It comes along with commits
// that are made anyway and does a bounded part of the work each time: more than
// a verb can add, so that it never falls behind for good. Since every verb
// looks at the clock and not at what is there, it changes no answer.

// sweepsPerVerb is above the three entries that one verb schedules at most, if
// the end of a session that was replaced is counted with its own opening.
const sweepsPerVerb = 4

// What the broom looks at.
const (
	broomSession = 's'
	broomSubject = 'p'
)

// broomKey says when to look at what.
type broomKey struct {
	due  time.Time
	what byte
	link gate.LinkID
	id   token.ID
}

const broomKeySize = 8 + 1 + 2*token.IDSize

func (k broomKey) encode() []byte {
	key := binary.BigEndian.AppendUint64(make([]byte, 0, broomKeySize), uint64(k.due.UnixMilli()))
	key = append(key, k.what)
	key = append(key, k.link[:]...)
	return append(key, k.id[:]...)
}

func decodeBroomKey(key []byte) (k broomKey) {
	k.due = fromMilli(int64(binary.BigEndian.Uint64(key)))
	k.what = key[8]
	copy(k.link[:], key[9:])
	copy(k.id[:], key[9+token.IDSize:])
	return k
}

func (b *batch) schedule(k broomKey) { b.put(broomBucket, k.encode(), nil) }

// sweep looks at no more than limit entries that are due.
func (b *batch) sweep(limit int) {
	var due []broomKey
	cursor := b.tx.Bucket(broomBucket).Cursor()
	for key, _ := cursor.First(); key != nil && len(due) < limit; key, _ = cursor.Next() {
		k := decodeBroomKey(key)
		if b.now.Before(k.due) {
			break
		}
		due = append(due, k)
	}
	for _, k := range due {
		b.delete(broomBucket, k.encode())
		// A record that cannot be read is left lying: to fail the batch would
		// be to let one damaged record stop every verb.
		if k.what == broomSession {
			_ = b.sweepSession(k)
		} else {
			_ = b.sweepSubject(k)
		}
	}
}

func (b *batch) sweepSession(k broomKey) error {
	id := gate.SessionID(k.id)
	s, err := b.keptSession(k.link, id)
	if err != nil || s == nil || s.known(b.now) {
		return err
	}
	last, err := get(b.tx, aliasesBucket, pair(k.link, s.alias))
	if err != nil {
		return err
	}
	if string(last) == string(id[:]) {
		b.delete(aliasesBucket, pair(k.link, s.alias))
	}
	b.delete(sessionsBucket, pair(k.link, id))
	b.delete(orderBucket, pair(id, k.link))
	if s.EndedAt.IsZero() {
		b.stand(s)
	}
	b.records(k.link).sessions[id] = nil
	return nil
}

func (b *batch) sweepSubject(k broomKey) error {
	id := gate.Subject(k.id)
	s, err := b.keptSubject(k.link, id)
	if err != nil || !s.due.Equal(k.due) {
		return err
	}
	s = s.current(b.now)
	s.due = time.Time{}
	b.putSubject(k.link, id, s) // comes again for what is left
	return nil
}
