package pages_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/pages/browsertest"
)

const (
	apiKey  = "uk_console-test"
	hostile = `"><img src=x onerror=alert(1)><script>alert(1)</script>`
)

type object = map[string]any

// desk is a management API with a few links in memory, enough to answer the
// console.
type desk struct {
	*httptest.Server
	mu    sync.Mutex
	links []object
	ended bool
	calls []string
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	now := time.Now().UTC()
	d := &desk{links: []object{
		link("lnk_4", object{"title": "Acme, second cut", "scope": "/acme/cut2/*", "expires_at": now.Add(47 * time.Hour),
			"views": object{"limit": 3, "used": 1, "reserved": 1, "left": 1}, "views_each": 1, "opens": 7, "devices": 2}),
		link("lnk_3", object{"title": hostile, "scope": "/acme/" + hostile, "standing": "suspended", "standing_reason": hostile,
			"views": object{"limit": 0, "used": 12, "reserved": 0}}),
		link("lnk_2", object{"scope": "/press/kit/*", "expires_at": now.Add(-3 * time.Hour), "url": "",
			"views": object{"limit": 5, "used": 5, "reserved": 0, "left": 0}, "opens": 1204, "devices": 5}),
	}}
	mux := http.NewServeMux()
	mux.Handle(pages.AssetPrefix, pages.Assets())
	mux.HandleFunc("/_usher/console", func(w http.ResponseWriter, _ *http.Request) {
		pages.SetHeaders(w.Header())
		if err := (pages.Console{API: "/_usher/api/v1"}).Render(w); err != nil {
			t.Error(err)
		}
	})
	api := http.NewServeMux()
	api.HandleFunc("GET /links", d.list)
	api.HandleFunc("POST /links", d.create)
	api.HandleFunc("PATCH /links/{id}", d.patch)
	api.HandleFunc("POST /links/{id}/{verb}", d.stand)
	api.HandleFunc("GET /sessions", d.sessions)
	api.HandleFunc("POST /sessions/{id}/end", d.end)
	mux.Handle("/_usher/api/v1/", http.StripPrefix("/_usher/api/v1", d.keyed(api)))
	d.Server = httptest.NewServer(mux)
	t.Cleanup(d.Close)
	return d
}

func link(id string, more object) object {
	l := object{"id": id, "url": "https://media.example.com/s/" + id, "standing": "active",
		"opens": 0, "devices": 0, "created_at": time.Now().UTC()}
	for key, value := range more {
		l[key] = value
	}
	return l
}

// keyed asks for the key, takes note of the call, and lets one at a time in.
func (d *desk) keyed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+apiKey {
			problem(w, http.StatusUnauthorized, object{"title": "The key is not known", "detail": "ask for a new one"})
			return
		}
		d.calls = append(d.calls, r.Method+" "+r.URL.RequestURI())
		next.ServeHTTP(w, r)
	})
}

