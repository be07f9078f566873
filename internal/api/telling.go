package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

// telling is what an endpoint puts into the trail.
type telling struct {
	// kind is the usual type, and what is told of a change that met an error.
	kind events.Type
	// say makes the events out of the answer; each has who did it, and what the
	// path names, already.
	say func(*teller)
}

// tellings are those of all endpoints that change something. They go by what was
// answered, so that nothing is told that was not made.
var tellings = map[string]telling{
	"POST /links":              {events.LinkCreated, (*teller).link},
	"PATCH /links/{id}":        {events.LinkChanged, (*teller).linkChange},
	"POST /links/{id}/suspend": {events.LinkSuspended, (*teller).standing},
	"POST /links/{id}/resume":  {events.LinkResumed, (*teller).standing},
	"POST /links/{id}/revoke":  {events.LinkRevoked, (*teller).standing},
	"POST /links/{id}/cut":     {events.CutMade, (*teller).cut},
	"POST /links/{id}/fine":    {events.ForwardingCleared, (*teller).fine},
	"POST /links/{id}/mint":    {events.LinkCreated, (*teller).minted},
	"POST /links/{id}/mail":    {events.LinkCreated, (*teller).minted},

	"POST /invites":             {events.PersonInvited, (*teller).invited},
	"POST /invites/{id}/resend": {events.PersonInvited, (*teller).invite},
	"POST /invites/{id}/revoke": {events.InviteRevoked, (*teller).invite},

	"POST /sessions/{id}/end": {events.SessionEnded, (*teller).session},
	"POST /devices/{id}/cut":  {events.CutMade, (*teller).cut},
	"POST /cut":               {events.CutMade, (*teller).cut},

	"POST /persons":              {events.PersonCreated, (*teller).person},
	"POST /persons/bulk":         {events.PersonCreated, (*teller).persons},
	"PATCH /persons/{id}":        {events.PersonChanged, (*teller).person},
	"DELETE /persons/{id}":       {events.PersonDeleted, (*teller).deleted},
	"POST /persons/{id}/suspend": {events.PersonSuspended, (*teller).person},
	"POST /persons/{id}/resume":  {events.PersonResumed, (*teller).person},
	"POST /persons/{id}/grants":  {events.GrantGiven, (*teller).grants},
	"POST /persons/{id}/cut":     {events.CutMade, (*teller).cut},

	"POST /groups":              {events.GroupCreated, (*teller).group},
	"PATCH /groups/{id}":        {events.GroupChanged, (*teller).group},
	"DELETE /groups/{id}":       {events.GroupDeleted, (*teller).group},
	"POST /groups/{id}/members": {events.GroupChanged, (*teller).members},
	"POST /groups/{id}/close":   {events.GroupClosed, (*teller).closed},
	"POST /groups/{id}/cut":     {events.CutMade, (*teller).cut},

	"POST /collections":          {events.CollectionCreated, (*teller).collection},
	"PATCH /collections/{id}":    {events.CollectionChanged, (*teller).collectionChange},
	"DELETE /collections/{id}":   {events.CollectionDeleted, (*teller).collection},
	"POST /collections/{id}/cut": {events.CutMade, (*teller).cut},

	"PUT /grants":         {events.GrantGiven, (*teller).grant},
	"DELETE /grants/{id}": {events.GrantTaken, (*teller).grant},

	"DELETE /limits":               {events.LimitCleared, (*teller).limit},
	"DELETE /limits/{id}":          {events.LimitCleared, (*teller).limit},
	"DELETE /persons/{id}/factors": {events.FactorRemoved, (*teller).factor},
	"DELETE /factors/{id}":         {events.FactorRemoved, (*teller).factor},

	"POST /keys/rotate":      {events.KeyRotated, (*teller).key},
	"POST /keys/{id}/retire": {events.KeyRetired, (*teller).key},
	"POST /apikeys":          {events.APIKeyCreated, (*teller).apiKey},
	"DELETE /apikeys/{id}":   {events.APIKeyRevoked, (*teller).apiKey},
}

// changed is what a handler notes of its change where the answer does not say it.
type changed struct {
	terms, document bool // of a link
	level           bool // of a collection
	// brought are persons who were added on the way, also where the rest was refused.
	brought []gate.PersonID
}

// trail puts what was done into the trail, before it is answered. Of a change that
// met an error on its way it is not known how much was made, and that is told; one
// that was refused is nothing.
func (c *call) trail(to endpoint, given answer, err error) {
	t, tells := tellings[to.method+" "+to.path]
	if !tells || c.Events == nil {
		return
	}
	base := events.Event{Type: t.kind, By: c.by, ByPerson: c.who.Person()}
	teller := teller{call: c, body: given.body}
	for _, person := range c.changed.brought {
		teller.add(events.Event{Type: events.PersonCreated, By: base.By, ByPerson: base.ByPerson, Person: person})
	}
	aim(&base, c.id)
	teller.base = base
	switch {
	case err == nil:
		t.say(&teller)
	case problemOf(err).Status >= http.StatusInternalServerError:
		base.Unfinished = true
		teller.add(base)
	}
	c.Events.Write(c.r.Context(), teller.all...)
}

// aim makes an event say what an id names.
func aim(e *events.Event, id string) {
	prefix, _, _ := strings.Cut(id, "_")
	switch prefix {
	case "lnk":
		e.Link, _ = gate.ParseLinkID(id)
	case "ses":
		e.Session, _ = gate.ParseSessionID(id)
	case "per":
		e.Person, _ = gate.ParsePersonID(id)
	case "grp":
		e.Group, _ = gate.ParseGroupID(id)
	case "col":
		e.Collection, _ = gate.ParseCollectionID(id)
	case "dev":
		e.Detail = "device " + clip(id)
	}
}

