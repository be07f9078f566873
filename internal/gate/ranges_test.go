package gate

import (
	"net/http"
	"testing"
)

func TestIsProbe(t *testing.T) {
	for _, c := range []struct {
		contentRange string
		want         bool
	}{
		{"bytes 0-0/1000", true},
		{"bytes 0-1/2", true},
		{"bytes 0-2/1000", false},
		{"bytes 5-6/1000", false},
		{"bytes 875-999/1000", true},
		{"bytes 874-999/1000", false},
		{"bytes 875-998/1000", false},
		{"bytes 8951424-9999999/10000000", true},
		{"bytes 8951423-9999999/10000000", false},
		{"bytes 0-999/1000", false},
		{"bytes 999-999/1000", true},
		{"bytes 1000-1000/1000", false},
		{"bytes 0-1/*", false},
		{"bytes */1000", false},
		{"bytes -5/1000", false},
		{"bytes 5-/1000", false},
		{"items 0-1/1000", false},
		{"bytes=0-1/1000", false},
		{"", false},
	} {
		if got := IsProbe(http.StatusPartialContent, c.contentRange); got != c.want {
			t.Errorf("IsProbe(206, %q) = %v, want %v", c.contentRange, got, c.want)
		}
		if IsProbe(http.StatusOK, c.contentRange) {
			t.Errorf("a whole file with %q passes as a probe", c.contentRange)
		}
	}
}
