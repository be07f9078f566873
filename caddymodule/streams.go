package caddymodule

import (
	"context"
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
)

// stream is one running answer.
type stream struct {
	gate    *gate.Gate
	verdict gate.Verdict
	request *http.Request
	control *http.ResponseController
	since   time.Time // last time it was known to be allowed
	// cut stops the next write too: a server that moves the deadline with
	// each write would otherwise let the answer live on.
	cut atomic.Bool
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
	one := &stream{gate: g, verdict: v, request: r, control: http.NewResponseController(w), since: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[one] = struct{}{}
	return one
}

func (s *streams) remove(one *stream) {
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
	gate  *gate.Gate
	claim gate.Claim
}

// cut ends the answers that may not run on, through the write deadline of
// their connection: that also wakes a write that waits, and needs no wrapping
// of the bytes.
func (s *streams) cut(ctx context.Context, now time.Time, logger *zap.Logger) {
	groups := map[question][]*stream{}
	for _, one := range s.older(now.Add(-cutEvery)) {
		q := question{one.gate, one.verdict.Claim}
		groups[q] = append(groups[q], one)
	}
	for q, group := range groups {
		refusal, err := q.gate.Still(ctx, group[0].verdict)
		for _, one := range group {
			switch {
			case err != nil && now.Sub(one.since) < cutUnknown:
			case err != nil, refusal.Reason != gate.OK:
				reason := refusal.Reason
				if err != nil {
					reason = gate.StoreDown
				}
				one.end(reason, logger)
			default:
				one.since = now
			}
		}
	}
}

func (one *stream) end(reason gate.Reason, logger *zap.Logger) {
	one.cut.Store(true)
	dropUnsent(one.request)
	if err := one.control.SetWriteDeadline(time.Now()); err != nil {
		logger.Error("a running answer could not be cut", zap.Error(err))
		return
	}
	logger.Info("a running answer was cut", zap.Stringer("reason", reason),
		zap.Stringer("link", one.verdict.Link.ID), zap.Stringer("session", one.verdict.Session))
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
