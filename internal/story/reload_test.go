package story

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/storytest"
)

// slowRead reads a download a little at a time, so that it runs as long as the
// test wants. It returns how much came in all, when the connection ends.
type slowRead struct {
	body  io.ReadCloser
	total chan int64
	fast  chan struct{} // closed: read on without pausing
}

// startDownload opens a download over a connection with a small window: the
// server cannot have written it all into buffers.
func startDownload(t *testing.T, target string) *slowRead {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(128 << 10)
		}
		return conn, err
	}}
	resp, err := (&http.Client{Transport: transport}).Get(target)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("download: %d", resp.StatusCode)
	}
	d := &slowRead{body: resp.Body, total: make(chan int64, 1), fast: make(chan struct{})}
	t.Cleanup(func() { resp.Body.Close() })
	go d.read()
	return d
}

func (d *slowRead) read() {
	var total int64
	buf := make([]byte, 16<<10)
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for {
		n, err := d.body.Read(buf)
		total += int64(n)
		if err != nil {
			d.total <- total
			return
		}
		select {
		case <-d.fast:
		case <-pause.C:
		}
	}
}

const bigFile = 64 << 20

func withBigFile(t *testing.T, s *storytest.Server) {
	t.Helper()
	if err := os.Truncate(touch(t, filepath.Join(s.Dir, "site", "clock", "big.mp4")), bigFile); err != nil {
		t.Fatal(err)
	}
}

func touch(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A running download survives config reloads, and a revocation still cuts it,
// within 5 s.
func TestReloadsKeepDownloadsAndRevocationCutsThem(t *testing.T) {
	for name, upstream := range map[string]string{"file_server": "", "reverse_proxy": "reverse_proxy"} {
		t.Run(name, func(t *testing.T) {
			caddyfile := strings.Replace(storytest.DefaultCaddyfile, "grace_period 1s", "grace_period 60s", 1)
			if upstream != "" {
				caddyfile = proxied(t, caddyfile)
			}
			s := gated(t, storytest.Options{Caddyfile: caddyfile})
			withBigFile(t, s)
			l := createLink(t, s, "--path", "/clock/*", "--views", "2")
			keep := createLink(t, s, "--path", "/clock/*", "--views", "1")
			cut := startDownload(t, enter(t, s, browser(), l, "/clock/big.mp4")+"/clock/big.mp4")
			runs := startDownload(t, enter(t, s, browser(), keep, "/clock/big.mp4")+"/clock/big.mp4")
			for range 3 {
				if out, err := s.Reload(); err != nil {
					t.Fatalf("%v %s", err, out)
				}
			}
			s.WriteCaddyfile("{ usher { no such option } }")
			if _, err := s.Reload(); err == nil {
				t.Fatal("a broken config was loaded")
			}
			wantViews(t, s, l.ID, 1, 0)
			start := time.Now()
			s.CLI("link", "revoke", l.ID)
			select {
			case n := <-cut.total:
				if n >= bigFile {
					t.Fatalf("the download was complete before it was cut: %d", n)
				}
				t.Logf("cut %v after the revocation, at %d of %d bytes", time.Since(start).Round(10*time.Millisecond), n, bigFile)
			case <-time.After(5 * time.Second):
				t.Fatal("the download runs 5 s after the revocation")
			}
			close(runs.fast)
			if n := <-runs.total; n != bigFile {
				t.Fatalf("the other download got %d of %d bytes", n, bigFile)
			}
		})
	}
}

// proxied puts a plain file server behind the gate by reverse_proxy.
func proxied(t *testing.T, caddyfile string) string {
	t.Helper()
	origin := storytest.FreeAddr(t)
	caddyfile = strings.Replace(caddyfile, "\tfile_server {\n\t\troot {dir}/site\n\t}\n", "\treverse_proxy "+origin+"\n", 1)
	return caddyfile + "http://" + origin + " {\n\tfile_server {\n\t\troot {dir}/site\n\t}\n}\n"
}

// Many short and long answers over HTTP/2, cut while they end: the server
// lives, and nothing that was not cut is touched.
func TestCuttingWhileAnswersEnd(t *testing.T) {
	s := gated(t, storytest.Options{Caddyfile: strings.Replace(storytest.DefaultCaddyfile, "\tusher {\n\t\tstore", "\tservers {\n\t\tprotocols h1 h2c\n\t}\n\tusher {\n\t\tstore", 1)})
	withBigFile(t, s)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	for round := range 3 {
		l := createLink(t, s, "--path", "/clock/*")
		base := enter(t, s, browser(), l, "/clock/big.mp4")
		client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				resp, err := client.Get(base + "/clock/big.mp4")
				if err != nil {
					return
				}
				defer resp.Body.Close()
				for n := 0; ; n++ {
					if _, err := resp.Body.Read(make([]byte, 32<<10)); err != nil || (i%3 == 0 && n > 50*i) {
						return
					}
					time.Sleep(time.Millisecond) // the pace of a viewer
				}
			})
		}
		time.Sleep(1200 * time.Millisecond) // answers are looked at once they run for a second
		s.CLI("link", "suspend", l.ID)
		wg.Wait()
		if a := do(t, browser(), http.MethodGet, s.URL+"/_usher/ready"); a.StatusCode != http.StatusOK {
			t.Fatalf("round %d: %d", round, a.StatusCode)
		}
	}
}

