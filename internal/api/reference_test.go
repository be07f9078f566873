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

// Every field of every body is told of, and no other.
func TestReferenceTellsOfEveryField(t *testing.T) {
	text := api.Reference()
	told := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.+) \\| (.*) \\|$").FindAllStringSubmatch(text, -1) {
		told[row[1]] = true
		if strings.TrimSpace(row[3]) == "" {
			t.Errorf("nothing is said of %s, which is %s", row[1], row[2])
		}
	}
	if len(told) < 40 {
		t.Errorf("%d fields", len(told))
	}
	for name := range api.Meanings() {
		if !told[name] {
			t.Errorf("%s is no field of any body", name)
		}
	}
}
