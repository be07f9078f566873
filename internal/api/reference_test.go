package api_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/usher-media/usher/internal/api"
)

// What the docs say of an endpoint is what the walk with every role found, and
// the bodies that were taken there are those of the docs.
func TestReferenceSaysWhoMayAndWhat(t *testing.T) {
	for _, endpoint := range api.Endpoints() {
		needs, _ := api.Needs(endpoint)
		found, several := map[string]bool{}, false
		for _, r := range access {
			if r.endpoint != endpoint {
				continue
			}
			if r.permission == 0 {
				several = true // of many, each is refused by itself
			} else {
				found[r.permission.String()] = true
				if !slices.Contains(needs, r.permission) {
					t.Errorf("%s asks for %s, which the docs do not say", endpoint, r.permission)
				}
			}
			_, body := api.Needs(endpoint)
			if body == nil && r.body != "" {
				t.Errorf("%s takes a body, and the docs say none", endpoint)
			} else if body != nil && r.body != "" {
				if err := json.Unmarshal([]byte(r.body), body, json.RejectUnknownMembers(true)); err != nil {
					t.Errorf("%s does not take %s: %v", endpoint, r.body, err)
				}
			}
		}
		for _, p := range needs {
			if !found[p.String()] && !several {
				t.Errorf("%s: nothing shows that it asks for %s", endpoint, p)
			}
		}
	}
}

// Every field of every body and answer is told of, and no other.
func TestReferenceTellsOfEveryField(t *testing.T) {
	told := 0
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.+) \\| (.*) \\|$").FindAllStringSubmatch(api.Reference(), -1) {
		told++
		if strings.TrimSpace(row[3]) == "" {
			t.Errorf("nothing is said of %s, which is %s", row[1], row[2])
		}
	}
	if told < 200 {
		t.Errorf("%d fields", told)
	}
	for _, name := range api.Needless() {
		t.Errorf("%s is no field of any body or answer", name)
	}
}

// Every row of the table of endpoints says all that the docs and the OpenAPI
// document need.
func TestEveryEndpointSaysWhatItIs(t *testing.T) {
	for _, lack := range api.Lacking() {
		t.Error(lack)
	}
}
