package api

import (
	"errors"
	"fmt"
	"time"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
)

var limitFilters = []string{"link", "person"}

var limitEndpoints = []endpoint{
	{
		method: "GET", path: "/limits", query: with(pageQuery, limitFilters...), serve: (*call).listLimits, needs: needs(directory.Limits),
		name: "listLimits", says: "List who waits after wrong tries at passwords and codes", gives: LimitList{}, refuses: []kind{notFound},
	},
	{
		method: "DELETE", path: "/limits", changes: true, query: limitFilters, serve: (*call).clearLimits, needs: needs(directory.Limits),
		name: "clearLimits", says: "Begin all counters of a link or a person anew", gives: LimitsCleared{}, refuses: []kind{notFound},
	},
	{
		method: "GET", path: "/limits/{id}", serve: (*call).showLimit, needs: needs(directory.Limits),
		name: "showLimit", says: "Show a counter of wrong tries", gives: Limit{},
	},
	{
		method: "DELETE", path: "/limits/{id}", changes: true, serve: (*call).clearLimit, needs: needs(directory.Limits),
		name: "clearLimit", says: "Begin a counter of wrong tries anew", gives: Limit{},
	},
}

// Limit is a counter of wrong tries as the API shows it: never an address of a
// client, and nothing of what was tried.
type Limit struct {
	ID attempts.ID `json:"id"`
	// What says what is tried at: "link_password", "sign_in", "mailed_code" (asking
	// for one), or "passkey".
	What string `json:"what"`
	// Link or Person is where; neither: at all of the kind, or at an address that
	// nobody has.
	Link   string `json:"link,omitempty"`
	Person string `json:"person,omitempty"`
	Email  string `json:"email,omitempty"`
	// Whom says who is counted: "device", "client_group" or "everybody".
	Whom   string `json:"whom"`
	Device string `json:"device,omitempty"`
	// ClientGroup is a keyed hash, the same as in sessions.
	ClientGroup string    `json:"client_group,omitempty"`
	Wrong       int       `json:"wrong"`
	Last        time.Time `json:"last"`
	// WaitsUntil is when the next try may be made; nothing: at once.
	WaitsUntil time.Time `json:"waits_until,omitzero"`
	Why        string    `json:"why"`
}

// LimitList is one page of limits, in no order that tells anything.
type LimitList struct {
	Limits []Limit `json:"limits"`
	Next   string  `json:"next,omitempty"`
	// Rates are the request rates of the node that was asked; nil: not asked for.
	Rates *Rates `json:"rates,omitempty"`
}

// Rates says how many are held to a request rate on one node, and how many of them
// have to wait right now.
type Rates struct {
	Sessions        int `json:"sessions"`
	SessionsWaiting int `json:"sessions_waiting"`
	Groups          int `json:"client_groups"`
	GroupsWaiting   int `json:"client_groups_waiting"`
}

// LimitsCleared says how many counters were begun anew.
type LimitsCleared struct {
	Cleared int `json:"cleared"`
}

func (c *call) tries() *attempts.Book { return attempts.NewBook(c.Store, c.Now) }

// limitTerm is the term of the limits that are asked for, if who asks may see them.
func (c *call) limitTerm() (term string, err error) {
	query := c.r.URL.Query()
	switch filters := given(query, "link", "person"); {
	case len(filters) > 1:
		return "", badValue.because("give one of link and person")
	case len(filters) == 0:
		return attempts.Tried, c.may(directory.Limits)
	case filters[0] == "link":
		link, err := c.linkParameter()
		if err != nil {
			return "", err
		}
		return attempts.At(link.String()), c.mayRelease(link)
	}
	if err := c.may(directory.Limits); err != nil {
		return "", err
	}
	id, err := c.personIn("person", query.Get("person"), gate.CollectionID{})
	if err != nil {
		return "", err
	}
	person, err := c.Directory.PersonByID(c.r.Context(), id)
	return signin.TriesAt(person.Email), err
}

// mayRelease asks whether somebody may see and clear the limits of a link.
func (c *call) mayRelease(id gate.LinkID) error {
	link, err := c.links().of(id)
	if err != nil {
		return err
	}
	if link.ID.IsZero() { // it may come yet, where it is signed elsewhere
		return hidden(c.may(directory.Limits))
	}
	return c.knows(link.Link, directory.Limits)
}

