package story

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The account has one to three owners, and never none.
func TestD1OneToThreeOwnersAndNeverNone(t *testing.T) {
	s := onStage(t)
	s.CLI("person", "create", "one@example.com", "--role", "owner")
	s.fails("last", "person", "change", "one@example.com", "--role", "manager")
	s.fails("last", "person", "delete", "one@example.com")
	for _, email := range []string{"two@example.com", "three@example.com", "four@example.com"} {
		s.CLI("person", "create", email, "--role", "manager")
	}
	s.CLI("person", "change", "two@example.com", "--role", "owner", "--as", "one@example.com")
	s.CLI("person", "change", "three@example.com", "--role", "owner", "--as", "one@example.com")
	s.fails("as many owners as there may be", "person", "change", "four@example.com", "--role", "owner", "--as", "one@example.com")
	one := s.activated("one@example.com")
	s.collect("clock", "locked")
	one.plays(one.enters("/clock/clock.mp4"), "/clock/clock.mp4")
	s.CLI("person", "change", "one@example.com", "--role", "limited", "--as", "two@example.com")
	one.asks("/clock/clock.mp4", http.StatusForbidden, "locked")
}

// Ownership passes to a manager only; and whoever has the machine can always
// give it.
func TestD2OwnershipPassesToManagers(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	s.CLI("person", "create", "one@example.com", "--role", "owner")
	ann := s.person("ann@example.com", "--role", "standard")
	s.fails("manager", "person", "change", "ann@example.com", "--role", "owner", "--as", "one@example.com")
	ann.asks("/clock/clock.mp4", http.StatusForbidden, "locked")
	s.CLI("person", "change", "ann@example.com", "--role", "manager", "--as", "one@example.com")
	s.CLI("person", "change", "ann@example.com", "--role", "owner") // recovery, on the host
	s.CLI("person", "change", "one@example.com", "--role", "manager", "--as", "ann@example.com")
	wantField(t, s.told("person", "show", "ann@example.com"), "role", "owner")
	ann.plays(ann.enters("/clock/clock.mp4"), "/clock/clock.mp4")
}

