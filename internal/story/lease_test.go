package story

import (
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// onLease is the config on a lease.
func onLease(caddyfile, lease string) string {
	return strings.Replace(caddyfile, "api\n", "api\n\t\tconsistency lease "+lease+"\n", 1)
}

// leasedNodes starts gateways on one store, the lease of each as given.
func leasedNodes(t *testing.T, lease string, storeURLs ...string) []*storytest.Server {
	t.Helper()
	var nodes []*storytest.Server
	for i, storeURL := range storeURLs {
		dir := t.TempDir()
		if i > 0 {
			copyFile(t, filepath.Join(nodes[0].Dir, "keys.json"), filepath.Join(dir, "keys.json"))
		}
		nodes = append(nodes, gated(t, storytest.Options{Caddyfile: onLease(redisCaddyfile(storeURL), lease), Dir: dir}))
	}
	return nodes
}

// A Redis that loses everything while it is connected begins its editions anew.
// That what was told before was a higher one is forgotten with the next check, and
// does not cost every request a trip until there are as many changes again.
func TestARedisThatLosesItsEditionCostsNoTrips(t *testing.T) {
	r := redistest.Start(t)
	s := leasedNodes(t, "1m", r.URL())[0]
	edits := func() (n float64) {
		for line := range strings.Lines((&stage{Server: s, TB: t}).metrics()) {
			if strings.HasPrefix(line, "usher_store_calls_total{") && strings.Contains(line, `verb="edits"`) {
				one, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
				if err != nil {
					t.Fatal(err)
				}
				n += one
			}
		}
		return n
	}
	enters := func() (*http.Client, string) {
		viewer := browser()
		session := enter(t, s, viewer, createLink(t, s, "--path", "/clock/*"), "/clock/master.m3u8")
		wantStatus(t, do(t, viewer, http.MethodGet, session+firstSegment), http.StatusOK, "")
		return viewer, session
	}
	before := edits()
	for _, name := range []string{"a", "b", "c"} { // which are told
		s.CLI("collection", "create", name, "--path", "/"+name+"/*")
	}
	enters()
	if edits() == before {
		t.Fatal("the metric does not count what this is about")
	}
	c := goredis.NewClient(&goredis.Options{Addr: r.Addr})
	defer c.Close()
	if err := c.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	viewer, session := enters()
	before = edits()
	for range 30 {
		wantStatus(t, do(t, viewer, http.MethodGet, session+firstSegment), http.StatusOK, "")
	}
	if n := edits() - before; n > 5 {
		t.Errorf("30 requests asked %v times what changed", n)
	}
}

// A lease of a minute, and what changes on one node is known to all of them
// long before it is over: it was pushed.
func TestChangesArePushedToEveryNode(t *testing.T) {
	r := redistest.Start(t)
	nodes := leasedNodes(t, "1m", r.URL(), r.URL(), r.URL())
	for _, c := range []struct {
		name   string
		change func(l link)
		status int
		reason string
		back   func(l link) // nil: there is no way back
	}{
		{"revoke", func(l link) { nodes[0].CLI("link", "revoke", l.ID) }, http.StatusGone, "revoked", nil},
		{"suspend", func(l link) { nodes[1].CLI("link", "suspend", l.ID) }, http.StatusForbidden, "suspended",
			func(l link) { nodes[2].CLI("link", "resume", l.ID) }},
		{"session end", func(l link) {
			for _, s := range decode[struct{ Sessions []struct{ ID string } }](t, nodes[2].CLI("session", "list", "--link", l.ID, "--json")).Sessions {
				nodes[2].CLI("session", "end", s.ID)
			}
		}, http.StatusForbidden, "no_session", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := createLink(t, nodes[0], "--path", "/clock/*", "--views", "1")
			viewer := browser()
			_, session, _ := strings.Cut(enter(t, nodes[0], viewer, l, "/clock/master.m3u8"), "/~")
			segment := "/~" + session + "/clock/360p/0.ts"
			for range 2 { // the second time from the lease
				for _, node := range nodes {
					wantStatus(t, do(t, viewer, http.MethodGet, node.URL+segment), http.StatusOK, "")
				}
			}
			c.change(l)
			for _, node := range nodes {
				eventually(t, c.name+" is known everywhere", func() bool {
					return do(t, viewer, http.MethodGet, node.URL+segment).StatusCode != http.StatusOK
				})
				wantStatus(t, do(t, viewer, http.MethodGet, node.URL+segment), c.status, c.reason)
			}
			if c.back == nil {
				return
			}
			c.back(l)
			for _, node := range nodes {
				wantStatus(t, do(t, viewer, http.MethodGet, node.URL+segment), http.StatusOK, "")
			}
		})
	}
}

// A node that hears nothing any more, without knowing, refuses when its lease
// is over.
func TestWithoutThePushTheLeaseEnds(t *testing.T) {
	r := redistest.Start(t)
	deaf := redistest.StartProxy(t, r.Addr)
	nodes := leasedNodes(t, "2s", r.URL(), deaf.URL())
	l := createLink(t, nodes[0], "--path", "/clock/*", "--views", "1")
	viewer := browser()
	_, session, _ := strings.Cut(enter(t, nodes[0], viewer, l, "/clock/master.m3u8"), "/~")
	segment := nodes[1].URL + "/~" + session + "/clock/360p/0.ts"
	wantStatus(t, do(t, viewer, http.MethodGet, segment), http.StatusOK, "")
	wantStatus(t, do(t, viewer, http.MethodGet, segment), http.StatusOK, "")
	deaf.Stall() // the subscription is one of these connections
	nodes[0].CLI("link", "revoke", l.ID)
	eventually(t, "the deaf node refuses", func() bool {
		a := do(t, viewer, http.MethodGet, segment)
		return a.StatusCode == http.StatusGone && a.Header.Get("Usher-Reason") == "revoked"
	})
}

// A download that a node sends under a lease ends when its link is revoked on
// another node.
func TestAPushCutsDownloadsOnOtherNodes(t *testing.T) {
	r := redistest.Start(t)
	nodes := leasedNodes(t, "1m", r.URL(), r.URL())
	for _, node := range nodes {
		withBigFile(t, node)
	}
	l := createLink(t, nodes[0], "--path", "/clock/*", "--views", "1")
	_, session, _ := strings.Cut(enter(t, nodes[0], browser(), l, "/clock/master.m3u8"), "/~")
	d := startDownload(t, nodes[1].URL+"/~"+session+"/clock/big.mp4")
	nodes[0].CLI("link", "revoke", l.ID)
	if got := <-d.total; got >= bigFile {
		t.Errorf("all %d bytes arrived", got)
	}
}
