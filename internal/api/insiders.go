package api

import (
	"github.com/usher-media/usher/internal/directory"
)

// Insider is somebody with access to a collection, or who was given some.
type Insider struct {
	Person string `json:"person"`
	Email  string `json:"email"`
	Name   string `json:"name,omitempty"`
	Role   string `json:"role"`
	// Own is what owning the collection and grants on it give, Inherited what
	// comes from collections that include it and from the account role, Can all
	// together: what they may do now.
	Own       []string `json:"own"`
	Inherited []string `json:"inherited"`
	Can       []string `json:"can"`
	Reasons   []Reason `json:"reasons"`
}

// Reason is one way in which somebody has access, or would have it.
type Reason struct {
	// Via is "role", "owner" or "grant".
	Via string `json:"via"`
	// Grant, Group and By say which grant, to which group, and who gave it.
	Grant     string `json:"grant,omitempty"`
	Group     string `json:"group,omitempty"`
	GroupName string `json:"group_name,omitempty"`
	By        string `json:"by,omitempty"`
	// Collection is where it is given: the one that was asked about, or one that
	// includes it.
	Collection     string `json:"collection"`
	CollectionName string `json:"collection_name,omitempty"`
	// Can is what it says, Worth what is left of it, and Cut why that is less.
	Can   []string `json:"can"`
	Worth []string `json:"worth"`
	Cut   []string `json:"cut,omitempty"`
}

// InsiderList is one page of who has access to a collection.
type InsiderList struct {
	Who  []Insider `json:"who"`
	Next string    `json:"next,omitempty"`
}

func (c *call) listInsiders() (answer, error) {
	id, err := c.collectionID()
	if err != nil {
		return answer{}, err
	}
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	found, err := c.Directory.Who(c.r.Context(), c.who, id, page)
	if err != nil {
		return answer{}, err
	}
	list := InsiderList{Who: make([]Insider, len(found.Items)), Next: found.Next}
	for i, one := range found.Items {
		list.Who[i] = c.insiderOf(one)
	}
	return ok(list)
}

func (c *call) insiderOf(one directory.Insider) Insider {
	p := one.Person
	out := Insider{
		Person: p.ID.String(), Email: p.Email, Name: p.Name, Role: p.Role.String(),
		Own: one.Own.Names(), Inherited: one.Inherited.Names(), Can: one.Can.Names(), Reasons: make([]Reason, len(one.Reasons)),
	}
	for i, r := range one.Reasons {
		reason := Reason{Collection: r.Collection.String(), CollectionName: c.Directory.NameOf(r.Collection), Can: r.Can.Names(), Worth: r.Worth.Names(), Cut: r.Cut}
		switch {
		case r.Owner:
			reason.Via = "owner"
		case r.Grant.Collection.IsZero():
			reason.Via = "role"
		default:
			group := r.Grant.Holder.Group
			reason.Via, reason.Grant, reason.By = "grant", r.Grant.ID().String(), c.emailOf(r.Grant.By)
			reason.Group, reason.GroupName = text(group), c.nameOfGroup(group)
		}
		out.Reasons[i] = reason
	}
	return out
}
