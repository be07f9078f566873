package pages_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages/browsertest"
)

// An owner who is signed in has a whole day at the console: without any key.
func TestAnOwnerAtTheConsole(t *testing.T) {
	o := openOffice(t)
	b := o.activated("olga@example.com", "owner")

	// A link is made, and what is given out stands there.
	o.visit(b, "", "Links")
	fill(t, b, "Path", "/clock/*")
	fill(t, b, "Title", "The clock")
	fill(t, b, "Views", "3")
	press(t, b, "Create link")
	until(t, b, has(`document.querySelector('.created').innerText`, "/s/"))
	b.inspect(t, "console created")
	until(t, b, has(`document.querySelector('tbody').innerText`, "The clock"))
	o.watch(eval[string](t, b, `document.querySelectorAll('.created .address')[1].textContent`), "Evil/1 "+hostile)

	// It is extended, suspended, and that undone.
	b.do(t, chromedp.Click(chromedp.CSS(`a[aria-label="Open The clock"]`)))
	headed(t, b, "The clock")
	fill(t, b, "More views", "2")
	press(t, b, "Extend")
	until(t, b, has(view, "of 5")+` && `+has(told, "extended"))
	press(t, b, "Suspend")
	until(t, b, has(view, "suspended")+` && `+has(told, "suspended"))
	press(t, b, "Undo: resume the link")
	until(t, b, has(told, "active again")+` && [...document.querySelectorAll('#view button')].some((b) => b.innerText === 'Suspend')`)

	// A session is ended, and the link revoked: by the word alone.
	press(t, b, "End the session of evil")
	until(t, b, `document.querySelector('.session .chip').innerText === 'ended'`)
	press(t, b, "Revoke")
	until(t, b, `document.getElementById('ask').open && document.querySelector('#ask .danger').disabled`)
	b.clean(t)
	b.inspect(t, "console revoking")
	fill(t, b, "Reason, for the record", "the cut is final")
	fill(t, b, "Type revoke to confirm", "revoke")
	press(t, b, "Keep it")
	until(t, b, `!document.getElementById('ask').open`)
	press(t, b, "Revoke")
	fill(t, b, "Reason, for the record", "the cut is final")
	fill(t, b, "Type revoke to confirm", "revoke")
	eval[bool](t, b, `(document.querySelector('#ask .danger').click(), true)`)
	until(t, b, has(view, "the cut is final")+` && `+has(told, "revoked"))
	if got := eval[string](t, b, `document.getElementById('curls').textContent`); !strings.Contains(got, "/revoke'") || !strings.Contains(got, "$USHER_KEY") {
		t.Errorf("the calls are %s", got)
	}

	// Two are invited, and each is told apart.
	o.visit(b, "/people", "People")
	fill(t, b, "Addresses", "ann@example.com\nno address\nben@example.com")
	press(t, b, "Invite")
	until(t, b, `document.querySelectorAll('.outcomes li').length === 3`)
	if got := eval[string](t, b, `document.querySelector('.outcomes').innerText`); strings.Count(got, "invited") != 2 || strings.Count(got, "refused") != 1 {
		t.Errorf("the outcomes are %s", got)
	}
	b.clean(t)
	b.inspect(t, "console invited")

	// A collection is made and opened, somebody is granted it, and it is locked.
	o.visit(b, "/collections", "Collections")
	fill(t, b, "Name", "clock")
	fill(t, b, "Paths", "/clock/*")
	fill(t, b, "Level", "link")
	press(t, b, "Create collection")
	headed(t, b, "clock")
	fill(t, b, "Whom", "ann@example.com")
	press(t, b, "Grant")
	until(t, b, has(told, "granted")+` && `+has(`document.querySelector('[aria-label="Who has access, and why"]').innerText`, "ann@example.com"))
	b.do(t, chromedp.Click(chromedp.CSS(`[value=locked]`)))
	until(t, b, has(told, "clock is locked now"))
	if got := o.CLI("collection", "show", "clock"); !strings.Contains(got, "locked") {
		t.Errorf("the collection is %s", got)
	}
	b.clean(t)
}

