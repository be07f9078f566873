package api

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Bounds of what one request ends: each end is a durable change of its own. Who
// wants more asks again with the cursor.
const (
	sweepEnds  = 200
	sweepLooks = 2000
	sweepPage  = 200
)

// sweep ends live sessions, so that running answers are cut and can be counted.
// That nothing more is given to them is for stamps and rules to see to: a
// session that a sweep does not find is refused all the same.
type sweep struct {
	whose gate.Whose
	// upTo is the last moment at which a session was opened that is meant; zero:
	// whenever.
	upTo time.Time
	// counts says that they are only counted: they are over by themselves.
	counts bool
	// wants says which of them; nil: all.
	wants func(gate.Session) (bool, error)
}

// run ends the sessions below the given one, and says how many, and from where
// on there may be more; zero: there are none.
func (c *call) run(s sweep, below gate.SessionID) (ended int, next gate.SessionID, err error) {
	ctx := c.r.Context()
	for looked := 0; ; {
		page, err := c.Store.Sessions(ctx, s.whose, below, sweepPage)
		if err != nil {
			return ended, below, err
		}
		for _, session := range page {
			if ended == sweepEnds && !s.counts {
				return ended, below, nil
			}
			below = session.ID
			hit, err := s.hits(session, c.Now())
			if err != nil {
				return ended, below, err
			}
			if !hit {
				continue
			}
			if err := c.endOf(session, s.counts); err != nil {
				return ended, below, err
			}
			ended++
		}
		if len(page) < sweepPage {
			return ended, gate.SessionID{}, nil
		}
		if looked += len(page); looked >= sweepLooks {
			return ended, below, nil
		}
	}
}

// endOf ends a session, unless it is only counted.
func (c *call) endOf(session gate.Session, counts bool) error {
	if counts {
		return nil
	}
	_, err := c.Store.End(c.r.Context(), session.Link, session.ID)
	if errors.Is(err, gate.ErrNotFound) {
		return nil
	}
	return err
}

func (s sweep) hits(session gate.Session, now time.Time) (bool, error) {
	if !session.Live(now) || !s.upTo.IsZero() && session.CreatedAt.After(s.upTo) {
		return false, nil
	}
	if s.wants == nil {
		return true, nil
	}
	return s.wants(session)
}

// all runs a sweep to its end, or as far as one request goes; rest says that
// there may be more.
func (c *call) all(s sweep) (ended int, rest bool, err error) {
	ended, next, err := c.run(s, gate.SessionID{})
	return ended, !next.IsZero(), err
}

// linkReader reads the links of many sessions, each once.
type linkReader struct {
	*call
	known map[gate.LinkID]linkFacts
}

type linkFacts struct {
	gate.Link
	collection gate.CollectionID
}

func (c *call) links() *linkReader { return &linkReader{c, map[gate.LinkID]linkFacts{}} }

// of returns a link with the collection that it is about; a zero one where
// there is none any more.
func (l *linkReader) of(id gate.LinkID) (linkFacts, error) {
	if facts, known := l.known[id]; known {
		return facts, nil
	}
	var facts linkFacts
	doc, err := l.Store.Get(l.r.Context(), gate.KindLink, id.String())
	switch {
	case errors.Is(err, gate.ErrNotFound):
	case err != nil:
		return facts, err
	default:
		if facts.Link, err = gate.LinkFrom(doc); err != nil {
			return facts, err
		}
		if facts.collection, err = l.Directory.CollectionOf(l.r.Context(), facts.Link); err != nil {
			return facts, err
		}
	}
	l.known[id] = facts
	return facts, nil
}

// in wants sessions on links that are about the collection.
func (l *linkReader) in(id gate.CollectionID) func(gate.Session) (bool, error) {
	return func(s gate.Session) (bool, error) {
		facts, err := l.of(s.Link)
		return facts.collection == id, err
	}
}

// A sweep's cursor says where it goes on, and up to when it means sessions.
const sweepCursor = "sweep"

func cursorOf(upTo time.Time, next gate.SessionID) string {
	if next.IsZero() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(sweepCursor + "\n" + upTo.UTC().Format(time.RFC3339Nano) + "\n" + next.String()))
}

// sweepFrom reads the cursor of a sweep that goes on.
func (c *call) sweepFrom() (upTo time.Time, below gate.SessionID, goesOn bool, err error) {
	cursor := c.r.URL.Query().Get("cursor")
	if cursor == "" {
		return upTo, below, false, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(text), "\n")
	if err != nil || len(parts) != 3 || parts[0] != sweepCursor {
		return upTo, below, false, errCursor
	}
	if upTo, err = time.Parse(time.RFC3339Nano, parts[1]); err != nil || upTo.IsZero() {
		return upTo, below, false, errCursor
	}
	if below, err = gate.ParseSessionID(parts[2]); err != nil {
		return upTo, below, false, errCursor
	}
	return upTo, below, true, nil
}
