package directory

import (
	"github.com/usher-media/usher/internal/gate"
)

// Actor is on whose behalf something is done. The zero Actor is nobody and may
// nothing.
type Actor struct {
	operator bool
	person   gate.PersonID
}

// Operator is whoever holds the machine: the admin endpoint, or an API key that
// belongs to no person. They may do everything.
func Operator() Actor { return Actor{operator: true} }

// As is a person, who may do what their role and their grants say.
func As(person gate.PersonID) Actor { return Actor{person: person} }

// IsOperator reports whether the actor is an operator.
func (a Actor) IsOperator() bool { return a.operator }

// Person returns who the actor is; zero for an operator.
func (a Actor) Person() gate.PersonID { return a.person }

// String names the actor in records and logs.
func (a Actor) String() string {
	if a.operator {
		return "operator"
	}
	return a.person.String()
}
