package redis

import (
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/token"
)

func BenchmarkCheck(b *testing.B) {
	s := open(b, redistest.Start(b).URL(), nil)
	o := visit(b, s, link(b, s, gate.Terms{}))
	watch(b, s, o, "film")
	check := func() {
		if state, err := s.Check(b.Context(), query(o, "film")); err != nil || !state.Play.Exists {
			b.Errorf("%+v, %v", state, err)
		}
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			check()
		}
	})
	b.Run("many", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				check()
			}
		})
	})
}

func BenchmarkReserveSettle(b *testing.B) {
	s := open(b, redistest.Start(b).URL(), nil)
	o := visit(b, s, link(b, s, gate.Terms{}))
	b.ReportAllocs()
	for b.Loop() {
		o.Subject = gate.Subject(token.NewID(time.Now()))
		watch(b, s, o, "film")
	}
}
