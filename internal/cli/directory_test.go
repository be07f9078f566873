package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

func TestPersonCommands(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("person", "list"), "There are no such persons")
	id := s.object("person", "create", "Ada@Example.com", "--name", "Ada Lovelace", "--role", "standard")["id"].(string)
	wants(t, s.must("person", "create", "guest@example.org", "--sponsor", "ada@example.com", "--until", "30d"), "guest@example.org", "limited", "Guest of", id)
	wants(t, s.must("person", "list", "--role", "standard"), "PERSON", id, "ada@example.com", "Ada Lovelace")
	page := s.must("person", "list", "--limit", "1")
	wants(t, page, "There are more: usher person list --cursor ")
	wants(t, s.must("person", "list", "--sponsor", "ada@example.com"), "guest@example.org")
	for _, name := range []string{id, "ada@example.com", "ADA@example.com"} {
		wants(t, s.must("person", "show", name), id, "Ada Lovelace", "access to no collection", "0 known, 0 live, 0 plays")
	}
	wants(t, s.must("person", "change", "ada@example.com", "--role", "manager", "--name", ""), "manager")
	wants(t, s.must("person", "show", "ada@example.com"), "reaches every collection")
	wants(t, s.must("person", "suspend", "ada@example.com", "--why", "holidays"), "suspended since", ": holidays")
	wants(t, s.must("person", "resume", "ada@example.com"), "active since")
	wants(t, s.must("person", "cut", "ada@example.com"), "Cut person ada@example.com", "0 live sessions ended")
	wants(t, s.must("person", "change", "guest@example.org", "--sponsor", "", "--until", "never"), "Rights end   never")
	grace := s.object("person", "create", "grace@example.com", "--role", "manager")["id"].(string)
	wants(t, s.must("person", "delete", "ada@example.com", "--heir", "grace@example.com"), "is gone", grace)
	wants(t, s.must("person", "delete", "guest@example.org", "--cut"), "operators")
}

func TestGroupCommands(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("group", "list"), "There are no groups")
	id := s.object("group", "create", "jury 2099", "--ends", "2099-06-30T18:00:00Z")["id"].(string)
	for _, name := range []string{id, "jury 2099", "JURY 2099"} {
		wants(t, s.must("group", "show", name), id, "jury 2099", "2099-06-30T18:00:00Z")
	}
	wants(t, s.must("group", "members", id), "nobody in the group")
	s.must("person", "create", "ada@example.com")
	wants(t, s.must("group", "join", "jury 2099", "ada@example.com"), "ada@example.com", "1 added.")
	wants(t, s.must("group", "members", "jury 2099"), "ada@example.com")
	wants(t, s.must("person", "show", "ada@example.com"), "jury 2099")
	wants(t, s.must("group", "leave", id, "ada@example.com"), "1 removed.")
	wants(t, s.must("group", "change", id, "--name", "jury", "--ends", "never"), "never")
	wants(t, s.must("group", "cut", "jury"), "nobody to cut in group jury")
	wants(t, s.must("group", "list"), "GROUP", "jury")
	wants(t, s.must("group", "report", "jury"), "nobody in the group")
	s.must("group", "join", "jury", "ada@example.com")
	wants(t, s.must("group", "cut", "jury"), "Cut group jury")
	wants(t, s.must("group", "close", "jury"), "MEMBER", "ada@example.com", "Sessions ended")
	wants(t, s.must("group", "delete", "jury"), "is gone")
	s.fails("no group with this name or id", "group", "show", "jury")
}

func TestGroupImport(t *testing.T) {
	s := newServer(t)
	file := filepath.Join(t.TempDir(), "judges.txt")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# judges\nada@example.com, grace@example.com;\r\n  ada@example.com # twice\n\nmary#1@example.com\n")
	s.fails("no group with this name", "group", "import", "judges", file)
	wants(t, s.must("group", "import", "judges", file, "--new"), "3 added.")
	wants(t, s.must("group", "import", "judges", file, "--new"), "3 already.")
	wants(t, s.must("person", "list", "--group", "judges"), "mary#1@example.com")

	write("nonsense\nnew@example.com\n")
	stdout, stderr, err := s.usher("group", "import", "judges", file)
	if err == nil || !strings.Contains(stderr, "usher: 1 of 2 were refused") {
		t.Errorf("%v, %q", err, stderr)
	}
	wants(t, stdout, "nonsense", "refused", "1 added, 1 refused.")

	var many strings.Builder
	for i := range 400 {
		many.WriteString("p" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + "@example.com\n")
	}
	root := s.trees()
	var out bytes.Buffer
	root.SetIn(strings.NewReader(many.String()))
	root.SetOut(&out)
	root.SetArgs([]string{"group", "import", "judges", "-", "--json"})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Results []any
		Counts  map[string]int
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got.Results) != 400 || got.Counts["added"] != 400 {
		t.Errorf("%d results, %v, %v", len(got.Results), got.Counts, err)
	}
	write(" ,;# nothing\n")
	s.fails("holds no addresses", "group", "import", "judges", file)
	s.fails("no such file", "group", "import", "judges", file+".none")
	s.fails("want two arguments", "group", "import", "judges")
}

