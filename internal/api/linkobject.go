package api

import (
	"context"
	"errors"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// Link is a link as the API shows it.
type Link struct {
	ID             string `json:"id"`
	URL            string `json:"url"`
	MediaURL       string `json:"media_url"`
	Scope          string `json:"scope"`
	Collection     string `json:"collection,omitempty"`
	CollectionName string `json:"collection_name,omitempty"`
	// Parent is the link that this one was made from.
	Parent         string    `json:"parent,omitempty"`
	Preset         string    `json:"preset,omitempty"`
	For            []string  `json:"for,omitempty"`
	HasPassword    bool      `json:"has_password"`
	Strength       Strength  `json:"strength"`
	Can            []string  `json:"can"`
	Title          string    `json:"title,omitempty"`
	Entry          string    `json:"entry,omitempty"`
	Landing        string    `json:"landing"`
	Views          Views     `json:"views"`
	ViewsEach      *int64    `json:"views_each"`
	Seats          *int64    `json:"seats"`
	SeatsEach      *int64    `json:"seats_each"`
	WhenFull       string    `json:"when_full,omitempty"`
	Seated         *int64    `json:"seated,omitempty"`
	StartsAt       time.Time `json:"starts_at,omitzero"`
	ExpiresAt      time.Time `json:"expires_at,omitzero"`
	StartBy        time.Time `json:"start_by,omitzero"`
	PlayFor        string    `json:"play_for,omitempty"`
	Standing       string    `json:"standing"`
	StandingReason string    `json:"standing_reason,omitempty"`
	StandingSince  time.Time `json:"standing_since,omitzero"`
	Opens          int64     `json:"opens"`
	// RefusedOpens is how often somebody came to open the link while it was
	// suspended, revoked or over.
	RefusedOpens int64 `json:"refused_opens"`
	Redeems      int64 `json:"redeems"`
	Plays        int64 `json:"plays"`
	Devices      int64 `json:"devices"`
	// Audience is whom the link is meant for, OnForward what happens where it was
	// probably passed on; empty: nobody looks.
	Audience  string    `json:"audience,omitempty"`
	OnForward string    `json:"on_forward,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	By        string    `json:"by,omitempty"`
	Issuer    string    `json:"issuer,omitempty"`
	// SessionsEnded is how many live sessions a change has just ended.
	SessionsEnded *int64 `json:"sessions_ended,omitempty"`

	maker gate.PersonID // for the trail
}

// Views is a link's count. Limit and Left are null where there is no limit: a
// zero would read as "nothing left".
type Views struct {
	Limit    *int64 `json:"limit"`
	Used     int64  `json:"used"`
	Reserved int64  `json:"reserved"`
	Left     *int64 `json:"left"`
}

func viewsOf(a gate.Account) Views {
	v := Views{Limit: limited(a.Views), Used: a.Used, Reserved: a.Reserved}
	if left, bounded := a.Left(); bounded {
		v.Left = &left
	}
	return v
}

func limited(limit int64) *int64 {
	if limit == 0 {
		return nil
	}
	return &limit
}

// present shows a link. How many are seated is asked for only where seats are
// limited: a listing of other links is not to cost a second trip for each. It
// is left out where the store cannot say, since what is shown may be a change
// that was made already, and must not read as one that failed.
func (c *call) present(l gate.Link, a gate.Account) Link {
	object := c.linkOf(l, a)
	if !a.Limited() {
		return object
	}
	object.WhenFull = a.WhenFull.String()
	if seated, err := c.Store.Seated(c.r.Context(), l.ID); err == nil {
		object.Seated = &seated
	}
	return object
}

func (c *call) linkOf(l gate.Link, a gate.Account) Link {
	code := c.Gate.LinkCode(l.ID)
	level, known := c.levelOf(l)
	object := Link{
		ID: l.ID.String(), URL: c.PublicURL + gate.SharePath(code), MediaURL: c.PublicURL + l.MediaPath(code),
		Scope: l.Scope.String(), Can: l.Can.Names(), Title: l.Title, Entry: l.Entry, Preset: l.Preset, Landing: l.Landing.String(),
		HasPassword: l.Password != "", Strength: strengthOf(l, a.Terms, level, known),
		Views: viewsOf(a), ViewsEach: limited(a.ViewsEach), Seats: limited(a.Seats), SeatsEach: limited(a.SeatsEach),
		StartsAt: a.StartsAt, ExpiresAt: a.ExpiresAt, StartBy: a.StartBy,
		Standing: a.Standing.State, StandingReason: a.Standing.Why, StandingSince: a.Standing.Since,
		Opens: a.Opens, RefusedOpens: a.RefusedOpens, Redeems: a.Redeems, Plays: a.Used, Devices: a.Devices,
		CreatedAt: l.CreatedAt, CreatedBy: l.CreatedBy, Issuer: l.Issuer, maker: l.By,
		Audience: l.Audience, OnForward: string(l.OnForward),
	}
	if a.PlayFor > 0 {
		object.PlayFor = a.PlayFor.String()
	}
	if home := l.Home(); !home.IsZero() {
		object.Collection, object.CollectionName = home.String(), c.Directory.NameOf(home)
	}
	if len(l.Above) > 0 {
		object.Parent = l.Above[0].String()
	}
	if !l.By.IsZero() {
		object.By = c.emailOf(l.By)
	}
	for _, person := range l.For {
		object.For = append(object.For, c.emailOf(person))
	}
	return object
}

// levelOf is how open the place is that a link opens something of; false where
// that is in no collection.
func (c *call) levelOf(l gate.Link) (gate.Level, bool) {
	if l.Collection.IsZero() {
		return c.Directory.LevelAt(l.Scope)
	}
	return c.Directory.Level(l.Collection)
}

// emailOf is how a person is shown. What is shown is not to fail because of it:
// whoever is gone, or cannot be read, is shown by id.
func (c *call) emailOf(id gate.PersonID) string {
	if id.IsZero() {
		return ""
	}
	if email, known := c.emails[id]; known {
		return email
	}
	email, err := c.Directory.EmailOf(c.r.Context(), id)
	if err != nil {
		email = id.String()
	}
	if c.emails == nil {
		c.emails = map[gate.PersonID]string{}
	}
	c.emails[id] = email
	return email
}

// nameOfGroup is how a group is shown, to whoever may know of it; else empty.
func (c *call) nameOfGroup(id gate.GroupID) string {
	if id.IsZero() {
		return ""
	}
	name, known := c.groupNames[id]
	if !known {
		if group, err := c.Directory.Group(c.r.Context(), c.who, id); err == nil {
			name = group.Name
		}
		if c.groupNames == nil {
			c.groupNames = map[gate.GroupID]string{}
		}
		c.groupNames[id] = name
	}
	return name
}

// lost is the standing of a link whose account is gone. The gate denies then,
// and the listing must not hide it, nor fail because of it.
var lost = gate.Account{Standing: gate.Standing{State: "lost", Why: "the store has no account of this link, so it opens nothing"}}

// account reads a link's account.
func (c *call) account(ctx context.Context, id gate.LinkID) (gate.Account, error) {
	account, err := c.Store.Account(ctx, id)
	if errors.Is(err, gate.ErrNotFound) {
		return lost, nil
	}
	return account, err
}
