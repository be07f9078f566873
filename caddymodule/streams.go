package caddymodule

import (
	"context"
	"net"
	"net/http"
	"slices"
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

// stream is a running answer as the cutter knows it. It is a part of the
// answer, so that registering one allocates nothing.
type stream struct {
	answer     *answer   // nil: not registered yet
	prev, next *stream   // guarded by the shard's lock
	since      time.Time // last time it was known to be allowed; the cutter's own
	// cut stops the next write too: Caddy moves the write deadline with each
	// chunk, and would let the answer live on.
	cut atomic.Bool

	mu       sync.Mutex
	reason   gate.Reason // why it was cut; read after the cut was seen
	finished bool        // the handler is returning: its connection may serve others
}

// streams are the running answers of one store, of every config that still
// has any: a revocation must reach downloads that an older config began.
// Their number is bounded by the connections that Caddy accepts.
type streams struct {
	shards [streamShards]streamShard
	news   news
}

// streamShards is how many lists there are, each with a lock of its own.
const streamShards = 32

type streamShard struct {
	mu    sync.Mutex
	first *stream
	_     [48]byte // no two locks on one cache line
}

func newStreams() *streams { return &streams{news: news{wake: make(chan struct{}, 1)}} }

func (s *streams) shardOf(a *answer) *streamShard {
	if a.verdict.Public { // of no session: any number that stays the same will do
		return &s.shards[a.in.came.Nanosecond()/1000%streamShards]
	}
	return &s.shards[a.verdict.Session[len(a.verdict.Session)-1]%streamShards]
}

// add registers an answer that begins to run.
func (s *streams) add(a *answer) {
	one, shard := &a.stream, s.shardOf(a)
	one.answer, one.since = a, time.Now()
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if one.next = shard.first; one.next != nil {
		one.next.prev = one
	}
	shard.first = one
}

// remove ends the registration. When it returns, the cutter does not touch the
// answer's connection any more.
func (s *streams) remove(one *stream) {
	one.mu.Lock()
	one.finished = true
	one.mu.Unlock()
	shard := s.shardOf(one.answer)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if one.prev == nil {
		shard.first = one.next
	} else {
		one.prev.next = one.next
	}
	if one.next != nil {
		one.next.prev = one.prev
	}
	one.prev, one.next = nil, nil
}

// each calls visit for every running answer, which may not block.
func (s *streams) each(visit func(*stream)) {
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		for one := shard.first; one != nil; one = one.next {
			visit(one)
		}
		shard.mu.Unlock()
	}
}

// question is what streams of one session and asset have in common, at one place.
type question struct {
	gate    *gate.Gate
	link    gate.LinkID
	session gate.SessionID
	asset   string
	place   gate.Place
	upload  *gate.Writing // each is one by itself
}

func questionOf(a *answer) question {
	c := &a.verdict.Claim
	return question{a.handler.gate, c.Link, c.Session, c.Asset, a.handler.app.backing.view.Place(a.verdict.Path), a.verdict.Writing}
}

// cutOld looks at the answers that have run for a while: short ones are not
// worth a store trip.
func (s *streams) cutOld(ctx context.Context, now time.Time, logger *zap.Logger) {
	long := now.Add(-cutEvery)
	s.cut(ctx, now, logger, func(one *stream) bool { return one.since.Before(long) })
}

// cutChanged looks at the answers that something was told about.
func (s *streams) cutChanged(ctx context.Context, now time.Time, logger *zap.Logger) {
	changed, all := s.news.take()
	s.cut(ctx, now, logger, func(one *stream) bool {
		v := &one.answer.verdict
		return all || changed[subject{link: v.Link.ID}] || changed[subject{v.Link.ID, v.Session}] ||
			slices.ContainsFunc(v.Link.Above, func(above gate.LinkID) bool { return changed[subject{link: above}] })
	})
}

// cut ends the answers among the chosen ones that may not run on.
func (s *streams) cut(ctx context.Context, now time.Time, logger *zap.Logger, chosen func(*stream) bool) {
	groups := map[question][]*stream{}
	s.each(func(one *stream) {
		if chosen(one) {
			q := questionOf(one.answer)
			groups[q] = append(groups[q], one)
		}
	})
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
	refusal, err := group[0].answer.handler.gate.Still(ctx, now, &group[0].answer.verdict)
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
// next one finds the mark, and what the kernel still holds is dropped. Of an
// upload it is the reading that is cut, and its refusal is written.
func (one *stream) end(reason gate.Reason, logger *zap.Logger) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.finished || one.cut.Load() {
		return
	}
	one.reason = reason
	one.cut.Store(true)
	what, err := "answer", error(nil)
	if one.answer.body != nil {
		what, err = "upload", one.cutReading()
	} else {
		err = one.cutWriting()
	}
	if err != nil {
		logger.Error("a running "+what+" could not be cut; it ends with the next piece", zap.Error(err))
		return
	}
	logger.Info("a running "+what+" was cut", zap.Stringer("reason", reason),
		zap.Stringer("link", one.answer.verdict.Link.ID), zap.Stringer("session", one.answer.verdict.Session))
}

func (one *stream) cutWriting() error {
	if conn := connOf(one.answer.request); conn != nil {
		dropUnsent(conn)
		return conn.SetWriteDeadline(time.Now())
	}
	return http.NewResponseController(innermost(one.answer.ResponseWriter)).SetWriteDeadline(time.Now())
}

func (one *stream) cutReading() error {
	return http.NewResponseController(innermost(one.answer.ResponseWriter)).SetReadDeadline(time.Now())
}

// because is why the answer was cut; false: it was not.
func (one *stream) because() (gate.Reason, bool) {
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.reason, one.cut.Load()
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

// note marks the plays of running answers as being watched, and the sessions of
// running uploads as being used: a long one must not look idle.
func (s *streams) note(usage *watch.Gatherer, now time.Time) {
	s.each(func(one *stream) {
		if v := &one.answer.verdict; v.Countable || v.Writing != nil && !v.Session.IsZero() {
			usage.Note(usageOf(v, now, 0))
		}
	})
}

func usageOf(v *gate.Verdict, now time.Time, bytes int64) gate.Usage {
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
