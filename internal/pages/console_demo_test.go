package pages_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/internal/storytest"
)

// From the address of the console that the demo prints, a new user gets to a
// shared link of a video of their own by one form with one thing to say.
func TestFromTheDemoToASharedLinkOfOnesOwn(t *testing.T) {
	media := t.TempDir()
	if err := sample.Write(media); err != nil {
		t.Fatal(err)
	}
	demo := exec.Command(storytest.Binary(t), "demo", "--media", media, "--listen", storytest.FreeAddr(t), "--json")
	demo.Stderr = os.Stderr
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = demo.Process.Signal(os.Interrupt)
		_ = demo.Wait()
	})
	var printed struct {
		ConsoleURL string `json:"console_url"`
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &printed) != nil {
		t.Fatalf("%v: %s", err, line)
	}

	b := openTab(t, browsertest.New(t))
	b.dress(t, 1280, "light")
	b.do(t, chromedp.Navigate(printed.ConsoleURL))
	headed(t, b, "Links")
	b.do(t, chromedp.Click(chromedp.CSS(`#new summary`)))
	// The form offers the paths that are known: the folder is one of them.
	folder := eval[string](t, b, `document.querySelector('#paths option').value`)
	fill(t, b, "Path", folder)
	press(t, b, "Create link")
	until(t, b, has(`document.querySelector('.created').innerText`, "/s/"))
	shared := eval[string](t, b, `document.querySelector('.created .address').textContent`)

	viewer := openTab(t, browsertest.New(t))
	viewer.do(t, chromedp.Navigate(shared), chromedp.Click(chromedp.CSS(`button`)), chromedp.WaitVisible(chromedp.CSS(`main`)))
	b.clean(t)
}
