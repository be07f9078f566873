package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/directory"
)

// row is one endpoint, and who may use it.
type row struct {
	endpoint   string
	path, body string // what to ask; an empty path: that of the endpoint
	// permission of the role table, 0: none is asked for.
	permission directory.Permission
	// may is what an owner, a manager, a standard and a limited person get who
	// have nothing in what is asked about: "yes"; "no", 403; "-", 404, since they
	// may not even know that it is there.
	may string
}

// access is every endpoint and who may use it. LINK, SESSION, PERSON and the
// like are ids of things that exist.
var access = []row{
	{"GET /persons", "", "", directory.SeePeople, "yes yes yes no"},
	{"GET /persons", "/persons?email=tess@example.com", "", directory.SeePeople, "yes yes yes no"},
	{"GET /persons", "/persons?group=GROUP", "", directory.SeePeople, "yes yes yes no"},
	{"POST /persons", "", `{"email":"new@example.com"}`, directory.People, "yes yes no no"},
	{"POST /persons", "", `{"email":"new@example.com","role":"manager"}`, directory.Appoint, "yes no no no"},
	{"POST /persons", "", `{"email":"new@example.com","groups":["GROUP"]}`, directory.ManageGroups, "yes yes no no"},
	{"POST /persons/bulk", "", `{"persons":[{"email":"new@example.com"}]}`, 0, "yes yes yes yes"}, // refused one by one
	{"GET /persons/{id}", "/persons/PERSON", "", directory.SeePeople, "yes yes yes -"},
	{"PATCH /persons/{id}", "/persons/PERSON", `{"name":"Tess"}`, directory.People, "yes yes no -"},
	{"PATCH /persons/{id}", "/persons/PERSON", `{"role":"manager"}`, directory.Appoint, "yes no no -"},
	{"DELETE /persons/{id}", "/persons/PERSON", "", directory.People, "yes yes no -"},
	{"DELETE /persons/{id}", "/persons/SECOND", "", directory.Appoint, "yes no no -"}, // a manager
	{"POST /persons/{id}/suspend", "/persons/PERSON/suspend", "", directory.People, "yes yes no -"},
	{"POST /persons/{id}/resume", "/persons/PERSON/resume", "", directory.People, "yes yes no -"},
	{"POST /persons/{id}/grants", "/persons/PERSON/grants", `{"grants":[{"collection":"COLLECTION","can":["view"]}]}`, 0, "yes yes yes -"}, // refused one by one
	{"POST /persons/{id}/cut", "/persons/PERSON/cut", "", directory.People, "yes yes no -"},
	{"GET /persons/{id}/factors", "/persons/PERSON/factors", "", directory.People, "yes yes no -"},
	{"GET /persons/{id}/factors", "/persons/SECOND/factors", "", directory.Appoint, "yes no no -"}, // a manager's
	{"DELETE /persons/{id}/factors", "/persons/PERSON/factors", "", directory.People, "yes yes no -"},
	{"DELETE /persons/{id}/factors", "/persons/SECOND/factors", "", directory.Appoint, "yes no no -"},
	{"DELETE /factors/{id}", "/factors/FACTOR", "", directory.People, "yes yes - -"},
	{"DELETE /factors/{id}", "/factors/MANAGERS", "", directory.Appoint, "yes - - -"},
	{"GET /groups", "", "", directory.SeePeople, "yes yes yes no"},
	{"POST /groups", "", `{"name":"crew"}`, directory.ManageGroups, "yes yes no no"},
	{"GET /groups/{id}", "/groups/GROUP", "", directory.SeePeople, "yes yes yes -"},
	{"PATCH /groups/{id}", "/groups/GROUP", `{"name":"crew"}`, directory.ManageGroups, "yes yes no no"},
	{"DELETE /groups/{id}", "/groups/GROUP", "", directory.ManageGroups, "yes yes no -"},
	{"POST /groups/{id}/members", "/groups/GROUP/members", `{"add":["PERSON"]}`, directory.ManageGroups, "yes yes no no"},
	{"POST /groups/{id}/close", "/groups/GROUP/close", "", directory.ManageGroups, "yes yes no no"},
	{"GET /groups/{id}/report", "/groups/GROUP/report", "", directory.SeePrivate, "yes yes no no"},
	{"POST /groups/{id}/cut", "/groups/GROUP/cut", "", directory.ManageGroups, "yes yes no no"},
	{"GET /collections", "", "", 0, "yes yes yes yes"}, // those in which they have anything
	{"POST /collections", "", `{"name":"other"}`, directory.MakeCollections, "yes yes yes no"},
	{"POST /collections", "", `{"name":"other","paths":["/other/*"]}`, directory.LayPaths, "yes yes no no"},
	{"GET /collections/{id}", "/collections/COLLECTION", "", directory.ChangeCollections, "yes yes - -"},
	{"PATCH /collections/{id}", "/collections/COLLECTION", `{"level":"locked"}`, directory.ChangeCollections, "yes yes - -"},
	{"DELETE /collections/{id}", "/collections/COLLECTION", "", directory.ChangeCollections, "yes yes - -"},
	{"GET /collections/{id}/who", "/collections/COLLECTION/who", "", directory.SeeWho, "yes yes - -"},
	{"POST /collections/{id}/cut", "/collections/COLLECTION/cut", "", directory.ChangeCollections, "yes yes - -"},
	{"GET /grants", "/grants?collection=COLLECTION", "", directory.Hand, "yes yes - -"},
	{"GET /grants", "/grants?person=PERSON", "", directory.SeePeople, "yes yes yes -"}, // those they may know of
	{"PUT /grants", "", `{"collection":"COLLECTION","person":"PERSON","can":["view"]}`, directory.Hand, "yes yes - -"},
	{"GET /grants/{id}", "/grants/GRANT", "", directory.ChangeCollections, "yes yes - -"},
	{"DELETE /grants/{id}", "/grants/GRANT", "", directory.ChangeCollections, "yes yes - -"},
	{"GET /events", "", "", 0, "yes yes yes yes"}, // what is theirs
	{"GET /events", "/events?person=PERSON", "", directory.SeePrivate, "yes yes no no"},
	{"GET /events", "/events?collection=COLLECTION&since=1h", "", directory.SeeStats, "yes yes - -"},
	{"GET /events", "/events?link=LINK&type=link.created", "", directory.SeeStats, "yes yes - -"},
	{"GET /events/stream", "", "", 0, "yes yes yes yes"},
	{"GET /events/stream", "/events/stream?person=PERSON", "", directory.SeePrivate, "yes yes no no"},
	{"GET /events/stream", "/events/stream?link=LINK", "", directory.SeeStats, "yes yes - -"},
	{"GET /sessions/stream", "", "", directory.SeePrivate, "yes yes no no"},
	{"GET /sessions/stream", "/sessions/stream?visitors=COLLECTION", "", directory.SeeStats, "yes yes - -"},
	{"GET /links", "", "", 0, "yes yes yes yes"}, // what they made
	{"GET /links", "/links?for=PERSON", "", directory.ChangeCollections, "yes yes no no"},
	{"POST /links", "", `{"path":"/other/*"}`, directory.Hand, "yes yes no no"},
	{"POST /links", "", `{"path":"/acme/*"}`, directory.Hand, "yes yes no no"},
	{"GET /links/{id}", "/links/LINK", "", directory.ChangeCollections, "yes yes - -"},
	{"PATCH /links/{id}", "/links/LINK", `{"views":3,"can":["view","stats"],"for":["tess@example.com"]}`, directory.ChangeCollections, "yes yes - -"},
	{"POST /links/{id}/suspend", "/links/LINK/suspend", "", directory.ChangeCollections, "yes yes - -"},
	{"POST /links/{id}/resume", "/links/LINK/resume", "", directory.ChangeCollections, "yes yes - -"},
	{"POST /links/{id}/revoke", "/links/LINK/revoke", "", directory.ChangeCollections, "yes yes - -"},
	{"GET /links/{id}/forwarding", "/links/LINK/forwarding", "", directory.ChangeCollections, "yes yes - -"},
	{"POST /links/{id}/fine", "/links/LINK/fine", "", directory.ChangeCollections, "yes yes - -"},
	{"POST /links/{id}/cut", "/links/LINK/cut", "", directory.ChangeCollections, "yes yes - -"},
	{"POST /links/{id}/mint", "/links/LINK/mint", `{"for_each":"tess@example.com"}`, directory.Hand, "yes yes - -"},
	{"POST /links/{id}/mail", "/links/LINK/mail", `{"to":"tess@example.com"}`, directory.Hand, "yes yes - -"},
	{"GET /invites", "", "", 0, "yes yes yes yes"}, // those that they made
	{"GET /invites", "/invites?person=PERSON", "", directory.People, "yes yes no no"},
	{"POST /invites", "", `{"emails":"new@example.com"}`, directory.People, "yes yes no no"},
	{"POST /invites", "", `{"emails":"new@example.com","group":"GROUP"}`, directory.ManageGroups, "yes yes no no"},
	{"GET /invites/{id}", "/invites/INVITE", "", directory.People, "yes yes - -"},
	{"POST /invites/{id}/resend", "/invites/INVITE/resend", "", directory.People, "yes yes - -"},
	{"POST /invites/{id}/revoke", "/invites/INVITE/revoke", "", directory.People, "yes yes - -"},
	{"GET /me", "", "", 0, "yes yes yes yes"},
	{"GET /roles", "", "", 0, "yes yes yes yes"},
	{"GET /usage", "", "", directory.SeeUsage, "yes yes no no"},
	{"GET /usage", "/usage?collection=COLLECTION", "", directory.SeeStats, "yes yes - -"},
	{"GET /usage", "/usage?link=LINK", "", directory.SeeStats, "yes yes - -"},
	{"POST /cut", "", "", directory.CutAll, "yes no no no"},
	{"GET /sessions", "", "", directory.SeePrivate, "yes yes no no"},
	{"GET /sessions", "/sessions?person=PERSON", "", directory.SeePrivate, "yes yes no no"},
	{"GET /sessions", "/sessions?link=LINK", "", directory.SeeStats, "yes yes - -"},
	{"GET /sessions/{id}", "/sessions/SESSION", "", directory.SeeStats, "yes yes - -"},
	{"POST /sessions/{id}/end", "/sessions/SESSION/end", "", directory.ChangeCollections, "yes yes - -"},
	{"POST /devices/{id}/cut", "/devices/dev_1e5q0k2h4m6p8r0t2v4g/cut", "", directory.CutAll, "yes no no no"},
	{"GET /keys", "", "", directory.Keys, "yes no no no"},
	{"POST /keys/rotate", "", `{"use":"link"}`, directory.Keys, "yes no no no"},
	{"POST /keys/{id}/retire", "/keys/link-1/retire", "", directory.Keys, "yes no no no"},
	{"GET /apikeys", "", "", directory.Keys, "yes no no no"},
	{"POST /apikeys", "", `{"name":"n","scope":"read"}`, directory.Keys, "yes no no no"},
	{"DELETE /apikeys/{id}", "/apikeys/APIKEY", "", directory.Keys, "yes no no no"},
	{"GET /limits", "", "", directory.Limits, "yes yes no no"},
	{"GET /limits", "/limits?link=LINK", "", directory.Limits, "yes yes - -"},
	{"GET /limits", "/limits?person=PERSON", "", directory.Limits, "yes yes no no"},
	{"DELETE /limits", "/limits?link=LINK", "", directory.Limits, "yes yes - -"},
	{"DELETE /limits", "/limits?person=PERSON", "", directory.Limits, "yes yes no no"},
	{"GET /limits/{id}", "/limits/LIMIT", "", directory.Limits, "yes yes - -"},
	{"DELETE /limits/{id}", "/limits/LIMIT", "", directory.Limits, "yes yes - -"},
	{"POST /explain", "", `{"url":"URL"}`, directory.SeeStats, "yes yes - -"},
	{"POST /explain", "", `{"url":"/s/nothing"}`, directory.SeePrivate, "yes yes no no"},
	{"GET /health", "", "", 0, "yes yes yes yes"},
}

