package gate_test

import (
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/gate"
)

func TestSplitTarget(t *testing.T) {
	long := strings.Repeat("x", 512)
	tests := []struct {
		raw, session, rest string
		ok                 bool
	}{
		{"/acme/demo/master.m3u8", "", "/acme/demo/master.m3u8", true},
		{"/s/code", "", "/s/code", true},
		{"/_usher/api/v1/links", "", "/_usher/api/v1/links", true},
		{"", "", "", true},
		{"/", "", "/", true},
		{"/~aZ09-_/acme/a.ts", "aZ09-_", "/acme/a.ts", true},
		{"/~t/", "t", "/", true},
		{"/~t/acme/~home/a.ts", "t", "/acme/~home/a.ts", true},
		{"/~t/sale/a.mp4", "t", "/sale/a.mp4", true},
		{"/~t/_ushers/a.mp4", "t", "/_ushers/a.mp4", true},
		{"/~" + long + "/a", long, "/a", true},

		{"/~", "", "", false},
		{"/~t", "", "", false},
		{"/~/a", "", "", false},
		{"/~" + long + "x/a", "", "", false},
		{"/~a.b.c/a", "", "", false},
		{"/~a%41/a", "", "", false},
		{"/~ä/a", "", "", false},
		{"/~a b/a", "", "", false},
		{"/~t/~u/a", "", "", false},
		{"/~t/s", "", "", false},
		{"/~t/s/code", "", "", false},
		{"/~t/_usher", "", "", false},
		{"/~t/_usher/api/v1/links", "", "", false},
	}
	for _, test := range tests {
		session, rest, ok := gate.SplitTarget(test.raw)
		if session != test.session || rest != test.rest || ok != test.ok {
			t.Errorf("SplitTarget(%.40q) = %.40q, %q, %v; want %.40q, %q, %v",
				test.raw, session, rest, ok, test.session, test.rest, test.ok)
		}
	}
}
