package api

import (
	"slices"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// GroupReport says who of a group watched what the group was granted. A session
// is known for a day after it is over, and so is a play: what was watched before
// that is not in it.
type GroupReport struct {
	Group Group `json:"group"`
	// SessionsEnded is how many sessions ended because the group was all that
	// their viewers had.
	SessionsEnded int            `json:"sessions_ended"`
	Members       []MemberReport `json:"members"`
	// Next is the cursor with which the same request goes on with the next
	// members; empty: there are no more.
	Next string `json:"next,omitempty"`
}

// MemberReport is what one member watched.
type MemberReport struct {
	Person   string    `json:"person"`
	Email    string    `json:"email"`
	Name     string    `json:"name,omitempty"`
	Sessions int       `json:"sessions"`
	Plays    int       `json:"plays"`
	LastSeen time.Time `json:"last_seen,omitzero"`
	// Watched are the plays, the newest first.
	Watched []Watched `json:"watched,omitempty"`
}

// Watched is one play.
type Watched struct {
	Collection string    `json:"collection"`
	Asset      string    `json:"asset"`
	OpenedAt   time.Time `json:"opened_at"`
	LastSeen   time.Time `json:"last_seen"`
}

func (c *call) closeGroup() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	id, err := c.groupID()
	if err != nil {
		return answer{}, err
	}
	g, err := c.Directory.CloseGroup(c.r.Context(), c.who, id)
	if err != nil {
		return answer{}, err
	}
	return c.report(g, true)
}

func (c *call) reportGroup() (answer, error) {
	id, err := c.groupID()
	if err != nil {
		return answer{}, err
	}
	if err := c.may(directory.SeePrivate); err != nil {
		return answer{}, err
	}
	g, err := c.Directory.Group(c.r.Context(), c.who, id)
	if err != nil {
		return answer{}, err
	}
	return c.report(g, false)
}

// report reports on a page of members. What the group was granted is read as an
// operator: who manages groups need not manage each collection.
func (c *call) report(g directory.Group, ends bool) (answer, error) {
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	granted, err := c.grantedTo(g.ID)
	if err != nil {
		return answer{}, err
	}
	page.Limit = min(page.Limit, membersAtOnce)
	members, err := c.Directory.Persons(c.r.Context(), c.who, directory.PersonFilter{Group: g.ID}, page)
	if err != nil {
		return answer{}, err
	}
	out := GroupReport{Group: groupOf(g), Members: make([]MemberReport, 0, len(members.Items)), Next: members.Next}
	r := reporter{call: c, links: c.links(), granted: granted, ends: ends}
	for _, member := range members.Items {
		one, err := r.member(member)
		if err != nil {
			return answer{}, err
		}
		out.Members = append(out.Members, one)
	}
	out.SessionsEnded = r.ended
	return ok(out)
}

// grantedTo returns the collections that a group was granted anything in.
func (c *call) grantedTo(id gate.GroupID) (map[gate.CollectionID]directory.Collection, error) {
	granted := map[gate.CollectionID]directory.Collection{}
	page := directory.Page{Limit: directory.MaxPage}
	for {
		grants, err := c.Directory.GrantsOf(c.r.Context(), directory.Operator(), directory.Holder{Group: id}, page)
		if err != nil {
			return nil, err
		}
		for _, grant := range grants.Items {
			collection, err := c.Directory.Collection(c.r.Context(), directory.Operator(), grant.Collection)
			if found, err := unlessForbidden(err); err != nil {
				return nil, err
			} else if found {
				granted[grant.Collection] = collection
			}
		}
		if page.Cursor = grants.Next; page.Cursor == "" {
			return granted, nil
		}
	}
}

// reporter works out what members watched, and ends sessions.
type reporter struct {
	*call
	links   *linkReader
	granted map[gate.CollectionID]directory.Collection
	ends    bool
	ended   int
}

func (r *reporter) member(p directory.Person) (MemberReport, error) {
	out := MemberReport{Person: p.ID.String(), Email: p.Email, Name: p.Name}
	sessions, err := r.Store.Sessions(r.r.Context(), gate.Whose{Person: p.ID}, gate.SessionID{}, maxCounted)
	if err != nil {
		return out, err
	}
	watched := plays{}
	for _, s := range sessions {
		link, err := r.links.of(s.Link)
		if err != nil {
			return out, err
		}
		collection, granted := r.granted[link.collection]
		if !granted {
			continue
		}
		out.Sessions++
		if s.LastSeen.After(out.LastSeen) {
			out.LastSeen = s.LastSeen
		}
		watched.add(s)
		if err := r.end(s, link.Link, collection); err != nil {
			return out, err
		}
	}
	for name, play := range watched {
		link, err := r.links.of(name.link) // read already
		if err != nil {
			return out, err
		}
		out.Watched = append(out.Watched, Watched{r.granted[link.collection].Name, play.Asset, play.OpenedAt, play.LastSeen})
	}
	slices.SortFunc(out.Watched, func(a, b Watched) int {
		if order := b.OpenedAt.Compare(a.OpenedAt); order != 0 {
			return order
		}
		return slices.Compare([]string{a.Collection, a.Asset}, []string{b.Collection, b.Asset}) // even times
	})
	out.Plays = len(out.Watched)
	return out, nil
}

// end ends a session for which nothing is left now that the group is closed: the
// next request would be refused, and this one is cut.
func (r *reporter) end(s gate.Session, link gate.Link, in directory.Collection) error {
	if !r.ends || !s.Live(r.Now()) || !needsGrant(in.Level, link, s.Person) {
		return nil
	}
	can, err := r.Directory.Holds(r.r.Context(), directory.As(s.Person), in.ID)
	if _, err := unlessForbidden(err); err != nil {
		return err
	}
	if can != 0 {
		return nil
	}
	if _, err := r.Store.End(r.r.Context(), s.Link, s.ID); err != nil {
		return err
	}
	r.ended++
	return nil
}

// needsGrant reports whether a person's session on the link is let in by what
// they were granted and by nothing else.
func needsGrant(level gate.Level, link gate.Link, person gate.PersonID) bool {
	switch {
	case level == gate.Public:
		return false
	case link.Pass:
		return level != gate.Members
	}
	return level == gate.Locked && !slices.Contains(link.For, person)
}
