package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// write puts a document and returns it as it is to be read from then on.
func (f *fixture) write(doc gate.Document) gate.Document {
	f.Helper()
	doc.Rev = ok[int64](f, "Put")(f.store.Put(f.ctx, doc))
	doc.Index = slices.Sorted(slices.Values(doc.Index))
	return doc
}

// paper is a document with terms that does not exist yet.
func paper(kind gate.Kind, id string, terms ...string) gate.Document {
	return gate.Document{Kind: kind, ID: id, Body: []byte(`1`), Index: terms}
}

// termed returns the ids of the links with a term.
func (f *fixture) termed(term, below string, limit int) []string {
	f.Helper()
	found := []string{}
	for _, doc := range ok[[]gate.Document](f, "List")(f.store.List(f.ctx, gate.KindLink, term, below, limit)) {
		found = append(found, doc.ID)
	}
	return found
}

// gone sees that no verb knows the document.
func (f *fixture) gone(doc gate.Document) {
	f.Helper()
	_, err := f.store.Get(f.ctx, doc.Kind, doc.ID)
	f.fails("Get", err, gate.ErrNotFound)
	for _, term := range append(doc.Index, "") {
		docs := ok[[]gate.Document](f, "List")(f.store.List(f.ctx, doc.Kind, term, "", 9))
		if slices.ContainsFunc(docs, func(d gate.Document) bool { return d.ID == doc.ID }) {
			f.Fatalf("List(%q) has %s", term, doc.ID)
		}
	}
	f.fails("Delete", f.store.Delete(f.ctx, doc.Kind, doc.ID), gate.ErrNotFound)
	if doc.Rev > 0 {
		_, err = f.store.Put(f.ctx, doc)
		f.fails("Put", err, gate.ErrNotFound)
	}
}

