package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/pages"
)

func TestConsoleAddresses(t *testing.T) {
	for _, good := range []string{
		"", "/links", "/collections", "/people", "/groups", "/sessions", "/events", "/keys", "/health",
		"/links/lnk_1jtc34dtb5gnnl29rpgg", "/collections/col_1jtc34tnilrhrd1pe1f0", "/people/per_1jtc34tnilrhrd1pe1f0", "/groups/grp_1jtc34tnilrhrd1pe1f0",
	} {
		if !pages.ConsoleServes("/_usher/console" + good) {
			t.Errorf("%q is no screen", good)
		}
	}
	for _, bad := range []string{
		"/", "//evil.example", "/link", "/links/", "/links/x", "/links/../keys", "/links/lnk_1jtc34dtb5gnnl29rpgg/", "/sessions/ses_1jtc34dtb5gnnl29rpgg",
		"s", "/links/LNK_1JTC34DTB5GNNL29RPGG", "/links\n", "/health/x", "/links%2f", "/constructor", "/__proto__",
	} {
		if pages.ConsoleServes("/_usher/console" + bad) {
			t.Errorf("%q is a screen", bad)
		}
	}
}

// Nobody frames the console, and no text in it becomes markup.
func TestConsoleHeaders(t *testing.T) {
	h := http.Header{}
	pages.SetConsoleHeaders(h)
	policy := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "script-src 'self'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %q: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || h.Get("Referrer-Policy") != "same-origin" || h.Get("Cache-Control") != "no-store" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
		t.Error(h)
	}
}
