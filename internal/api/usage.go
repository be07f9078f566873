package api

import (
	"cmp"
	"errors"
	"slices"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

var usageEndpoints = []endpoint{
	{
		method: "GET", path: "/usage", query: with(pageQuery, "collection", "link"), serve: (*call).usage, needs: needs(directory.SeeUsage, directory.SeeStats),
		name: "showUsage", says: "Show what links were used for, and collections, and the whole", gives: Usage{}, refuses: []kind{notFound},
	},
}

// Counts is what something was used for since it is there. Plays are the views
// that were charged, exactly. Bytes are gathered and written every few seconds: what
// is not written yet is not in them, nor what a node had gathered that crashed.
type Counts struct {
	Plays    int64 `json:"plays"`
	Bytes    int64 `json:"bytes"`
	Sessions int64 `json:"sessions"`
	Devices  int64 `json:"devices"`
}

// Add adds another count.
func (c *Counts) Add(more Counts) {
	c.Plays += more.Plays
	c.Bytes += more.Bytes
	c.Sessions += more.Sessions
	c.Devices += more.Devices
}

// Usage is one page of what links were used for. Its sums are of this page: those
// of the whole are the sums over all pages.
type Usage struct {
	Sum Counts `json:"sum"`
	// Collections are the sums of each collection, by name; what is in none comes
	// first.
	Collections []CollectionUsage `json:"collections"`
	Items       []UsageItem       `json:"items"`
	Next        string            `json:"next,omitempty"`
}

// CollectionUsage is what the links of a collection were used for, and what was
// watched there without any.
type CollectionUsage struct {
	Collection     string `json:"collection,omitempty"`
	CollectionName string `json:"collection_name,omitempty"`
	Counts
}

// UsageItem is what one link was used for, or in a collection whoever watched
// without one.
type UsageItem struct {
	// Through is ThroughLink, ThroughAccess or ThroughVisit.
	Through string `json:"through"`
	Link    string `json:"link,omitempty"`
	Title   string `json:"title,omitempty"`
	CollectionUsage
}

// By what something was watched.
const (
	ThroughLink   = "link"
	ThroughAccess = "access" // what persons were granted, or the collection's level
	ThroughVisit  = "visit"  // a public collection that counts its visitors
)

// usage sums up from the ledger. A play counts for the collection of the link that
// it was charged to, not for the one whose file it was.
func (c *call) usage() (answer, error) {
	query := c.r.URL.Query()
	if len(given(query, "collection", "link")) > 1 {
		return answer{}, badValue.because("give one of collection and link")
	}
	if query.Get("link") != "" {
		return c.usageOfLink()
	}
	var collection gate.CollectionID
	err := c.may(directory.SeeUsage)
	if text := query.Get("collection"); text != "" {
		if collection, err = c.collectionNamed("collection", text); err == nil {
			err = c.Directory.May(c.r.Context(), c.who, directory.SeeStats, collection)
		}
	}
	if err != nil {
		return answer{}, err
	}
	name := "usage " + collection.String()
	limit, below, err := c.below(name)
	if err != nil {
		return answer{}, err
	}
	docs, err := c.used(collection, below, limit+1)
	if err != nil {
		return answer{}, err
	}
	page, next := cut(name, docs, limit, func(doc gate.Document) string { return doc.ID })
	return done(c.summed(page, next))
}

func (c *call) usageOfLink() (answer, error) {
	id, err := c.linkParameter()
	if err != nil {
		return answer{}, err
	}
	doc, err := c.Store.Get(c.r.Context(), gate.KindLink, id.String())
	if err != nil {
		return answer{}, err
	}
	link, err := gate.LinkFrom(doc)
	if err == nil && link.Pass { // it is no link that anybody made
		err = gate.ErrNotFound
	}
	if err == nil {
		err = c.knows(link, directory.SeeStats)
	}
	if err != nil {
		return answer{}, err
	}
	return done(c.summed([]gate.Document{doc}, ""))
}

// used lists links by falling id, those that nobody holds as well: of a collection,
// or all.
func (c *call) used(collection gate.CollectionID, below string, most int) ([]gate.Document, error) {
	if collection.IsZero() {
		return c.Store.List(c.r.Context(), gate.KindLink, "", below, most)
	}
	var docs []gate.Document
	for _, term := range gate.TermsOf(collection) {
		found, err := c.Store.List(c.r.Context(), gate.KindLink, term, below, most)
		if err != nil {
			return nil, err
		}
		docs = append(docs, found...)
	}
	slices.SortFunc(docs, func(a, b gate.Document) int { return cmp.Compare(b.ID, a.ID) })
	return docs[:min(len(docs), most)], nil
}

// summed reads the accounts of a page of links. What persons watched without a link
// is one item for each collection: who they are is nobody's to see here.
func (c *call) summed(page []gate.Document, next string) (Usage, error) {
	var tally Tally
	for _, doc := range page {
		link, err := gate.LinkFrom(doc)
		if err != nil {
			return Usage{}, err
		}
		account, err := c.Store.Account(c.r.Context(), link.ID)
		if err != nil && !errors.Is(err, gate.ErrNotFound) {
			return Usage{}, err
		}
		item := c.itemOf(link)
		item.Counts = Counts{Plays: account.Used, Bytes: account.Bytes, Sessions: account.Sessions, Devices: account.Devices}
		tally.Add(item)
	}
	out := tally.Usage()
	out.Next = next
	return out, nil
}

func (c *call) itemOf(link gate.Link) UsageItem {
	item := UsageItem{Through: ThroughLink}
	switch {
	case !link.Pass:
		item.Link, item.Title = link.ID.String(), link.Title
	case len(link.For) == 0:
		item.Through = ThroughVisit
	default:
		item.Through = ThroughAccess
	}
	if home := link.Home(); !home.IsZero() {
		item.Collection, item.CollectionName = home.String(), c.Directory.NameOf(home)
	}
	return item
}

// Tally sums up items, of one page or of many.
type Tally struct {
	sum         Counts
	collections map[string]*CollectionUsage
	access      map[string]int // where in items what was watched without a link is
	items       []UsageItem
}

// Add adds an item to the sum, and to what it belongs to.
func (t *Tally) Add(item UsageItem) {
	if t.collections == nil {
		t.collections, t.access = map[string]*CollectionUsage{}, map[string]int{}
	}
	t.sum.Add(item.Counts)
	of := t.collections[item.Collection]
	if of == nil {
		of = &CollectionUsage{Collection: item.Collection, CollectionName: item.CollectionName}
		t.collections[item.Collection] = of
	}
	of.Counts.Add(item.Counts)
	if item.Through != ThroughLink {
		name := item.Through + " " + item.Collection
		if at, known := t.access[name]; known {
			t.items[at].Counts.Add(item.Counts)
			return
		}
		t.access[name] = len(t.items)
	}
	t.items = append(t.items, item)
}

// Usage is the sum of what was added.
func (t *Tally) Usage() Usage {
	u := Usage{Sum: t.sum, Collections: []CollectionUsage{}, Items: append([]UsageItem{}, t.items...)}
	for _, of := range t.collections {
		u.Collections = append(u.Collections, *of)
	}
	slices.SortFunc(u.Collections, func(a, b CollectionUsage) int {
		return cmp.Or(cmp.Compare(a.CollectionName, b.CollectionName), cmp.Compare(a.Collection, b.Collection))
	})
	return u
}
