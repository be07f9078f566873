package directory

import (
	"slices"

	"github.com/usher-media/usher/internal/gate"
)

// handed is what the link is worth: what it says, cut down to what every link
// above it says and to what everybody who handed on still holds. Whether the
// links above are live, the store says.
func (j *judge) handed() (gate.Capability, error) {
	link := j.c.Link
	if len(link.Above) > gate.MaxAbove {
		return 0, nil
	}
	var above *gate.Link
	worth := Everything
	for i := len(link.Above) - 1; i >= 0; i-- {
		next, err := j.view.link(j.ctx, link.Above[i])
		if err != nil || next == nil {
			return 0, err
		}
		covers, err := j.covers(next)
		if err != nil || !covers {
			return 0, err
		}
		if worth, err = j.step(next, above, worth); err != nil || worth == 0 {
			return 0, err
		}
		above = next
	}
	return j.step(link, above, worth)
}

// step is what a link is worth that was made from above, which has that worth.
func (j *judge) step(link, above *gate.Link, worth gate.Capability) (gate.Capability, error) {
	can := link.Can & gate.LinkCapabilities & worth
	if link.By.IsZero() {
		return can, nil
	}
	where := link.Collection
	if where.IsZero() {
		where = j.c.Place.Collection
	}
	held, err := j.hold(link.By, where)
	if err != nil {
		return 0, err
	}
	if held&gate.Share == 0 {
		held = 0
	}
	if held&can == can || above == nil || worth&gate.Share == 0 {
		return can & held, nil
	}
	// Who was not granted it may have it by the link above, if it is theirs to use.
	if len(above.For) > 0 && !slices.Contains(above.For, link.By) {
		return can & held, nil
	}
	s := newSolver(j.ctx, j.view, j.c.Now)
	_, stands, err := s.standing(link.By)
	j.bound(s.until)
	if err != nil || !stands {
		return 0, err
	}
	return can, nil
}
