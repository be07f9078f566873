package config

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes that is written with a unit: "500MB", "10GiB".
type Size int64

// units are what sizes are written in, the largest of each kind first.
var units = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// ParseSize reads a number above zero and its unit.
func ParseSize(text string) (Size, error) {
	for _, unit := range units {
		number, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/unit.bytes || number[0] == '+' {
			break
		}
		return Size(n * unit.bytes), nil
	}
	return 0, fmt.Errorf("%q is not a size: want a whole number and a unit, such as 500MB or 10GiB", text)
}

// String writes the size in the largest unit that it is a whole number of.
func (s Size) String() string {
	for _, unit := range units {
		if int64(s)%unit.bytes == 0 && s != 0 {
			return strconv.FormatInt(int64(s)/unit.bytes, 10) + unit.name
		}
	}
	return "0B"
}

// MarshalJSON writes the size as text.
func (s Size) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads text, or a number of bytes.
func (s *Size) UnmarshalJSON(text []byte) error {
	var words string
	if err := json.Unmarshal(text, &words); err == nil {
		parsed, err := ParseSize(words)
		*s = parsed
		return err
	}
	var n int64
	if err := json.Unmarshal(text, &n); err != nil || n <= 0 {
		return fmt.Errorf("%s is not a size: want text such as \"10GiB\"", text)
	}
	*s = Size(n)
	return nil
}
