package house

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	featureRow  = regexp.MustCompile("(?m)^\\| ([A-Z][0-9]+) \\| .* \\| (done|part|later) \\| (.*) \\|$")
	featureTest = regexp.MustCompile(`^Test((?:[A-Z][0-9]+)+)[A-Z]`)
	featureID   = regexp.MustCompile(`[A-Z][0-9]+`)
)

// storiesByFeature are the tests on a running gateway whose names carry ids.
func storiesByFeature(t *testing.T) map[string][]string {
	t.Helper()
	byID := map[string][]string{}
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.path, filepath.Join("internal", "story")) {
			continue
		}
		for _, decl := range s.file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if !isFunc {
				continue
			}
			if m := featureTest.FindStringSubmatch(f.Name.Name); m != nil {
				for _, id := range featureID.FindAllString(m[1], -1) {
					byID[id] = append(byID[id], f.Name.Name)
				}
			}
		}
	}
	return byID
}

// What docs/features.md calls done is shown by a test that carries its id, and
// what such a test shows stands there.
func TestFeatures(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(), "docs", "features.md"))
	if err != nil {
		t.Fatal(err)
	}
	byID, rows := storiesByFeature(t), map[string]bool{}
	for _, m := range featureRow.FindAllStringSubmatch(string(text), -1) {
		id, state, shown := m[1], m[2], m[3]
		rows[id] = true
		if state == "done" && len(byID[id]) == 0 {
			t.Errorf("%s is done and no test of internal/story carries its id", id)
		}
		for _, name := range byID[id] {
			if !strings.Contains(shown, "`"+name+"`") {
				t.Errorf("%s: the row does not name %s", id, name)
			}
		}
		for _, quoted := range regexp.MustCompile("`(Test[A-Z][0-9][A-Za-z0-9]*)`").FindAllStringSubmatch(shown, -1) {
			if !slices.Contains(byID[id], quoted[1]) {
				t.Errorf("%s: there is no test %s with this id", id, quoted[1])
			}
		}
	}
	if len(rows) < 100 {
		t.Errorf("%d rows were read", len(rows))
	}
	for id := range byID {
		if !rows[id] {
			t.Errorf("%s has a test and no row", id)
		}
	}
}
