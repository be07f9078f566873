package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

// told lists events, the oldest first.
func (s *site) told(query string) []map[string]any {
	s.Helper()
	list := s.must("GET", "/events"+query, "")["events"].([]any)
	all := make([]map[string]any, len(list))
	for i, e := range list {
		all[len(list)-1-i] = e.(map[string]any)
	}
	return all
}

// typesOf are the types of events, in order.
func typesOf(all []map[string]any) string {
	types := make([]string, len(all))
	for i, e := range all {
		types[i] = e["type"].(string)
	}
	return strings.Join(types, " ")
}

func TestEveryEndpointThatChangesTells(t *testing.T) {
	tells := 0
	for _, endpoint := range api.Endpoints() {
		kind, changes := api.Tells(endpoint)
		if changes != (kind != "") {
			t.Errorf("%s changes something: %v; it tells %q", endpoint, changes, kind)
		}
		if kind != "" {
			tells++
		}
	}
	if tells != api.Tellings() {
		t.Errorf("%d endpoints tell, and there are %d tellings", tells, api.Tellings())
	}
}

// TestWhatIsDoneIsTold does everything once, and looks what is told of it: who
// did it, about what, in no other fields than the reference says, and no secret.
func TestWhatIsDoneIsTold(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range access {
		method, pattern, _ := strings.Cut(r.endpoint, " ")
		if kind, _ := api.Tells(r.endpoint); kind == "" {
			continue
		}
		w := newWorld(t)
		before := len(w.told("?limit=200"))
		path := w.fill.Replace(r.path)
		if path == "" {
			path = pattern
		}
		answer := w.must(method, path, w.fill.Replace(r.body))
		all := w.told("?limit=200")[before:]
		if len(all) == 0 && !strings.HasSuffix(r.endpoint, "/members") { // that is so already
			t.Errorf("%s %s: nothing is told", r.endpoint, r.body)
		}
		for _, e := range all {
			seen[e["type"].(string)] = true
			kind, err := events.ParseType(e["type"].(string))
			if err != nil || e["by"] != "admin" {
				t.Errorf("%s: %v, %v", r.endpoint, e, err)
			}
			for field := range e {
				if !slices.Contains(append(kind.Fields(), "id", "time", "type", "by"), field) {
					t.Errorf("%s: %s has a %s, which the reference does not say", r.endpoint, kind, field)
				}
			}
			text, _ := json.Marshal(e)
			for _, secret := range []string{fmt.Sprint(answer["key"]), fmt.Sprint(answer["url"]), "@example.com"} {
				if secret != "<nil>" && strings.Contains(string(text), secret) {
					t.Errorf("%s: %s has %s in it", r.endpoint, text, secret)
				}
			}
		}
	}
	for _, kind := range []string{
		"link.created", "link.changed", "link.extended", "link.suspended", "link.resumed", "link.revoked", "session.ended",
		"person.invited", "invite.revoked", "person.created", "person.changed", "person.suspended", "person.resumed", "person.deleted",
		"group.created", "group.changed", "group.closed", "group.deleted", "collection.created", "collection.locked",
		"collection.deleted", "grant.given", "grant.taken", "key.rotated", "key.retired", "apikey.created", "apikey.revoked", "cut",
	} {
		if !seen[kind] {
			t.Errorf("nothing told %s", kind)
		}
	}
}