// teller makes the events of one answer.
type teller struct {
	*call
	base events.Event
	body any
	all  []events.Event
}

func (t *teller) add(e events.Event) { t.all = append(t.all, e) }

// ofLink fills in what is known of a link that was answered with.
func (t *teller) ofLink(l Link) events.Event {
	e := t.base
	aim(&e, l.ID)
	aim(&e, l.Collection)
	e.Maker = l.maker
	return e
}

func (t *teller) link() {
	if l, is := t.body.(Link); is {
		t.add(t.ofLink(l))
	}
}

func (t *teller) linkChange() {
	l, is := t.body.(Link)
	if !is {
		return
	}
	e := t.ofLink(l)
	if t.changed.terms {
		e.Type, e.Detail = events.LinkExtended, termsOf(l)
		t.add(e)
	}
	if t.changed.document {
		e.Type, e.Detail = events.LinkChanged, ""
		t.add(e)
	}
}

// termsOf says in a few words what a link's terms are now.
func termsOf(l Link) string {
	var words []string
	for _, one := range []struct {
		name  string
		limit *int64
	}{{"views", l.Views.Limit}, {"views each", l.ViewsEach}, {"seats", l.Seats}, {"seats each", l.SeatsEach}} {
		if one.limit != nil {
			words = append(words, fmt.Sprintf("%s %d", one.name, *one.limit))
		}
	}
	for _, one := range []struct {
		name string
		at   time.Time
	}{{"from", l.StartsAt}, {"until", l.ExpiresAt}} {
		if !one.at.IsZero() {
			words = append(words, one.name+" "+one.at.UTC().Format(time.RFC3339))
		}
	}
	return strings.Join(words, ", ")
}

func (t *teller) standing() {
	l, is := t.body.(Link)
	if !is {
		return
	}
	e := t.ofLink(l)
	e.Detail = l.StandingReason
	if l.SessionsEnded != nil {
		e.Count = *l.SessionsEnded
	}
	t.add(e)
}

func (t *teller) minted() {
	made, is := t.body.(Minted)
	if !is {
		return
	}
	for _, item := range made.Items {
		if item.Link != nil {
			t.add(t.ofLink(*item.Link))
		}
	}
}

func (t *teller) session() {
	s, is := t.body.(Session)
	if !is {
		return
	}
	e := t.base
	e.Session, e.Link, e.Person = s.ID, s.Link, s.Person
	if facts, err := t.links().of(s.Link); err == nil { // else it is told without
		e.Collection, e.Maker = facts.collection, facts.By
	}
	t.add(e)
}

func (t *teller) cut() {
	e := t.base
	switch b := t.body.(type) {
	case LinkCut:
		e.Count = b.SessionsEnded
		if facts, err := t.links().of(e.Link); err == nil {
			e.Collection, e.Maker = facts.collection, facts.By
		}
	case Cut:
		e.Count = int64(b.SessionsEnded)
		if t.id == "" {
			e.Detail = "everything"
		}
	default:
		return
	}
	t.add(e)
}

func (t *teller) key() {
	e := t.base
	switch b := t.body.(type) {
	case Key:
		e.Key = b.ID
	case KeyRetired:
		e.Key = b.ID
		if b.SessionsEnded != nil {
			e.Count = int64(*b.SessionsEnded)
		}
	default:
		return
	}
	t.add(e)
}

func (t *teller) apiKey() {
	if k, is := t.body.(APIKey); is {
		e := t.base
		aim(&e, k.Person)
		e.Key, e.Detail = k.ID, k.Name
		t.add(e)
	}
}

func (t *teller) grant() {
	if g, is := t.body.(Grant); is {
		t.granted(g)
	}
}

func (t *teller) granted(g Grant) {
	e := t.base
	e.Person, e.Group, e.Collection = gate.PersonID{}, gate.GroupID{}, gate.CollectionID{}
	for _, id := range []string{g.Collection, g.Person, g.Group} {
		aim(&e, id)
	}
	e.Detail = strings.Join(g.Can, ", ")
	t.add(e)
}

func (t *teller) grants() {
	made, is := t.body.(GrantOutcomes)
	if !is {
		return
	}
	for _, one := range made.Results {
		if one.Grant != nil {
			t.granted(*one.Grant)
		}
	}
}

// invitedTo reads what an invitation was told to be about.
func (t *teller) invitedTo(i Invite, detail string) {
	e := t.base
	for _, id := range []string{i.Person, i.Collection, i.Group} {
		aim(&e, id)
	}
	e.Detail = detail
	t.add(e)
}

func (t *teller) invite() {
	if i, is := t.body.(Invite); is {
		detail := ""
		if t.base.Type == events.PersonInvited {
			detail = "sent again"
		}
		t.invitedTo(i, detail)
	}
}

// invited reads whom each invitation is for: the answer names them by address.
func (t *teller) invited() {
	made, is := t.body.(Invited)
	if !is || made.DryRun {
		return
	}
	for _, item := range made.Items {
		id, err := directory.ParseInviteID(item.Invite)
		if err != nil {
			continue // no invitation was made for this one
		}
		invite, err := t.Directory.Invite(t.r.Context(), t.who, id)
		if err != nil {
			t.add(t.base) // the invitation is there, and for whom can be read there
			continue
		}
		t.invitedTo(t.inviteOf(invite), item.Outcome)
	}
}
