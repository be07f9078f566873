package redis

import (
	"errors"
	"strconv"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

var (
	errReply = errors.New("redis answered in a way that no script of ours does: is another program using these keys?")
	errLost  = errors.New("the link's account was lost and is not opened anew, since its views would be given out twice: " +
		"restore the store from a backup, or make a new link")
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

// time reads a time; a missing one is empty, and zero.
func (f *fields) time() time.Time {
	text := f.text()
	if text == "" {
		return time.Time{}
	}
	millis, err := strconv.ParseInt(text, 10, 64)
	f.note(err)
	return fromMillis(millis)
}

// link and session read ids.
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
