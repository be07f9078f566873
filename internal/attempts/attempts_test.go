package attempts_test

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

const link = "link:lnk_00000000000000000000"

type scene struct {
	*testing.T
	mu   sync.Mutex
	time time.Time
	book *attempts.Book
}

func (s *scene) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

func (s *scene) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = s.time.Add(d)
}

func stage(t *testing.T) *scene {
	s := &scene{T: t, time: time.Date(2031, 3, 4, 5, 6, 7, 0, time.UTC)}
	s.book = attempts.NewBook(model.New(s.now), s.now)
	return s
}

func device(n byte) gate.DeviceID { return gate.DeviceID(token.ID{n, 1}) }

func group(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{203, byte(n >> 8), byte(n), 7}), 32)
}

func who(g int) attempts.Who { return attempts.Who{Of: link, Device: device(1), Group: group(g)} }

func (s *scene) begin(w attempts.Who) (attempts.Try, time.Duration) {
	s.Helper()
	try, wait, err := s.book.Begin(s.Context(), attempts.Guesses, w)
	if err != nil {
		s.Fatal(err)
	}
	return try, wait
}

func (s *scene) right(try attempts.Try) {
	s.Helper()
	if err := s.book.Right(s.Context(), try); err != nil {
		s.Fatal(err)
	}
}

func TestTheWaitGrows(t *testing.T) {
	s := stage(t)
	for i := range 5 {
		if _, wait := s.begin(who(1)); wait != 0 {
			t.Fatalf("try %d waits %s", i+1, wait)
		}
	}
	for _, want := range []time.Duration{1, 2, 4, 8} {
		if _, wait := s.begin(who(1)); wait != want*time.Second {
			t.Fatalf("waits %s, want %ds", wait, want)
		}
		if _, wait := s.begin(who(1)); wait != want*time.Second {
			t.Fatalf("a refused try made the wait %s", wait)
		}
		s.pass(want * time.Second)
		if _, wait := s.begin(who(1)); wait != 0 {
			t.Fatalf("after the wait it still waits %s", wait)
		}
	}
}

func TestTheWaitIsBoundedAndForgotten(t *testing.T) {
	s := stage(t)
	longest := time.Duration(0)
	for range 40 {
		_, wait := s.begin(who(1))
		longest = max(longest, wait)
		s.pass(wait)
	}
	if longest != 15*time.Minute {
		t.Errorf("the longest wait is %s", longest)
	}
	s.pass(2 * time.Hour)
	if _, wait := s.begin(who(1)); wait != 0 {
		t.Errorf("two hours later it waits %s", wait)
	}
}

func TestFiftyAtOnceAreNoMoreThanOneAfterTheOther(t *testing.T) {
	s := stage(t)
	var through atomic.Int64
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if _, wait, err := s.book.Begin(t.Context(), attempts.Guesses, who(1)); err != nil {
				t.Error(err)
			} else if wait == 0 {
				through.Add(1)
			}
		})
	}
	wait.Wait()
	if got := through.Load(); got != 5 {
		t.Errorf("%d of 50 tries were let through, want 5", got)
	}
}

func TestFiftyGroupsAtOnceShareTheAllowanceOfTheLink(t *testing.T) {
	s := stage(t)
	var through atomic.Int64
	var wait sync.WaitGroup
	for i := range 50 {
		wait.Go(func() {
			if _, wait, err := s.book.Begin(t.Context(), attempts.Guesses, who(i)); err != nil {
				t.Error(err)
			} else if wait == 0 {
				through.Add(1)
			}
		})
	}
	wait.Wait()
	if got := through.Load(); got != 10 {
		t.Errorf("%d tries of 50 groups were let through, want 10", got)
	}
	if _, wait := s.begin(who(99)); wait != time.Minute {
		t.Errorf("a group that did not try waits %s, want 1m", wait)
	}
	before := s.counters()
	for i := range 100 {
		s.begin(who(200 + i))
	}
	if got := s.counters(); got != before {
		t.Errorf("who waits left %d counters behind", got-before)
	}
}

func (s *scene) counters() int {
	s.Helper()
	counts, err := s.book.List(s.Context(), link, attempts.ID{}, 1000)
	if err != nil {
		s.Fatal(err)
	}
	return len(counts)
}

func TestAKnownDeviceNeverWaitsBecauseOfStrangers(t *testing.T) {
	s := stage(t)
	mine := attempts.Who{Of: link, Device: device(7), Group: group(1)}
	try, _ := s.begin(mine)
	s.right(try)
	for i := range 60 {
		s.begin(attempts.Who{Of: link, Group: group(i)})
	}
	if _, wait := s.begin(attempts.Who{Of: link, Device: device(8), Group: group(1)}); wait == 0 {
		t.Error("a stranger does not wait")
	}
	try, wait := s.begin(mine)
	if wait != 0 {
		t.Errorf("the known device waits %s", wait)
	}
	s.right(try)
	for range 5 {
		s.begin(mine)
	}
	if _, wait := s.begin(mine); wait != time.Second {
		t.Errorf("with wrong tries of its own it waits %s, want 1s", wait)
	}
	s.pass(time.Hour)
	if _, wait := s.begin(mine); wait != 0 {
		t.Errorf("an hour later it waits %s", wait)
	}
	told := attempts.Who{Of: link, Device: device(9), Known: true, Group: group(1)}
	if _, wait := s.begin(told); wait != 0 {
		t.Errorf("a device that the caller knows waits %s", wait)
	}
}

