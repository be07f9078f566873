package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestUsage(t *testing.T) {
	for what, try := range map[string]struct {
		args string
		says string
	}{
		"no mode":               {"", "exactly one of --compare, --revoke, --exact, --soak, --footprint"},
		"two modes":             {"--compare --revoke", "exactly one of"},
		"two modes, one soak":   {"--soak 1m --exact", "exactly one of"},
		"a word":                {"--compare now", `"now": only flags`},
		"an unknown flag":       {"--comparee", "comparee"},
		"an unknown kind":       {"--compare --only php", "want one or more of [respond file_server reverse_proxy download]"},
		"an unknown system":     {"--soak --systems embedded", "want strict, lease or both"},
		"an unknown change":     {"--revoke --only delete", "want one or more of"},
		"no number":             {"--compare --conns many", "want numbers"},
		"no rounds":             {"--compare --rounds -1", "want at least one round"},
		"one node":              {"--revoke --nodes 1", "want 2 to 32"},
		"no openers":            {"--exact --openers 0", "want 1 to 10000"},
		"no duration":           {"--soak soon", "want a duration"},
		"too many links":        {"--footprint --links 2000000", "want 1 to 1000000"},
		"no share URL":          {"--share http://127.0.0.1/x --path /a", "not a share URL"},
		"no media path":         {"--exact --share http://127.0.0.1/s/x", "want the path of a media file"},
		"no gateway URL":        {"--share http://127.0.0.1/s/x --path /a --gateway b", "want a URL"},
		"a share to compare":    {"--compare --share http://127.0.0.1/s/x", "use it with --exact, or alone"},
		"a flag of other modes": {"--exact --seconds 3", "--seconds means nothing to --exact"},
	} {
		errs, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
		if err != nil {
			t.Fatal(err)
		}
		code := run(t.Context(), strings.Fields(try.args), io.Discard, errs)
		errs.Close()
		said, err := os.ReadFile(errs.Name())
		if err != nil {
			t.Fatal(err)
		}
		if code != exitUsage || !strings.Contains(string(said), try.says) {
			t.Errorf("%s: status %d, %s", what, code, said)
		}
	}
}

func TestSoakTakesADurationOrNone(t *testing.T) {
	for args, want := range map[string]time.Duration{
		"--soak":                   10 * time.Minute,
		"-soak -players 3":         10 * time.Minute,
		"--soak 90s --players 3":   90 * time.Second,
		"--soak=2m":                2 * time.Minute,
		"--players 3 --soak 1h30m": 90 * time.Minute,
	} {
		o, err := parse(strings.Fields(args), io.Discard)
		if err != nil || o.forSoak().Duration != want {
			t.Errorf("%s: %s, %v; want %s", args, o.forSoak().Duration, err, want)
		}
	}
}

func TestWithoutRedisItSaysWhatToInstall(t *testing.T) {
	stage(t)
	t.Setenv("PATH", "")
	errs, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	code := run(t.Context(), []string{"--exact", "--binary", gateway}, io.Discard, errs)
	said, err := os.ReadFile(errs.Name())
	if err != nil {
		t.Fatal(err)
	}
	if code != exitBroken || !strings.Contains(string(said), "apt-get install redis-server") {
		t.Errorf("status %d: %s", code, said)
	}
}

// An interrupt in the middle ends everything that was started.
func TestInterrupt(t *testing.T) {
	for mode, signs := range map[string]string{
		"--compare --only respond --conns 2": "round 1 of",
		"--revoke --nodes 2":                 "round 1 of",
		"--exact --nodes 2":                  "round 1 of",
		"--soak 1m --players 3":              "sessions",
		"--footprint":                        "links: ",
	} {
		t.Run(mode, func(t *testing.T) {
			stage(t)
			cmd := exec.CommandContext(t.Context(), os.Args[0], append(strings.Fields(mode), "--binary", gateway)...)
			cmd.Env = append(os.Environ(), asCommand+"=1")
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			for lines := bufio.NewScanner(errs); lines.Scan(); {
				said.WriteString(lines.Text() + "\n")
				if strings.Contains(lines.Text(), signs) {
					if err := cmd.Process.Signal(os.Interrupt); err != nil {
						t.Fatal(err)
					}
				}
			}
			_ = cmd.Wait() // how it ended is in the state
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("status %d:\n%s", code, said.String())
			}
		})
	}
}