// Signing out is the server's to do: what the browser had opens nothing after it.
func TestSigningOutOfTheConsole(t *testing.T) {
	o := openOffice(t)
	b := o.activated("olga@example.com", "owner")
	o.visit(b, "/health", "Health")
	b.do(t, chromedp.Click(chromedp.CSS(`#sign-out button`)), chromedp.WaitVisible(chromedp.CSS(`[name=password]`)))
	// The way back in leads to the screen that one wanted.
	b.do(t, chromedp.Navigate(o.URL+"/_usher/console/links?state=active"))
	until(t, b, `document.getElementById('to-sign-in').checkVisibility()`)
	b.hears(t, "401") // the browser names the request that was refused
	b.inspect(t, "console signed out")
	b.do(t, chromedp.Click(chromedp.CSS(`#to-sign-in`)), chromedp.WaitVisible(chromedp.CSS(`[name=password]`)),
		chromedp.SendKeys(chromedp.CSS(`[name=email]`), "olga@example.com"), chromedp.SendKeys(chromedp.CSS(`[name=password]`), password+"\r"),
		chromedp.WaitVisible(chromedp.CSS(`#view h1`)))
	if got := eval[string](t, b, `location.pathname + location.search`); got != "/_usher/console/links?state=active" {
		t.Errorf("signing in led to %s", got)
	}
}

// A key goes from the address into the tab's own storage: no address bar, no
// history, and nowhere else.
func TestConsoleHidesTheKey(t *testing.T) {
	o := openOffice(t)
	key := o.made("key", "apikey", "create", "--name", "console", "--scope", "manage")
	b := openTab(t, browsertest.New(t))
	o.visit(b, "#key="+key, "Links")
	if got := eval[string](t, b, `location.href`); got != o.URL+"/_usher/console" {
		t.Errorf("the address is %q, want it without the key", got)
	}
	if got := eval[string](t, b, `document.documentElement.outerHTML + document.cookie + JSON.stringify(localStorage)`); strings.Contains(got, key) {
		t.Error("the key is on the page")
	}
	b.do(t, chromedp.Reload())
	headed(t, b, "Links")
	press(t, b, "Sign out")
	until(t, b, `document.getElementById('key').checkVisibility()`)
	if got := eval[string](t, b, `JSON.stringify(sessionStorage) + document.getElementById('view').innerText`); got != "{}" {
		t.Errorf("signed out, the tab still keeps %s", got)
	}
	b.do(t, chromedp.SendKeys(chromedp.CSS(`#key`), "wrong\r"))
	until(t, b, has(fault, "An API key is needed"))
	b.do(t, chromedp.SendKeys(chromedp.CSS(`#key`), key+"\r"))
	headed(t, b, "Links")
}

// Whoever may do less sees less.
func TestConsoleShowsWhatOneMayDo(t *testing.T) {
	o := openOffice(t)
	o.CLI("collection", "create", "clock", "--path", "/clock/*", "--level", "link")
	b := o.activated("lim@example.com", "limited")
	o.CLI("grant", "create", "clock", "--person", "lim@example.com", "--can", "view")
	screens := `[...document.querySelectorAll('#nav a')].map((a) => a.textContent).join(' ')`
	o.visit(b, "", "Links")
	if got := eval[string](t, b, screens); got != "Links Collections Events" {
		t.Errorf("a limited person is shown the way to %s", got)
	}
	if eval[bool](t, b, `document.getElementById('new') !== null`) {
		t.Error("somebody who may share nothing is offered a new link")
	}
	o.visit(b, "/collections", "Collections")
	if got := eval[string](t, b, view); !strings.Contains(got, "clock") || strings.Contains(got, "New collection") {
		t.Errorf("collections: %s", got)
	}
	o.CLI("grant", "create", "clock", "--person", "lim@example.com", "--can", "view,share")
	o.visit(b, "", "Links")
	until(t, b, `document.getElementById('new') !== null`)
	// Going there all the same, one is told, and sees nothing.
	b.do(t, chromedp.Navigate(o.URL+"/_usher/console/keys"))
	until(t, b, has(fault, "may not"))
	key := o.made("key", "apikey", "create", "--name", "looks", "--scope", "read")
	b.do(t, chromedp.Navigate("about:blank"))
	o.visit(b, "#key="+key, "Links")
	if got := eval[string](t, b, screens); got != "Links Collections People Groups Sessions Events Keys Health" {
		t.Errorf("an operator who only looks is shown the way to %s", got)
	}
	if eval[bool](t, b, `document.getElementById('new') !== null`) {
		t.Error("a key that only reads is offered a new link")
	}
}

