package embedded

import (
	"runtime"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// BenchmarkCheck is the decision about a segment inside an open play.
func BenchmarkCheck(b *testing.B) {
	s := openStore(b, privateDir(b), Options{})
	defer closeStore(b, s)
	c := visit(b, s, gate.Terms{})
	watch(b, s, c)
	q := queryOf(c)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if state, err := s.Check(b.Context(), q); err != nil || !state.Play.Exists {
				b.Error(state, err)
				return
			}
		}
	})
}

// BenchmarkPlay is a durable Reserve and a durable Settle, by 64 callers.
func BenchmarkPlay(b *testing.B) {
	s := openStore(b, privateDir(b), Options{})
	defer closeStore(b, s)
	c := visit(b, s, gate.Terms{})
	b.ReportAllocs()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		c := c
		for pb.Next() {
			c.Subject = gate.Subject(newID()) // each iteration is another viewer's
			if _, err := s.Reserve(b.Context(), c); err != nil {
				b.Error(err)
				return
			}
			if settled, err := s.Settle(b.Context(), chargeOf(c)); err != nil || !settled.Charged {
				b.Error(settled, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "plays/s")
}
