package compare

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/usher-media/usher/loadtest/internal/wire"
)

// crew is the viewers of one cell, each with a connection.
type crew struct {
	hands   []*hand
	dismiss func()
}

// hand is one viewer.
type hand struct {
	conn    *wire.Conn
	shots   []shot
	next    int
	latency *hdrhistogram.Histogram
	errors  int64
	first   error // the first of them
}

// hire connects one hand for each list of shots.
func hire(ctx context.Context, addr string, shots [][]shot) (*crew, error) {
	c := &crew{}
	hangUp := func() {
		for _, h := range c.hands {
			_ = h.conn.Close()
		}
	}
	for _, list := range shots {
		conn, err := wire.Dial(ctx, addr)
		if err != nil {
			hangUp()
			return nil, err
		}
		c.hands = append(c.hands, &hand{conn: conn, shots: list, latency: newHistogram()})
	}
	stop := context.AfterFunc(ctx, hangUp) // wakes whoever waits for an answer
	c.dismiss = func() {
		stop()
		hangUp()
	}
	return c, nil
}

// tired is after how many wrong answers a hand gives up for this time. Refusing
// is fast: a server that refuses everything would keep the machine busy with it.
const tired = 100

// work lets all hands ask for a while. Every request that was begun is
// finished and counted: requests and what the servers count belong together.
func (c *crew) work(ctx context.Context, during time.Duration) (sample, *hdrhistogram.Histogram, error) {
	end := time.Now().Add(during)
	var wg sync.WaitGroup
	for _, h := range c.hands {
		wg.Go(func() { h.work(end) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return sample{}, nil, err
	}
	s, latency := sample{}, newHistogram()
	for _, h := range c.hands {
		s.requests += h.latency.TotalCount()
		s.errors += h.errors
		if s.first == nil {
			s.first = h.first
		}
		latency.Merge(h.latency)
	}
	if s.requests == 0 {
		return s, nil, fmt.Errorf("not one right answer within %s: %w", during, s.first)
	}
	return s, latency, nil
}

func (h *hand) work(end time.Time) {
	h.latency.Reset()
	h.errors, h.first = 0, nil
	// A server that hangs is an error, and not a run without end.
	if err := h.conn.SetDeadline(end.Add(patience)); err != nil {
		h.errors, h.first = 1, err
		return
	}
	for began := time.Now(); began.Before(end) && h.errors < tired; {
		shot := &h.shots[h.next%len(h.shots)]
		h.next++
		got, err := h.conn.Do(shot.request)
		done := time.Now()
		switch {
		case err != nil:
			h.wrong(err)
			return // a connection is not used after it failed
		case got != shot.want:
			h.wrong(fmt.Errorf("%+v instead of %+v", got, shot.want))
		default:
			record(h.latency, done.Sub(began))
		}
		began = done
	}
}

func (h *hand) wrong(err error) {
	if h.errors++; h.first == nil {
		h.first = err
	}
}

// patience is how long the last answers of a cell may take.
const patience = 10 * time.Second
