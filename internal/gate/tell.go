package gate

import (
	"fmt"
	"time"
)

// The sentences in which an [Explanation] tells what the store holds.

func tellAccount(a Account) string {
	if !a.Exists {
		return "The link has no account in the store, and so opens nothing."
	}
	views := fmt.Sprintf("%d used, %d reserved, no limit", a.Used, a.Reserved)
	if a.Views > 0 {
		views = fmt.Sprintf("%d of %d used, %d reserved", a.Used, a.Views, a.Reserved)
	}
	window := ""
	if !a.StartsAt.IsZero() {
		window += " It opens at " + stamp(a.StartsAt) + "."
	}
	if !a.ExpiresAt.IsZero() {
		window += " It ends at " + stamp(a.ExpiresAt) + "."
	}
	return fmt.Sprintf("The link is %s. Views: %s.%s", a.Standing.State, views, window)
}

func tellEach(a Account) string {
	if a.ViewsEach == 0 {
		return ""
	}
	return fmt.Sprintf(" Each viewer has %d; the store counts this viewer's when the play begins.", a.ViewsEach)
}

// tellSeats says who sits, and what one more device gets: whether any of those
// is idle only an opening finds out.
func tellSeats(a Account, seated int64, pace Pace) string {
	if !a.Limited() {
		return ""
	}
	text := fmt.Sprintf(" Seats: %d taken, no limit in all", seated)
	if a.Seats > 0 {
		text = fmt.Sprintf(" Seats: %d of %d taken", seated, a.Seats)
	}
	if a.SeatsEach > 0 {
		text += fmt.Sprintf(", at most %d for each viewer", a.SeatsEach)
	}
	text += fmt.Sprintf(". Where none is left, a new device gets that of one not seen for %s", pace.Seat)
	if a.WhenFull == ReplaceOldest {
		return text + ", or else of the oldest session."
	}
	return text + ", or else is refused."
}

func tellSession(link *Link, s Session, now time.Time) string {
	switch {
	case !s.Exists:
		return "The session is not in the store: it was over more than a day ago, or never was."
	case s.EndedWhy == EndedReplaced:
		return fmt.Sprintf("Session %s lost its seat to another device at %s.", s.ID, stamp(s.EndedAt))
	case !s.EndedAt.IsZero():
		return fmt.Sprintf("Session %s was ended at %s.", s.ID, stamp(s.EndedAt))
	case !s.Live(now):
		return fmt.Sprintf("Session %s ran out at %s.", s.ID, stamp(s.ExpiresAt))
	}
	return fmt.Sprintf("Session %s of device %s runs until %s.%s", s.ID, s.Device, stamp(s.ExpiresAt), tellViewer(link, s.Person))
}

// tellViewer says whether somebody was signed in, and not who it was: that is
// the owner's to know.
func tellViewer(link *Link, person PersonID) string {
	switch {
	case person.IsZero():
		return ""
	case !link.Names(person):
		return " It is a signed-in person's."
	case link.Password != "":
		return " It is a person's whom the link names, and who was not asked for its password."
	}
	return " It is a person's whom the link names."
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func tellPlace(place Place) string {
	if place.Collection.IsZero() {
		return "The path is in no collection. Links alone open it."
	}
	return fmt.Sprintf("The path is in collection %s, whose level is %s.", place.Collection, place.Level)
}

func tellOpens(link *Link) string {
	if link.Collection.IsZero() {
		return fmt.Sprintf("The link opens %s for %s", link.Scope, link.Can)
	}
	return fmt.Sprintf("The link opens collection %s for %s", link.Collection, link.Can)
}

// tellWhom says whom the link is for, by number: who they are is the owner's to
// know.
func tellWhom(link *Link) string {
	text := ""
	if len(link.For) > 0 {
		text += fmt.Sprintf(" It names the persons it is for: %d.", len(link.For))
	}
	switch {
	case link.Password != "" && len(link.For) > 0:
		text += " It has a password, which they need not know."
	case link.Password != "":
		text += " It has a password."
	}
	return text
}
