package embedded

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Records are written by hand, field after field: an opener or an agent may
// carry any bytes, which JSON would change, and a record is read and written
// on every play. What is written here changes only together with format.

type writer struct{ bytes []byte }

func (w *writer) number(n int64) *writer {
	w.bytes = binary.AppendVarint(w.bytes, n)
	return w
}

func (w *writer) time(t time.Time) *writer { return w.number(t.UnixMilli()) }

func (w *writer) id(id token.ID) *writer {
	w.bytes = append(w.bytes, id[:]...)
	return w
}

func (w *writer) text(s string) *writer {
	w.number(int64(len(s)))
	w.bytes = append(w.bytes, s...)
	return w
}

func (w *writer) flag(on bool) *writer {
	if on {
		return w.number(1)
	}
	return w.number(0)
}

// reader reads what writer wrote. After its first error it reads zeros.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail() { r.rest, r.err = nil, fmt.Errorf("%w: a record is too short", errDamaged) }

func (r *reader) number() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) time() time.Time { return fromMilli(r.number()) }

func (r *reader) raw(n int64) []byte {
	if n < 0 || n > int64(len(r.rest)) {
		r.fail()
		return nil
	}
	raw := r.rest[:n]
	r.rest = r.rest[n:]
	return raw
}

func (r *reader) id() (id token.ID) {
	copy(id[:], r.raw(token.IDSize))
	return id
}

func (r *reader) text() string { return string(r.raw(r.number())) }
func (r *reader) flag() bool   { return r.number() != 0 }

func (a *account) encode() []byte {
	w := new(writer).
		number(a.Views).number(a.ViewsEach).time(a.StartsAt).time(a.ExpiresAt).
		time(a.StartBy).number(a.PlayFor.Milliseconds()).
		number(a.Seats).number(a.SeatsEach).flag(a.WhenFull == gate.ReplaceOldest).
		text(a.Standing.State).time(a.Standing.Since).text(a.Standing.Why).text(a.Standing.By).
		number(a.Used).number(a.Redeems).number(a.Devices).number(a.Opens).number(a.RefusedOpens).
		number(int64(len(a.lapses)))
	for _, at := range a.lapses {
		w.time(at)
	}
	return w.number(a.Sessions).number(a.Bytes).bytes
}

func decodeAccount(value []byte) (*account, error) {
	r := reader{rest: value}
	a := &account{Account: gate.Account{
		Exists: true,
		Terms: gate.Terms{
			Views: r.number(), ViewsEach: r.number(), StartsAt: r.time(), ExpiresAt: r.time(),
			StartBy: r.time(), PlayFor: time.Duration(r.number()) * time.Millisecond,
			Seats: r.number(), SeatsEach: r.number(), WhenFull: whenFull(r.flag()),
		},
		Standing: gate.Standing{State: r.text(), Since: r.time(), Why: r.text(), By: r.text()},
		Used:     r.number(), Redeems: r.number(), Devices: r.number(), Opens: r.number(),
		RefusedOpens: r.number(),
	}}
	for n := r.number(); n > 0 && r.err == nil; n-- {
		a.lapses = append(a.lapses, r.time())
	}
	if len(r.rest) > 0 { // written before these were counted, it ends here
		a.Sessions, a.Bytes = r.number(), r.number()
	}
	return a, r.err
}

func whenFull(replace bool) gate.WhenFull {
	if replace {
		return gate.ReplaceOldest
	}
	return gate.RefuseNew
}

func (s *session) encode() []byte {
	w := new(writer).
		id(token.ID(s.ID)).id(token.ID(s.Link)).id(token.ID(s.Device)).id(token.ID(s.Subject)).
		id(token.ID(s.Person)).id(token.ID(s.alias)).
		text(s.Agent).text(s.Group).
		time(s.CreatedAt).time(s.LastSeen).time(s.ExpiresAt).time(s.EndedAt).
		text(s.EndedWhy).
		number(s.Bytes).time(s.PacedTo).
		number(int64(len(s.gathered)))
	for _, whole := range s.gathered {
		w.text(whole)
	}
	return w.bytes
}

func decodeSession(value []byte) (*session, error) {
	r := reader{rest: value}
	s := &session{
		Session: gate.Session{
			Exists: true,
			ID:     gate.SessionID(r.id()), Link: gate.LinkID(r.id()),
			Device: gate.DeviceID(r.id()), Subject: gate.Subject(r.id()),
			Person: gate.PersonID(r.id()),
		},
		alias: gate.Subject(r.id()),
	}
	s.Agent, s.Group = r.text(), r.text()
	s.CreatedAt, s.LastSeen, s.ExpiresAt, s.EndedAt = r.time(), r.time(), r.time(), r.time()
	s.EndedWhy = r.text()
	s.Bytes, s.PacedTo = r.number(), r.time()
	for n := r.number(); n > 0 && r.err == nil; n-- {
		s.gathered = append(s.gathered, r.text())
	}
	s.Gathered = len(s.gathered) > 0
	return s, r.err
}

func (s *subject) encode() []byte {
	w := new(writer).number(s.used).time(s.hold).time(s.due).number(int64(len(s.plays)))
	for _, p := range s.plays {
		w.text(p.Asset).text(p.State).time(p.OpenedAt).time(p.LastSeen).id(token.ID(p.Session)).text(p.Opener).
			number(p.holders).time(p.lapses)
	}
	return w.bytes
}

func decodeSubject(value []byte) (*subject, error) {
	r := reader{rest: value}
	s := &subject{used: r.number(), hold: r.time(), due: r.time()}
	for n := r.number(); n > 0 && r.err == nil; n-- {
		s.plays = append(s.plays, play{
			Play: gate.Play{
				Exists: true, Asset: r.text(), State: r.text(),
				OpenedAt: r.time(), LastSeen: r.time(), Session: gate.SessionID(r.id()), Opener: r.text(),
			},
			holders: r.number(), lapses: r.time(),
		})
	}
	return s, r.err
}
