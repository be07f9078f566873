package hostile

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// secrets are all tokens that were issued in the run.
type secrets struct {
	mu       sync.Mutex
	byLength map[int]map[string]bool
}

func newSecrets() *secrets { return &secrets{byLength: map[int]map[string]bool{}} }

// add notes a token. Of a signed link the payload and the signature are noted,
// each a secret of its own: the header is the same for all.
func (s *secrets) add(token string) {
	parts := strings.Split(token, ".")
	if len(parts) == 3 {
		parts = parts[1:]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, part := range parts {
		if part == "" {
			continue
		}
		if s.byLength[len(part)] == nil {
			s.byLength[len(part)] = map[string]bool{}
		}
		s.byLength[len(part)][part] = true
	}
}

// find returns a secret that stands in the text, whatever is around it.
func (s *secrets) find(text []byte) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(text) > 0 {
		start := bytes.IndexFunc(text, inToken)
		if start < 0 {
			return "", false
		}
		text = text[start:]
		run := text
		if end := bytes.IndexFunc(text, notInToken); end >= 0 {
			run = text[:end]
		}
		text = text[len(run):]
		for length, known := range s.byLength {
			for i := 0; i+length <= len(run); i++ {
				if known[string(run[i:i+length])] {
					return string(run[i : i+length]), true
				}
			}
		}
	}
	return "", false
}

func notInToken(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func inToken(r rune) bool { return !notInToken(r) }

// logReader looks at what the server has written since it was asked last.
type logReader struct {
	path string
	at   int64
}

func (r *rig) logReader() *logReader { return &logReader{path: filepath.Join(r.server.Dir, "log")} }

// check reports panics and secrets in the new part of the log, also secrets
// in another spelling.
func (l *logReader) check(t *testing.T, s *secrets) {
	t.Helper()
	f, err := os.Open(l.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, l.at, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	l.at += int64(whole)
	reported := 0
	for line := range bytes.Lines(text[:whole]) {
		if caddysOwn(line) {
			continue
		}
		lower := bytes.ToLower(line)
		if bytes.Contains(lower, []byte("panic")) || bytes.Contains(lower, []byte("goroutine ")) {
			t.Errorf("the log tells of a panic: %s", clip(line))
		}
		secret, found := s.find(line)
		if !found {
			secret, found = s.find([]byte(unescape(string(line))))
		}
		if found && reported < 5 {
			reported++
			t.Errorf("the token %s stands in the log: %s", secret, clip(line))
		}
	}
}

// caddysOwn tells the lines that Caddy writes about requests which it refuses
// itself, before any handler runs: only a filter on the default logger keeps
// tokens out of them, and they are written at the level DEBUG only.
func caddysOwn(line []byte) bool {
	if !bytes.Contains(line, []byte(`"level":"debug"`)) || !bytes.Contains(line, []byte(`"logger":"http.log.error.`)) {
		return false
	}
	for _, refusal := range []string{`"msg":": HTTP 405"`, `"msg":"invalid host"`, `"msg":"rfc9112 forbids empty Host"`} {
		if bytes.Contains(line, []byte(refusal)) {
			return true
		}
	}
	return false
}

func clip(text []byte) string {
	const most = 900
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}