// callers are the persons whom the columns of access are about.
var callers = []struct {
	name, email string
	role        directory.Role
}{
	{"owner", "olga@example.com", directory.Owner},
	{"manager", "max@example.com", directory.Manager},
	{"standard", "stan@example.com", directory.Standard},
	{"limited", "lea@example.com", directory.Limited},
}

// TestEveryEndpointByRole asks every endpoint as everybody.
func TestEveryEndpointByRole(t *testing.T) {
	for _, endpoint := range api.Endpoints() {
		if !slices.ContainsFunc(access, func(r row) bool { return r.endpoint == endpoint }) {
			t.Errorf("%s has no row: say who may use it", endpoint)
		}
	}
	for _, r := range access {
		r.consistent(t)
		r.check(t)
	}
}

// consistent holds the written row against the role table.
func (r row) consistent(t *testing.T) {
	words := strings.Fields(r.may)
	if len(words) != len(callers) {
		t.Fatalf("%s: %d columns", r.endpoint, len(words))
	}
	for i, who := range callers {
		if r.permission != 0 && (who.role.Reach(r.permission) == directory.Everywhere) != (words[i] == "yes") {
			t.Errorf("%s: the row says %q for a %s, and the role table that %s reaches %q",
				r.endpoint, words[i], who.name, r.permission, who.role.Reach(r.permission))
		}
	}
}

