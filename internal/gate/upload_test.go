package gate_test

import (
	"net/http"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

// write asks to change what is at a path; there says what the upstream has.
func (w *world) write(who viewer, method, path string, there bool, c ...gate.Credential) gate.Reason {
	w.Helper()
	v, err := w.gate.Write(w.Context(), w.now, w.request(who, method, path, c...))
	if err == nil && v.Claimed {
		err = w.gate.Claim(w.Context(), w.now, &v, there)
	}
	if err != nil {
		w.Fatal(err)
	}
	if (v.Outcome == gate.Pass) != (v.Refusal.Reason == gate.OK) || v.Holding || v.Countable {
		w.Fatalf("%s %s: %+v", method, path, v)
	}
	return v.Refusal.Reason
}

func TestWhoMayUpload(t *testing.T) {
	w := newWorld(t, nil)
	w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.ByLink, Grants: map[gate.PersonID]gate.Capability{
		ann: gate.View | gate.Upload, ben: gate.View | gate.Upload | gate.Manage, {3}: gate.View,
	}})
	w.catchUp()
	link := w.issue(gate.Link{Scope: w.scopes("/film/*")[0], Can: gate.View | gate.Upload}, gate.Terms{Views: 1})
	plain := w.link("/film/*", gate.Terms{})
	one, two := w.open(player, link, "/film/x.mp4"), w.open(browser, link, "/film/x.mp4")
	watches := w.open(player, plain, "/film/x.mp4")
	code := gate.Credential{Carrier: gate.InQuery, Text: w.gate.LinkCode(link.ID)}
	for _, c := range []struct {
		name         string
		who          viewer
		method, path string
		there        bool
		bring        []gate.Credential
		want         gate.Reason
	}{
		{"nobody", player, "PUT", "/film/a.mp4", false, nil, gate.NoToken},
		{"a link that only shows", player, "PUT", "/film/a.mp4", false, []gate.Credential{inPath(watches)}, gate.NoCapability},
		{"a link is no session", player, "PUT", "/film/a.mp4", false, []gate.Credential{code}, gate.NoSession},
		{"elsewhere", player, "PUT", "/other/a.mp4", false, []gate.Credential{inPath(one)}, gate.NotCovered},
		{"a folder", player, "PUT", "/film/a/", false, []gate.Credential{inPath(one)}, gate.NotCovered},
		{"a forged one", player, "PUT", "/film/a.mp4", false, []gate.Credential{{Carrier: gate.InQuery, Text: "x"}}, gate.BadToken},
		{"what was there before", player, "PUT", "/film/old.mp4", true, []gate.Credential{inPath(one)}, gate.NoCapability},
		{"and again", player, "PUT", "/film/old.mp4", true, []gate.Credential{inPath(one)}, gate.NoCapability},
		{"nothing of theirs to change", player, "PATCH", "/film/a.mp4", false, []gate.Credential{inPath(one)}, gate.NoCapability},
		{"nor to delete", player, "DELETE", "/film/a.mp4", false, []gate.Credential{inPath(one)}, gate.NoCapability},
		{"a new one", player, "PUT", "/film/a.mp4", false, []gate.Credential{inPath(one)}, gate.OK},
		{"their own", player, "PUT", "/film/a.mp4", true, []gate.Credential{inPath(one)}, gate.OK},
		{"a piece of it", player, "PATCH", "/film/a.mp4", true, []gate.Credential{inPath(one)}, gate.OK},
		{"another device", browser, "PUT", "/film/a.mp4", true, []gate.Credential{inPath(two)}, gate.NoCapability},
		{"a person", w.as(ann), "DELETE", "/film/a.mp4", true, nil, gate.NoCapability},
		{"who manages", w.as(ben), "PUT", "/film/a.mp4", true, nil, gate.OK},
		{"it stays whose it was", player, "PUT", "/film/a.mp4", true, []gate.Credential{inPath(one)}, gate.OK},
		{"a person's own", w.as(ann), "POST", "/film/b.mp4", false, nil, gate.OK},
		{"on any device", w.as(ann), "PATCH", "/film/b.mp4", true, nil, gate.OK},
		{"not a link's", player, "PUT", "/film/b.mp4", true, []gate.Credential{inPath(one)}, gate.NoCapability},
		{"who manages, what was there", w.as(ben), "DELETE", "/film/old.mp4", true, nil, gate.OK},
		{"who was granted less", w.as(gate.PersonID{3}), "PUT", "/film/c.mp4", false, nil, gate.NoCapability},
		{"who was granted nothing", w.as(gate.PersonID{4}), "PUT", "/film/c.mp4", false, nil, gate.LockedPlace},
	} {
		if got := w.write(c.who, c.method, c.path, c.there, c.bring...); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	w.used(link, 0, 0)
	w.stand(link, gate.Suspended)
	if got := w.write(player, http.MethodPut, "/film/a.mp4", true, inPath(one)); got != gate.SuspendedLink {
		t.Errorf("a suspended link: %s", got)
	}
}

// TestAPublicPlaceTakesNoUploads of everybody.
func TestAPublicPlaceTakesNoUploads(t *testing.T) {
	for _, track := range []bool{false, true} {
		w := newWorld(t, nil)
		s := w.open(player, w.link("/film/*", gate.Terms{}), "/film/a.mp4")
		w.collect(films, collection{Paths: w.scopes("/film/*"), Level: gate.Public, Track: track})
		w.catchUp()
		if got := w.write(player, http.MethodPut, "/film/a.mp4", false); got != gate.NoToken {
			t.Errorf("nobody: %s", got)
		}
		if got := w.write(player, http.MethodPut, "/film/a.mp4", false, inPath(s)); got != gate.NoCapability {
			t.Errorf("a link that only shows: %s", got)
		}
		w.want(w.decide(w.request(player, http.MethodPut, "/film/a.mp4")), gate.Refuse, gate.NoToken)
	}
}

// TestTwoUploadToOnePath: while one asks the upstream, the other one is refused,
// and who asks twice is not let past the question.
func TestTwoUploadToOnePath(t *testing.T) {
	w := newWorld(t, nil)
	link := w.issue(gate.Link{Scope: w.scopes("/film/*")[0], Can: gate.View | gate.Upload}, gate.Terms{})
	one, two := w.open(player, link, "/film/x.mp4"), w.open(browser, link, "/film/x.mp4")
	ask := func(who viewer, s gate.Verdict) gate.Verdict {
		t.Helper()
		v, err := w.gate.Write(t.Context(), w.now, w.request(who, http.MethodPut, "/film/a.mp4", inPath(s)))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	settle := func(v gate.Verdict, there bool, want gate.Reason) {
		t.Helper()
		if err := w.gate.Claim(t.Context(), w.now, &v, there); err != nil || v.Refusal.Reason != want {
			t.Errorf("%s, want %s, %v", v.Refusal.Reason, want, err)
		}
	}
	first := ask(player, one)
	w.want(first, gate.Pass, gate.OK)
	w.want(ask(browser, two), gate.Refuse, gate.NoCapability)
	second := ask(player, one)
	if !first.Claimed || !second.Claimed {
		t.Fatal("the upstream is not asked")
	}
	settle(first, false, gate.OK)
	settle(second, true, gate.OK) // by the first one it is there, and theirs
	if err := w.gate.Forget(t.Context(), &first); err != nil {
		t.Fatal(err)
	}
	w.want(ask(browser, two), gate.Pass, gate.OK) // it was deleted
	settle(first, false, gate.NoCapability)       // too late
}
