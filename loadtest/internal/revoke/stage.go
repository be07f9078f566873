package revoke

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/loadtest/internal/rig"
	"github.com/usher-media/usher/loadtest/internal/viewer"
)

// What is in a collection stands apart from what is not, so that the changes of
// links alone are measured as on a site without collections.
const (
	collection        = "small"
	collectionScope   = "/clock/180p/*"
	collectionSegment = "/clock/180p/0.ts"
)

// enter opens a session at a node.
func (s stage) enter(ctx context.Context, v *viewer.Viewer, node *rig.Server) (viewer.Session, error) {
	if s.person != "" {
		return v.Enter(ctx, node.URL+s.segment, s.person)
	}
	code, _ := viewer.Code(s.link.URL)
	return v.Watch(ctx, node.URL, code, "")
}

func plainLink(ctx context.Context, node *rig.Server) (s stage, err error) {
	s.segment = segment
	s.link, err = node.NewLink(ctx, api.NewLink{Path: "/clock/*"})
	return s, err
}

// childLink is a link that was made from another, which is what is changed.
func childLink(ctx context.Context, node *rig.Server) (s stage, err error) {
	parent, err := node.NewLink(ctx, api.NewLink{Path: "/clock/*", Can: []string{"view", "share"}})
	if err != nil {
		return s, err
	}
	s.segment, s.about = segment, parent.ID
	s.link, err = node.NewLink(ctx, api.NewLink{Parent: parent.ID})
	return s, err
}

// open makes the collection, or opens it again, and returns its id.
func open(ctx context.Context, node *rig.Server) (string, error) {
	var list api.CollectionList
	if err := node.Call(ctx, http.MethodGet, "/collections?name="+collection, nil, &list); err != nil {
		return "", err
	}
	var made api.Collection
	if len(list.Collections) == 0 {
		err := node.Call(ctx, http.MethodPost, "/collections", api.NewCollection{Name: collection, Paths: []string{collectionScope}, Level: "link"}, &made)
		return made.ID, err
	}
	id := list.Collections[0].ID
	return id, node.Call(ctx, http.MethodPatch, "/collections/"+id, api.CollectionChange{Level: new("link")}, nil)
}

// inCollection is a link to the collection, which is what is changed.
func inCollection(ctx context.Context, node *rig.Server) (s stage, err error) {
	s.segment = collectionSegment
	if s.about, err = open(ctx, node); err != nil {
		return s, err
	}
	s.link, err = node.NewLink(ctx, api.NewLink{Collection: collection})
	return s, err
}

// grantedPerson is somebody new who is signed in and was granted the collection;
// the grant is what is changed.
func grantedPerson(ctx context.Context, node *rig.Server) (s stage, err error) {
	s.segment = collectionSegment
	if _, err = open(ctx, node); err != nil {
		return s, err
	}
	email := fmt.Sprintf("p%d@example.com", time.Now().UnixNano())
	if s.person, err = signIn(ctx, node, email); err != nil {
		return s, err
	}
	var grant api.Grant
	err = node.Call(ctx, http.MethodPut, "/grants", api.NewGrant{Collection: collection, Person: email, Can: []string{"view"}}, &grant)
	s.about = grant.ID
	return s, err
}

// namedPerson is the same, and the person is what is changed.
func namedPerson(ctx context.Context, node *rig.Server) (stage, error) {
	s, err := grantedPerson(ctx, node)
	if err != nil {
		return s, err
	}
	var grant api.Grant
	err = node.Call(ctx, http.MethodGet, "/grants/"+s.about, nil, &grant)
	s.about = grant.Person
	return s, err
}

// signIn invites somebody and accepts the invitation.
func signIn(ctx context.Context, node *rig.Server, email string) (viewer.Person, error) {
	var invited api.Invited
	if err := node.Call(ctx, http.MethodPost, "/invites", api.NewInvites{Emails: api.Addresses{email}}, &invited); err != nil {
		return "", err
	}
	if len(invited.Items) != 1 || invited.Items[0].Message == nil {
		return "", errors.New("an invitation gave no message to send by hand")
	}
	v := viewer.New(false)
	defer v.Close()
	return v.Activate(ctx, node.URL, invited.Items[0].Message.Text)
}
