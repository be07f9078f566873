package gate_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// tripStore notes the verbs that opening a session may take.
type tripStore struct {
	gate.Store
	trips []string
}

func (s *tripStore) Get(ctx context.Context, kind gate.Kind, id string) (gate.Document, error) {
	s.trips = append(s.trips, "get "+string(kind))
	return s.Store.Get(ctx, kind, id)
}

func (s *tripStore) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	s.trips = append(s.trips, "check")
	return s.Store.Check(ctx, q)
}

func (s *tripStore) Open(ctx context.Context, o gate.Opening) (gate.Opened, error) {
	s.trips = append(s.trips, "open")
	return s.Store.Open(ctx, o)
}

// TestOpeningIsTwoTrips counts what opening a session asks of the store, on a
// gate that has never seen the link and on one that has.
func TestOpeningIsTwoTrips(t *testing.T) {
	w := newWorld(t, nil)
	link := w.link("/film/*", gate.Terms{})
	child := w.issue(gate.Link{Scope: link.Scope, Above: []gate.LinkID{link.ID}}, gate.Terms{})
	spent := w.link("/film/*", gate.Terms{Views: 1})
	w.stand(spent, gate.Revoked)
	w.catchUp()
	two := []string{"check", "open"}
	for _, c := range []struct {
		name       string
		link       gate.Link
		press      bool
		fresh      []string
		remembered []string
	}{
		{"a signed media URL", link, false, two, two},
		{"Watch", link, true, two, two},
		{"a link made from another", child, true, []string{"check", "check", "open"}, two},
		{"a revoked one", spent, true, []string{"check"}, []string{"check"}},
	} {
		store := &tripStore{Store: w.store}
		w.gate = w.over(store)
		for _, want := range [][]string{c.fresh, c.remembered} {
			store.trips = nil
			outcome := gate.Redirect
			if c.link.ID == spent.ID {
				outcome = gate.Refuse
			}
			v := gate.Verdict{}
			if c.press {
				v = w.redeem(c.link, w.request(player, http.MethodPost, "/"))
			} else {
				v = w.open(player, c.link, "/film/a.mp4")
			}
			if v.Outcome != outcome || !slices.Equal(store.trips, want) {
				t.Errorf("%s: %v %v, trips %q, want %q", c.name, v.Outcome, v.Refusal, store.trips, want)
			}
		}
	}
}

// betweenStore changes something between the first two checks.
type betweenStore struct {
	gate.Store
	checks int
	change func()
}

func (s *betweenStore) Check(ctx context.Context, q gate.Query) (gate.State, error) {
	if s.checks++; s.checks == 2 {
		s.change()
	}
	return s.Store.Check(ctx, q)
}

// TestALinkFromALinkThatChangesWhileItIsOpened: what was asked about those above is
// of a later edition, and so is the link then.
func TestALinkFromALinkThatChangesWhileItIsOpened(t *testing.T) {
	w := newWorld(t, nil)
	parent := w.link("/film/*", gate.Terms{})
	child := w.issue(gate.Link{Scope: parent.Scope, Above: []gate.LinkID{parent.ID}}, gate.Terms{})
	w.catchUp()
	w.gate = w.over(&betweenStore{Store: w.store, change: func() {
		changed := child
		changed.For = []gate.PersonID{{7}}
		w.put(gate.KindLink, child.ID.String(), changed)
	}})
	w.want(w.open(player, child, "/film/a.mp4"), gate.Refuse, gate.SignIn)
}
