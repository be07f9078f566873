package story

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// house is one owner's site, on one gateway or on several over one store.
type house struct {
	*cinema
	t     *testing.T
	nodes []*cinema
}

// onEachHouse tells a story on one gateway with the embedded store, and on two
// over a real Redis.
func onEachHouse(t *testing.T, story func(h *house)) {
	t.Run("embedded", func(t *testing.T) {
		c := open(t, storytest.Options{}, newPostbox(t))
		story(&house{c, t, []*cinema{c}})
	})
	t.Run("two nodes on redis", func(t *testing.T) {
		box, caddyfile := newPostbox(t), redisCaddyfile(redistest.Start(t).URL())
		first := open(t, storytest.Options{Caddyfile: caddyfile}, box)
		dir := t.TempDir()
		eventually(t, "the first node makes the keyring", func() bool {
			_, err := os.Stat(filepath.Join(first.Dir, "keys.json"))
			return err == nil
		})
		copyFile(t, filepath.Join(first.Dir, "keys.json"), filepath.Join(dir, "keys.json"))
		story(&house{first, t, []*cinema{first, open(t, storytest.Options{Caddyfile: caddyfile, Dir: dir}, box)}})
	})
}

// olga does something as the owner, and returns what was printed.
func (h *house) olga(args ...string) string {
	h.t.Helper()
	return h.CLI(append(args, "--as", "olga@example.com")...)
}

// everywhere asks every node for something in a browser.
func (h *house) everywhere(b *surfer, target string, status int, reason string) (last answer) {
	h.t.Helper()
	for i, node := range h.nodes {
		last = do(h.t, b.Client, http.MethodGet, node.URL+local(target))
		if last.StatusCode != status || last.Header.Get("Usher-Reason") != reason {
			h.t.Fatalf("node %d, %s: status %d, reason %q; want %d, %q\n%.300s", i, local(target), last.StatusCode, last.Header.Get("Usher-Reason"), status, reason, last.body)
		}
	}
	return last
}

// at is the same browser, looking at the last of the nodes.
func (h *house) at(b *surfer) *surfer { return &surfer{b.Client, h.nodes[len(h.nodes)-1], b.t} }

// presses opens a link with its button and returns the session.
func (h *house) presses(b *surfer, l link) string {
	h.t.Helper()
	leads(h.t, h.at(b).press(h.at(b).get(local(l.URL)), "Watch"))
	return "/~" + sessionIn(h.t, b)
}

// who wants the printed table of who has access to say, of each address, this.
func (h *house) who(lines ...string) {
	h.t.Helper()
	h.lines(h.olga("collection", "who", "clock"), lines...)
}

// lines wants one line of a command's output for each of these, with all its
// words in it, in this order.
func (h *house) lines(said string, wants ...string) {
	h.t.Helper()
	for _, want := range wants {
		found := false
		for line := range strings.Lines(said) {
			rest, all := line, true
			for _, word := range strings.Fields(want) {
				_, after, has := strings.Cut(rest, word)
				rest, all = after, all && has
			}
			found = found || all
		}
		if !found {
			h.t.Fatalf("no line says %q:\n%s", want, said)
		}
	}
}

// sessions wants so many live sessions of a link or a person, as printed.
func (h *house) sessions(live int, of ...string) {
	h.t.Helper()
	said := h.CLI(append([]string{"session", "list"}, of...)...)
	if n := strings.Count(said, " live "); n != live {
		h.t.Fatalf("%d live sessions, want %d:\n%s", n, live, said)
	}
}

const clockFilm = "/clock/clock.mp4"