func TestARightTryCostsNothing(t *testing.T) {
	s := stage(t)
	for i := range 30 {
		try, wait := s.begin(attempts.Who{Of: link, Device: device(byte(i + 1)), Group: group(1)})
		if wait != 0 {
			t.Fatalf("person %d behind one address waits %s", i+1, wait)
		}
		s.right(try)
	}
}

func TestATryThatWasNotLookedAtIsNotCounted(t *testing.T) {
	s := stage(t)
	for i := range 30 {
		try, wait := s.begin(who(1))
		if wait != 0 {
			t.Fatalf("try %d waits %s", i+1, wait)
		}
		if err := s.book.Void(t.Context(), try); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneGroupAtManyThings(t *testing.T) {
	s := stage(t)
	for i := range 50 {
		if _, wait := s.begin(attempts.Who{Of: "signin:" + strings.Repeat("a", i+1), Group: group(1)}); wait != 0 {
			t.Fatalf("thing %d waits %s", i+1, wait)
		}
	}
	if _, wait := s.begin(attempts.Who{Of: "signin:zz", Group: group(1)}); wait != time.Second {
		t.Errorf("after 50 things it waits %s, want 1s", wait)
	}
	if _, wait := s.begin(attempts.Who{Of: "signin:zz", Group: group(2)}); wait != 0 {
		t.Errorf("another group waits %s", wait)
	}
}

func TestOperatorsSeeExplainAndClear(t *testing.T) {
	s := stage(t)
	known, _ := s.begin(attempts.Who{Of: link, Device: device(3), Group: group(2)})
	s.right(known)
	for range 6 {
		s.begin(who(1))
	}
	counts, err := s.book.List(t.Context(), link, attempts.ID{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[attempts.Whom]int{}
	for _, c := range counts {
		if c.Kind() != "link" || c.Thing() != "lnk_00000000000000000000" {
			t.Errorf("%q is of %q", c.Kind(), c.Thing())
		}
		if found, err := s.book.Find(t.Context(), c.ID); err != nil || found != c {
			t.Errorf("%+v, %v; want %+v", found, err, c)
		}
		if c.Wrong == 5 && c.Waits(s.now()) != (c.Whom() == attempts.Group) {
			t.Errorf("waiting: %+v", c)
		}
		seen[c.Whom()] = c.Wrong
	}
	if len(seen) != 3 || seen[attempts.Group] != 5 || seen[attempts.Everybody] != 5 || seen[attempts.Device] != 0 {
		t.Errorf("%v", seen)
	}
	page, err := s.book.List(t.Context(), link, counts[0].ID, 1)
	if err != nil || len(page) != 1 || page[0] != counts[1] {
		t.Errorf("the second page: %+v, %v", page, err)
	}
	if _, err := s.book.List(t.Context(), link, attempts.ID{1}, 1); !errors.Is(err, gate.ErrNotFound) {
		t.Errorf("after one that is not there: %v", err)
	}
	for term, want := range map[string]int{attempts.Tried: 3, attempts.At("lnk_00000000000000000000"): 2, "link": 2} {
		if counts, err := s.book.List(t.Context(), term, attempts.ID{}, 100); err != nil || len(counts) != want {
			t.Errorf("%s: %d counters, want %d, %v", term, len(counts), want, err)
		}
	}
	if n, err := s.book.ReleaseAll(t.Context(), attempts.At("lnk_00000000000000000000")); err != nil || n != 2 {
		t.Errorf("released %d, %v", n, err)
	}
	if _, wait := s.begin(who(1)); wait != 0 {
		t.Errorf("who was released waits %s", wait)
	}
	if known, err := s.book.Knows(t.Context(), attempts.Who{Of: link, Device: device(3)}); err != nil || !known {
		t.Errorf("the device that was let in is forgotten: %v", err)
	}
	if counts, err = s.book.List(t.Context(), link, attempts.ID{}, 100); err != nil {
		t.Fatal(err)
	}
	if n, err := s.book.Clear(t.Context(), link); err != nil || n != len(counts) {
		t.Errorf("cleared %d of %d, %v", n, len(counts), err)
	}
	if _, wait := s.begin(who(1)); wait != 0 {
		t.Errorf("after clearing it waits %s", wait)
	}
}

func TestSchedulesForgetAfterTheirLongestWait(t *testing.T) {
	for _, rules := range []attempts.Rules{attempts.Guesses, attempts.Mails} {
		for _, s := range []attempts.Schedule{rules.Own, rules.Group, rules.All, rules.Spread} {
			if s.Forget <= s.Most || s.First > s.Most || s.Free < 1 {
				t.Errorf("%+v: a wait would be forgotten before it is over", s)
			}
		}
	}
}
