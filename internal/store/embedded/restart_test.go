package embedded

import (
	"reflect"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

func TestRestartKeepsEverything(t *testing.T) {
	w, dir := newWall(), privateDir(t)
	s := openStore(t, dir, Options{Now: w.now})
	c := visit(t, s, gate.Terms{
		Views: 9, ViewsEach: 9, ExpiresAt: w.now().Add(time.Hour),
		StartBy: w.now().Add(time.Minute), PlayFor: 2 * time.Hour,
	})
	watch(t, s, c)
	gathered := queryOf(c)
	gathered.Asset = "/clips/a"
	for _, folder := range []string{"/film/", "/clips/"} {
		if err := s.Gather(t.Context(), c.Link, c.Session, folder); err != nil {
			t.Fatal(err)
		}
	}
	reserved := c
	reserved.Asset = "another"
	reserved.Opener = "/not/\xff\xfe/text"
	must(s.Reserve(t.Context(), reserved))(t)
	must(s.Reserve(t.Context(), reserved))(t)
	held := openingOf(c.Link)
	held.Hold, held.Person = true, gate.PersonID{1}
	must(s.Open(t.Context(), held))(t)
	must(s.SetStanding(t.Context(), c.Link, gate.Standing{State: gate.Active, Why: "why", By: "by"}))(t)
	must(s.Put(t.Context(), gate.Document{Kind: gate.KindLink, ID: "x", Body: []byte(`{}`), Index: []string{"b", "a"}, Until: w.now().Add(time.Hour)}))(t)

	type everything struct {
		Account       gate.Account
		First, Second gate.State
		Gathered      gate.State
		Sessions      []gate.Session
		OfPerson      []gate.Session
		Documents     []gate.Document
		OfTerm        []gate.Document
	}
	look := func() everything {
		all := everything{
			must(s.Account(t.Context(), c.Link))(t),
			must(s.Check(t.Context(), queryOf(c)))(t),
			must(s.Check(t.Context(), queryOf(reserved)))(t),
			must(s.Check(t.Context(), gathered))(t),
			must(s.Sessions(t.Context(), gate.Whose{}, gate.SessionID{}, 9))(t),
			must(s.Sessions(t.Context(), gate.Whose{Person: held.Person}, gate.SessionID{}, 9))(t),
			must(s.List(t.Context(), gate.KindLink, "", "", 9))(t),
			must(s.List(t.Context(), gate.KindLink, "a", "", 9))(t),
		}
		all.First.Edition, all.Second.Edition, all.Gathered.Edition = 0, 0, 0 // which begins anew
		if !all.Gathered.Gathered {
			t.Error("a folder that was gathered is not")
		}
		if len(all.OfPerson) != 1 || len(all.OfTerm) != 1 {
			t.Errorf("of the person %+v, of the term %+v", all.OfPerson, all.OfTerm)
		}
		return all
	}
	before := look()
	closeStore(t, s)
	s = openStore(t, dir, Options{Now: w.now})
	defer func() { closeStore(t, s) }()
	if after := look(); !reflect.DeepEqual(after, before) {
		t.Fatalf("after the restart\n got %+v\nwant %+v", after, before)
	}

	w.pass(pace.Lapse - time.Millisecond)
	if got := look().Account.Reserved; got != 2 {
		t.Errorf("just before they lapse, %d slots are reserved, want 2", got)
	}
	w.pass(time.Millisecond)
	if got := look().Account.Reserved; got != 0 {
		t.Errorf("once they have lapsed, %d slots are reserved, want 0", got)
	}
}

func TestClockSetBackOverRestart(t *testing.T) {
	w, dir := newWall(), privateDir(t)
	s := openStore(t, dir, Options{Now: w.now})
	c := visit(t, s, gate.Terms{ExpiresAt: w.now().Add(time.Hour)})
	w.pass(time.Hour)
	visit(t, s, gate.Terms{}) // any change of anything keeps the time
	closeStore(t, s)

	late := w.now()
	w.pass(-24 * time.Hour)
	s = openStore(t, dir, Options{Now: w.now})
	defer func() { closeStore(t, s) }()
	if state := must(s.Check(t.Context(), queryOf(c)))(t); !state.Now.Equal(late) {
		t.Errorf("the store's time is %v, want %v", state.Now, late)
	}
	if claimed := must(s.Reserve(t.Context(), c))(t); claimed.Refused.Reason != gate.Expired {
		t.Errorf("the expired link answers %v, want %v", claimed.Refused.Reason, gate.Expired)
	}
	w.pass(24*time.Hour + time.Second)
	if state := must(s.Check(t.Context(), queryOf(c)))(t); !state.Now.Equal(late.Add(time.Second)) {
		t.Errorf("once the wall clock has caught up, the time is %v, want %v", state.Now, late.Add(time.Second))
	}
}
