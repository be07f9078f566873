package api

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// LinkChange is what may be changed of a link while it lives.
type LinkChange struct {
	Can []string `json:"can,omitzero"`
	// For replaces the persons that the link is for; an empty list: whoever has it.
	For *Addresses `json:"for,omitzero"`
	// Password replaces the link's; an empty text: it has none any more.
	Password *string `json:"password,omitzero"`
	Landing  *string `json:"landing,omitzero"`
	// EndSessions ends whatever was opened by the link before.
	EndSessions  bool       `json:"end_sessions,omitzero"`
	Views        *int64     `json:"views,omitzero"`
	ViewsEach    *int64     `json:"views_each,omitzero"`
	AddViews     *int64     `json:"add_views,omitzero"`
	AddViewsEach *int64     `json:"add_views_each,omitzero"`
	Seats        *int64     `json:"seats,omitzero"`
	SeatsEach    *int64     `json:"seats_each,omitzero"`
	WhenFull     *string    `json:"when_full,omitzero"`
	StartsAt     *time.Time `json:"starts_at,omitzero"`
	ExpiresAt    *time.Time `json:"expires_at,omitzero"`
	ExpiresIn    *string    `json:"expires_in,omitzero"`
	StartBy      *time.Time `json:"start_by,omitzero"`
	PlayFor      *string    `json:"play_for,omitzero"`
	// Audience is whom the link is meant for, OnForward what happens where it was
	// probably passed on to others.
	Audience  *string `json:"audience,omitzero"`
	OnForward *string `json:"on_forward,omitzero"`
}

// IsZero reports that the change is none.
func (b LinkChange) IsZero() bool { return reflect.ValueOf(b).IsZero() }

// extension checks the body against the link and returns the change of its
// terms, and the terms after it.
func (b LinkChange) extension(now time.Time, link gate.Link, account gate.Account) (change gate.Extension, after gate.Terms, err error) {
	after = account.Terms
	if err := b.limits(&change, &after); err != nil {
		return change, after, err
	}
	if err := b.seats(&change, &after); err != nil {
		return change, after, err
	}
	if err := b.times(now, link, &change, &after); err != nil {
		return change, after, err
	}
	return change, after, checkTerms(after)
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
	change.AddViews, change.AddViewsEach = value(b.AddViews), value(b.AddViewsEach)
	return nil
}

// maxAdd keeps the sum of two limits from running over.
const maxAdd = 1_000_000_000

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

// times works out the change of when the link is open, and the terms after it.
func (b LinkChange) times(now time.Time, link gate.Link, change *gate.Extension, after *gate.Terms) error {
	at, err := end(now, b.ExpiresAt, b.ExpiresIn)
	if err != nil {
		return err
	}
	if !at.IsZero() {
		if link.Issuer != "" {
			return signedExpiry.of("expires_at", nil, "the link was signed elsewhere, with key "+link.Issuer+", and its end is inside the signature: have its issuer sign a new one")
		}
		change.ExpiresAt, after.ExpiresAt = &at, at
	}
	if b.StartsAt != nil {
		if after.StartsAt, err = moment("starts_at", b.StartsAt); err != nil {
			return err
		}
		change.StartsAt = &after.StartsAt
	}
	if b.StartBy != nil {
		if after.StartBy, err = moment("start_by", b.StartBy); err != nil {
			return err
		}
		change.StartBy = &after.StartBy
	}
	if b.PlayFor != nil {
		if after.PlayFor, err = duration("play_for", b.PlayFor); err != nil {
			return err
		}
		change.PlayFor = &after.PlayFor
	}
	return nil
}

// within holds the change of a sub-link against its parent, as it is now; a
// parent that is gone holds nothing together any more. It returns how many views
// are to leave the parent first.
func (b LinkChange) within(change gate.Extension, account gate.Account, from *parent) (handOn int64, err error) {
	most := from.account.Terms
	for _, limit := range []struct {
		field      string
		set        *int64
		added, now int64
		most       int64
	}{
		{"views_each", b.ViewsEach, change.AddViewsEach, account.ViewsEach, most.ViewsEach},
		{"seats", b.Seats, 0, account.Seats, most.Seats},
		{"seats_each", b.SeatsEach, 0, account.SeatsEach, most.SeatsEach},
	} {
		after := limit.now + limit.added
		if limit.set != nil {
			after = *limit.set
		}
		if limit.most > 0 && (limit.set != nil || limit.added > 0) && (after == 0 || after > limit.most) {
			return 0, tooWide.of(limit.field, []string{fmt.Sprintf("1 to %d", limit.most)}, fmt.Sprintf("the parent has %d", limit.most))
		}
	}
	asked := NewLink{StartsAt: change.StartsAt, ExpiresAt: change.ExpiresAt, StartBy: change.StartBy, PlayFor: b.PlayFor}
	terms := gate.Terms{StartsAt: most.StartsAt, ExpiresAt: most.ExpiresAt, StartBy: most.StartBy, PlayFor: most.PlayFor}
	for _, time := range []struct{ to, from *time.Time }{
		{&terms.StartsAt, change.StartsAt}, {&terms.ExpiresAt, change.ExpiresAt}, {&terms.StartBy, change.StartBy},
	} {
		if time.from != nil {
			*time.to = *time.from
		}
	}
	if change.PlayFor != nil {
		terms.PlayFor = *change.PlayFor
	}
	if err := narrowTimes(&terms, &most, asked); err != nil {
		return 0, err
	}
	if most.Views == 0 {
		return 0, nil
	}
	if b.Views != nil && (*b.Views == 0 || account.Views > 0 && *b.Views > account.Views) {
		return 0, tooWide.of("views", nil, "the link's views were handed on by its parent: take more of them with add_views")
	}
	return change.AddViews, nil
}

func (c *call) changeLink() (answer, error) {
	var body LinkChange
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if body.IsZero() {
		return answer{}, badValue.because("say what to change: one or more of " + strings.Join(fieldsOf(&body), ", "))
	}
	ch, err := c.change(body)
	if err != nil {
		return answer{}, err
	}
	if err := ch.write(c); err != nil {
		return answer{}, err
	}
	if !body.EndSessions {
		return ok(c.present(ch.link, ch.account))
	}
	ended, err := c.endAll(ch.link.ID)
	if err != nil {
		return answer{}, err
	}
	object := c.present(ch.link, ch.account)
	object.SessionsEnded = &ended
	return ok(object)
}
