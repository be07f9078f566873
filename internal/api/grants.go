package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Grant is a grant as the API shows it.
type Grant struct {
	ID             string `json:"id"`
	Collection     string `json:"collection"`
	CollectionName string `json:"collection_name,omitempty"`
	// Person and Email, or Group and GroupName, say whose it is.
	Person    string    `json:"person,omitempty"`
	Email     string    `json:"email,omitempty"`
	Group     string    `json:"group,omitempty"`
	GroupName string    `json:"group_name,omitempty"`
	Can       []string  `json:"can"`
	Preset    string    `json:"preset,omitempty"`
	StartsAt  time.Time `json:"starts_at,omitzero"`
	EndsAt    time.Time `json:"ends_at,omitzero"`
	By        string    `json:"by,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ChangedAt time.Time `json:"changed_at"`
}

func (c *call) grantOf(g directory.Grant) Grant {
	return Grant{
		ID: g.ID().String(), Collection: g.Collection.String(), CollectionName: c.Directory.NameOf(g.Collection),
		Person: text(g.Holder.Person), Email: c.emailOf(g.Holder.Person), Group: text(g.Holder.Group), GroupName: c.nameOfGroup(g.Holder.Group),
		Can: g.Can.Names(), Preset: g.Preset, StartsAt: g.StartsAt, EndsAt: g.EndsAt, By: c.emailOf(g.By), CreatedAt: g.CreatedAt, ChangedAt: g.ChangedAt,
	}
}

// GrantList is one page of grants.
type GrantList struct {
	Grants []Grant `json:"grants"`
	Next   string  `json:"next,omitempty"`
}

// NewGrant is what a grant is made from: a collection, a person or a group, each
// by name or id, and what they may do, as a list or by the name of a preset.
type NewGrant struct {
	Collection string   `json:"collection"`
	Person     string   `json:"person,omitzero"`
	Group      string   `json:"group,omitzero"`
	Can        []string `json:"can,omitzero"`
	Preset     string   `json:"preset,omitzero"`
	StartsAt   *string  `json:"starts_at,omitzero"`
	EndsAt     *string  `json:"ends_at,omitzero"`
}

// PersonGrants are grants to one person at once.
type PersonGrants struct {
	Grants []PersonGrant `json:"grants"`
}

// PersonGrant is a grant to the person of the path.
type PersonGrant struct {
	Collection string   `json:"collection"`
	Can        []string `json:"can,omitzero"`
	Preset     string   `json:"preset,omitzero"`
	StartsAt   *string  `json:"starts_at,omitzero"`
	EndsAt     *string  `json:"ends_at,omitzero"`
}

// GrantOutcome is what became of one of several grants.
type GrantOutcome struct {
	Collection string `json:"collection"`
	// Result is "added" or "refused"; then Problem says why.
	Result  string   `json:"result"`
	Grant   *Grant   `json:"grant,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// GrantOutcomes are what became of several grants, in their order.
type GrantOutcomes struct {
	Results []GrantOutcome `json:"results"`
}

func (c *call) listGrants() (answer, error) {
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	query := c.r.URL.Query()
	if len(given(query, "collection", "person", "group")) != 1 {
		return answer{}, badValue.because("say whose grants: give one of collection, person and group")
	}
	var found directory.List[directory.Grant]
	if name := query.Get("collection"); query["collection"] != nil {
		id, err := c.collectionNamed("collection", name)
		if err != nil {
			return answer{}, err
		}
		if found, err = c.Directory.GrantsOn(c.r.Context(), c.who, id, page); err != nil {
			return answer{}, err
		}
	} else {
		holder, err := c.holder(query.Get("person"), query.Get("group"), gate.CollectionID{})
		if err != nil {
			return answer{}, err
		}
		if found, err = c.Directory.GrantsOf(c.r.Context(), c.who, holder, page); err != nil {
			return answer{}, err
		}
	}
	list := GrantList{Grants: make([]Grant, len(found.Items)), Next: found.Next}
	for i, g := range found.Items {
		list.Grants[i] = c.grantOf(g)
	}
	return ok(list)
}

// holder finds whom a grant is for: one person or one group.
func (c *call) holder(person, group string, in gate.CollectionID) (h directory.Holder, err error) {
	switch {
	case person != "" && group != "":
		return h, badValue.of("group", nil, "give person or group, not both")
	case group != "":
		h.Group, err = c.groupNamed("group", group)
	case person != "":
		h.Person, err = c.personIn("person", person, in)
	default:
		return h, badValue.of("person", nil, "say who: a person, by e-mail address or id, or with group a group, by name or id")
	}
	return h, err
}

// newGrant reads what is granted, leaving aside to whom.
func (c *call) newGrant(b PersonGrant) (n directory.NewGrant, err error) {
	if b.Collection == "" {
		return n, badValue.of("collection", nil, "say in which collection, by name or id")
	}
	if n.Collection, err = c.collectionNamed("collection", b.Collection); err != nil {
		return n, err
	}
	if b.Can == nil && b.Preset == "" {
		return n, badValue.of("can", directory.Everything.Names(), "say what they may do, with can, or with the name of a preset")
	}
	if n.Can, err = gate.ParseCapabilities(b.Can); err != nil {
		return n, badValue.of("can", directory.Everything.Names(), "not known")
	}
	n.Preset = b.Preset
	if n.StartsAt, err = c.timeIn("starts_at", b.StartsAt); err != nil {
		return n, err
	}
	n.EndsAt, err = c.timeIn("ends_at", b.EndsAt)
	return n, err
}

// putGrant grants in place of what the holder was granted there before: put
// again, it changes nothing, and so it needs no Idempotency-Key.
func (c *call) putGrant() (answer, error) {
	var body NewGrant
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	n, err := c.newGrant(PersonGrant{body.Collection, body.Can, body.Preset, body.StartsAt, body.EndsAt})
	if err != nil {
		return answer{}, err
	}
	if n.Holder, err = c.holder(body.Person, body.Group, n.Collection); err != nil {
		return answer{}, err
	}
	g, err := c.Directory.PutGrant(c.r.Context(), c.who, n)
	return done(c.grantOf(g), err)
}

// grantPerson grants several things to one person, from their page, and says of
// each what became of it.
func (c *call) grantPerson() (answer, error) {
	var body PersonGrants
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	if len(body.Grants) == 0 || len(body.Grants) > directory.MaxPage {
		return answer{}, badValue.of("grants", nil, fmt.Sprintf("want 1 to %d grants at once", directory.MaxPage))
	}
	if _, err := c.Directory.Profile(c.r.Context(), c.who, id); err != nil {
		return answer{}, err
	}
	var out GrantOutcomes
	for _, b := range body.Grants {
		one := GrantOutcome{Collection: b.Collection, Result: directory.Added}
		g, err := c.grantTo(id, b)
		if err == nil {
			shown := c.grantOf(g)
			one.Grant = &shown
		} else {
			one.Result, one.Problem = directory.Refused, problemOf(err)
			if one.Problem.Status >= http.StatusInternalServerError {
				return answer{}, err
			}
		}
		out.Results = append(out.Results, one)
	}
	return ok(out)
}

func (c *call) grantTo(person gate.PersonID, b PersonGrant) (directory.Grant, error) {
	n, err := c.newGrant(b)
	if err != nil {
		return directory.Grant{}, err
	}
	n.Holder.Person = person
	return c.Directory.PutGrant(c.r.Context(), c.who, n)
}

// grantID reads the id in the path.
func (c *call) grantID() (directory.GrantID, error) {
	id, err := directory.ParseGrantID(c.id)
	if err != nil {
		return id, gate.ErrNotFound
	}
	return id, nil
}

func (c *call) showGrant() (answer, error) {
	id, err := c.grantID()
	if err != nil {
		return answer{}, err
	}
	g, err := c.Directory.Grant(c.r.Context(), c.who, id)
	return done(c.grantOf(g), err)
}

func (c *call) deleteGrant() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	id, err := c.grantID()
	if err != nil {
		return answer{}, err
	}
	g, err := c.Directory.Grant(c.r.Context(), c.who, id)
	if err != nil {
		return answer{}, err
	}
	shown := c.grantOf(g) // before it is gone: whose it is may be known by it alone
	return done(shown, c.Directory.RemoveGrant(c.r.Context(), c.who, id))
}
