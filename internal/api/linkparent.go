package api

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// takeParent reads the link that the new one is made from.
func (c *call) takeParent(d *draft, b NewLink) error {
	if b.Parent == "" {
		return nil
	}
	id, err := gate.ParseLinkID(b.Parent)
	if err != nil {
		return badValue.of("parent", nil, err.Error())
	}
	from, err := c.parentOf(id)
	if errors.Is(err, gate.ErrNotFound) {
		return badValue.of("parent", nil, "there is no such link here")
	}
	if err != nil {
		return err
	}
	if len(from.Above) >= gate.MaxAbove {
		return badValue.of("parent", nil, fmt.Sprintf("links are made from links at most %d times in a row", gate.MaxAbove))
	}
	if d.link.Title == "" {
		d.link.Title = from.Title
	}
	d.parent, d.link.Above = from, append([]gate.LinkID{from.ID}, from.Above...)
	return nil
}

// parentOf reads a live link that who asks may make others from: one that they
// made, that is for them, or of a collection in which they hold share.
func (c *call) parentOf(id gate.LinkID) (*parent, error) {
	doc, err := c.Store.Get(c.r.Context(), gate.KindLink, id.String())
	if err != nil {
		return nil, err
	}
	p := &parent{}
	if p.Link, err = gate.LinkFrom(doc); err != nil {
		return nil, err
	}
	if p.Pass {
		return nil, gate.ErrNotFound
	}
	if err := hidden(c.mayHandOn(p.Link)); err != nil {
		return nil, err
	}
	if p.account, err = c.Store.Account(c.r.Context(), id); err != nil {
		return nil, err
	}
	switch {
	case p.account.Standing.State == gate.Revoked:
		return nil, gate.ErrFinal
	case p.account.Standing.State != gate.Active:
		return nil, over.of("parent", nil, "the link is suspended: resume it first")
	case p.account.Window(c.Now()) == gate.Expired:
		return nil, over.of("parent", nil, "the link ended at "+p.account.ExpiresAt.Format(time.RFC3339)+": extend it first")
	}
	return p, nil
}

// mayHandOn returns nil for who may make links from the link.
func (c *call) mayHandOn(l gate.Link) error {
	if slices.Contains(l.For, c.who.Person()) {
		return nil
	}
	return c.mayLink(l, directory.Hand)
}

// narrow holds the draft against its parent. What the body does not say itself
// is cut down to what the parent has; where it says more, that is one problem.
func (c *call) narrow(d *draft, b NewLink) error {
	if d.parent == nil {
		return nil
	}
	if err := c.inScope(d); err != nil {
		return err
	}
	at, most := &d.terms, &d.parent.account.Terms
	for _, limit := range []struct {
		field string
		said  bool
		value *int64
		most  int64
	}{
		{"views_each", b.ViewsEach != nil, &at.ViewsEach, most.ViewsEach},
		{"seats", b.Seats != nil, &at.Seats, most.Seats},
		{"seats_each", b.SeatsEach != nil, &at.SeatsEach, most.SeatsEach},
	} {
		if limit.most == 0 || *limit.value > 0 && *limit.value <= limit.most {
			continue
		}
		if limit.said {
			return tooWide.of(limit.field, []string{fmt.Sprintf("1 to %d", limit.most)}, fmt.Sprintf("the parent has %d", limit.most))
		}
		*limit.value = limit.most
	}
	if b.WhenFull == "" && b.Preset == "" {
		at.WhenFull = most.WhenFull
	}
	if err := narrowTimes(at, most, b); err != nil {
		return err
	}
	if room := roomToHandOn(d.parent.account); most.Views > 0 && (at.Views == 0 || at.Views > room) {
		return tooFew(d.parent.account)
	}
	return checkTerms(*at)
}