// What owners and browsers wrote is shown as they wrote it, and is nothing but
// text.
func TestConsoleShowsPayloadsAsText(t *testing.T) {
	o := openOffice(t)
	b := o.activated("olga@example.com", "owner")
	link := o.made("id", "link", "create", "--path", "/clock/*", "--title", hostile)
	o.CLI("link", "suspend", link, "--why", hostile)
	o.CLI("person", "create", "tess@example.com", "--name", hostile)
	o.CLI("collection", "create", "clock", "--path", "/clock/*", "--title", hostile)
	o.CLI("grant", "create", "clock", "--person", "tess@example.com", "--can", "view")
	group := o.made("id", "group", "create", hostile)
	o.CLI("apikey", "create", "--name", hostile, "--scope", "read")
	collection := o.made("id", "collection", "show", "clock")
	for screen, heading := range map[string]string{
		"": "Links", "/links/" + link: hostile, "/people": "People", "/collections": "Collections", "/collections/" + collection: hostile,
		"/groups": "Groups", "/groups/" + group: hostile, "/keys": "Keys",
	} {
		b.do(t, chromedp.Navigate(o.URL+"/_usher/console"+screen))
		headed(t, b, heading)
		if got := eval[string](t, b, view); !strings.Contains(got, hostile) {
			t.Errorf("%s says\n%s\nwant the payload as text", screen, got)
		}
		if n := eval[int](t, b, `document.querySelectorAll('main img, main script, main iframe, [onerror]').length`); n != 0 {
			t.Errorf("%s: payloads became %d elements", screen, n)
		}
		b.clean(t)
	}
	// The browser itself would refuse markup made from text.
	if got := eval[string](t, b, `(() => { try { document.createElement('p').innerHTML = '<b>x</b>'; return 'done'; } catch (e) { return e.name; } })()`); got != "TypeError" {
		t.Errorf("markup made from text: %s", got)
	}
}

// Each screen is looked at, narrow and wide, in both schemes.
func TestConsoleLooks(t *testing.T) {
	o := openOffice(t)
	b := o.activated("olga@example.com", "owner")
	link := o.made("id", "link", "create", "--path", "/clock/*", "--title", "Acme, second cut", "--views", "3", "--views-each", "2", "--expires", "48h")
	o.watch(made(t, o.CLI("link", "show", link, "--json"), "media_url"), "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	o.CLI("link", "suspend", o.made("id", "link", "create", "--path", "/clock/master.m3u8"), "--why", "wrong file")
	o.CLI("collection", "create", "clock", "--path", "/clock/*", "--title", "The clock")
	o.CLI("person", "create", "tess.with.a.long.name@a-company-of-many-words.example.com", "--name", "Tess")
	group := o.made("id", "group", "create", "Crew")
	o.CLI("grant", "create", "clock", "--group", "Crew", "--can", "view")
	collection, person := o.made("id", "collection", "show", "clock"), o.made("id", "person", "show", "olga@example.com")
	for screen, heading := range map[string]string{
		"": "Links", "/links?state=suspended": "Links", "/links/" + link: "Acme, second cut", "/collections": "Collections", "/collections/" + collection: "The clock",
		"/people": "People", "/people/" + person: "olga@example.com", "/groups": "Groups", "/groups/" + group: "Crew", "/sessions": "Live sessions",
		"/events": "Events", "/keys": "Keys", "/health": "Health",
	} {
		for _, width := range []int64{320, 1280} {
			scheme := map[int64]string{320: "dark", 1280: "light"}[width]
			b.dress(t, width, scheme)
			o.visit(b, screen, heading)
			eval[bool](t, b, `(() => { for (const d of document.querySelectorAll('details')) d.open = true; return true; })()`)
			b.clean(t)
			name, _, _ := strings.Cut(strings.TrimPrefix(screen, "/"), "_")
			b.inspect(t, fmt.Sprintf("console %s %d %s", strings.NewReplacer("/", " ", "?", " ", "=", " ").Replace(name), width, scheme))
		}
	}
}