func (d *desk) called(call string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c == call {
			return true
		}
	}
	return false
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func problem(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (d *desk) list(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("cursor") != "" {
		answer(w, object{"links": []object{link("lnk_1", object{"title": "The oldest", "scope": "/old.mp4", "views": object{"limit": 1, "used": 0, "reserved": 0}})}})
		return
	}
	answer(w, object{"links": d.links, "next": "lnk_2"})
}

func (d *desk) create(w http.ResponseWriter, r *http.Request) {
	var body object
	_ = json.NewDecoder(r.Body).Decode(&body)
	if !strings.HasPrefix(body["path"].(string), "/") {
		problem(w, http.StatusBadRequest, object{"title": "The path is not valid", "detail": "it has to begin with /", "field": "path"})
		return
	}
	answer(w, link("lnk_5", object{"title": body["title"], "scope": body["path"], "media_url": "https://media.example.com" + fmt.Sprint(body["path"]) + "?usher=abc",
		"views": object{"limit": body["views"], "used": 0, "reserved": 0}, "views_each": body["views_each"]}))
}

func (d *desk) find(id string) object {
	for _, l := range d.links {
		if l["id"] == id {
			return l
		}
	}
	return nil
}

func (d *desk) patch(w http.ResponseWriter, r *http.Request) {
	l := d.find(r.PathValue("id"))
	views := l["views"].(object)
	views["limit"] = views["limit"].(int) + 1
	answer(w, l)
}

func (d *desk) stand(w http.ResponseWriter, r *http.Request) {
	l := d.find(r.PathValue("id"))
	l["standing"] = map[string]string{"suspend": "suspended", "resume": "active", "revoke": "revoked"}[r.PathValue("verb")]
	var body object
	_ = json.NewDecoder(r.Body).Decode(&body)
	l["standing_reason"] = body["why"]
	answer(w, l)
}

func (d *desk) sessions(w http.ResponseWriter, r *http.Request) {
	now := time.Now().UTC()
	one := object{"id": "ses_1", "link": r.URL.Query().Get("link"), "device": "dev_4HTK", "agent": "Firefox " + hostile,
		"state": "live", "created_at": now.Add(-20 * time.Minute), "last_seen": now.Add(-time.Minute), "expires_at": now.Add(time.Hour), "bytes": 48_300_000,
		"plays": []object{{"asset": "clock", "state": "charged", "opened_at": now.Add(-19 * time.Minute), "opener": "/acme/cut2/clock/360p/0.ts"}}}
	if d.ended {
		one["state"], one["ended_at"] = "ended", now
	}
	answer(w, object{"sessions": []object{one}})
}

func (d *desk) end(w http.ResponseWriter, _ *http.Request) {
	d.ended = true
	answer(w, object{})
}

// enter opens the console with the key in the address.
func enter(t *testing.T, d *desk) *tab {
	t.Helper()
	console := openTab(t, browsertest.New(t))
	console.do(t, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(d.URL+"/_usher/console#key="+apiKey))
	until(t, console, `document.querySelectorAll('#links tbody tr').length === 3`)
	return console
}

const (
	text  = `document.body.innerText`
	news  = `document.getElementById('news').textContent`
	fault = `document.getElementById('problem').textContent`
)

func press(t *testing.T, b *tab, label string) {
	t.Helper()
	b.do(t, chromedp.Click(chromedp.CSS(`button[aria-label="`+label+`"]`)))
}

func TestConsoleLooks(t *testing.T) {
	d := openDesk(t)
	console := openTab(t, browsertest.New(t))
	for _, width := range []int64{320, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			name := fmt.Sprintf("console %d %s", width, scheme)
			console.dress(t, width, scheme)
			console.do(t, chromedp.Navigate(d.URL+"/_usher/console"))
			until(t, console, `document.getElementById('key').checkVisibility()`)
			console.inspect(t, name+" signed out")
			// The same document: only its fragment changes.
			console.do(t, chromedp.Navigate(d.URL+"/_usher/console#key="+apiKey))
			until(t, console, `document.querySelectorAll('#links tbody tr').length === 3`)
			press(t, console, "Sessions of Acme, second cut")
			until(t, console, `document.querySelector('.session') !== null`)
			console.do(t, chromedp.Click(chromedp.CSS(`#new summary`)))
			console.inspect(t, name)
			press(t, console, "Revoke Acme, second cut")
			until(t, console, `document.getElementById('revoke').open`)
			console.inspect(t, name+" revoking")
			eval[bool](t, console, `(sessionStorage.clear(), true)`)
		}
	}
}

// The key goes from the address into the tab's own storage: no address bar, no
// history, and nowhere else.
func TestConsoleHidesTheKey(t *testing.T) {
	d := openDesk(t)
	console := enter(t, d)
	if got := eval[string](t, console, `location.href`); got != d.URL+"/_usher/console" {
		t.Errorf("the address is %q, want it without the key", got)
	}
	if got := eval[string](t, console, `document.documentElement.outerHTML + document.cookie + JSON.stringify(localStorage)`); strings.Contains(got, apiKey) {
		t.Error("the key is on the page")
	}
	console.do(t, chromedp.Reload())
	until(t, console, `document.querySelectorAll('#links tbody tr').length === 3`)
	console.do(t, chromedp.Click(chromedp.CSS(`#sign-out`)))
	until(t, console, `document.getElementById('key').checkVisibility()`)
	if got := eval[string](t, console, `JSON.stringify(sessionStorage)`); got != "{}" {
		t.Errorf("signed out, the tab still keeps %s", got)
	}
	if rows := eval[int](t, console, `document.querySelectorAll('#links tbody tr').length`); rows != 0 {
		t.Errorf("signed out, the page still shows %d links", rows)
	}
}

func TestConsoleSignsIn(t *testing.T) {
	d := openDesk(t)
	console := openTab(t, browsertest.New(t))
	console.do(t, chromedp.Navigate(d.URL+"/_usher/console"), chromedp.WaitVisible(chromedp.CSS(`#key`)),
		chromedp.SendKeys(chromedp.CSS(`#key`), "wrong\r"))
	until(t, console, fault+`.includes('The key is not known: ask for a new one')`)
	console.do(t, chromedp.SendKeys(chromedp.CSS(`#key`), apiKey+"\r"))
	until(t, console, `document.querySelectorAll('#links tbody tr').length === 3 && `+fault+` === ''`)
}

