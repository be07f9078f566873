package story

import (
	"strings"
	"testing"
)

// What was used is summed up for the whole site, for each collection and for each
// link: views exactly, bytes as soon as they are written. The whole is for owners and
// managers, a collection for whoever has stats there, and nobody is named.
func TestD6UsageIsSummedUpForLinksAndCollections(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "link")
		s.collect("other", "locked")
		s.collect("open", "public", "--track")
		s.CLI("person", "create", "boss@example.com", "--role", "manager")
		ann := s.person("ann@example.com")
		s.CLI("grant", "create", "clock", "--person", "ann@example.com", "--can", "view,stats")
		s.CLI("grant", "create", "other", "--person", "ann@example.com", "--can", "view")
		two, one := s.share("--collection", "clock", "--title", "The clock"), s.share("--path", "/clock/*", "--views", "5")

		sent := map[string]int{}
		watch := func(a *actor, session, path, where string) {
			t.Helper()
			sent[where] += len(a.plays(session, path).body)
		}
		for _, l := range []link{two, two, one} {
			viewer := s.anybody()
			session := viewer.opens(l, "/clock/clock.mp4")
			watch(viewer, session, "/clock/clock.mp4", l.ID)
			watch(viewer, session, "/clock/clock.mp4", l.ID) // again, in the same play
		}
		watch(ann, ann.enters("/other/clock.mp4"), "/other/clock.mp4", "other")
		visitor := s.anybody()
		watch(visitor, visitor.enters("/open/clock.mp4"), "/open/clock.mp4", "open")

		total := 0
		for _, bytes := range sent {
			total += bytes
		}
		counts := func(u any, at string, plays, bytes, sessions int) {
			t.Helper()
			for name, want := range map[string]int{"plays": plays, "bytes": bytes, "sessions": sessions, "devices": sessions} {
				wantField(t, u, at+"/"+name, want)
			}
		}
		eventually(s, "all bytes are in the store", func() bool {
			return field(t, s.told("usage", "--as", "boss@example.com"), "sum/bytes") == float64(total)
		})
		whole := s.told("usage")
		counts(whole, "sum", 5, total, 5)
		for i, name := range []string{"clock", "open", "other"} {
			wantField(t, whole, "collections/"+string(rune('0'+i))+"/collection_name", name)
		}
		counts(whole, "collections/0", 3, sent[two.ID]+sent[one.ID], 3)
		counts(whole, "collections/1", 1, sent["open"], 1)
		counts(whole, "collections/2", 1, sent["other"], 1)
		counts(s.told("usage", "--link", two.URL), "sum", 2, sent[two.ID], 2)

		clock := s.told("usage", "--collection", "clock", "--as", "ann@example.com")
		counts(clock, "sum", 3, sent[two.ID]+sent[one.ID], 3)
		at := "items/0"
		if field(t, clock, at+"/link") != two.ID { // they were made in the same second
			at = "items/1"
		}
		wantField(t, clock, at+"/title", "The clock")
		counts(clock, at, 2, sent[two.ID], 2)
		counts(s.told("usage", "--link", one.ID, "--as", "ann@example.com"), "sum", 1, sent[one.ID], 1)
		if said := s.CLI("usage", "--collection", "other"); strings.Contains(said, "ann@") || !strings.Contains(said, "(persons with access)") {
			t.Error(said)
		}
		s.fails("usage", "usage", "--as", "ann@example.com")
		s.fails("stats", "usage", "--collection", "other", "--as", "ann@example.com")

		s.CLI("session", "end", firstSession(s, two.ID)) // what was counted outlives the sessions, and the link
		s.CLI("link", "revoke", two.ID)
		counts(s.told("usage"), "sum", 5, total, 5)
	})
}

func firstSession(s *stage, link string) string {
	s.Helper()
	id, _ := field(s, s.told("session", "list", "--link", link), "sessions/0/id").(string)
	return id
}
