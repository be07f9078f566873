package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// edits is what Edits answers.
type edits struct {
	names    []gate.DocumentName
	edition  int64
	complete bool
}

func (f *fixture) edits(since int64) edits {
	f.Helper()
	names, edition, complete, err := f.store.Edits(f.ctx, since)
	if err != nil {
		f.Fatalf("Edits: %v", err)
	}
	slices.SortFunc(names, byName)
	return edits{names, edition, complete}
}

func byName(a, b gate.DocumentName) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

// edited makes an edition, so that the ones from then on follow it.
func (f *fixture) edited() int64 {
	f.Helper()
	f.write(paper(gate.KindSite, f.id().String()))
	return f.edition()
}

// moved sees whether the edition is another than the one before, which it
// returns.
func (f *fixture) moved(what string, before int64, want bool) int64 {
	f.Helper()
	now := f.edition()
	f.equal(what+": moved, and grew", []bool{now != before, now > before}, []bool{want, want})
	f.equal(what+": edition of Edits", f.edits(before).edition, now)
	return now
}

func name(kind gate.Kind, id string) gate.DocumentName { return gate.DocumentName{Kind: kind, ID: id} }

var allKinds = []gate.Kind{
	gate.KindLink, gate.KindAPIKey, gate.KindPerson, gate.KindAddress, gate.KindGroup, gate.KindMember,
	gate.KindCollection, gate.KindGrant, gate.KindInvite, gate.KindSignIn, gate.KindCode, gate.KindAttempt,
	gate.KindObject, gate.KindSite, gate.KindEvent, gate.KindPasskey,
}

