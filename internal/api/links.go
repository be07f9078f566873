package api

import (
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// LinkList is one page of links, the newest first.
type LinkList struct {
	Links []Link `json:"links"`
	// Next is the cursor of the next page; empty: this is the last.
	Next string `json:"next,omitempty"`
}

// linkFilters are the parameters of which a listing takes one.
var linkFilters = []string{"collection", "by", "for", "parent"}

func (c *call) listLinks() (answer, error) {
	term, err := c.linkTerm()
	if err != nil {
		return answer{}, err
	}
	name := "links " + term
	limit, below, err := c.below(name)
	if err != nil {
		return answer{}, err
	}
	docs, err := c.Store.List(c.r.Context(), gate.KindLink, term, below, limit+1)
	if err != nil {
		return answer{}, err
	}
	page, next := cut(name, docs, limit, func(doc gate.Document) string { return doc.ID })
	list := LinkList{Links: make([]Link, 0, len(page)), Next: next}
	for _, doc := range page {
		link, err := gate.LinkFrom(doc)
		if err != nil {
			return answer{}, err
		}
		account, err := c.account(c.r.Context(), link.ID)
		if err != nil {
			return answer{}, err
		}
		list.Links = append(list.Links, c.present(link, account))
	}
	return ok(list)
}

// linkTerm is the term of the links that are asked for, of which who asks may
// see each: whoever may see every link, all; whoever manages a collection, the
// links of it; everybody, what they made, and what was made from that.
func (c *call) linkTerm() (string, error) {
	query := c.r.URL.Query()
	filter := ""
	for _, name := range linkFilters {
		if !query.Has(name) {
			continue
		}
		if filter != "" {
			return "", badValue.of(name, linkFilters, "give one of "+strings.Join(linkFilters, ", "))
		}
		filter = name
	}
	switch text := query.Get(filter); filter {
	case "collection":
		collection, err := c.collectionFor(filter, text)
		if err != nil {
			return "", err
		}
		return "collection:" + collection.ID.String(), c.Directory.May(c.r.Context(), c.who, directory.ChangeCollections, collection.ID)
	case "parent":
		id, err := gate.ParseLinkID(text)
		if err != nil {
			return "", badValue.of(filter, nil, err.Error())
		}
		_, _, err = c.linkDocumentOf(id)
		return "above:" + id.String(), err
	case "by", "for":
		return c.personTerm(filter, text)
	}
	all, err := unlessForbidden(c.may(directory.ChangeCollections))
	if err == nil && !all {
		return "by:" + c.who.Person().String(), nil
	}
	return gate.TermLink, err
}

// personTerm is the term of links that a person made, or that are for them. For
// one's own it takes nothing; a link that is for somebody is shown to them by
// whoever made it, and not here.
func (c *call) personTerm(filter, text string) (string, error) {
	may := c.may(directory.ChangeCollections)
	all, broken := unlessForbidden(may)
	switch {
	case broken != nil:
		return "", broken
	case !all && filter == "for":
		return "", may
	}
	id, err := c.personNamed(filter, text)
	switch {
	case !all && (err != nil || id != c.who.Person()):
		return "", may // and nothing is said about whether there is such a person
	case errors.Is(err, gate.ErrNotFound):
		return "", badValue.of(filter, nil, "there is no person with this address")
	}
	return filter + ":" + id.String(), err
}

func (c *call) createLink() (answer, error) {
	var body NewLink
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	d, err := c.draft(body)
	if err != nil {
		return answer{}, err
	}
	account, err := c.issue(d)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, location: "links/" + d.link.ID.String(), body: c.present(d.link, account)}, nil
}

// linkDocument reads the link that the path names, and its document, if who asks
// may see and change it.
func (c *call) linkDocument() (gate.Document, gate.Link, error) {
	id, err := gate.ParseLinkID(c.id)
	if err != nil {
		return gate.Document{}, gate.Link{}, gate.ErrNotFound
	}
	return c.linkDocumentOf(id)
}

func (c *call) linkDocumentOf(id gate.LinkID) (gate.Document, gate.Link, error) {
	doc, err := c.Store.Get(c.r.Context(), gate.KindLink, id.String())
	if err != nil {
		return doc, gate.Link{}, err
	}
	link, err := gate.LinkFrom(doc)
	if err == nil && link.Pass { // it is no link that anybody made
		err = gate.ErrNotFound
	}
	if err == nil {
		err = c.knows(link, directory.ChangeCollections)
	}
	return doc, link, err
}

// knows is mayLink for those who find no link where they may not see it.
func (c *call) knows(link gate.Link, p directory.Permission) error {
	return hidden(c.mayLink(link, p))
}

// hidden makes a refusal one that does not tell whether there is anything.
func hidden(refused error) error {
	allowed, err := unlessForbidden(refused)
	if err == nil && !allowed {
		err = gate.ErrNotFound
	}
	return err
}

// link reads the link that the path names.
func (c *call) link() (gate.Link, error) {
	_, link, err := c.linkDocument()
	return link, err
}

func (c *call) showLink() (answer, error) {
	link, err := c.link()
	if err != nil {
		return answer{}, err
	}
	account, err := c.account(c.r.Context(), link.ID)
	if err != nil {
		return answer{}, err
	}
	return ok(c.present(link, account))
}

const maxWhy = 200

// oneLine checks a text that people will see in listings and logs.
func oneLine(field, text string, most int) error {
	if len(text) > most || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return badValue.of(field, nil, "want a short text on one line")
	}
	return nil
}
