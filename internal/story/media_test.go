package story

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/storytest"
)

// demo is what `usher demo --json` prints.
type demo struct {
	ShareURL   string `json:"share_url"`
	MediaURL   string `json:"media_url"`
	ConsoleURL string `json:"console_url"`
	APIURL     string `json:"api_url"`
	APIKey     string `json:"api_key"`
}

// startDemo runs the demo in an empty home and returns what it printed, and a
// function that ends it as Ctrl-C does and reports what it left behind.
func startDemo(t *testing.T, args ...string) (demo, func()) {
	t.Helper()
	home, tmp := t.TempDir(), t.TempDir()
	cmd := exec.Command(storytest.Binary(t), append([]string{"demo", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+tmp, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	var d demo
	if err != nil || json.Unmarshal([]byte(line), &d) != nil {
		t.Fatalf("first line %q, %v; %s", line, err, errs.String())
	}
	return d, func() {
		t.Helper()
		_ = cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v: %s", err, errs.String())
		}
		for _, dir := range []string{home, tmp} {
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left behind in %s: %v", dir, left)
			}
		}
	}
}

const playing = `(() => { const v = document.querySelector("video"); return v && !v.error && v.currentTime > 1 })()`

// The main job in a browser: three devices press Watch and see the picture
// move; the fourth is told why not.
func TestDemoInABrowser(t *testing.T) {
	d, end := startDemo(t)
	defer end()
	for n := range 3 {
		ctx := browsertest.New(t) // a new browser: another device
		ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
		defer cancel()
		if err := chromedp.Do(ctx, chromedp.Navigate(d.ShareURL)); err != nil {
			t.Fatal(err)
		}
		lead := run(t, ctx, chromedp.Text(chromedp.CSS("p.lead")))
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button.primary")), chromedp.WaitVisible(chromedp.CSS("video"))); err != nil {
			t.Fatalf("device %d: %v", n+1, err)
		}
		run(t, ctx, chromedp.Poll[bool](playing, chromedp.WithPollingTimeout(30*time.Second)))
		address := run(t, ctx, chromedp.Location())
		if want := []string{"3 of 3 views", "2 of 3 views", "1 of 3 views"}[n]; !strings.Contains(lead, want) {
			t.Errorf("device %d read %q; want %q", n+1, lead, want)
		}
		if strings.Contains(address, "/s/") || strings.Contains(address, "~") {
			t.Errorf("the address bar shows a credential: %s", address)
		}
	}
	ctx := browsertest.New(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(d.ShareURL)); err != nil {
		t.Fatal(err)
	}
	if heading := run(t, ctx, chromedp.Text(chromedp.CSS("h1"))); heading != "All views of this link are used" {
		t.Errorf("the fourth device reads %q", heading)
	}
}

func run[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// The signed media URL in ffmpeg: the whole film, one view.
func TestDemoInFfmpeg(t *testing.T) {
	d, end := startDemo(t)
	defer end()
	seconds := decodeMedia(t, d.MediaURL)
	if seconds < 23 || seconds > 26 {
		t.Errorf("ffmpeg decoded %.1f s of 24", seconds)
	}
	decodeMedia(t, d.MediaURL) // the same player again is the same device
	var list struct{ Links []link }
	a := do(t, browser(), http.MethodGet, d.APIURL+"/links", "Authorization", "Bearer "+d.APIKey)
	if json.Unmarshal([]byte(a.body), &list) != nil || len(list.Links) != 1 || list.Links[0].Views.Used != 1 {
		t.Errorf("after two plays by one player: %s", a.body)
	}
	// Without the session nothing of it is to be had.
	for _, path := range []string{"/clock/master.m3u8", "/clock/360p/0.ts", "/clock/clock.mp4"} {
		base := d.ShareURL[:strings.Index(d.ShareURL, "/s/")]
		if a := do(t, browser(), http.MethodGet, base+path); a.StatusCode != http.StatusNotFound || len(a.body) > 500 {
			t.Errorf("%s without a credential: %d", path, a.StatusCode)
		}
	}
}

// decodeMedia plays a URL with ffmpeg and returns how many seconds of picture
// came out.
func decodeMedia(t *testing.T, target string) float64 {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is missing: make tools installs it")
	}
	out, err := exec.Command(ffmpeg, "-nostdin", "-v", "error", "-i", target, "-f", "null", "-progress", "-", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	var last string
	for line := range strings.SplitSeq(string(out), "\n") {
		if value, ok := strings.CutPrefix(line, "out_time="); ok {
			last = value
		}
	}
	clock, err := time.Parse("15:04:05.999999", last)
	if err != nil {
		t.Fatalf("ffmpeg's progress: %v\n%s", err, out)
	}
	return float64(clock.Minute()*60+clock.Second()) + float64(clock.Nanosecond())/1e9
}

// The demo gates a folder of one's own, on a Redis.
func TestDemoWithOwnMedia(t *testing.T) {
	s := storytest.New(t, storytest.Options{})
	dir := filepath.Join(s.Dir, "My Films")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(storytest.Root(), "internal", "sample", "media", "clock", "clock.mp4"), filepath.Join(dir, "My-Films.mp4"))
	d, end := startDemo(t, "--media", dir, "--store", redistest.Start(t).URL())
	defer end()
	if seconds := decodeMedia(t, d.MediaURL); seconds < 23 {
		t.Errorf("%.1f s", seconds)
	}
}