func TestCollectionCommands(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("collection", "list"), "There are no collections")
	id := s.object("collection", "create", "acme", "--path", "/acme/*", "--path", "/film.mp4", "--title", "Acme")["id"].(string)
	for _, name := range []string{id, "acme"} {
		wants(t, s.must("collection", "show", name), id, "/acme/* /film.mp4", "locked", "manage", "deny")
	}
	wants(t, s.must("collection", "unlock", "acme"), "Level            link")
	link := s.object("link", "create", "--path", "/acme/*")["id"].(string)
	s.watch(link, "/acme/a.ts", "mpv")
	wants(t, s.must("collection", "lock", "acme"), "locked", "1 live and anonymous")
	if got := s.object("collection", "unlock", "acme", "--level", "members"); got["level"] != "members" || got["sessions_ended"] != 0.0 {
		t.Errorf("%v", got)
	}
	s.fails("no unlocking", "collection", "unlock", "acme", "--level", "locked")
	s.fails("known are locked, members, link, public", "collection", "unlock", "acme", "--level", "open")
	s.must("collection", "create", "all", "--include", "acme")
	wants(t, s.must("collection", "show", "all"), "Includes", id)
	if got := s.object("collection", "change", "all", "--include", ""); got["includes"] != nil {
		t.Errorf("%v", got)
	}
	s.must("person", "create", "ada@example.com")
	wants(t, s.must("collection", "change", "acme", "--owner", "ada@example.com", "--path", "/acme/*"), "Owner            ada@example.com")
	wants(t, s.must("collection", "who", "acme"), "PERSON", "ada@example.com", "owns it", "–")
	wants(t, s.must("collection", "who", "all"), "Nobody in particular")
	wants(t, s.must("collection", "list", "--as", "ada@example.com"), "acme")
	wants(t, s.must("person", "show", "ada@example.com"), "acme", "(owner)", "collaborator")
	wants(t, s.must("collection", "cut", "acme"), "Cut collection acme")
	wants(t, s.must("collection", "delete", "acme"), "is gone")
	s.fails("no collection with this name", "collection", "show", "acme")
}

func TestGrantCommands(t *testing.T) {
	s := newServer(t)
	s.must("collection", "create", "acme", "--path", "/acme/*")
	s.must("person", "create", "ada@example.com")
	s.must("group", "create", "jury")
	id := s.object("grant", "create", "acme", "--person", "ada@example.com", "--can", "view,download")["id"].(string)
	wants(t, s.must("grant", "create", "acme", "--group", "jury", "--preset", "can_view", "--ends", "30d"), "view (can_view)", "jury")
	wants(t, s.must("grant", "show", id), id, "view, download")
	wants(t, s.must("grant", "list", "--collection", "acme"), "view,download", "ada@example.com", "jury")
	wants(t, s.must("grant", "list", "--person", "ada@example.com"), "view,download")
	wants(t, s.must("grant", "list", "--group", "jury"), "view")
	wants(t, s.must("collection", "who", "acme"), "grant", "view,download")
	wants(t, s.must("grant", "delete", "acme", "--person", "ada@example.com"), id, "is gone")
	wants(t, s.must("grant", "delete", "acme", "--group", "jury"), "is gone")
	wants(t, s.must("grant", "list", "--group", "jury"), "no such grants")
	s.fails("there is no grant", "grant", "delete", id)
}

func TestRoleMeAndCut(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("role", "table"), "PERMISSION", "OWNER", "LIMITED", "appoint", "with manage", "can_manage")
	wants(t, s.must("me"), "You are the operator", "cut-all")
	s.must("person", "create", "ada@example.com")
	text := s.must("me", "--as", "ada@example.com")
	wants(t, text, "ada@example.com", "viewer", "with share")
	if strings.Contains(text, "cut-all") {
		t.Errorf("a limited person may cut all:\n%s", text)
	}
	s.fails("this takes the permission people", "person", "create", "x@example.com", "--as", "ada@example.com")
	s.fails("no such person to act as", "me", "--as", "no@example.com")
	link := s.object("link", "create", "--path", "/acme/*")["id"].(string)
	id, err := gate.ParseLinkID(link)
	if err != nil {
		t.Fatal(err)
	}
	var device gate.DeviceID
	for range 230 {
		device = gate.DeviceID(token.NewID(time.Now()))
		opened, err := s.store.Open(t.Context(), gate.Opening{
			Link: id, Session: gate.SessionID(token.NewID(time.Now())), Device: device, Subject: gate.SubjectOf(device), Life: time.Hour,
		})
		if err != nil || opened.Refused.Reason != gate.OK {
			t.Fatal(opened.Refused, err)
		}
	}
	if got := s.object("cut", "--device", device.String()); got["sessions_ended"] != 1.0 {
		t.Errorf("a cut of one device: %v", got)
	}
	wants(t, s.must("cut", "--device", device.String()), "Cut device "+device.String(), "0 live sessions ended")
	s.fails("not both", "cut", "--all", "--device", device.String())
	s.fails("dev_", "cut", "--device", "phone")
	if got := s.object("cut", "--all"); got["sessions_ended"] != 229.0 || got["next"] != nil {
		t.Errorf("a cut of several requests: %v", got)
	}
	wants(t, s.must("cut", "--all"), "Cut everybody", "0 live sessions ended")
	s.fails("--all", "cut")
	wants(t, s.must("apikey", "create", "--name", "laptop", "--scope", "read", "--person", "ada@example.com"), "Person", "per_")
	wants(t, s.must("apikey", "list"), "WHOSE", "per_")
	wants(t, s.must("session", "list", "--person", "ada@example.com"), "There are no sessions")
}

