package config

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that is written as text, days included, the way
// Caddy writes durations: "90s", "30m", "36h", "2d", "1d12h".
type Duration time.Duration

// ParseDuration reads a positive duration.
func ParseDuration(text string) (Duration, error) {
	bad := fmt.Errorf("%q is not a duration: want a number and a unit, such as 90s, 30m, 48h or 7d", text)
	rest := text
	var days time.Duration
	if number, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || n < 0 || n > 100_000 || strings.ContainsAny(number, "eExXpPiInN+-_") {
			return 0, bad
		}
		days, rest = time.Duration(n*24*float64(time.Hour)), after
	}
	if rest == "" {
		if days <= 0 {
			return 0, bad
		}
		return Duration(days), nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d+days <= 0 || d < 0 {
		return 0, bad
	}
	return Duration(d + days), nil
}

// String writes the duration as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes the duration as text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads text, or nanoseconds as Caddy does.
func (d *Duration) UnmarshalJSON(text []byte) error {
	var words string
	if err := json.Unmarshal(text, &words); err == nil {
		parsed, err := ParseDuration(words)
		*d = parsed
		return err
	}
	var n int64
	if err := json.Unmarshal(text, &n); err != nil || n <= 0 {
		return fmt.Errorf("%s is not a duration: want text such as \"30m\"", text)
	}
	*d = Duration(n)
	return nil
}