func (r row) check(t *testing.T) {
	method, pattern, _ := strings.Cut(r.endpoint, " ")
	path := r.path
	if path == "" {
		path = pattern
	}
	changes := method != http.MethodGet && r.endpoint != "POST /explain"
	// Everybody finds the world as it was.
	type asker struct {
		name string
		ask  func(w *world, method, path, body string) reply
		want []int
	}
	askers := []asker{{"operator", func(w *world, method, path, body string) reply { return w.ask(method, path, body) }, []int{200, 201}}}
	for i, who := range callers {
		want := map[string][]int{"yes": {200, 201}, "no": {403}, "-": {404}}[strings.Fields(r.may)[i]]
		askers = append(askers, asker{who.name, func(w *world, method, path, body string) reply {
			return w.behalf(who.email, method, path, body)
		}, want})
		askers = append(askers, asker{who.name + "'s key", func(w *world, method, path, body string) reply {
			return w.as(bearer(w.keyOf(who.email, "manage")), method, path, body)
		}, want})
		if changes {
			want = []int{403}
		}
		askers = append(askers, asker{who.name + "'s key to read", func(w *world, method, path, body string) reply {
			return w.as(bearer(w.keyOf(who.email, "read")), method, path, body)
		}, want})
	}
	askers = append(askers,
		asker{"suspended", func(w *world, method, path, body string) reply {
			return w.behalf("sue@example.com", method, path, body)
		}, []int{403}},
		asker{"suspended's key", func(w *world, method, path, body string) reply {
			return w.as(bearer(w.suspendedKey), method, path, body)
		}, []int{401}},
		asker{"nobody", func(w *world, method, path, body string) reply { return w.as(nil, method, path, body) }, []int{401}},
	)
	for _, who := range askers {
		w := newWorld(t)
		got := who.ask(w, method, w.fill.Replace(path), w.fill.Replace(r.body))
		if !slices.Contains(who.want, got.status) {
			t.Errorf("%s %s %s as %s: %d %s, want %v", method, path, r.body, who.name, got.status, got.text, who.want)
		}
	}
}

