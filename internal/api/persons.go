package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// NewPerson is what a person is made from.
type NewPerson struct {
	Email   string  `json:"email"`
	Name    string  `json:"name,omitzero"`
	Role    string  `json:"role,omitzero"`
	Sponsor string  `json:"sponsor,omitzero"`
	Until   *string `json:"until,omitzero"`
	// Collection is the one on account of which somebody adds a person who could
	// not without it.
	Collection string   `json:"collection,omitzero"`
	Groups     []string `json:"groups,omitzero"`
}

// NewPersons are many at once.
type NewPersons struct {
	Persons []NewPerson `json:"persons"`
	// Groups are those that all of them are put into.
	Groups []string `json:"groups,omitzero"`
}

// PersonChange is what changes of a person. An empty sponsor makes a guest
// nobody's.
type PersonChange struct {
	Name    *string `json:"name,omitzero"`
	Role    *string `json:"role,omitzero"`
	Until   *string `json:"until,omitzero"`
	Sponsor *string `json:"sponsor,omitzero"`
}

func (c *call) listPersons() (answer, error) {
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	query := c.r.URL.Query()
	if len(given(query, "role", "sponsor", "group", "email")) > 1 {
		return answer{}, badValue.because("give one of role, sponsor, group and email")
	}
	if email := query.Get("email"); email != "" {
		return c.personByAddress(email)
	}
	var filter directory.PersonFilter
	if word := query.Get("role"); word != "" {
		role, err := directory.ParseRole(word)
		if err != nil {
			return answer{}, err
		}
		filter.Role = &role
	}
	if name := query.Get("sponsor"); name != "" {
		if filter.Sponsor, err = c.personIn("sponsor", name, gate.CollectionID{}); err != nil {
			return answer{}, err
		}
	}
	if name := query.Get("group"); name != "" {
		if filter.Group, err = c.groupNamed("group", name); err != nil {
			return answer{}, err
		}
	}
	found, err := c.Directory.Persons(c.r.Context(), c.who, filter, page)
	if err != nil {
		return answer{}, err
	}
	list := PersonList{Persons: make([]Person, len(found.Items)), Next: found.Next}
	for i, p := range found.Items {
		list.Persons[i] = personOf(p)
	}
	return ok(list)
}

// given returns those of the names that a query has.
func given(query map[string][]string, names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return query[name] == nil })
}

// personByAddress lists the one person with the address, or nobody.
func (c *call) personByAddress(email string) (answer, error) {
	if err := c.mayKnow(gate.CollectionID{}); err != nil {
		return answer{}, err
	}
	list := PersonList{Persons: []Person{}}
	p, err := c.Directory.PersonByAddress(c.r.Context(), email)
	if found, err := unlessForbidden(err); err != nil {
		return answer{}, err
	} else if found {
		list.Persons = append(list.Persons, personOf(p))
	}
	return ok(list)
}

// newPerson reads what a person is to be made from.
func (c *call) newPerson(b NewPerson) (n directory.NewPerson, err error) {
	n.Email, n.Name = b.Email, b.Name
	if b.Email == "" {
		return n, badValue.of("email", nil, "say which e-mail address the person has")
	}
	if b.Role != "" {
		if n.Role, err = directory.ParseRole(b.Role); err != nil {
			return n, err
		}
	}
	if b.Collection != "" {
		if n.For, err = c.collectionNamed("collection", b.Collection); err != nil {
			return n, err
		}
	}
	if b.Sponsor != "" {
		if n.Sponsor, err = c.personIn("sponsor", b.Sponsor, n.For); err != nil {
			return n, err
		}
	}
	if n.Until, err = c.timeIn("until", b.Until); err != nil {
		return n, err
	}
	n.Groups, err = c.groupsNamed(b.Groups)
	return n, err
}

func (c *call) groupsNamed(names []string) (ids []gate.GroupID, err error) {
	for _, name := range names {
		id, err := c.groupNamed("groups", name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (c *call) createPerson() (answer, error) {
	var body NewPerson
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	n, err := c.newPerson(body)
	if err != nil {
		return answer{}, err
	}
	p, err := c.Directory.AddPerson(c.r.Context(), c.who, n)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, location: "persons/" + p.ID.String(), body: personOf(p)}, nil
}

// createPersons adds many, and says of each what became of it.
func (c *call) createPersons() (answer, error) {
	var body NewPersons
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if len(body.Persons) == 0 || len(body.Persons) > directory.MaxMany {
		return answer{}, badValue.of("persons", nil, fmt.Sprintf("want 1 to %d persons at once", directory.MaxMany))
	}
	groups, err := c.groupsNamed(body.Groups)
	if err != nil {
		return answer{}, err
	}
	var out Outcomes
	var many []directory.NewPerson
	var at []int // where in out each of many stands
	for i, b := range body.Persons {
		n, err := c.newPerson(b)
		if err != nil {
			problem := problemOf(err)
			if problem.Status >= http.StatusInternalServerError {
				return answer{}, err
			}
			out.Results = append(out.Results, Outcome{Email: b.Email, Result: directory.Refused, Problem: problem})
			continue
		}
		n.Groups = append(n.Groups, groups...)
		many, at = append(many, n), append(at, i)
		out.Results = append(out.Results, Outcome{})
	}
	made, err := c.Directory.AddPersons(c.r.Context(), c.who, many)
	if err != nil {
		return answer{}, err
	}
	for i, o := range made {
		out.Results[at[i]] = outcomeOf(o)
	}
	return ok(out.count())
}

// personID reads the id in the path.
func (c *call) personID() (gate.PersonID, error) {
	id, err := gate.ParsePersonID(c.id)
	if err != nil {
		return id, gate.ErrNotFound
	}
	return id, nil
}

func (c *call) showPerson() (answer, error) {
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	rev, err := c.revision(gate.KindPerson)
	if err != nil {
		return answer{}, err
	}
	p, err := c.profile(id)
	return answer{status: http.StatusOK, rev: rev, body: p}, err
}

func (c *call) changePerson() (answer, error) {
	var body PersonChange
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	if body == (PersonChange{}) {
		return answer{}, nothingChanges(&body)
	}
	change := directory.PersonChange{Name: body.Name}
	if body.Role != nil {
		role, err := directory.ParseRole(*body.Role)
		if err != nil {
			return answer{}, err
		}
		change.Role = &role
	}
	if change.Until, err = c.changedTime("until", body.Until); err != nil {
		return answer{}, err
	}
	if body.Sponsor != nil {
		var sponsor gate.PersonID
		if *body.Sponsor != "" {
			if sponsor, err = c.personIn("sponsor", *body.Sponsor, gate.CollectionID{}); err != nil {
				return answer{}, err
			}
		}
		change.Sponsor = &sponsor
	}
	unmoved, err := c.unmoved(gate.KindPerson)
	if err != nil {
		return answer{}, err
	}
	p, err := unmoved.ChangePerson(c.r.Context(), c.who, id, change)
	return done(personOf(p), err)
}

func (c *call) suspendPerson() (answer, error) {
	var body StandingChange
	if err := c.decodeOptional(&body); err != nil {
		return answer{}, err
	}
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	p, err := c.Directory.SuspendPerson(c.r.Context(), c.who, id, body.Why)
	return done(personOf(p), err)
}

func (c *call) resumePerson() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	p, err := c.Directory.ResumePerson(c.r.Context(), c.who, id)
	return done(personOf(p), err)
}
