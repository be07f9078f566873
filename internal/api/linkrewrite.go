package api

import (
	"errors"
	"reflect"

	"github.com/usher-media/usher/internal/gate"
)

// changing is a change of a link that was found to be allowed.
type changing struct {
	body      LinkChange
	doc       gate.Document // as it was read
	was, link gate.Link
	account   gate.Account
	extension gate.Extension
	from      *parent // from which views are handed on; nil: none are
	handOn    int64
}

// change works out what a body changes, and whether who asks may.
func (c *call) change(b LinkChange) (*changing, error) {
	ch := &changing{body: b}
	var err error
	if ch.doc, ch.was, err = c.linkDocument(); err != nil {
		return nil, err
	}
	if ch.account, err = c.Store.Account(c.r.Context(), ch.was.ID); err != nil {
		return nil, err
	}
	if ch.account.Standing.State == gate.Revoked {
		return nil, gate.ErrFinal
	}
	var after gate.Terms
	if ch.extension, after, err = b.extension(c.Now(), ch.was, ch.account); err != nil {
		return nil, err
	}
	if len(ch.was.Above) > 0 {
		if err := c.changeBelow(ch, b); err != nil {
			return nil, err
		}
	}
	if ch.link, err = c.rewritten(ch.was, b, ch.from); err == nil && b.Landing != nil {
		err = mayGoStraight(ch.link, after, false)
	}
	return ch, err
}

// changeBelow holds a change against the parent.
func (c *call) changeBelow(ch *changing, b LinkChange) error {
	doc, err := c.Store.Get(c.r.Context(), gate.KindLink, ch.was.Above[0].String())
	if errors.Is(err, gate.ErrNotFound) {
		return gate.ErrFinal // what came from a link that is gone opens nothing
	}
	if err != nil {
		return err
	}
	ch.from = &parent{}
	if ch.from.Link, err = gate.LinkFrom(doc); err != nil {
		return err
	}
	if ch.from.account, err = c.Store.Account(c.r.Context(), ch.from.ID); err != nil {
		return err
	}
	ch.handOn, err = b.within(ch.extension, ch.account, ch.from)
	return err
}

// rewritten is the link with what the body changes of its document.
func (c *call) rewritten(was gate.Link, b LinkChange, from *parent) (gate.Link, error) {
	link := was
	home, err := c.Directory.CollectionOf(c.r.Context(), was)
	if err != nil {
		return link, err
	}
	if b.Landing != nil {
		if link.Landing, err = gate.ParseLanding(*b.Landing); err != nil {
			return link, badValue.of("landing", gate.LandingWords(), err.Error())
		}
	}
	if b.Can != nil {
		if link.Can, err = capabilities(b.Can); err != nil {
			return link, err
		}
		if err := c.covered(link, home, from); err != nil {
			return link, err
		}
	}
	if b.Password != nil {
		link.Password = ""
		if *b.Password != "" {
			if link.Password, err = c.hashed(*b.Password); err != nil {
				return link, err
			}
		}
	}
	if b.For != nil {
		link.For = nil
		if len(*b.For) > 0 {
			emails, err := audienceOf(*b.For)
			if err != nil {
				return link, err
			}
			if link.For, err = c.audience(emails, home); err != nil {
				return link, err
			}
		}
	}
	if err := declare(&link, b.Audience, b.OnForward); err != nil {
		return link, err
	}
	if from != nil && (b.Audience != nil || b.OnForward != nil) {
		if err := asWatched(&link, &from.Link); err != nil {
			return link, err
		}
	}
	if from != nil && len(link.For) == 0 {
		switch {
		case len(from.For) > 0:
			return link, tooWide.of("for", nil, "the parent is for persons whom it names: say whom this one is for")
		case from.Password != "" && link.Password == "":
			return link, tooWide.of("password", nil, "the parent has a password: so has what is made from it, unless it names persons")
		}
	}
	return link, nil
}

// write makes the change. Of two writes the one that takes something away comes
// first, so that a crash in between leaves nothing open that was to be closed.
func (ch *changing) write(c *call) error {
	c.changed.terms, c.changed.document = ch.extension != (gate.Extension{}), !reflect.DeepEqual(ch.link, ch.was)
	order := []func(*call) error{ch.writeTerms, ch.writeDocument}
	if narrower(ch.link, ch.was) {
		order[0], order[1] = order[1], order[0]
	}
	for _, write := range order {
		if err := write(c); err != nil {
			return err
		}
	}
	return nil
}

// narrower reports whether the link lets in no more than it did.
func narrower(link, was gate.Link) bool {
	return link.Can&^was.Can == 0 && (link.Password != "" || was.Password == "") && (len(link.For) > 0 || len(was.For) == 0)
}

// writeDocument changes the document as it is now: whoever changed something else
// of it in the meantime is not undone, and need not be told to.
func (ch *changing) writeDocument(c *call) error {
	for !reflect.DeepEqual(ch.link, ch.was) {
		doc, err := ch.link.Document()
		if err != nil {
			return err
		}
		doc.Rev, doc.Until = ch.doc.Rev, ch.doc.Until
		if _, err = c.Store.Put(c.r.Context(), doc); !errors.Is(err, gate.ErrConflict) {
			return err
		}
		want := ch.link
		if ch.doc, ch.was, err = c.linkDocument(); err != nil {
			return err
		}
		ch.link = ch.was
		if ch.body.Can != nil {
			ch.link.Can = want.Can
		}
		if ch.body.For != nil {
			ch.link.For = want.For
		}
		if ch.body.Password != nil {
			ch.link.Password = want.Password
		}
		if ch.body.Audience != nil || ch.body.OnForward != nil {
			ch.link.Audience, ch.link.OnForward = want.Audience, want.OnForward
		}
		if ch.body.Landing != nil {
			ch.link.Landing = want.Landing
		}
	}
	return nil
}

func (ch *changing) writeTerms(c *call) error {
	if ch.extension == (gate.Extension{}) {
		return nil
	}
	if ch.handOn > 0 {
		if err := c.handOn(ch.from, ch.handOn); err != nil {
			return err
		}
	}
	account, err := c.Store.Extend(c.r.Context(), ch.was.ID, ch.extension)
	if err != nil { // views that were handed on stay taken, since it is not known what became of them
		return err
	}
	ch.account = account
	return nil
}