// world is a site with somebody of every role, and something of everything.
type world struct {
	*site
	fill         *strings.Replacer
	ids          map[string]string
	suspendedKey string
}

func newWorld(t *testing.T) *world {
	w := &world{site: newSite(t), ids: map[string]string{}}
	for _, who := range callers {
		w.ids[who.email] = w.person(who.email, who.name)
	}
	w.ids["SECOND"] = w.person("second@example.com", "manager")
	w.ids["PERSON"] = w.person("tess@example.com", "limited")
	w.ids["sue"] = w.person("sue@example.com", "manager")
	w.suspendedKey = w.keyOf("sue@example.com", "manage")
	w.must("POST", "/persons/"+w.ids["sue"]+"/suspend", `{"why":"a test"}`)
	w.ids["GROUP"] = w.must("POST", "/groups", `{"name":"jury"}`)["id"].(string)
	w.must("POST", "/groups/"+w.ids["GROUP"]+"/members", `{"add":["tess@example.com"]}`)
	w.ids["COLLECTION"] = w.must("POST", "/collections", `{"name":"acme","paths":["/acme/*"],"level":"link"}`)["id"].(string)
	w.ids["INVITE"] = items(w.must("POST", "/invites", `{"emails":"ivo@example.com"}`))[0]["invite"].(string)
	w.ids["GRANT"] = w.must("PUT", "/grants", `{"collection":"acme","group":"jury","preset":"can_view"}`)["id"].(string)
	link := w.must("POST", "/links", `{"path":"/acme/*","audience":"household"}`)
	w.ids["LINK"], w.ids["SHARED"] = link["id"].(string), link["url"].(string)
	v := w.session(w.ids["LINK"], "/acme/a.ts")
	w.ids["SESSION"], w.ids["URL"] = v.Session.String(), "/~"+v.Token+"/acme/a.ts"
	w.ids["FACTOR"], w.ids["MANAGERS"] = w.passkey(w.ids["PERSON"], "key"), w.passkey(w.ids["SECOND"], "key")
	w.ids["LIMIT"] = w.limit(w.ids["LINK"])
	w.ids["APIKEY"], _ = w.apiKey(`{"name":"to delete","scope":"read"}`)
	var pairs []string
	for name, id := range w.ids {
		if !strings.Contains(name, "@") {
			pairs = append(pairs, name, id)
		}
	}
	w.fill = strings.NewReplacer(pairs...)
	return w
}

