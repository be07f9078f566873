package compare

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redis"
	"github.com/usher-media/usher/loadtest/internal/relay"
)

// trip is the round trip that a strict check cannot do without: the very bytes
// that the store sends for one, on a plain connection, with nothing around it.
type trip struct {
	conn    net.Conn
	request []byte
	answer  int // bytes, about: a reading of the clock has a few more or less
}

// recordTrip makes a check through a relay that keeps what passes.
func recordTrip(ctx context.Context, s *stand) (*trip, error) {
	var sessions api.SessionList
	if err := s.server.Call(ctx, http.MethodGet, "/sessions?limit=1&link="+s.links[0].ID, nil, &sessions); err != nil {
		return nil, err
	}
	if len(sessions.Sessions) != 1 {
		return nil, fmt.Errorf("link %s shows no session", s.links[0].ID)
	}
	one := sessions.Sessions[0]
	query := gate.Query{Link: one.Link, Session: one.ID, Subject: gate.SubjectOf(one.Device), Asset: one.Plays[0].Asset}

	var mu sync.Mutex
	var asked, answered bytes.Buffer
	tap, err := relay.Start(s.redis.Addr, func() relay.Hook {
		return func(fromClient bool, piece []byte) relay.Fate {
			mu.Lock()
			defer mu.Unlock()
			if fromClient {
				asked.Write(piece)
			} else {
				answered.Write(piece)
			}
			return relay.Pass
		}
	})
	if err != nil {
		return nil, err
	}
	defer tap.Close()
	store, err := redis.Open("redis://"+tap.Addr, redis.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	for range 2 { // the first one connects, and says hello
		mu.Lock()
		asked.Reset()
		answered.Reset()
		mu.Unlock()
		state, err := store.Check(ctx, query)
		if err != nil {
			return nil, err
		}
		if !state.Session.Exists || !state.Play.Exists {
			return nil, fmt.Errorf("the recorded check finds no session or no play of %s", one.ID)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.redis.Addr)
	if err != nil {
		return nil, err
	}
	return &trip{conn: conn, request: bytes.Clone(asked.Bytes()), answer: answered.Len()}, nil
}

func (t *trip) close() { _ = t.conn.Close() }

// slack is how much longer or shorter an answer may be than the recorded one:
// counts grow digits, and a session learns at which rate it asks.
const slack = 256

// plainTrip measures trips to the stand's Redis for a while and returns the
// median, in µs. Between two of them is a request to bare Caddy, as there is in
// a gateway with one viewer: trips without a pause meet a Redis that never
// sleeps, on a processor that does nothing else.
func (s *stand) plainTrip(ctx context.Context, during time.Duration, bare *stand) (float64, error) {
	between, err := hire(ctx, bare.server.Addr, bare.shots[:1])
	if err != nil {
		return 0, err
	}
	defer between.dismiss()
	viewer := between.hands[0]
	if err := viewer.conn.SetDeadline(time.Now().Add(during + patience)); err != nil {
		return 0, err
	}
	return s.trip.measure(ctx, during, func() error {
		shot := &viewer.shots[0]
		got, err := viewer.conn.Do(shot.request)
		if err == nil && got != shot.want {
			err = fmt.Errorf("bare Caddy answers %+v instead of %+v", got, shot.want)
		}
		return err
	})
}

// measure makes trips for a while, each after between, and returns the median.
func (t *trip) measure(ctx context.Context, during time.Duration, between func() error) (float64, error) {
	stop := context.AfterFunc(ctx, t.close)
	defer stop()
	h := newHistogram()
	buf := make([]byte, t.answer+slack+1)
	for end := time.Now().Add(during); time.Now().Before(end); {
		if err := between(); err != nil {
			return 0, err
		}
		began := time.Now()
		if _, err := t.conn.Write(t.request); err != nil {
			return 0, err
		}
		n, err := t.conn.Read(buf) // Redis writes what it has to say to a pipeline at once
		if err != nil {
			return 0, err
		}
		if n < t.answer/2 || n > t.answer+slack {
			return 0, fmt.Errorf("a check on its own got %d bytes from redis where the store got %d", n, t.answer)
		}
		record(h, time.Since(began))
	}
	return micros(h.ValueAtQuantile(50)), nil
}

const (
	shortest = time.Microsecond
	longest  = time.Minute
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(shortest.Nanoseconds(), longest.Nanoseconds(), 3)
}

func record(h *hdrhistogram.Histogram, took time.Duration) {
	_ = h.RecordValue(min(took, longest).Nanoseconds()) // fails only above the longest
}

func micros(nanoseconds int64) float64 { return float64(nanoseconds) / 1e3 }
