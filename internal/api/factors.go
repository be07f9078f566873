package api

import (
	"errors"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/signin"
)

var factorEndpoints = []endpoint{
	{
		method: "GET", path: "/persons/{id}/factors", serve: (*call).listFactors, needs: needs(directory.People, directory.Appoint),
		name: "listFactors", says: "List the second factors of a person", gives: FactorList{},
	},
	{
		method: "DELETE", path: "/persons/{id}/factors", changes: true, serve: (*call).resetFactors, needs: needs(directory.People, directory.Appoint),
		name: "resetFactors", says: "Take all second factors of a person away", gives: FactorsReset{}, refuses: []kind{inUse},
	},
	{
		method: "DELETE", path: "/factors/{id}", changes: true, serve: (*call).removeFactor, needs: needs(directory.People, directory.Appoint),
		name: "removeFactor", says: "Take one second factor away", gives: Factor{}, refuses: []kind{inUse},
	},
}

// Factor is something by which a person shows who they are, beside the password.
type Factor struct {
	ID string `json:"id"`
	// Kind is "passkey".
	Kind   string    `json:"kind"`
	Name   string    `json:"name"`
	Person string    `json:"person"`
	MadeAt time.Time `json:"made_at"`
	UsedAt time.Time `json:"used_at,omitzero"`
	// Synced says that the authenticator keeps copies elsewhere, such as in an
	// account of its maker's.
	Synced bool `json:"synced,omitzero"`
}

func factorOf(p signin.Passkey) Factor {
	return Factor{ID: p.ID.String(), Kind: "passkey", Name: p.Name, Person: p.Person.String(), MadeAt: p.Made, UsedAt: p.Used, Synced: p.Synced()}
}

// FactorList is all factors of a person, the newest first.
type FactorList struct {
	Factors []Factor `json:"factors"`
}

// FactorsReset says how many factors were taken away.
type FactorsReset struct {
	Person  string `json:"person"`
	Removed int    `json:"removed"`
}

// desk returns the desk where persons sign in, or ErrNotFound where there is none.
func (c *call) desk() (*signin.Desk, error) {
	if c.Desk == nil {
		return nil, gate.ErrNotFound
	}
	return c.Desk, nil
}

// listFactors is for whoever decides about the person, and for themselves.
func (c *call) listFactors() (answer, error) {
	desk, err := c.desk()
	if err != nil {
		return answer{}, err
	}
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	if me := c.who.Person(); me.IsZero() || me != id {
		if _, err := c.Directory.DecidesAbout(c.r.Context(), c.who, id); err != nil {
			return answer{}, err
		}
	}
	passkeys, err := desk.Passkeys(c.r.Context(), id)
	if err != nil {
		return answer{}, err
	}
	list := FactorList{Factors: make([]Factor, len(passkeys))}
	for i, p := range passkeys {
		list.Factors[i] = factorOf(p)
	}
	return ok(list)
}

// lastOfOwner refuses to leave an owner without a second factor: whoever could do
// that needs one factor less. The operator may, who can do everything.
var lastOfOwner = inUse.because("an owner keeps a second factor: they add another first, or the operator resets them with usher person reset-factors")

// resetFactors takes all factors of a person away.
func (c *call) resetFactors() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	desk, err := c.desk()
	if err != nil {
		return answer{}, err
	}
	id, err := c.personID()
	if err != nil {
		return answer{}, err
	}
	person, err := c.Directory.DecidesAbout(c.r.Context(), c.who, id)
	if err != nil {
		return answer{}, err
	}
	if person.Role == directory.Owner && !c.who.IsOperator() {
		return answer{}, lastOfOwner
	}
	n, err := desk.ResetPasskeys(c.r.Context(), id)
	return done(FactorsReset{id.String(), n}, err)
}

// removeFactor answers with the factor that is gone.
func (c *call) removeFactor() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	desk, err := c.desk()
	if err != nil {
		return answer{}, err
	}
	id, err := signin.ParsePasskeyID(c.id)
	if err != nil {
		return answer{}, gate.ErrNotFound
	}
	passkey, err := desk.Passkey(c.r.Context(), id)
	if err != nil {
		return answer{}, err
	}
	person, err := c.Directory.DecidesAbout(c.r.Context(), c.who, passkey.Person)
	if err != nil {
		return answer{}, hidden(err)
	}
	owner := person.Role == directory.Owner && !c.who.IsOperator()
	passkey, err = desk.RemovePasskey(c.r.Context(), signin.Person{ID: person.ID, Owner: owner}, id, signin.ID{})
	if errors.Is(err, signin.ErrLastPasskey) {
		return answer{}, lastOfOwner
	}
	return done(factorOf(passkey), err)
}