// person adds a person and returns their id.
func (s *site) person(email, role string) string {
	s.Helper()
	return s.must("POST", "/persons", fmt.Sprintf(`{"email":%q,"role":%q}`, email, role))["id"].(string)
}

// behalf asks the open mount on behalf of a person.
func (s *site) behalf(person, method, path, body string) reply {
	s.Helper()
	r := request(s.Context(), method, path, body)
	r.Header.Set("Usher-As", person)
	return s.send(s.open, r)
}

// keyOf makes an API key of a person.
func (s *site) keyOf(person, scope string) string {
	s.Helper()
	_, text := s.apiKey(fmt.Sprintf(`{"name":"n","scope":%q,"person":%q}`, scope, person))
	return text
}

// inside is what limited persons get who hold something in the collection.
var inside = []struct {
	endpoint, body string
	may            string // with manage, with share, with stats, with view alone
}{
	{"GET /collections/COLLECTION", "", "yes yes yes yes"},
	{"PATCH /collections/COLLECTION", `{"level":"public"}`, "yes no no no"},
	{"PATCH /collections/COLLECTION", `{"paths":["/acme/*","/other/*"]}`, "no no no no"}, // not from outside
	{"DELETE /collections/COLLECTION", "", "yes no no no"},
	{"GET /collections/COLLECTION/who", "", "yes no no no"},
	{"POST /collections/COLLECTION/cut", "", "yes no no no"},
	{"GET /links?collection=acme", "", "yes no no no"},
	{"POST /links", `{"path":"/acme/x/*"}`, "yes yes no no"},
	{"POST /links", `{"path":"/acme/x/*","can":["download"]}`, "yes no no no"},
	{"GET /links/LINK", "", "yes - - -"},
	{"PATCH /links/LINK", `{"views":3}`, "yes - - -"},
	{"POST /links/LINK/revoke", "", "yes - - -"},
	{"POST /links/LINK/mint", `{"for_each":"tess@example.com"}`, "yes yes - -"},
	{"POST /invites", `{"emails":"tess@example.com","collection":"acme"}`, "yes yes no no"},
	{"GET /invites?collection=acme", "", "yes no no no"},
	{"GET /grants?collection=acme", "", "yes yes no no"},
	{"PUT /grants", `{"collection":"acme","person":"PERSON","can":["view"]}`, "yes yes no no"},
	{"PUT /grants", `{"collection":"acme","person":"tess@example.com","can":["view"]}`, "yes no no no"}, // by address takes bringing in
	{"PUT /grants", `{"collection":"acme","person":"PERSON","can":["manage"]}`, "yes no no no"},
	{"DELETE /grants/GRANT", "", "yes - - -"},
	{"POST /persons", `{"email":"new@example.com","collection":"acme"}`, "yes no no no"},
	{"GET /persons", "", "no no no no"},
	{"GET /sessions?link=LINK", "", "yes no yes no"},
	{"GET /sessions/SESSION", "", "yes - yes -"},
	{"POST /sessions/SESSION/end", "", "yes - no -"},
	{"POST /explain", `{"url":"URL"}`, "yes no yes no"},
	{"POST /explain", `{"url":"SHARED"}`, "yes yes yes no"},                                         // of which share reads no more than which link it is
	{"POST /persons/PERSON/grants", `{"grants":[{"collection":"acme","can":["view"]}]}`, "- - - -"}, // no people directory
}