// What owners and browsers wrote is shown as they wrote it, and is nothing but
// text.
func TestConsoleShowsPayloadsAsText(t *testing.T) {
	console := enter(t, openDesk(t))
	press(t, console, "Sessions of Acme, second cut")
	until(t, console, `document.querySelector('.session') !== null`)
	if got := eval[string](t, console, text); strings.Count(got, hostile) < 4 {
		t.Errorf("the page says\n%s\nwant the payload as text in title, scope, reason and agent", got)
	}
	if n := eval[int](t, console, `document.querySelectorAll('table img, table script, table a').length`); n != 0 {
		t.Errorf("payloads became %d elements", n)
	}
	if heard := console.heard(); len(heard) != 0 {
		t.Errorf("the console complained: %q", heard)
	}
}

func TestConsoleChangesLinks(t *testing.T) {
	d := openDesk(t)
	console := enter(t, d)
	row := `document.querySelector('[data-id=lnk_4]').innerText`

	press(t, console, "Add one view to Acme, second cut")
	until(t, console, row+`.includes('1 of 4')`)
	press(t, console, "Suspend Acme, second cut")
	until(t, console, row+`.includes('suspended') && `+news+`.includes('suspended')`)
	press(t, console, "Resume Acme, second cut")
	until(t, console, row+`.includes('active')`)

	press(t, console, "Revoke Acme, second cut")
	until(t, console, `document.getElementById('revoke').open && document.getElementById('revoke-do').disabled`)
	console.do(t, chromedp.SendKeys(chromedp.CSS(`#revoke-why`), "the cut is final"))
	console.do(t, chromedp.SendKeys(chromedp.CSS(`#revoke-word`), "revoke"), chromedp.Click(chromedp.CSS(`#revoke-do`)))
	until(t, console, row+`.includes('revoked') && `+row+`.includes('the cut is final') && !`+row+`.includes('Suspend')`)

	for _, call := range []string{"PATCH /links/lnk_4", "POST /links/lnk_4/suspend", "POST /links/lnk_4/resume", "POST /links/lnk_4/revoke"} {
		if !d.called(call) {
			t.Errorf("%s was not called", call)
		}
	}
}

// Closing the dialog any other way keeps the link.
func TestConsoleKeepsALinkUnlessTheWordIsTyped(t *testing.T) {
	d := openDesk(t)
	console := enter(t, d)
	press(t, console, "Revoke Acme, second cut")
	until(t, console, `document.getElementById('revoke').open`)
	// Enter in the first field presses the form's first button: keep it.
	console.do(t, chromedp.SendKeys(chromedp.CSS(`#revoke-why`), "x\r"))
	until(t, console, `!document.getElementById('revoke').open`)
	press(t, console, "Add one view to Acme, second cut")
	until(t, console, news+`.includes('One more view')`)
	if d.called("POST /links/lnk_4/revoke") {
		t.Error("the link was revoked")
	}
}

func TestConsoleEndsSessions(t *testing.T) {
	d := openDesk(t)
	console := enter(t, d)
	press(t, console, "Sessions of Acme, second cut")
	until(t, console, `document.querySelector('.session')?.innerText.includes('live')`)
	press(t, console, "End session ses_1")
	until(t, console, `document.querySelector('.session')?.innerText.includes('ended')`)
	if !d.called("POST /sessions/ses_1/end?link=lnk_4") {
		t.Error("the session was not ended through the API")
	}
}

func TestConsoleCreatesLinks(t *testing.T) {
	d := openDesk(t)
	console := enter(t, d)
	console.do(t, chromedp.Click(chromedp.CSS(`#new summary`)),
		chromedp.SendKeys(chromedp.CSS(`#path`), "acme\r"))
	until(t, console, fault+`.includes('The path is not valid: it has to begin with /')`)
	if !eval[bool](t, console, `document.activeElement.id === 'path' && document.activeElement.ariaInvalid === 'true'`) {
		t.Error("the field that was wrong is not marked and focused")
	}
	console.heard() // the browser names the refused request, as it should
	console.do(t, chromedp.SetValue(chromedp.CSS(`#path`), "/acme/new/*"),
		chromedp.SendKeys(chromedp.CSS(`#title`), "Third cut"),
		chromedp.SendKeys(chromedp.CSS(`#views`), "2\r"))
	until(t, console, `document.getElementById('created').innerText.includes('https://media.example.com/s/lnk_5')`)
	until(t, console, `document.querySelector('tbody tr').innerText.includes('0 of 2')`)
	console.inspect(t, "console created")
}

func TestConsoleShowsOlderLinks(t *testing.T) {
	console := enter(t, openDesk(t))
	console.do(t, chromedp.Click(chromedp.CSS(`#more`)))
	until(t, console, text+`.includes('The oldest') && !document.getElementById('more').checkVisibility()`)
}
