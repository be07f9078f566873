package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/cli"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/model"
	"github.com/usher-media/usher/internal/token"
)

// server is an API in this process that commands talk to.
type server struct {
	*testing.T
	handler http.Handler
	store   gate.Store
	gate    *gate.Gate
	keys    *fileKeys
	address string // what the last command dialled
	as      string
	reply   func(w http.ResponseWriter)
	lost    error
}

func newServer(t *testing.T) *server {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := token.LoadOrCreateKeyring(path, time.Now()); err != nil {
		t.Fatal(err)
	}
	s := &server{T: t, keys: &fileKeys{t, path}, store: model.New(time.Now)}
	storesTime := func(context.Context) (time.Time, error) { return time.Now(), nil }
	view := directory.NewView(s.store, time.Now)
	dir, err := directory.New(s.store, view, directory.Settings{Now: storesTime})
	if err != nil {
		t.Fatal(err)
	}
	s.gate = gate.New(gate.House{Store: s.store, Keys: s.keys.Ring, Rules: view}, gate.Unpaced, gate.DefaultPolicy())
	s.handler = api.New(func() (api.Backend, bool) {
		return api.Backend{Store: s.store, Gate: s.gate, Keys: s.keys, Directory: dir, PublicURL: "https://media.example.com", Now: time.Now}, true
	}, api.Open)
	return s
}

func (s *server) dial(address, as string) (cli.Doer, error) {
	s.address, s.as = address, as
	return s, nil
}

// Do implements cli.Doer.
func (s *server) Do(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	if s.lost != nil {
		return 0, nil, s.lost
	}
	r := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.as != "" {
		r.Header.Set("Usher-As", s.as)
	}
	w := httptest.NewRecorder()
	if s.reply != nil {
		s.reply(w)
	} else {
		s.handler.ServeHTTP(w, r)
	}
	return w.Code, w.Body.Bytes(), nil
}

// Follow implements cli.Doer: what is streamed until the handler ends.
func (s *server) Follow(ctx context.Context, path, after string) (int, io.ReadCloser, error) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	r.Header.Set("Last-Event-ID", after)
	w := httptest.NewRecorder()
	if s.reply != nil {
		s.reply(w)
	} else {
		s.handler.ServeHTTP(w, r)
	}
	return w.Code, io.NopCloser(w.Body), nil
}

// fileKeys is a keyring in a file that is read each time.
type fileKeys struct {
	*testing.T
	path string
}

func (k *fileKeys) Ring() *token.Keyring {
	ring, err := token.LoadKeyring(k.path)
	if err != nil {
		k.Fatal(err)
	}
	return ring
}

func (k *fileKeys) Rotate(use token.Use) (token.Key, error) {
	ring, key, err := k.Ring().Rotate(use, time.Now())
	if err != nil {
		return token.Key{}, err
	}
	return key, ring.Save(k.path)
}

func (k *fileKeys) Retire(id string) (token.Key, error) {
	ring, err := k.Ring().Retire(id, time.Now())
	if err != nil {
		return token.Key{}, err
	}
	keys := ring.Keys()
	return keys[slices.IndexFunc(keys, func(key token.Key) bool { return key.ID == id })], ring.Save(k.path)
}

// trees returns all commands below one root, as the binary has them.
func (s *server) trees() *cobra.Command {
	root := &cobra.Command{Use: "usher", SilenceUsage: true}
	root.AddCommand(cli.Link(s.dial), cli.Session(s.dial), cli.Key(s.dial), cli.APIKey(s.dial), cli.Explain(s.dial), cli.Token(),
		cli.Person(s.dial), cli.Group(s.dial), cli.Collection(s.dial), cli.Grant(s.dial), cli.Role(s.dial), cli.Me(s.dial), cli.Usage(s.dial), cli.Cut(s.dial), cli.Events(s.dial), cli.Invite(s.dial), cli.Limit(s.dial))
	return root
}

// usher runs a command line and returns what it wrote.
func (s *server) usher(args ...string) (stdout, stderr string, err error) {
	s.Helper()
	root := s.trees()
	var out, problems bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&problems)
	root.SetArgs(args)
	err = root.ExecuteContext(s.Context())
	return out.String(), problems.String(), err
}

