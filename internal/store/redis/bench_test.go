package redis

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/token"
)

// meter reads what a benchmark costs the two processes.
type meter struct {
	*testing.B
	admin  *goredis.Client
	server map[string]float64
	own    float64
}

// startMeter begins to measure.
func startMeter(b *testing.B, url string) *meter {
	b.Helper()
	b.ReportAllocs()
	m := &meter{B: b, admin: admin(b, url)}
	m.server, m.own = m.info(), ownCPU(b)
	b.ResetTimer()
	return m
}

// report tells the costs of one operation: µs of CPU of the server and of this
// process, and how often the server read and what it was asked. One reading
// of the server's is one trip, unless that is longer than its buffer.
func (m *meter) report() {
	m.Helper()
	m.StopTimer()
	own, server := ownCPU(m.B), m.info()
	per := func(name, unit string, scale float64) {
		m.ReportMetric((server[name]-m.server[name])*scale/float64(m.N), unit)
	}
	m.ReportMetric((own-m.own)*1e6/float64(m.N), "client-µs/op")
	server["cpu"] = server["used_cpu_user"] + server["used_cpu_sys"]
	m.server["cpu"] = m.server["used_cpu_user"] + m.server["used_cpu_sys"]
	per("cpu", "redis-µs/op", 1e6)
	per("total_reads_processed", "trips/op", 1)
	per("total_commands_processed", "commands/op", 1)
}

func (m *meter) info() map[string]float64 {
	m.Helper()
	text, err := m.admin.InfoMap(m.Context(), "cpu", "stats").Result()
	if err != nil {
		m.Fatal(err)
	}
	numbers := make(map[string]float64)
	for _, section := range text {
		for name, value := range section {
			if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				numbers[name] = n
			}
		}
	}
	return numbers
}

// ownCPU is the CPU time of this process in seconds.
func ownCPU(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// spread makes so many visitors in an open play, on eight links.
func spread(b *testing.B, s *Store, visitors int) []gate.Opening {
	b.Helper()
	links := make([]gate.LinkID, 8)
	for i := range links {
		links[i] = link(b, s, gate.Terms{Views: 1000})
	}
	all := make([]gate.Opening, visitors)
	for i := range all {
		all[i] = visit(b, s, links[i%len(links)])
		watch(b, s, all[i], "film")
	}
	return all
}

// BenchmarkCheck is the decision about a segment inside an open play, by so
// many callers at a time, each with a session of its own.
func BenchmarkCheck(b *testing.B) {
	for _, callers := range []int{1, 32, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			srv := redistest.Start(b)
			s := open(b, srv.URL(), nil)
			visitors := spread(b, s, callers)
			m := startMeter(b, srv.URL())
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			for _, o := range visitors {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						if state, err := s.Check(b.Context(), query(o, "film")); err != nil || !state.Play.Exists {
							b.Error(state.Play, err)
							return
						}
					}
				})
			}
			all.Wait()
			m.report()
		})
	}
}

// BenchmarkTrip is what nobody can go below: one small read, one trip.
func BenchmarkTrip(b *testing.B) {
	srv := redistest.Start(b)
	s := open(b, srv.URL(), nil)
	id := link(b, s, gate.Terms{})
	key := keysOf(id).account()
	m := startMeter(b, srv.URL())
	for b.Loop() {
		if err := s.client.HGet(b.Context(), key, "sums").Err(); err != nil {
			b.Fatal(err)
		}
	}
	m.report()
}

// BenchmarkPlay is a Reserve and a Settle, one viewer after the other.
func BenchmarkPlay(b *testing.B) {
	srv := redistest.Start(b)
	s := open(b, srv.URL(), nil)
	o := visit(b, s, link(b, s, gate.Terms{}))
	m := startMeter(b, srv.URL())
	for b.Loop() {
		o.Subject = gate.Subject(token.NewID(time.Now()))
		watch(b, s, o, "film")
	}
	m.report()
}

// BenchmarkOpen is a fresh device that presses Watch.
func BenchmarkOpen(b *testing.B) {
	srv := redistest.Start(b)
	s := open(b, srv.URL(), nil)
	id := link(b, s, gate.Terms{})
	m := startMeter(b, srv.URL())
	for b.Loop() {
		o := visitor(id)
		o.Hold = true
		if opened, err := s.Open(b.Context(), o); err != nil || opened.Refused.Reason != gate.OK {
			b.Fatalf("%+v, %v", opened, err)
		}
	}
	m.report()
}
