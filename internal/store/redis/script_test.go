package redis

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
	"github.com/usher-media/usher/internal/token"
)

// arity is how many keys and arguments a script is passed.
type arity struct{ keys, args int }

// spy notes the arity of every script that is run, by its digest.
type spy struct {
	mu   sync.Mutex
	seen map[string]arity
}

func (s *spy) note(cmd goredis.Cmder) {
	args := cmd.Args()
	var digest string
	switch cmd.Name() {
	case "eval":
		digest = goredis.NewScript(args[1].(string)).Hash()
	case "evalsha":
		digest = args[1].(string)
	default:
		return
	}
	keys := args[2].(int)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[digest] = arity{keys, len(args) - 3 - keys}
}

func (s *spy) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (s *spy) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		s.note(cmd)
		return next(ctx, cmd)
	}
}

func (s *spy) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		for _, cmd := range cmds {
			s.note(cmd)
		}
		return next(ctx, cmds)
	}
}

var scripts = map[string]*goredis.Script{
	"issue": issueScript, "extend": extendScript, "standing": standingScript,
	"open": openScript, "reserve": reserveScript, "settle": settleScript,
	"gather": gatherScript, "end": endScript, "seated": seatedScript, "flush": flushScript,
	"enlist": enlistScript, "put": putScript, "delete": deleteScript, "tell": tellScript, "told": toldScript,
}

// TestScriptHeaders sees that the header of every script names each key and
// argument that Go passes, and no other: they are told apart by number only.
func TestScriptHeaders(t *testing.T) {
	s := open(t, redistest.Start(t).URL(), nil)
	spy := &spy{seen: make(map[string]arity)}
	s.client.AddHook(spy)
	for verb, call := range verbs(s, visit(t, s, link(t, s, gate.Terms{}))) {
		if err := call(t.Context()); err != nil && !errors.Is(err, gate.ErrNotFound) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	for name, script := range scripts {
		header := luaFile(name)
		want := arity{numbered(t, header, "KEYS"), numbered(t, header, "ARGV")}
		if got, run := spy.seen[script.Hash()]; !run {
			t.Errorf("%s was not run", name)
		} else if got != want {
			t.Errorf("%s: the header names %+v, Go passes %+v", name, want, got)
		}
	}
}

// numbered counts the lines of a header for KEYS or ARGV, which have to be
// numbered from 1.
func numbered(t *testing.T, text, what string) int {
	t.Helper()
	lines := regexp.MustCompile(`(?m)^-- `+what+`\[(\d+)\] \S`).FindAllStringSubmatch(text, -1)
	for i, line := range lines {
		if line[1] != strconv.Itoa(i+1) {
			t.Errorf("%s[%s] is number %d in its header", what, line[1], i+1)
		}
	}
	return len(lines)
}

// TestScriptFiles sees that every script can be read on one screen, and that
// none is left lying about.
func TestScriptFiles(t *testing.T) {
	err := fs.WalkDir(luaFiles, "lua", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "lua/"), ".lua")
		text := luaFile(name)
		shared := strings.HasPrefix(name, "shared/")
		if _, known := scripts[name]; !known && !shared {
			t.Errorf("%s is not a script of the store", path)
		}
		code := 0
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
				code++
			}
		}
		if code > 60 {
			t.Errorf("%s has %d lines of code, more than 60", path, code)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestScriptFlush sees that a script cache which is emptied all the time costs
// no call and no view.
func TestScriptFlush(t *testing.T) {
	srv := redistest.Start(t)
	s, other := open(t, srv.URL(), nil), open(t, srv.URL(), nil)
	done, flushed := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-done:
				flushed <- nil
				return
			default:
			}
			if err := other.client.ScriptFlush(t.Context()).Err(); err != nil {
				flushed <- err
				return
			}
		}
	}()
	for range 200 {
		o := visit(t, s, link(t, s, gate.Terms{Views: 1}))
		watch(t, s, o, "film")
		fact := gate.Usage{Link: o.Link, Session: o.Session, Subject: o.Subject, Asset: "film", Bytes: 1, Opens: 1}
		if err := s.Flush(t.Context(), []gate.Usage{fact, fact, fact}); err != nil {
			t.Fatal(err)
		}
		account, err := s.Account(t.Context(), o.Link)
		if err != nil || account.Used != 1 || account.Opens != 3 {
			t.Fatalf("%+v, %v", account, err)
		}
		if _, err := s.Put(t.Context(), gate.Document{Kind: gate.KindLink, ID: token.ID(o.Link).String()}); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	if err := <-flushed; err != nil {
		t.Error(err)
	}
}
