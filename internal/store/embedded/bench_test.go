package embedded

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// eachOf lets so many callers, each with a session of its own, make b.N calls.
func eachOf(b *testing.B, s *Store, callers int, call func(gate.Claim) error) {
	b.Helper()
	claims := make([]gate.Claim, callers)
	for i := range claims {
		claims[i] = visit(b, s, gate.Terms{})
		watch(b, s, claims[i])
	}
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	for _, c := range claims {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(c); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func benchmark(b *testing.B, call func(*Store) func(gate.Claim) error) {
	for _, callers := range []int{1, 32, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := openStore(b, privateDir(b), Options{})
			defer closeStore(b, s)
			eachOf(b, s, callers, call(s))
		})
	}
}

// BenchmarkCheck is the decision about a segment inside an open play.
func BenchmarkCheck(b *testing.B) {
	benchmark(b, func(s *Store) func(gate.Claim) error {
		return func(c gate.Claim) error {
			state, err := s.Check(b.Context(), queryOf(c))
			if err == nil && !state.Play.Exists {
				err = fmt.Errorf("no play: %+v", state)
			}
			return err
		}
	})
}

// BenchmarkPlay is a durable Reserve and a durable Settle.
func BenchmarkPlay(b *testing.B) {
	benchmark(b, func(s *Store) func(gate.Claim) error {
		return func(c gate.Claim) error {
			c.Subject = gate.Subject(newID()) // each is another viewer's
			if _, err := s.Reserve(b.Context(), c); err != nil {
				return err
			}
			settled, err := s.Settle(b.Context(), chargeOf(c))
			if err == nil && !settled.Charged {
				err = fmt.Errorf("not charged: %+v", settled)
			}
			return err
		}
	})
}

// BenchmarkOpen is a fresh device that presses Watch, durably.
func BenchmarkOpen(b *testing.B) {
	benchmark(b, func(s *Store) func(gate.Claim) error {
		return func(c gate.Claim) error {
			o := openingOf(c.Link)
			o.Hold = true
			opened, err := s.Open(b.Context(), o)
			if err == nil && opened.Refused.Reason != gate.OK {
				err = fmt.Errorf("refused: %+v", opened)
			}
			return err
		}
	})
}