// Keys are the owners', who appoint managers; what managers do is all the rest.
// A key for programs is scoped, hashed at rest, and ends.
func TestD3D4D5OwnersKeepKeysAndManagersDoTheRest(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	s.CLI("person", "create", "own@example.com", "--role", "owner")
	s.CLI("person", "create", "boss@example.com", "--role", "manager", "--as", "own@example.com")
	for _, args := range [][]string{
		{"key", "list"}, {"apikey", "create", "--name", "x", "--scope", "read"}, {"cut"},
		{"person", "create", "x@example.com", "--role", "manager"}, {"person", "change", "boss@example.com", "--role", "owner"}, {"person", "delete", "own@example.com"},
	} {
		s.fails("", append(args, "--as", "boss@example.com")...)
	}
	for _, args := range [][]string{
		{"person", "create", "ann@example.com"}, {"person", "list"}, {"group", "create", "jury"}, {"group", "join", "jury", "ann@example.com"},
		{"collection", "create", "more", "--path", "/more/*"}, {"grant", "create", "clock", "--group", "jury", "--can", "view"},
		{"link", "create", "--collection", "clock"}, {"session", "list"}, {"session", "list", "--person", "ann@example.com"}, {"collection", "who", "clock"},
	} {
		s.CLI(append(args, "--as", "boss@example.com")...)
	}
	ann := s.activated("ann@example.com")
	session := ann.enters("/clock/clock.mp4")
	ann.plays(session, "/clock/clock.mp4")
	s.CLI("person", "suspend", "ann@example.com", "--as", "boss@example.com")
	ann.asks(session+"/clock/clock.mp4", http.StatusForbidden, "no_session")
	s.CLI("person", "change", "boss@example.com", "--role", "limited", "--as", "own@example.com")
	s.fails("directory", "person", "list", "--as", "boss@example.com")

	reads := s.told("apikey", "create", "--name", "shop", "--scope", "read", "--as", "own@example.com")["key"].(string)
	soon := s.told("apikey", "create", "--name", "soon", "--scope", "manage", "--expires", "1s")["key"].(string)
	program := func(key, method, path, body string) int {
		return s.anybody().send(method, "/_usher/api/v1"+path, body, "Authorization", "Bearer "+key, "Content-Type", "application/json").StatusCode
	}
	if got := program(reads, "GET", "/collections", ""); got != http.StatusOK {
		t.Errorf("a key that reads: %d", got)
	}
	if got := program(reads, "POST", "/groups", `{"name":"x"}`); got != http.StatusForbidden {
		t.Errorf("a key that reads, writing: %d", got)
	}
	if got := program("junk", "GET", "/collections", ""); got != http.StatusUnauthorized {
		t.Errorf("no key: %d", got)
	}
	eventually(t, "the key's end", func() bool { return program(soon, "GET", "/me", "") == http.StatusUnauthorized })
	err := filepath.WalkDir(filepath.Join(s.Dir, "store"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), reads) {
			t.Errorf("%s has the key", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The chart of roles that is printed is the table by which they are checked.
func TestD7TheChartIsWhatIsEnforced(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	s.CLI("person", "create", "owner@example.com", "--role", "owner")
	for _, role := range []string{"manager", "standard", "limited"} {
		s.CLI("person", "create", role+"@example.com", "--role", role)
	}
	rows := decode[struct {
		Permissions []struct {
			Permission string
			Reach      map[string]string
		}
	}](t, s.CLI("role", "table", "--json")).Permissions
	tries := map[string][]string{
		"keys": {"key", "list"}, "directory": {"person", "list"}, "groups": {"group", "create", "ROLE"}, "people": {"person", "create", "by-ROLE@example.com"},
		"make-collections": {"collection", "create", "of-ROLE"}, "who": {"collection", "who", "clock"}, "collections": {"collection", "change", "clock", "--title", "by ROLE"},
		"share": {"link", "create", "--collection", "clock"}, "private-stats": {"session", "list"}, "lay-paths": {"collection", "create", "path-ROLE", "--path", "/ROLE/*"},
	}
	shown := s.CLI("role", "table")
	tried := 0
	for _, row := range rows {
		if !strings.Contains(shown, row.Permission) || len(row.Reach) != 4 {
			t.Errorf("%s is not in the chart", row.Permission)
		}
		args, known := tries[row.Permission]
		if !known {
			continue
		}
		tried++
		for role, reach := range row.Reach {
			mine := strings.Split(strings.ReplaceAll(strings.Join(args, "\n"), "ROLE", role), "\n")
			_, err := s.TryCLI(append(mine, "--as", role+"@example.com")...)
			if (err == nil) != (reach == "yes") {
				t.Errorf("%s as %s, who may %q: %v", strings.Join(mine, " "), role, reach, err)
			}
		}
	}
	if tried != len(tries) {
		t.Errorf("%d of %d permissions are in the chart", tried, len(tries))
	}
	standard := s.activated("standard@example.com")
	standard.asks("/clock/clock.mp4", http.StatusForbidden, "locked")
	manager := s.activated("manager@example.com")
	manager.plays(manager.enters("/clock/clock.mp4"), "/clock/clock.mp4")
}

// What was used is counted: views by link, for good, bytes by session, and both
// together for whoever watches the gateway.
func TestD6ViewsAndBytesAreCounted(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "link")
	s.CLI("person", "create", "boss@example.com", "--role", "manager")
	l := s.share("--collection", "clock")
	var sent int64
	for range 2 {
		viewer := s.anybody()
		session := viewer.opens(l, "/clock/clock.mp4")
		sent += int64(len(viewer.plays(session, "/clock/clock.mp4").body))
	}
	wantViews(s, s.Server, l.ID, 2, 0)
	eventually(s, "all bytes are in the store", func() bool {
		var stored int64
		for _, one := range field(s, s.told("session", "list", "--link", l.ID, "--as", "boss@example.com"), "sessions").([]any) {
			stored += int64(field(s, one, "bytes").(float64))
		}
		return stored == sent
	})
	metrics := s.metrics()
	for _, line := range []string{`usher_plays_total{outcome="charged"} 2`, "usher_bytes_total "} {
		if !strings.Contains(metrics, line) {
			s.Errorf("no %s", line)
		}
	}
}

// A person's page has their collections, groups and sessions on it.
func TestD8APersonsPageShowsAllOfTheirs(t *testing.T) {
	s := onStage(t)
	s.collect("clock", "locked")
	s.collect("other", "locked")
	ann := s.person("ann@example.com", "--name", "Ann")
	s.CLI("group", "create", "jury")
	s.CLI("group", "join", "jury", "ann@example.com")
	s.CLI("grant", "create", "clock", "--group", "jury", "--can", "view")
	s.CLI("grant", "create", "other", "--person", "ann@example.com", "--can", "view,stats")
	ann.plays(ann.enters("/clock/clock.mp4"), "/clock/clock.mp4")
	page := s.told("person", "show", "ann@example.com")
	wantField(t, page, "groups/0/name", "jury")
	held := map[any]any{}
	for _, one := range field(t, page, "collections").([]any) {
		held[field(t, one, "name")] = field(t, one, "can")
	}
	wantField(t, map[string]any{"held": []any{held["clock"], held["other"]}}, "held", [][]string{{"view"}, {"view", "stats"}})
	wantField(t, page, "counts/live_sessions", 1)
	wantField(t, page, "counts/plays", 1)
	list := s.told("session", "list", "--person", "ann@example.com")
	wantField(t, list, "sessions/0/plays/0/asset", "/clock/clock.mp4")
	for _, word := range []string{"jury", "other", "clock"} {
		if text := s.CLI("person", "show", "ann@example.com"); !strings.Contains(text, word) {
			t.Errorf("no %s in %s", word, text)
		}
	}
}
