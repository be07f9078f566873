package exact

import (
	"testing"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/loadtest/internal/report"
)

// got is a device that was let in and got these titles.
func got(titles ...string) *device {
	d := &device{in: true, plays: map[string]bool{"refused": false}}
	for _, title := range titles {
		d.plays[title] = true
	}
	return d
}

func TestLedger(t *testing.T) {
	link := func(used, reserved int64) api.Link { return api.Link{Views: api.Views{Used: used, Reserved: reserved}} }
	out := &device{}
	for what, try := range map[string]struct {
		devices []*device
		each    int64
		link    api.Link
		kept    bool
	}{
		"exact":                        {[]*device{got("a", "b"), got("a"), out}, 2, link(3, 0), true},
		"one too many":                 {[]*device{got("a", "b"), got("a", "b"), out}, 2, link(4, 0), false},
		"one too few":                  {[]*device{got("a"), got("a"), out}, 2, link(2, 0), false},
		"too many for one":             {[]*device{got("a", "b"), got("a"), out}, 1, link(3, 0), false},
		"no limit for one":             {[]*device{got("a", "b", "c"), out}, 0, link(3, 0), true},
		"charged for nothing":          {[]*device{got("a", "b"), got("a"), out}, 0, link(4, 0), false},
		"not charged":                  {[]*device{got("a", "b"), got("a"), out}, 0, link(2, 0), false},
		"something is still held":      {[]*device{got("a", "b"), got("a"), out}, 0, link(3, 1), false},
		"let in and nothing to see":    {[]*device{got("a", "b", "c"), got()}, 0, link(3, 0), false},
		"an answer that did not come":  {[]*device{got("a", "b", "c"), {failed: 1}}, 0, link(3, 0), false},
		"refused, all of them, for no": {[]*device{out, out}, 0, link(0, 0), false},
	} {
		var sum outcome
		sum.add(try.devices, gate.Terms{Views: 3, ViewsEach: try.each}, try.link)
		if kept := report.New("", nil, judge([]*outcome{&sum})).Kept; kept != try.kept {
			t.Errorf("%s: kept %v, %+v", what, kept, sum)
		}
	}
	killed := outcome{Killed: true, Unanswered: 5}
	if !report.New("", nil, judge([]*outcome{&killed})).Kept {
		t.Error("a gateway that was killed may leave requests without an answer")
	}
}
