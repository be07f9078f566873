package redis

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// words reads a packed record, word by word, as the scripts write it; err says
// that it is not one.
type words struct {
	rest string
	err  error
}

func (w *words) next() string {
	word, rest, _ := strings.Cut(w.rest, " ")
	w.rest = rest
	return word
}

// number reads a number; one that is missing is "-", and zero.
func (w *words) number() int64 {
	word := w.next()
	if word == "-" {
		return 0
	}
	n, err := strconv.ParseInt(word, 10, 64)
	w.note(err)
	return n
}

// time reads a time; one that is missing is "-", and zero.
func (w *words) time() time.Time {
	if w.rest == "-" || strings.HasPrefix(w.rest, "- ") {
		w.next()
		return time.Time{}
	}
	return fromMillis(w.number())
}

func (w *words) device() gate.DeviceID {
	id, err := gate.ParseDeviceID(w.next())
	w.note(err)
	return id
}

func (w *words) subject() gate.Subject {
	id, err := token.ParseID(w.next())
	w.note(err)
	return gate.Subject(id)
}

// person reads a person; nobody is "-".
func (w *words) person() gate.PersonID {
	word := w.next()
	if word == nobody {
		return gate.PersonID{}
	}
	id, err := gate.ParsePersonID(word)
	w.note(err)
	return id
}

func (w *words) session() gate.SessionID {
	id, err := gate.ParseSessionID(w.next())
	w.note(err)
	return id
}

func (w *words) note(err error) {
	if err != nil {
		w.err = errReply
	}
}

// accountFields are the fields of an account that are read: its texts, and its
// numbers packed.
var accountFields = []string{"state", "why", "by", "sums"}

// marks are times in ms that an account keeps for readers: when it was written,
// and when the first of its slots lapses; 0: none is outstanding.
type marks struct{ written, lapses int64 }

// decodeAccount reads an account.
func decodeAccount(values []any) (a gate.Account, m marks, err error) {
	if len(values) == 0 || values[0] == nil {
		return gate.Account{}, marks{}, nil
	}
	f := fields{values: values}
	a.Exists = true
	a.Standing = gate.Standing{State: f.text(), Why: f.text(), By: f.text()}
	w := words{rest: f.text(), err: f.err}
	a.Terms = gate.Terms{Views: w.number(), ViewsEach: w.number(), StartsAt: w.time(), ExpiresAt: w.time()}
	a.Standing.Since = w.time()
	a.Used, a.Reserved = w.number(), w.number()
	a.Redeems, a.Devices, a.Opens = w.number(), w.number(), w.number()
	m.written, m.lapses = w.number(), w.number()
	a.Seats, a.SeatsEach, a.WhenFull = w.number(), w.number(), whenFull(w.number())
	a.StartBy, a.PlayFor = w.time(), time.Duration(w.number())*time.Millisecond
	a.RefusedOpens = w.number()
	for range 3 { // what only scripts read
		w.next()
	}
	if w.rest != "" { // written before these were counted, it ends here
		a.Sessions, a.Bytes = w.number(), w.number()
	}
	if w.err != nil {
		return gate.Account{}, marks{}, w.err
	}
	return a, m, nil
}

func whenFull(replace int64) gate.WhenFull {
	if replace == 1 {
		return gate.ReplaceOldest
	}
	return gate.RefuseNew
}

// sessionFields are the fields of a session: its texts, and the rest packed.
var sessionFields = []string{"agent", "group", factsField}

const (
	factsField = "facts"
	// gatheredField begins the name of a field that is there for each folder
	// that the session gathered.
	gatheredField = "g:"
)

// decodeSession reads a session. One that is not known any more at now does
// not exist, whether or not it was swept away.
func decodeSession(link gate.LinkID, id gate.SessionID, now time.Time, values []any) (gate.Session, error) {
	if len(values) == 0 || values[0] == nil {
		return gate.Session{}, nil
	}
	f := fields{values: values}
	agent, group := f.text(), f.text()
	s, err := decodeFacts(link, id, now, f.text())
	if f.err != nil || !s.Exists {
		return gate.Session{}, errors.Join(f.err, err)
	}
	s.Agent, s.Group = agent, group
	return s, nil
}

// decodeFacts reads all of a session that is not for people only.
func decodeFacts(link gate.LinkID, id gate.SessionID, now time.Time, facts string) (gate.Session, error) {
	if facts == "" {
		return gate.Session{}, nil
	}
	s := gate.Session{Exists: true, ID: id, Link: link}
	w := words{rest: facts}
	s.Device, s.Subject, s.Person = w.device(), w.subject(), w.person()
	s.CreatedAt, s.LastSeen, s.ExpiresAt, s.EndedAt = w.time(), w.time(), w.time(), w.time()
	s.Gathered, s.Bytes = w.number() > 0, w.number()
	if w.number() == 1 {
		s.EndedWhy = gate.EndedReplaced
	}
	s.PacedTo = w.time()
	end := s.ExpiresAt
	if !s.EndedAt.IsZero() {
		end = s.EndedAt
	}
	if w.err != nil || now.Sub(end) >= gate.SessionKept {
		return gate.Session{}, w.err
	}
	return s, nil
}

// decodePlay reads a play. One that is not known any more at now does not
// exist.
func decodePlay(asset string, now time.Time, value any) (gate.Play, error) {
	text, known := value.(string)
	if !known {
		return gate.Play{}, nil
	}
	w := words{rest: text}
	p := gate.Play{Exists: true, Asset: asset, State: gate.PlayCharged}
	reserved := w.next() == "r"
	p.OpenedAt, p.LastSeen = w.time(), w.time()
	lapses := w.time()
	w.number() // holders
	p.Session, p.Opener = w.session(), w.rest
	over := now.Sub(p.LastSeen) >= gate.SessionKept
	if reserved {
		p.State, over = gate.PlayReserved, !now.Before(lapses)
	}
	if w.err != nil || over {
		return gate.Play{}, w.err
	}
	return p, nil
}
