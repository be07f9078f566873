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
	Path      string     `json:"path"`
	Views     int64      `json:"views,omitzero"`
	ViewsEach int64      `json:"views_each,omitzero"`
	Seats     int64      `json:"seats,omitzero"`
	SeatsEach int64      `json:"seats_each,omitzero"`
	WhenFull  string     `json:"when_full,omitzero"`
	StartsAt  *time.Time `json:"starts_at,omitzero"`
	ExpiresAt *time.Time `json:"expires_at,omitzero"`
	ExpiresIn *string    `json:"expires_in,omitzero"`
	Can       []string   `json:"can,omitzero"`
	Title     string     `json:"title,omitzero"`
	Entry     string     `json:"entry,omitzero"`
}

// link checks the body and returns what it asks for.
func (b NewLink) link(now time.Time, by string) (gate.Link, gate.Terms, error) {
	link := gate.Link{
		ID: gate.LinkID(token.NewID(now)), Can: gate.View, Title: b.Title, Entry: b.Entry,
		CreatedAt: now.UTC().Truncate(time.Second), CreatedBy: by,
	}
	terms := gate.Terms{Views: b.Views, ViewsEach: b.ViewsEach, Seats: b.Seats, SeatsEach: b.SeatsEach}
	var err error
	if b.Path == "" {
		return link, terms, badValue.of("path", nil, "say what the link opens: a file such as /acme/film.mp4, or a folder with everything below it such as /acme/demo/*")
	}
	if link.Scope, err = gate.ParseScope(b.Path); err != nil {
		return link, terms, badValue.of("path", nil, err.Error())
	}
	if b.Can != nil {
		if link.Can, err = gate.ParseCapabilities(b.Can); err != nil {
			return link, terms, fieldProblem(err)
		}
	}
	if terms.WhenFull, err = gate.ParseWhenFull(b.WhenFull); err != nil {
		return link, terms, fieldProblem(err)
	}
	if terms.StartsAt, err = moment("starts_at", b.StartsAt); err != nil {
		return link, terms, err
	}
	if terms.ExpiresAt, err = end(now, b.ExpiresAt, b.ExpiresIn); err != nil {
		return link, terms, err
	}
	if !terms.ExpiresAt.IsZero() && !now.Before(terms.ExpiresAt) {
		return link, terms, badValue.of("expires_at", nil, "this time has passed already")
	}
	if err := link.Validate(terms); err != nil {
		return link, terms, fieldProblem(err)
	}
	return link, terms, nil
}

// LinkChange is what may be changed of a link while it lives.
type LinkChange struct {
	Views        *int64     `json:"views,omitzero"`
	ViewsEach    *int64     `json:"views_each,omitzero"`
	AddViews     *int64     `json:"add_views,omitzero"`
	AddViewsEach *int64     `json:"add_views_each,omitzero"`
	Seats        *int64     `json:"seats,omitzero"`
	SeatsEach    *int64     `json:"seats_each,omitzero"`
	WhenFull     *string    `json:"when_full,omitzero"`
	ExpiresAt    *time.Time `json:"expires_at,omitzero"`
	ExpiresIn    *string    `json:"expires_in,omitzero"`
}

// extension checks the body against the link and returns the change.
func (b LinkChange) extension(now time.Time, link gate.Link, account gate.Account) (gate.Extension, error) {
	var change gate.Extension
	if b == (LinkChange{}) {
		return change, badValue.because("say what to change: one or more of " + strings.Join(fieldsOf(&b), ", "))
	}
	after := account.Terms
	if err := b.limits(&change, &after); err != nil {
		return change, err
	}
	if err := b.seats(&change, &after); err != nil {
		return change, err
	}
	at, err := end(now, b.ExpiresAt, b.ExpiresIn)
	if err != nil {
		return change, err
	}
	if !at.IsZero() {
		if link.Issuer != "" {
			return change, signedExpiry.of("expires_at", nil, "the link was signed elsewhere, with key "+link.Issuer+", and its end is inside the signature: have its issuer sign a new one")
		}
		change.ExpiresAt, after.ExpiresAt = &at, at
	}
	if err := after.Validate(); err != nil {
		return change, fieldProblem(err)
	}
	return change, nil
}

// limits works out the change of both limits, and what they would be after it.
func (b LinkChange) limits(change *gate.Extension, after *gate.Terms) error {
	for _, limit := range []struct {
		name     string
		set, add *int64
		now      *int64
	}{
		{"views", b.Views, b.AddViews, &after.Views},
		{"views_each", b.ViewsEach, b.AddViewsEach, &after.ViewsEach},
	} {
		adding := "add_" + limit.name
		switch {
		case limit.set != nil && limit.add != nil:
			return badValue.of(adding, nil, "give "+limit.name+" or "+adding+", not both")
		case limit.set != nil:
			*limit.now = *limit.set
		case limit.add == nil:
		case *limit.add < 1 || *limit.add > maxAdd:
			return badValue.of(adding, nil, "want a whole number above 0; to lower a limit, set "+limit.name)
		case *limit.now == 0:
			return noLimit.of(adding, nil, "the link has no limit that could be added to: set "+limit.name)
		default:
			*limit.now += *limit.add
		}
	}
	change.Views, change.ViewsEach = b.Views, b.ViewsEach
	if b.AddViews != nil {
		change.AddViews = *b.AddViews
	}
	if b.AddViewsEach != nil {
		change.AddViewsEach = *b.AddViewsEach
	}
	return nil
}

// seats works out the change of who watches at once, and the terms after it.
func (b LinkChange) seats(change *gate.Extension, after *gate.Terms) error {
	change.Seats, change.SeatsEach = b.Seats, b.SeatsEach
	if b.Seats != nil {
		after.Seats = *b.Seats
	}
	if b.SeatsEach != nil {
		after.SeatsEach = *b.SeatsEach
	}
	if b.WhenFull == nil {
		return nil
	}
	full, err := gate.ParseWhenFull(*b.WhenFull)
	if err != nil {
		return fieldProblem(err)
	}
	change.WhenFull, after.WhenFull = &full, full
	return nil
}

// maxAdd keeps the sum of two limits from running over.
const maxAdd = 1_000_000_000

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
	d, err := config.ParseDuration(*in)
	if err != nil {
		return time.Time{}, badValue.of("expires_in", nil, "want a number and a unit, such as 90s, 30m, 48h or 7d")
	}
	return now.UTC().Add(time.Duration(d)).Truncate(time.Millisecond), nil
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
