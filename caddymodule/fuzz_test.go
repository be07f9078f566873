package caddymodule

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/token"
)

// FuzzCaddyfile: whatever stands in the blocks, adapting it ends in a config
// or an error; and a site that comes out of it is within its bounds, so that
// nobody starts a server whose gate says less than was written.
func FuzzCaddyfile(f *testing.F) {
	for _, seed := range [][2]string{
		{"store embedded DIR\nkeys FILE", "rate 50/s burst 300\napi\nconsole"},
		{"store redis redis://127.0.0.1/0\npublic_url https://x", "carry path cookie\nidle 30m\nmax_play 2d\nlapse 90s\nafter_expiry finish"},
		{"store", "rate NaN/s"}, {"store {\n}", "idle -1s"}, {"}\n{", "rate 1e309/s\n}"}, {"{$HOME} {env.X}", "api {\n}\n\"\n"}, {"<<X\n", "carry `a\nb`"},
	} {
		f.Add(seed[0], seed[1])
	}
	adapter := caddyconfig.GetAdapter("caddyfile")
	f.Fuzz(func(t *testing.T, app, site string) {
		if strings.Contains(app+site, "import") {
			return // reads files
		}
		text := "{\n\tusher {\n" + app + "\n\t}\n}\nhttp://:1 {\n\tusher {\n" + site + "\n\t}\n}\n"
		raw, _, err := adapter.Adapt([]byte(text), nil)
		if err != nil {
			return
		}
		for _, found := range handlersIn(t, raw) {
			var s config.Site
			if err := json.Unmarshal(found, &s); err != nil {
				t.Fatalf("%s adapts to what is no site: %v", text, err)
			}
			if err := s.WithDefaults().Validate(); err != nil {
				t.Fatalf("%s adapts to a site out of bounds: %v", text, err)
			}
		}
	})
}

// handlersIn finds our handlers in a config, wherever they are.
func handlersIn(t *testing.T, raw json.RawMessage) []json.RawMessage {
	t.Helper()
	var members map[string]json.RawMessage
	var list []json.RawMessage
	var found []json.RawMessage
	if json.Unmarshal(raw, &members) == nil {
		if string(members["handler"]) == `"usher"` {
			return []json.RawMessage{raw}
		}
		for _, member := range members {
			list = append(list, member)
		}
	} else if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	for _, one := range list {
		found = append(found, handlersIn(t, one)...)
	}
	return found
}

// FuzzOneCookie: a cookie that counts is the only one of its name for every
// reader, and none of ours goes on to the upstream.
func FuzzOneCookie(f *testing.F) {
	for _, seed := range []string{
		"usher=a", "usher=a; usher=b", "usher=; usher=a", `usher="a"`, "a=1; usher=a", "usher =a", "$usher=a", "Usher=a; usher=a", "\x85usher=a", `a="; usher=a"`,
	} {
		f.Add(seed, "usher=b")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := &http.Request{Header: http.Header{"Cookie": {first, second}}}
		if got := browser.Cookie(r, "usher"); got != "" {
			for _, line := range []string{first, second} {
				for pair := range strings.SplitSeq(line, ";") {
					name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
					if name == "usher" && !strings.ContainsAny(value, "\"\\, ") && value != got && readable(value) {
						t.Fatalf("%q counts, and %q is there as well", got, value)
					}
				}
			}
		}
		stripCookies(r, new(request))
		for _, c := range r.Cookies() {
			if browser.Ours(c.Name) {
				t.Fatalf("%q goes on: %q", c.Name, r.Header["Cookie"])
			}
		}
	})
}

// readable tells values that a server accepts in a cookie.
func readable(value string) bool {
	_, err := http.ParseCookie("usher=" + value)
	return err == nil
}

// FuzzRedact: no token that was really issued survives, whatever is around it.
func FuzzRedact(f *testing.F) {
	ring, err := token.NewKeyring(time.Now())
	if err != nil {
		f.Fatal(err)
	}
	signed, err := ring.SignLink(token.Claims{JTI: "j", Expires: time.Now().Add(time.Hour), Terms: token.LinkClaims{Path: "/a/*"}})
	if err != nil {
		f.Fatal(err)
	}
	secrets := []string{
		ring.Seal(token.LinkCode, make([]byte, token.IDSize)), ring.Seal(token.DeviceToken, make([]byte, token.IDSize)),
		ring.Seal(token.SessionToken, make([]byte, 3*token.IDSize)), signed, "usk_0123456789abcdefghij_" + strings.Repeat("k", 43),
	}
	for _, seed := range [][2]string{
		{"/s/", ""}, {"/~", "/a/b.ts"}, {"/a?usher=", "&b=1"}, {"/a?usher[]=", ""}, {"/a?a=1%26usher=", "#"}, {"http://h/a?x=E", "E"}, {"usk_", "."}, {"eyJ.", "."},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, secret := range secrets {
			if got := redact(before + secret + after); strings.Contains(got, secret) {
				t.Fatalf("%q keeps the token %q", got, secret)
			}
		}
	})
}
