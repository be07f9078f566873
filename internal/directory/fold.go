package directory

import (
	"strings"
	"unicode/utf8"

	"github.com/usher-media/usher/internal/gate"
)

// caseless is a path as a file system has it that does not tell cases apart. What is
// in lower case already costs nothing.
func caseless(path string) string {
	for i := range len(path) {
		if path[i] >= utf8.RuneSelf { // ſ and s are one as well, and the Kelvin sign and k
			return strings.ToLower(strings.ToUpper(path))
		}
	}
	return strings.ToLower(path)
}

// eitherCase returns the place of a path, unless an upstream that does not tell
// cases apart would take it for one of another collection that is stricter: then
// nobody may be there. Where no collection is inside another one, and the path is
// in one, that cannot be. x.mu is held.
func (x *index) eitherCase(path string) gate.Place {
	place, found := x.tree.find(path)
	if found && !x.folded.nested || len(x.all) == 0 {
		return place
	}
	level := place.Level
	if !found {
		level = gate.ByLink // links alone open it
	}
	deep := depthOf(place)
	for _, other := range x.folded.leaf(caseless(path)) {
		if other.Collection == place.Collection {
			continue
		}
		inner := depthOf(other) > deep && other.Level <= level && other.Level < gate.Public
		if inner || other.Level < level {
			return nowhere
		}
	}
	return place
}

// depthOf is how many segments the path of a place has; 0: it has none.
func depthOf(p gate.Place) int { return strings.Count(p.Scope.Root(), "/") }
