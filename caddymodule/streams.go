package caddymodule

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/watch"
)

const (
	// cutEvery is how often running answers are looked at again.
	cutEvery = time.Second
	// cutUnknown is how long an answer runs on while the store cannot say
	// whether it may. A revocation made elsewhere would not be seen longer.
	cutUnknown = 5 * time.Second
	// cutAtOnce bounds the store trips under way while looking.
	cutAtOnce = 16
)

// stream is one running answer.
type stream struct {
	gate    *gate.Gate
	verdict gate.Verdict
	request *http.Request
	writer  http.ResponseWriter
	since   time.Time // last time it was known to be allowed; the cutter's own
	// cut stops the next write too: Caddy moves the write deadline with each
	// chunk, and would let the answer live on.
	cut atomic.Bool

	mu       sync.Mutex
	finished bool // the handler is returning: its connection may serve others
}

// streams are the running answers of one store, of every config that still
// has any: a revocation must reach downloads that an older config began.
// Their number is bounded by the connections that Caddy accepts.
type streams struct {
	mu  sync.Mutex
	all map[*stream]struct{}
}

func newStreams() *streams { return &streams{all: map[*stream]struct{}{}} }

// add registers a running answer.
func (s *streams) add(g *gate.Gate, v gate.Verdict, w http.ResponseWriter, r *http.Request) *stream {
	one := &stream{gate: g, verdict: v, writer: w, request: r, since: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[one] = struct{}{}
	return one
}

// remove ends the registration. When it returns, the cutter does not touch the
// answer's connection any more.
func (s *streams) remove(one *stream) {
	one.mu.Lock()
	one.finished = true
	one.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, one)
}

// older returns the streams that have run for a while: short answers are not
// worth a store trip.
func (s *streams) older(than time.Time) []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*stream
	for one := range s.all {
		if one.since.Before(than) {
			list = append(list, one)
		}
	}
	return list
}

// question is what streams of one session and asset have in common.
type question struct {
	gate    *gate.Gate
	link    gate.LinkID
	session gate.SessionID
	asset   string
}

// cut ends the answers that may not run on.
func (s *streams) cut(ctx context.Context, now time.Time, logger *zap.Logger) {
	groups := map[question][]*stream{}
	for _, one := range s.older(now.Add(-cutEvery)) {
		c := one.verdict.Claim
		q := question{one.gate, c.Link, c.Session, c.Asset}
		groups[q] = append(groups[q], one)
	}
	slots := make(chan struct{}, cutAtOnce)
	var wg sync.WaitGroup
	for _, group := range groups {
		slots <- struct{}{}
		wg.Go(func() {
			cutGroup(ctx, group, now, logger)
			<-slots
		})
	}
	wg.Wait()
}

func cutGroup(ctx context.Context, group []*stream, now time.Time, logger *zap.Logger) {
	refusal, err := group[0].gate.Still(ctx, group[0].verdict)
	for _, one := range group {
		switch {
		case err == nil && refusal.Reason == gate.OK:
			one.since = now
		case err == nil:
			one.end(refusal.Reason, logger)
		case now.Sub(one.since) >= cutUnknown:
			one.end(gate.StoreDown, logger)
		}
	}
}

// end cuts the answer: a write that waits is woken by the write deadline, the
// next one finds the mark, and what the kernel still holds is dropped.
func (one *stream) end(reason gate.Reason, logger *zap.Logger) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.finished || one.cut.Swap(true) {
		return
	}
	var err error
	if conn := connOf(one.request); conn != nil {
		dropUnsent(conn)
		err = conn.SetWriteDeadline(time.Now())
	} else {
		err = http.NewResponseController(innermost(one.writer)).SetWriteDeadline(time.Now())
	}
	if err != nil {
		logger.Error("a running answer could not be cut; its next write fails", zap.Error(err))
		return
	}
	logger.Info("a running answer was cut", zap.Stringer("reason", reason),
		zap.Stringer("link", one.verdict.Link.ID), zap.Stringer("session", one.verdict.Session))
}

// innermost is the server's own writer. Caddy's wrapper for idle timeouts
// keeps a deadline that was set through it in a field that only the handler's
// goroutine may touch.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = wrapper.Unwrap()
	}
}

// note marks the plays of running answers as being watched: one long answer
// must not look idle.
func (s *streams) note(usage *watch.Gatherer, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.all {
		if one.verdict.Countable {
			usage.Note(usageOf(one.verdict, now, 0))
		}
	}
}

func usageOf(v gate.Verdict, now time.Time, bytes int64) gate.Usage {
	return gate.Usage{
		Link: v.Claim.Link, Session: v.Claim.Session, Subject: v.Claim.Subject, Asset: v.Claim.Asset,
		Pace: v.Claim.Pace, Bytes: bytes, LastSeen: now,
	}
}

// connOf is the request's own connection, on HTTP/1, where it serves nobody
// else at the time; nil on HTTP/2 and 3.
func connOf(r *http.Request) net.Conn {
	if r.ProtoMajor != 1 {
		return nil
	}
	conn, _ := r.Context().Value(connKey{}).(net.Conn)
	return conn
}
