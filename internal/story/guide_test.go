package story

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// The guide to sharing, from where the README has a server and a first link.
func TestGuideToSharing(t *testing.T) {
	w := newWalk(t)
	w.give(w.page("README.md", "Ten minutes"), 5, func(commands string) bool { return strings.Contains(commands, "usher start") })
	guide := w.page(filepath.Join("docs", "guide", "sharing.md"), "")
	w.give(guide, 15, toTheEnd)
	if len(w.prints) < 8 {
		t.Fatalf("the guide shows %d times what is printed", len(w.prints))
	}
	printed := w.run()
	if strings.Contains(printed, "tangerine") {
		t.Error("the password of a link was printed")
	}
	who, err := exec.Command(storytest.Binary(t), "collection", "who", "films", "--address", w.admin).CombinedOutput()
	if err != nil || strings.Contains(string(who), "ben@example.com") || !strings.Contains(string(who), "ann@example.com") {
		t.Errorf("who has access in the end: %v\n%s", err, who)
	}
}

// The line of the guide that sets mail up is one that the config takes.
func TestGuideSetsMailUp(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(storytest.Root(), "docs", "guide", "sharing.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "```caddyfile\n")
	line, _, found := strings.Cut(line, "\n```")
	s := storytest.New(t, storytest.Options{})
	if err := os.WriteFile(filepath.Join(s.Dir, "smtp"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	line = strings.Replace(line, "/run/secrets/smtp", filepath.Join(s.Dir, "smtp"), 1)
	s.WriteCaddyfile(strings.Replace(storytest.DefaultCaddyfile, "\t\tpublic_url", "\t\t"+line+"\n\t\tpublic_url", 1))
	if _, err := s.Validate(); err != nil || !found {
		t.Errorf("%q: %v", line, err)
	}
}