var indexCases = []testCase{
	{"terms come back in byte order, with Get and List", func(f *fixture) {
		doc := f.write(paper(gate.KindLink, "x", "b", "a:1", "a", "_", "0", "z.z-z"))
		f.equal("terms", doc.Index, []string{"0", "_", "a", "a:1", "b", "z.z-z"})
		f.equal("got", f.get(gate.KindLink, "x"), doc)
		for _, term := range append(doc.Index, "") {
			docs := ok[[]gate.Document](f, "List")(f.store.List(f.ctx, gate.KindLink, term, "", 9))
			f.equal("listed by "+term, docs, []gate.Document{doc})
		}
		f.equal("by none of its terms", f.termed("a:", "", 9), []string{})
	}},
	{"list goes through a term in falling order of id, by pages", func(f *fixture) {
		for i, id := range []string{"b", "d", "a", "e", "c", "f"} {
			f.write(paper(gate.KindLink, id, "all", []string{"even", "odd"}[i%2]))
		}
		f.write(paper(gate.KindAPIKey, "d1", "all", "even"))
		f.write(paper(gate.KindLink, "d2"))
		f.equal("all", f.termed("all", "", 9), []string{"f", "e", "d", "c", "b", "a"})
		f.equal("first page", f.termed("all", "", 2), []string{"f", "e"})
		f.equal("second page", f.termed("all", "e", 2), []string{"d", "c"})
		f.equal("last page", f.termed("all", "b", 2), []string{"a"})
		f.equal("after the last", f.termed("all", "a", 2), []string{})
		f.equal("below one without the term", f.termed("even", "d2", 9), []string{"c", "b", "a"})
		f.equal("even", f.termed("even", "", 9), []string{"c", "b", "a"})
		f.equal("odd", f.termed("odd", "", 1), []string{"f"})
		f.equal("no limit to speak of", f.termed("all", "", 0), []string{})
		f.equal("a limit below 0", f.termed("all", "", -1), []string{})
		f.equal("unknown term", f.termed("eve", "", 9), []string{})
	}},
	{"a put replaces all terms", func(f *fixture) {
		doc := f.write(paper(gate.KindLink, "x", "a", "b"))
		doc.Index = []string{"c", "b"}
		doc = f.write(doc)
		for term, want := range map[string][]string{"a": {}, "b": {"x"}, "c": {"x"}, "": {"x"}} {
			f.equal("by "+term, f.termed(term, "", 9), want)
		}
		doc.Index = nil
		f.equal("without", f.get(gate.KindLink, f.write(doc).ID).Index, []string{})
		for term, want := range map[string][]string{"a": {}, "b": {}, "c": {}, "": {"x"}} {
			f.equal("by "+term+" afterwards", f.termed(term, "", 9), want)
		}
	}},
	{"a put that is refused replaces none", func(f *fixture) {
		doc := f.write(paper(gate.KindLink, "x", "a"))
		for _, rev := range []int64{0, 2} {
			other := paper(gate.KindLink, "x", "b")
			other.Rev = rev
			_, err := f.store.Put(f.ctx, other)
			f.fails("Put", err, gate.ErrConflict)
		}
		f.equal("by the old one", f.termed("a", "", 9), []string{"x"})
		f.equal("by the new one", f.termed("b", "", 9), []string{})
		f.equal("got", f.get(gate.KindLink, "x"), doc)
	}},
	{"delete removes it from its terms, and a new one has its own", func(f *fixture) {
		doc := f.write(paper(gate.KindLink, "x", "a", "b"))
		f.write(paper(gate.KindLink, "y", "a"))
		f.fails("Delete", f.store.Delete(f.ctx, gate.KindLink, "x"), nil)
		f.gone(doc)
		f.equal("the other stays", f.termed("a", "", 9), []string{"y"})
		f.write(paper(gate.KindLink, "x", "b"))
		f.equal("by the old term", f.termed("a", "", 9), []string{"y"})
		f.equal("by the new term", f.termed("b", "", 9), []string{"x"})
	}},
	{"what no index may have is refused, and nothing is written", func(f *fixture) {
		var many []string
		for i := range gate.MaxTerms + 1 {
			many = append(many, fmt.Sprint("t", i))
		}
		for _, terms := range [][]string{
			{""}, {"A"}, {"a b"}, {"a,b"}, {"a\x00"}, {"\u00e4"}, {"a", "b", "a"}, {strings.Repeat("a", gate.MaxTerm+1)}, many,
		} {
			if _, err := f.store.Put(f.ctx, paper(gate.KindLink, "x", terms...)); err == nil {
				f.Fatalf("%q was taken", terms)
			}
		}
		f.equal("listed", f.listed(gate.KindLink, "", 9), []string{})
		f.write(paper(gate.KindLink, "x", append(many[:gate.MaxTerms-1], strings.Repeat("a", gate.MaxTerm))...))
	}},
	{"a document may have many changes, and stays in all pages", func(f *fixture) {
		for i := range 30 {
			id := fmt.Sprintf("%02d", i)
			doc := f.write(paper(gate.KindLink, id, "a", "b"))
			doc.Index = []string{"b", "c"}
			f.write(doc)
		}
		want := []string{}
		for i := range 30 {
			want = append(want, fmt.Sprintf("%02d", 29-i))
		}
		for _, term := range []string{"", "b", "c"} {
			got := []string{}
			for below := ""; ; below = got[len(got)-1] {
				docs := f.termed(term, below, 7)
				if got = append(got, docs...); len(docs) < 7 {
					break
				}
			}
			f.equal("pages of "+term, got, want)
		}
		f.equal("by the term that all lost", f.termed("a", "", 9), []string{})
	}},
}

