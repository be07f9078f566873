package api_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
)

// people are the directory as signing in needs it.
type people struct{ *directory.Directory }

func (p people) ByAddress(ctx context.Context, address string) (signin.Person, error) {
	found, err := p.PersonByAddress(ctx, address)
	return known(found), err
}

func (p people) ByID(ctx context.Context, id gate.PersonID) (signin.Person, error) {
	found, err := p.PersonByID(ctx, id)
	return known(found), err
}

func known(p directory.Person) signin.Person {
	return signin.Person{ID: p.ID, Address: p.Email, Name: p.Name, Password: p.Password, Live: p.Standing.State == gate.Active, CutAt: p.CutAt}
}

func (p people) Accept(ctx context.Context, invite string, id gate.PersonID, phc string) error {
	return p.AcceptInvite(ctx, invite, id, phc)
}

func (p people) Join(ctx context.Context, address, name string, _ bool) (signin.Person, error) {
	made, err := p.AddPerson(ctx, directory.Operator(), directory.NewPerson{Email: address, Name: name})
	return known(made), err
}

// box keeps what was mailed.
type box struct {
	mu   sync.Mutex
	sent []mail.Message
	none bool // there is no mail setting
	full bool
}

func (b *box) Send(_ context.Context, m mail.Message) (mail.Handed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.full:
		return mail.Handed{}, mail.ErrFull
	case b.none:
		return mail.Handed{ByHand: &m}, nil
	}
	b.sent = append(b.sent, m)
	return mail.Handed{}, nil
}

func (b *box) Delivers() bool { return !b.none }

// to returns what was mailed to an address.
func (b *box) to(address string) (found []mail.Message) {
	for _, m := range b.sent {
		if m.To == address {
			found = append(found, m)
		}
	}
	return found
}

func (s *site) desk(clock func() time.Time) *signin.Desk {
	return signin.NewDesk(signin.Options{
		Store: s.store, People: people{s.dir}, Keys: s.keys.Ring, Mail: s.box, Now: clock, PublicURL: "https://media.example.com",
		Idle: 14 * 24 * time.Hour, Max: 90 * 24 * time.Hour, External: signin.ExternalDeny,
		Failed: func(what string, err error) { s.Errorf("%s: %v", what, err) },
	})
}

// by sends a request on behalf of a person.
func (s *site) by(email, method, path, body string) reply {
	s.Helper()
	r := request(s.Context(), method, path, body)
	if email != "" {
		r.Header.Set("Usher-As", email)
	}
	return s.send(s.open, r)
}

// collection makes a collection of /name/* and returns its id.
func (s *site) collection(name, level, external string) string {
	s.Helper()
	return s.must("POST", "/collections", fmt.Sprintf(`{"name":%q,"title":"The %s films","paths":["/%s/*"],"level":%q,"external":%q}`, name, name, name, level, external))["id"].(string)
}

// grant grants something in a collection.
func (s *site) grant(collection, email, can string) {
	s.Helper()
	s.must("PUT", "/grants", fmt.Sprintf(`{"collection":%q,"person":%q,"can":[%s]}`, collection, email, can))
}

// linkID parses a link's id.
func (s *site) linkID(text any) gate.LinkID {
	s.Helper()
	id, err := gate.ParseLinkID(text.(string))
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// record reads a link's record.
func (s *site) record(text any) gate.Link {
	s.Helper()
	doc, err := s.store.Store.Get(s.Context(), gate.KindLink, text.(string))
	if err != nil {
		s.Fatal(err)
	}
	link, err := gate.LinkFrom(doc)
	if err != nil {
		s.Fatal(err)
	}
	return link
}

// items are those of an answer about many addresses.
func items(object map[string]any) (all []map[string]any) {
	for _, item := range object["items"].([]any) {
		all = append(all, item.(map[string]any))
	}
	return all
}

// outcomes are the words of what became of each address.
func outcomes(object map[string]any) (words []string) {
	for _, item := range items(object) {
		words = append(words, item["outcome"].(string))
	}
	return words
}
