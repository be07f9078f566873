package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// journey is a trip under way, which ends when a test says so.
type journey struct {
	ctx   context.Context
	names []string
	end   func()
}

// station is trips whose travel a test makes.
type station struct {
	*testing.T
	trips
	journeys chan journey
}

func newStation(t *testing.T) *station {
	s := &station{T: t, journeys: make(chan journey)}
	s.budget = checkBudget
	s.travel = func(ctx context.Context, batch []*caller) {
		ended := make(chan struct{})
		j := journey{ctx: ctx, end: func() { close(ended) }}
		for _, c := range batch {
			j.names = append(j.names, c.question.Asset)
		}
		s.journeys <- j
		<-ended
		for _, c := range batch {
			c.answers = &answers{trip: errors.New(c.question.Asset)}
		}
	}
	return s
}

// asks lets somebody ask in a goroutine of its own, and waits until it can get no further.
func (s *station) asks(ctx context.Context, name string) (outcome func() error) {
	outcomes := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				outcomes <- fmt.Errorf("panic: %v", p)
			}
		}()
		got, err := s.ask(ctx, question{Query: gate.Query{Asset: name}})
		if err == nil && got.trip.Error() != name {
			err = fmt.Errorf("%s got the answer to %w", name, got.trip)
		}
		outcomes <- err
	}()
	synctest.Wait()
	return func() error { return <-outcomes }
}

// next is the next trip, which has to be of these.
func (s *station) next(names ...string) journey {
	s.Helper()
	j := <-s.journeys
	if !slices.Equal(j.names, names) {
		s.Errorf("%q are on the trip, want %q", j.names, names)
	}
	return j
}

func (s *station) is(outcome func() error, want error) {
	s.Helper()
	if err := outcome(); !errors.Is(err, want) {
		s.Errorf("got error %v, want %v", err, want)
	}
}

// atStation runs a test in a bubble, which also sees that no goroutine is left.
func atStation(t *testing.T, test func(*station)) {
	synctest.Test(t, func(t *testing.T) { test(newStation(t)) })
}

// TestLoneCallerGoesAtOnce sees that it waits for nobody, and that where it is
// in more of a hurry than others would be, so is its trip.
func TestLoneCallerGoesAtOnce(t *testing.T) {
	atStation(t, func(s *station) {
		hasty, cancel := context.WithTimeout(s.Context(), time.Millisecond)
		defer cancel()
		for _, c := range []struct {
			ctx  context.Context
			want time.Duration
		}{{s.Context(), checkBudget}, {hasty, time.Millisecond}} {
			alone := s.asks(c.ctx, "a")
			trip := s.next("a")
			if until, _ := trip.ctx.Deadline(); time.Until(until) != c.want {
				s.Errorf("the trip may take %v, want %v", time.Until(until), c.want)
			}
			trip.end()
			s.is(alone, nil)
		}
	})
}

// TestNextTripIsShared sees that who comes during a trip goes with the next,
// and never with the one that began before.
func TestNextTripIsShared(t *testing.T) {
	atStation(t, func(s *station) {
		first := s.asks(s.Context(), "a")
		trip := s.next("a")
		second, third := s.asks(s.Context(), "b"), s.asks(s.Context(), "c")
		trip.end()
		s.is(first, nil)
		trip = s.next("b", "c")
		fourth := s.asks(s.Context(), "d")
		trip.end()
		s.is(second, nil)
		s.is(third, nil)
		s.next("d").end()
		s.is(fourth, nil)
	})
}

// TestCallerLeaves sees that one who leaves ends nobody's trip, not even where
// the trip was its to make.
func TestCallerLeaves(t *testing.T) {
	atStation(t, func(s *station) {
		first := s.asks(s.Context(), "a")
		trip := s.next("a")
		ctx, cancel := context.WithCancel(s.Context())
		leaver, other := s.asks(ctx, "b"), s.asks(s.Context(), "c")
		trip.end()
		s.is(first, nil)
		trip = s.next("b", "c")
		cancel()
		trip.end()
		s.is(leaver, nil)
		s.is(other, nil)
		s.is(s.asks(ctx, "gone already"), context.Canceled)
	})
}

// TestTripIsBounded sees that no more than so many share one, and that the
// others come next, those who came first before the rest.
func TestTripIsBounded(t *testing.T) {
	atStation(t, func(s *station) {
		outcomes := []func() error{s.asks(s.Context(), "first")}
		trip := s.next("first")
		var names []string
		for i := range 2*maxShared + 1 {
			names = append(names, fmt.Sprint(i))
			outcomes = append(outcomes, s.asks(s.Context(), names[i]))
		}
		trip.end()
		for some := range slices.Chunk(names, maxShared) {
			s.next(some...).end()
		}
		for _, outcome := range outcomes {
			s.is(outcome, nil)
		}
	})
}

// TestServerThatHangs sees that every caller has an outcome within its budget,
// those who lead, those who wait, and those who come later.
func TestServerThatHangs(t *testing.T) {
	atStation(t, func(s *station) {
		s.travel = func(ctx context.Context, batch []*caller) {
			<-ctx.Done()
			for _, c := range batch {
				c.answers, c.err = &answers{}, ctx.Err()
			}
		}
		var all sync.WaitGroup
		for range 20 {
			for range maxShared / 4 {
				all.Go(func() {
					began := time.Now()
					_, err := s.ask(s.Context(), question{})
					if took := time.Since(began); err == nil || took > checkBudget {
						s.Errorf("it took %v: %v", took, err)
					}
				})
			}
			time.Sleep(checkBudget / 10) // in a bubble: all of them are there
		}
		all.Wait()
	})
}

// TestTripThatPanics sees that it leaves nobody waiting, and that the next one
// goes as if nothing had been.
func TestTripThatPanics(t *testing.T) {
	atStation(t, func(s *station) {
		travel := s.travel
		first := s.asks(s.Context(), "a")
		trip := s.next("a")
		second, third := s.asks(s.Context(), "b"), s.asks(s.Context(), "c")
		s.travel = func(context.Context, []*caller) { panic("on the way") }
		trip.end()
		s.is(first, nil)
		if err := second(); err == nil || err.Error() != "panic: on the way" {
			s.Errorf("the leader got %v", err)
		}
		s.is(third, errBroken)
		s.travel = travel
		fourth := s.asks(s.Context(), "d")
		s.next("d").end()
		s.is(fourth, nil)
	})
}

// TestManyCallers sees that under load everybody gets an answer, and its own.
func TestManyCallers(t *testing.T) {
	s := &trips{budget: time.Minute, travel: func(_ context.Context, batch []*caller) {
		if len(batch) > maxShared {
			t.Errorf("%d share a trip", len(batch))
		}
		for _, c := range batch {
			c.answers = &answers{trip: errors.New(c.question.Asset)}
		}
	}}
	var all sync.WaitGroup
	for caller := range 2 * maxShared {
		all.Go(func() {
			for i := range 200 {
				name := fmt.Sprint(caller, "/", i)
				got, err := s.ask(t.Context(), question{Query: gate.Query{Asset: name}})
				if err != nil || got.trip.Error() != name {
					t.Errorf("%s got %v, %v", name, got, err)
					return
				}
			}
		})
	}
	all.Wait()
	if s.underway.Load() || s.arrived.Load() != nil || len(s.queue)+len(s.batch) != 0 {
		t.Errorf("after all were answered: %+v", s)
	}
}
