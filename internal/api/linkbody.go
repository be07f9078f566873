package api

import (
	"strings"
	"time"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// NewLink is what a new link is made from.
type NewLink struct {
	// Path or Collection, by name or id, or both: then the path is in the
	// collection. Neither: all that the parent opens.
	Path       string `json:"path,omitzero"`
	Collection string `json:"collection,omitzero"`
	// Parent is the link that this one is made from, and is never more than.
	Parent string `json:"parent,omitzero"`
	Preset string `json:"preset,omitzero"`
	// For are the persons that the link is for.
	For       Addresses  `json:"for,omitzero"`
	Password  *string    `json:"password,omitzero"`
	Views     *int64     `json:"views,omitzero"`
	ViewsEach *int64     `json:"views_each,omitzero"`
	Seats     *int64     `json:"seats,omitzero"`
	SeatsEach *int64     `json:"seats_each,omitzero"`
	WhenFull  string     `json:"when_full,omitzero"`
	StartsAt  *time.Time `json:"starts_at,omitzero"`
	ExpiresAt *time.Time `json:"expires_at,omitzero"`
	ExpiresIn *string    `json:"expires_in,omitzero"`
	// StartBy is when the last play may begin, PlayFor how long the link is good
	// for from its first view.
	StartBy *time.Time `json:"start_by,omitzero"`
	PlayFor *string    `json:"play_for,omitzero"`
	Can     []string   `json:"can,omitzero"`
	Title   string     `json:"title,omitzero"`
	Entry   string     `json:"entry,omitzero"`
	// Audience is whom the link is meant for, OnForward what happens where it was
	// probably passed on to others.
	Audience  *string `json:"audience,omitzero"`
	OnForward *string `json:"on_forward,omitzero"`
	// Landing is what whoever follows the share link meets.
	Landing string `json:"landing,omitzero"`
}

// draft is a link that is being made: nothing of it is stored yet.
type draft struct {
	link  gate.Link
	terms gate.Terms
	// home is the collection that rights are asked in; zero: none.
	home gate.CollectionID
	// parent is what the link is made from; nil: nothing.
	parent *parent
}

// parent is a link that another one is made from, as it is now.
type parent struct {
	gate.Link
	account gate.Account
}

// said checks what the body says by itself: all but what it opens.
func (b NewLink) said(now time.Time, by string) (*draft, error) {
	preset, err := b.preset()
	if err != nil {
		return nil, err
	}
	if preset.NamesPersons && len(b.For) == 0 {
		return nil, badValue.of("for", nil, "the preset "+preset.Name+" is for named persons: say who they are")
	}
	b = b.filled(preset)
	d := &draft{link: gate.Link{
		ID: gate.LinkID(token.NewID(now)), Can: gate.View, Title: b.Title, Entry: b.Entry, Preset: preset.Name,
		CreatedAt: now.UTC().Truncate(time.Second), CreatedBy: by,
	}}
	if d.link.Landing, err = gate.ParseLanding(b.Landing); err != nil {
		return nil, badValue.of("landing", gate.LandingWords(), err.Error())
	}
	if b.Can != nil {
		if d.link.Can, err = capabilities(b.Can); err != nil {
			return nil, err
		}
	}
	if err = declare(&d.link, b.Audience, b.OnForward); err != nil {
		return nil, err
	}
	d.terms, err = b.terms(now)
	return d, err
}

// capabilities reads those that a link may carry.
func capabilities(names []string) (gate.Capability, error) {
	can, err := gate.ParseCapabilities(names)
	switch {
	case err != nil:
		return 0, fieldProblem(err)
	case can == 0:
		return 0, badValue.of("can", gate.LinkCapabilities.Names(), "want at least one capability")
	case can&^gate.LinkCapabilities != 0:
		return 0, badValue.of("can", gate.LinkCapabilities.Names(), "whoever has a URL manages nothing: that is granted to persons")
	}
	return can, nil
}

func (b NewLink) terms(now time.Time) (t gate.Terms, err error) {
	t = gate.Terms{Views: value(b.Views), ViewsEach: value(b.ViewsEach), Seats: value(b.Seats), SeatsEach: value(b.SeatsEach)}
	if t.WhenFull, err = gate.ParseWhenFull(b.WhenFull); err != nil {
		return t, fieldProblem(err)
	}
	if t.StartsAt, err = moment("starts_at", b.StartsAt); err != nil {
		return t, err
	}
	if t.ExpiresAt, err = end(now, b.ExpiresAt, b.ExpiresIn); err != nil {
		return t, err
	}
	if t.StartBy, err = moment("start_by", b.StartBy); err != nil {
		return t, err
	}
	if t.PlayFor, err = duration("play_for", b.PlayFor); err != nil {
		return t, err
	}
	if !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return t, badValue.of("expires_at", nil, "this time has passed already")
	}
	if !t.StartBy.IsZero() && !now.Before(t.StartBy) {
		return t, badValue.of("start_by", nil, "this time has passed already")
	}
	return t, checkTerms(t)
}

// checkTerms checks terms as the gate does, and that their times make sense
// together.
func checkTerms(t gate.Terms) error {
	if err := t.Validate(); err != nil {
		return fieldProblem(err)
	}
	switch {
	case t.StartBy.IsZero():
	case !t.StartsAt.IsZero() && !t.StartsAt.Before(t.StartBy):
		return badValue.of("start_by", nil, "want a time after starts_at ("+t.StartsAt.Format(time.RFC3339)+"): no play could ever begin")
	case !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(t.StartBy):
		return badValue.of("start_by", nil, "want a time no later than expires_at ("+t.ExpiresAt.Format(time.RFC3339)+")")
	}
	return nil
}

func value(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// StandingChange is why a link's standing changes.
type StandingChange struct {
	Why string `json:"why,omitzero"`
}

// end returns when something ends, from a time or a duration; zero: never.
func end(now time.Time, at *time.Time, in *string) (time.Time, error) {
	if at != nil && in != nil {
		return time.Time{}, badValue.of("expires_in", nil, "give expires_at or expires_in, not both")
	}
	if in == nil {
		return moment("expires_at", at)
	}
	d, err := duration("expires_in", in)
	if err != nil {
		return time.Time{}, err
	}
	return now.UTC().Add(d).Truncate(time.Millisecond), nil
}

// duration reads a duration; nil is none.
func duration(field string, text *string) (time.Duration, error) {
	if text == nil {
		return 0, nil
	}
	d, err := config.ParseDuration(*text)
	if err != nil {
		return 0, badValue.of(field, nil, "want a number and a unit, such as 90s, 30m, 48h or 7d")
	}
	if d := time.Duration(d).Truncate(time.Millisecond); d > 0 {
		return d, nil
	}
	return 0, badValue.of(field, nil, "want at least a millisecond")
}

// moment checks a given time. The zero time and its neighbours are no times:
// in a link's terms they would read as "never".
func moment(field string, at *time.Time) (time.Time, error) {
	if at == nil {
		return time.Time{}, nil
	}
	t := at.UTC().Truncate(time.Millisecond)
	if t.Year() < 2000 || t.Year() > 9999 {
		return time.Time{}, badValue.of(field, nil, "want a time between the years 2000 and 9999")
	}
	return t, nil
}

// fieldProblem takes the field's name out of an error of package gate, which
// begins with it.
func fieldProblem(err error) *Problem {
	field, detail, _ := strings.Cut(err.Error(), ": ")
	var allowed []string
	switch field {
	case "can":
		allowed = gate.LinkCapabilities.Names()
	case "when_full":
		allowed = gate.WhenFullWords()
	}
	return badValue.of(field, allowed, detail)
}
