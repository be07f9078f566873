package directory

import (
	"maps"
	"slices"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// Presets are named sets of capabilities.
type Presets map[string]gate.Capability

// The presets that every site has.
const (
	CanView   = "can_view"
	CanManage = "can_manage"
)

// with returns the custom sets beside the two that every site has, which they
// cannot replace.
func (p Presets) with() Presets {
	all := maps.Clone(p)
	if all == nil {
		all = Presets{}
	}
	all[CanView], all[CanManage] = gate.View, Everything
	return all
}

// Validate reports what is wrong with custom sets.
func (p Presets) Validate() error {
	for _, name := range p.Names() {
		switch {
		case name == CanView || name == CanManage:
			return invalid("preset", "%s is there already", name)
		case name == "" || len(name) > maxSlug || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "":
			return invalid("preset", "name %q: want 1 to %d of a-z, 0-9, _ and -", name, maxSlug)
		case p[name] == 0 || p[name]&^Everything != 0:
			return invalid("preset", "%s: want at least one of %s", name, Everything)
		}
	}
	return nil
}

// Names returns the names in order.
func (p Presets) Names() []string { return slices.Sorted(maps.Keys(p)) }

// of returns the set with the name.
func (p Presets) of(name string) (gate.Capability, error) {
	can, known := p[name]
	if !known {
		return 0, &Invalid{Field: "preset", Detail: "unknown: known are " + strings.Join(p.Names(), ", "), Allowed: p.Names()}
	}
	return can, nil
}