var editionCases = []testCase{
	{"grows with each change that is remembered, and with no other", func(f *fixture) {
		at := f.edited()
		for _, kind := range allKinds {
			doc := f.write(paper(kind, "x", "a"))
			at = f.moved(string(kind)+" made", at, kind.Remembered(true))
			doc = f.write(doc)
			at = f.moved(string(kind)+" changed", at, kind.Remembered(false))
			_, err := f.store.Put(f.ctx, paper(kind, "x"))
			f.fails("Put", err, gate.ErrConflict)
			f.fails("Delete", f.store.Delete(f.ctx, kind, "y"), gate.ErrNotFound)
			at = f.moved(string(kind)+" refused", at, false)
			f.fails("Delete", f.store.Delete(f.ctx, kind, "x"), nil)
			at = f.moved(string(kind)+" deleted", at, kind.Remembered(false))
			f.gone(doc)
			at = f.moved(string(kind)+" not found", at, false)
		}
	}},
	{"does not move when a document ends by itself, and does when another takes its place", func(f *fixture) {
		doc := paper(gate.KindPerson, "x")
		doc.Until = f.now().Add(time.Hour)
		f.write(doc)
		at := f.edited()
		f.pass(time.Hour)
		f.gone(doc)
		at = f.moved("ended", at, false)
		f.write(paper(gate.KindPerson, "x"))
		f.moved("made anew", at, true)
	}},
	{"does not move with the ledger", func(f *fixture) {
		at := f.edited()
		o := f.visit(f.link(gate.Terms{Views: 5}))
		f.watch(o, "a")
		f.gather(o)
		f.end(o)
		f.extend(o.Link, gate.Extension{AddViews: 1})
		f.stand(o.Link, gate.Revoked)
		f.announce()
		f.moved("ledger", at, false)
	}},
	{"is said by each check, whatever it asks for", func(f *fixture) {
		o := f.visit(f.link(gate.Terms{}))
		at := f.edited()
		f.equal("a session", f.check(o, "a").Edition, at)
		f.equal("an unknown session", f.check(f.device(o.Link), "a").Edition, at)
		f.equal("an unknown link", f.check(f.device(gate.LinkID(f.id())), "a").Edition, at)
		f.equal("no link", f.check(gate.Opening{}, ""), gate.State{Now: f.now(), Edition: at})
	}},
	{"edits are what changed since, each once", func(f *fixture) {
		start := f.edited()
		f.equal("none", f.edits(start), edits{nil, start, true})
		person := f.write(paper(gate.KindPerson, "x"))
		first := f.edition()
		f.write(f.write(person))
		f.write(f.write(paper(gate.KindLink, "l")))
		f.write(paper(gate.KindAttempt, "x"))
		f.write(paper(gate.KindGroup, "g"))
		f.fails("Delete", f.store.Delete(f.ctx, gate.KindGroup, "g"), nil)
		now := f.edition()
		all := []gate.DocumentName{name(gate.KindGroup, "g"), name(gate.KindLink, "l"), name(gate.KindPerson, "x")}
		f.equal("since the start", f.edits(start), edits{all, now, true})
		f.equal("since the first", f.edits(first), edits{all, now, true})
		f.write(paper(gate.KindSignIn, "an id, with a space"))
		f.equal("since then", f.edits(now), edits{[]gate.DocumentName{name(gate.KindSignIn, "an id, with a space")}, f.edition(), true})
		f.equal("since now", f.edits(f.edition()), edits{nil, f.edition(), true})
	}},
	{"edits since what is not known are not complete", func(f *fixture) {
		at := f.edited()
		for _, since := range []int64{-1, -1 << 63, at + 1, 1<<63 - 1} {
			f.equal(fmt.Sprint("since ", since), f.edits(since), edits{nil, at, false})
		}
	}},
	{"so many edits are known at the least", func(f *fixture) {
		since := f.edited()
		const writers = 16
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range gate.EditsKept / writers {
					doc := paper(gate.KindGrant, fmt.Sprintf("%d-%d", w, i))
					if _, err := f.store.Put(f.ctx, doc); err != nil {
						f.Errorf("Put: %v", err)
						return
					}
				}
			})
		}
		all.Wait()
		got := f.edits(since)
		f.equal("known", []any{len(got.names), got.edition, got.complete}, []any{gate.EditsKept, f.edition(), true})
		// Whether more are is the store's to say, but it has to be right.
		for more := range 9 {
			f.edited()
			if got = f.edits(since); got.complete {
				f.equal("all of them", len(got.names), gate.EditsKept+more+1)
			}
		}
	}},
	{"is told with each change, in order, and can be read at once", func(f *fixture) {
		at := f.edited()
		l := f.listen()
		doc := f.write(paper(gate.KindPerson, "x", "a"))
		f.write(paper(gate.KindLink, "l"))
		doc = f.write(doc)
		f.fails("Delete", f.store.Delete(f.ctx, doc.Kind, doc.ID), nil)
		f.write(paper(gate.KindCode, "x"))
		for range 3 {
			got := l.next("change")
			f.equal("change", []any{got.Kind, got.Document}, []any{gate.DocumentChanged, nameOf(doc)})
			if got.Edition <= at {
				f.Fatalf("edition %d was told after %d", got.Edition, at)
			}
			at = got.Edition
		}
		f.equal("the last one", at, f.edition())
		l.hearsNothing("no more")
		for _, doc := range []gate.Document{paper(gate.KindGrant, "1"), paper(gate.KindGrant, "2", "a")} {
			go func() { _, _ = f.store.Put(f.ctx, doc) }()
			got := l.next("put")
			f.get(got.Document.Kind, got.Document.ID)
			f.equal("edition", f.edition(), got.Edition)
		}
	}},
	{"of many who write at once, each finds its change, and all are told in order", func(f *fixture) {
		at := f.edited()
		l := f.listen()
		f.crowd(func() error {
			id := f.id().String()
			before := f.edition()
			if _, err := f.store.Put(f.ctx, paper(gate.KindGrant, id, "a")); err != nil {
				return err
			}
			names, edition, complete, err := f.store.Edits(f.ctx, before)
			if err == nil && (!complete || edition <= before || !slices.Contains(names, name(gate.KindGrant, id))) {
				err = fmt.Errorf("since %d, at %d, complete %v: %v is not among the edits", before, edition, complete, id)
			}
			return err
		})
		f.equal("edits", len(f.edits(at).names), crowd)
		for range crowd {
			got := l.next("change")
			if got.Kind != gate.DocumentChanged || got.Edition <= at {
				f.Fatalf("%+v was told after edition %d", got, at)
			}
			at = got.Edition
		}
		f.equal("the last one", at, f.edition())
		docs := ok[[]gate.Document](f, "List")(f.store.List(f.ctx, gate.KindGrant, "a", "", 2*crowd))
		f.equal("listed", len(docs), crowd)
	}},
}

func nameOf(doc gate.Document) gate.DocumentName { return name(doc.Kind, doc.ID) }
