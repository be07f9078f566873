package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// ID names a sign-in. It is shown to people with the prefix "sgn_".
type ID token.ID

const idPrefix = "sgn_"

func (id ID) String() string { return idPrefix + token.ID(id).String() }

// MarshalText makes the id a plain string in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// ParseID reads "sgn_" and 20 characters.
func ParseID(text string) (ID, error) {
	id, err := token.ParsePrefixed(idPrefix, text)
	return ID(id), err
}

// How somebody signed in.
const (
	ByPassword   = "password"
	ByCode       = "code"
	ByActivation = "activation"
	ByOIDC       = "oidc"
)

// SignIn is one person on one device.
type SignIn struct {
	ID     ID            `json:"id"`
	Person gate.PersonID `json:"person"`
	Device gate.DeviceID `json:"device"`
	Opened time.Time     `json:"opened"`
	// Ends is when it ends however it is used; Until is when it ends unless it
	// is used before.
	Ends  time.Time `json:"ends"`
	Until time.Time `json:"-"`
	How   string    `json:"how"`
	Agent string    `json:"agent,omitempty"`
	// Passkey is the second factor that was shown; zero: none.
	Passkey PasskeyID `json:"passkey,omitzero"`
}

// open makes a sign-in with an id of its own, and ends the one that the browser
// had: an id that somebody planted there opens nothing (session fixation).
func (d *Desk) open(ctx context.Context, v Visitor, person Person, how string, passkey PasskeyID) (Outcome, error) {
	if old, found := d.idOf(v.Token); found {
		if err := d.End(ctx, old); err != nil && !errors.Is(err, gate.ErrNotFound) {
			return Outcome{}, err
		}
	}
	if how == ByCode || how == ByOIDC { // a new password ends those links by itself
		if err := d.void(ctx, person.ID); err != nil {
			return Outcome{}, err
		}
	}
	now := d.Now().UTC()
	s := SignIn{
		ID: ID(token.NewID(now)), Person: person.ID, Device: v.Device, Opened: now, Ends: now.Add(d.Max),
		How: how, Agent: v.Agent, Passkey: passkey,
	}
	s.Until = earlier(now.Add(d.Idle), s.Ends)
	if _, err := d.Store.Put(ctx, gate.Document{
		Kind: gate.KindSignIn, ID: s.ID.String(), Body: s.body(), Until: s.Until,
		Index: []string{s.Person.String(), s.Device.String()},
	}); err != nil {
		return Outcome{}, fmt.Errorf("opening a sign-in: %w", err)
	}
	d.tell(News{v, In, person.ID, how})
	return Outcome{Result: In, Person: person, SignIn: s, Token: d.Keys().Seal(token.SignInToken, s.ID[:])}, nil
}