// An owner shares a collection with three persons and a group, follows who
// watches, takes some of it back, and deletes one of them. After each step,
// every gateway does what was said.
func TestAnOwnerSharesACollectionAndTakesItBack(t *testing.T) {
	onEachHouse(t, func(h *house) {
		h.person("olga@example.com", "the password of olga", "--role", "owner", "--name", "Olga Owner")
		h.everywhere(h.surfer(), clockFilm, http.StatusNotFound, "")
		h.lines(h.olga("collection", "create", "clock", "--path", "/clock/*", "--title", "The clock"), "Level locked", "Owner olga@example.com")
		ann, ben, cleo, dora := h.invitesThreeAndAGroup()
		annsFirst, annsSecond := h.activatesTwice(ann)
		parent, child, guest := h.bensSubLink(ben)
		h.lowersTheParent(parent, child, guest)
		spent, viewer := h.extendsASpentLink()
		h.locksMidPlay(spent, viewer, guest, annsFirst, annsSecond, dora)
		h.deletesBen(child, ben, cleo)
	})
}

// invitesThreeAndAGroup: each gets a mail, and in the collection what was said.
func (h *house) invitesThreeAndAGroup() (annsMail string, ben, cleo, dora *surfer) {
	h.t.Helper()
	said := h.olga("invite", "create", "ann@example.com", "cleo@example.com", "--collection", "clock", "--message", "Have a look")
	h.lines(said, "ann@example.com invited sent inv_", "cleo@example.com invited sent inv_")
	h.olga("invite", "create", "ben@example.com", "--collection", "clock", "--can", "view,download,share")
	h.olga("group", "create", "jury", "--ends", "30d")
	h.olga("grant", "create", "clock", "--group", "jury", "--can", "view")
	h.olga("invite", "create", "dora@example.com", "--group", "jury")
	h.who("olga@example.com view,download,upload,share,stats,manage", "ann@example.com view grant by olga@example.com",
		"ben@example.com view,download,share", "cleo@example.com view", "dora@example.com view group jury")
	signed := func(address string) *surfer {
		b := h.surfer()
		leads(h.t, b.activate(urlIn(h.t, h.nth(address, 1).Text), "the password of "+address))
		h.everywhere(b, b.watches(clockFilm)+firstSegment, http.StatusOK, "")
		h.everywhere(b, "/other/clock/clock.mp4", http.StatusNotFound, "not_covered")
		return b
	}
	ben, cleo, dora = signed("ben@example.com"), signed("cleo@example.com"), signed("dora@example.com")
	h.everywhere(h.surfer(), clockFilm, http.StatusNotFound, "") // the collection is still locked
	letter := h.nth("ann@example.com", 1)
	if !strings.Contains(letter.Text, "Olga Owner invites you") || !strings.Contains(letter.Text, "Have a look") {
		h.t.Errorf("the mail says %s", letter.Text)
	}
	return urlIn(h.t, letter.Text), ben, cleo, dora
}

// activatesTwice: the second device is told that the link was used, and a fresh
// one goes to the address; then both devices of hers watch.
func (h *house) activatesTwice(mailed string) (first, second *surfer) {
	h.t.Helper()
	first, second = h.surfer(), h.surfer()
	leads(h.t, first.activate(mailed, "the first password of ann"))
	session := first.watches(clockFilm)
	h.everywhere(first, session+firstSegment, http.StatusOK, "")
	says(h.t, h.at(second).get(local(mailed)), http.StatusGone, "used already")
	says(h.t, h.at(second).press(h.at(second).get(local(mailed)), "Mail me a fresh link"), http.StatusOK, "A fresh link is on its way")
	fresh := urlIn(h.t, h.nth("ann@example.com", 2).Text)
	told := h.nth("olga@example.com", 2) // the first one was her own invitation
	if !strings.Contains(told.Text, "ann@example.com: the activation link, which was used already, was opened on another device") {
		h.t.Errorf("the owner reads %s", told.Text)
	}
	leads(h.t, second.activate(fresh, "the second password of ann"))
	h.everywhere(first, session+firstSegment, http.StatusForbidden, "no_session") // whoever had the mail first may not have been her
	leads(h.t, first.signIn("ann@example.com", "the second password of ann"))
	for _, device := range []*surfer{first, second} {
		h.everywhere(device, device.watches(clockFilm)+firstSegment, http.StatusOK, "")
	}
	h.sessions(2, "--person", "ann@example.com")
	h.lines(h.olga("invite", "list", "--person", "ann@example.com"), "accepted ann@example.com")
	return first, second
}

