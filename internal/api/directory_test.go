package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// opens opens a session on a link, of a device of its own: of a person, or with
// an empty id of nobody.
func (s *site) opens(link, person string) string {
	s.Helper()
	id, err := gate.ParseLinkID(link)
	if err != nil {
		s.Fatal(err)
	}
	o := gate.Opening{
		Link: id, Session: gate.SessionID(token.NewID(s.now)), Device: gate.DeviceID(token.NewID(s.now)), Life: 6 * time.Hour,
		Pace: gate.DefaultPolicy().Pace,
	}
	o.Subject = gate.SubjectOf(o.Device)
	if person != "" {
		if o.Person, err = gate.ParsePersonID(person); err != nil {
			s.Fatal(err)
		}
		o.Subject = gate.SubjectOfPerson(o.Person)
	}
	opened, err := s.store.Open(s.Context(), o)
	if err != nil || opened.Refused.Reason != gate.OK {
		s.Fatal(opened.Refused, err)
	}
	return opened.Session.ID.String()
}

// plays charges a view of the asset to a session of a person.
func (s *site) plays(link, session, person, asset string) {
	s.Helper()
	l, _ := gate.ParseLinkID(link)
	id, _ := gate.ParseSessionID(session)
	p, _ := gate.ParsePersonID(person)
	settled, err := s.store.Settle(s.Context(), gate.Settlement{
		Link: l, Session: id, Subject: gate.SubjectOfPerson(p), Asset: asset, Charge: true, Pace: gate.DefaultPolicy().Pace,
	})
	if err != nil || !settled.Charged {
		s.Fatal(settled, err)
	}
}

func (s *site) live(session string) bool {
	s.Helper()
	return s.must("GET", "/sessions/"+session, "")["state"] == "live"
}

