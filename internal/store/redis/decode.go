package redis

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

var (
	errReply = errors.New("redis answered in a way that no script of ours does: is another program using these keys?")
	errLost  = errors.New("the link's account was lost and is not opened anew, since its views would be given out twice: " +
		"restore the store from a backup, or make a new link")
)

// The fields of an account that scripts answer with, and of a session, in the
// order in which the decoders below read them.
var (
	accountFields = []string{
		"reserved", "state", "since", "why", "by", "views", "each", "starts", "expires",
		"used", "redeems", "devices", "opens",
	}
	sessionFields = []string{
		"device", "subject", "agent", "group", "created", "seen", "expires", "ended", "gathered", "bytes",
	}
)

// fields reads values one after the other; err is the first that could not be
// read.
type fields struct {
	values []any
	err    error
}

func (f *fields) next() any {
	if len(f.values) == 0 {
		f.err = errReply
		return nil
	}
	v := f.values[0]
	f.values = f.values[1:]
	return v
}

// text reads a text; a missing one is empty.
func (f *fields) text() string {
	text, _ := f.next().(string)
	return text
}

// number reads a number; a missing one is zero.
func (f *fields) number() int64 {
	switch v := f.next().(type) {
	case nil:
		return 0
	case int64:
		return v
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		f.note(err)
		return n
	default:
		f.err = errReply
		return 0
	}
}

// time reads a time; an empty or missing one is zero.
func (f *fields) time() time.Time {
	if len(f.values) > 0 && f.values[0] != "" && f.values[0] != nil {
		return fromMillis(f.number())
	}
	f.next()
	return time.Time{}
}

// device, subject, link and session read ids.
func (f *fields) device() (id gate.DeviceID) {
	f.note(id.UnmarshalText([]byte(f.text())))
	return id
}

func (f *fields) subject() gate.Subject {
	id, err := token.ParseID(f.text())
	f.note(err)
	return gate.Subject(id)
}

func (f *fields) link() gate.LinkID {
	id, err := gate.ParseLinkID(f.text())
	f.note(err)
	return id
}

func (f *fields) session() gate.SessionID {
	id, err := gate.ParseSessionID(f.text())
	f.note(err)
	return id
}

func (f *fields) note(err error) {
	if err != nil {
		f.err = errReply
	}
}

func decodeAccount(values []any) (gate.Account, error) {
	if len(values) < len(accountFields) {
		return gate.Account{}, errReply
	}
	if values[1] == nil {
		return gate.Account{}, nil
	}
	f := fields{values: values}
	a := gate.Account{Exists: true}
	a.Reserved = f.number()
	a.Standing = gate.Standing{State: f.text(), Since: f.time(), Why: f.text(), By: f.text()}
	a.Terms = gate.Terms{Views: f.number(), ViewsEach: f.number(), StartsAt: f.time(), ExpiresAt: f.time()}
	a.Used, a.Redeems, a.Devices, a.Opens = f.number(), f.number(), f.number(), f.number()
	return a, f.err
}

// decodeSession reads a session. One that is not known any more at now does
// not exist, whether or not it was swept away.
func decodeSession(link gate.LinkID, id gate.SessionID, now time.Time, values []any) (gate.Session, error) {
	if len(values) < len(sessionFields) {
		return gate.Session{}, errReply
	}
	if values[0] == nil {
		return gate.Session{}, nil
	}
	f := fields{values: values}
	s := gate.Session{
		Exists: true, ID: id, Link: link,
		Device:  f.device(),
		Subject: f.subject(),
		Agent:   f.text(), Group: f.text(),
		CreatedAt: f.time(), LastSeen: f.time(), ExpiresAt: f.time(), EndedAt: f.time(),
		Gathered: f.text() == "1",
		Bytes:    f.number(),
	}
	end := s.ExpiresAt
	if !s.EndedAt.IsZero() {
		end = s.EndedAt
	}
	if now.Sub(end) >= gate.SessionKept {
		return gate.Session{}, f.err
	}
	return s, f.err
}

// decodePlay reads a play as lua/shared/plays.lua writes it.
func decodePlay(asset string, now time.Time, value any) (gate.Play, error) {
	text, known := value.(string)
	if !known {
		return gate.Play{}, nil
	}
	words := strings.SplitN(text, " ", 7)
	if len(words) != 7 {
		return gate.Play{}, errReply
	}
	f := fields{values: []any{words[1], words[2], words[3], words[5]}} // without the state, holders, opener
	p := gate.Play{
		Exists: true, Asset: asset, State: gate.PlayCharged,
		OpenedAt: f.time(), LastSeen: f.time(), Opener: words[6],
	}
	over := now.Sub(p.LastSeen) >= gate.SessionKept
	lapses := f.time()
	if words[0] == "r" {
		p.State, over = gate.PlayReserved, !now.Before(lapses)
	}
	p.Session = f.session()
	if over {
		return gate.Play{}, f.err
	}
	return p, f.err
}
