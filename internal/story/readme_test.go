package story

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// fence is a block of a page: commands, or what they print.
var fence = regexp.MustCompile("(?ms)^```(sh|text)\n(.*?)^```")

// walk is an empty folder in which the commands of pages are given, word for
// word. Only the ports are others, so that it runs beside anything.
type walk struct {
	*testing.T
	dir, site, admin string
	ports            *strings.Replacer
	script           strings.Builder
	// prints is what the command blocks are to print, by their number.
	prints map[int]string
	blocks int
}

func newWalk(t *testing.T) *walk {
	w := &walk{T: t, dir: t.TempDir(), site: storytest.FreeAddr(t), admin: storytest.FreeAddr(t), prints: map[int]string{}}
	_, redis, _ := strings.Cut(storytest.FreeAddr(t), ":")
	w.ports = strings.NewReplacer("127.0.0.1:8080", w.site, "6379", redis,
		// The admin endpoint is not named in the pages: commands find it where Caddy has it.
		"{\n\tusher {\n\t\tstore", "{\n\tadmin "+w.admin+"\n\tusher {\n\t\tstore")
	w.script.WriteString("set -eu\n")
	t.Cleanup(func() { _ = exec.Command("redis-cli", "-p", redis, "shutdown", "nosave").Run() })
	t.Cleanup(func() { _ = exec.Command(storytest.Binary(t), "stop", "--address", w.admin).Run() })
	return w
}

// page is a page of the docs, or the part of it after a heading.
func (w *walk) page(name, heading string) string {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(storytest.Root(), name))
	if err != nil {
		w.Fatal(err)
	}
	if heading == "" {
		return string(text)
	}
	_, part, ok := strings.Cut(string(text), "## "+heading)
	if !ok {
		w.Fatalf("%s has no part %s", name, heading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	return part
}

// give takes up the blocks of a page, to the last one that last says to take.
func (w *walk) give(page string, least int, last func(commands string) bool) {
	w.Helper()
	n := 0
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		if block[1] == "text" {
			w.prints[w.blocks] += w.ports.Replace(block[2])
			continue
		}
		n++
		w.blocks++
		text := w.ports.Replace(block[2])
		if strings.HasPrefix(text, "go build") { // built from this tree already
			text = w.binary()
		}
		fmt.Fprintf(&w.script, "echo '=== %d ==='\n%s", w.blocks, text)
		if last(block[2]) {
			break
		}
	}
	if n < least {
		w.Fatalf("%d blocks", n)
	}
}

// binary makes a command usher that says where the server is, except to those
// that start one.
func (w *walk) binary() string {
	return fmt.Sprintf("cat > usher <<'END'\n#!/bin/sh\ncase $1 in start) exec %[1]q \"$@\" ;; esac\nexec %[1]q \"$@\" --address %[2]q\nEND\nchmod +x usher\n",
		storytest.Binary(w), w.admin)
}

// run gives the commands, holds what they print against the page, and returns
// all of it.
func (w *walk) run() string {
	w.Helper()
	cmd := exec.Command("bash", "-c", w.script.String())
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	log, err := os.Create(filepath.Join(w.dir, "log")) // no pipe: the server would keep it open
	if err != nil {
		w.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	text, _ := os.ReadFile(log.Name())
	if err != nil {
		w.Fatalf("%v\n%s\n%s", err, w.script.String(), text)
	}
	for n, want := range w.prints {
		_, printed, _ := strings.Cut(string(text), fmt.Sprintf("=== %d ===\n", n))
		printed, _, _ = strings.Cut(printed, fmt.Sprintf("=== %d ===\n", n+1))
		for line := range strings.Lines(want) {
			if words := strings.Fields(line); len(words) > 0 && !pattern(words).MatchString(printed) {
				w.Errorf("no line says %q:\n%s", strings.TrimSpace(line), printed)
			}
		}
	}
	return string(text)
}

// pattern matches a line that begins with the words, however far apart; … stands
// for what is different each time.
func pattern(words []string) *regexp.Regexp {
	for i, word := range words {
		words[i] = strings.ReplaceAll(regexp.QuoteMeta(word), "…", `\S*`)
	}
	return regexp.MustCompile(`(?m)^[^\n]*` + strings.Join(words, `[ \t]+`))
}

func toTheEnd(string) bool { return false }

// The ten minutes of the README.
func TestReadmeTenMinutes(t *testing.T) {
	w := newWalk(t)
	w.give(w.page("README.md", "Ten minutes"), 7, toTheEnd)
	printed := w.run()
	for _, want := range []string{w.site + "/s/", "3, 2 left (1 used", "5, 4 left", "lavf", "revoked since"} {
		if !strings.Contains(printed, want) {
			t.Errorf("nothing said %q:\n%s", want, printed)
		}
	}
}

// Every Caddyfile of the docs is valid, and formatted as Caddy formats.
func TestCaddyfilesOfTheDocs(t *testing.T) {
	s := storytest.New(t, storytest.Options{})
	example, err := os.ReadFile(filepath.Join(storytest.Root(), "Caddyfile.example"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "Caddyfile"), example, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Validate(); err != nil {
		t.Errorf("Caddyfile.example: %v", err)
	}
	formatted, err := s.TryOffline("fmt", "Caddyfile")
	if err != nil || formatted != string(example) {
		t.Errorf("Caddyfile.example is not formatted: %v", err)
	}
	for _, option := range []string{"usher_token", "grace_period", "trusted_proxies_strict", "store redis"} {
		if !strings.Contains(string(example), option) {
			t.Errorf("Caddyfile.example lacks %s", option)
		}
	}
}
