package directory

import (
	"context"
	"fmt"

	"github.com/usher-media/usher/internal/gate"
)

// Reason is one way in which somebody has access, or would have it.
type Reason struct {
	// Role is set where the account role gives it, Owner where owning Collection
	// does; otherwise Grant does.
	Role  Role
	Owner bool
	Grant Grant
	// Collection is where it is given: the one that was asked about, or one that
	// includes it.
	Collection gate.CollectionID
	// Can is what it says, Worth what is left of it.
	Can, Worth gate.Capability
	// Cut says in plain words why Worth is less than Can; empty: it is not.
	Cut []string
}

// insider says what a person has in a collection, and why.
func (c *call) insider(ctx context.Context, p *Person, id gate.CollectionID) (Insider, error) {
	out := Insider{Person: c.dressed(p)}
	s := c.solver(ctx)
	s.assume = p.ID
	if _, err := s.hold(p.ID, id); err != nil {
		return out, err
	}
	out.Reasons = s.reasons(p.ID, id)
	s.assume = gate.PersonID{}
	_, stands, err := s.standing(p.ID)
	if err != nil {
		return out, err
	}
	for i := range out.Reasons {
		r := &out.Reasons[i]
		if !stands {
			r.Worth, r.Cut = 0, append([]string{notStanding(c, p)}, r.Cut...)
		}
		if r.Collection == id && r.Role == 0 {
			out.Own |= r.Worth
		} else {
			out.Inherited |= r.Worth
		}
	}
	out.Can = out.Own | out.Inherited
	return out, nil
}

func notStanding(c *call, p *Person) string {
	switch {
	case p.Standing.State != gate.Active:
		return "the person is suspended"
	case !p.Until.IsZero() && !c.now.Before(p.Until):
		return "the person's time ended at " + stamp(p.Until)
	}
	return "the person's sponsor has no rights any more"
}

// reasons lists the ways to what a person holds, from the collection outwards:
// first along inclusions that hold, then what lies behind others.
func (s *solver) reasons(person gate.PersonID, id gate.CollectionID) []Reason {
	type stop struct {
		seat int
		cut  []string
	}
	live, dead := []stop{{s.at[seat{person, id}], nil}}, []stop(nil)
	seen := map[int]bool{}
	var out []Reason
	for len(live)+len(dead) > 0 {
		var at stop
		if len(live) > 0 {
			at, live = live[0], live[1:]
		} else {
			at, dead = dead[0], dead[1:]
		}
		if seen[at.seat] {
			continue
		}
		seen[at.seat] = true
		for _, w := range s.ways[at.seat] {
			if w.why.Can != 0 {
				out = append(out, s.reason(w, at.cut))
				continue
			}
			next := stop{w.from, at.cut}
			if w.gate >= 0 && s.can[w.gate]&gate.Manage == 0 {
				next.cut = append(at.cut[:len(at.cut):len(at.cut)], fmt.Sprintf("%s was included by %s, who does not manage it any more",
					s.seats[at.seat].collection, s.seats[w.gate].person))
			}
			if len(next.cut) == 0 {
				live = append(live, next)
			} else {
				dead = append(dead, next)
			}
		}
	}
	return out
}

// reason is what a way gives to a seat from which the collection is reached;
// cut says why it is not reached.
func (s *solver) reason(w way, cut []string) Reason {
	r := w.why
	r.Worth = s.worth(w)
	if w.from >= 0 && w.can&^s.can[w.from] != 0 {
		r.Cut = append(r.Cut[:len(r.Cut):len(r.Cut)], fmt.Sprintf("it was given by %s, who holds %s", s.seats[w.from].person, held(s.can[w.from])))
	}
	if len(cut) > 0 {
		r.Worth, r.Cut = 0, append(r.Cut[:len(r.Cut):len(r.Cut)], cut...)
	}
	return r
}

func held(can gate.Capability) string {
	if can == 0 {
		return "nothing"
	}
	return can.String()
}
