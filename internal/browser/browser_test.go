package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/browser"
)

func TestSameOrigin(t *testing.T) {
	for name, c := range map[string]struct {
		header map[string]string
		same   bool
	}{
		"no browser":                      {nil, true},
		"our page":                        {map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		"a page of a sibling":             {map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"another site":                    {map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"typed":                           {map[string]string{"Sec-Fetch-Site": "none"}, false},
		"an old browser, our page":        {map[string]string{"Origin": "https://media.example.com"}, true},
		"an old browser, a page of other": {map[string]string{"Origin": "https://evil.example"}, false},
		"an old browser, a hidden origin": {map[string]string{"Origin": "null"}, false},
		"the newer word counts":           {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://media.example.com"}, false},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://media.example.com/x", nil)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		if got := browser.SameOrigin(r); got != c.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestACookieThatIsThereTwice(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "usher-person=a": "a", "usher-person=a; usher-person=a": "a", "usher-person=a; usher-person=b": "", "other=x": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if line != "" {
			r.Header.Set("Cookie", line)
		}
		if got := browser.Cookie(r, browser.NamesFor(false).Person); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestOurCookiesByAnySpelling(t *testing.T) {
	for name, ours := range map[string]bool{
		"usher": true, "__Host-usher": true, "__HOST-Usher-Person": true, " usher-device": true, "usher-flow": true,
		"ushers": false, "__Secure-usher": false, "session": false,
	} {
		if got := browser.Ours(name); got != ours {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestCookiesStayOnTheHost(t *testing.T) {
	got := browser.NewCookie(browser.NamesFor(true).Person, "v", browser.DeviceLife, true).String()
	if got != "__Host-usher-person=v; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax" {
		t.Error(got)
	}
	if got := browser.NewCookie("usher-person", "", 0, false).String(); got != "usher-person=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax" {
		t.Error(got)
	}
}

func TestWhereSomebodyMayBeSentOnTo(t *testing.T) {
	for _, good := range []string{
		"/", "/s/abc", "/acme/demo/", "/acme/clip.mp4?usher=abc_-1", "/_usher/watch/0123", "/a%20b/c", "/x?a=1&b=2",
	} {
		if l, ok := browser.ParseLocal(good); !ok || l.String() != good {
			t.Errorf("%q was refused", good)
		}
	}
	for _, bad := range hostile {
		if l, ok := browser.ParseLocal(bad); ok || l.String() != "/" {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// hostile are targets by which redirects were turned to other sites.
var hostile = []string{
	"", "x", "evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\tevil", "/\t/evil.example",
	"/\n/evil.example", "\t//evil.example", " /x", "/ /evil.example", "https://evil.example", "https:/evil.example", "https:evil.example",
	"javascript:alert(1)", "data:text/html,x", "//evil.example@media.example.com", "/%2f/evil.example", "/%2F%2Fevil.example",
	"/%5cevil.example", "/%09/evil.example", "/.//evil.example", "/..//evil.example", "/a/../b", "/a//b", "/./x", "/%2e%2e/x",
	"/x#//evil.example", "/x?", "/x?a=\\", "/x?a=<", "/x?a=#", "/x?\r\nSet-Cookie: a=b", "/x\r\nLocation: y", "/\u2044evil", "/\u200bx", "/;x",
	"/~//evil.example", "/~abc//evil.example", "?/x", "/x?a=b?c", "/" + strings.Repeat("a", 2100),
}

func FuzzLocal(f *testing.F) {
	f.Add("/s/abc?x=1")
	for _, bad := range hostile {
		f.Add(bad)
	}
	base, err := url.Parse("https://media.example.com/_usher/signin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, ok := browser.ParseLocal(text)
		if !ok {
			return
		}
		if l.String() != text || text[0] != '/' || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t #") {
			t.Errorf("%q was accepted", text)
		}
		to, err := base.Parse(text)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil {
			t.Errorf("%q leads to %v, %v", text, to, err)
		}
	})
}
