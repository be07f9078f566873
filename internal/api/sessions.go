package api

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Session is a session as the API shows it, with the plays of its
// viewer: which request opened each, and when it was last seen.
type Session struct {
	gate.Session
	// State is "live", "ended" or "expired".
	State string `json:"state"`
}

func sessionOf(s gate.Session, now time.Time) Session {
	object := Session{s, "live"}
	switch {
	case !s.EndedAt.IsZero():
		object.State = "ended"
	case !s.Live(now):
		object.State = "expired"
	}
	return object
}

// SessionList is one page of sessions, the newest first.
type SessionList struct {
	Sessions []Session `json:"sessions"`
	Next     string    `json:"next,omitempty"`
}

func (c *call) listSessions() (answer, error) {
	limit, text, err := c.below("sessions")
	if err != nil {
		return answer{}, err
	}
	var below gate.SessionID
	if text != "" {
		if below, err = gate.ParseSessionID(text); err != nil {
			return answer{}, errCursor
		}
	}
	link, err := c.linkParameter()
	if err != nil {
		return answer{}, err
	}
	sessions, err := c.Store.Sessions(c.r.Context(), gate.Whose{Link: link}, below, limit+1)
	if err != nil {
		return answer{}, err
	}
	page, next := cut("sessions", sessions, limit, func(s gate.Session) string { return s.ID.String() })
	list := SessionList{Sessions: make([]Session, len(page)), Next: next}
	for i, s := range page {
		list.Sessions[i] = sessionOf(s, c.Now())
	}
	return ok(list)
}

func (c *call) linkParameter() (gate.LinkID, error) {
	text := c.r.URL.Query().Get("link")
	if text == "" {
		return gate.LinkID{}, nil
	}
	link, err := gate.ParseLinkID(text)
	if err != nil {
		return link, badValue.of("link", nil, err.Error())
	}
	return link, nil
}

// session finds the session that the path names. The ledger keeps sessions by
// link; the listing over all links, cut to this one id, finds it without.
func (c *call) session() (gate.Session, error) {
	id, err := gate.ParseSessionID(c.id)
	if err != nil {
		return gate.Session{}, gate.ErrNotFound
	}
	link, err := c.linkParameter()
	if err != nil {
		return gate.Session{}, err
	}
	found, err := c.Store.Sessions(c.r.Context(), gate.Whose{Link: link}, successor(id), 1)
	if err != nil {
		return gate.Session{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return gate.Session{}, gate.ErrNotFound
	}
	return found[0], nil
}

// successor returns the next id. That of the last one is zero, which as a
// bound means "from the top": right again.
func successor(id gate.SessionID) gate.SessionID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			break
		}
	}
	return id
}

func (c *call) showSession() (answer, error) {
	session, err := c.session()
	if err != nil {
		return answer{}, err
	}
	return ok(sessionOf(session, c.Now()))
}

func (c *call) endSession() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	session, err := c.session()
	if err != nil {
		return answer{}, err
	}
	ended, err := c.Store.End(c.r.Context(), session.Link, session.ID)
	if err != nil {
		return answer{}, err
	}
	ended.Plays = session.Plays
	return ok(sessionOf(ended, c.Now()))
}