// must is usher for command lines that have to succeed, in silence on stderr.
func (s *server) must(args ...string) string {
	s.Helper()
	stdout, stderr, err := s.usher(args...)
	if err != nil || stderr != "" {
		s.Fatalf("usher %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return stdout
}

// object is must for command lines with --json.
func (s *server) object(args ...string) map[string]any {
	s.Helper()
	text := s.must(append(args, "--json")...)
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		s.Fatalf("usher %s --json: %v in %q", strings.Join(args, " "), err, text)
	}
	return object
}

// fails runs a command line that has to fail with one line that holds want.
func (s *server) fails(want string, args ...string) {
	s.Helper()
	stdout, stderr, err := s.usher(args...)
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	if err == nil || stdout != "" || !strings.HasPrefix(lines[0], "usher: ") || !strings.Contains(lines[0], want) {
		s.Errorf("usher %s: error %v, stdout %q, stderr %q; want %q", strings.Join(args, " "), err, stdout, stderr, want)
	}
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line, "usher: see usher ") {
			s.Errorf("usher %s: %q", strings.Join(args, " "), stderr)
		}
	}
}

func wants(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("want %q in:\n%s", word, text)
		}
	}
}

func TestLinkCreate(t *testing.T) {
	s := newServer(t)
	text := s.must("link", "create", "--path", "/acme/demo/*")
	wants(t, text, "Share URL", "https://media.example.com/s/", "Media URL", "/acme/demo/?usher=", "no views limit", "never expires", "for view\n")
	text = s.must("link", "create", "--path", "/acme/demo/*", "--views", "3", "--views-each", "2", "--expires", "48h",
		"--starts", "1h", "--can", "view,download", "--title", "Demo", "--entry", "master.m3u8")
	wants(t, text, "3, 3 left, 2 for each viewer", "for view, download", "Demo", "master.m3u8", "Starts")

	link := s.object("link", "create", "--path", "/acme/film.mp4", "--expires", "2099-01-02T03:04:05Z", "--starts", "2026-01-01T00:00:00+01:00", "--views", "1")
	for name, want := range map[string]any{"scope": "/acme/film.mp4", "expires_at": "2099-01-02T03:04:05Z", "starts_at": "2025-12-31T23:00:00Z"} {
		if link[name] != want {
			t.Errorf("%s: %v, want %v", name, link[name], want)
		}
	}
	for _, name := range []string{"id", "url", "media_url"} {
		if text, _ := link[name].(string); text == "" {
			t.Errorf("the object has no %s", name)
		}
	}
}

func TestLinkLife(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("link", "list"), "There are no links")
	link := s.object("link", "create", "--path", "/acme/demo/*", "--views", "3")
	id, share, media := link["id"].(string), link["url"].(string), link["media_url"].(string)
	for _, name := range []string{id, share, media} {
		wants(t, s.must("link", "show", name), id, "/acme/demo/*")
	}
	wants(t, s.must("link", "extend", share, "--views", "+2"), "5, 5 left")
	wants(t, s.must("link", "extend", id, "--views", "9", "--views-each", "4", "--expires", "2099-01-01T00:00:00Z"), "9, 9 left, 4 for each viewer", "2099-01-01T00:00:00Z")
	wants(t, s.must("link", "extend", id, "--views", "0", "--views-each", "+1", "--expires", "7d"), "no views limit, 5 for each viewer")
	wants(t, s.must("link", "suspend", media, "--why", "passed on"), "suspended since", ": passed on")
	wants(t, s.must("link", "resume", id), "active since")
	wants(t, s.must("link", "list"), "LINK", "active", "0 used", "/acme/demo/*")
	wants(t, s.must("link", "revoke", id, "--why", "over"), "revoked since", ": over")
	if got := s.object("link", "revoke", id); got["standing"] != "revoked" {
		t.Errorf("%v", got["standing"])
	}
	s.fails("revocation is final", "link", "resume", id)
	second := s.object("link", "create", "--path", "/acme/film.mp4", "--views", "1")["id"].(string)
	page := s.must("link", "list", "--limit", "1")
	if strings.Contains(page, id) == strings.Contains(page, second) {
		t.Errorf("a page of one link:\n%s", page)
	}
	wants(t, page, "There are more: usher link list --cursor ")
}

