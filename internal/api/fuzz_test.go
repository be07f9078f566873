package api_test

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzDirectory sends whatever body, query, name and cursor to the endpoints of
// the directory: none of it is the server's fault.
func FuzzDirectory(f *testing.F) {
	for i, r := range access {
		f.Add(i, r.body, "limit=2&cursor=eA", "olga@example.com", `"1"`, "k")
	}
	f.Add(1, `{"email":"a@b","until":"9999999h","groups":["\u0000"]}`, "cut=true&heir=x", "per_0", "*", "é")
	f.Fuzz(func(t *testing.T, i int, body, query, as, match, key string) {
		w := newWorld(t)
		r := access[uint(i)%uint(len(access))]
		method, path, _ := strings.Cut(r.endpoint, " ")
		if r.path != "" {
			path = r.path
		}
		req := request(t.Context(), method, "/", w.fill.Replace(body))
		target, err := url.Parse(w.fill.Replace(path))
		if err != nil {
			t.Fatal(err)
		}
		if target.RawQuery == "" {
			target.RawQuery = query
		}
		req.URL = target
		for name, value := range map[string]string{"Usher-As": as, "If-Match": match, "Idempotency-Key": key} {
			if value != "" {
				req.Header.Set(name, value)
			}
		}
		if got := w.send(w.open, req); got.status >= 500 {
			t.Fatalf("%s %s?%s %s: %d %s", method, path, query, body, got.status, got.text)
		}
	})
}
