package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
)

func TestSessions(t *testing.T) {
	s := newSite(t)
	one, two := s.link(`{"path":"/acme/*","views":3}`), s.link(`{"path":"/acme/*"}`)
	var all []any
	for _, link := range []string{one, two, one} {
		s.now = s.now.Add(time.Second)
		v := s.session(link, "/acme/demo/a.ts")
		s.watch(v, "/acme/demo/a.ts")
		all = append([]any{v.Session.String()}, all...)
	}
	ids := func(list map[string]any) (ids []any) {
		for _, session := range list["sessions"].([]any) {
			ids = append(ids, session.(map[string]any)["id"])
		}
		return ids
	}
	if got := ids(s.must("GET", "/sessions", "")); !slices.Equal(got, all) {
		t.Errorf("all: %v, want %v", got, all)
	}
	if got := ids(s.must("GET", "/sessions?link="+one, "")); !slices.Equal(got, []any{all[0], all[2]}) {
		t.Errorf("of one link: %v", got)
	}
	page := s.must("GET", "/sessions?limit=2", "")
	if got := ids(page); !slices.Equal(got, all[:2]) || page["next"] == nil {
		t.Errorf("first page %v, next %v", got, page["next"])
	}
	page = s.must("GET", "/sessions?limit=2&cursor="+page["next"].(string), "")
	if got := ids(page); !slices.Equal(got, all[2:]) || page["next"] != nil {
		t.Errorf("last page %v, next %v", got, page["next"])
	}
	for _, id := range all {
		session := s.must("GET", "/sessions/"+id.(string), "")
		plays := session["plays"].([]any)
		if session["id"] != id || session["state"] != "live" || len(plays) != 1 || plays[0].(map[string]any)["opener"] != "/acme/demo/a.ts" {
			t.Errorf("%v: %v", id, session)
		}
	}
	if got := s.ask("GET", "/sessions/"+all[0].(string)+"?link="+two, ""); got.status != 404 {
		t.Errorf("a session of another link: %d", got.status)
	}
}

func TestEndSession(t *testing.T) {
	s := newSite(t)
	link := s.link(`{"path":"/acme/*"}`)
	v := s.session(link, "/acme/a.ts")
	path := "/sessions/" + v.Session.String()
	s.now = s.now.Add(time.Minute)
	ended := s.must("POST", path+"/end", "")
	if ended["state"] != "ended" || ended["ended_at"] != "2026-03-01T12:01:00Z" {
		t.Errorf("%v", ended)
	}
	e := s.must("POST", "/explain", `{"url":"/~`+v.Token+`/acme/a.ts"}`)
	if e["reason"] != "no_session" {
		t.Errorf("after its end: %v", e)
	}
	s.now = s.now.Add(time.Minute)
	if again := s.must("POST", path+"/end?link="+link, "{}"); again["ended_at"] != ended["ended_at"] {
		t.Errorf("ended twice: %v", again)
	}
	other := s.session(link, "/acme/a.ts")
	s.now = s.now.Add(gate.DefaultPolicy().SessionLife)
	if session := s.must("GET", "/sessions/"+other.Session.String(), ""); session["state"] != "expired" {
		t.Errorf("%v", session)
	}
}

func TestBadSessionRequests(t *testing.T) {
	s := newSite(t)
	s.session(s.link(`{"path":"/acme/*"}`), "/acme/a.ts")
	for path, status := range map[string]int{
		"/sessions/ses_00000000000000000000":     404,
		"/sessions/ses_vvvvvvvvvvvvvvvvvvvg":     404, // the last id there is
		"/sessions/lnk_00000000000000000000":     404,
		"/sessions/x":                            404,
		"/sessions?link=x":                       400,
		"/sessions?cursor=lnk_0":                 400,
		"/sessions?cursor=c2Vzc2lvbnMKeA":        400, // a session with the id x
		"/sessions/ses_00000000000000000000?q=1": 400,
	} {
		if got := s.ask("GET", path, ""); got.status != status {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.text, status)
		}
	}
	if got := s.ask("POST", "/sessions/ses_00000000000000000000/end", ""); got.status != 404 {
		t.Errorf("ending no session: %d", got.status)
	}
	if got := s.ask("POST", "/sessions/ses_00000000000000000000/end", `{"why":"x"}`); got.slug() != "unknown-field" {
		t.Errorf("a body where none is taken: %s", got.text)
	}
}
