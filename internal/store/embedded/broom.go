package embedded

import (
	"encoding/binary"
	"strings"
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
	broomSession  = 's'
	broomSubject  = 'p'
	broomDocument = 'd'
)

// broomKey says when to look at what. The name is the key of its record.
type broomKey struct {
	due  time.Time
	what byte
	name string
}

func (k broomKey) encode() []byte {
	key := binary.BigEndian.AppendUint64(make([]byte, 0, 8+1+len(k.name)), uint64(k.due.UnixMilli()))
	key = append(key, k.what)
	return append(key, k.name...)
}

func decodeBroomKey(key []byte) broomKey {
	return broomKey{due: fromMilli(int64(binary.BigEndian.Uint64(key))), what: key[8], name: string(key[9:])}
}

// nameOf is the name of what belongs to an id under another, and unpair takes
// it apart.
func nameOf[A, B ~[token.IDSize]byte](a A, b B) string { return string(pair(a, b)) }

func unpair(name string) (link gate.LinkID, id token.ID) {
	copy(link[:], name)
	copy(id[:], name[token.IDSize:])
	return link, id
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
		switch k.what {
		case broomSession:
			_ = b.sweepSession(k)
		case broomSubject:
			_ = b.sweepSubject(k)
		case broomDocument:
			_ = b.sweepDocument(k)
		}
	}
}

func (b *batch) sweepSession(k broomKey) error {
	link, name := unpair(k.name)
	id := gate.SessionID(name)
	s, err := b.keptSession(link, id)
	if err != nil || s == nil || s.known(b.now) {
		return err
	}
	if err := b.unpoint(aliasesBucket, aliasKey(link, s.alias, s.Person), id); err != nil {
		return err
	}
	if !s.Person.IsZero() { // nobody's key stays: it counts the device
		if err := b.unpoint(devicesBucket, deviceKey(link, s.Device, s.Person), id); err != nil {
			return err
		}
		b.delete(personsBucket, personKey(s))
	}
	b.delete(sessionsBucket, pair(link, id))
	b.delete(orderBucket, pair(id, link))
	if s.EndedAt.IsZero() {
		b.stand(s)
	}
	b.records(link).sessions[id] = nil
	return nil
}

// unpoint removes a key that leads to the session, if it still does.
func (b *batch) unpoint(bucket, key []byte, id gate.SessionID) error {
	last, err := get(b.tx, bucket, key)
	if err == nil && string(last) == string(id[:]) {
		b.delete(bucket, key)
	}
	return err
}

func (b *batch) sweepSubject(k broomKey) error {
	link, name := unpair(k.name)
	id := gate.Subject(name)
	s, err := b.keptSubject(link, id)
	if err != nil || !s.due.Equal(k.due) {
		return err
	}
	s = s.current(b.now)
	s.due = time.Time{}
	b.putSubject(link, id, s) // comes again for what is left
	return nil
}

func (b *batch) sweepDocument(k broomKey) error {
	kind, id, _ := strings.Cut(k.name, "\x00")
	doc, found, err := keptDocument(b.tx, gate.Kind(kind), id)
	if err != nil || !found || !ended(doc, b.now) {
		return err
	}
	b.deleteDocument(doc)
	return nil
}
