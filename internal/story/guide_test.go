package story

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

// The guide to sharing, word for word, beside a server that is there already.
func TestGuideToSharing(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join(storytest.Root(), "docs", "guide", "sharing.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(guide), -1)
	if len(blocks) < 9 {
		t.Fatalf("%d blocks", len(blocks))
	}
	s := gated(t, storytest.Options{})
	bin := t.TempDir() // where the command finds its server by itself
	wrapper := fmt.Sprintf("#!/bin/sh\nexec %q \"$@\" --address %q\n", storytest.Binary(t), s.Admin)
	if err := os.WriteFile(filepath.Join(bin, "usher"), []byte(wrapper), 0o700); err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range blocks {
		script += block[1]
	}
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"locked", "Strength", "review", "To: ada@example.com", "/_usher/activate/", "The cut of Friday.",
		"one@example.com", "two@example.com", "wrong version", "revoked since",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("nothing said %q:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "tangerine") {
		t.Error("the password of a link was printed")
	}
	if who := s.CLI("collection", "who", "films"); strings.Contains(who, "ada@example.com") || !strings.Contains(who, "grace@example.com") {
		t.Errorf("who has access in the end:\n%s", who)
	}
}