// bensSubLink: he makes a link from one of the owner's, with no more than it has.
func (h *house) bensSubLink(ben *surfer) (parent, child link, guest *surfer) {
	h.t.Helper()
	h.lines(h.olga("collection", "unlock", "clock"), "Level link")
	parent = decode[link](h.t, h.olga("link", "create", "--collection", "clock", "--views", "6", "--can", "view,download", "--json"))
	if out, err := h.TryCLI("link", "create", "--parent", parent.ID, "--views", "2", "--can", "view,upload", "--as", "ben@example.com"); err == nil {
		h.t.Errorf("the child is wider than its parent: %s", out)
	}
	if out, err := h.TryCLI("link", "create", "--parent", parent.ID, "--views", "2", "--as", "ann@example.com"); err == nil {
		h.t.Errorf("Ann may not share, and made a link: %s", out)
	}
	child = decode[link](h.t, h.CLI("link", "create", "--parent", parent.URL, "--views", "2", "--can", "view,download", "--as", "ben@example.com", "--json"))
	h.lines(h.olga("link", "show", child.ID), "Made from "+parent.ID, "Made by ben@example.com", "Views 2, 2 left")
	h.lines(h.olga("link", "show", parent.ID), "Views 4, 4 left")
	guest = h.surfer()
	session := h.presses(guest, child)
	h.everywhere(guest, session+firstSegment, http.StatusOK, "")
	if kept := h.everywhere(guest, session+firstSegment+"?download", http.StatusOK, ""); !strings.HasPrefix(kept.Header.Get("Content-Disposition"), "attachment") {
		h.t.Errorf("%v", kept.Header)
	}
	wantViews(h.t, h.Server, child.ID, 1, 0)
	h.sessions(1, "--link", child.ID)
	return parent, child, guest
}

// lowersTheParent: what the parent loses, the child loses with the next request.
func (h *house) lowersTheParent(parent, child link, guest *surfer) {
	h.t.Helper()
	session := "/~" + sessionIn(h.t, guest)
	h.olga("link", "change", parent.ID, "--can", "view")
	h.everywhere(guest, session+firstSegment+"?download", http.StatusForbidden, "no_capability")
	h.everywhere(guest, session+firstSegment, http.StatusOK, "")
	h.olga("link", "suspend", parent.ID, "--why", "wait")
	h.everywhere(guest, session+firstSegment, http.StatusForbidden, "suspended")
	h.everywhere(h.surfer(), child.URL, http.StatusForbidden, "suspended")
	h.lines(h.olga("link", "show", parent.ID), "Standing suspended since : wait")
	h.olga("link", "resume", parent.ID)
	h.everywhere(guest, session+firstSegment, http.StatusOK, "")
	wantViews(h.t, h.Server, child.ID, 1, 0)
}

// extendsASpentLink: while somebody waits on the page that says that all views
// are used, the owner adds one, and the same address lets them in.
func (h *house) extendsASpentLink() (spent link, second *surfer) {
	h.t.Helper()
	spent = decode[link](h.t, h.olga("link", "create", "--collection", "clock", "--views", "1", "--json"))
	first, second := h.surfer(), h.surfer()
	h.everywhere(first, h.presses(first, spent)+firstSegment, http.StatusOK, "")
	for _, node := range h.nodes {
		a := (&surfer{second.Client, node, h.t}).post(local(spent.URL), nil)
		wantStatus(h.t, a, http.StatusGone, "views_spent")
		says(h.t, a, http.StatusGone, "the same link then works again")
	}
	h.lines(h.olga("link", "extend", spent.URL, "--views", "+1"), "Views 2, 1 left (1 used, 0 reserved)")
	h.everywhere(second, h.presses(second, spent)+firstSegment, http.StatusOK, "")
	h.lines(h.olga("link", "show", spent.ID), "Views 2, 0 left (2 used, 0 reserved)", "Seen 2 plays, 2 devices")
	h.sessions(2, "--link", spent.ID)
	return spent, second
}

