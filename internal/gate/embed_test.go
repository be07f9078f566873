package gate_test

import (
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

func TestOrigins(t *testing.T) {
	for _, text := range []string{"https://example.com", "https://www.example.com:8443", "https://xn--bcher-kva.example", "https://192.0.2.1", "http://localhost:3000", "http://localhost"} {
		if got, err := gate.ParseOrigin(text); err != nil || string(got) != text {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "*", "null", "https://", "https://*", "https://*.example.com", "https://example.com/", "https://example.com?x", "https://example.com#x",
		"https://Example.com", "HTTPS://example.com", "http://example.com", "http://127.0.0.1", "http://localhost:80", "https://example.com:443",
		"https://example.com:", "https://example.com:0443", "https://example.com:65536", "https://user@example.com", "https://example..com",
		"https://-a.com", "https://a.com https://b.com", "https://bücher.example", "https://a.com;x", "https://a_b.com", "ftp://example.com",
		"https://example.com\n", "//example.com", "example.com", "https://[::1]", "https:example.com",
	} {
		if got, err := gate.ParseOrigin(text); err == nil {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add("https://example.com:8443")
	f.Add("http://localhost:1")
	f.Fuzz(func(t *testing.T, text string) {
		origin, err := gate.ParseOrigin(text)
		if err != nil {
			return
		}
		e := gate.NewEmbedding([]gate.Origin{origin})
		if !e.Allows(text) || e.Ancestors() != text || e.Allows(text+"x") || e.Allows("") {
			t.Fatalf("%q is taken for %s", text, origin)
		}
		for _, c := range []byte(text) {
			if c <= ' ' || c == ';' || c == ',' || c == '\'' || c == '*' || c >= 0x7f {
				t.Fatalf("%q stands in a header", text)
			}
		}
	})
}

func TestNobodyEmbeds(t *testing.T) {
	var nobody *gate.Embedding
	if gate.NewEmbedding(nil) != nil || nobody.Allows("https://example.com") || nobody.Allows("") || nobody.Ancestors() != "" {
		t.Error("nobody embeds")
	}
}
