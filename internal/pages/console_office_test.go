package pages_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/sample"
	"github.com/usher-media/usher/internal/storytest"
)

func TestMain(m *testing.M) { storytest.Main(m) }

// hostile is what somebody might call a thing.
const hostile = `"><img src=x onerror=alert(1)><script>alert(1)</script>`

// office is a gateway, as the real binary runs it, with people who use its console.
type office struct {
	*storytest.Server
	t *testing.T
}

// openOffice starts one. /clock/* is there to be watched.
func openOffice(t *testing.T) *office {
	t.Helper()
	s := storytest.New(t, storytest.Options{})
	if err := sample.Write(filepath.Join(s.Dir, "site")); err != nil {
		t.Fatal(err)
	}
	s.Run()
	return &office{s, t}
}

// made runs a command and returns a field of what it made.
func (o *office) made(field string, args ...string) string {
	o.t.Helper()
	return made(o.t, o.CLI(append(args, "--json")...), field)
}

func made(t *testing.T, text, field string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	value, _ := object[field].(string)
	if value == "" {
		t.Fatalf("no %s in %s", field, text)
	}
	return value
}

var activation = regexp.MustCompile(`http://\S+/_usher/activate/\S+`)

const password = "correct horse battery"

// activated makes a person, and lets them choose a password in a browser of their
// own, which is then signed in.
func (o *office) activated(address, role string) *tab {
	o.t.Helper()
	o.CLI("person", "create", address, "--role", role)
	b := openTab(o.t, browsertest.New(o.t))
	b.dress(o.t, 1280, "light")
	b.do(o.t, chromedp.Navigate(o.activation(address)), chromedp.SendKeys(chromedp.CSS(`[name=new]`), password+"\r"),
		chromedp.WaitVisible(chromedp.CSS(`a[href="/_usher/signout"]`)))
	return b
}

// activation is the link by which the person chooses a password.
func (o *office) activation(address string) string {
	o.t.Helper()
	var out struct {
		Items []struct{ Message struct{ Text string } }
	}
	text := o.CLI("invite", "create", address, "--json")
	if err := json.Unmarshal([]byte(text), &out); err != nil || len(out.Items) != 1 {
		o.t.Fatalf("%v: %s", err, text)
	}
	return activation.FindString(out.Items[0].Message.Text)
}

// visit opens a screen of the console and waits for its heading.
func (o *office) visit(b *tab, screen, heading string) {
	o.t.Helper()
	b.do(o.t, chromedp.Navigate(o.URL+"/_usher/console"+screen))
	headed(o.t, b, heading)
}

// headed waits for a screen that is called so.
func headed(t *testing.T, b *tab, heading string) {
	t.Helper()
	until(t, b, fmt.Sprintf(`document.querySelector('#view h1')?.textContent === %q`, heading))
}

// watch opens the link as a player does, and leaves a live session.
func (o *office) watch(mediaURL, agent string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, mediaURL, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("User-Agent", agent)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		o.t.Fatalf("watching: %s", resp.Status)
	}
}

// press presses the button with these words, or this label.
func press(t *testing.T, b *tab, words string) {
	t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll('button')].find((b) => b.checkVisibility() && (b.ariaLabel || b.textContent) === %q)`, words)
	until(t, b, found+` !== undefined`)
	eval[bool](t, b, `(`+found+`.click(), true)`)
}

// fill types into the field with this label; what was there is replaced.
func fill(t *testing.T, b *tab, label, value string) {
	t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll('label')].find((l) => l.checkVisibility() && l.textContent === %q)?.control`, label)
	until(t, b, found+` !== undefined`)
	eval[bool](t, b, fmt.Sprintf(`((c) => { c.focus(); c.value = %q; for (const e of ['input', 'change']) c.dispatchEvent(new Event(e, { bubbles: true })); return true; })(%s)`, value, found))
}

const (
	told  = `document.getElementById('news').innerText`
	fault = `document.getElementById('problem').innerText`
	view  = `document.getElementById('view').innerText`
)

func has(expression, text string) string { return fmt.Sprintf(`%s.includes(%q)`, expression, text) }

// clean fails where the browser complained, but for requests that were refused on
// purpose.
func (b *tab) clean(t *testing.T) {
	t.Helper()
	for _, complaint := range b.heard() {
		if !strings.Contains(complaint, "Failed to load resource") {
			t.Errorf("the console complained: %s", complaint)
		}
	}
}
