package story

import (
	"net/http"
	"testing"
)

// Who may view may also comment, if that was given: the upstream is told so, by a
// grant as by a link, and nobody hands on what they do not hold. In the gate it
// opens nothing.
func TestC16CommentingIsHandedOnAndOpensNothing(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Header.Get("Usher-Capabilities")))
	})
	s := &stage{Server: before(t, u), TB: t}
	s.CLI("collection", "create", "acme", "--path", "/acme/*", "--level", "link")
	ann, ben := s.person("ann@example.com"), s.person("ben@example.com")
	grant := func(email, can string) { s.CLI("grant", "create", "acme", "--person", email, "--can", can) }
	told := func(a *actor, session, want string) {
		t.Helper()
		if got := a.plays(session, "/acme/a.ts").body; got != want {
			t.Errorf("the upstream is told %q, want %q", got, want)
		}
	}

	grant("ann@example.com", "view,share,comment")
	wantField(t, s.told("me", "--as", "ann@example.com"), "person/collections/0/can", []string{"view", "share", "comment"})
	told(ann, ann.enters("/acme/a.ts"), "view,share,comment")
	who := s.told("collection", "who", "acme")
	wantField(t, who, "who/0/can", []string{"view", "share", "comment"})

	link := s.share("--collection", "acme", "--can", "view,comment", "--as", "ann@example.com")
	visitor := s.anybody()
	session := visitor.opens(link, "/acme/a.ts")
	told(visitor, session, "view,comment")
	grant("ann@example.com", "view,share")
	told(visitor, session, "view")
	s.fails("comment", "link", "create", "--collection", "acme", "--can", "view,comment", "--as", "ann@example.com")

	grant("ben@example.com", "comment")
	wantField(t, s.told("me", "--as", "ben@example.com"), "person/collections/0/can", []string{"comment"})
	ben.asks("/acme/a.ts", http.StatusForbidden, "no_capability")
	alone := s.share("--collection", "acme", "--can", "comment")
	s.anybody().tries(alone, "/acme/a.ts", http.StatusForbidden, "no_capability")
}
