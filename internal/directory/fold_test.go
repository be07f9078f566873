package directory

import (
	"fmt"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// TestAPathInAnotherCaseIsNotTakenForAnother: an upstream that does not tell cases
// apart would serve what a stricter collection governs.
func TestAPathInAnotherCaseIsNotTakenForAnother(t *testing.T) {
	r := newRig(t)
	lay := func(path string, level gate.Level) gate.CollectionID {
		t.Helper()
		return must[Collection](t)(r.dir.CreateCollection(r.ctx, Operator(), NewCollection{
			Name: fmt.Sprintf("c%d", r.edition()), Paths: []gate.Scope{scope(t, path)}, Level: level,
		})).ID
	}
	at := func(text string) gate.CollectionID {
		r.know()
		return r.view.Place(path(t, text)).Collection
	}
	acme := lay("/acme/*", gate.ByLink)
	for text, want := range map[string]gate.CollectionID{
		"/acme/SECRET/a.ts": acme, "/ACME/a.ts": nowhere.Collection, "/Acme": {}, "/other/a.ts": {},
	} {
		if got := at(text); got != want {
			t.Errorf("%s before there is one inside: in %s, want %s", text, got, want)
		}
	}
	secret, open := lay("/acme/secret/*", gate.Locked), lay("/acme/open/*", gate.Public)
	film, strasse := lay("/acme/Film.mp4", gate.Locked), lay("/acme/\u00e9t\u00e9/*", gate.Locked)
	for text, want := range map[string]gate.CollectionID{
		"/acme/secret/a.ts": secret, "/acme/SECRET/a.ts": nowhere.Collection, "/acme/secrets/a.ts": acme, "/acme/a.ts": acme,
		"/ACME/secret/a.ts": nowhere.Collection, "/acme/Open/a.ts": acme, "/acme/open/a.ts": open,
		"/acme/Film.mp4": film, "/acme/film.mp4": nowhere.Collection, "/acme/film.mp4/x": acme,
		"/acme/\u00e9t\u00e9/a.ts": strasse, "/acme/\u00c9T\u00c9/a.ts": nowhere.Collection,
	} {
		if got := at(text); got != want {
			t.Errorf("%s: in %s, want %s", text, got, want)
		}
	}
	link := gate.Link{ID: linkID(), Scope: scope(t, "/acme/*"), Can: gate.View}
	r.know()
	for _, text := range []string{"/acme/secret/a.ts", "/acme/SECRET/a.ts"} {
		c := gate.Case{Now: r.now(), Place: r.view.Place(path(t, text)), Link: &link}
		if got := r.rule(c); got.Reason != gate.LockedPlace {
			t.Errorf("%s: %s", text, got.Reason)
		}
	}
	ok(t, r.dir.DeleteCollection(r.ctx, Operator(), secret))
	if got := at("/acme/SECRET/a.ts"); got != acme {
		t.Errorf("with the inner one gone: in %s", got)
	}
	// Two that differ in case alone: the stricter one closes the other.
	public := lay("/x/*", gate.Public)
	if got := at("/x/a.ts"); got != public {
		t.Error(got)
	}
	locked := lay("/X/*", gate.Locked)
	if a, b := at("/x/a.ts"), at("/X/a.ts"); a != nowhere.Collection || b != locked {
		t.Errorf("in %s and %s", a, b)
	}
	r.know()
	nested, known := path(t, "/acme/other/a.ts"), path(t, "/acme/open/a.ts")
	if n := testing.AllocsPerRun(100, func() { r.view.Place(nested); r.view.Place(known) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
