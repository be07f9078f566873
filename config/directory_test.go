package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestDirectoryRows(t *testing.T) {
	for line, want := range map[string]App{
		"owners 1":                  {Owners: 1},
		"homes /people/* /teams/*":  {Homes: []string{"/people/*", "/teams/*"}},
		"preset editor view upload": {Presets: map[string][]string{"editor": {"view", "upload"}}},
	} {
		if got, err := set(AppGrammar, line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
	for line, want := range map[string]string{
		"owners 0":                  "1, 2 or 3",
		"owners 4":                  "1, 2 or 3",
		"owners some":               "1, 2 or 3",
		"homes /people":             "a folder such as",
		"homes people/*":            "a folder such as",
		"homes /people/* /people/*": "given twice",
		"preset editor":             "at least one capability",
	} {
		if _, err := set(AppGrammar, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	a := App{}
	if setPreset(&a, []string{"x", "view"}) != nil || setPreset(&a, []string{"y", "share"}) != nil || len(a.Presets) != 2 {
		t.Errorf("two presets: %+v", a.Presets)
	}
	if setPreset(&a, []string{"x", "view"}) == nil {
		t.Error("a preset is taken twice")
	}
}
