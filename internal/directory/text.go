package directory

import (
	"strings"
	"time"

	"github.com/usher-media/usher/internal/typed"
)

// Bounds of texts that people write.
const (
	MaxName  = 100
	MaxTitle = 200
	MaxWhy   = 200
	maxSlug  = 63
)

// CheckLine reports what is wrong with a text that is shown in lists, mails and
// logs: it has to stay on its line and to show what it is.
func CheckLine(field, text string, most int) error {
	if !typed.Line(text, most) || strings.TrimSpace(text) != text {
		return invalid(field, "want at most %d bytes of plain text on one line, with no space around it", most)
	}
	return nil
}

// checkName wants a text that is there.
func checkName(field, text string) error {
	if text == "" {
		return invalid(field, "want a name")
	}
	return CheckLine(field, text, MaxName)
}

// CheckSlug reports what is wrong with the name of a collection, which stands in
// URLs and commands. No id is a slug: ids have an underscore.
func CheckSlug(field, text string) error {
	if text == "" || len(text) > maxSlug || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
		text[0] == '-' || text[len(text)-1] == '-' {
		return invalid(field, "want 1 to %d of a-z, 0-9 and -, none of it at an end", maxSlug)
	}
	return nil
}

// checkTime wants a time that cannot be mistaken for "never", in the whole
// milliseconds that stores keep.
func checkTime(field string, at time.Time) error {
	if !at.IsZero() && (at.Year() < 2000 || at.Year() > 9999) {
		return invalid(field, "want a time between the years 2000 and 9999")
	}
	return nil
}

func whole(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Millisecond)
}

// window is [StartsAt, EndsAt); zero: open on that side.
type window struct{ from, to time.Time }

func (w window) validate() error {
	if err := checkTime("starts_at", w.from); err != nil {
		return err
	}
	if err := checkTime("ends_at", w.to); err != nil {
		return err
	}
	if !w.from.IsZero() && !w.to.IsZero() && !w.from.Before(w.to) {
		return invalid("ends_at", "want a time after starts_at (%s)", w.from.UTC().Format(time.RFC3339))
	}
	return nil
}

// state says on which side of the window now is: before it -1, in it 0, after
// it 1; and when that changes next, zero: never.
func (w window) state(now time.Time) (side int, next time.Time) {
	switch {
	case !w.to.IsZero() && !now.Before(w.to):
		return 1, time.Time{}
	case !w.from.IsZero() && now.Before(w.from):
		return -1, w.from
	}
	return 0, w.to
}