func TestAnEventSaysWhat(t *testing.T) {
	w := newWorld(t)
	id := w.ids["LINK"]
	w.must("PATCH", "/links/"+id, `{"views":5}`)
	w.must("POST", "/links/"+id+"/revoke", `{"why":"the review is over"}`)
	w.must("PATCH", "/collections/"+w.ids["COLLECTION"], `{"title":"Acme"}`)
	w.must("PATCH", "/collections/"+w.ids["COLLECTION"], `{"level":"members"}`)
	all := w.told("?link=" + id)
	if got := typesOf(all); got != "link.created link.extended link.revoked" {
		t.Fatal(got)
	}
	if all[1]["detail"] != "views 5" || all[2]["detail"] != "the review is over" || all[2]["count"] != 1.0 || all[2]["collection"] != w.ids["COLLECTION"] {
		t.Error(all)
	}
	all = w.told("?collection=" + w.ids["COLLECTION"])
	if got := typesOf(all[len(all)-2:]); got != "collection.changed collection.unlocked" {
		t.Error(got)
	}
	w.must("POST", "/groups/"+w.ids["GROUP"]+"/members", w.fill.Replace(`{"remove":["PERSON"]}`))
	w.must("POST", "/groups/"+w.ids["GROUP"]+"/members", w.fill.Replace(`{"add":["PERSON"]}`))
	as := w.behalf("max@example.com", "PATCH", "/persons/"+w.ids["PERSON"], `{"name":"Tess"}`)
	if as.status != 200 {
		t.Fatal(as.text)
	}
	all = w.told("?person=" + w.ids["PERSON"])
	if got := typesOf(all); got != "person.created group.joined group.left group.joined person.changed" {
		t.Error(got)
	}
	all = w.told("?person=" + w.ids["PERSON"] + "&type=person.changed")
	if len(all) != 1 || all[0]["by_person"] != w.ids["max@example.com"] || all[0]["by"] != "admin as "+w.ids["max@example.com"] {
		t.Error(all)
	}
}

// Whoever is brought in on the way is told as well.
func TestWhoIsBroughtInIsTold(t *testing.T) {
	w := newWorld(t)
	before := len(w.told("?limit=200"))
	w.must("POST", "/invites", `{"emails":"new@example.com"}`)
	w.must("POST", "/links", `{"path":"/acme/*","for":["newer@example.com"]}`)
	if got := typesOf(w.told("?limit=200")[before:]); got != "person.created person.invited person.created link.created" {
		t.Error(got)
	}
}

func TestRefusedChangesAreNotTold(t *testing.T) {
	w := newWorld(t)
	before := len(w.told("?limit=200"))
	w.behalf("tess@example.com", "POST", "/links", `{"path":"/acme/*"}`)
	w.ask("POST", "/links", `{"path":"acme"}`)
	w.ask("POST", "/links/lnk_00000000000000000000/revoke", "")
	w.must("POST", "/invites", `{"emails":"new@example.com","dry_run":true}`)
	if after := len(w.told("?limit=200")); after != before {
		t.Errorf("%d events more", after-before)
	}
}

func TestAChangeThatIsHalfDoneIsToldAsSuch(t *testing.T) {
	w := newWorld(t)
	w.store.fails = "end"
	if got := w.ask("PATCH", "/links/"+w.ids["LINK"], `{"views":5,"end_sessions":true}`); got.status != 503 {
		t.Fatal(got.text)
	}
	w.store.fails = ""
	all := w.told("?link=" + w.ids["LINK"])
	if last := all[len(all)-1]; last["type"] != "link.changed" || last["unfinished"] != true {
		t.Error(last)
	}
}

func TestWhatIsSentAgainIsToldOnce(t *testing.T) {
	s := newSite(t)
	for range 2 {
		r := request(t.Context(), "POST", "/links", `{"path":"/acme/*"}`)
		r.Header.Set("Idempotency-Key", "one")
		if got := s.send(s.open, r); got.status != 201 {
			t.Fatal(got.text)
		}
	}
	if got := typesOf(s.told("")); got != "link.created" {
		t.Error(got)
	}
}

func TestEventPages(t *testing.T) {
	s := newSite(t)
	for range 5 {
		s.link(`{"path":"/acme/*"}`)
	}
	var ids []string
	for path := "/events?limit=2"; ; {
		list := s.must("GET", path, "")
		for _, e := range list["events"].([]any) {
			ids = append(ids, e.(map[string]any)["id"].(string))
		}
		next, more := list["next"].(string)
		if !more {
			break
		}
		path = "/events?limit=2&cursor=" + next
	}
	if len(ids) != 5 || len(slices.Compact(ids)) != 5 || !slices.IsSortedFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Error(ids)
	}
	s.now = s.now.Add(2 * time.Hour)
	s.link(`{"path":"/acme/*"}`)
	for query, want := range map[string]int{"?since=1h": 1, "?since=3h": 6, "?since=2026-03-01T13:00:00Z": 1} {
		if got := len(s.told(query)); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for query, field := range map[string]string{
		"type=link.eaten": "type", "link=x": "link", "session=x": "session", "person=x": "person", "since=tomorrow": "since",
		"cursor=x": "cursor", "collection=nothing": "collection", "what=x": "what",
	} {
		if got := s.ask("GET", "/events?"+query, ""); got.status != 400 || got.word("field") != field {
			t.Errorf("%s: %d %s", query, got.status, got.text)
		}
	}
	r := request(t.Context(), "GET", "/events/stream", "")
	r.Header.Set("Last-Event-ID", "x")
	if got := s.send(s.open, r); got.status != 400 || got.word("field") != "Last-Event-ID" {
		t.Error(got.text)
	}
}

