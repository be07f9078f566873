package gate

import (
	"testing"
	"time"
)

var noon = time.Date(2040, 2, 29, 12, 0, 0, 0, time.UTC)

func TestPaced(t *testing.T) {
	rate := Rate{Interval: 100 * time.Millisecond, Burst: 20}
	for _, c := range []struct {
		name     string
		pacedTo  time.Time
		since    time.Duration // before noon
		requests int64
		want     time.Duration // after noon
	}{
		{"the first request", time.Time{}, 0, 1, 100 * time.Millisecond},
		{"five seconds of twice the rate", time.Time{}, 3 * time.Second, 60, 3 * time.Second},
		{"on top of what was asked before", noon.Add(time.Second), 5 * time.Second, 10, 2 * time.Second},
		{"after a rest", noon.Add(-time.Hour), time.Second, 10, 0},
		{"from a clock that is ahead", time.Time{}, -time.Hour, 10, time.Second},
		{"from a clock that is behind", time.Time{}, time.Hour, 610, time.Second},
		{"far too many", time.Time{}, time.Minute, 1 << 62, 4 * time.Second},
		{"far ahead under another rate", noon.Add(time.Hour), 0, 1, 4 * time.Second},
	} {
		if got := rate.Paced(c.pacedTo, noon.Add(-c.since), noon, c.requests).Sub(noon); got != c.want {
			t.Errorf("%s: %s ahead, want %s", c.name, got, c.want)
		}
	}
	for name, got := range map[string]time.Time{
		"no requests": rate.Paced(noon, noon, noon, 0),
		"no rate":     Rate{}.Paced(noon, noon, noon, 9),
	} {
		if !got.Equal(noon) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestWait(t *testing.T) {
	rate := Rate{Interval: 100 * time.Millisecond, Burst: 20}
	for ahead, want := range map[time.Duration]time.Duration{
		-time.Hour: 0, 2 * time.Second: 0, 2*time.Second + time.Millisecond: time.Millisecond, 4 * time.Second: 2 * time.Second,
	} {
		if got := rate.Wait(noon.Add(ahead), noon); got != want {
			t.Errorf("%s ahead: wait %s, want %s", ahead, got, want)
		}
	}
	if got := rate.Wait(time.Time{}, noon); got != 0 {
		t.Errorf("a session that never asked waits %s", got)
	}
}

// TestWhoeverKeepsToTheRateIsNeverRefused asks as fast as one node's bucket
// lets anybody: all of the burst at once, again whenever it is full, or one
// after the other, with flushes anywhere in between.
func TestWhoeverKeepsToTheRateIsNeverRefused(t *testing.T) {
	for _, rate := range []Rate{{20 * time.Millisecond, 300}, {time.Second, 1}, {333333333, 7}, {time.Microsecond, 1}} {
		for _, every := range []time.Duration{50 * time.Millisecond, 777 * time.Millisecond, 5 * time.Second} {
			for _, atOnce := range []int64{1, max(1, rate.Burst/3), rate.Burst} {
				var pacedTo, since time.Time
				var gathered int64
				now, flushed := noon, noon
				for range 2000 {
					if wait := rate.Wait(pacedTo, now); wait > 0 {
						t.Fatalf("%+v flushed each %s, %d at once: has to wait for %s", rate, every, atOnce, wait)
					}
					if gathered == 0 {
						since = now
					}
					gathered += atOnce
					if now.Sub(flushed) >= every {
						pacedTo = rate.Paced(pacedTo, since, now, gathered)
						gathered, flushed = 0, now
					}
					now = now.Add(time.Duration(atOnce) * rate.Interval)
				}
			}
		}
	}
}
