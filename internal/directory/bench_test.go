package directory

import (
	"fmt"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// large is a rig with this many collections.
func large(b *testing.B, n int) *rig {
	r := newRig(b)
	for i := range n {
		c := Collection{ID: gate.CollectionID{byte(i >> 16), byte(i >> 8), byte(i), 1}, Name: fmt.Sprintf("c%d", i), Level: gate.Locked}
		for _, p := range []string{"/media/%d/*", "/live/eu/%d/*", "/files/%d.mp4"} {
			c.Paths = append(c.Paths, scope(b, fmt.Sprintf(p, i)))
		}
		ok(b, keep(r.ctx, r.store.Store, &c, 0))
	}
	index := newIndex()
	ok(b, each(r.ctx, r.store.Store, gate.KindCollection, "", func(c *Collection) error { index.set(entryOf(c)); return nil }))
	r.view.index.Store(index)
	r.view.synced = r.edition()
	r.view.edition.Store(r.view.synced)
	r.view.readAt.Store(r.now().UnixNano())
	return r
}

func BenchmarkPlace(b *testing.B) {
	r := large(b, 10_000)
	for name, text := range map[string]string{"tree": "/live/eu/7777/film/720p/seg-00042.m4s", "file": "/files/4242.mp4", "none": "/other/film/seg.ts"} {
		p := path(b, text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.view.Place(p)
			}
		})
	}
}

func BenchmarkRule(b *testing.B) {
	r := large(b, 10_000)
	ann, std := r.person(Limited), r.person(Standard)
	place := r.view.Place(path(b, "/media/77/film.mp4"))
	r.grant(Operator(), place.Collection, toGroup(r.group(ann)), gate.View)
	r.grant(Operator(), place.Collection, to(std), gate.View|gate.Share)
	r.know()
	for name, c := range map[string]gate.Case{
		"pass":          {Person: ann, Link: &gate.Link{Can: gate.View, Collection: place.Collection, Pass: true, For: []gate.PersonID{ann}}},
		"link":          {Link: &gate.Link{Can: gate.View, Scope: scope(b, "/*")}},
		"link of grant": {Person: ann, Link: &gate.Link{Can: gate.View, Scope: scope(b, "/*"), By: std}},
	} {
		c.Now, c.Place, c.Opened = r.now(), place, r.now()
		if name != "pass" {
			c.Place.Level = gate.ByLink
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := r.view.Rule(r.ctx, c); err != nil || got.Reason != gate.OK {
					b.Fatal(got, err)
				}
			}
		})
		b.Run(name+"/after a change", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.view.changes.Add(2)
				if got, err := r.view.Rule(r.ctx, c); err != nil || got.Reason != gate.OK {
					b.Fatal(got, err)
				}
			}
		})
	}
}

func BenchmarkKnow(b *testing.B) {
	r := newRig(b)
	r.know()
	edition := r.edition()
	b.ReportAllocs()
	for b.Loop() {
		if err := r.view.Know(r.ctx, edition); err != nil {
			b.Fatal(err)
		}
	}
}
