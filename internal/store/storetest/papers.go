package storetest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-media/usher/internal/gate"
)

// paperLink is a link of which there may be a document, and is no account.
var paperLink = gate.LinkID{11: 1}

// The documents in play: of kinds that are remembered, partly and not at all.
var (
	paperKinds = []gate.Kind{gate.KindLink, gate.KindPerson, gate.KindAttempt}
	paperIDs   = []string{"a", "b", paperLink.String()}
	paperTerms = []string{"s", "t"}
)

func (m *machine) paper(r *rapid.T) gate.Document {
	return gate.Document{
		Kind: rapid.SampledFrom(paperKinds).Draw(r, "kind"),
		ID:   rapid.SampledFrom(paperIDs).Draw(r, "id"),
	}
}

// papers drives the documents.
func (m *machine) papers(r *rapid.T) {
	doc := m.paper(r)
	switch rapid.SampledFrom([]string{"put", "put", "put", "change", "change", "get", "delete", "list", "list"}).Draw(r, "verb") {
	case "put":
		m.put(r, doc, int64(rapid.IntRange(0, 3).Draw(r, "rev")))
	case "change": // of what is there, which would be rare else
		old, _ := m.model.Get(ctx, doc.Kind, doc.ID)
		m.put(r, doc, old.Rev)
	case "get":
		_, _ = both(m, r, "Get", func(s gate.Store) (gate.Document, error) { return s.Get(ctx, doc.Kind, doc.ID) })
	case "delete":
		_, _ = both(m, r, "Delete", func(s gate.Store) (any, error) { return nil, s.Delete(ctx, doc.Kind, doc.ID) })
	case "list":
		term := rapid.SampledFrom(append(paperTerms, "", "u")).Draw(r, "term")
		below := rapid.SampledFrom([]string{"", "a", "b", "c", "z"}).Draw(r, "below")
		limit := rapid.IntRange(-1, 3).Draw(r, "limit")
		_, _ = both(m, r, "List", func(s gate.Store) ([]gate.Document, error) {
			return s.List(ctx, doc.Kind, term, below, limit)
		})
	}
}

func (m *machine) put(r *rapid.T, doc gate.Document, rev int64) {
	doc.Rev = rev
	doc.Body = []byte(rapid.SampledFrom([]string{`1`, `{"a":2}`}).Draw(r, "body"))
	doc.Index = rapid.SliceOfNDistinct(rapid.SampledFrom(paperTerms), 0, 2, rapid.ID).Draw(r, "terms")
	if rapid.IntRange(0, 2).Draw(r, "ends") == 0 {
		doc.Until = m.around(r, "until")
	}
	_, _ = both(m, r, "Put", func(s gate.Store) (int64, error) { return s.Put(ctx, doc) })
}

// memory is somebody who remembers documents of a store as the contract says
// that one may: until the edition is another, and then until Edits names them.
type memory struct {
	store   gate.Store
	edition int64
	docs    map[gate.DocumentName]gate.Document
}

// follow brings what is remembered of both stores up to date. Nothing may be in
// it that the store says otherwise, and where both stores know what was edited
// since the last time, it is the same.
func (m *machine) follow(r *rapid.T) {
	edited := make([]string, len(m.memories))
	known := true
	for i, memory := range m.memories {
		names, complete, err := memory.catchUp()
		if err != nil {
			r.Fatalf("following: %v", err)
		}
		if err := memory.verify(); err != nil {
			r.Fatal(err)
		}
		slices.SortFunc(names, byName)
		edited[i], known = fmt.Sprint(names), known && complete
	}
	if known && edited[0] != edited[1] {
		r.Fatalf("edited were %s, want %s", edited[0], edited[1])
	}
}

// catchUp makes the memory that of the store's edition.
func (m *memory) catchUp() (names []gate.DocumentName, complete bool, err error) {
	state, err := m.store.Check(ctx, gate.Query{})
	if err != nil || m.docs != nil && state.Edition == m.edition {
		return nil, true, err
	}
	names, m.edition, complete, err = m.store.Edits(ctx, m.edition)
	if err != nil {
		return nil, false, err
	}
	if m.docs == nil || !complete {
		all, err := m.readAll()
		m.docs = all
		return nil, false, err
	}
	for _, name := range names {
		delete(m.docs, name)
		if doc, err := m.store.Get(ctx, name.Kind, name.ID); err == nil {
			m.docs[name] = doc
		}
	}
	return names, true, nil
}

func (m *memory) readAll() (map[gate.DocumentName]gate.Document, error) {
	all := make(map[gate.DocumentName]gate.Document)
	for _, kind := range paperKinds {
		docs, err := m.store.List(ctx, kind, "", "", 99)
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			all[nameOf(doc)] = doc
		}
	}
	return all, nil
}

// verify sees that what is remembered is what the store says, as far as its kind
// may be remembered: that a link does not exist may not.
func (m *memory) verify() error {
	state, err := m.store.Check(ctx, gate.Query{})
	if err != nil {
		return err
	}
	all, err := m.readAll()
	if err != nil {
		return err
	}
	for _, kind := range paperKinds {
		for _, id := range paperIDs {
			name := name(kind, id)
			old, remembered := m.docs[name]
			if remembered && !old.Until.IsZero() && !state.Now.Before(old.Until) {
				old, remembered = gate.Document{}, false
				delete(m.docs, name)
			}
			if !kind.Remembered(!remembered) {
				continue
			}
			if got, want := fmt.Sprintf("%+v", all[name]), fmt.Sprintf("%+v", old); got != want {
				return fmt.Errorf("at edition %d\n got %s\nwant what is remembered: %s", m.edition, got, want)
			}
		}
	}
	return nil
}

// above draws links that another may have been made from.
func (m *machine) above(r *rapid.T) (links [gate.MaxAbove]gate.LinkID) {
	if rapid.Bool().Draw(r, "made from others") {
		some := append(slices.Clone(m.links), gate.LinkID{11: 255})
		copy(links[:], rapid.SliceOfN(rapid.SampledFrom(some), 0, gate.MaxAbove).Draw(r, "above"))
	}
	return links
}

// times draws what an owner may say about a link's times.
func (m *machine) times(r *rapid.T) (change gate.Extension) {
	pick := func(what string) bool { return rapid.IntRange(0, 3).Draw(r, what) == 0 }
	for _, t := range []struct {
		what string
		to   **time.Time
	}{{"start", &change.StartsAt}, {"end", &change.ExpiresAt}, {"start by", &change.StartBy}} {
		if pick("set " + t.what) {
			at := time.Time{}
			if rapid.Bool().Draw(r, "some") {
				at = m.around(r, t.what)
			}
			*t.to = &at
		}
	}
	if pick("set play for") {
		d := rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(r, "play for")
		change.PlayFor = &d
	}
	return change
}
