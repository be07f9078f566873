// Package browsertest drives a headless Chromium in tests.
package browsertest

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long one test may take in the browser, its start included.
const patience = 2 * time.Minute

// New starts a browser and returns its context for chromedp.Run and Do;
// chromedp.NewContext on it opens another tab. The browser ends with the test.
// Where no Chromium is installed the test fails: a skipped browser test is a
// page that nobody looked at.
func New(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(find(t)),
		chromedp.Headless,
		chromedp.NoFirstRun,
		// Tests run as root in containers, where the sandbox cannot start; the
		// only pages loaded are our own, from loopback.
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		// A test presses nothing before the video plays.
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
	)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return ctx
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no chromium found: `make tools` installs it")
	return ""
}
