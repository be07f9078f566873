package api

import (
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Person is a person as the API shows them.
type Person struct {
	ID             string    `json:"id"`
	Email          string    `json:"email"`
	Name           string    `json:"name,omitempty"`
	Role           string    `json:"role"`
	Standing       string    `json:"standing"`
	StandingReason string    `json:"standing_reason,omitempty"`
	StandingSince  time.Time `json:"standing_since,omitzero"`
	Sponsor        string    `json:"sponsor,omitempty"`
	Until          time.Time `json:"until,omitzero"`
	CutAt          time.Time `json:"cut_at,omitzero"`
	CreatedAt      time.Time `json:"created_at"`
	CreatedBy      string    `json:"created_by,omitempty"`
}

func personOf(p directory.Person) Person {
	return Person{
		ID: p.ID.String(), Email: p.Email, Name: p.Name, Role: p.Role.String(),
		Standing: p.Standing.State, StandingReason: p.Standing.Why, StandingSince: p.Standing.Since,
		Sponsor: text(p.Sponsor), Until: p.Until, CutAt: p.CutAt, CreatedAt: p.CreatedAt, CreatedBy: text(p.CreatedBy),
	}
}

// PersonList is one page of persons, the newest first.
type PersonList struct {
	Persons []Person `json:"persons"`
	Next    string   `json:"next,omitempty"`
}

// Profile is a person with all that belongs to them.
type Profile struct {
	Person
	// Badge is the role's word, and for limited persons "collaborator" or "viewer".
	Badge       string  `json:"badge"`
	Groups      []Group `json:"groups"`
	Collections []Held  `json:"collections"`
	// More says that there are more collections than are shown.
	More bool `json:"more,omitzero"`
	// Everything says that the role reaches every collection: none is listed then.
	Everything bool `json:"everything,omitzero"`
	// Counts are left out for who may not see what the person watched.
	Counts *PersonCounts `json:"counts,omitempty"`
}

// PersonCounts are what a person has open. Of more sessions than can be looked
// at, only the newest are counted.
type PersonCounts struct {
	Sessions int `json:"sessions"`
	Live     int `json:"live_sessions"`
	Plays    int `json:"plays"`
}

// Held is what somebody may do in a collection.
type Held struct {
	Collection string   `json:"collection"`
	Name       string   `json:"name"`
	Title      string   `json:"title,omitempty"`
	Level      string   `json:"level"`
	Can        []string `json:"can"`
	Owner      bool     `json:"owner,omitzero"`
}

func heldOf(all []directory.Access) []Held {
	out := make([]Held, len(all))
	for i, a := range all {
		out[i] = Held{a.Collection.String(), a.Name, a.Title, a.Level.String(), a.Can.Names(), a.Owner}
	}
	return out
}

// profile shows a person, as far as who asks may see them.
func (c *call) profile(id gate.PersonID) (Profile, error) {
	ctx := c.r.Context()
	p, err := c.Directory.Profile(ctx, c.who, id)
	if err != nil {
		return Profile{}, err
	}
	out := Profile{
		Person: personOf(p.Person), Badge: p.Badge, Groups: make([]Group, len(p.Groups)), Collections: heldOf(p.Access),
		More: p.More, Everything: p.Role >= directory.Manager,
	}
	for i, g := range p.Groups {
		out.Groups[i] = groupOf(g)
	}
	if id != c.who.Person() {
		if allowed, err := unlessForbidden(c.may(directory.SeePrivate)); err != nil || !allowed {
			return out, err
		}
	}
	sessions, err := c.Store.Sessions(ctx, gate.Whose{Person: id}, gate.SessionID{}, maxCounted)
	if err != nil {
		return out, err
	}
	watched, now := plays{}, c.Now()
	out.Counts = &PersonCounts{Sessions: len(sessions)}
	for _, s := range sessions {
		if s.Live(now) {
			out.Counts.Live++
		}
		watched.add(s)
	}
	out.Counts.Plays = len(watched)
	return out, nil
}

// maxCounted is how many sessions of somebody are looked at to count them.
const maxCounted = 500

// plays are those of several sessions: more than one on the same link say the
// same plays.
type plays map[playName]gate.Play

type playName struct {
	link  gate.LinkID
	asset string
}

func (p plays) add(s gate.Session) {
	for _, play := range s.Plays {
		if play.State == gate.PlayCharged {
			p[playName{s.Link, play.Asset}] = play
		}
	}
}

// Outcome is what became of one item of many.
type Outcome struct {
	Email  string `json:"email,omitempty"`
	Person string `json:"person,omitempty"`
	// Result is "added", "removed", "already" or "refused"; then Problem says why.
	Result  string   `json:"result"`
	Problem *Problem `json:"problem,omitempty"`
}

// Outcomes are what became of many, in their order.
type Outcomes struct {
	Results []Outcome      `json:"results"`
	Counts  map[string]int `json:"counts"`
}

// count fills in how often each result is there.
func (o *Outcomes) count() *Outcomes {
	o.Counts = map[string]int{}
	for _, one := range o.Results {
		o.Counts[one.Result]++
	}
	return o
}

func outcomeOf(o directory.Outcome) Outcome {
	out := Outcome{Email: o.Email, Person: text(o.Person), Result: o.Result}
	if o.Err != nil {
		out.Problem = problemOf(o.Err)
	}
	return out
}