// Whoever has only some rights in a collection sees only some events of it.
func TestWhoSeesWhich(t *testing.T) {
	w := newWorld(t)
	link, err := gate.ParseLinkID(w.ids["LINK"])
	if err != nil {
		t.Fatal(err)
	}
	tess, err := gate.ParsePersonID(w.ids["PERSON"])
	if err != nil {
		t.Fatal(err)
	}
	w.events.Write(t.Context(),
		events.Event{Type: events.LinkOpened, Link: link},
		events.Event{Type: events.LinkOpened, Link: link, Person: tess},
		events.Event{Type: events.SigninSucceeded, Person: tess},
	)
	see := func(who, query string) string {
		t.Helper()
		got := w.behalf(who, "GET", "/events?limit=200"+query, "")
		if got.status != 200 {
			return fmt.Sprint(got.status)
		}
		var all []map[string]any
		for _, e := range slices.Backward(got.object["events"].([]any)) {
			all = append(all, e.(map[string]any))
		}
		return typesOf(all)
	}
	id := "&link=" + w.ids["LINK"]
	for _, test := range []struct{ can, query, want string }{
		{"", id, "404"},
		{"view", id, "404"},
		{"view,stats", id, "link.opened"},
		{"manage", id, "link.created link.opened"},
		{"manage", id + "&type=link.opened", "link.opened"},
		{"manage", "&type=link.opened", ""}, // it is not theirs: they name what they manage
		{"manage", "&type=link.opened&collection=acme", ""},
		{"manage", "&collection=acme", "collection.created grant.given link.created grant.given"},
		{"view,stats", "&collection=acme", ""},
	} {
		w.must("POST", "/persons/"+w.ids["lea@example.com"]+"/cut", "")
		if test.can != "" {
			w.must("PUT", "/grants", fmt.Sprintf(`{"collection":"acme","person":"lea@example.com","can":["%s"]}`, strings.ReplaceAll(test.can, ",", `","`)))
		}
		if got := see("lea@example.com", test.query); got != test.want && !strings.HasPrefix(got, test.want+" grant.given") {
			t.Errorf("with %s: %s: %s, want %s", test.can, test.query, got, test.want)
		}
	}
	if got := see("tess@example.com", ""); got != "person.created group.joined link.opened signin.succeeded" {
		t.Errorf("Tess sees %s", got)
	}
	if got := see("tess@example.com", "&person="+w.ids["lea@example.com"]); got != "403" {
		t.Errorf("of somebody else Tess sees %s", got)
	}
	if got := see("max@example.com", id); got != "link.created link.opened link.opened" {
		t.Errorf("a manager sees %s", got)
	}
}

// following is a stream that is read.
type following struct {
	*testing.T
	path   string
	status int
	header http.Header
	lines  *bufio.Scanner
	stop   context.CancelFunc
}

// follow opens a stream on a real server: it goes on by itself.
func (s *site) follow(h http.Handler, path string, header http.Header) *following {
	s.Helper()
	server := httptest.NewServer(h)
	ctx, stop := context.WithCancel(s.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		stop()
		resp.Body.Close()
		server.Close()
	})
	f := &following{s.T, path, resp.StatusCode, resp.Header, bufio.NewScanner(resp.Body), stop}
	s.headed(r, resp)
	return f
}

