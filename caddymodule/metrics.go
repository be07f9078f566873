package caddymodule

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usher-media/usher/internal/forwarding"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/guard"
)

// The collectors live as long as the process, so that counts survive config
// reloads; each config registers them with its own registry. Labels are closed
// sets: never an id, an address, a path or a token.
var (
	requestsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_requests_total", Help: "Requests by outcome and reason.",
	}, []string{"verdict", "reason"})
	decisionSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "usher_decision_duration_seconds", Help: "Time from a request to its verdict.",
		Buckets: []float64{.00002, .00005, .0001, .0002, .0005, .001, .002, .005, .01, .05, .25},
	})
	playsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_plays_total", Help: "Plays charged, and reservations given back because no byte was sent.",
	}, []string{"outcome"})
	bytesTotal = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "usher_bytes_total", Help: "Bytes of bodies that were sent of what is gated.",
	})
	downloadsTotal = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "usher_downloads_total", Help: "Films that were asked for as a file to keep, and of which bytes were sent.",
	})
	recallTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_recall_total", Help: "Media requests on sites with a lease, by whether one was in hand; miss: the store was asked.",
	}, []string{"result"})
	storeCalls = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_store_calls_total", Help: "Store calls by verb and outcome; open: not asked, since it failed just now.",
	}, []string{"verb", "outcome"})
	storeSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "usher_store_call_duration_seconds", Help: "Time of store calls by verb.",
		Buckets: []float64{.00001, .0001, .0005, .001, .005, .01, .05, .1, .25},
	}, []string{"verb"})
	eventsDropped = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "usher_events_dropped_total", Help: "Usage facts (bytes, last seen) and events that were not kept, because too many were waiting for the store or it failed.",
	})
	sightingsDropped = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "usher_sightings_dropped_total", Help: "Sightings of links that were dropped because too many were waiting to be judged.",
	})
	suspicionsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_forwarding_suspicions_total", Help: "Links that were probably passed on, by how sure that is and what was done.",
	}, []string{"level", "action"})
	storeUp = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "usher_store_up", Help: "1 while the last store call succeeded, 0 while it failed.",
	})
)

// Outcomes of plays.
var (
	playsCharged  = playsTotal.WithLabelValues("charged")
	playsReturned = playsTotal.WithLabelValues("returned")
)

// Recalls of sites with a lease.
var (
	recallHit  = recallTotal.WithLabelValues("hit")
	recallMiss = recallTotal.WithLabelValues("miss")
)

// The requests by outcome, and the refused ones by reason. Looking a label up
// takes longer than counting.
var (
	requestsBy [gate.Blank + 1]prometheus.Counter
	refusedBy  = map[gate.Reason]prometheus.Counter{}
)

// The store's calls by verb and outcome, and their times by verb.
var (
	storeCallsBy   [][]prometheus.Counter
	storeSecondsBy []prometheus.Observer
)

func init() {
	// Label values that can occur exist from the start: an alert on an
	// increase must see the first one.
	for _, no := range gate.Reasons() {
		if no != gate.OK {
			refusedBy[no] = requestsTotal.WithLabelValues(gate.Refuse.String(), no.String())
		}
	}
	for _, outcome := range gate.Outcomes() {
		if outcome != gate.Refuse {
			requestsBy[outcome] = requestsTotal.WithLabelValues(outcome.String(), gate.OK.String())
		}
	}
	for _, level := range []forwarding.Level{forwarding.Likely, forwarding.Restream} {
		for _, action := range gate.OnForwards() {
			suspicionsTotal.WithLabelValues(level.String(), string(action))
		}
	}
	for _, verb := range guard.Verbs() {
		storeSecondsBy = append(storeSecondsBy, storeSeconds.WithLabelValues(verb.String()))
		var by []prometheus.Counter
		for _, outcome := range guard.Outcomes() {
			by = append(by, storeCalls.WithLabelValues(verb.String(), outcome.String()))
		}
		storeCallsBy = append(storeCallsBy, by)
	}
}

// collectors are all of them.
var collectors = []prometheus.Collector{requestsTotal, decisionSeconds, playsTotal, bytesTotal, downloadsTotal, recallTotal, storeCalls, storeSeconds, eventsDropped, sightingsDropped, suspicionsTotal, storeUp}

func registerMetrics(registry *prometheus.Registry) error {
	for _, c := range collectors {
		var twice prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &twice) {
			return err
		}
	}
	return nil
}

func countRequest(v *gate.Verdict) {
	if v.Outcome == gate.Refuse {
		refusedBy[v.Refusal.Reason].Inc()
		return
	}
	requestsBy[v.Outcome].Inc()
}

func countSuspicion(level forwarding.Level, action gate.OnForward) {
	suspicionsTotal.WithLabelValues(level.String(), string(action)).Inc()
}

func countRecall(hit bool) {
	if hit {
		recallHit.Inc()
	} else {
		recallMiss.Inc()
	}
}

func observeStore(verb guard.Verb, outcome guard.Outcome, took time.Duration) {
	storeCallsBy[verb][outcome].Inc()
	if outcome == guard.OK {
		storeUp.Set(1)
	} else {
		storeUp.Set(0)
	}
	if outcome != guard.Open {
		storeSecondsBy[verb].Observe(took.Seconds())
	}
}
