package typed_test

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/typed"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"Ann@Example.COM": "ann@example.com", "a.b+c@x.example": "a.b+c@x.example", "o'neil@x-y.example": "o'neil@x-y.example",
		"a@xn--bcher-kva.example": "a@xn--bcher-kva.example", "1@2.example": "1@2.example", "a+b=c_d-e@sub.example.co.uk": "a+b=c_d-e@sub.example.co.uk",
		strings.Repeat("a", 64) + "@x.yz": strings.Repeat("a", 64) + "@x.yz",
	} {
		if got, ok := typed.Address(text); !ok || got != want {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
	for _, text := range hostile {
		if got, ok := typed.Address(text); ok {
			t.Errorf("%q was read as %q", text, got)
		}
	}
}

var hostile = []string{
	"", "@", "a@", "@x.example", "a@x", "a@b@x.example", "Ann <a@x.example>", "<a@x.example>", "a@x.example (me)", `"a"@x.example`, "a@[127.0.0.1]",
	"a@127.0.0.1", "a@x.example.", "a@.x.example", "a@x..example", ".a@x.example", "a.@x.example", "a..b@x.example", "a @x.example", "a@x.example ",
	"a@x.example\r\nBcc: b@y.example", "a\n@x.example", "a@x.example,b@y.example", "a@x.example;b@y.example", "a@x.example\x00", "ä@x.example",
	"a@b\u00fccher.example", "a@-x.example", "a@x-.example", "a@x_y.example", "a%b@x.example,", "a@x.example>", "mailto:a@x.example",
	"ann(comment)@example.com", `a"b@example.com`, "ann@example.c\u200bom", "a:b@example.com", `a\b@example.com`, "a@localhost",
	strings.Repeat("a", 65) + "@x.example", "a@" + strings.Repeat("b", 64) + ".example", "a@" + strings.Repeat("b.", 130) + "example",
}

func TestLines(t *testing.T) {
	for text, ok := range map[string]bool{
		"": true, "Ann Lind": true, "Zoë 👩‍👩‍👧": true, "می‌خواهم": true,
		"a\nb": false, "a\rb": false, "a\tb": false, "a\x00": false, "a\u2028b": false, "a\u202eb": false, "a\ufeff": false, "a\u00ad": false,
		"a\x85b": false, "\xff": false, "a\x7fb": false, "a\u2066b": false, "a\u200fb": false, "a\u200bb": false, "a\U000e0041b": false, strings.Repeat("x", 21): false,
	} {
		if got := typed.Line(text, 20); got != ok && len(text) <= 20 {
			t.Errorf("line %q: %v", text, got)
		}
	}
	if typed.Line(strings.Repeat("x", 21), 20) || !typed.Lines("a\r\n\tb\n", 20) || typed.Lines("a\vb", 20) || typed.Lines("a\u202eb", 20) || typed.Lines(strings.Repeat("x", 21), 20) {
		t.Error("lines")
	}
}

// FuzzAddress: what is taken is an address to net/mail as well, the same one, and
// nothing that could end a header or begin another address.
func FuzzAddress(f *testing.F) {
	f.Add("Ann@Example.COM")
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := typed.Address(text)
		if !ok {
			return
		}
		if again, ok := typed.Address(got); !ok || again != got {
			t.Errorf("%q became %q, which becomes %q", text, got, again)
		}
		parsed, err := mail.ParseAddress(text)
		if err != nil || parsed.Name != "" || !strings.EqualFold(parsed.Address, got) {
			t.Errorf("%q is %q here and %v, %v to net/mail", text, got, parsed, err)
		}
		if strings.ContainsAny(got, " \r\n\t<>()[]\",;:\\") || strings.Count(got, "@") != 1 {
			t.Errorf("%q was accepted", text)
		}
	})
}