func (c *call) listLimits() (answer, error) {
	term, err := c.limitTerm()
	if err != nil {
		return answer{}, err
	}
	name := "limits " + term
	limit, text, err := c.below(name)
	if err != nil {
		return answer{}, err
	}
	var after attempts.ID
	if text != "" {
		if after, err = attempts.ParseID(text); err != nil {
			return answer{}, errCursor
		}
	}
	counts, err := c.tries().List(c.r.Context(), term, after, limit+1)
	if errors.Is(err, gate.ErrNotFound) {
		return answer{}, badValue.of("cursor", nil, "the limit that the page before ended with is gone: begin the listing anew")
	}
	if err != nil {
		return answer{}, err
	}
	page, next := cut(name, counts, limit, func(c attempts.Count) string { return c.ID.String() })
	list := LimitList{Limits: make([]Limit, len(page)), Next: next}
	for i, count := range page {
		if list.Limits[i], err = c.limitOf(count); err != nil {
			return answer{}, err
		}
	}
	if term == attempts.Tried && c.Rates != nil {
		rates := c.Rates()
		list.Rates = &rates
	}
	return ok(list)
}

// limit finds the counter that the path names, if who asks may see it.
func (c *call) limitInPath() (attempts.Count, error) {
	id, err := attempts.ParseID(c.id)
	if err != nil {
		return attempts.Count{}, gate.ErrNotFound
	}
	count, err := c.tries().Find(c.r.Context(), id)
	if err != nil {
		return count, err
	}
	if link, err := gate.ParseLinkID(count.Thing()); err == nil {
		return count, c.mayRelease(link)
	}
	return count, hidden(c.may(directory.Limits))
}

func (c *call) showLimit() (answer, error) {
	count, err := c.limitInPath()
	if err != nil {
		return answer{}, err
	}
	return done(c.limitOf(count))
}

// clearLimit answers with the limit as it was.
func (c *call) clearLimit() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	count, err := c.limitInPath()
	if err != nil {
		return answer{}, err
	}
	was, err := c.limitOf(count)
	if err != nil {
		return answer{}, err
	}
	return done(was, c.tries().Release(c.r.Context(), count))
}

// clearLimits wants to know whose: everybody's at once would undo what protects
// everybody.
func (c *call) clearLimits() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	term, err := c.limitTerm()
	if err != nil {
		return answer{}, err
	}
	if term == attempts.Tried {
		return answer{}, badValue.because("say whose limits to clear, with link or person")
	}
	n, err := c.tries().ReleaseAll(c.r.Context(), term)
	return done(LimitsCleared{n}, err)
}

// limitWords are what is tried at, by the kind of the counter: in JSON, in a
// sentence, and in one about all things of the kind.
var limitWords = map[string][3]string{
	"link":    {"link_password", "the password of link %s", "passwords of links"},
	"signin":  {"sign_in", "passwords and mailed codes of %s", "passwords and mailed codes of persons"},
	"mail":    {"mailed_code", "asking for code mails to %s", "asking for code mails"},
	"passkey": {"passkey", "passkeys of %s", "passkeys"},
}

var whomWords = [...]string{attempts.Everybody: "everybody", attempts.Device: "device", attempts.Group: "client_group"}

func (c *call) limitOf(count attempts.Count) (Limit, error) {
	words := limitWords[count.Kind()]
	l := Limit{
		ID: count.ID, What: words[0], Whom: whomWords[count.Whom()], Wrong: count.Wrong, Last: count.Last,
	}
	by := "everybody who was not let in before"
	switch count.Whom() {
	case attempts.Device:
		l.Device = count.By
		by = "device " + count.By + ", which was let in before and waits for nobody else's"
	case attempts.Group:
		l.ClientGroup = c.Keys.Ring().Digest("group", count.By)
		by = "client group " + l.ClientGroup
	}
	at := words[2]
	if thing := count.Thing(); thing != "" {
		name, err := c.limitThing(&l, thing)
		if err != nil {
			return l, err
		}
		at = fmt.Sprintf(words[1], name)
	}
	noun := "wrong tries at "
	if count.Wrong == 1 {
		noun = "wrong try at "
	}
	if l.What == "mailed_code" {
		noun = "times "
	}
	l.Why = fmt.Sprintf("%d %s%s by %s", count.Wrong, noun, at, by)
	if count.Waits(c.Now()) {
		l.WaitsUntil = count.Next
		l.Why += "; the next may be made at " + count.Next.Format(time.RFC3339)
	} else {
		l.Why += "; the next may be made at once"
	}
	return l, nil
}

// limitThing fills in what is tried at, and returns what it is called.
func (c *call) limitThing(l *Limit, thing string) (string, error) {
	if link, err := gate.ParseLinkID(thing); err == nil {
		l.Link = link.String()
		return l.Link, nil
	}
	person, err := c.Directory.PersonByAddressID(c.r.Context(), thing)
	switch found, err := unlessForbidden(err); {
	case err != nil:
		return "", err
	case !found:
		return "an address that nobody has", nil
	}
	l.Person, l.Email = person.ID.String(), person.Email
	return person.Email, nil
}
