package directory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Badge words beside those of roles.
const (
	Viewer       = "viewer"
	Collaborator = "collaborator"
)

// Profile is a person with what belongs to them.
type Profile struct {
	Person
	// Badge is the role's word, and for limited persons Collaborator, where
	// they may do anything but view, or Viewer.
	Badge  string
	Groups []Group
	// Access is what they may do where, as far as who asks may know; AccessOf
	// has the rest where More is set. Of managers and owners, who may do
	// everything everywhere, nothing is listed.
	Access []Access
	More   bool
}

// PersonByAddress finds a person. It checks nobody: sign-in needs it.
func (d *Directory) PersonByAddress(ctx context.Context, address string) (Person, error) {
	address, err := ParseAddress(address)
	if err != nil {
		return Person{}, err
	}
	id, err := d.find(ctx, "person", address, d.addressClaim(address, gate.PersonID{}))
	if err != nil {
		return Person{}, err
	}
	p, _, err := fetch[Person](ctx, d.store, gate.KindPerson, id)
	if err != nil {
		return Person{}, err
	}
	site, err := d.view.readSite(ctx)
	return dressed(site, p), err
}

// PersonByAddressID finds the person whose address has this id. It checks nobody:
// limits are counted by it.
func (d *Directory) PersonByAddressID(ctx context.Context, id string) (Person, error) {
	of, err := d.find(ctx, "person", id, &claim{kind: gate.KindAddress, id: id})
	if err != nil {
		return Person{}, err
	}
	person, err := gate.ParsePersonID(of)
	if err != nil {
		return Person{}, fmt.Errorf("reading an address from the store: %w", err)
	}
	return d.PersonByID(ctx, person)
}

// PersonByID reads a person. It checks nobody: other rooms need it.
func (d *Directory) PersonByID(ctx context.Context, id gate.PersonID) (Person, error) {
	p, _, err := fetch[Person](ctx, d.store, gate.KindPerson, id.String())
	if err != nil {
		return Person{}, err
	}
	site, err := d.view.readSite(ctx)
	return dressed(site, p), err
}

// EmailOf reads a person's address and nothing else. It checks nobody: it is for
// showing what names the person already.
func (d *Directory) EmailOf(ctx context.Context, id gate.PersonID) (string, error) {
	p, _, err := fetch[Person](ctx, d.store, gate.KindPerson, id.String())
	if err != nil {
		return "", err
	}
	return p.Email, nil
}

// dressed returns the person with the role that they have.
func dressed(site Site, p *Person) Person {
	out := *p
	out.Role = roleIn(site, p)
	return out
}

func (c *call) dressed(p *Person) Person { return dressed(c.index().getSite(), p) }

func (d *Directory) addressClaim(address string, id gate.PersonID) *claim {
	return &claim{
		kind: gate.KindAddress, id: AddressID(address), body: claimBody{id.String()}, field: "email", value: address,
		holds: func(ctx context.Context, of string) (bool, error) {
			p, err := one[Person](ctx, d.view, gate.KindPerson, of)
			return p != nil && p.Email == address, err
		},
	}
}

// Profile shows a person: to themselves, to whoever sees the directory, and to
// their sponsor.
func (d *Directory) Profile(ctx context.Context, who Actor, id gate.PersonID) (Profile, error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return Profile{}, err
	}
	p, err := c.visible(ctx, id)
	if err != nil {
		return Profile{}, err
	}
	out := Profile{Person: c.dressed(p)}
	if out.Badge, err = c.badge(ctx, &out.Person); err != nil {
		return out, err
	}
	groups, err := d.view.groupsOf(ctx, id)
	if err != nil {
		return out, err
	}
	for _, id := range groups {
		g, err := d.view.group(ctx, id)
		if err != nil {
			return out, err
		}
		if g != nil {
			out.Groups = append(out.Groups, *g)
		}
	}
	if out.Role >= Manager {
		return out, nil
	}
	access, err := c.accessOf(ctx, id, Page{Limit: MaxPage})
	out.Access, out.More = access.Items, access.Next != ""
	return out, err
}

