package gate_test

import (
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// TestNobodyMakesAPass: a pass has no maker and no link above, so there is none
// for anybody's heir to answer for.
func TestNobodyMakesAPass(t *testing.T) {
	all, err := gate.ParseScope("/*")
	if err != nil {
		t.Fatal(err)
	}
	pass := gate.Link{Scope: all, Can: gate.View, Collection: gate.CollectionID{1}, For: []gate.PersonID{{1}}, Pass: true}
	if err := pass.Validate(gate.Terms{}); err != nil {
		t.Errorf("a pass: %v", err)
	}
	for name, change := range map[string]func(*gate.Link){
		"of no collection": func(l *gate.Link) { l.Collection = gate.CollectionID{} },
		"for two":          func(l *gate.Link) { l.For = []gate.PersonID{{1}, {2}} },
		"made by somebody": func(l *gate.Link) { l.By = gate.PersonID{2} },
		"made from a link": func(l *gate.Link) { l.Above = []gate.LinkID{{1}} },
	} {
		l := pass
		change(&l)
		if err := l.Validate(gate.Terms{}); err == nil || !strings.HasPrefix(err.Error(), "pass: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
