package config

import (
	"encoding/json"
	"testing"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{"1B": 1, "500MB": 500_000_000, "10GiB": 10 << 30, "2TiB": 2 << 40, "3KB": 3000, "1KiB": 1024} {
		got, err := ParseSize(text)
		if err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
		written, err := json.Marshal(got)
		var back Size
		if err != nil || json.Unmarshal(written, &back) != nil || back != got {
			t.Errorf("%s is written as %s, %v", text, written, err)
		}
	}
	for _, text := range []string{"", "B", "10", "0B", "-1MB", "+1MB", "1.5GB", "1 GB", "1gb", "99999999TiB", "0x1B"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
	for _, text := range []string{"0", "-1", "true", `"x"`} {
		if err := json.Unmarshal([]byte(text), new(Size)); err == nil {
			t.Errorf("%s is taken for a size", text)
		}
	}
}

func FuzzSize(f *testing.F) {
	f.Add("10GiB")
	f.Fuzz(func(t *testing.T, text string) {
		size, err := ParseSize(text)
		if err != nil {
			return
		}
		if again, err := ParseSize(size.String()); err != nil || again != size || size <= 0 {
			t.Fatalf("%q is %d, written %s", text, size, size)
		}
	})
}
