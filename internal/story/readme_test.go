package story

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-media/usher/internal/storytest"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")

// The ten minutes of the README, word for word, in an empty folder. Only the
// ports are others, so that the test runs beside anything.
func TestReadmeTenMinutes(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(storytest.Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(readme), "## Ten minutes")
	if !ok {
		t.Fatal("no section of ten minutes")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := shellBlock.FindAllStringSubmatch(section, -1)
	if len(blocks) < 7 {
		t.Fatalf("%d blocks", len(blocks))
	}
	site, admin, redis := storytest.FreeAddr(t), storytest.FreeAddr(t), storytest.FreeAddr(t)
	_, redisPort, _ := strings.Cut(redis, ":")
	ports := strings.NewReplacer("127.0.0.1:8080", site, "6379", redisPort,
		// The admin endpoint is not named in the README: commands find it where Caddy has it.
		"{\n\tusher {\n\t\tstore", "{\n\tadmin "+admin+"\n\tusher {\n\t\tstore")
	var script strings.Builder
	script.WriteString("set -eu\n")
	for i, block := range blocks {
		text := ports.Replace(block[1])
		text = regexp.MustCompile(`(?m)^(\./usher (?:link|session|stop).*)$`).ReplaceAllString(text, "$1 --address "+admin)
		text = strings.ReplaceAll(text, "--json > links.json --address "+admin, "--json --address "+admin+" > links.json")
		if i == 0 {
			text = "cp " + storytest.Binary(t) + " usher\n" // built from this tree already
		}
		script.WriteString(text)
	}
	dir := t.TempDir()
	t.Cleanup(func() { _ = exec.Command("redis-cli", "-p", redisPort, "shutdown", "nosave").Run() })
	t.Cleanup(func() { _ = exec.Command(filepath.Join(dir, "usher"), "stop", "--address", admin).Run() })
	cmd := exec.Command("bash", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	text, _ := os.ReadFile(log.Name())
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script.String(), text)
	}
	for _, want := range []string{site + "/s/", "3, 2 left (1 used", "5, 4 left", "lavf", "revoked since"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("nothing said %q:\n%s", want, text)
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
