package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Link is what was issued: what it opens, what may be done with it, who made
// it. Its terms and standing, which change and are counted, are in its [Account].
// What of a Link changes, its Can, For, Password and Landing, changes with a new revision of
// its document, and so with the documents' edition.
type Link struct {
	ID    LinkID     `json:"id"`
	Scope Scope      `json:"scope"`
	Can   Capability `json:"can"`
	// Title is shown to viewers; empty: nothing of the asset is told.
	Title string `json:"title,omitempty"`
	// Entry is where a player starts, below a folder scope; empty: looked for.
	Entry     string    `json:"entry,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	// Issuer is the key of a link that was minted elsewhere; empty: our own.
	Issuer string `json:"issuer,omitempty"`
	// Collection is the one whose paths the link opens, also those that it gets
	// later, and those of collections that it includes. Scope is "/*" then. Zero:
	// the link opens Scope.
	Collection CollectionID `json:"collection,omitzero"`
	// Within is the collection that Scope was in when a link by path was made. The
	// link is listed with those of it; nothing else goes by it.
	Within CollectionID `json:"within,omitzero"`
	// By is the person who made the link, who can hand out no more than they
	// hold; zero: an operator.
	By PersonID `json:"by,omitzero"`
	// For are the persons that the link is for; empty: whoever has it. Where the
	// link has a password as well, it is also for whoever knows that.
	For []PersonID `json:"for,omitempty"`
	// Above are the links that this one was made from, its parent first. What
	// any of them lost, this one has lost.
	Above []LinkID `json:"above,omitempty"`
	// Pass says that this is no link that anybody holds: it stands for what the
	// one person in For was granted in Collection, or, where there is nobody in
	// For, for its being public, so that sessions and plays are counted like all
	// others. Nobody made it: By and Above are zero.
	Pass bool `json:"pass,omitempty"`
	// Password is what whoever redeems the link must know, as a PHC string of
	// argon2id; empty: nothing. Persons in For need not know it.
	Password string `json:"password,omitempty"`
	// Preset names the preset that the link was made with; for people.
	Preset string `json:"preset,omitempty"`
	// Audience is whom the link was meant for, in the words of package forwarding;
	// empty: nobody looks whether it is passed on. OnForward is what then happens.
	Audience  string    `json:"audience,omitempty"`
	OnForward OnForward `json:"on_forward,omitempty"`
	// Landing is what whoever follows the share link meets. It is looked at with the
	// terms of the moment: see [Link.Guards].
	Landing Landing `json:"landing,omitzero"`
}

// OnForward is what happens with a link that was probably passed on.
type OnForward string

// The answers, each more than the one before.
const (
	OnForwardWatch   OnForward = "watch"   // it is shown to whoever asks
	OnForwardNotify  OnForward = "notify"  // whoever made the link is told
	OnForwardSuspend OnForward = "suspend" // the link is suspended until it is resumed
)

// OnForwards are all of them, the mildest first.
func OnForwards() []OnForward { return []OnForward{OnForwardWatch, OnForwardNotify, OnForwardSuspend} }

// Bounds of a link's texts.
const (
	maxTitle = 200
	maxViews = 1_000_000_000
	maxFor   = 1000
)

// Validate reports what is wrong with a link and its terms, naming the field.
func (l Link) Validate(terms Terms) error {
	switch {
	case !utf8.ValidString(l.Title) || len(l.Title) > maxTitle || hasControl(l.Title):
		return fmt.Errorf("title: want at most %d bytes of text on one line", maxTitle)
	case l.Can == 0:
		return fmt.Errorf("can: want at least one of %s", strings.Join(capabilityNames[:], ", "))
	case l.Can&^LinkCapabilities != 0:
		return fmt.Errorf("can: a link may carry %s, and nothing else", LinkCapabilities)
	case len(l.For) > maxFor || slices.Contains(l.For, PersonID{}):
		return fmt.Errorf("for: want at most %d persons", maxFor)
	case len(l.Above) > MaxAbove || slices.Contains(l.Above, LinkID{}):
		return fmt.Errorf("above: a link may be made from a link, and so on, at most %d times", MaxAbove)
	case !l.Collection.IsZero() && l.Scope != (Scope{tree: true}):
		return errors.New("path: a link to a collection opens the collection's paths, and no other")
	case l.Pass && (l.Collection.IsZero() || len(l.For) > 1 || !l.By.IsZero() || len(l.Above) > 0):
		return errors.New("pass: want a collection, one person at the most, and nobody who made it")
	}
	if l.Entry != "" || !l.Scope.tree {
		if _, err := l.Scope.Entry(l.Entry); err != nil {
			return err
		}
	}
	return terms.Validate()
}

// Validate reports what is wrong with the terms, naming the field.
func (t Terms) Validate() error {
	switch {
	case t.Views < 0 || t.Views > maxViews:
		return fmt.Errorf("views: want 0 (no limit) to %d", maxViews)
	case t.ViewsEach < 0 || t.ViewsEach > maxViews:
		return fmt.Errorf("views_each: want 0 (no limit) to %d", maxViews)
	case t.Seats < 0 || t.Seats > maxSeats:
		return fmt.Errorf("seats: want 0 (no limit) to %d", maxSeats)
	case t.SeatsEach < 0 || t.SeatsEach > maxSeats:
		return fmt.Errorf("seats_each: want 0 (no limit) to %d", maxSeats)
	case !t.StartsAt.IsZero() && !t.ExpiresAt.IsZero() && !t.StartsAt.Before(t.ExpiresAt):
		return fmt.Errorf("expires_at: want a time after starts_at (%s)", t.StartsAt.Format(time.RFC3339))
	}
	return nil
}

// Window says whether now is within the terms.
func (t *Terms) Window(now time.Time) Reason {
	switch {
	case !t.StartsAt.IsZero() && now.Before(t.StartsAt):
		return NotYet
	case !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt):
		return Expired
	}
	return OK
}

// late reports that no new play may begin at now.
func (t *Terms) late(now time.Time) bool { return !t.StartBy.IsZero() && !now.Before(t.StartBy) }

// Reason says what a standing means for a request.
func (s Standing) Reason() Reason {
	switch s.State {
	case Active:
		return OK
	case Suspended:
		return SuspendedLink
	default: // an unknown state denies
		return RevokedLink
	}
}

// Left returns how many views are left to reserve; ok is false where the link
// has no limit.
func (a Account) Left() (left int64, ok bool) {
	if a.Views == 0 {
		return 0, false
	}
	return max(0, a.Views-a.Used-a.Reserved), true
}

// Spent reports that every view was really used. One that is only reserved may
// still come back.
func (a Account) Spent() bool { return a.Views > 0 && a.Used >= a.Views }

// Document returns the link as a stored document that does not exist yet.
func (l Link) Document() (Document, error) {
	body, err := json.Marshal(l)
	return Document{Kind: KindLink, ID: l.ID.String(), Body: body, Index: l.index()}, err
}

// TermLink is the term of all links that anybody lists.
const TermLink = "link"

// Home is the collection that the link opens something of, or did when it was
// made; zero: of none.
func (l Link) Home() CollectionID {
	if l.Collection.IsZero() {
		return l.Within
	}
	return l.Collection
}

// TermsOf are the terms of a collection's links: of those that it is the home of,
// and of its passes.
func TermsOf(collection CollectionID) []string {
	return []string{"collection:" + collection.String(), "pass:" + collection.String()}
}

// index are the terms by which links are listed: TermLink, "collection:", "by:"
// and "for:" with an id, and "above:" with each link that it was made from. Of
// many that a link is for, the first have terms. A pass is no link that anybody
// lists: it has the term "pass:" with its collection's id, for sums.
func (l Link) index() []string {
	if l.Pass {
		return []string{"pass:" + l.Collection.String()}
	}
	terms := []string{TermLink}
	for _, above := range l.Above[:min(len(l.Above), MaxAbove)] {
		terms = append(terms, "above:"+above.String())
	}
	if home := l.Home(); !home.IsZero() {
		terms = append(terms, "collection:"+home.String())
	}
	if !l.By.IsZero() {
		terms = append(terms, "by:"+l.By.String())
	}
	for _, person := range l.For[:min(len(l.For), MaxTerms-len(terms))] {
		terms = append(terms, "for:"+person.String())
	}
	return terms
}

// LinkFrom reads a link's document.
func LinkFrom(doc Document) (Link, error) {
	var l Link
	if err := json.Unmarshal(doc.Body, &l); err != nil {
		return Link{}, fmt.Errorf("reading link %s from the store: %w", doc.ID, err)
	}
	return l, nil
}
