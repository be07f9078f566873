package api

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usher-media/usher/internal/gate"
)

// LinkList is one page of links, the newest first.
type LinkList struct {
	Links []Link `json:"links"`
	// Next is the cursor of the next page; empty: this is the last.
	Next string `json:"next,omitempty"`
}

func (c *call) listLinks() (answer, error) {
	limit, below, err := c.below("links")
	if err != nil {
		return answer{}, err
	}
	ctx := c.r.Context()
	docs, err := c.Store.List(ctx, gate.KindLink, "", below, limit+1)
	if err != nil {
		return answer{}, err
	}
	page, next := cut("links", docs, limit, func(doc gate.Document) string { return doc.ID })
	list := LinkList{Links: make([]Link, 0, len(page)), Next: next}
	for _, doc := range page {
		link, err := gate.LinkFrom(doc)
		if err != nil {
			return answer{}, err
		}
		account, err := c.account(ctx, link.ID)
		if err != nil {
			return answer{}, err
		}
		list.Links = append(list.Links, c.present(link, account))
	}
	return ok(list)
}

func (c *call) createLink() (answer, error) {
	var body NewLink
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	link, terms, err := body.link(c.Now(), c.by)
	if err != nil {
		return answer{}, err
	}
	account, err := gate.Create(c.r.Context(), c.Store, link, terms)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, location: "links/" + link.ID.String(), body: c.present(link, account)}, nil
}

// link reads the link that the path names.
func (c *call) link() (gate.Link, error) {
	id, err := gate.ParseLinkID(c.id)
	if err != nil {
		return gate.Link{}, gate.ErrNotFound
	}
	doc, err := c.Store.Get(c.r.Context(), gate.KindLink, id.String())
	if err != nil {
		return gate.Link{}, err
	}
	return gate.LinkFrom(doc)
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

func (c *call) changeLink() (answer, error) {
	var body LinkChange
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	link, err := c.link()
	if err != nil {
		return answer{}, err
	}
	account, err := c.Store.Account(c.r.Context(), link.ID)
	if err != nil {
		return answer{}, err
	}
	change, err := body.extension(c.Now(), link, account)
	if err != nil {
		return answer{}, err
	}
	if account, err = c.Store.Extend(c.r.Context(), link.ID, change); err != nil {
		return answer{}, err
	}
	return ok(c.present(link, account))
}

func (c *call) suspendLink() (answer, error) { return c.setStanding(gate.Suspended) }
func (c *call) resumeLink() (answer, error)  { return c.setStanding(gate.Active) }
func (c *call) revokeLink() (answer, error)  { return c.setStanding(gate.Revoked) }

// setStanding answers only when the store has committed: whoever revokes a
// link and reads 200 may rely on it (fosite CVE-2020-15223 said OK before).
func (c *call) setStanding(state string) (answer, error) {
	var body StandingChange
	if err := c.decodeOptional(&body); err != nil {
		return answer{}, err
	}
	if err := oneLine("why", body.Why, maxWhy); err != nil {
		return answer{}, err
	}
	link, err := c.link()
	if err != nil {
		return answer{}, err
	}
	account, err := c.Store.SetStanding(c.r.Context(), link.ID, gate.Standing{State: state, Why: body.Why, By: c.by})
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