// headed checks the head of a stream, or the problem that is there instead.
func (s *site) headed(r *http.Request, resp *http.Response) {
	s.Helper()
	got := reply{status: resp.StatusCode, header: resp.Header}
	if got.status != http.StatusOK {
		if err := json.NewDecoder(resp.Body).Decode(&got.object); err != nil {
			s.Fatal(err)
		}
	}
	keepsContract(s.T, r, nil, got)
}

// next reads the next event; ended: there is none any more.
func (f *following) next() (id, event, data string, ended bool) {
	for f.lines.Scan() {
		name, value, _ := strings.Cut(f.lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			data = value
		case "":
			if event != "" {
				path, _, _ := strings.Cut(f.path, "?")
				keepsStream(f.T, path, event, data)
				return id, event, data, false
			}
		}
	}
	return "", "", "", true
}

func (f *following) wants(event, about string) (id string) {
	f.Helper()
	id, got, data, ended := f.next()
	if ended || got != event || !strings.Contains(data, about) {
		f.Fatalf("%s %s, ended %v; want %s about %s", got, data, ended, event, about)
	}
	return id
}

func TestEventStream(t *testing.T) {
	s := newSite(t)
	first := s.link(`{"path":"/acme/*"}`)
	s.now = s.now.Add(time.Second)
	f := s.follow(s.open, "/events/stream", nil)
	if f.status != 200 || f.header.Get("Content-Type") != "text/event-stream" || f.header.Get("Cache-Control") != "no-store" {
		t.Fatal(f.status, f.header)
	}
	if !f.lines.Scan() || f.lines.Text() != "retry: 3000" {
		t.Error(f.lines.Text())
	}
	second := s.link(`{"path":"/acme/*"}`)
	after := f.wants("link.created", second)
	s.must("POST", "/links/"+first+"/revoke", "")
	f.wants("link.revoked", first)
	f.stop()

	f = s.follow(s.open, "/events/stream", http.Header{"Last-Event-Id": {after}})
	f.wants("link.revoked", first)
	s.stop() // the server ends, or is configured anew
	if _, event, _, ended := f.next(); !ended {
		t.Error(event)
	}
}

func TestAStreamEndsWithTheRights(t *testing.T) {
	w := newWorld(t)
	key := http.Header{"Authorization": bearer(w.keyOf("max@example.com", "read"))}
	w.now = w.now.Add(time.Minute)
	f := w.follow(w.guard, "/events/stream", key)
	w.must("POST", "/persons/"+w.ids["max@example.com"]+"/suspend", "")
	if _, event, data, ended := f.next(); !ended {
		t.Errorf("%s was told after the rights had ended: %s", event, data)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t)
	key := http.Header{"Authorization": bearer(w.keyOf("olga@example.com", "read"))}
	var open []*following
	for {
		f := w.follow(w.guard, "/sessions/stream", key)
		if f.status != 200 {
			if f.status != 429 || f.header.Get("Retry-After") == "" || len(open) != 8 {
				t.Errorf("after %d: %d %v", len(open), f.status, f.header)
			}
			break
		}
		open = append(open, f)
	}
	for n := 0; ; n++ { // other callers, each with a few
		f := w.follow(w.guard, "/events/stream", http.Header{"Authorization": bearer(w.keyOf("olga@example.com", "read"))})
		if f.status != 200 {
			if f.status != 503 || f.header.Get("Retry-After") == "" || n != 56 {
				t.Errorf("after %d more: %d %v", n, f.status, f.header)
			}
			break
		}
		open = append(open, f)
	}
	w.stop()
	for _, f := range open {
		for ended := false; !ended; {
			_, _, _, ended = f.next()
		}
	}
}

func TestSessionStream(t *testing.T) {
	s := newSite(t)
	id := s.link(`{"path":"/acme/*"}`)
	ended, live := s.session(id, "/acme/a.ts"), s.session(id, "/acme/b.ts")
	s.must("POST", "/sessions/"+ended.Session.String()+"/end", "")
	f := s.follow(s.open, "/sessions/stream?link="+id, nil)
	f.wants("session", live.Session.String())
	s.must("POST", "/sessions/"+live.Session.String()+"/end", "")
	f.wants("session", `"state":"ended"`)
	if got := s.ask("GET", "/sessions/stream?link=x", ""); got.status != 400 {
		t.Error(got.text)
	}
}
