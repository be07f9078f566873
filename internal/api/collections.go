package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
)

// Collection is a collection as the API shows it. Below Can is what only those
// see who manage it.
type Collection struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Title string   `json:"title,omitempty"`
	Paths []string `json:"paths"`
	Level string   `json:"level"`
	// Can is what who asks may do in it.
	Can        []string  `json:"can"`
	Includes   []Include `json:"includes,omitempty"`
	External   string    `json:"external,omitempty"`
	Embed      []string  `json:"embed,omitempty"`
	Track      bool      `json:"track,omitzero"`
	Brand      Brand     `json:"brand,omitzero"`
	Owner      string    `json:"owner,omitempty"`
	OwnerEmail string    `json:"owner_email,omitempty"`
	CutAt      time.Time `json:"cut_at,omitzero"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
	CreatedBy  string    `json:"created_by,omitempty"`
	// SessionsEnded is how many live sessions of nobody in particular were ended
	// since the collection was closed to them. SessionsLeft says that there may be
	// more: they are refused at their next request.
	SessionsEnded *int `json:"sessions_ended,omitempty"`
	SessionsLeft  bool `json:"sessions_left,omitzero"`
}

// Include is a collection inside another one.
type Include struct {
	Collection string `json:"collection"`
	By         string `json:"by,omitempty"`
}

func (c *call) collectionOf(col directory.Collection, can gate.Capability) Collection {
	out := Collection{
		ID: col.ID.String(), Name: col.Name, Title: col.Title, Paths: make([]string, len(col.Paths)), Level: col.Level.String(), Can: can.Names(),
	}
	for i, path := range col.Paths {
		out.Paths[i] = path.String()
	}
	if can&gate.Manage == 0 {
		return out
	}
	for _, inner := range col.Includes {
		out.Includes = append(out.Includes, Include{inner.Collection.String(), text(inner.By)})
	}
	for _, origin := range col.Embed {
		out.Embed = append(out.Embed, string(origin))
	}
	out.Track, out.Brand = col.Track, Brand(col.Brand)
	out.External, out.Owner, out.CutAt = col.External.String(), text(col.Owner), col.CutAt
	out.OwnerEmail, out.CreatedAt, out.CreatedBy = c.emailOf(col.Owner), col.CreatedAt, text(col.CreatedBy)
	return out
}

// presentCollection shows a collection to who asks.
func (c *call) presentCollection(col directory.Collection) (Collection, error) {
	can, err := c.Directory.Holds(c.r.Context(), c.who, col.ID)
	return c.collectionOf(col, can), err
}

// CollectionList is one page of collections, the newest first.
type CollectionList struct {
	Collections []Collection `json:"collections"`
	Next        string       `json:"next,omitempty"`
}

func (c *call) listCollections() (answer, error) {
	page, err := c.page()
	if err != nil {
		return answer{}, err
	}
	var found directory.List[directory.Collection]
	if name := c.r.URL.Query().Get("name"); name != "" {
		col, err := c.Directory.CollectionByName(c.r.Context(), c.who, name)
		if there, err := unlessForbidden(err); err != nil {
			return answer{}, err
		} else if there {
			found.Items = append(found.Items, col)
		}
	} else if found, err = c.Directory.Collections(c.r.Context(), c.who, page); err != nil {
		return answer{}, err
	}
	list := CollectionList{Collections: make([]Collection, len(found.Items)), Next: found.Next}
	for i, col := range found.Items {
		if list.Collections[i], err = c.presentCollection(col); err != nil {
			return answer{}, err
		}
	}
	return ok(list)
}

func paths(texts []string) (scopes []gate.Scope, err error) {
	for i, text := range texts {
		scope, err := gate.ParseScope(text)
		if err != nil {
			return nil, badValue.of("paths/"+strconv.Itoa(i), nil, err.Error())
		}
		scopes = append(scopes, scope)
	}
	return scopes, nil
}

func origins(texts []string) (origins []gate.Origin, err error) {
	for i, text := range texts {
		origin, err := gate.ParseOrigin(text)
		if err != nil {
			return nil, badValue.of("embed/"+strconv.Itoa(i), nil, err.Error())
		}
		origins = append(origins, origin)
	}
	return origins, nil
}

func (c *call) collectionsNamed(field string, names []string) (ids []gate.CollectionID, err error) {
	for _, name := range names {
		id, err := c.collectionNamed(field, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func level(word string) (gate.Level, error) {
	l, err := gate.ParseLevel(word)
	if err != nil {
		return l, badValue.of("level", directory.Levels(), "say how open the collection is")
	}
	return l, nil
}

func (c *call) createCollection() (answer, error) {
	var body NewCollection
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	n := directory.NewCollection{Name: body.Name, Title: body.Title, Track: body.Track, Brand: gate.Brand(body.Brand)}
	var err error
	if n.Embed, err = origins(body.Embed); err != nil {
		return answer{}, err
	}
	if n.Paths, err = paths(body.Paths); err != nil {
		return answer{}, err
	}
	if body.Level != "" {
		if n.Level, err = level(body.Level); err != nil {
			return answer{}, err
		}
	}
	if body.External != "" {
		if n.External, err = directory.ParseExternal(body.External); err != nil {
			return answer{}, err
		}
	}
	if n.Includes, err = c.collectionsNamed("includes", body.Includes); err != nil {
		return answer{}, err
	}
	col, err := c.Directory.CreateCollection(c.r.Context(), c.who, n)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, location: "collections/" + col.ID.String(), body: c.collectionOf(col, directory.Everything)}, nil
}

// collectionID reads the id in the path.
func (c *call) collectionID() (gate.CollectionID, error) {
	id, err := gate.ParseCollectionID(c.id)
	if err != nil {
		return id, gate.ErrNotFound
	}
	return id, nil
}

func (c *call) showCollection() (answer, error) {
	id, err := c.collectionID()
	if err != nil {
		return answer{}, err
	}
	rev, err := c.revision(gate.KindCollection)
	if err != nil {
		return answer{}, err
	}
	col, err := c.Directory.Collection(c.r.Context(), c.who, id)
	if err != nil {
		return answer{}, err
	}
	out, err := c.presentCollection(col)
	return answer{status: http.StatusOK, rev: rev, body: out}, err
}

func (b CollectionChange) change(c *call) (change directory.CollectionChange, err error) {
	change.Name, change.Title, change.Track, change.Brand = b.Name, b.Title, b.Track, (*gate.Brand)(b.Brand)
	if b.Embed != nil {
		allowed, err := origins(*b.Embed)
		if err != nil {
			return change, err
		}
		change.Embed = &allowed
	}
	if b.Paths != nil {
		scopes, err := paths(*b.Paths)
		if err != nil {
			return change, err
		}
		change.Paths = &scopes
	}
	if b.Level != nil {
		l, err := level(*b.Level)
		if err != nil {
			return change, err
		}
		change.Level = &l
	}
	if b.Includes != nil {
		ids, err := c.collectionsNamed("includes", *b.Includes)
		if err != nil {
			return change, err
		}
		change.Includes = &ids
	}
	if b.External != nil {
		external, err := directory.ParseExternal(*b.External)
		if err != nil {
			return change, err
		}
		change.External = &external
	}
	if b.Owner == nil {
		return change, nil
	}
	var owner gate.PersonID
	if *b.Owner != "" {
		if owner, err = c.personIn("owner", *b.Owner, gate.CollectionID{}); err != nil {
			return change, err
		}
	}
	change.Owner = &owner
	return change, nil
}

func (c *call) changeCollection() (answer, error) {
	var body CollectionChange
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	id, err := c.collectionID()
	if err != nil {
		return answer{}, err
	}
	if body == (CollectionChange{}) {
		return answer{}, nothingChanges(&body)
	}
	change, err := body.change(c)
	if err != nil {
		return answer{}, err
	}
	unmoved, err := c.unmoved(gate.KindCollection)
	if err != nil {
		return answer{}, err
	}
	c.changed.level = change.Level != nil
	col, err := unmoved.ChangeCollection(c.r.Context(), c.who, id, change)
	if err != nil {
		return answer{}, err
	}
	out := c.collectionOf(col, directory.Everything)
	if change.Level != nil && col.Level < gate.ByLink {
		if err := c.close(&out, id); err != nil {
			return answer{}, err
		}
	}
	return ok(out)
}

// close ends the sessions of a collection that are nobody's in particular: from
// the change of its level on they are refused.
func (c *call) close(out *Collection, id gate.CollectionID) error {
	in := c.links().in(id)
	ended, left, err := c.all(sweep{wants: func(s gate.Session) (bool, error) {
		if !s.Person.IsZero() {
			return false, nil
		}
		return in(s)
	}})
	out.SessionsEnded, out.SessionsLeft = &ended, left
	return err
}

func (c *call) deleteCollection() (answer, error) {
	if err := c.decodeOptional(&nothing{}); err != nil {
		return answer{}, err
	}
	id, err := c.collectionID()
	if err != nil {
		return answer{}, err
	}
	col, err := c.Directory.Collection(c.r.Context(), c.who, id)
	if err == nil {
		err = c.Directory.DeleteCollection(c.r.Context(), c.who, id)
	}
	return done(c.collectionOf(col, directory.Everything), err)
}
