package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestBrandRows(t *testing.T) {
	for line, want := range map[string]Brand{
		"name Acme":                        {Name: "Acme"},
		"color #0b6F63":                    {Color: "#0b6F63"},
		"logo /etc/acme.svg":               {Logo: "/etc/acme.svg"},
		"collection_logo acme /x/acme.png": {Logos: map[string]string{"acme": "/x/acme.png"}},
	} {
		got, err := set(brandRows, line)
		if err != nil || !reflect.DeepEqual(got.Brand, want) || got.Brand.validate() != nil {
			t.Errorf("%s: %+v, %v", line, got.Brand, err)
		}
	}
	for line, want := range map[string]string{
		"name":                             "want one argument",
		"name " + strings.Repeat("a", 61):  "60 characters",
		"color":                            "# begins a comment",
		"color red":                        "want #RRGGBB",
		"color #fff":                       "want #RRGGBB",
		"color #0b6f6g":                    "want #RRGGBB",
		"color 0b6f633":                    "want #RRGGBB",
		"color #0b6f63;x":                  "want #RRGGBB",
		"color #0b6f63 #ffffff":            "want one argument",
		"logo":                             "want one argument",
		"collection_logo acme":             "a name and a file",
		"collection_logo A /x":             "a-z",
		"collection_logo ../../etc/passwd": "a name and a file",
	} {
		if _, err := set(brandRows, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want it to say %q", line, err, want)
		}
	}
	for _, bad := range []Brand{{Name: "a\nb"}, {Name: " a"}, {Color: "blue"}, {Logos: map[string]string{"A B": "x"}}} {
		if bad.validate() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
