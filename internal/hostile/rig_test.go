package hostile

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

func TestMain(m *testing.M) { storytest.Main(m) }

// rig is the one server of the suite and everything that stands around it.
type rig struct {
	server  *storytest.Server
	admin   *http.Client
	secrets *secrets
	tree    tree
	issuer  *issuer
	// lanes are the gated sites, one for each kind of upstream. h2 is one
	// more, which speaks HTTP/2 without TLS.
	lanes []*lane
	h2    *lane
}

// lane is a gated site with one kind of upstream behind it.
type lane struct {
	*rig
	name, addr  string
	origin      *origin // nil: Caddy's own file server
	credentials map[string]credential
	// words puts tokens in the places of {code}, {session} and so on.
	words *strings.Replacer
}

const head = `{
	admin {admin}
	persist_config off
	auto_https off
	grace_period 1s
	debug
	servers {h2} {
		protocols h1 h2c
	}
	usher {
		store embedded {dir}/store
		keys {dir}/keys.json
		public_url http://media.test
	}
}
(gate) {
	bind 127.0.0.1
	log {
		output stderr
		format filter {
			request>uri usher_token
			request>headers>Referer usher_token
			resp_headers>Location usher_token
			wrap json
		}
	}
	usher {
		rate 100000/s burst 100000
		api
	}
}
`

// site is gated whatever the Host header says: a site that answers to one
// name only would hide what forged hosts do.
const site = `http://{port} {
	import gate
	{upstream}
}
`

func startRig(t *testing.T) *rig {
	t.Helper()
	readSources(t)
	r := &rig{secrets: newSecrets(), tree: newTree()}
	files, once, folding, second := storytest.FreeAddr(t), storytest.FreeAddr(t), storytest.FreeAddr(t), storytest.FreeAddr(t)
	plain := startOrigin(t, &origin{reads: careful, tree: r.tree})
	loose := startOrigin(t, &origin{reads: sloppy, tree: r.tree, gullible: true})
	behind := startOrigin(t, &origin{reads: sloppy, tree: r.tree, gullible: true})
	r.lanes = []*lane{
		{rig: r, name: "file_server", addr: files},
		{rig: r, name: "careful", addr: once, origin: plain},
		{rig: r, name: "sloppy", addr: folding, origin: loose},
	}
	r.h2 = &lane{rig: r, name: "h2", addr: second, origin: behind}

	text := strings.ReplaceAll(head, "{h2}", second)
	for _, l := range append(r.lanes, r.h2) {
		upstream := "file_server {\n\t\troot {dir}/site\n\t}"
		if l.origin != nil {
			upstream = "reverse_proxy " + l.origin.addr
		}
		port := l.addr[strings.LastIndexByte(l.addr, ':'):]
		text += strings.NewReplacer("{port}", port, "{upstream}", upstream).Replace(site)
	}
	r.server = storytest.New(t, storytest.Options{Caddyfile: text, Addr: files})
	r.tree.write(t, filepath.Join(r.server.Dir, "site"))
	r.issuer = newIssuer(t, filepath.Join(r.server.Dir, "keys.json"))
	r.server.Run()
	r.admin = adminClient(r.server.Admin)
	for _, l := range append(r.lanes, r.h2) {
		l.issue(t)
	}
	return r
}

// readSources lists the folders that the binary is built from. The go command
// keeps a test's result while what the test has opened stays the same, and it
// does not see what `go build` opens: without this a gate that was broken since
// would pass from the cache.
func readSources(t *testing.T) {
	t.Helper()
	for _, folder := range []string{"cmd", "caddymodule", "config", "internal"} {
		err := filepath.WalkDir(filepath.Join(storytest.Root(), folder), func(string, fs.DirEntry, error) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
}

func adminClient(address string) *http.Client {
	socket := strings.TrimPrefix(address, "unix/")
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
}

// ask calls the management API on the admin endpoint.
func (r *rig) ask(t testing.TB, method, path string, body, into any) {
	t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	status, answer := r.tell(t, method, path, text)
	for try := 1; status == http.StatusServiceUnavailable && try < 5; try++ {
		time.Sleep(time.Second) // as the answer's Retry-After says
		status, answer = r.tell(t, method, path, text)
	}
	if status/100 != 2 {
		t.Fatalf("%s %s: status %d: %s", method, path, status, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, answer)
		}
	}
}

func (r *rig) tell(t testing.TB, method, path string, body []byte) (status int, answer []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1/usher/v1"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.admin.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// count is what the management API says of a link's views.
type count struct {
	Used     int64 `json:"used"`
	Reserved int64 `json:"reserved"`
}

func (r *rig) count(t testing.TB, link string) count {
	t.Helper()
	var answer struct {
		Views count `json:"views"`
	}
	if link == "" {
		return answer.Views
	}
	r.ask(t, http.MethodGet, "/links/"+link, nil, &answer)
	return answer.Views
}

// settled is the count once nothing is reserved that was not before: the gate
// gives a slot back when its answer has ended, which the client sees a moment
// earlier.
func (r *rig) settled(t testing.TB, link string, before count) count {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	now := r.count(t, link)
	for now.Reserved != before.Reserved && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond) // between tries; the loop ends by the answer
		now = r.count(t, link)
	}
	return now
}

// full reports whether the whole products are asked for.
func full() bool { return os.Getenv("USHER_FULL") == "1" }

// unique is a name that no other device of the run has.
func unique(prefix string) string {
	return fmt.Sprintf("%s%s", prefix, strings.ToLower(rand.Text()[:8]))
}