func TestLinkErrors(t *testing.T) {
	s := newServer(t)
	id := s.object("link", "create", "--path", "/acme/demo/*")["id"].(string)
	tests := []struct {
		want string
		args []string
	}{
		{"--path", []string{"link", "create"}},
		{"field path", []string{"link", "create", "--path", "acme"}},
		{"field views)", []string{"link", "create", "--path", "/a", "--views", "-1"}},
		{"field can; known are view, download", []string{"link", "create", "--path", "/a", "--can", "watch"}},
		{`--expires "soon": want a duration such as 48h`, []string{"link", "create", "--path", "/a", "--expires", "soon"}},
		{`--starts "-1h"`, []string{"link", "create", "--path", "/a", "--starts", "-1h"}},
		{"passed already (field expires_at)", []string{"link", "create", "--path", "/a", "--expires", "2001-01-01T00:00:00Z"}},
		{"unknown flag: --viewz", []string{"link", "create", "--viewz", "3"}},
		{`invalid argument "x" for "--views"`, []string{"link", "create", "--views", "x"}},
		{`no argument "/acme/*"`, []string{"link", "create", "/acme/*"}},
		{"--when-full or --expires", []string{"link", "extend", id}},
		{`--views "+x"`, []string{"link", "extend", id, "--views", "+x"}},
		{`--views-each "-1"`, []string{"link", "extend", id, "--views-each", "-1"}},
		{`--expires "never"`, []string{"link", "extend", id, "--expires", "never"}},
		{"no limit that could be added to", []string{"link", "extend", id, "--views", "+1"}},
		{"want one argument, the link: its id", []string{"link", "show"}},
		{"got 2", []string{"link", "show", id, id}},
		{"neither a link's id", []string{"link", "show", "lnk_1"}},
		{"neither a link's id", []string{"link", "show", "demo"}},
		{"nothing with this id", []string{"link", "show", "lnk_00000000000000000000"}},
		{"names no link of this server (bad_token)", []string{"link", "revoke", "https://media.example.com/s/x"}},
		{"names no link of this server (no_token)", []string{"link", "revoke", "https://media.example.com/acme/demo/"}},
		{`usher link has no command "delete": known are create, list`, []string{"link", "delete", id}},
		{"from 1 to 200 (field limit)", []string{"link", "list", "--limit", "0"}},
	}
	for _, test := range tests {
		s.fails(test.want, test.args...)
	}
}

// watch opens a session on the link and charges one view to it.
func (s *server) watch(link, path, agent string) gate.Verdict {
	s.Helper()
	id, err := gate.ParseLinkID(link)
	if err != nil {
		s.Fatal(err)
	}
	p, _ := gate.ParsePath(path)
	req := gate.Request{Method: http.MethodGet, Path: p, Agent: agent, Presented: []gate.Credential{{Carrier: gate.InQuery, Text: s.gate.LinkCode(id)}}}
	opened, err := s.gate.Decide(s.Context(), time.Now(), &req)
	if err != nil || opened.Outcome != gate.Redirect {
		s.Fatal(opened.Refusal, err)
	}
	req.Presented = []gate.Credential{{Carrier: gate.InPath, Text: opened.Token}}
	v, err := s.gate.Decide(s.Context(), time.Now(), &req)
	if err != nil || v.Outcome != gate.Pass {
		s.Fatal(v.Refusal, err)
	}
	if _, err := s.gate.Charge(s.Context(), &v); err != nil {
		s.Fatal(err)
	}
	return opened
}

func TestSession(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("session", "list"), "There are no sessions")
	link := s.object("link", "create", "--path", "/acme/*", "--views", "3")
	v := s.watch(link["id"].(string), "/acme/demo/a.ts", "mpv 0.37")
	id := v.Session.String()
	wants(t, s.must("link", "show", link["id"].(string)), "3, 2 left (1 used, 0 reserved)", "1 play, 1 device")
	wants(t, s.must("session", "list", "--link", link["url"].(string)), id, "live", "mpv")
	s.watch(link["id"].(string), "/acme/demo/a.ts", "vlc")
	page := s.must("session", "list", "--limit", "1", "--link", link["id"].(string))
	wants(t, page, "There are more: usher session list --link "+link["id"].(string)+" --cursor ")
	cursor := strings.Fields(page[strings.Index(page, "--cursor"):])[1]
	if rest := s.must("session", "list", "--cursor", cursor); strings.Contains(rest, id) == strings.Contains(page, id) || !strings.Contains(rest, "live") {
		t.Errorf("the next page:\n%s", rest)
	}
	wants(t, s.must("session", "show", id), id, link["id"].(string), "PLAY OF", "demo", "charged", "/acme/demo/a.ts")
	if got := s.object("session", "end", id); got["state"] != "ended" {
		t.Errorf("%v", got)
	}
	wants(t, s.must("session", "end", id), "ended")
	s.fails(`want "ses_"`, "session", "show", link["id"].(string))
	s.fails("nothing with this id", "session", "end", "ses_00000000000000000000")
	s.fails("the session's id", "session", "end")
}

