package story

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-media/usher/internal/storytest"
)

// A link minted offline, by the command line or by any JWT library with the
// key from keys.json, works like any other.
func TestLinksMintedElsewhere(t *testing.T) {
	s := gated(t, storytest.Options{})
	keys := filepath.Join(s.Dir, "keys.json")
	out, err := s.TryOffline("token", "sign", "--keys", keys, "--path", "/clock/*", "--views", "1", "--expires", "1h")
	if err != nil {
		t.Fatal(err)
	}
	byCommand := strings.TrimSpace(out)
	byLibrary := mintByHand(t, keys, map[string]any{"path": "/clock/*", "views": 1})
	for name, token := range map[string]string{"token sign": byCommand, "golang-jwt": byLibrary} {
		c := browser()
		a := do(t, c, http.MethodGet, s.URL+"/clock/master.m3u8?usher="+token)
		wantStatus(t, a, http.StatusFound, "")
		session := s.URL + strings.TrimSuffix(a.Header.Get("Location"), "/clock/master.m3u8")
		wantStatus(t, do(t, c, http.MethodGet, session+"/clock/360p/0.ts"), http.StatusOK, "")
		a = do(t, browser(), http.MethodGet, s.URL+"/clock/master.m3u8?URISigningPackage="+token, "User-Agent", "another/1")
		wantStatus(t, a, http.StatusGone, "views_spent")
		// It has a landing page, and the owner sees and changes it like others.
		if a := do(t, browser(), http.MethodGet, s.URL+"/s/"+token); a.StatusCode != http.StatusGone {
			t.Errorf("%s: landing page of a spent link: %d", name, a.StatusCode)
		}
	}
	list := decode[struct{ Links []link }](t, s.CLI("link", "list", "--json")).Links
	if len(list) != 2 || list[0].Views.Used != 1 {
		t.Fatalf("%+v", list)
	}
	s.CLI("link", "extend", list[0].ID, "--views", "+1")
	if out, err := s.TryCLI("link", "extend", list[0].ID, "--expires", "48h"); err == nil {
		t.Errorf("the end inside a signed token was moved: %s", out)
	}
}

// mintByHand signs a link with golang-jwt and the key in keys.json, as the
// docs describe it.
func mintByHand(t *testing.T, keys string, usher map[string]any) string {
	t.Helper()
	text, err := os.ReadFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	set := decode[struct {
		Keys []struct{ Kid, Use, K string }
	}](t, string(text))
	for _, key := range set.Keys {
		if key.Use != "link" {
			continue
		}
		secret, err := base64.RawURLEncoding.DecodeString(key.K)
		if err != nil {
			t.Fatal(err)
		}
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"aud": "usher", "exp": time.Now().Add(time.Hour).Unix(), "jti": "order-17", "usher": usher,
		})
		token.Header["kid"] = key.Kid
		signed, err := token.SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	t.Fatal("no link key in keys.json")
	return ""
}

// Keys rotate without anybody noticing; a retired key ends what it sealed.
func TestKeyRotation(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*")
	c := browser()
	base := enter(t, s, c, l, "/clock/master.m3u8")
	var old string
	for _, key := range decode[struct {
		Keys []struct{ ID, Use, State string }
	}](t, s.CLI("key", "list", "--json")).Keys {
		if key.Use == "seal" {
			old = key.ID
		}
	}
	s.CLI("key", "rotate", "--use", "seal")
	wantStatus(t, do(t, c, http.MethodGet, base+"/clock/360p/0.ts"), http.StatusOK, "")
	wantStatus(t, do(t, browser(), http.MethodGet, l.URL), http.StatusOK, "")
	fresh := showLink(t, s, l.ID)
	if fresh.URL == l.URL {
		t.Error("the link is still written with the old key")
	}
	s.CLI("key", "retire", old)
	a := do(t, c, http.MethodGet, base+"/clock/360p/0.ts")
	if a.StatusCode != http.StatusNotFound || a.Header.Get("Usher-Reason") != "" {
		t.Errorf("a session of a retired key: %d %q", a.StatusCode, a.Header.Get("Usher-Reason"))
	}
	wantStatus(t, do(t, browser(), http.MethodGet, fresh.URL), http.StatusOK, "")
}

// explain walks the decision and shows no credential.
func TestExplain(t *testing.T) {
	s := gated(t, storytest.Options{})
	l := createLink(t, s, "--path", "/clock/*", "--views", "1")
	base := enter(t, s, browser(), l, "/clock/master.m3u8")
	for target, want := range map[string]string{
		l.URL: l.ID, base + "/clock/360p/0.ts": l.ID, base + "/other/x.ts": "not_covered", s.URL + "/clock/x.ts": "no_token", s.URL + "/a/../b": "bad_request",
	} {
		out := s.CLI("explain", target)
		if !strings.Contains(out, want) {
			t.Errorf("explain %s does not mention %s:\n%s", target, want, out)
		}
		for _, secret := range []string{strings.TrimPrefix(base, s.URL+"/~"), l.URL[strings.LastIndex(l.URL, "/")+1:]} {
			if strings.Contains(out, secret) {
				t.Errorf("explain shows a credential:\n%s", out)
			}
		}
	}
	wantViews(t, s, l.ID, 0, 0)
}