// locksMidPlay: whoever came by a link that anybody may use is out, named persons
// go on; and nothing that was counted is lost by it.
func (h *house) locksMidPlay(spent link, viewer, guest, annsFirst, annsSecond, dora *surfer) {
	h.t.Helper()
	seen := "/~" + sessionIn(h.t, dora)
	h.lines(h.olga("collection", "lock", "clock"), "Level locked", "Sessions ended 3 live and anonymous")
	for _, out := range []*surfer{viewer, guest} {
		h.everywhere(out, "/~"+sessionIn(h.t, out)+firstSegment, http.StatusForbidden, "no_session")
	}
	h.everywhere(h.surfer(), spent.URL, http.StatusForbidden, "locked")
	for _, in := range []*surfer{annsFirst, annsSecond} {
		h.everywhere(in, "/~"+sessionIn(h.t, in)+firstSegment, http.StatusOK, "")
	}
	h.everywhere(dora, seen+firstSegment, http.StatusOK, "")
	h.who("ann@example.com view", "dora@example.com view group jury")
	h.olga("group", "leave", "jury", "dora@example.com")
	h.everywhere(dora, seen+firstSegment, http.StatusForbidden, "locked")
	wantViews(h.t, h.Server, spent.ID, 2, 0)
}

// deletesBen: what he opened ends, what he was given is nobody's, and what he
// owned and gave is the owner's.
func (h *house) deletesBen(child link, ben, cleo *surfer) {
	h.t.Helper()
	h.olga("collection", "create", "other", "--path", "/other/*", "--title", "Of Ben")
	h.olga("collection", "change", "other", "--owner", "ben@example.com")
	h.olga("grant", "create", "other", "--person", "cleo@example.com", "--can", "view")
	bens, cleos := "/~"+sessionIn(h.t, ben), cleo.watches("/other/clock/clock.mp4")
	h.everywhere(ben, bens+firstSegment, http.StatusOK, "")
	h.lines(h.olga("person", "delete", "ben@example.com"), "Person is gone", "Grants ended 1", "Collections passed on 1", "Links passed on 1")
	h.everywhere(ben, bens+firstSegment, http.StatusForbidden, "no_session")
	h.everywhere(ben, clockFilm, http.StatusForbidden, "no_session") // by the cookie, too
	if who := ben.who(); who != "" {
		h.t.Errorf("%s is still signed in", who)
	}
	says(h.t, h.surfer().signIn("ben@example.com", "the password of ben@example.com"), http.StatusUnauthorized, "do not belong together")
	if said := h.olga("collection", "who", "clock"); strings.Contains(said, "ben@example.com") {
		h.t.Errorf("he still has access:\n%s", said)
	}
	if said := h.refused("session", "list", "--person", "ben@example.com"); !strings.Contains(said, "no person with this address") {
		h.t.Error(said)
	}
	h.lines(h.olga("collection", "show", "other"), "Owner olga@example.com")
	h.everywhere(cleo, cleos+"/other/clock/360p/0.ts", http.StatusOK, "")
	h.lines(h.olga("link", "show", child.ID), "Made by olga@example.com", "Views 2, 1 left (1 used")
	h.olga("collection", "unlock", "clock")
	last := h.surfer()
	h.everywhere(last, h.presses(last, child)+firstSegment, http.StatusOK, "")
	wantViews(h.t, h.Server, child.ID, 2, 0)
}

// sessionIn is the session that a browser holds.
func sessionIn(t testing.TB, b *surfer) string {
	t.Helper()
	site, err := url.Parse(b.c.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range b.Jar.Cookies(site) {
		if cookie.Name == "usher" {
			return cookie.Value
		}
	}
	t.Fatalf("the browser holds no session of %s", b.c.URL)
	return ""
}
