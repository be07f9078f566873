package embedded

import (
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/usher-media/usher/internal/gate"
)

// batch is one transaction: the file, the moment, and the records that the
// verbs in it have read and changed so far. Every verb sees what those before
// it did. A verb reads first, decides, and writes last; from its first write
// on nothing may stop it, and where bbolt does, err fails the batch.
type batch struct {
	tx    *bolt.Tx
	now   time.Time
	front *front
	seen  map[gate.LinkID]*records
	news  []gate.Change
	// edition is that of the documents as the batch leaves them, and edits are
	// those that made it.
	edition int64
	edits   []gate.DocumentName
	dirty   bool   // there is something to commit
	sum     uint32 // of all records, as in state
	err     error
}

func newBatch(f *front, edition int64) *batch {
	return &batch{front: f, seen: make(map[gate.LinkID]*records), edition: edition}
}

// fail remembers the first error of a write.
func (b *batch) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *batch) put(bucket, key, value []byte) {
	b.dirty = true
	b.sum += checksum(bucket, key, value) - b.sealAt(bucket, key)
	b.fail(put(b.tx, bucket, key, value))
}

func (b *batch) delete(bucket, key []byte) {
	b.dirty = true
	b.sum -= b.sealAt(bucket, key)
	b.fail(b.tx.Bucket(bucket).Delete(key))
}

// tell notes what every Watch is told once the batch is on disk.
func (b *batch) tell(change gate.Change) { b.news = append(b.news, change) }

// sealAt is the checksum of what a write takes the place of.
func (b *batch) sealAt(bucket, key []byte) uint32 { return sealOf(b.tx.Bucket(bucket).Get(key)) }

func (b *batch) records(link gate.LinkID) *records {
	r, found := b.seen[link]
	if !found {
		fresh := newRecords()
		r = &fresh
		b.seen[link] = r
	}
	return r
}

// load reads a record from the file; nil: there is none.
func load[V any](tx *bolt.Tx, bucket, key []byte, decode func([]byte) (*V, error)) (*V, error) {
	value, err := get(tx, bucket, key)
	if err != nil || value == nil {
		return nil, err
	}
	return decode(value)
}

// account returns a copy of the link's account as of now, or ErrNotFound.
func (b *batch) account(link gate.LinkID) (*account, error) {
	a, err := b.keptAccount(link)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, gate.ErrNotFound
	}
	return a.current(b.now), nil
}

// keptAccount returns the link's account as it is kept; nil: there is none.
func (b *batch) keptAccount(link gate.LinkID) (a *account, err error) {
	r := b.records(link)
	if r.read {
		return r.account, nil
	}
	a, found := b.front.account(link)
	if !found {
		if a, err = load(b.tx, accountsBucket, link[:], decodeAccount); err != nil {
			return nil, err
		}
	}
	r.read, r.account = true, a
	return a, nil
}

func (b *batch) putAccount(link gate.LinkID, a *account) {
	r := b.records(link)
	r.read, r.account = true, a
	b.put(accountsBucket, link[:], a.encode())
}

// session returns a copy of the link's session, or ErrNotFound where it is not
// known now.
func (b *batch) session(link gate.LinkID, id gate.SessionID) (*session, error) {
	s, err := b.keptSession(link, id)
	if err != nil {
		return nil, err
	}
	if s == nil || !s.known(b.now) {
		return nil, gate.ErrNotFound
	}
	c := *s
	return &c, nil
}

// keptSession returns the session as it is kept; nil: there is none.
func (b *batch) keptSession(link gate.LinkID, id gate.SessionID) (s *session, err error) {
	r := b.records(link)
	if s, found := r.sessions[id]; found {
		return s, nil
	}
	s, found := b.front.session(link, id)
	if !found {
		if s, err = load(b.tx, sessionsBucket, pair(link, id), decodeSession); err != nil {
			return nil, err
		}
	}
	r.sessions[id] = s
	return s, nil
}

func (b *batch) putSession(s *session) {
	b.records(s.Link).sessions[s.ID] = s
	b.put(sessionsBucket, pair(s.Link, s.ID), s.encode())
}

// subject returns a copy of the subject's record as of now.
func (b *batch) subject(link gate.LinkID, id gate.Subject) (*subject, error) {
	s, err := b.keptSubject(link, id)
	if err != nil {
		return nil, err
	}
	return s.current(b.now), nil
}

// keptSubject returns the subject's record as it is kept.
func (b *batch) keptSubject(link gate.LinkID, id gate.Subject) (s *subject, err error) {
	r := b.records(link)
	if s, found := r.subjects[id]; found {
		return s, nil
	}
	s, found := b.front.subject(link, id)
	if !found {
		if s, err = load(b.tx, subjectsBucket, pair(link, id), decodeSubject); err != nil {
			return nil, err
		}
	}
	if s == nil {
		s = &subject{}
	}
	r.subjects[id] = s
	return s, nil
}

// putSubject also sees to it that the broom comes by.
func (b *batch) putSubject(link gate.LinkID, id gate.Subject, s *subject) {
	if first := s.forgotten(); s.due.IsZero() && !first.IsZero() {
		s.due = first
		b.schedule(broomKey{s.due, broomSubject, nameOf(link, id)})
	}
	b.records(link).subjects[id] = s
	if s.used == 0 && s.due.IsZero() {
		b.delete(subjectsBucket, pair(link, id))
		return
	}
	b.put(subjectsBucket, pair(link, id), s.encode())
}
