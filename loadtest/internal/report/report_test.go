package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFigure(t *testing.T) {
	for _, try := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {5, "5"}, {0.97, "0.97"}, {0.9996, "1"}, {1.0456, "1.046"}, {-0.25, "-0.25"},
		{12.34, "12.3"}, {163.4, "163"}, {65536, "65536"}, {0.0004, "0"},
	} {
		if got := Figure(try.v); got != try.want {
			t.Errorf("Figure(%v) = %s, want %s", try.v, got, try.want)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, try := range []struct {
		what    string
		promise Promise
		kept    bool // the promise
		passes  bool // the run
		verdict string
	}{
		{"at least, above", Promise{Bound: 0.85, Got: 0.9, Binding: true}, true, true, "kept"},
		{"at least, inside the noise", Promise{Bound: 0.85, Noise: 0.05, Got: 0.81, Binding: true}, true, true, "kept"},
		{"at least, below the noise", Promise{Bound: 0.85, Noise: 0.05, Got: 0.79, Binding: true}, false, false, "**broken**"},
		{"at most, at the bound", Promise{AtMost: true, Bound: 2, Got: 2, Binding: true}, true, true, "kept"},
		{"at most, above", Promise{AtMost: true, Bound: 2, Got: 2.1, Binding: true}, false, false, "**broken**"},
		{"one machine's, above", Promise{AtMost: true, Bound: 2, Got: 50}, false, true, "not met"},
		{"one machine's, below", Promise{AtMost: true, Bound: 2, Got: 1}, true, true, "met"},
	} {
		r := New("mode", nil, []Promise{try.promise})
		if p := r.Promises[0]; p.Kept != try.kept || r.Kept != try.passes || p.verdict() != try.verdict {
			t.Errorf("%s: kept %v, the run %v, %s", try.what, p.Kept, r.Kept, p.verdict())
		}
	}
}

func TestWrite(t *testing.T) {
	r := New("compare", map[string]int{"cells": 1}, []Promise{
		{What: "requests", Bound: 1, Noise: 0.05, Got: 0.5, Beside: "bare Caddy 2", Binding: true},
		{What: "CPU", Unit: "µs", AtMost: true, Bound: 2, Got: 1},
	})
	r.Machine = Machine{CPU: "a processor", Cores: 2, Go: "go1.26", Caddy: "2.11", Redis: "7.0"}
	table := Table{Columns: []string{"kind", "conns"}}
	table.Row("respond", "32")
	r.Add(table)
	r.Note("%d rounds", 3)
	var text strings.Builder
	if err := r.Write(&text, false); err != nil {
		t.Fatal(err)
	}
	const want = `compare: a processor, 2 cores; go1.26, Caddy 2.11, Redis 7.0

| kind | conns |
| --- | --- |
| respond | 32 |

| promise | bound | measured | beside | verdict |
| --- | --- | --- | --- | --- |
| requests | ≥ 1 (noise 0.05) | 0.5 | bare Caddy 2 | **broken** |
| CPU | ≤ 2 µs | 1 µs | – | met |

3 rounds
`
	if text.String() != want {
		t.Errorf("%s\nwant\n%s", text.String(), want)
	}
	text.Reset()
	if err := r.Write(&text, true); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil || back["kept"] != false || back["mode"] != "compare" {
		t.Errorf("%v, %v", back, err)
	}
}

func TestProgress(t *testing.T) {
	name := filepath.Join(t.TempDir(), "err")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := NewProgress(file)
	p.Say("one of %d", 2)
	p.Say("two")
	p.Done()
	if text, err := os.ReadFile(name); err != nil || string(text) != "one of 2\ntwo\n" {
		t.Errorf("a file got %q, %v", text, err)
	}
	p.terminal = true
	p.Say("three")
	p.Done()
	if text, err := os.ReadFile(name); err != nil || !strings.HasSuffix(string(text), "\r\x1b[Kthree\r\x1b[K") {
		t.Errorf("a terminal got %q, %v", text, err)
	}
}
