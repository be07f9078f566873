package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/mail"
	"github.com/usher-media/usher/internal/signin"
)

// newDesk is newServer with a desk, from which no mail can be sent, and a
// collection.
func newDesk(t *testing.T) *server {
	s := newServer(t)
	now := func(context.Context) (time.Time, error) { return time.Now(), nil }
	dir, err := directory.New(s.store, directory.NewView(s.store, time.Now), directory.Settings{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	desk := signin.NewDesk(signin.Options{Store: s.store, People: people{Directory: dir}, Keys: s.keys.Ring, Mail: mail.Printer{}, Now: time.Now, PublicURL: "https://media.example.com"})
	s.handler = api.New(func() (api.Backend, bool) {
		return api.Backend{Store: s.store, Gate: s.gate, Keys: s.keys, Directory: dir, Desk: desk, PublicURL: "https://media.example.com", Now: time.Now}, true
	}, api.Open)
	s.must("collection", "create", "acme", "--path", "/acme/*", "--level", "link")
	return s
}

// people are those of the directory, of whom nobody signs in.
type people struct {
	signin.People
	*directory.Directory
}

func (p people) ByID(ctx context.Context, id gate.PersonID) (signin.Person, error) {
	found, err := p.PersonByID(ctx, id)
	return signin.Person{ID: found.ID, Password: found.Password}, err
}

func (p people) SetPassword(ctx context.Context, id gate.PersonID, phc string) error {
	return p.Directory.SetPassword(ctx, id, phc)
}

func (s *server) file(text string) string {
	s.Helper()
	path := filepath.Join(s.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

func TestNewLinkFlags(t *testing.T) {
	s := newDesk(t)
	made := s.must("link", "create", "--collection", "acme", "--preset", "exam", "--for", "ann@example.com", "--for", "ben@example.com",
		"--start-by", "2h", "--play-for", "90m", "--views-each", "3")
	wants(t, made, "collection acme for view", "ann@example.com, ben@example.com", "5 sealed: does not stop", "Preset", "exam",
		"1h30m0s after its first view", "3 for each viewer", "Start by", "1 for each viewer (0 taken), refuse when full")
	locked := s.object("link", "create", "--path", "/acme/demo/*", "--collection", "acme", "--password-file", s.file("open sesame\n"), "--views", "5")
	if locked["has_password"] != true || locked["collection_name"] != "acme" {
		t.Errorf("%v", locked)
	}
	wants(t, s.must("link", "show", locked["id"].(string)), "Password", "yes", "/acme/demo/* in collection acme", "3 guarded")
	child := s.object("link", "create", "--parent", locked["url"].(string), "--views", "2")
	if child["parent"] != locked["id"] {
		t.Errorf("%v", child)
	}
	list := s.must("link", "list", "--parent", locked["id"].(string))
	if wants(t, list, child["id"].(string), "STRENGTH", "FOR"); strings.Contains(list, locked["id"].(string)) {
		t.Errorf("the parent is among what was made from it:\n%s", list)
	}
	wants(t, s.must("link", "list", "--collection", "acme", "--limit", "1"), "There are more: usher link list --collection acme --cursor ")
	wants(t, s.must("link", "list", "--for", "ann@example.com"), "collection acme")
	wants(t, s.must("link", "list", "--by", "ann@example.com"), "There are no links")
	for want, args := range map[string][]string{
		"--path what the link opens":                    {"link", "create", "--views", "3"},
		"known are review, team, sensitive, paid, exam": {"link", "create", "--path", "/a", "--preset", "party"},
		"field for":                                       {"link", "create", "--path", "/a", "--for", "ann"},
		"no such file":                                    {"link", "create", "--path", "/a", "--password-file", "/nowhere/password"},
		"want the password on one line":                   {"link", "create", "--path", "/a", "--password-file", s.file("a\nb\n")},
		"--password-file: want the password":              {"link", "create", "--path", "/a", "--password-file", s.file("\n")},
		"more than 49152 bytes":                           {"link", "create", "--path", "/a", "--password-file", s.file(strings.Repeat("x", 49153))},
		"unknown flag: --password":                        {"link", "create", "--path", "/a", "--password", "x"},
		"say how many views to hand on":                   {"link", "create", "--parent", locked["id"].(string)},
		`--start-by "soon"`:                               {"link", "create", "--path", "/a", "--start-by", "soon"},
		"field play_for":                                  {"link", "create", "--path", "/a", "--play-for", "soon"},
		"no collection with this name":                    {"link", "create", "--collection", "none"},
		"the path is not in collection acme (field path;": {"link", "create", "--collection", "acme", "--path", "/other/*"},
	} {
		s.fails(want, args...)
	}
	wants(t, s.must("link", "presets"), "exam", "2 views each; 1 device each at once; refuse one more; ends after 24h; names its persons")
	wants(t, s.must("link", "strength"), "0  open:", "5  sealed:", "recording the screen")
	if rows := s.object("link", "presets")["presets"].([]any); len(rows) != 5 {
		t.Errorf("%v", rows)
	}
}

func TestChangeLink(t *testing.T) {
	s := newDesk(t)
	id := s.object("link", "create", "--path", "/acme/*", "--can", "view,download")["id"].(string)
	s.watch(id, "/acme/demo/a.ts", "mpv 0.37")
	wants(t, s.must("link", "change", id, "--password-file", s.file("open sesame\r\n"), "--can", "view"), "yes", "for view")
	wants(t, s.must("link", "change", id, "--no-password", "--end-sessions"), "1 live session ended.")
	wants(t, s.must("link", "change", id, "--for", "ann@example.com"), "ann@example.com", "4 personal")
	if text := s.must("link", "change", id, "--for-anybody"); strings.Contains(text, "ann@") {
		t.Errorf("still for somebody:\n%s", text)
	}
	s.watch(id, "/acme/demo/a.ts", "vlc")
	wants(t, s.must("link", "cut", id), "1 session ended. The link stays open.")
	s.watch(id, "/acme/demo/a.ts", "vlc")
	wants(t, s.must("link", "suspend", id), "1 live session ended.")
	wants(t, s.must("link", "extend", id, "--starts", "1h", "--start-by", "2h", "--play-for", "1h"), "Start by", "1h0m0s after")
	s.fails("say what to change, with --can", "link", "change", id)
	s.fails("not both", "link", "change", id, "--for", "a@example.com", "--for-anybody")
	s.fails("not both", "link", "change", id, "--no-password", "--password-file", "-")
	s.fails("field can", "link", "change", id, "--can", "manage")
}

func TestMintAndMail(t *testing.T) {
	s := newDesk(t)
	id := s.object("link", "create", "--path", "/acme/*", "--views", "9", "--title", "Rough cut")["id"].(string)
	list := s.file("ann@example.com\nben@example.com # the second\nnobody\n")
	wants(t, s.must("link", "mint", id, "--for-each", list, "--views", "2"),
		"ann@example.com   made", "ben@example.com   made", "bad_address", "https://media.example.com/s/",
		"open to whoever has a link (link) before, and is open to whoever has a link (link) after")
	wants(t, s.must("link", "mint", id, "--for-each", list, "--views", "2"), "ann@example.com   already")
	mailed := s.must("link", "mail", id, "--to", "cleo@example.com", "--views", "1", "--message-file", s.file("Hello,\nlook."))
	wants(t, mailed, "by_hand", "---- to be sent by hand ----", "To: cleo@example.com", "> Hello,", "Good for 1 view", "Rough cut")
	s.fails("--for-each which file", "link", "mint", id)
	s.fails("holds no addresses", "link", "mint", id, "--for-each", s.file("\n"))
	s.fails("--to whom", "link", "mail", id)
	s.fails("not both", "link", "mail", id, "--to", "x@example.com", "--message", "a", "--message-file", "-")
	s.fails("how many views to hand on", "link", "mint", id, "--for-each", list)
}

func TestInvite(t *testing.T) {
	s := newDesk(t)
	wants(t, s.must("invite", "list"), "There are no invitations")
	dry := s.must("invite", "create", "ann@example.com", "x", "--collection", "acme", "--dry-run")
	if wants(t, dry, "invited", "bad_address", "Nothing was done"); strings.Contains(dry, "activate/") {
		t.Errorf("%s", dry)
	}
	wants(t, s.must("invite", "create", "ann@example.com", "--collection", "acme", "--preset", "can_manage", "--message", "Have a look", "--until", "30d"),
		"invited", "by_hand", "inv_", "To: ann@example.com", "> Have a look", "https://media.example.com/_usher/activate/")
	wants(t, s.must("invite", "create", "--emails-file", s.file("ben@example.com, ben@example.com # twice")), "invited", "duplicate")
	list := s.object("invite", "list", "--collection", "acme")["invites"].([]any)
	id := list[0].(map[string]any)["id"].(string)
	wants(t, s.must("invite", "list"), id, "pending", "ann@example.com", "collection acme", "ben@example.com")
	wants(t, s.must("invite", "show", id), "collection acme", "pending", "1 time, last", "0 sessions, 0 plays")
	wants(t, s.must("invite", "resend", id), "2 times, last", "activate/")
	wants(t, s.must("invite", "revoke", id), "revoked")
	s.fails("was withdrawn", "invite", "resend", id)
	s.fails("and not both", "invite", "create")
	s.fails("and not both", "invite", "create", "a@example.com", "--emails-file", "-")
	s.fails(`--until "soon"`, "invite", "create", "a@example.com", "--until", "soon")
	s.fails("no such person", "--as", "nobody@example.com", "invite", "list")
	s.fails("the invitation's id", "invite", "show")
	s.fails("nothing with this id", "invite", "show", "inv_x")
	wants(t, s.must("session", "list", "--person", "ann@example.com"), "There are no sessions")
}
