package storetest

import (
	"errors"

	"github.com/usher-media/usher/internal/gate"
)

func (f *fixture) put(kind gate.Kind, id string, rev int64, body string) int64 {
	f.Helper()
	doc := gate.Document{Kind: kind, ID: id, Rev: rev, Body: []byte(body)}
	return ok[int64](f, "Put")(f.store.Put(f.ctx, doc))
}

func (f *fixture) get(kind gate.Kind, id string) gate.Document {
	f.Helper()
	return ok[gate.Document](f, "Get")(f.store.Get(f.ctx, kind, id))
}

// fails ends the test where err is not the wanted one.
func (f *fixture) fails(what string, err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

// listed returns the ids of a listing.
func (f *fixture) listed(kind gate.Kind, below string, limit int) []string {
	f.Helper()
	docs := ok[[]gate.Document](f, "List")(f.store.List(f.ctx, kind, "", below, limit))
	ids := make([]string, len(docs))
	for i, doc := range docs {
		ids[i] = doc.ID
	}
	return ids
}

var documentCases = []testCase{
	{"put makes one at revision 1, and get returns it whole", func(f *fixture) {
		body := "{\"a\": \"b\\u0000\u00e4\",\n \"c\" :1}"
		f.equal("revision", f.put(gate.KindLink, "x", 0, body), 1)
		f.equal("document", f.get(gate.KindLink, "x"),
			gate.Document{Kind: gate.KindLink, ID: "x", Rev: 1, Body: []byte(body)})
	}},
	{"put takes the place of the revision it names", func(f *fixture) {
		f.put(gate.KindLink, "x", 0, `1`)
		f.equal("second revision", f.put(gate.KindLink, "x", 1, `2`), 2)
		f.equal("third revision", f.put(gate.KindLink, "x", 2, `3`), 3)
		f.equal("body", string(f.get(gate.KindLink, "x").Body), "3")
	}},
	{"put over another revision is a conflict and changes nothing", func(f *fixture) {
		f.put(gate.KindLink, "x", 0, `1`)
		f.put(gate.KindLink, "x", 1, `2`)
		for _, rev := range []int64{0, 1, 3} {
			_, err := f.store.Put(f.ctx, gate.Document{Kind: gate.KindLink, ID: "x", Rev: rev, Body: []byte(`9`)})
			f.fails("Put", err, gate.ErrConflict)
		}
		f.equal("document", f.get(gate.KindLink, "x"),
			gate.Document{Kind: gate.KindLink, ID: "x", Rev: 2, Body: []byte(`2`)})
	}},
	{"put in place of none is not found and makes none", func(f *fixture) {
		_, err := f.store.Put(f.ctx, gate.Document{Kind: gate.KindLink, ID: "x", Rev: 1, Body: []byte(`1`)})
		f.fails("Put", err, gate.ErrNotFound)
		_, err = f.store.Get(f.ctx, gate.KindLink, "x")
		f.fails("Get", err, gate.ErrNotFound)
	}},
	{"delete removes it, once", func(f *fixture) {
		f.put(gate.KindLink, "x", 0, `1`)
		f.put(gate.KindLink, "x", 1, `2`)
		f.fails("Delete", f.store.Delete(f.ctx, gate.KindLink, "x"), nil)
		_, err := f.store.Get(f.ctx, gate.KindLink, "x")
		f.fails("Get", err, gate.ErrNotFound)
		f.fails("second Delete", f.store.Delete(f.ctx, gate.KindLink, "x"), gate.ErrNotFound)
		f.equal("listed", f.listed(gate.KindLink, "", 9), []string{})
		f.equal("revision of a new one", f.put(gate.KindLink, "x", 0, `3`), 1)
	}},
	{"kinds are apart", func(f *fixture) {
		f.put(gate.KindLink, "x", 0, `1`)
		f.put(gate.KindAPIKey, "x", 0, `2`)
		f.put(gate.KindAPIKey, "y", 0, `3`)
		f.fails("Delete", f.store.Delete(f.ctx, gate.KindAPIKey, "x"), nil)
		f.equal("body", string(f.get(gate.KindLink, "x").Body), "1")
		f.equal("links", f.listed(gate.KindLink, "", 9), []string{"x"})
		f.equal("keys", f.listed(gate.KindAPIKey, "", 9), []string{"y"})
	}},
	{"list goes in falling order of id, by pages", func(f *fixture) {
		for _, id := range []string{"b", "d", "a", "e", "c"} {
			f.put(gate.KindLink, id, 0, `"`+id+`"`)
		}
		f.equal("all", f.listed(gate.KindLink, "", 9), []string{"e", "d", "c", "b", "a"})
		f.equal("first page", f.listed(gate.KindLink, "", 2), []string{"e", "d"})
		f.equal("second page", f.listed(gate.KindLink, "d", 2), []string{"c", "b"})
		f.equal("last page", f.listed(gate.KindLink, "b", 2), []string{"a"})
		f.equal("after the last", f.listed(gate.KindLink, "a", 2), []string{})
		f.equal("below one that is not there", f.listed(gate.KindLink, "cc", 2), []string{"c", "b"})
		f.equal("no limit to speak of", f.listed(gate.KindLink, "", 0), []string{})
		f.equal("a limit below 0", f.listed(gate.KindLink, "", -1), []string{})
		docs := ok[[]gate.Document](f, "List")(f.store.List(f.ctx, gate.KindLink, "", "", 1))
		f.equal("whole document", docs, []gate.Document{{Kind: gate.KindLink, ID: "e", Rev: 1, Body: []byte(`"e"`)}})
	}},
	{"bodies are not shared with the caller", func(f *fixture) {
		doc := gate.Document{Kind: gate.KindLink, ID: "x", Body: []byte(`1`)}
		ok[int64](f, "Put")(f.store.Put(f.ctx, doc))
		doc.Body[0] = '2'
		f.get(gate.KindLink, "x").Body[0] = '3'
		f.equal("body", string(f.get(gate.KindLink, "x").Body), "1")
	}},
}