// inScope wants the draft to open no more than its parent.
func (c *call) inScope(d *draft) error {
	from := d.parent
	allowed := []string{from.Scope.String()}
	if !directory.Inside(d.link.Scope, from.Scope) {
		return tooWide.of("path", allowed, "the parent opens "+from.Scope.String()+" and nothing else")
	}
	if from.Collection.IsZero() {
		if !d.link.Collection.IsZero() {
			return tooWide.of("collection", nil, "the parent opens "+from.Scope.String()+", which is not all of a collection: name a path")
		}
		return nil
	}
	within, err := false, error(nil)
	if !d.home.IsZero() {
		within, err = c.Directory.Contains(c.r.Context(), from.Collection, d.home)
	}
	if err != nil {
		return err
	}
	if !within {
		return tooWide.of("path", nil, "the parent opens the collection "+from.Collection.String()+" and nothing else")
	}
	return nil
}

// narrowTimes cuts the window down to the parent's.
func narrowTimes(at, most *gate.Terms, b NewLink) error {
	stamp := func(t time.Time) string { return t.Format(time.RFC3339) }
	if at.StartsAt.Before(most.StartsAt) {
		if b.StartsAt != nil {
			return tooWide.of("starts_at", []string{stamp(most.StartsAt) + " or later"}, "the parent opens at "+stamp(most.StartsAt))
		}
		at.StartsAt = most.StartsAt
	}
	for _, limit := range []struct {
		field       string
		said        bool
		value, most *time.Time
	}{
		{"expires_at", b.ExpiresAt != nil || b.ExpiresIn != nil, &at.ExpiresAt, &most.ExpiresAt},
		{"start_by", b.StartBy != nil, &at.StartBy, &most.StartBy},
	} {
		if limit.most.IsZero() || !limit.value.IsZero() && !limit.value.After(*limit.most) {
			continue
		}
		if limit.said {
			return tooWide.of(limit.field, []string{stamp(*limit.most) + " or earlier"}, "the parent says "+stamp(*limit.most))
		}
		*limit.value = *limit.most
	}
	if at.StartBy.After(at.ExpiresAt) && !at.ExpiresAt.IsZero() && b.StartBy == nil {
		at.StartBy = at.ExpiresAt
	}
	if most.PlayFor > 0 && (at.PlayFor == 0 || at.PlayFor > most.PlayFor) {
		if b.PlayFor != nil {
			return tooWide.of("play_for", []string{most.PlayFor.String() + " or less"}, "the parent says "+most.PlayFor.String())
		}
		at.PlayFor = most.PlayFor
	}
	return nil
}

// roomToHandOn is how many views a link with a limit can hand on: one stays.
func roomToHandOn(a gate.Account) int64 {
	left, _ := a.Left()
	return max(0, min(left, a.Views-1))
}

func tooFew(a gate.Account) *Problem {
	room := roomToHandOn(a)
	if room == 0 {
		return tooWide.of("views", nil, "the parent has no views to hand on: one stays with it")
	}
	return tooWide.of("views", []string{fmt.Sprintf("1 to %d", room)}, fmt.Sprintf("say how many views to hand on: they leave the parent, which has %d to give, and one stays with it", room))
}

// inherit makes sure that the way in is no easier than the parent's: a link from
// one that names persons names some as well, and one from a link with a password
// names persons, or has a password too, the same unless it says another.
func (d *draft) inherit(names bool) error {
	if d.parent != nil {
		d.link.Audience = cmp.Or(d.link.Audience, d.parent.Audience)
		if d.link.Audience != "" {
			d.link.OnForward = cmp.Or(d.link.OnForward, d.parent.OnForward)
		}
		if err := asWatched(&d.link, &d.parent.Link); err != nil {
			return err
		}
	}
	switch {
	case d.parent == nil || names:
	case len(d.parent.For) > 0:
		return tooWide.of("for", nil, "the parent is for persons whom it names: say whom this one is for")
	case d.link.Password == "":
		d.link.Password = d.parent.Password
	}
	return nil
}
