package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/usher-media/usher/internal/gate"
)

// changesChannel is where the scripts that change something tell so. The
// channels of a server know nothing of its databases: where several stores
// share a server, they also hear of each other's links, which do no harm.
const changesChannel = keyPrefix + "changes"

// A change is told in words: its kind, and the ids that it is about.
//
//	link lnk_…
//	session lnk_… ses_…
//	document EDITION KIND ID
//	keys
//	missed
//
// A greeting is no change: with it a node asks whether it may tell any.
const (
	greeting     = "hello"
	linkWord     = "link"
	sessionWord  = "session"
	documentWord = "document"
	keysWord     = "keys"
	missedWord   = "missed"
)

var errChange = errors.New("there is no such kind of change")

func encodeChange(c gate.Change) (string, error) {
	switch c.Kind {
	case gate.Missed:
		return missedWord, nil
	case gate.LinkChanged:
		return linkWord + " " + c.Link.String(), nil
	case gate.SessionChanged:
		return sessionWord + " " + c.Link.String() + " " + c.Session.String(), nil
	case gate.KeysChanged:
		return keysWord, nil
	case gate.DocumentChanged:
		return fmt.Sprintf("%s %d %s %s", documentWord, c.Edition, c.Document.Kind, c.Document.ID), nil
	}
	return "", fmt.Errorf("%w: %d", errChange, c.Kind)
}

// decodeChange reads what encodeChange or a script wrote; news is false for a
// greeting. Anything else, which may be a newer node's, counts as Missed: who
// forgets too much asks once more, and who forgets too little lets somebody in.
func decodeChange(text string) (change gate.Change, news bool) {
	if text == greeting {
		return gate.Change{}, false
	}
	kind, ids, _ := strings.Cut(text, " ")
	link, session, more := strings.Cut(ids, " ")
	c, err := gate.Change{}, error(nil)
	switch {
	case kind == linkWord && !more:
		c.Kind = gate.LinkChanged
		c.Link, err = gate.ParseLinkID(link)
	case kind == sessionWord:
		c.Kind = gate.SessionChanged
		var linkErr error
		c.Link, linkErr = gate.ParseLinkID(link)
		c.Session, err = gate.ParseSessionID(session)
		err = errors.Join(linkErr, err)
	case kind == documentWord:
		c, err = decodeDocumentChange(ids)
	case text == keysWord:
		c.Kind = gate.KeysChanged
	}
	if err != nil {
		return gate.Change{}, true
	}
	return c, true
}

// decodeDocumentChange reads an edition, a kind and an id.
func decodeDocumentChange(text string) (gate.Change, error) {
	edition, name, _ := strings.Cut(text, " ")
	kind, id, whole := strings.Cut(name, " ")
	n, err := strconv.ParseInt(edition, 10, 64)
	if err != nil || !whole || strconv.FormatInt(n, 10) != edition {
		return gate.Change{}, errChange
	}
	doc := gate.DocumentName{Kind: gate.Kind(kind), ID: id}
	return gate.Change{Kind: gate.DocumentChanged, Document: doc, Edition: n}, nil
}
