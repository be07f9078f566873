package story

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// scene is what a kill switch is tried on: what is watched, by whom, and by what
// the switch finds it.
type killScene struct {
	nodes   []*storytest.Server
	link    link
	person  *guest // signed in as ann@example.com, a member of jury
	session string // hers, on link, without an "/~"
	id      string // of that session
	device  string
}

// kill is one switch.
type kill struct {
	name string
	// args is the command.
	args func(k *killScene) []string
	// reason is what the session's next request is told.
	reason string
	status int
	// ended is how many sessions it reports: hers, and a stranger's where the
	// switch reaches that far.
	ended int64
	// spares says that the stranger on another link, or on hers, goes on.
	spares bool
}

var kills = []kill{
	{"session", func(k *killScene) []string { return []string{"session", "end", k.id} }, "no_session", http.StatusForbidden, -1, true},
	{"device", func(k *killScene) []string { return []string{"cut", "--device", k.device} }, "no_session", http.StatusForbidden, 1, true},
	{"person", func(*killScene) []string { return []string{"person", "cut", "ann@example.com"} }, "no_session", http.StatusForbidden, 1, true},
	{"group", func(*killScene) []string { return []string{"group", "cut", "jury"} }, "no_session", http.StatusForbidden, 1, true},
	{"link", func(k *killScene) []string { return []string{"link", "cut", k.link.ID} }, "no_session", http.StatusForbidden, 2, false},
	{"link, suspended", func(k *killScene) []string { return []string{"link", "suspend", k.link.ID} }, "suspended", http.StatusForbidden, 2, false},
	{"link, revoked", func(k *killScene) []string { return []string{"link", "revoke", k.link.ID} }, "revoked", http.StatusGone, 2, false},
	{"collection", func(*killScene) []string { return []string{"collection", "cut", "films"} }, "no_session", http.StatusForbidden, 2, false},
	{"all", func(*killScene) []string { return []string{"cut", "--all"} }, "no_session", http.StatusForbidden, 2, false},
}

// Each kill switch, thrown on one of two gateways, takes effect with the next
// request on both, says how many sessions it ended, and cuts what is running, on
// the node that it was not thrown on. On a strict site that is by what the store
// says, on a leasing one by what it pushes.
func TestN15EachKillSwitchOnTwoGateways(t *testing.T) {
	for name, words := range map[string][]string{"strict": nil, "lease": {"consistency lease 2s"}} {
		t.Run(name, func(t *testing.T) {
			k := &killScene{nodes: twoNodes(t, func(caddyfile string) string { return onSite(caddyfile, words...) })}
			k.nodes[0].CLI("collection", "add", "films", "--path", "/clock/*", "--level", "link")
			k.nodes[0].CLI("group", "add", "jury")
			k.person = known(t, k.nodes[0], "ann@example.com", "--group", "jury")
			for _, node := range k.nodes {
				withBigFile(t, node)
			}
			for _, one := range kills {
				t.Run(one.name, func(t *testing.T) { one.try(t, k, words != nil) })
			}
		})
	}
}

func (one kill) try(t *testing.T, k *killScene, leased bool) {
	k.link = createLink(t, k.nodes[0], "--path", "/clock/*")
	k.person = elsewhere(t, k.nodes[0], "ann@example.com")
	k.session = k.person.press(k.nodes[0], k.link)
	stranger := newGuest(t).press(k.nodes[0], k.link)
	k.find(t)
	for _, node := range k.nodes {
		for range 2 { // the second time from the lease
			wantStatus(t, gets(t, node, k.session, firstSegment), http.StatusOK, "")
			wantStatus(t, gets(t, node, stranger, firstSegment), http.StatusOK, "")
		}
	}
	defer k.nodes[0].CLI("link", "cut", k.link.ID) // for the next one's count
	running := startDownload(t, k.nodes[1].URL+k.session+"/clock/big.mp4")
	out := k.nodes[0].CLI(append(one.args(k), "--json")...)
	if got := endedIn(t, out); got != one.ended && one.ended >= 0 {
		t.Errorf("it says that it ended %d sessions, want %d: %s", got, one.ended, out)
	}
	for i, node := range k.nodes {
		hers := func() answer { return gets(t, node, k.session, firstSegment) }
		if leased && i > 0 { // a push, which takes a moment
			until(t, hers, one.status, one.reason)
		}
		wantStatus(t, hers(), one.status, one.reason)
		theirs := gets(t, node, stranger, firstSegment)
		if (theirs.StatusCode == http.StatusOK) != one.spares {
			t.Errorf("on node %d a stranger on the same link gets %d %s", i, theirs.StatusCode, theirs.Header.Get("Usher-Reason"))
		}
	}
	select {
	case n := <-running.total:
		if n >= bigFile {
			t.Errorf("the download was complete before it was cut: %d", n)
		}
	case <-time.After(5 * time.Second):
		t.Error("a download on the other node runs 5 s later")
	}
}

