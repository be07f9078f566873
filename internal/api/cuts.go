package api

import (
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Cut is what a kill switch did. Everything that was opened by CutAt is refused
// from the next request on, also what is not counted here.
type Cut struct {
	CutAt time.Time `json:"cut_at"`
	// SessionsEnded is how many live sessions this request found and ended.
	SessionsEnded int `json:"sessions_ended"`
	// SignInsEnded is how many sign-ins on a device were ended.
	SignInsEnded int `json:"sign_ins_ended,omitzero"`
	// Persons is how many members of a group were cut, Refused of how many who
	// asks may not decide.
	Persons int       `json:"persons,omitzero"`
	Refused []Outcome `json:"refused,omitempty"`
	// Next is the cursor with which the same request ends more of them; empty:
	// there are no more.
	Next string `json:"next,omitempty"`
}

// cut stamps, unless it goes on with a cut that was begun, and ends sessions.
func (c *call) cut(may func() error, stamp func() (time.Time, error), s sweep) (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	upTo, below, goesOn, err := c.sweepFrom()
	if err != nil {
		return answer{}, err
	}
	if goesOn {
		err = may()
	} else {
		upTo, err = stamp()
	}
	if err != nil {
		return answer{}, err
	}
	s.upTo = upTo
	ended, next, err := c.run(s, below)
	return done(Cut{CutAt: upTo, SessionsEnded: ended, Next: cursorOf(upTo, next)}, err)
}

func (c *call) cutPerson() (answer, error) {
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	ctx := c.r.Context()
	return c.cut(
		func() error { return c.Directory.Decides(ctx, c.who, id) },
		func() (time.Time, error) { return c.Directory.CutPerson(ctx, c.who, id) },
		sweep{whose: gate.Whose{Person: id}},
	)
}

func (c *call) cutCollection() (answer, error) {
	id, err := c.collectionID()
	if err != nil {
		return answer{}, err
	}
	ctx := c.r.Context()
	return c.cut(
		func() error { return c.Directory.May(ctx, c.who, directory.ChangeCollections, id) },
		func() (time.Time, error) { return c.Directory.CutCollection(ctx, c.who, id) },
		sweep{wants: c.links().in(id)},
	)
}

func (c *call) cutAll() (answer, error) {
	return c.cut(
		func() error { return c.may(directory.CutAll) },
		func() (time.Time, error) { return c.Directory.CutAll(c.r.Context(), c.who) },
		sweep{},
	)
}

// cutDevice ends what was opened on a device, by whomever, and who is signed in
// there. There is no stamp: a device that nobody knows comes for the first time.
func (c *call) cutDevice() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	if err := c.may(directory.CutAll); err != nil {
		return answer{}, err
	}
	device, err := gate.ParseDeviceID(c.id)
	if err != nil {
		return answer{}, gate.ErrNotFound
	}
	upTo, below, goesOn, err := c.sweepFrom()
	if err != nil {
		return answer{}, err
	}
	var out Cut
	if !goesOn { // first those who could open more
		upTo = c.Now().UTC()
		if c.Desk != nil {
			if out.SignInsEnded, err = c.Desk.EndOn(c.r.Context(), device); err != nil {
				return answer{}, err
			}
		}
	}
	var next gate.SessionID
	out.SessionsEnded, next, err = c.run(sweep{upTo: upTo, wants: func(s gate.Session) (bool, error) {
		return s.Device == device, nil
	}}, below)
	out.CutAt, out.Next = upTo, cursorOf(upTo, next)
	return done(out, err)
}

// membersAtOnce is how many members one request cuts, or reports on.
const membersAtOnce = 25

// cutGroup cuts each member of a group: what they opened for other reasons too.
func (c *call) cutGroup() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	id, err := c.groupID()
	if err != nil {
		return answer{}, err
	}
	if err := c.may(directory.ManageGroups); err != nil {
		return answer{}, err
	}
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	ctx := c.r.Context()
	if _, err := c.Directory.Group(ctx, c.who, id); err != nil {
		return answer{}, err
	}
	members, err := c.Directory.Persons(ctx, c.who, directory.PersonFilter{Group: id}, directory.Page{Limit: membersAtOnce, Cursor: page.Cursor})
	if err != nil {
		return answer{}, err
	}
	out := Cut{Next: members.Next}
	for _, member := range members.Items {
		at, err := c.Directory.CutPerson(ctx, c.who, member.ID)
		if allowed, broken := unlessForbidden(err); broken != nil {
			return answer{}, broken
		} else if !allowed {
			out.Refused = append(out.Refused, Outcome{member.Email, member.ID.String(), directory.Refused, problemOf(err)})
			continue
		}
		out.CutAt = at
		out.Persons++
		ended, _, err := c.all(sweep{whose: gate.Whose{Person: member.ID}, upTo: at})
		if err != nil {
			return answer{}, err
		}
		out.SessionsEnded += ended
	}
	return ok(out)
}

// Farewell is what ended with a person, and what goes on with the heir.
type Farewell struct {
	Person        string    `json:"person"`
	Heir          string    `json:"heir,omitempty"`
	CutAt         time.Time `json:"cut_at"`
	SessionsEnded int       `json:"sessions_ended"`
	Grants        int       `json:"grants_ended"`
	Memberships   int       `json:"memberships_ended"`
	Guests        int       `json:"guests_suspended"`
	Collections   int       `json:"collections_passed_on"`
	Links         int       `json:"links_passed_on"`
	Given         int       `json:"grants_passed_on"`
	Objects       int       `json:"objects_passed_on"`
}

func (c *call) deletePerson() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	query := c.r.URL.Query()
	var farewell directory.Farewell
	switch query.Get("cut") {
	case "true":
		farewell.Cut = true
	case "", "false":
	default:
		return answer{}, badValue.of("cut", []string{"true", "false"}, "say whether the links and grants that the person gave end")
	}
	if heir := query.Get("heir"); heir != "" {
		if farewell.Heir, err = c.personIn("heir", heir, gate.CollectionID{}); err != nil {
			return answer{}, err
		}
	}
	d, err := c.Directory.DeletePerson(c.r.Context(), c.who, id, farewell)
	if err != nil {
		return answer{}, err
	}
	if c.Desk != nil {
		if _, err := c.Desk.ResetPasskeys(c.r.Context(), id); err != nil {
			return answer{}, err
		}
	}
	ended, _, err := c.all(sweep{whose: gate.Whose{Person: id}, upTo: d.CutAt})
	return done(Farewell{
		Person: id.String(), Heir: text(d.Heir), CutAt: d.CutAt, SessionsEnded: ended, Grants: d.Grants, Memberships: d.Memberships,
		Guests: d.Guests, Collections: d.Collections, Links: d.Links, Given: d.Given, Objects: d.Objects,
	}, err)
}
