package compare

import (
	"context"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// cell is one system of one kind under one number of connections.
type cell struct {
	kind    kind
	conns   int
	stand   *stand
	rounds  []sample
	latency *hdrhistogram.Histogram
}

func newCell(k kind, conns int, s *stand) *cell {
	return &cell{kind: k, conns: conns, stand: s, latency: newHistogram()}
}

// sample is a cell in one round. Processor times are µs a request.
type sample struct {
	requests  int64
	errors    int64
	first     error // the first of them
	perSecond float64
	cpu       float64
	redisCPU  float64
	commands  float64
	trips     float64
	p50       float64 // µs
	plainTrip float64 // µs; with one connection, on Redis
}

// counters are what servers count themselves.
type counters struct {
	at              time.Time
	cpu, redisCPU   time.Duration
	commands, reads int64
}

// read takes the counters. Its own question to Redis is one command and one
// read, of which the next reading sees the traces.
func (s *stand) read(ctx context.Context) (c counters, err error) {
	if s.redis != nil {
		if c.commands, c.reads, err = s.redis.Work(ctx); err != nil {
			return c, err
		}
		if c.redisCPU, err = s.redis.CPU(); err != nil {
			return c, err
		}
	}
	c.at = time.Now()
	c.cpu, err = s.server.CPU()
	return c, err
}

// warm is how long a cell runs before it counts, as a part of its time: the
// connections are new, and the server's heap has to find its size.
const warm = 4

// measure runs the cell once; bare is the one of bare Caddy beside it.
func (c *cell) measure(ctx context.Context, during time.Duration, bare *cell) error {
	crew, err := hire(ctx, c.stand.server.Addr, c.stand.shots[:c.conns])
	if err != nil {
		return err
	}
	defer crew.dismiss()
	if _, _, err := crew.work(ctx, during/warm); err != nil {
		return err
	}
	before, err := c.stand.read(ctx)
	if err != nil {
		return err
	}
	s, latency, err := crew.work(ctx, during)
	if err != nil {
		return err
	}
	after, err := c.stand.read(ctx)
	if err != nil {
		return err
	}
	s.weigh(before, after)
	s.p50 = micros(latency.ValueAtQuantile(50))
	if c.conns == 1 && c.stand.trip != nil && !c.kind.download {
		if s.plainTrip, err = c.stand.plainTrip(ctx, during/warm, bare.stand); err != nil {
			return err
		}
	}
	c.latency.Merge(latency)
	c.rounds = append(c.rounds, s)
	return nil
}

// weigh divides what the servers counted by the requests.
func (s *sample) weigh(before, after counters) {
	const asking = 1 // the first reading's own question
	n := float64(max(s.requests, 1))
	s.perSecond = float64(s.requests) / after.at.Sub(before.at).Seconds()
	s.cpu = micros(int64(after.cpu-before.cpu)) / n
	s.redisCPU = micros(int64(after.redisCPU-before.redisCPU)) / n
	if after.commands > 0 {
		s.commands = float64(after.commands-before.commands-asking) / n
		s.trips = float64(after.reads-before.reads-asking) / n
	}
}
