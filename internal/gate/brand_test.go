package gate

import (
	"strings"
	"testing"
)

func TestBrandsAreStrict(t *testing.T) {
	for _, b := range []Brand{{}, {Name: "Acme Films"}, {Name: "شركة", Color: "#0B6f63", Logo: "acme-2"}, {Name: `<script>`}} {
		if err := b.Validate(); err != nil {
			t.Errorf("%+v: %v", b, err)
		}
	}
	for _, b := range []Brand{
		{Name: "a\nb"}, {Name: " a"}, {Name: "\xff"}, {Name: strings.Repeat("é", MaxBrandName+1)}, {Color: "red"}, {Color: "#fff"},
		{Color: "#0b6f6g"}, {Color: "0b6f631"}, {Color: "#0b6f63;"}, {Color: "#+b6f63"}, {Logo: "A"}, {Logo: "../x"}, {Logo: strings.Repeat("a", 33)},
	} {
		if b.Validate() == nil {
			t.Errorf("%+v is taken", b)
		}
	}
}

func FuzzParseColor(f *testing.F) {
	f.Add("#0b6f63")
	f.Add("#ffff")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseColor(text)
		if err == nil && (len(text) != 7 || strings.Trim(text[1:], "0123456789abcdefABCDEF") != "") {
			t.Errorf("%q is the colour %v", text, c)
		}
	})
}
