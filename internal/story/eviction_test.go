package story

import (
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// A Redis that may throw links away is refused at the start; one that is not
// there yet is not.
func TestRedisThatEvictsIsRefused(t *testing.T) {
	r := redistest.Start(t, "--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")
	s := storytest.New(t, storytest.Options{Caddyfile: redisCaddyfile(r.URL())})
	if err := s.RunToEnd(); err == nil || !strings.Contains(err.Error(), "set maxmemory-policy to noeviction") {
		t.Fatalf("%v", err)
	}
}