func TestEveryEndpointInsideACollection(t *testing.T) {
	for _, r := range inside {
		method, path, _ := strings.Cut(r.endpoint, " ")
		for i, can := range []string{"manage", "view,share", "view,stats", "view"} {
			w := newWorld(t)
			w.must("PUT", "/grants", fmt.Sprintf(`{"collection":"acme","person":"lea@example.com","can":["%s"]}`, strings.ReplaceAll(can, ",", `","`)))
			want := map[string][]int{"yes": {200, 201}, "no": {403}, "-": {404}}[strings.Fields(r.may)[i]]
			got := w.behalf("lea@example.com", method, w.fill.Replace(path), w.fill.Replace(r.body))
			if !slices.Contains(want, got.status) {
				t.Errorf("%s %s with %s: %d %s, want %v", r.endpoint, r.body, can, got.status, got.text, want)
			}
		}
	}
}

// TestStoreErrorsOfEveryEndpoint makes each store verb fail that an endpoint
// asks. Only where a name is given up, or an event written, may that stay without
// consequence for who asked.
func TestStoreErrorsOfEveryEndpoint(t *testing.T) {
	for _, r := range access {
		method, pattern, _ := strings.Cut(r.endpoint, " ")
		path := r.path
		if path == "" {
			path = pattern
		}
		try := func(verb string) (reply, *world) {
			w := newWorld(t)
			w.store.fails, w.store.asked = verb, nil
			return w.ask(method, w.fill.Replace(path), w.fill.Replace(r.body)), w
		}
		got, w := try("")
		if got.status/100 != 2 {
			t.Fatalf("%s: %s", r.endpoint, got.text)
		}
		slices.Sort(w.store.asked)
		for _, verb := range slices.Compact(w.store.asked) {
			got, w := try(verb)
			if verb == "put event" {
				if lost := w.lost.Load(); got.status/100 != 2 || lost == 0 {
					t.Errorf("%s %s while %q fails: %d %s, %d events lost", r.endpoint, r.body, verb, got.status, got.text, lost)
				}
				continue
			}
			if failed := got.status == 503 && got.slug() == "store-down"; !failed && !strings.HasSuffix(verb, " name") && !strings.HasSuffix(verb, " address") {
				t.Errorf("%s %s while %q fails: %d %s", r.endpoint, r.body, verb, got.status, got.text)
			}
		}
	}
}
