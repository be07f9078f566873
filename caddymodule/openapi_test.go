package caddymodule

import "testing"

// The document stands beside the versions of the API, so that the relative
// address of the server in it leads to them.
func TestOpenAPIStandsBesideTheMounts(t *testing.T) {
	for mount, want := range map[string]string{adminPrefix: "/usher/openapi.json", apiPrefix: "/_usher/api/openapi.json"} {
		if got := beside(mount); got != want {
			t.Errorf("%s: %s, want %s", mount, got, want)
		}
	}
	routes := Admin{}.Routes()
	if len(routes) != 2 || routes[1].Pattern != "/usher/openapi.json" {
		t.Errorf("%d routes", len(routes))
	}
}