func TestDirectoryErrors(t *testing.T) {
	s := newServer(t)
	s.must("person", "create", "ada@example.com")
	s.must("group", "create", "jury")
	s.must("collection", "create", "acme", "--path", "/acme/*")
	tests := []struct {
		want string
		args []string
	}{
		{"field email", []string{"person", "create", "ada"}},
		{"is taken by per_", []string{"person", "create", "ada@example.com"}},
		{"known are limited, standard, manager, owner", []string{"person", "create", "x@example.com", "--role", "king"}},
		{"field until", []string{"person", "create", "x@example.com", "--until", "soon"}},
		{"add them first (field sponsor)", []string{"person", "create", "x@example.com", "--sponsor", "no@example.com"}},
		{"no group with this name", []string{"person", "create", "x@example.com", "--group", "none"}},
		{"want one argument, the person's e-mail address", []string{"person", "create"}},
		{"neither a person's e-mail address nor their id", []string{"person", "show", "ada"}},
		{`no person with the address "no@example.com"`, []string{"person", "show", "no@example.com"}},
		{"there is no person per_", []string{"person", "show", "per_00000000000000000000"}},
		{"--name, --role, --until or --sponsor", []string{"person", "change", "ada@example.com"}},
		{`usher person has no command "erase": known are create, list, show`, []string{"person", "erase", "ada@example.com"}},
		{`"none": there is no group`, []string{"group", "show", "none"}},
		{"at least one person", []string{"group", "join", "jury"}},
		{"--name, --starts or --ends", []string{"group", "change", "jury"}},
		{"is taken by grp_", []string{"group", "create", "Jury"}},
		{"passed already", []string{"group", "create", "old", "--ends", "2001-01-01T00:00:00Z"}},
		{"field name", []string{"collection", "create", "Acme"}},
		{"field paths/0", []string{"collection", "create", "other", "--path", "acme"}},
		{"is taken by col_", []string{"collection", "create", "other", "--path", "/acme/*"}},
		{"no collection with this name or id", []string{"collection", "who", "none"}},
		{"--title, --path", []string{"collection", "change", "acme"}},
		{"either --person or --group", []string{"grant", "create", "acme", "--can", "view"}},
		{"either --can or --preset", []string{"grant", "create", "acme", "--person", "ada@example.com"}},
		{"known are view, download, upload, share, stats, manage, comment", []string{"grant", "create", "acme", "--person", "ada@example.com", "--can", "fly"}},
		{"known are can_manage, can_view", []string{"grant", "create", "acme", "--person", "ada@example.com", "--preset", "all"}},
		{"one of --collection, --person and --group", []string{"grant", "list"}},
		{"either --person or --group, or give its id", []string{"grant", "delete", "acme"}},
		{"nothing with this id", []string{"grant", "show", "x"}},
		{"from 1 to 200 (field limit)", []string{"person", "list", "--limit", "0"}},
		{"that this list gave", []string{"person", "list", "--cursor", "x"}},
	}
	for _, test := range tests {
		s.fails(test.want, test.args...)
	}
}

// Things are made with create and deleted with delete. Whoever has another word
// at their fingers gets by with it.
func TestWordsForTheSame(t *testing.T) {
	s := newServer(t)
	s.must("person", "add", "ada@example.com")
	s.must("group", "add", "jury")
	s.must("collection", "add", "acme", "--path", "/acme/*")
	s.must("grant", "add", "acme", "--group", "jury", "--can", "view")
	s.fails("got 2 (persons: usher group join)", "group", "add", "jury", "ada@example.com")
	s.fails("got 2 (persons: usher group leave)", "group", "remove", "jury", "ada@example.com")
	for _, args := range [][]string{
		{"grant", "remove", "acme", "--group", "jury"}, {"collection", "remove", "acme"}, {"group", "remove", "jury"}, {"person", "remove", "ada@example.com"},
		{"apikey", "revoke", s.object("apikey", "create", "--name", "shop", "--scope", "read")["id"].(string)},
	} {
		wants(t, s.must(args...), "is gone")
	}
}
