package cli

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/config"
)

// when is a flag that holds a time or a duration from now.
type when struct {
	at *time.Time
	in *string
}

func parseWhen(flag, text string) (when, error) {
	if text == "" {
		return when{}, nil
	}
	// The zero time would be left out of the request, and so mean "never".
	if t, err := time.Parse(time.RFC3339, text); err == nil && !t.IsZero() {
		return when{at: &t}, nil
	}
	if _, err := config.ParseDuration(text); err != nil {
		return when{}, fmt.Errorf("--%s %q: want a duration such as 48h or 7d, or a time such as 2026-01-31T18:00:00Z", flag, text)
	}
	return when{in: &text}, nil
}

// time returns the time that w means at now, or nil.
func (w when) time(now time.Time) *time.Time {
	if w.in == nil {
		return w.at
	}
	d, err := config.ParseDuration(*w.in) // read once already
	if err != nil {
		return nil
	}
	t := now.UTC().Add(time.Duration(d)).Truncate(time.Second)
	return &t
}

// parseTime reads a flag that holds a time or a duration from now; nil: it was
// not given.
func parseTime(flag, text string, now time.Time) (*time.Time, error) {
	w, err := parseWhen(flag, text)
	if err != nil {
		return nil, err
	}
	return w.time(now), nil
}

// amount is a flag such as 3, which sets a limit, or +3, which adds to it.
func parseAmount(flag, text string) (set, add *int64, err error) {
	if text == "" {
		return nil, nil, nil
	}
	digits, adds := strings.CutPrefix(text, "+")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return nil, nil, fmt.Errorf("--%s %q: want a number such as 5 (0: no limit), or +5 to add 5", flag, text)
	}
	if adds {
		return nil, &n, nil
	}
	return &n, nil, nil
}

// parseLimit reads a flag that sets a limit; nil: it was not given.
func parseLimit(flag, text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	digits, err := strconv.ParseUint(text, 10, 63) // which takes no sign: +1 would read as "one more"
	if err != nil {
		return nil, fmt.Errorf("--%s %q: want a number such as 2 (0: no limit)", flag, text)
	}
	n := int64(digits)
	return &n, nil
}

// page is a listing's flags.
type page struct {
	limit  int
	cursor string
}

func (p *page) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&p.limit, "limit", 50, "How many to list, the newest first; at most 200")
	cmd.Flags().StringVar(&p.cursor, "cursor", "", "Read on where the page before ended, which said so")
}

func (p *page) query() url.Values {
	query := url.Values{"limit": {strconv.Itoa(p.limit)}}
	if p.cursor != "" {
		query.Set("cursor", p.cursor)
	}
	return query
}
