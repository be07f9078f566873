package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Group is a group as the API shows it.
type Group struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	StartsAt  time.Time `json:"starts_at,omitzero"`
	EndsAt    time.Time `json:"ends_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by,omitempty"`
}

func groupOf(g directory.Group) Group {
	return Group{ID: g.ID.String(), Name: g.Name, StartsAt: g.StartsAt, EndsAt: g.EndsAt, CreatedAt: g.CreatedAt, CreatedBy: text(g.CreatedBy)}
}

// GroupList is one page of groups, the newest first.
type GroupList struct {
	Groups []Group `json:"groups"`
	Next   string  `json:"next,omitempty"`
}

// NewGroup is what a group is made from.
type NewGroup struct {
	Name     string  `json:"name"`
	StartsAt *string `json:"starts_at,omitzero"`
	EndsAt   *string `json:"ends_at,omitzero"`
}

// GroupChange is what changes of a group.
type GroupChange struct {
	Name     *string `json:"name,omitzero"`
	StartsAt *string `json:"starts_at,omitzero"`
	EndsAt   *string `json:"ends_at,omitzero"`
}

// MemberChange says who comes into a group and who goes, by e-mail address or id.
type MemberChange struct {
	Add    []string `json:"add,omitzero"`
	Remove []string `json:"remove,omitzero"`
}

func (c *call) listGroups() (answer, error) {
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	list := GroupList{Groups: []Group{}}
	if name := c.r.URL.Query().Get("name"); name != "" {
		g, err := c.Directory.GroupByName(c.r.Context(), c.who, name)
		if found, err := unlessForbidden(err); err != nil {
			return answer{}, err
		} else if found {
			list.Groups = append(list.Groups, groupOf(g))
		}
		return ok(list)
	}
	found, err := c.Directory.Groups(c.r.Context(), c.who, page)
	for _, g := range found.Items {
		list.Groups = append(list.Groups, groupOf(g))
	}
	list.Next = found.Next
	return done(list, err)
}

func (c *call) createGroup() (answer, error) {
	var body NewGroup
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	n := directory.NewGroup{Name: body.Name}
	var err error
	if n.StartsAt, err = c.timeIn("starts_at", body.StartsAt); err != nil {
		return answer{}, err
	}
	if n.EndsAt, err = c.timeIn("ends_at", body.EndsAt); err != nil {
		return answer{}, err
	}
	g, err := c.Directory.CreateGroup(c.r.Context(), c.who, n)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, location: "groups/" + g.ID.String(), body: groupOf(g)}, nil
}

// groupID reads the id in the path.
func (c *call) groupID() (gate.GroupID, error) {
	id, err := gate.ParseGroupID(c.id)
	if err != nil {
		return id, gate.ErrNotFound
	}
	return id, nil
}

func (c *call) showGroup() (answer, error) {
	id, err := c.groupID()
	if err != nil {
		return answer{}, err
	}
	rev, err := c.revision(gate.KindGroup)
	if err != nil {
		return answer{}, err
	}
	g, err := c.Directory.Group(c.r.Context(), c.who, id)
	return answer{status: http.StatusOK, rev: rev, body: groupOf(g)}, err
}

func (c *call) changeGroup() (answer, error) {
	var body GroupChange
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	id, err := c.groupID()
	if err != nil {
		return answer{}, err
	}
	if body == (GroupChange{}) {
		return answer{}, nothingChanges(&body)
	}
	change := directory.GroupChange{Name: body.Name}
	if change.StartsAt, err = c.changedTime("starts_at", body.StartsAt); err != nil {
		return answer{}, err
	}
	if change.EndsAt, err = c.changedTime("ends_at", body.EndsAt); err != nil {
		return answer{}, err
	}
	unmoved, err := c.unmoved(gate.KindGroup)
	if err != nil {
		return answer{}, err
	}
	g, err := unmoved.ChangeGroup(c.r.Context(), c.who, id, change)
	return done(groupOf(g), err)
}

func (c *call) deleteGroup() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	id, err := c.groupID()
	if err != nil {
		return answer{}, err
	}
	g, err := c.Directory.Group(c.r.Context(), c.who, id)
	if err == nil {
		err = c.Directory.DeleteGroup(c.r.Context(), c.who, id)
	}
	return done(groupOf(g), err)
}

// changeMembers puts persons into a group and takes others out, and says of
// each what became of it.
func (c *call) changeMembers() (answer, error) {
	var body MemberChange
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	id, err := c.groupID()
	if err != nil {
		return answer{}, err
	}
	if n := len(body.Add) + len(body.Remove); n == 0 || n > directory.MaxMany {
		return answer{}, badValue.because(fmt.Sprintf("say who comes into the group, with add, or goes, with remove: 1 to %d persons at once, by e-mail address or id", directory.MaxMany))
	}
	if err := c.may(directory.ManageGroups); err != nil { // before anybody is looked up
		return answer{}, err
	}
	var out Outcomes
	for _, part := range []struct {
		names []string
		do    func([]gate.PersonID) ([]directory.Outcome, error)
	}{
		{body.Add, func(ids []gate.PersonID) ([]directory.Outcome, error) {
			return c.Directory.AddMembers(c.r.Context(), c.who, id, ids)
		}},
		{body.Remove, func(ids []gate.PersonID) ([]directory.Outcome, error) {
			return c.Directory.RemoveMembers(c.r.Context(), c.who, id, ids)
		}},
	} {
		results, err := c.eachPerson(part.names, part.do)
		if err != nil {
			return answer{}, err
		}
		out.Results = append(out.Results, results...)
	}
	return ok(out.count())
}

// eachPerson finds the named persons, does it with those who are there, and
// says of each name what became of it.
func (c *call) eachPerson(names []string, do func([]gate.PersonID) ([]directory.Outcome, error)) ([]Outcome, error) {
	results := make([]Outcome, len(names))
	var ids []gate.PersonID
	var at []int // where in results each id stands
	for i, name := range names {
		if strings.Contains(name, "@") {
			results[i].Email = name
		}
		id, err := c.personIn("persons", name, gate.CollectionID{})
		if err == nil {
			ids, at = append(ids, id), append(at, i)
			continue
		}
		problem := problemOf(err)
		if problem.Status >= http.StatusInternalServerError {
			return nil, err
		}
		results[i].Result, results[i].Problem = directory.Refused, problem
	}
	made, err := do(ids)
	if err != nil {
		return nil, err
	}
	for n, o := range made {
		one := outcomeOf(o)
		one.Email = results[at[n]].Email
		results[at[n]] = one
	}
	return results, nil
}