// A config without the gate and back again, while a download of the first
// runs: the store is found as it was.
func TestAwayAndBackWhileADownloadRuns(t *testing.T) {
	s := gated(t, storytest.Options{Caddyfile: strings.Replace(storytest.DefaultCaddyfile, "grace_period 1s", "grace_period 60s", 1)})
	withBigFile(t, s)
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	d := startDownload(t, enter(t, s, browser(), l, "/clock/big.mp4")+"/clock/big.mp4")
	with, err := os.ReadFile(filepath.Join(s.Dir, "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	s.WriteCaddyfile("{\n\tadmin {admin}\n\tpersist_config off\n\tgrace_period 60s\n}\nhttp://{addr} {\n\trespond nothing\n}\n")
	if _, err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	s.WriteCaddyfile(string(with))
	if _, err := s.Reload(); err != nil {
		t.Fatalf("the store was not found again: %v", err)
	}
	wantViews(t, s, l.ID, 1, 0)
	close(d.fast)
	if n := <-d.total; n != bigFile {
		t.Errorf("the download got %d of %d bytes", n, bigFile)
	}
}

// Suspending and ending a session cut as well; resuming lets the viewer go on.
func TestSuspendCutsAndResumeResumes(t *testing.T) {
	s := gated(t, storytest.Options{})
	withBigFile(t, s)
	l := createLink(t, s, "--path", "/clock/big.mp4", "--views", "1")
	c := browser()
	base := enter(t, s, c, l, "/clock/big.mp4")
	d := startDownload(t, base+"/clock/big.mp4")
	s.CLI("link", "suspend", l.ID, "--why", "found on a forum")
	if n := <-d.total; n >= bigFile {
		t.Fatal("not cut")
	}
	a := do(t, c, http.MethodHead, base+"/clock/big.mp4")
	wantStatus(t, a, http.StatusForbidden, "suspended")
	s.CLI("link", "resume", l.ID)
	wantStatus(t, do(t, c, http.MethodGet, base+"/clock/big.mp4", "Range", "bytes=5-9"), http.StatusPartialContent, "")

	d = startDownload(t, base+"/clock/big.mp4")
	list := decode[struct{ Sessions []struct{ ID string } }](t, s.CLI("session", "list", "--link", l.ID, "--json"))
	if len(list.Sessions) != 1 {
		t.Fatalf("sessions %v", list.Sessions)
	}
	s.CLI("session", "end", list.Sessions[0].ID)
	if n := <-d.total; n >= bigFile {
		t.Fatal("not cut by the end of the session")
	}
	wantStatus(t, do(t, c, http.MethodGet, base+"/clock/big.mp4"), http.StatusForbidden, "no_session")
}

// State survives a restart, and the old tokens with it.
func TestRestartKeepsEverything(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	c := browser()
	base := enter(t, s, c, l, "/clock/master.m3u8")
	wantStatus(t, do(t, c, http.MethodGet, base+"/clock/360p/0.ts"), http.StatusOK, "")
	s.Stop()
	s.Run()
	wantStatus(t, do(t, c, http.MethodGet, base+"/clock/360p/1.ts"), http.StatusOK, "")
	wantViews(t, s, l.ID, 1, 0)
	wantStatus(t, do(t, browser(), http.MethodPost, l.URL), http.StatusGone, "views_spent")
}
