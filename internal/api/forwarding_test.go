package api_test

import "testing"

// What is made from a link is watched as closely as that one: whoever was given it
// to hand on cannot have the gate look away.
func TestALinkIsWatchedNoLessThanItsParent(t *testing.T) {
	s, _ := family(t)
	parent := s.link(`{"path":"/acme/a/*","can":["view","share"],"audience":"household","on_forward":"suspend"}`)
	child := s.by("sue@example.com", "POST", "/links", `{"parent":"`+parent+`","audience":"one"}`)
	if child.status != 201 || child.object["audience"] != "one" || child.object["on_forward"] != "suspend" {
		t.Fatalf("%d %s", child.status, child.text)
	}
	id := child.word("id")
	for _, test := range []struct{ method, path, body, field string }{
		{"POST", "/links", `{"parent":"` + parent + `","audience":"team:2"}`, "audience"},
		{"POST", "/links", `{"parent":"` + parent + `","audience":"one","on_forward":"notify"}`, "on_forward"},
		{"PATCH", "/links/" + id, `{"audience":"public"}`, "audience"},
		{"PATCH", "/links/" + id, `{"audience":"team:200"}`, "audience"},
		{"PATCH", "/links/" + id, `{"on_forward":"watch"}`, "on_forward"},
	} {
		got := s.by("sue@example.com", test.method, test.path, test.body)
		if got.status != 400 || got.slug() != "wider-than-parent" || got.word("field") != test.field {
			t.Errorf("%s %s: %d %s", test.method, test.body, got.status, got.text)
		}
	}
	for range 3 { // it is fine, as far as the parent goes
		if got := s.by("sue@example.com", "POST", "/links/"+id+"/fine", ""); got.status != 200 || got.word("audience") != "household" {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
	if got := s.by("sue@example.com", "POST", "/links/"+parent+"/fine", ""); got.status != 404 {
		t.Errorf("of a link that is not hers: %d %s", got.status, got.text)
	}
	if got := s.by("sue@example.com", "GET", "/links/"+parent+"/forwarding", ""); got.status != 404 {
		t.Errorf("of a link that is not hers: %d %s", got.status, got.text)
	}
}
