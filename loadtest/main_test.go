package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-media/usher/loadtest/internal/rig"
)

// asCommand makes the test binary be the command: for tests of what signals do
// to it.
const asCommand = "USHER_LOADTEST_AS_COMMAND"

// gateway is the binary under test, built once.
var gateway string

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "loadtest-gateway-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	gateway = filepath.Join(dir, "usher")
	// As the command builds it: that this works is tested by every test here.
	if err := rig.Build(context.Background(), gateway); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// stage gives a test a temporary folder of its own, short enough for sockets,
// and sees that nothing is left behind: no file in it, and no process that has
// anything to do with it.
func stage(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "lt-")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		defer os.RemoveAll(dir)
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
		lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil || len(lines) == 0 {
			t.Errorf("no processes can be seen: %v", err)
		}
		for _, name := range lines {
			line, err := os.ReadFile(name) // one that has ended meanwhile is not left behind
			if err == nil && bytes.Contains(line, []byte(dir)) {
				t.Errorf("left behind: %s: %q", name, line)
			}
		}
	})
}

// outcome is what a run said.
type outcome struct {
	code int
	errs string
	// The report, decoded.
	Mode     string
	Kept     bool
	Machine  map[string]any
	Promises []struct {
		What    string
		Got     float64
		Binding bool
		Kept    bool
	}
	Figures json.RawMessage
}

// measured runs the command line with its options changed, and decodes what it
// printed.
func measured(t *testing.T, change func(*options), args ...string) outcome {
	t.Helper()
	stage(t)
	errs, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	o, err := parse(append(args, "--json", "--binary", gateway), errs)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	var out bytes.Buffer
	code := execute(t.Context(), o, &out, errs)
	said, err := os.ReadFile(errs.Name())
	if err != nil {
		t.Fatal(err)
	}
	got := outcome{code: code, errs: string(said)}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q\n%s", err, out.Bytes(), said)
	}
	if got.Mode != o.mode.name || got.Machine["redis"] == "unknown" {
		t.Errorf("the report is of %q, on %v", got.Mode, got.Machine)
	}
	if got.Kept != (code == exitKept) || !got.Kept && code != exitBroken {
		t.Errorf("kept is %v and the status %d", got.Kept, code)
	}
	return got
}

// wantKept fails unless every binding promise in whose words what occurs was
// kept; an empty what is all of them.
func (o outcome) wantKept(t *testing.T, what string) {
	t.Helper()
	seen := false
	for _, p := range o.Promises {
		if !p.Binding || !strings.Contains(p.What, what) {
			continue
		}
		seen = true
		if !p.Kept {
			t.Errorf("%s: broken with %g", p.What, p.Got)
		}
	}
	if !seen {
		t.Errorf("there is no promise about %q among %+v", what, o.Promises)
	}
	if t.Failed() {
		t.Logf("it said:\n%s", o.errs)
	}
}

func figures[T any](t *testing.T, o outcome) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(o.Figures, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