// visible returns the person where the caller may know of them.
func (c *call) visible(ctx context.Context, id gate.PersonID) (*Person, error) {
	p, err := c.view.person(ctx, id)
	if err != nil {
		return nil, err
	}
	if p == nil || !c.has(SeePeople) && !c.oneOf(id, p.Sponsor) {
		return nil, &NotFound{Noun: "person", ID: id.String()}
	}
	return p, nil
}

// badge is derived and stored nowhere: it changes with the grants.
func (c *call) badge(ctx context.Context, p *Person) (string, error) {
	if p.Role > Limited {
		return p.Role.String(), nil
	}
	s := c.solver(ctx)
	ids, err := c.candidates(ctx, p.ID)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		can, err := s.hold(p.ID, id)
		if err != nil {
			return "", err
		}
		if can&^gate.View != 0 {
			return Collaborator, nil
		}
	}
	return Viewer, nil
}

// PersonFilter says which persons; at most one field is set, none: all.
type PersonFilter struct {
	Role    *Role
	Sponsor gate.PersonID
	Group   gate.GroupID
}

// Persons lists persons, the newest first.
func (d *Directory) Persons(ctx context.Context, who Actor, f PersonFilter, page Page) (List[Person], error) {
	c, err := d.begin(ctx, who)
	if err != nil {
		return List[Person]{}, err
	}
	if !c.has(SeePeople) && !(c.oneOf(f.Sponsor) && f.Role == nil && f.Group.IsZero()) {
		return List[Person]{}, &Forbidden{Permission: SeePeople}
	}
	var out List[Person]
	switch {
	case !f.Group.IsZero():
		return c.members(ctx, f.Group, page)
	case !f.Sponsor.IsZero():
		out, err = list[Person](ctx, c, gate.KindPerson, sponsorTerm(f.Sponsor), page)
	case f.Role == nil:
		out, err = list[Person](ctx, c, gate.KindPerson, "", page)
	case *f.Role == Owner:
		return c.owners(ctx)
	default:
		out, err = list[Person](ctx, c, gate.KindPerson, roleTerm(*f.Role), page)
	}
	for i := range out.Items {
		out.Items[i] = c.dressed(&out.Items[i])
	}
	if f.Role != nil { // owners are managers in their documents
		out.Items = slices.DeleteFunc(out.Items, func(p Person) bool { return p.Role != *f.Role })
	}
	return out, err
}

// owners lists who owns the account; they are at most three.
func (c *call) owners(ctx context.Context) (out List[Person], err error) {
	for _, id := range c.index().getSite().Owners {
		p, err := c.view.person(ctx, id)
		if err != nil {
			return out, err
		}
		if p != nil {
			out.Items = append(out.Items, c.dressed(p))
		}
	}
	return out, nil
}

// members lists who is in a group.
func (c *call) members(ctx context.Context, id gate.GroupID, page Page) (out List[Person], err error) {
	members, err := list[Member](ctx, c, gate.KindMember, groupTerm(id), page)
	if err != nil {
		return out, err
	}
	out.Next = members.Next
	for _, m := range members.Items {
		p, err := c.view.person(ctx, m.Person)
		if err != nil {
			return out, err
		}
		if p != nil {
			out.Items = append(out.Items, c.dressed(p))
		}
	}
	return out, nil
}

// SetPassword replaces the person's password, a PHC string; empty: none. It
// checks nobody: whoever calls it has checked the old one, or a code.
func (d *Directory) SetPassword(ctx context.Context, id gate.PersonID, phc string) error {
	_, err := change(ctx, d.store, gate.KindPerson, id.String(), func(p *Person) error {
		p.Password = phc
		return nil
	})
	return err
}

// endsAhead wants an end that is still to come.
func (c *call) endsAhead(field string, at time.Time) error {
	if !at.IsZero() && !c.now.Before(at) {
		return invalid(field, "this time has passed already")
	}
	return nil
}
