package guard_test

import (
	"context"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/guard"
)

// instant is a store that answers at once, and bounds itself.
type instant struct{ gate.Store }

func (instant) Check(ctx context.Context, _ gate.Query) (gate.State, error) {
	return gate.State{}, ctx.Err()
}

// BenchmarkCheck is what the guard adds to a call, by all processors at once.
func BenchmarkCheck(b *testing.B) {
	s := guard.New(instant{}, func(guard.Verb, guard.Outcome, time.Duration) {})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Check(b.Context(), gate.Query{}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
