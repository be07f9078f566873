package api

import (
	"errors"

	"github.com/usher-media/usher/internal/gate"
)

func (c *call) suspendLink() (answer, error) { return c.setStanding(gate.Suspended) }
func (c *call) resumeLink() (answer, error)  { return c.setStanding(gate.Active) }
func (c *call) revokeLink() (answer, error)  { return c.setStanding(gate.Revoked) }

// setStanding answers only when the store has committed: whoever revokes a
// link and reads 200 may rely on it (fosite CVE-2020-15223 said OK before).
func (c *call) setStanding(state string) (answer, error) {
	var body StandingChange
	if err := c.decodeOptional(&body); err != nil {
		return answer{}, err
	}
	if err := oneLine("why", body.Why, maxWhy); err != nil {
		return answer{}, err
	}
	link, err := c.link()
	if err != nil {
		return answer{}, err
	}
	before, err := c.Store.Account(c.r.Context(), link.ID)
	if err != nil {
		return answer{}, err
	}
	var branch []gate.LinkID
	if state != gate.Active && before.Standing.State == gate.Active {
		if branch, err = c.branch(link.ID); err != nil {
			return answer{}, err
		}
	}
	account, err := c.Store.SetStanding(c.r.Context(), link.ID, gate.Standing{State: state, Why: body.Why, By: c.by})
	if err != nil {
		return answer{}, err
	}
	object := c.present(link, account)
	if state != gate.Active {
		object.SessionsEnded = c.stopped(branch)
	}
	return ok(object)
}

// stopped counts the live sessions of links that were just closed: all of them
// are cut off, and no new one can have come since. Links that were closed before
// are not asked. Nil: the store could not say, and the change was made all the
// same.
func (c *call) stopped(links []gate.LinkID) *int64 {
	var n int64
	for _, id := range links {
		seated, err := c.Store.Seated(c.r.Context(), id)
		if err != nil && !errors.Is(err, gate.ErrNotFound) {
			return nil
		}
		n += seated
	}
	return &n
}

// LinkCut says what was ended.
type LinkCut struct {
	Link          string `json:"link"`
	SessionsEnded int64  `json:"sessions_ended"`
}

// cutLink ends whatever was opened by a link, and by those made from it. They
// stay open: whoever may come again comes again.
func (c *call) cutLink() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	link, err := c.link()
	if err != nil {
		return answer{}, err
	}
	branch, err := c.branch(link.ID)
	if err != nil {
		return answer{}, err
	}
	var ended int64
	for _, id := range branch {
		n, err := c.endAll(id)
		if err != nil {
			return answer{}, err
		}
		ended += n
	}
	return ok(LinkCut{Link: link.ID.String(), SessionsEnded: ended})
}

// batch is how many things are read at once where all are.
const batch = 200

// branch returns the link and all links that were made from it, at whatever
// remove.
func (c *call) branch(id gate.LinkID) ([]gate.LinkID, error) {
	branch := []gate.LinkID{id}
	for below := ""; ; {
		docs, err := c.Store.List(c.r.Context(), gate.KindLink, "above:"+id.String(), below, batch)
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			below = doc.ID
			child, err := gate.ParseLinkID(doc.ID)
			if err != nil {
				return nil, err
			}
			branch = append(branch, child)
		}
		if len(docs) < batch {
			return branch, nil
		}
	}
}

// endAll ends the live sessions of one link, and says how many they were.
func (c *call) endAll(id gate.LinkID) (ended int64, err error) {
	for below := (gate.SessionID{}); ; {
		n, next, err := c.run(sweep{whose: gate.Whose{Link: id}}, below)
		ended += int64(n)
		if err != nil || next.IsZero() {
			return ended, err
		}
		below = next
	}
}