func TestPersons(t *testing.T) {
	s := newSite(t)
	got := s.ask("POST", "/persons", `{"email":"Ada@Example.com","name":"Ada","role":"standard","until":"30d"}`)
	id := got.word("id")
	same(t, got.object, map[string]any{
		"id": id, "email": "ada@example.com", "name": "Ada", "role": "standard", "standing": "active",
		"standing_since": "2026-03-01T12:00:00Z", "until": "2026-03-31T12:00:00Z", "created_at": "2026-03-01T12:00:00Z",
	})
	if got.status != 201 || got.header.Get("Location") != "persons/"+id {
		t.Errorf("%d, Location %q", got.status, got.header.Get("Location"))
	}
	s.now = s.now.Add(time.Second)
	guest := s.must("POST", "/persons", `{"email":"guest@example.org","sponsor":"ada@example.com","until":"2026-06-01T00:00:00Z"}`)
	if guest["sponsor"] != id || guest["role"] != "limited" {
		t.Errorf("%v", guest)
	}
	emails := func(query string) (all []string) {
		for _, p := range s.must("GET", "/persons"+query, "")["persons"].([]any) {
			all = append(all, p.(map[string]any)["email"].(string))
		}
		return all
	}
	for query, want := range map[string][]string{
		"": {"guest@example.org", "ada@example.com"}, "?role=standard": {"ada@example.com"}, "?role=owner": nil,
		"?sponsor=ada@example.com": {"guest@example.org"}, "?email=ADA@example.com": {"ada@example.com"}, "?email=no@example.com": nil,
	} {
		if got := emails(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	changed := s.must("PATCH", "/persons/"+id, `{"role":"manager","until":"never"}`)
	if changed["role"] != "manager" || changed["until"] != nil {
		t.Errorf("%v", changed)
	}
	if got := s.must("PATCH", "/persons/"+guest["id"].(string), `{"sponsor":""}`); got["sponsor"] != nil {
		t.Errorf("%v", got)
	}
	if got := s.must("POST", "/persons/"+id+"/suspend", `{"why":"holidays"}`); got["standing"] != "suspended" || got["standing_reason"] != "holidays" {
		t.Errorf("%v", got)
	}
	if got := s.must("POST", "/persons/"+id+"/resume", ""); got["standing"] != "active" {
		t.Errorf("%v", got)
	}
}

func TestPersonsInPages(t *testing.T) {
	s := newSite(t)
	for i := range 5 {
		s.now = s.now.Add(time.Second)
		s.person(fmt.Sprintf("p%d@example.com", i), "limited")
	}
	var got []string
	for query := "?limit=2"; query != ""; {
		list := s.must("GET", "/persons"+query, "")
		for _, p := range list["persons"].([]any) {
			got = append(got, p.(map[string]any)["email"].(string)[:2])
		}
		query = ""
		if next, more := list["next"].(string); more {
			query = "?limit=2&cursor=" + next
		}
	}
	if strings.Join(got, " ") != "p4 p3 p2 p1 p0" {
		t.Errorf("%v", got)
	}
}

func TestManyPersonsAtOnce(t *testing.T) {
	s := newSite(t)
	ada := s.person("ada@example.com", "limited")
	s.must("POST", "/groups", `{"name":"jury"}`)
	body := `{"persons":[{"email":"ada@example.com"},{"email":"nonsense"},{"email":"new@example.com","name":"N"},
		{"email":"x@example.com","role":"king"},{"email":""}],"groups":["Jury"]}`
	got := s.must("POST", "/persons/bulk", body)
	var results []string
	for _, one := range got["results"].([]any) {
		o := one.(map[string]any)
		results = append(results, o["result"].(string))
		if problem, refused := o["problem"].(map[string]any); refused != (o["result"] == "refused") || refused && problem["field"] == "" {
			t.Errorf("%v", o)
		}
	}
	if strings.Join(results, " ") != "already refused added refused refused" {
		t.Errorf("%v", results)
	}
	same(t, got["counts"].(map[string]any), map[string]any{"already": 1.0, "added": 1.0, "refused": 3.0})
	if got["results"].([]any)[0].(map[string]any)["person"] != ada {
		t.Errorf("who was there already is not named: %v", got)
	}
	if members := s.must("GET", "/persons?group=jury", "")["persons"].([]any); len(members) != 2 {
		t.Errorf("%d members", len(members))
	}
	again := s.must("POST", "/persons/bulk", body)["counts"].(map[string]any)
	same(t, again, map[string]any{"already": 2.0, "refused": 3.0})
}

func TestProfile(t *testing.T) {
	w := newWorld(t)
	got := w.must("GET", "/persons/"+w.ids["PERSON"], "")
	if got["badge"] != "viewer" || got["groups"].([]any)[0].(map[string]any)["name"] != "jury" ||
		got["collections"].([]any)[0].(map[string]any)["name"] != "acme" {
		t.Errorf("%v", got)
	}
	session := w.opens(w.ids["LINK"], w.ids["PERSON"])
	w.plays(w.ids["LINK"], session, w.ids["PERSON"], "film")
	same(t, w.must("GET", "/persons/"+w.ids["PERSON"], "")["counts"].(map[string]any),
		map[string]any{"sessions": 1.0, "live_sessions": 1.0, "plays": 1.0})
	if got := w.behalf("stan@example.com", "GET", "/persons/"+w.ids["PERSON"], ""); got.object["counts"] != nil || got.status != 200 {
		t.Errorf("who sees the directory sees what others watched: %s", got.text)
	}
	w.must("PUT", "/grants", `{"collection":"acme","person":"tess@example.com","can":["view","download"]}`)
	me := w.behalf("tess@example.com", "GET", "/me", "")
	person := me.object["person"].(map[string]any)
	if me.object["operator"] != false || person["badge"] != "collaborator" || person["counts"] == nil || me.object["permissions"].(map[string]any)["share"] != "with share" {
		t.Errorf("%s", me.text)
	}
	if got := w.must("GET", "/persons/"+w.ids["max@example.com"], ""); got["everything"] != true {
		t.Errorf("%v", got)
	}
}

func TestRevisions(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/persons/" + w.ids["PERSON"], "/groups/" + w.ids["GROUP"], "/collections/" + w.ids["COLLECTION"]} {
		tag := w.ask("GET", path, "").header.Get("ETag")
		change := func(name, match string) reply {
			r := request(t.Context(), "PATCH", path, `{"name":"`+name+`"}`)
			r.Header.Set("If-Match", match)
			return w.send(w.open, r)
		}
		if got := change("one", tag); got.status != 200 {
			t.Errorf("%s at %s: %d %s", path, tag, got.status, got.text)
		}
		if got := change("two", tag); got.status != 412 || got.slug() != "stale" {
			t.Errorf("%s at %s once more: %d %s", path, tag, got.status, got.text)
		}
		if got := w.must("GET", path, ""); got["name"] != "one" {
			t.Errorf("%s was changed: %v", path, got["name"])
		}
	}
}

// Whoever changes the record between the look and the change is seen as well.
func TestRevisionsAreKeptToTheEnd(t *testing.T) {
	w := newWorld(t)
	path := "/persons/" + w.ids["PERSON"]
	r := request(t.Context(), "PATCH", path, `{"name":"one"}`)
	r.Header.Set("If-Match", w.ask("GET", path, "").header.Get("ETag"))
	gets := 0
	w.store.before = func(verb string) {
		if verb != "get person" {
			return
		}
		if gets++; gets == 2 { // the first is the look
			w.store.before = nil
			w.must("PATCH", path, `{"name":"other"}`)
		}
	}
	if got := w.send(w.open, r); got.status != 412 {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := w.must("GET", path, ""); got["name"] != "other" {
		t.Errorf("%v", got["name"])
	}
}

func TestGroups(t *testing.T) {
	s := newSite(t)
	s.person("ada@example.com", "limited")
	group := s.must("POST", "/groups", `{"name":"Jury","ends_at":"7d"}`)
	id := group["id"].(string)
	same(t, group, map[string]any{"id": id, "name": "Jury", "ends_at": "2026-03-08T12:00:00Z", "created_at": "2026-03-01T12:00:00Z"})
	got := s.must("POST", "/groups/"+id+"/members", `{"add":["ada@example.com","no@example.com"],"remove":["per_0000000000000000000g"]}`)
	same(t, got["counts"].(map[string]any), map[string]any{"added": 1.0, "refused": 1.0, "already": 1.0})
	if list := s.must("GET", "/groups?name=jury", "")["groups"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	if list := s.must("GET", "/groups?name=none", "")["groups"].([]any); len(list) != 0 {
		t.Errorf("%v", list)
	}
	if got := s.must("PATCH", "/groups/"+id, `{"ends_at":"never"}`); got["ends_at"] != nil {
		t.Errorf("%v", got)
	}
	s.must("POST", "/groups/"+id+"/close", "")
	over := s.must("POST", "/groups/"+id+"/members", `{"add":["ada@example.com"]}`)
	if problem := over["results"].([]any)[0].(map[string]any)["problem"]; problem == nil || !strings.HasSuffix(problem.(map[string]any)["type"].(string), "/ended") {
		t.Errorf("%v", over)
	}
	s.must("DELETE", "/groups/"+id, "")
	if got := s.ask("GET", "/groups/"+id, ""); got.status != 404 {
		t.Errorf("%d", got.status)
	}
}

// Closing a group ends the sessions that had nothing else to stand on, and says
// who watched what.
func TestClosingAGroup(t *testing.T) {
	w := newWorld(t)
	w.must("PATCH", "/collections/"+w.ids["COLLECTION"], `{"level":"locked"}`)
	other := w.person("both@example.com", "limited")
	w.must("POST", "/groups/"+w.ids["GROUP"]+"/members", `{"add":["both@example.com"]}`)
	w.must("PUT", "/grants", `{"collection":"acme","person":"both@example.com","can":["view"]}`)
	judge, both := w.opens(w.ids["LINK"], w.ids["PERSON"]), w.opens(w.ids["LINK"], other)
	elsewhere := w.opens(w.link(`{"path":"/elsewhere/*"}`), w.ids["PERSON"])
	w.plays(w.ids["LINK"], judge, w.ids["PERSON"], "film")
	before := w.must("GET", "/groups/"+w.ids["GROUP"]+"/report", "")
	if before["sessions_ended"] != 0.0 || !w.live(judge) {
		t.Errorf("a report ends sessions: %v", before)
	}
	got := w.must("POST", "/groups/"+w.ids["GROUP"]+"/close?limit=1", "")
	rest := w.must("POST", "/groups/"+w.ids["GROUP"]+"/close?limit=1&cursor="+got["next"].(string), "")
	if got["sessions_ended"].(float64)+rest["sessions_ended"].(float64) != 1 || w.live(judge) || !w.live(both) || !w.live(elsewhere) {
		t.Errorf("%v, %v; live: judge %v, granted otherwise %v, elsewhere %v", got, rest, w.live(judge), w.live(both), w.live(elsewhere))
	}
	members := slices.Concat(got["members"].([]any), rest["members"].([]any))
	i := slices.IndexFunc(members, func(m any) bool { return m.(map[string]any)["person"] == w.ids["PERSON"] })
	member := members[i].(map[string]any)
	if len(members) != 2 || member["plays"] != 1.0 || member["sessions"] != 1.0 || member["watched"].([]any)[0].(map[string]any)["collection"] != "acme" {
		t.Errorf("%v", members)
	}
}

func TestCollections(t *testing.T) {
	s := newSite(t)
	inner := s.must("POST", "/collections", `{"name":"inner","paths":["/inner/*"]}`)["id"].(string)
	got := s.ask("POST", "/collections", `{"name":"acme","title":"Acme","paths":["/acme/*","/film.mp4"],"level":"link","includes":["inner"],"external":"jit"}`)
	id := got.word("id")
	same(t, got.object, map[string]any{
		"id": id, "name": "acme", "title": "Acme", "paths": []any{"/acme/*", "/film.mp4"}, "level": "link", "external": "jit",
		"includes": []any{map[string]any{"collection": inner}}, "created_at": "2026-03-01T12:00:00Z",
		"can": []any{"view", "download", "upload", "share", "stats", "manage", "comment"},
	})
	s.person("vera@example.com", "limited")
	s.must("PUT", "/grants", `{"collection":"acme","person":"vera@example.com","can":["view"]}`)
	seen := s.behalf("vera@example.com", "GET", "/collections/"+id, "")
	same(t, seen.object, map[string]any{
		"id": id, "name": "acme", "title": "Acme", "paths": []any{"/acme/*", "/film.mp4"}, "level": "link", "can": []any{"view"},
	})
	if list := s.behalf("vera@example.com", "GET", "/collections", "").object["collections"].([]any); len(list) != 2 { // what it includes, too
		t.Errorf("%v", list)
	}
	for _, test := range []struct{ body, slug, field string }{
		{`{"name":"acme","paths":["/x"]}`, "exists", "name"},
		{`{"name":"other","paths":["/acme/*"]}`, "exists", "paths"},
		{`{"name":"other","paths":["/x/../y"]}`, "bad-value", "paths/0"},
		{`{"name":"Other"}`, "bad-value", "name"},
		{`{"name":"other","level":"open"}`, "bad-value", "level"},
		{`{"name":"other","external":"all"}`, "bad-value", "external"},
		{`{"name":"other","includes":["none"]}`, "bad-value", "includes"},
		{`{"name":"other","owner":"x"}`, "unknown-field", "owner"},
	} {
		if got := s.ask("POST", "/collections", test.body); got.slug() != test.slug || got.word("field") != test.field {
			t.Errorf("%s: %s", test.body, got.text)
		}
	}
	if got := s.ask("PATCH", "/collections/"+inner, `{"includes":["acme"]}`); got.slug() != "cycle" || got.status != 409 {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := s.must("PATCH", "/collections/"+id, `{"includes":[],"paths":["/acme/*"],"owner":"vera@example.com"}`); got["includes"] != nil || len(got["paths"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
	s.must("DELETE", "/collections/"+id, "")
	if got := s.ask("GET", "/collections/"+id, ""); got.status != 404 {
		t.Errorf("%d", got.status)
	}
}

// Locking ends the sessions of nobody in particular, and says how many.
func TestLockingACollection(t *testing.T) {
	w := newWorld(t)
	anonymous, named := w.ids["SESSION"], w.opens(w.ids["LINK"], w.ids["PERSON"])
	elsewhere := w.opens(w.link(`{"path":"/elsewhere/*"}`), "")
	got := w.must("PATCH", "/collections/"+w.ids["COLLECTION"], `{"title":"Acme"}`)
	if got["sessions_ended"] != nil {
		t.Errorf("a title ends sessions: %v", got)
	}
	got = w.must("PATCH", "/collections/"+w.ids["COLLECTION"], `{"level":"locked"}`)
	if got["sessions_ended"] != 1.0 || got["sessions_left"] != nil || w.live(anonymous) || !w.live(named) || !w.live(elsewhere) {
		t.Errorf("%v", got)
	}
	if got := w.must("PATCH", "/collections/"+w.ids["COLLECTION"], `{"level":"link"}`); got["sessions_ended"] != nil {
		t.Errorf("opening ends sessions: %v", got)
	}
}

func TestWhoHasAccess(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/grants", `{"collection":"acme","person":"stan@example.com","can":["view","share"]}`)
	if got := w.behalf("stan@example.com", "PUT", "/grants", `{"collection":"acme","person":"lea@example.com","can":["view","download"]}`); got.status != 403 ||
		!strings.Contains(got.text, `"missing":["download"]`) || got.word("permission") != "share" {
		t.Errorf("more than one holds: %d %s", got.status, got.text)
	}
	who := w.must("GET", "/collections/"+w.ids["COLLECTION"]+"/who", "")["who"].([]any)
	found := map[string]map[string]any{}
	for _, one := range who {
		found[one.(map[string]any)["email"].(string)] = one.(map[string]any)
	}
	if reasons := found["tess@example.com"]["reasons"].([]any); reasons[0].(map[string]any)["group"] != w.ids["GROUP"] {
		t.Errorf("%v", reasons)
	}
	if reasons := found["olga@example.com"]["reasons"].([]any); reasons[0].(map[string]any)["via"] != "role" {
		t.Errorf("%v", reasons)
	}
	if found["lea@example.com"] != nil || found["stan@example.com"] == nil {
		t.Errorf("%v", who)
	}
}

func TestGrants(t *testing.T) {
	w := newWorld(t)
	got := w.must("PUT", "/grants", `{"collection":"acme","person":"tess@example.com","preset":"can_view","starts_at":"1h","ends_at":"2d"}`)
	id := got["id"].(string)
	same(t, got, map[string]any{
		"id": id, "collection": w.ids["COLLECTION"], "collection_name": "acme", "person": w.ids["PERSON"], "email": "tess@example.com", "can": []any{"view"}, "preset": "can_view",
		"starts_at": "2026-03-01T13:00:00Z", "ends_at": "2026-03-03T12:00:00Z", "created_at": "2026-03-01T12:00:00Z", "changed_at": "2026-03-01T12:00:00Z",
	})
	if again := w.must("PUT", "/grants", `{"collection":"acme","person":"tess@example.com","can":["view","stats"]}`); again["id"] != id {
		t.Errorf("one pair has two grants: %v", again)
	}
	for query, want := range map[string]int{"collection=acme": 2, "person=tess@example.com": 1, "group=jury": 1} {
		if list := w.must("GET", "/grants?"+query, "")["grants"].([]any); len(list) != want {
			t.Errorf("%s: %v", query, list)
		}
	}
	w.must("POST", "/collections", `{"name":"second"}`)
	several := w.must("POST", "/persons/"+w.ids["PERSON"]+"/grants", `{"grants":[{"collection":"second","preset":"can_manage"},{"collection":"third","can":["view"]}]}`)
	if text := fmt.Sprint(several); !strings.Contains(text, "result:added") || !strings.Contains(text, "result:refused") {
		t.Errorf("%v", several)
	}
	w.must("DELETE", "/grants/"+id, "")
	if got := w.ask("GET", "/grants/"+id, ""); got.status != 404 {
		t.Errorf("%d", got.status)
	}
	for _, test := range []struct{ body, field string }{
		{`{"person":"tess@example.com","can":["view"]}`, "collection"},
		{`{"collection":"acme","can":["view"]}`, "person"},
		{`{"collection":"acme","person":"tess@example.com","group":"jury","can":["view"]}`, "group"},
		{`{"collection":"acme","person":"tess@example.com"}`, "can"},
		{`{"collection":"acme","person":"tess@example.com","can":["fly"]}`, "can"},
		{`{"collection":"acme","person":"tess@example.com","can":["view"],"preset":"can_view"}`, "preset"},
		{`{"collection":"acme","person":"tess@example.com","preset":"none"}`, "preset"},
		{`{"collection":"acme","person":"no@example.com","can":["view"]}`, "person"},
		{`{"collection":"acme","person":"tess","can":["view"]}`, "person"},
		{`{"collection":"acme","person":"tess@example.com","can":["view"],"ends_at":"soon"}`, "ends_at"},
	} {
		if got := w.ask("PUT", "/grants", test.body); got.status != 400 || got.word("field") != test.field {
			t.Errorf("%s: %d %s", test.body, got.status, got.text)
		}
	}
}

func TestTheLastOwner(t *testing.T) {
	s := newSite(t)
	made := s.must("POST", "/persons", `{"email":"olga@example.com","role":"owner"}`)
	olga := made["id"].(string)
	if made["role"] != "owner" {
		t.Errorf("%v", made)
	}
	for _, got := range []reply{
		s.ask("PATCH", "/persons/"+olga, `{"role":"manager"}`), s.ask("DELETE", "/persons/"+olga, ""),
	} {
		if got.status != 409 || got.slug() != "last-owner" {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
	if got := s.ask("POST", "/persons/"+olga+"/suspend", ""); got.status != 409 || got.slug() != "in-use" {
		t.Errorf("%d %s", got.status, got.text)
	}
	max := s.person("max@example.com", "manager")
	s.must("PATCH", "/persons/"+max, `{"role":"owner"}`)
	s.must("PATCH", "/persons/"+olga, `{"role":"manager"}`)
}

func TestRoles(t *testing.T) {
	got := newSite(t).must("GET", "/roles", "")
	row := got["permissions"].([]any)[0].(map[string]any)
	if fmt.Sprint(got["roles"]) != "[owner manager standard limited]" || row["permission"] != "appoint" ||
		fmt.Sprint(row["reach"]) != "map[limited:no manager:no owner:yes standard:no]" || fmt.Sprint(got["presets"].(map[string]any)["can_view"]) != "[view]" {
		t.Errorf("%v", got)
	}
}
