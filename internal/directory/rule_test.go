package directory

import (
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

// TestRulesByLevel is the table of who may be where.
func TestRulesByLevel(t *testing.T) {
	const dl = gate.View | gate.Download
	r := newRig(t)
	granted, other := r.person(Limited), r.person(Limited)
	suspended := r.person(Limited)
	_, err := r.dir.SuspendPerson(r.ctx, Operator(), suspended, "")
	ok(t, err)
	boss := r.person(Manager)
	places := map[gate.Level]gate.Place{}
	for level := gate.Locked; level <= gate.Public; level++ {
		c := r.collection(Operator(), level)
		r.grant(Operator(), c, to(granted), gate.View|gate.Stats)
		r.grant(Operator(), c, to(suspended), gate.View)
		places[level] = r.place(c)
	}
	all := scope(t, "/*")
	anyone := &gate.Link{Scope: all, Can: dl}
	named := &gate.Link{Scope: all, Can: dl, For: []gate.PersonID{other, suspended}}
	passOf := func(p gate.PersonID, level gate.Level) *gate.Link {
		return &gate.Link{Scope: all, Can: gate.View, Collection: places[level].Collection, For: []gate.PersonID{p}, Pass: true}
	}
	type row struct {
		what   string
		level  gate.Level
		link   *gate.Link
		person gate.PersonID
		reason gate.Reason
		can    gate.Capability
	}
	const vs = gate.View | gate.Stats
	for _, c := range []row{
		{"anyone's link", gate.Locked, anyone, gate.PersonID{}, gate.LockedPlace, 0},
		{"anyone's link, signed in", gate.Locked, anyone, other, gate.LockedPlace, 0},
		{"anyone's link, granted: what was granted", gate.Locked, anyone, granted, gate.OK, vs},
		{"anyone's link, a manager", gate.Locked, anyone, boss, gate.OK, Everything},
		{"named", gate.Locked, named, other, gate.OK, dl},
		{"named, nobody signed in", gate.Locked, named, gate.PersonID{}, gate.SignIn, 0},
		{"named, somebody else", gate.Locked, named, granted, gate.WrongPerson, 0},
		{"named, suspended", gate.Locked, named, suspended, gate.NoSession, 0},
		{"pass, granted", gate.Locked, passOf(granted, gate.Locked), granted, gate.OK, vs},
		{"pass, not granted", gate.Locked, passOf(other, gate.Locked), other, gate.LockedPlace, 0},
		{"pass of somebody else", gate.Locked, passOf(granted, gate.Locked), other, gate.WrongPerson, 0},
		{"pass, nobody signed in", gate.Locked, passOf(granted, gate.Locked), gate.PersonID{}, gate.SignIn, 0},
		{"no link, granted", gate.Locked, nil, granted, gate.OK, vs},
		{"no link, not granted", gate.Locked, nil, other, gate.LockedPlace, 0},

		{"anyone's link", gate.Members, anyone, gate.PersonID{}, gate.SignIn, 0},
		{"anyone's link, signed in", gate.Members, anyone, other, gate.OK, dl},
		{"anyone's link, granted", gate.Members, anyone, granted, gate.OK, dl | gate.Stats},
		{"anyone's link, suspended", gate.Members, anyone, suspended, gate.NoSession, 0},
		{"pass, not granted", gate.Members, passOf(other, gate.Members), other, gate.OK, gate.View},
		{"pass, granted", gate.Members, passOf(granted, gate.Members), granted, gate.OK, vs},
		{"no link, signed in", gate.Members, nil, other, gate.OK, gate.View},
		{"named", gate.Members, named, other, gate.OK, dl},

		{"anyone's link", gate.ByLink, anyone, gate.PersonID{}, gate.OK, dl},
		{"anyone's link, granted", gate.ByLink, anyone, granted, gate.OK, dl | gate.Stats},
		{"anyone's link, suspended", gate.ByLink, anyone, suspended, gate.NoSession, 0},
		{"pass, not granted", gate.ByLink, passOf(other, gate.ByLink), other, gate.LockedPlace, 0},
		{"pass, granted", gate.ByLink, passOf(granted, gate.ByLink), granted, gate.OK, vs},
		{"named, nobody signed in", gate.ByLink, named, gate.PersonID{}, gate.SignIn, 0},

		{"anyone's link", gate.Public, anyone, gate.PersonID{}, gate.OK, dl},
		{"no link", gate.Public, nil, gate.PersonID{}, gate.OK, gate.View},
		{"suspended", gate.Public, anyone, suspended, gate.OK, gate.View},
		{"somebody else's link", gate.Public, named, granted, gate.OK, gate.View},
	} {
		got := r.rule(gate.Case{Place: places[c.level], Link: c.link, Person: c.person, Opened: r.now()})
		if got.Reason != c.reason || got.Can != c.can {
			t.Errorf("%s, %s: %v %s, want %v %s", c.level, c.what, got.Reason, got.Can, c.reason, c.can)
		}
	}
	nowhere := gate.Place{}
	if got := r.rule(gate.Case{Place: nowhere, Link: anyone, Opened: r.now()}); got.Can != dl {
		t.Errorf("in no collection links alone count: %v", got)
	}
	for what, link := range map[string]*gate.Link{
		"a link to a collection": {Scope: all, Can: dl, Collection: places[gate.ByLink].Collection},
		"a pass":                 passOf(granted, gate.ByLink),
	} {
		if got := r.rule(gate.Case{Place: nowhere, Link: link, Person: granted, Opened: r.now()}); got.Reason != gate.NotCovered {
			t.Errorf("%s in no collection: %v", what, got)
		}
	}
	if got := r.rule(gate.Case{Place: places[gate.Members], Link: &gate.Link{Scope: all, Can: dl, Collection: places[gate.ByLink].Collection}, Person: granted, Opened: r.now()}); got.Reason != gate.NotCovered {
		t.Errorf("a link to another collection: %v", got)
	}
}

// TestLockingTakesEffectAtOnce also holds that nothing but a change of the
// level ever changes it.
func TestLockingTakesEffectAtOnce(t *testing.T) {
	r := newRig(t)
	ann, c := r.person(Limited), r.collection(Operator(), gate.ByLink)
	link := &gate.Link{Scope: scope(t, "/*"), Can: gate.View}
	set := func(level gate.Level, anonymous, granted gate.Reason) {
		t.Helper()
		_, err := r.dir.ChangeCollection(r.ctx, Operator(), c, CollectionChange{Level: &level})
		ok(t, err)
		r.grant(Operator(), c, to(ann), gate.View)
		for p, want := range map[gate.PersonID]gate.Reason{{}: anonymous, ann: granted} {
			if got := r.rule(gate.Case{Place: r.place(c), Link: link, Person: p, Opened: epoch}); got.Reason != want {
				t.Errorf("%s: %v, want %v", level, got.Reason, want)
			}
		}
		if got := must[Collection](t)(r.dir.Collection(r.ctx, Operator(), c)); got.Level != level {
			t.Errorf("the level is %s, want %s", got.Level, level)
		}
	}
	set(gate.Locked, gate.LockedPlace, gate.OK)
	set(gate.Members, gate.SignIn, gate.OK)
	set(gate.ByLink, gate.OK, gate.OK)
	set(gate.Public, gate.OK, gate.OK)
	set(gate.Locked, gate.LockedPlace, gate.OK)
}

// TestLinksHangOnTheirMakers is about By and Above.
func TestLinksHangOnTheirMakers(t *testing.T) {
	r := newRig(t)
	ann, bob := r.person(Limited), r.person(Limited)
	c := r.collection(Operator(), gate.ByLink)
	save := func(l gate.Link) gate.Link {
		t.Helper()
		l.ID, l.Scope = linkID(), scope(t, "/*")
		must[int64](t)(r.store.Put(r.ctx, must[gate.Document](t)(l.Document())))
		return l
	}
	can := func(what string, l gate.Link, want gate.Capability) {
		t.Helper()
		got := r.rule(gate.Case{Place: r.place(c), Link: &l, Opened: epoch})
		if got.Can != want || (got.Reason == gate.OK) != (want != 0) || want == 0 && got.Reason != gate.NoCapability {
			t.Errorf("%s: %v %s, want %s", what, got.Reason, got.Can, want)
		}
	}
	const dl, share = gate.View | gate.Download, gate.Share
	byAnn := save(gate.Link{Can: dl | share, By: ann, Collection: c})
	can("by somebody without rights", byAnn, 0)
	r.grant(Operator(), c, to(ann), dl)
	can("by somebody without share", byAnn, 0)
	r.grant(Operator(), c, to(ann), gate.View|share)
	can("by somebody with less", byAnn, gate.View|share)
	r.grant(Operator(), c, to(ann), dl|share)
	can("by somebody with as much", byAnn, dl|share)

	top := save(gate.Link{Can: dl | share, Collection: c})
	sub := save(gate.Link{Can: dl | share | gate.Upload, By: bob, Above: []gate.LinkID{top.ID}, Collection: c})
	can("made from a link with share", sub, dl|share)
	subsub := save(gate.Link{Can: dl, By: ann, Above: []gate.LinkID{sub.ID, top.ID}, Collection: c})
	can("made from that", subsub, dl)
	lower := func(l gate.Link, can gate.Capability) {
		t.Helper()
		_, err := change(r.ctx, r.store, gate.KindLink, l.ID.String(), func(rec *linkRecord) error { rec.Can = can; return nil })
		ok(t, err)
	}
	lower(top, gate.View|share)
	can("the parent lost download", sub, gate.View|share)
	can("and so its child", subsub, gate.View)
	lower(top, dl)
	can("the parent lost share", sub, 0)
	can("and so its child", subsub, 0)
	lower(top, dl|share)
	can("and has it again", subsub, dl)
	_, err := r.dir.SuspendPerson(r.ctx, Operator(), bob, "")
	ok(t, err)
	can("its maker is suspended", sub, 0)
	can("the maker of its parent is", subsub, 0)
	_, err = r.dir.ResumePerson(r.ctx, Operator(), bob)
	ok(t, err)
	can("and is back", subsub, dl)
	ok(t, r.store.Delete(r.ctx, gate.KindLink, top.ID.String()))
	can("the first of them is gone", subsub, 0)
	forBob := save(gate.Link{Can: dl | share, Collection: c, For: []gate.PersonID{bob}})
	can("made from bob's link by somebody else", save(gate.Link{Can: dl, By: r.person(Limited), Above: []gate.LinkID{forBob.ID}, Collection: c}), 0)
	can("made from bob's link by bob", save(gate.Link{Can: dl, By: bob, Above: []gate.LinkID{forBob.ID}, Collection: c}), dl)
	can("manage is never in it", gate.Link{Can: Everything, Collection: c, Scope: scope(t, "/*")}, gate.LinkCapabilities)
	can("too many above", gate.Link{Can: dl, Above: make([]gate.LinkID, gate.MaxAbove+1)}, 0)
}

// TestUntil is when time alone changes a ruling.
func TestUntil(t *testing.T) {
	hour := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Hour) }
	r := newRig(t)
	ann := must[Person](t)(r.dir.AddPerson(r.ctx, Operator(), NewPerson{Email: "a@x.yz", Until: hour(9)})).ID
	c := r.collection(Operator(), gate.Locked)
	until := func(want time.Time, can gate.Capability) {
		t.Helper()
		got := r.rule(gate.Case{Place: r.place(c), Person: ann, Opened: epoch})
		if !got.Until.Equal(want) || got.Can != can {
			t.Errorf("at %s: until %s %s, want %s %s", r.now(), got.Until, got.Can, want, can)
		}
	}
	until(hour(9), 0)
	must[Grant](t)(r.dir.PutGrant(r.ctx, Operator(), NewGrant{Collection: c, Holder: to(ann), Can: gate.View, StartsAt: hour(1), EndsAt: hour(3)}))
	until(hour(1), 0)
	r.pass(time.Hour)
	until(hour(3), gate.View)
	g := must[Group](t)(r.dir.CreateGroup(r.ctx, Operator(), NewGroup{Name: "g", StartsAt: hour(2), EndsAt: hour(4)})).ID
	must[[]Outcome](t)(r.dir.AddMembers(r.ctx, Operator(), g, []gate.PersonID{ann}))
	until(hour(3), gate.View)
	r.grant(Operator(), c, toGroup(g), gate.Download)
	until(hour(2), gate.View)
	r.pass(time.Hour)
	until(hour(3), gate.View|gate.Download)
	r.pass(time.Hour)
	until(hour(4), gate.Download)
	r.pass(time.Hour)
	until(hour(9), 0)
	r.pass(5 * time.Hour)
	until(time.Time{}, 0)
}
