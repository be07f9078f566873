package gate_test

import (
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

func TestMediaPath(t *testing.T) {
	tests := []struct{ scope, entry, want string }{
		{"/acme/film.mp4", "", "/acme/film.mp4?usher=CODE"},
		{"/acme/été [1].mp4", "", "/acme/%C3%A9t%C3%A9%20%5B1%5D.mp4?usher=CODE"},
		{"/acme/demo/*", "", "/acme/demo/?usher=CODE"},
		{"/acme/demo/*", "hls/main.m3u8", "/acme/demo/hls/main.m3u8?usher=CODE"},
		{"/*", "", "/?usher=CODE"},
	}
	for _, test := range tests {
		scope, err := gate.ParseScope(test.scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := (gate.Link{Scope: scope, Entry: test.entry}).MediaPath("CODE"); got != test.want {
			t.Errorf("%s with entry %q: %s, want %s", test.scope, test.entry, got, test.want)
		}
	}
	if got := gate.SharePath("CODE"); got != "/s/CODE" {
		t.Error(got)
	}
}