func (s SignIn) body() []byte {
	body, err := json.Marshal(s)
	if err != nil {
		panic("signin: a sign-in that cannot be written: " + err.Error())
	}
	return body
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// idOf reads the cookie's text.
func (d *Desk) idOf(text string) (ID, bool) {
	if text == "" {
		return ID{}, false
	}
	body, err := d.Keys().Unseal(nil, token.SignInToken, text)
	if err != nil {
		return ID{}, false
	}
	return ID(body), true
}

// Find returns the sign-in that a cookie names, or ErrNotFound. It does not look
// at the person, whom the caller's rules judge: [Desk.Who] does.
//
// It makes the sign-in last on, at most once in a tenth of Idle.
func (d *Desk) Find(ctx context.Context, text string) (SignIn, error) {
	id, found := d.idOf(text)
	if !found {
		return SignIn{}, gate.ErrNotFound
	}
	return d.use(ctx, id)
}

func (d *Desk) use(ctx context.Context, id ID) (SignIn, error) {
	doc, err := d.Store.Get(ctx, gate.KindSignIn, id.String())
	if err != nil {
		return SignIn{}, fmt.Errorf("looking up a sign-in: %w", err)
	}
	s, err := from(doc)
	if err != nil {
		return SignIn{}, err
	}
	until := earlier(d.Now().UTC().Add(d.Idle), s.Ends)
	if until.Sub(s.Until) < d.Idle/10 {
		return s, nil
	}
	doc.Until = until
	switch _, err := d.Store.Put(ctx, doc); {
	case err == nil:
		s.Until = until
	case errors.Is(err, gate.ErrNotFound): // ended meanwhile
		return SignIn{}, err
	case errors.Is(err, gate.ErrConflict): // somebody else did the same
	default:
		return SignIn{}, fmt.Errorf("keeping a sign-in: %w", err)
	}
	return s, nil
}

func from(doc gate.Document) (SignIn, error) {
	var s SignIn
	if err := json.Unmarshal(doc.Body, &s); err != nil {
		return s, fmt.Errorf("reading sign-in %s: %w", doc.ID, err)
	}
	s.Until = doc.Until
	return s, nil
}

// Who returns who is signed in by a cookie: a live person whose sign-ins were not
// cut since. Otherwise the error is ErrNotFound.
func (d *Desk) Who(ctx context.Context, text string) (Person, SignIn, error) {
	s, err := d.Find(ctx, text)
	if err != nil {
		return Person{}, s, err
	}
	person, err := d.People.ByID(ctx, s.Person)
	if err != nil {
		return Person{}, s, err
	}
	if !person.Live || !s.Opened.After(person.CutAt) {
		return Person{}, s, gate.ErrNotFound
	}
	return person, s, nil
}

// End ends a sign-in, or returns ErrNotFound.
func (d *Desk) End(ctx context.Context, id ID) error {
	if err := d.Store.Delete(ctx, gate.KindSignIn, id.String()); err != nil {
		return fmt.Errorf("ending a sign-in: %w", err)
	}
	return nil
}

// page is how many things are listed at once.
const page = 100

// Of returns at most limit sign-ins of a person, the newest first, only those
// below the given one where it is not zero.
func (d *Desk) Of(ctx context.Context, person gate.PersonID, below ID, limit int) ([]SignIn, error) {
	before := ""
	if below != (ID{}) {
		before = below.String()
	}
	return d.listed(ctx, person.String(), before, limit)
}

func (d *Desk) listed(ctx context.Context, term, below string, limit int) ([]SignIn, error) {
	docs, err := d.Store.List(ctx, gate.KindSignIn, term, below, limit)
	if err != nil {
		return nil, fmt.Errorf("listing sign-ins: %w", err)
	}
	all := make([]SignIn, len(docs))
	for i, doc := range docs {
		if all[i], err = from(doc); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// EndAll ends all sign-ins of a person, on whatever device, and says how many.
// Sessions that were opened by them are not looked at.
func (d *Desk) EndAll(ctx context.Context, person gate.PersonID) (int, error) {
	return d.endListed(ctx, person.String())
}

// EndOn ends all sign-ins on a device, of whatever persons, and says how many.
// Sessions are not looked at.
func (d *Desk) EndOn(ctx context.Context, device gate.DeviceID) (int, error) {
	return d.endListed(ctx, device.String())
}

func (d *Desk) endListed(ctx context.Context, term string) (int, error) {
	ended := 0
	for {
		all, err := d.listed(ctx, term, "", page)
		if err != nil || len(all) == 0 {
			return ended, err
		}
		for _, s := range all {
			switch err := d.End(ctx, s.ID); {
			case err == nil:
				ended++
			case !errors.Is(err, gate.ErrNotFound):
				return ended, err
			}
		}
	}
}

// SignOut ends the sign-in of a cookie, and the sessions that the person has on
// its device: whoever uses the browser next watches as nobody. It says how many
// sessions it ended. A cookie that names nothing is no error.
func (d *Desk) SignOut(ctx context.Context, text string) (int, error) {
	s, err := d.Find(ctx, text)
	if errors.Is(err, gate.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := d.End(ctx, s.ID); err != nil && !errors.Is(err, gate.ErrNotFound) {
		return 0, err
	}
	return d.endSessions(ctx, s.Person, func(device gate.DeviceID) bool { return device == s.Device })
}

// endSessions ends what a person watches on some of their devices, and says how
// many sessions that were.
func (d *Desk) endSessions(ctx context.Context, person gate.PersonID, on func(gate.DeviceID) bool) (int, error) {
	ended, below := 0, gate.SessionID{}
	for {
		sessions, err := d.Store.Sessions(ctx, gate.Whose{Person: person}, below, page)
		if err != nil || len(sessions) == 0 {
			return ended, err
		}
		for _, session := range sessions {
			below = session.ID
			if !on(session.Device) || !session.Live(d.Now()) {
				continue
			}
			if _, err := d.Store.End(ctx, session.Link, session.ID); err != nil && !errors.Is(err, gate.ErrNotFound) {
				return ended, err
			}
			ended++
		}
	}
}
