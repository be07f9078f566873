package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/usher-media/usher/internal/gate"
)

// including turns the wanted ids into inclusions. Those that were there stay as
// they were.
func (c *call) including(had []Include, want []gate.CollectionID) []Include {
	var out []Include
	for _, id := range want {
		i := slices.IndexFunc(had, func(inner Include) bool { return inner.Collection == id })
		if i >= 0 {
			out = append(out, had[i])
		} else {
			out = append(out, Include{id, c.who.person})
		}
	}
	return out
}

// mayInclude asks whether the outer collection may include the inner one.
func (c *call) mayInclude(ctx context.Context, outer, inner gate.CollectionID) error {
	if err := c.wantIn(ctx, ChangeCollections, inner); err != nil {
		if _, missing := errors.AsType[*NotFound](err); missing {
			return invalid("includes", "there is no collection %s", inner)
		}
		return err
	}
	x := c.index()
	below := x.below([]gate.CollectionID{inner})
	if slices.Contains(below, outer) {
		return &Cycle{outer, inner}
	}
	if depth(outer, MaxDepth, x.outer)+depth(inner, MaxDepth, x.inner) > MaxDepth {
		return invalid("includes", "with %s, collections would include one another %d deep, and %d is the most", inner, MaxDepth+1, MaxDepth)
	}
	for _, id := range below {
		if above := x.over([]gate.CollectionID{id, outer}); len(above)-1 > MaxAbove {
			return invalid("includes", "more than %d collections would include %s", MaxAbove, id)
		}
	}
	return nil
}