// find looks up the ids of her session.
func (k *killScene) find(t *testing.T) {
	t.Helper()
	type session struct{ ID, Person, Device string }
	for _, one := range decode[struct{ Sessions []session }](t, k.nodes[1].CLI("session", "list", "--link", k.link.ID, "--json")).Sessions {
		if one.Person != "" {
			k.id, k.device = one.ID, one.Device
			return
		}
	}
	t.Fatal("her session is not in the list")
}

func endedIn(t *testing.T, out string) int64 {
	t.Helper()
	var said struct {
		Ended *int64 `json:"sessions_ended"`
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if said.Ended == nil {
		return 0
	}
	return *said.Ended
}

// A key that is retired ends what it signed, on the node where that is done with
// the next request, and says how many sessions on links that others signed with
// it ended.
func TestN15RetiringAKeyEndsWhatItSigned(t *testing.T) {
	s := gated(t, storytest.Options{})
	withBigFile(t, s)
	signed := func() link {
		text, err := s.TryOffline("token", "sign", "--path", "/clock/*", "--expires", "1h", "--keys", filepath.Join(s.Dir, "keys.json"))
		if err != nil {
			t.Fatal(err)
		}
		return link{MediaURL: s.URL + "/clock/?usher=" + strings.TrimSpace(text)}
	}
	s.CLI("key", "rotate", "--use", "link")
	first := signed()
	session := enter(t, s, browser(), first, "/clock/master.m3u8")
	running := startDownload(t, session+"/clock/big.mp4")
	type keys struct {
		Keys []struct{ ID, Use, State string }
	}
	var old string
	for _, key := range decode[keys](t, s.CLI("key", "list", "--json")).Keys {
		if key.Use == "link" && key.State == "signing" {
			old = key.ID
		}
	}
	s.CLI("key", "rotate", "--use", "link")
	wantStatus(t, do(t, browser(), http.MethodGet, session+firstSegment), http.StatusOK, "")
	later := enter(t, s, browser(), signed(), "/clock/master.m3u8")
	out := s.CLI("key", "retire", old, "--json")
	if n := endedIn(t, out); n != 1 {
		t.Errorf("it says that it ended %d sessions: %s", n, out)
	}
	if a := do(t, browser(), http.MethodGet, session+firstSegment); a.StatusCode != http.StatusForbidden {
		t.Errorf("what the retired key signed plays on: %d", a.StatusCode)
	}
	if n := <-running.total; n >= bigFile {
		t.Error("the download was not cut")
	}
	wantStatus(t, do(t, browser(), http.MethodGet, later+firstSegment), http.StatusOK, "")

	// Of a key that seals it says how many sessions that are at the most.
	seal := decode[keys](t, s.CLI("key", "list", "--json")).Keys[0].ID
	s.CLI("key", "rotate", "--use", "seal")
	sealed := decode[struct {
		Sealed int `json:"sessions_sealed"`
	}](t, s.CLI("key", "retire", seal, "--json")).Sealed
	if sealed != 1 {
		t.Errorf("it says that it ended at most %d sessions", sealed)
	}
	if a := do(t, browser(), http.MethodGet, later+firstSegment); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusForbidden {
		t.Errorf("what the retired key sealed plays on: %d", a.StatusCode)
	}
}

// A deaf node, whose lease is 2 s, refuses within it.
func TestN15WithoutThePushAKillHoldsItsBound(t *testing.T) {
	r := redistest.Start(t)
	deaf := redistest.StartProxy(t, r.Addr)
	nodes := leasedNodes(t, "2s", r.URL(), deaf.URL())
	nodes[0].CLI("collection", "add", "films", "--path", "/clock/*", "--level", "link")
	l := createLink(t, nodes[0], "--path", "/clock/*")
	session := newGuest(t).press(nodes[0], l)
	for range 2 {
		wantStatus(t, gets(t, nodes[1], session, firstSegment), http.StatusOK, "")
	}
	deaf.Stall()
	nodes[0].CLI("collection", "cut", "films")
	at := time.Now()
	until(t, func() answer { return gets(t, nodes[1], session, firstSegment) }, http.StatusForbidden, "no_session")
	t.Logf("refused %v after the cut", time.Since(at).Round(time.Millisecond))
}