func TestKey(t *testing.T) {
	s := newServer(t)
	seal := s.object("key", "list")["keys"].([]any)[0].(map[string]any)["id"].(string)
	s.fails("rotate first", "key", "retire", seal)
	wants(t, s.must("key", "rotate", "--use", "seal"), "The new seal key")
	if key := s.object("key", "rotate", "--use", "link"); key["id"] != "link-2" {
		t.Errorf("%v", key)
	}
	wants(t, s.must("key", "retire", seal), "Key "+seal+" is retired", "at most 0 live sessions")
	wants(t, s.must("key", "list"), "KEY", "retired", "signing", "link-2")
	s.fails("--use seal or --use link", "key", "rotate")
	s.fails("field use; known are seal, link", "key", "rotate", "--use", "both")
	s.fails("no key with this id", "key", "retire", "none")
	s.fails("no key with this id", "key", "retire", "a/b")
}

func TestAPIKey(t *testing.T) {
	s := newServer(t)
	wants(t, s.must("apikey", "list"), "There are no API keys")
	wants(t, s.must("apikey", "create", "--name", "dashboard", "--scope", "read"), "usk_", "shown only now", "never expires")
	key := s.object("apikey", "create", "--name", "shop", "--scope", "manage", "--expires", "90d")
	text := s.must("apikey", "list")
	wants(t, text, "API KEY", "shop", "manage", "dashboard", key["id"].(string))
	if strings.Contains(text, key["key"].(string)) {
		t.Error("a key is listed")
	}
	wants(t, s.must("apikey", "delete", key["id"].(string)), "(shop) is gone")
	s.fails("nothing with this id", "apikey", "delete", key["id"].(string))
	s.fails("--scope", "apikey", "create", "--name", "x")
	s.fails("known are read, manage", "apikey", "create", "--name", "x", "--scope", "all")
	s.fails(`--expires "x"`, "apikey", "create", "--name", "x", "--scope", "read", "--expires", "x")
}

func TestExplain(t *testing.T) {
	s := newServer(t)
	link := s.object("link", "create", "--path", "/acme/*", "--views", "1")
	v := s.watch(link["id"].(string), "/acme/demo/a.ts", "mpv 0.37")
	session := "https://media.example.com/~" + v.Token + "/acme/demo/b.ts"
	spent := s.must("explain", link["media_url"].(string))
	wants(t, spent, "gather", "answer", "refuse: views_spent (410)", "Views: 1 of 1 used", link["id"].(string))
	free := s.must("explain", session)
	wants(t, free, "pass (200)", "open since", v.Session.String())
	wants(t, s.must("explain", "--method", "head", link["media_url"].(string)), "blank (204)")
	if got := s.object("explain", session); got["outcome"] != "pass" {
		t.Errorf("%v", got)
	}
	for _, url := range []string{link["media_url"].(string), link["url"].(string), session} {
		said := s.must("explain", url) + s.must("explain", url, "--json")
		for _, piece := range strings.FieldsFunc(url, func(r rune) bool { return strings.ContainsRune("/?=~", r) }) {
			if len(piece) > 20 && strings.Contains(said, piece) {
				t.Errorf("the explanation repeats %q", piece)
			}
		}
	}
	s.fails("the URL, in quotes", "explain")
	s.fails("field method; known are GET", "explain", "--method", "TRACE", "/")
}

