package api

import (
	"strings"
	"time"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

var eventQuery = []string{"link", "session", "person", "collection", "type"}

var eventEndpoints = []endpoint{
	{
		method: "GET", path: "/events", query: with(pageQuery, append(eventQuery, "since")...), serve: (*call).listEvents, needs: needs(directory.SeePrivate, directory.SeeStats),
		name: "listEvents", says: "List events, the newest first", gives: EventList{}, refuses: []kind{notFound},
	},
	{
		method: "GET", path: "/events/stream", query: eventQuery, serve: (*call).streamEvents, needs: needs(directory.SeePrivate, directory.SeeStats),
		name: "streamEvents", says: "Follow events as they happen", gives: events.Event{}, media: streamMedia, resumed: true, refuses: []kind{notFound, tooMany, busy},
	},
	{
		method: "GET", path: "/sessions/stream", query: []string{"link", "person", "visitors"}, serve: (*call).streamSessions, needs: needs(directory.SeePrivate, directory.SeeStats),
		name: "streamSessions", says: "Follow sessions: first those that are live, then each that begins or changes", gives: Session{}, media: streamMedia, refuses: []kind{notFound, tooMany, busy},
	},
}

// EventList is one page of events, the newest first.
type EventList struct {
	Events []events.Event `json:"events"`
	Next   string         `json:"next,omitempty"`
}

func (c *call) listEvents() (answer, error) {
	q, err := c.eventQuery()
	if err != nil {
		return answer{}, err
	}
	if q.Since, err = c.since(); err != nil {
		return answer{}, err
	}
	limit, text, err := c.below("events")
	if err != nil {
		return answer{}, err
	}
	var below events.ID
	if text != "" {
		if below, err = events.ParseID(text); err != nil {
			return answer{}, errCursor
		}
	}
	sees, err := c.seesEvents(&q)
	if err != nil {
		return answer{}, err
	}
	page, next, err := c.Events.List(c.r.Context(), q, below, limit, sees)
	list := EventList{Events: append([]events.Event{}, page...)}
	if !next.IsZero() {
		list.Next = cursorAt("events", next.String())
	}
	return done(list, err)
}

// since reads how old events may be: a time, or how long ago.
func (c *call) since() (time.Time, error) {
	text := c.r.URL.Query().Get("since")
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	d, err := config.ParseDuration(text)
	if err != nil || d <= 0 {
		return time.Time{}, badValue.of("since", nil, "want a time as RFC 3339 writes it, or how long ago, such as 90m, 24h or 7d")
	}
	return c.Now().Add(-time.Duration(d)), nil
}

// eventQuery reads which events are wanted.
func (c *call) eventQuery() (q events.Query, err error) {
	if c.Events == nil {
		return q, notRunning.because("this server keeps no events")
	}
	query := c.r.URL.Query()
	if q.Link, err = c.linkParameter(); err != nil {
		return q, err
	}
	if text := query.Get("session"); text != "" {
		if q.Session, err = gate.ParseSessionID(text); err != nil {
			return q, badValue.of("session", nil, err.Error())
		}
	}
	if text := query.Get("type"); text != "" {
		if q.Type, err = events.ParseType(text); err != nil {
			return q, badValue.of("type", events.Words(), "there is no such type of event")
		}
	}
	if text := query.Get("person"); text != "" {
		if q.Person, err = c.personIn("person", text, gate.CollectionID{}); err != nil {
			return q, err
		}
	}
	if text := query.Get("collection"); text != "" {
		q.Collection, err = c.collectionNamed("collection", text)
	}
	return q, err
}

// seesEvents says which events who asks is shown. Whoever sees what named persons
// watch sees all. Others name a link or a collection that they may see, or a person
// who they are; naming nothing, they get what is theirs.
func (c *call) seesEvents(q *events.Query) (events.Sees, error) {
	all, err := unlessForbidden(c.may(directory.SeePrivate))
	if err != nil || all {
		return nil, err
	}
	me := c.who.Person()
	switch {
	case !q.Person.IsZero() && q.Person != me:
		return nil, c.may(directory.SeePrivate)
	case !q.Collection.IsZero():
		err = c.Directory.May(c.r.Context(), c.who, directory.SeeStats, q.Collection)
	case !q.Link.IsZero():
		err = c.knowsLink(q.Link)
	case q.Person.IsZero():
		q.Theirs = me
	}
	w := witness{call: c, me: me, links: c.links(), may: map[question]bool{}}
	return w.sees, err
}

// knowsLink returns nil where who asks may see a link, or its statistics.
func (c *call) knowsLink(id gate.LinkID) error {
	link, err := c.links().of(id)
	if err != nil {
		return err
	}
	return c.knows(link.Link, directory.SeeStats)
}

// witness is a person who sees only some events. What they may is asked once for
// each link and collection while one question is answered.
type witness struct {
	*call
	me    gate.PersonID
	links *linkReader
	may   map[question]bool
}

// question is whether a permission holds over a link or in a collection.
type question struct {
	permission directory.Permission
	link       gate.LinkID
	collection gate.CollectionID
}

func (w *witness) sees(e *events.Event) (bool, error) {
	if e.ByPerson == w.me {
		return true, nil
	}
	switch e.Type.Audience() {
	case events.OfPerson:
		return e.Person == w.me, nil
	case events.OfCollection:
		return w.asks(question{permission: directory.ChangeCollections, collection: e.Collection})
	case events.OfLink:
		return w.asks(question{permission: directory.ChangeCollections, link: e.Link})
	case events.OfViews:
		if !e.Person.IsZero() {
			return e.Person == w.me, nil
		}
		return w.asks(question{permission: directory.SeeStats, link: e.Link})
	default:
		return false, nil
	}
}

func (w *witness) asks(q question) (may bool, err error) {
	if q.link.IsZero() && q.collection.IsZero() {
		return false, nil
	}
	if may, known := w.may[q]; known {
		return may, nil
	}
	if q.link.IsZero() {
		may, err = unlessForbidden(w.Directory.May(w.r.Context(), w.who, q.permission, q.collection))
	} else {
		may, err = w.asksLink(q)
	}
	if err == nil {
		w.may[q] = may
	}
	return may, err
}

// asksLink asks about a link; nobody but managers sees what is told of one that
// is gone.
func (w *witness) asksLink(q question) (bool, error) {
	link, err := w.links.of(q.link)
	if err != nil || link.ID.IsZero() {
		return false, err
	}
	return unlessForbidden(w.mayLink(link.Link, q.permission))
}

// lastHeader says after which event a stream goes on.
const lastHeader = "Last-Event-ID"

// lastEvent reads the header with which a stream goes on where it was.
func (c *call) lastEvent() (events.ID, error) {
	values := c.r.Header.Values(lastHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return events.ID{}, nil
	}
	id, err := events.ParseID(strings.Join(values, ","))
	if err != nil {
		return id, badValue.of(lastHeader, nil, err.Error())
	}
	return id, nil
}

// streamEvents tells of events as they come.
func (c *call) streamEvents() (answer, error) {
	q, err := c.eventQuery()
	if err != nil {
		return answer{}, err
	}
	after, err := c.lastEvent()
	if err != nil {
		return answer{}, err
	}
	if _, err := c.seesEvents(&q); err != nil { // which says whose are followed
		return answer{}, err
	}
	follower := c.Events.Follow(q, after)
	return c.streaming(func(c *call) ([]frame, error) {
		sees, err := c.seesEvents(&q)
		if err != nil {
			return nil, err
		}
		fresh, gap, err := follower.Next(c.r.Context(), sees)
		if err != nil {
			return nil, err
		}
		frames := make([]frame, 0, len(fresh)+1)
		if gap {
			frames = append(frames, frame{event: "gap", data: gapped{"more happened than a stream tells: read what is missing with GET /events"}})
		}
		for _, e := range fresh {
			frames = append(frames, frame{id: e.ID.String(), event: e.Type.String(), data: e})
		}
		return frames, nil
	})
}

// gapped is what a stream says where it left something out.
type gapped struct {
	Detail string `json:"detail"`
}
