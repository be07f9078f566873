package story

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages/browsertest"
	"github.com/usher-media/usher/internal/storytest"
)

// screen is a tab of a real browser.
type screen struct {
	context.Context
	t testing.TB
}

func (s screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := chromedp.Do(s, steps...); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for the page to make the expression true, by itself: it may go to
// another page meanwhile.
func (s screen) until(expression string) {
	s.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if holds, err := chromedp.Run(s, chromedp.Evaluate[bool](expression)); err == nil && holds {
			return
		}
		select {
		case <-tick.C:
		case <-s.Done():
			s.t.Fatalf("never true: %s", expression)
		}
	}
}

// A person who comes too late sees that all views are used. The owner adds one,
// and the page that waits shows the button, which nobody but the person presses.
// Suspended while it plays, the video stops and says so; resumed, it goes on by
// itself.
func TestAWaitingPageNoticesItsOwner(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	late := screen{browsertest.New(t), t}
	late.do(chromedp.Navigate(l.URL))
	late.until(`document.querySelector('form button') !== null`)
	g := newGuest(t)
	gets(t, s, g.press(s, l), "/clock/clock.mp4")
	late.do(chromedp.Click(chromedp.CSS("form button")))
	late.until(`document.querySelector('h1').textContent === 'All views of this link are used'`)

	s.CLI("link", "extend", l.ID, "--views", "+1")
	late.until(`document.querySelector('form button') !== null && document.body.innerText.includes('1 of 2 views left')`)
	wantViews(t, s, l.ID, 1, 0)
	const plays = `document.querySelector('video') !== null && document.querySelector('video').currentTime > 0.5 && !document.querySelector('video').paused && document.getElementById('notice').textContent === ''`
	late.do(chromedp.Click(chromedp.CSS("form button")))
	late.until(plays)
	late.until(`document.querySelector('video').loop = true`) // a slow machine must not get to its end

	s.CLI("link", "suspend", l.ID)
	late.until(`document.getElementById('notice').innerText.includes('This link is paused')`)
	s.CLI("link", "resume", l.ID)
	late.until(plays)
	wantViews(t, s, l.ID, 2, 0)
}

// Owners say how pages look, those of the site in its config, those of a
// collection by themselves; managers do not. Whoever has no link is shown the
// site's, in their language.
func TestD3OwnersSayHowPagesLook(t *testing.T) {
	s := gated(t, storytest.Options{Caddyfile: onSite(storytest.DefaultCaddyfile, "brand {", "\tname Cinema", "\tcolor \"#123456\"", "}")})
	s.CLI("person", "create", "own@example.com", "--role", "owner")
	s.CLI("person", "create", "boss@example.com", "--role", "manager")
	s.CLI("collection", "create", "clock", "--path", "/clock/*", "--level", "link")
	l := createLink(t, s, "--path", "/clock/*", "--title", "The clock")
	contains(t, newGuest(t).see(s, l.URL).body, ">Cinema</span>", "/_usher/assets/brand-123456.css", "The clock")
	if out, err := s.TryCLI("collection", "change", "clock", "--brand-name", "Boss", "--as", "boss@example.com"); err == nil {
		t.Errorf("a manager says how pages look: %s", out)
	}
	s.CLI("collection", "change", "clock", "--brand-name", "Acme", "--brand-color", "#abcdef", "--as", "own@example.com")
	contains(t, newGuest(t).see(s, l.URL).body, ">Acme</span>", "/_usher/assets/brand-abcdef.css")
	nobody := do(t, browser(), "GET", s.URL+"/s/nothing", "Accept", "text/html", "Accept-Language", "de-AT,en;q=0.5")
	contains(t, nobody.body, ">Cinema</span>", `<html lang="de" dir="ltr">`, "Hier ist nichts")
	if vary := nobody.Header.Get("Vary"); !strings.Contains(vary, "Accept-Language") {
		t.Errorf("Vary is %q", vary)
	}
}