func TestTokenSign(t *testing.T) {
	s := newServer(t)
	signed := s.object("token", "sign", "--keys", s.keys.path, "--path", "/acme/demo/*", "--views", "3", "--views-each", "2", "--expires", "48h",
		"--starts", "2026-01-01T00:00:00Z", "--can", "view,download", "--title", "Demo", "--entry", "master.m3u8", "--jti", "order-17")
	claims, err := s.keys.Ring().ReadLink(signed["token"].(string), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if claims.JTI != "order-17" || claims.Terms.Views != 3 || claims.Terms.ViewsEach != 2 || claims.Terms.Entry != "master.m3u8" || len(claims.Terms.Can) != 2 {
		t.Errorf("%+v", claims)
	}
	for _, path := range []string{"share_path", "media_path"} {
		wants(t, s.must("explain", "https://media.example.com"+signed[path].(string)), "link signed with key link-1", "/acme/demo/*")
	}
	first, second := s.must("token", "sign", "--keys", s.keys.path, "--path", "/a.mp4"), s.must("token", "sign", "--keys", s.keys.path, "--path", "/a.mp4")
	if first == second || strings.Count(first, "\n") != 1 {
		t.Errorf("two tokens without --jti: %q and %q", first, second)
	}
	later := strings.TrimSpace(s.must("token", "sign", "--keys", s.keys.path, "--path", "/a.mp4", "--starts", "1h"))
	if _, err := s.keys.Ring().ReadLink(later, time.Now()); !errors.Is(err, token.ErrNotYet) {
		t.Errorf("a token that starts later: %v", err)
	}
}

func TestTokenSignErrors(t *testing.T) {
	s := newServer(t)
	open := filepath.Join(t.TempDir(), "open.json")
	if err := os.WriteFile(open, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	sign := func(more ...string) []string {
		return append([]string{"token", "sign", "--keys", s.keys.path, "--path", "/acme/*"}, more...)
	}
	tests := []struct {
		want string
		args []string
	}{
		{"--keys which keyring", []string{"token", "sign"}},
		{"no such file", []string{"token", "sign", "--keys", "/nowhere/keys.json", "--path", "/a"}},
		{"chmod 600", []string{"token", "sign", "--keys", open, "--path", "/a"}},
		{`--path "acme"`, []string{"token", "sign", "--keys", s.keys.path, "--path", "acme"}},
		{"--views: want 0", sign("--views", "-1")},
		{"--views-each: want 0", sign("--views-each", "-1")},
		{"--seats: want 0", sign("--seats", "101")},
		{"--seats-each: want 0", sign("--seats-each", "-1")},
		{"--when-full: unknown word", sign("--when-full", "kick")},
		{"--can: unknown capability", sign("--can", "watch")},
		{"--can: a link may carry", sign("--can", "manage")},
		{"--title: want", sign("--title", "a\nb")},
		{"--entry: want", sign("--entry", "../x")},
		{`--expires "x"`, sign("--expires", "x")},
		{"--expires: a signed link needs an end", sign("--expires", "")},
		{"--expires: want a time after", sign("--starts", "2h", "--expires", "1h")},
		{"would refuse this token", sign("--expires", "2001-01-01T00:00:00Z")},
		{"would refuse this token", sign("--jti", strings.Repeat("x", 257))},
		{`no argument "x"`, sign("x")},
		{`has no command "verify"`, []string{"token", "verify"}},
	}
	for _, test := range tests {
		s.fails(test.want, test.args...)
	}
}

func TestAnswersThatAreNotUshers(t *testing.T) {
	s := newServer(t)
	s.lost = errors.New("no server answers at localhost:2019: start one with usher run")
	s.fails("no server answers at localhost:2019", "link", "list")
	s.lost = nil
	for name, reply := range map[string]func(http.ResponseWriter){
		"the admin address of an Usher server": func(w http.ResponseWriter) { http.NotFound(w, nil) },
		"another version":                      func(w http.ResponseWriter) { _, _ = w.Write([]byte(`<html>`)) },
	} {
		s.reply = reply
		s.fails(name, "link", "list")
	}
}

func TestAddress(t *testing.T) {
	s := newServer(t)
	for _, args := range [][]string{
		{"link", "list"}, {"session", "list"}, {"key", "list"}, {"apikey", "list"}, {"explain", "/"},
	} {
		s.must(args...)
		if s.address != "" {
			t.Errorf("%v dialled %q without being told", args, s.address)
		}
		s.must(append(args, "--address", "unix//run/usher.sock")...)
		if s.address != "unix//run/usher.sock" {
			t.Errorf("%v dialled %q", args, s.address)
		}
	}
	dial := func(_, _ string) (cli.Doer, error) { return nil, errors.New("bad address") }
	cmd := cli.Link(dial)
	cmd.SetArgs([]string{"list"})
	cmd.SetErr(new(bytes.Buffer))
	if err := cmd.ExecuteContext(t.Context()); err == nil {
		t.Error("a dial that fails has to end the command")
	}
}

// Every command tells a stranger what it does, and shows how.
func TestHelp(t *testing.T) {
	s := newServer(t)
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.HasParent() {
			if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || !strings.Contains(cmd.Example, cmd.CommandPath()) {
				t.Errorf("%s: short %q, example %q", cmd.CommandPath(), cmd.Short, cmd.Example)
			}
			for line := range strings.Lines(cmd.Long) {
				if len(line) > 90 {
					t.Errorf("%s: a line of its help has %d bytes: %s", cmd.CommandPath(), len(line), line)
				}
			}
			help := s.must(append(strings.Fields(cmd.CommandPath())[1:], "--help")...)
			wants(t, help, "Usage:", "Examples:")
		}
		for _, sub := range cmd.Commands() {
			if sub.Name() != "help" && sub.Name() != "completion" {
				walk(sub)
			}
		}
	}
	walk(s.trees())
	if help := s.must("link"); !strings.Contains(help, "Available Commands:") {
		t.Errorf("usher link alone: %s", help)
	}
}