var endCases = []testCase{
	{"a document ends by itself, for every verb, by the store's clock", func(f *fixture) {
		for _, kind := range []gate.Kind{gate.KindLink, gate.KindPerson, gate.KindAttempt} {
			doc := paper(kind, "x", "a")
			doc.Until = f.now().Add(time.Hour)
			doc = f.write(doc)
			f.pass(time.Hour - ms)
			f.equal("before", f.get(kind, "x"), doc)
			docs := ok[[]gate.Document](f, "List")(f.store.List(f.ctx, kind, "a", "", 9))
			f.equal("listed", docs, []gate.Document{doc})
			f.pass(ms)
			f.gone(doc)
			f.pass(-time.Hour) // a store's time never runs backwards
			f.gone(doc)
			f.pass(time.Hour)
		}
	}},
	{"its end is kept to the millisecond, in UTC", func(f *fixture) {
		doc := paper(gate.KindLink, "x")
		doc.Until = f.now().In(time.FixedZone("east", 3600)).Add(5*ms + 999_999)
		doc = f.write(doc)
		doc.Until = f.now().Add(5 * ms)
		f.equal("got", f.get(gate.KindLink, "x"), doc)
	}},
	{"a put may move its end, and take it away", func(f *fixture) {
		doc := paper(gate.KindLink, "x", "a")
		doc.Until = f.now().Add(time.Hour)
		doc = f.write(doc)
		doc.Until = f.now().Add(2 * time.Hour)
		doc = f.write(doc)
		f.pass(2*time.Hour - ms)
		f.equal("later", f.get(gate.KindLink, "x"), doc)
		doc.Until = time.Time{}
		doc = f.write(doc)
		f.pass(1000 * time.Hour)
		f.equal("never", f.get(gate.KindLink, "x"), doc)
		f.equal("by its term", f.termed("a", "", 9), []string{"x"})
		doc.Until = f.now()
		f.gone(f.write(doc))
	}},
	{"a new one takes the place of one that has ended", func(f *fixture) {
		old := paper(gate.KindPerson, "x", "a", "b")
		old.Until = f.now().Add(time.Hour)
		f.write(f.write(old)) // at revision 2
		f.pass(time.Hour)
		doc := f.write(paper(gate.KindPerson, "x", "b", "c"))
		f.equal("revision", doc.Rev, 1)
		f.equal("got", f.get(gate.KindPerson, "x"), doc)
		for term, want := range map[string]int{"a": 0, "b": 1, "c": 1, "": 1} {
			docs := ok[[]gate.Document](f, "List")(f.store.List(f.ctx, gate.KindPerson, term, "", 9))
			f.equal("by "+term, len(docs), want)
		}
	}},
	{"those that have ended are passed over, however many and whatever comes after", func(f *fixture) {
		for i := range 60 {
			doc := paper(gate.KindLink, fmt.Sprintf("%02d", i), "a")
			if i%20 != 0 {
				doc.Until = f.now().Add(time.Hour)
			}
			f.write(doc)
		}
		f.pass(time.Hour)
		want := []string{"40", "20", "00"}
		for round := range 30 {
			f.equal("by the term", f.termed("a", "", 9), want)
			f.equal("all", f.listed(gate.KindLink, "", 9), want)
			f.equal("one", f.termed("a", "40", 1), want[1:2])
			doc := paper(gate.KindAttempt, fmt.Sprint(round)) // and a broom may have come
			doc.Until = f.now().Add(time.Second)
			f.write(doc)
			doc.Kind, doc.Index = gate.KindLink, []string{"other"}
			doc.ID = "z" + doc.ID
			f.write(doc)
			f.pass(time.Second)
		}
	}},
	{"a document that lives on after its first end keeps its terms", func(f *fixture) {
		doc := paper(gate.KindLink, "x", "a", "b")
		doc.Until = f.now().Add(time.Hour)
		doc = f.write(doc)
		doc.Until, doc.Index = f.now().Add(100*time.Hour), []string{"b", "c"}
		doc = f.write(doc)
		for i := range 20 { // brooms
			f.pass(time.Hour)
			other := paper(gate.KindLink, fmt.Sprint("0", i))
			other.Until = f.now().Add(ms)
			f.write(other)
			f.equal("got", f.get(gate.KindLink, "x"), doc)
			for term, want := range map[string][]string{"a": {}, "b": {"x"}, "c": {"x"}} {
				f.equal("by "+term, f.termed(term, "", 9), want)
			}
		}
	}},
}
