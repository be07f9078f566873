package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// Streams are server-sent events, as the HTML standard writes them.
const (
	streamEvery = time.Second      // how often the store is asked
	streamBeat  = 15 * time.Second // how often a comment says that the stream lives
	streamStuck = 10 * time.Second // how long a client may take nothing
	streamRetry = 3 * time.Second  // when a client comes again
)

// Bounds of how many streams a server has at once.
const (
	maxStreams     = 64
	maxStreamsEach = 8
)

// Streams counts what is streamed.
type Streams struct {
	mu  sync.Mutex
	all int
	by  map[string]int
}

// NewStreams returns a count of nothing.
func NewStreams() *Streams { return &Streams{by: map[string]int{}} }

// enter takes a place, which leave gives back.
func (s *Streams) enter(who string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.by[who] >= maxStreamsEach:
		return nil, tooMany.because(fmt.Sprintf("you have %d streams open already, and more are not given to one caller", maxStreamsEach))
	case s.all >= maxStreams:
		return nil, busy.because(fmt.Sprintf("there are %d streams open already, and a server has no more", maxStreams))
	}
	s.all++
	s.by[who]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.by[who]--; s.by[who] == 0 {
			delete(s.by, who)
		}
	}, nil
}

// frame is one event of a stream.
type frame struct {
	id    string // empty: a client does not go on from here
	event string
	data  any
}

// errStuck is what a client is that takes nothing, or went away.
var errStuck = errors.New("the client is gone")

// streaming answers with a stream of what next gives, until the client goes, the
// server ends or is configured anew, or who asks may not any more.
func (c *call) streaming(next func(*call) ([]frame, error)) (answer, error) {
	leave, err := c.Streams.enter(c.by)
	if err != nil {
		return answer{}, err
	}
	return answer{stream: func() {
		defer leave()
		ctx, cancel := context.WithCancel(c.r.Context())
		defer cancel()
		defer context.AfterFunc(c.Ending, cancel)()
		c.r = c.r.WithContext(ctx)
		s := stream{call: c, control: http.NewResponseController(c.w)}
		s.run(next)
	}}, nil
}

// stream is one that runs.
type stream struct {
	*call
	control *http.ResponseController
	beaten  time.Time // when something was written last
}

func (s *stream) run(next func(*call) ([]frame, error)) {
	header := s.w.Header()
	header.Set("Content-Type", streamMedia)
	header.Set("X-Accel-Buffering", "no") // proxies in front keep nothing back
	s.w.WriteHeader(http.StatusOK)
	if s.r.Method == http.MethodHead || s.write(fmt.Appendf(nil, "retry: %d\n\n", streamRetry.Milliseconds())) != nil {
		return
	}
	tick := time.NewTicker(streamEvery)
	defer tick.Stop()
	for {
		if s.turn(next) != nil {
			return
		}
		select {
		case <-s.r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// turn finds out anew who asks, since their key may be gone, or their rights, and
// tells what is new. A store that does not answer just now is asked again; nothing
// is told without knowing that it may be.
func (s *stream) turn(next func(*call) ([]frame, error)) error {
	_, err := s.identify(s.access, s.secure)
	var frames []frame
	if err == nil {
		frames, err = next(s.call)
	}
	if err != nil && refused(err) {
		return err
	}
	for _, f := range frames {
		if err := s.send(f); err != nil {
			return err
		}
	}
	if time.Since(s.beaten) >= streamBeat {
		return s.write([]byte(": still here\n\n"))
	}
	return nil
}

// refused reports an error that says that who asks may not.
func refused(err error) bool {
	return problemOf(err).Status < http.StatusInternalServerError
}

func (s *stream) send(f frame) error {
	data, err := json.Marshal(f.data, json.Deterministic(true))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if f.id != "" {
		fmt.Fprintf(&b, "id: %s\n", f.id)
	}
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", f.event, data) // JSON has no line ends
	return s.write(b.Bytes())
}

// write writes and flushes. Whoever takes nothing for a while is let go.
func (s *stream) write(text []byte) error {
	s.beaten = time.Now()
	if err := s.control.SetWriteDeadline(s.beaten.Add(streamStuck)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errStuck
	}
	if _, err := s.w.Write(text); err != nil {
		return errStuck
	}
	if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errStuck
	}
	return nil
}
