package story

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// One share makes a link for each of many recipients: a URL that turns up
// elsewhere names whose it was, works for nobody else, and giving the command
// again makes nothing twice.
func TestN21ALinkForEachRecipient(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		parent := createLink(t, s, "--path", "/clock/*", "--views", "10", "--can", "view,share")
		list := secretFile(t, s, "ann@example.com, ben@example.com\nnot an address\nann@example.com")
		var items struct{ Items []mintedLink }
		items = decode[struct{ Items []mintedLink }](t, s.CLI("link", "mint", parent.ID, "--for-each", list, "--views", "2", "--json"))
		outcomes := []string{}
		for _, item := range items.Items {
			outcomes = append(outcomes, item.Outcome)
		}
		if strings.Join(outcomes, " ") != "made made bad_address duplicate" {
			t.Fatalf("outcomes %v", outcomes)
		}
		again := decode[struct{ Items []mintedLink }](t, s.CLI("link", "mint", parent.ID, "--for-each", list, "--views", "2", "--json"))
		if again.Items[0].Outcome != "already" || again.Items[0].Link.ID != items.Items[0].Link.ID {
			t.Errorf("the second time: %+v", again.Items[0])
		}
		if l := showLink(t, s, parent.ID); *l.Views.Limit != 6 {
			t.Errorf("the parent keeps %d of 10 views after handing on 2 and 2", *l.Views.Limit)
		}
		ann, ben := known(t, s, "ann@example.com"), known(t, s, "ben@example.com")
		anns := items.Items[0].Link
		wantStatus(t, ben.form(s, anns.URL), http.StatusForbidden, "wrong_person")
		wantStatus(t, newGuest(t).form(s, anns.URL), http.StatusUnauthorized, "sign_in")
		wantStatus(t, gets(t, s, ann.press(s, anns), firstSegment), http.StatusOK, "")
		contains(t, s.CLI("link", "show", anns.URL), "ann@example.com", parent.ID) // from the URL that was found
		contains(t, s.CLI("link", "list", "--parent", parent.ID), "ann@example.com", "ben@example.com")
	})
}

// Thirty mints at once never hand on more views than the parent has: what they
// got and what it keeps is what there was, and what all of them let in is no
// more than that.
func TestN21ViewsAreHandedOnExactly(t *testing.T) {
	nodes := twoNodes(t, unpaced)
	for name, servers := range map[string][]*storytest.Server{
		"redis, two gateways": nodes,
		"embedded":            {gated(t, storytest.Options{Caddyfile: unpaced(storytest.DefaultCaddyfile)})},
	} {
		t.Run(name, func(t *testing.T) {
			parent := createLink(t, servers[0], "--path", "/clock/*", "--views", "20", "--can", "view,share")
			key := decode[struct{ Key string }](t, servers[0].CLI("apikey", "create", "--name", "story", "--scope", "manage", "--json")).Key
			post := func(i int, address string) answer {
				s := servers[i%len(servers)]
				body := fmt.Sprintf(`{"for_each":["%s"],"views":2}`, address)
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/_usher/api/v1/links/"+parent.ID+"/mint", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return answer{}
				}
				req.Header.Set("Authorization", "Bearer "+key)
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d", address, i))
				return read(t, browser(), req)
			}
			var ones sync.Map // of one person there is one, however many ask for it at once
			atOnce(10, func(i int) {
				switch a := post(i, "one@example.com"); {
				case a.StatusCode == http.StatusOK && !strings.Contains(a.body, `"outcome":"refused"`):
					ones.Store(decode[struct{ Items []mintedLink }](t, a.body).Items[0].Link.ID, a.body)
				case !strings.Contains(a.body, "at this moment"):
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			})
			same := 0
			ones.Range(func(_, _ any) bool { same++; return true })
			if l := showLink(t, servers[0], parent.ID); same != 1 || *l.Views.Limit != 18 {
				t.Errorf("%d links for one person, and the parent keeps %d of 20", same, *l.Views.Limit)
			}
			var made sync.Map
			atOnce(30, func(i int) {
				a := post(i, fmt.Sprintf("p%d@example.com", i))
				if a.StatusCode == http.StatusOK && strings.Contains(a.body, `"outcome":"made"`) {
					made.Store(i, a.body)
				} else if !strings.Contains(a.body, "views to hand on") && !strings.Contains(a.body, "one stays with it") {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			})
			handed := int64(0)
			made.Range(func(_, _ any) bool { handed += 2; return true })
			l := showLink(t, servers[0], parent.ID)
			if *l.Views.Limit+handed != 18 || handed != 16 {
				t.Errorf("handed on %d, and the parent keeps %d of 18", handed, *l.Views.Limit)
			}
		})
	}
}

// A child is never more than its parent, and what the parent loses the child has
// lost at once, also in the middle of a film: a capability, time, and the parent
// itself. What the parent gets back, the child has back.
func TestN20N21AChildIsNeverMoreThanItsParent(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *storytest.Server) {
		parent := createLink(t, s, "--path", "/clock/*", "--views", "10", "--expires", "1h", "--can", "view,share")
		for _, wider := range [][]string{
			{"--path", "/*"}, {"--can", "view,download"}, {"--expires", "2h"}, {"--views", "10"},
		} {
			args := append([]string{"link", "create", "--parent", parent.ID}, wider...)
			if wider[0] != "--views" {
				args = append(args, "--views", "1")
			}
			if out, err := s.TryCLI(args...); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(strings.Replace(wider[0], "expires", "expires_at", 1), "--")) {
				t.Errorf("%v: %s %v", wider, out, err)
			}
		}
		child := createLink(t, s, "--parent", parent.ID, "--views", "4", "--can", "view,share")
		grandchild := createLink(t, s, "--parent", child.ID, "--views", "1")
		session := newGuest(t).press(s, grandchild)
		watched := func() answer { return gets(t, s, session, firstSegment) }
		wantStatus(t, gets(t, s, session, "/clock/master.m3u8"), http.StatusOK, "")
		wantStatus(t, watched(), http.StatusOK, "")
		running := startDownload(t, s.URL+session+"/clock/big.mp4")

		contains(t, s.CLI("link", "suspend", parent.ID), "1 live session ended")
		wantStatus(t, watched(), http.StatusForbidden, "suspended")
		wantStatus(t, newGuest(t).see(s, grandchild.URL), http.StatusForbidden, "suspended")
		if n := <-running.total; n >= bigFile {
			t.Error("a download by the grandchild was not cut")
		}
		s.CLI("link", "resume", parent.ID)
		wantStatus(t, watched(), http.StatusOK, "")

		s.CLI("link", "change", parent.ID, "--can", "share")
		wantStatus(t, watched(), http.StatusForbidden, "no_capability")
		s.CLI("link", "change", parent.ID, "--can", "view,share")
		wantStatus(t, watched(), http.StatusOK, "")

		s.CLI("link", "extend", child.ID, "--expires", "1ms")
		until(t, watched, http.StatusGone, "expired")
		s.CLI("link", "extend", child.ID, "--expires", "30m")
		wantStatus(t, watched(), http.StatusOK, "")

		s.CLI("link", "revoke", parent.ID)
		wantStatus(t, watched(), http.StatusGone, "revoked")
		wantStatus(t, newGuest(t).form(s, child.URL), http.StatusGone, "revoked")
		wantViews(t, s, grandchild.ID, 1, 0)
	})
}
