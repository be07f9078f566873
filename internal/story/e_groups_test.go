package story

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A group is granted to as if it were one person: who joins has it, who leaves
// has it no more, also in the middle of watching, unless it is theirs by another
// way.
func TestE1E2E5AGroupIsGrantedToAsOne(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "locked")
		path := "/clock/clock.mp4"
		ann, ben := s.person("ann@example.com"), s.person("ben@example.com")
		s.CLI("person", "create", "cleo@example.com")
		s.CLI("group", "create", "jury")
		s.CLI("grant", "create", "clock", "--group", "jury", "--can", "view")
		ann.asks(path, http.StatusForbidden, "locked")
		joined := s.told("group", "join", "jury", "ann@example.com", "ben@example.com", "cleo@example.com")
		wantField(s, joined, "counts/added", 3)
		hers, his := ann.enters(path), ben.enters(path)
		ann.plays(hers, path)
		ben.plays(his, path)
		s.CLI("grant", "create", "clock", "--person", "ben@example.com", "--can", "view") // another way
		s.CLI("group", "leave", "jury", "ann@example.com", "ben@example.com")
		ann.asks(hers+path, http.StatusForbidden, "locked")
		ben.plays(his, path)
		s.CLI("group", "join", "jury", "ann@example.com")
		ann.plays(hers, path)
		s.CLI("grant", "delete", "clock", "--group", "jury")
		ann.asks(hers+path, http.StatusForbidden, "locked")
	})
}

// Many persons are made and put into a group with one command, with an outcome
// for each of them.
func TestE3ImportingMakesPersonsAndPutsThemIntoAGroup(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	s.CLI("person", "create", "ann@example.com")
	file := filepath.Join(s.Dir, "jury.txt")
	if err := os.WriteFile(file, []byte("ann@example.com, ben@example.com\ncleo@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	outcomes := s.told("group", "import", "jury", file, "--new")
	if n := len(field(t, outcomes, "results").([]any)); n != 3 {
		t.Errorf("%v", outcomes)
	}
	again := s.told("group", "import", "jury", file)
	wantField(t, again, "counts/added", nil)
	members := s.CLI("group", "members", "jury", "--json")
	for _, email := range []string{"ann@example.com", "ben@example.com", "cleo@example.com"} {
		if strings.Count(members, email) != 1 {
			t.Errorf("%s: %s", email, members)
		}
	}
	s.CLI("grant", "create", "clock", "--group", "jury", "--can", "view")
	cleo := s.activated("cleo@example.com")
	cleo.plays(cleo.enters("/clock/clock.mp4"), "/clock/clock.mp4")
	if err := os.WriteFile(file, []byte("dora@example.com\nnot an address\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.fails("1 of 2 were refused", "group", "import", "jury", file)
	if !strings.Contains(s.CLI("group", "members", "jury", "--json"), "dora@example.com") {
		t.Error("one bad address kept the others out")
	}
}

// A group may have a beginning and an end; closed, it ends what hung on it, and
// says who of it watched what.
func TestE4AGroupHasItsTimeAndClosingItReports(t *testing.T) {
	onBothStages(t, func(s *stage) {
		s.collect("clock", "locked")
		path := "/clock/clock.mp4"
		ann, ben := s.person("ann@example.com"), s.person("ben@example.com")
		starts := time.Now().Add(1500 * time.Millisecond)
		s.CLI("group", "create", "jury", "--starts", starts.UTC().Format(time.RFC3339Nano), "--ends", "30d")
		s.CLI("group", "join", "jury", "ann@example.com", "ben@example.com")
		s.CLI("grant", "create", "clock", "--group", "jury", "--can", "view")
		var first answer
		eventually(s, "the group begins", func() bool {
			first = do(s, ann.Client, http.MethodGet, s.URL+path)
			return first.StatusCode == http.StatusFound
		})
		if time.Now().Before(starts) {
			s.Error("it is open before its time")
		}
		session := ann.sentOn(first, path)
		ann.plays(session, path)
		report := s.told("group", "close", "jury")
		wantField(s, report, "sessions_ended", 1)
		watched := map[string]any{}
		for _, one := range field(s, report, "members").([]any) {
			watched[field(s, one, "email").(string)] = field(s, one, "plays")
			if field(s, one, "email") == "ann@example.com" {
				wantField(s, one, "watched/0/asset", path)
				wantField(s, one, "watched/0/collection", "clock")
			}
		}
		if watched["ann@example.com"] != 1.0 || watched["ben@example.com"] != 0.0 {
			s.Errorf("watched: %v", watched)
		}
		a := do(s, ann.Client, http.MethodGet, s.URL+session+path)
		if a.StatusCode != http.StatusForbidden {
			s.Errorf("closed, it answers %d", a.StatusCode)
		}
		ben.asks(path, http.StatusForbidden, "locked")
	})
}
