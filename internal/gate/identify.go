package gate

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/token"
)

// Doorkeeper knows who is signed in, and counts guesses at passwords. It is
// asked only where a session is opened.
type Doorkeeper interface {
	// SignedIn says whose sign-in it is, and since when. A sign-in that has ended,
	// or never was, is nobody's: the zero PersonID.
	SignedIn(ctx context.Context, signIn token.ID) (PersonID, time.Time, error)
	// PasswordFits says whether the try opens the link: OK, PasswordWrong, or
	// TooManyTries with how long to wait.
	PasswordFits(ctx context.Context, try Try) (Refusal, error)
}

// Try is somebody's try at a link's password.
type Try struct {
	Link LinkID
	// Password is the link's, as a PHC string, and Text what was typed.
	Password string
	Text     string
	// Device is the client's by its signed id; zero: it has none yet.
	Device DeviceID
	// Group is the client's group of addresses.
	Group netip.Prefix
}

// NoDoorkeeper is that of a gateway to which nobody signs in.
type NoDoorkeeper struct{}

// SignedIn is nobody.
func (NoDoorkeeper) SignedIn(context.Context, token.ID) (PersonID, time.Time, error) {
	return PersonID{}, time.Time{}, nil
}

// PasswordFits cannot be decided.
func (NoDoorkeeper) PasswordFits(context.Context, Try) (Refusal, error) {
	return Refusal{}, errors.New("nobody here looks at passwords")
}

// SignInToken returns the cookie text of a sign-in.
func (g *Gate) SignInToken(id token.ID) string { return g.keys().Seal(token.SignInToken, id[:]) }

// SignIn reads what SignInToken wrote; false: it is no sign-in of ours.
func (g *Gate) SignIn(text string) (token.ID, bool) {
	var buf [token.IDSize]byte
	body, err := g.keys().Unseal(buf[:0], token.SignInToken, text)
	if err != nil {
		return token.ID{}, false
	}
	return token.ID(body), true
}

// person says who is signed in on the client; zero: nobody. A sign-in that the
// directory ended with everything else of its person is nobody's. The rules are
// to know the edition of the moment already.
func (g *Gate) person(ctx context.Context, req *Request, now time.Time) (PersonID, error) {
	return g.personOf(ctx, req.SignIn, now)
}

// personOf is who is signed in by a cookie's text; zero: nobody.
func (g *Gate) personOf(ctx context.Context, signIn string, now time.Time) (PersonID, error) {
	id, ours := g.SignIn(signIn)
	if !ours {
		return PersonID{}, nil
	}
	person, since, err := g.door.SignedIn(ctx, id)
	if err != nil || person.IsZero() {
		return PersonID{}, err
	}
	ruling, err := g.rules.Rule(ctx, Case{Now: now, Link: &Link{Can: View}, Person: person, Opened: since})
	if err != nil || ruling.Reason != OK {
		return PersonID{}, err
	}
	return person, nil
}

// ruled is a ruling with what it was about. A session's person, and when it was
// opened, never change.
type ruled struct {
	record  *record
	edition int64
	place   Place
	ruling  Ruling
	person  string // as the upstream is told
}

// rule says what the session may do at a place. What was said last is said again
// while nothing that it was about has changed.
func (g *Gate) rule(ctx context.Context, who *pass, r *record, place Place, s *Session, now time.Time) (*ruled, error) {
	edition := g.rules.Edition()
	known := who.ruled.Load()
	if known != nil && known.record == r && known.edition == edition && known.place == place &&
		(known.ruling.Until.IsZero() || now.Before(known.ruling.Until)) {
		return known, nil
	}
	ruling, err := g.ruleAnew(ctx, Case{Now: now, Place: place, Link: &r.Link, Person: s.Person, Opened: s.CreatedAt})
	if err != nil {
		return nil, err
	}
	fresh := &ruled{record: r, edition: edition, place: place, ruling: ruling}
	if !s.Person.IsZero() {
		fresh.person = s.Person.String()
	}
	who.ruled.Store(fresh)
	return fresh, nil
}

// ruleAnew asks the directory, and the link itself whom it is for.
func (g *Gate) ruleAnew(ctx context.Context, c Case) (Ruling, error) {
	if !c.Link.Collection.IsZero() && c.Place.Collection.IsZero() {
		return Ruling{Reason: NotCovered}, nil // the path has left the collection
	}
	ruling, err := g.rules.Rule(ctx, c)
	if err != nil || ruling.Reason != OK {
		if ruling.Reason == LockedPlace && c.Person.IsZero() && len(c.Link.For) > 0 {
			ruling.Reason = SignIn // one of those whom it names may pass
		}
		return ruling, err
	}
	if ruling.Reason = c.Link.refuses(c.Person); ruling.Reason == OK {
		ruling.Reason = allows(ruling.Can)
	}
	return ruling, nil
}

// Names reports whether the person is one of those that the link is for.
func (l *Link) Names(person PersonID) bool {
	return !person.IsZero() && slices.Contains(l.For, person)
}

// refuses says why the link is not for the person. One with a password is also
// for whoever knows that: it is asked for when the session is opened.
func (l *Link) refuses(person PersonID) Reason {
	switch {
	case len(l.For) == 0 || l.Password != "" || l.Names(person):
		return OK
	case person.IsZero():
		return SignIn
	}
	return WrongPerson
}

// asks says what somebody is asked for who wants to open the link.
func (l *Link) asks(person PersonID) Reason {
	if l.Password == "" || l.Names(person) {
		return OK
	}
	return PasswordNeeded
}
