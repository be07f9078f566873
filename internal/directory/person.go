package directory

import (
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Person is somebody known by an e-mail address.
type Person struct {
	ID    gate.PersonID `json:"id"`
	Email string        `json:"email"`
	Name  string        `json:"name,omitempty"`
	// Role is never Owner in a document: who owns the account is said by the
	// [Site], so that one write passes it on. What services return has it.
	Role     Role          `json:"role"`
	Standing gate.Standing `json:"standing"`
	// Sponsor answers for a guest, who has nothing without them; zero: no guest.
	Sponsor gate.PersonID `json:"sponsor,omitzero"`
	// Until is when the person's rights end; zero: never.
	Until time.Time `json:"until,omitzero"`
	// Password is what the person signs in with, as a PHC string of argon2id;
	// empty: they use codes.
	Password string `json:"password,omitempty"`
	// CutAt ends what was opened at or before it: sessions and sign-ins.
	CutAt     time.Time     `json:"cut_at,omitzero"`
	CreatedAt time.Time     `json:"created_at"`
	CreatedBy gate.PersonID `json:"created_by,omitzero"`
}

// waits is why somebody is suspended who was not approved of yet.
const waits = "waits for approval"

// Waits reports whether the person came by themselves and nobody has approved
// of them yet. Resuming them does.
func (p *Person) Waits() bool { return p.Standing.State == gate.Suspended && p.Standing.Why == waits }

// Validate reports what is wrong with the record, naming the field.
func (p Person) Validate() error {
	if address, err := ParseAddress(p.Email); err != nil {
		return err
	} else if address != p.Email {
		return invalid("email", "want it in lower case")
	}
	if err := CheckLine("name", p.Name, MaxName); err != nil {
		return err
	}
	if p.Role > Manager {
		return &Invalid{Field: "role", Detail: "owners are in the site's record", Allowed: roleNames[:Owner]}
	}
	if p.Standing.State != gate.Active && p.Standing.State != gate.Suspended {
		return &Invalid{Field: "standing", Detail: "unknown word", Allowed: []string{gate.Active, gate.Suspended}}
	}
	if err := CheckLine("why", p.Standing.Why, MaxWhy); err != nil {
		return err
	}
	if p.Sponsor == p.ID && !p.ID.IsZero() {
		return invalid("sponsor", "nobody is their own guest")
	}
	if !p.Sponsor.IsZero() && p.Role > Standard {
		return invalid("sponsor", "a guest is neither manager nor owner")
	}
	return checkTime("until", p.Until)
}

// stands reports whether the person as such has rights at now, leaving aside
// whoever sponsors them, and when time ends that; zero: never.
func (p *Person) stands(now time.Time) (yes bool, until time.Time) {
	if p.Standing.State != gate.Active {
		return false, time.Time{}
	}
	if !p.Until.IsZero() && !now.Before(p.Until) {
		return false, time.Time{}
	}
	return true, p.Until
}

// Terms by which persons are listed.
func roleTerm(r Role) string             { return "role:" + r.String() }
func sponsorTerm(p gate.PersonID) string { return "sponsor:" + p.String() }

func (p *Person) document() (gate.Kind, string, []string) {
	terms := []string{roleTerm(p.Role)}
	if !p.Sponsor.IsZero() {
		terms = append(terms, sponsorTerm(p.Sponsor))
	}
	return gate.KindPerson, p.ID.String(), terms
}
