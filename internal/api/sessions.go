package api

import (
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Session is a session as the API shows it, with the plays of its
// viewer: which request opened each, and when it was last seen.
type Session struct {
	gate.Session
	// Email is whose it is, as far as that is somebody in particular.
	Email string `json:"email,omitempty"`
	// State is "live", "ended" or "expired".
	State string `json:"state"`
}

func (c *call) sessionOf(s gate.Session) Session {
	object, now := Session{s, c.emailOf(s.Person), "live"}, c.Now()
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
	whose, in, err := c.whose()
	if err != nil {
		return answer{}, err
	}
	sees, err := c.sees(whose, in)
	if err != nil {
		return answer{}, err
	}
	sessions, err := c.Store.Sessions(c.r.Context(), whose, below, limit+1)
	if err != nil {
		return answer{}, err
	}
	page, next := cut("sessions", sessions, limit, func(s gate.Session) string { return s.ID.String() })
	list := SessionList{Sessions: make([]Session, 0, len(page)), Next: next}
	for _, s := range page {
		if sees(s) {
			list.Sessions = append(list.Sessions, c.sessionOf(s))
		}
	}
	return ok(list)
}

// whose reads whose sessions are wanted. in is the collection whose visitors they
// are; zero: they are wanted for another reason.
func (c *call) whose() (whose gate.Whose, in gate.CollectionID, err error) {
	query := c.r.URL.Query()
	if len(given(query, "link", "person", "visitors")) > 1 {
		return whose, in, badValue.because("give one of link, person and visitors")
	}
	switch {
	case query.Get("visitors") != "":
		in, err = c.collectionNamed("visitors", query.Get("visitors"))
		whose.Link = gate.VisitsTo(in)
	case query.Get("person") != "":
		whose.Person, err = c.personIn("person", query.Get("person"), gate.CollectionID{})
	default:
		whose.Link, err = c.linkParameter()
	}
	return whose, in, err
}

// sees returns which of the sessions who asks may see: all, where they may see
// what named persons watch; their own; and of a link, or of visitors, whose
// statistics they may see those of nobody in particular.
func (c *call) sees(whose gate.Whose, in gate.CollectionID) (func(gate.Session) bool, error) {
	refused := c.may(directory.SeePrivate)
	allowed, broken := unlessForbidden(refused)
	if broken != nil {
		return nil, broken
	}
	me := c.who.Person()
	own := !me.IsZero() && whose.Person == me
	switch {
	case allowed || own:
		return func(gate.Session) bool { return true }, nil
	case !in.IsZero():
		if err := c.Directory.May(c.r.Context(), c.who, directory.SeeStats, in); err != nil {
			return nil, err
		}
		return func(s gate.Session) bool { return s.Person.IsZero() }, nil
	case whose.Link.IsZero():
		return nil, refused
	}
	link, err := c.links().of(whose.Link)
	if err != nil {
		return nil, err
	}
	if err := c.mayLink(link.Link, directory.SeeStats); err != nil {
		return nil, err
	}
	return func(s gate.Session) bool { return s.Person.IsZero() || s.Person == me }, nil
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

// session finds the session that the path names, if who asks may see it. The ledger keeps sessions by
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
	if me := c.who.Person(); !me.IsZero() && found[0].Person == me {
		return found[0], nil
	}
	sees, err := c.sees(gate.Whose{Link: found[0].Link}, gate.CollectionID{})
	if seen, broken := unlessForbidden(err); broken != nil {
		return gate.Session{}, broken
	} else if !seen || !sees(found[0]) {
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
	return ok(c.sessionOf(session))
}

func (c *call) endSession() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	session, err := c.session()
	if err != nil {
		return answer{}, err
	}
	if me := c.who.Person(); me.IsZero() || session.Person != me {
		link, err := c.links().of(session.Link)
		if err != nil {
			return answer{}, err
		}
		if err := c.mayLink(link.Link, directory.ChangeCollections); err != nil {
			return answer{}, err
		}
	}
	ended, err := c.Store.End(c.r.Context(), session.Link, session.ID)
	if err != nil {
		return answer{}, err
	}
	ended.Plays = session.Plays
	return ok(c.sessionOf(ended))
}
