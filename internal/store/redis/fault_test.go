package redis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/store/redistest"
)

// late is when a caller under the budget has been kept waiting, on a machine
// that is busy testing.
const late = checkBudget + 250*time.Millisecond

// denies sees that no verb decides, within the budget, and that no error tells
// the password.
func denies(t *testing.T, s *Store, o gate.Opening) {
	t.Helper()
	var all sync.WaitGroup
	for name, call := range verbs(s, o) {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), checkBudget)
			defer cancel()
			start := time.Now()
			err := call(ctx)
			switch took := time.Since(start); {
			case err == nil, errors.Is(err, gate.ErrNotFound), errors.Is(err, gate.ErrConflict):
				t.Errorf("%s decided: %v", name, err)
			case took > late:
				t.Errorf("%s took %v, with a budget of %v", name, took, checkBudget)
			case strings.Contains(err.Error(), "canary"):
				t.Errorf("%s: the error tells the password: %v", name, err)
			}
		})
	}
	all.Wait()
}

// recovers sees that the store decides again soon.
func recovers(t *testing.T, s *Store) {
	t.Helper()
	start := time.Now()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), checkBudget)
		err := s.Ready(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Since(start) > 5*time.Second {
			t.Fatalf("not ready again: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestServerAway(t *testing.T) {
	s := openStrict(t, "redis://usher:canary@127.0.0.1:1") // nobody listens there
	denies(t, s, visitor(gate.LinkID{1}))
}

func TestWrongPassword(t *testing.T) {
	srv := redistest.Start(t, "--requirepass", "another")
	s := openStrict(t, "redis://:canary@"+srv.Addr)
	denies(t, s, visitor(gate.LinkID{1}))
}

func TestUnixSocket(t *testing.T) {
	srv := redistest.Start(t, "--requirepass", "p@ss/word")
	s := open(t, "unix://:p%40ss%2Fword@"+srv.Socket()+"?db=3", nil)
	watch(t, s, visit(t, s, link(t, s, gate.Terms{})), "film")
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestServerKilled sees that a crash costs no view that was charged where the
// server keeps its log, and that the store finds its way back.
func TestServerKilled(t *testing.T) {
	srv := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s := openStrict(t, srv.URL())
	o := visit(t, s, link(t, s, gate.Terms{Views: 3}))
	watch(t, s, o, "film")
	before := account(t, s, o.Link)
	srv.Kill()
	denies(t, s, o)
	srv.Restart()
	recovers(t, s)
	if after := account(t, s, o.Link); after != before {
		t.Errorf("after the crash\n got %+v\nwant %+v", after, before)
	}
	watch(t, s, o, "another")
}

func TestServerHangs(t *testing.T) {
	srv := redistest.Start(t)
	s := openStrict(t, srv.URL())
	o := visit(t, s, link(t, s, gate.Terms{}))
	for range 2 { // with connections made before, and with none
		srv.Stop()
		denies(t, s, o)
		denies(t, s, o)
		srv.Cont()
		recovers(t, s)
	}
}

// TestServerBusy sees that a server whose script runs on and on is an error,
// and nothing more once it has ended.
func TestServerBusy(t *testing.T) {
	srv := redistest.Start(t, "--busy-reply-threshold", "1")
	s := openStrict(t, srv.URL())
	o := visit(t, s, link(t, s, gate.Terms{}))
	c := admin(t, srv.URL())
	var all sync.WaitGroup
	all.Go(func() {
		_ = c.Eval(t.Context(), "while true do end", nil).Err() // killed below
	})
	for s.Ready(t.Context()) == nil {
	}
	denies(t, s, o)
	do(t, c, "SCRIPT", "KILL")
	all.Wait()
	recovers(t, s)
	watch(t, s, o, "film")
}

// TestServerIsReplica sees that a demoted server is an error, and that the
// store works as soon as it is the primary again.
func TestServerIsReplica(t *testing.T) {
	srv := redistest.Start(t)
	s, c := openStrict(t, srv.URL()), admin(t, srv.URL())
	o := visit(t, s, link(t, s, gate.Terms{}))
	do(t, c, "REPLICAOF", "127.0.0.1", "1")
	if _, err := s.Reserve(t.Context(), claim(o, "film")); err == nil {
		t.Error("a replica took a reservation")
	}
	do(t, c, "REPLICAOF", "NO", "ONE")
	watch(t, s, o, "film")
}

// TestErrorReplies sees that whatever else a server says instead of an answer
// is an error of every verb.
func TestErrorReplies(t *testing.T) {
	mini := miniredis.RunT(t)
	s := openStrict(t, "redis://"+mini.Addr())
	o := visit(t, s, link(t, s, gate.Terms{}))
	for _, reply := range []string{
		"LOADING Redis is loading the dataset in memory",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"CLUSTERDOWN The cluster is down",
		"MISCONF Redis is configured to save RDB snapshots",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"NOPERM User usher has no permissions to run the 'evalsha' command",
		"NOSCRIPT No matching script. Please use EVAL.",
		"MOVED 3999 127.0.0.1:6381",
		"WRONGTYPE Operation against a key holding the wrong kind of value",
	} {
		mini.SetError(reply)
		denies(t, s, o)
		mini.SetError("")
		if _, err := s.Check(t.Context(), query(o, "film")); err != nil {
			t.Errorf("after %s: %v", reply, err)
		}
	}
}

// TestForeignData sees that keys which hold something else, or text that is
// not ours, are errors too.
func TestForeignData(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	o := visit(t, s, link(t, s, gate.Terms{Views: 3}))
	watch(t, s, o, "film")
	k := keysOf(o.Link)
	for name, spoil := range map[string][]any{
		"views that are no number":   {"HSET", k.account(), "sums", "many - - -"},
		"an account without numbers": {"HDEL", k.account(), "sums"},
		"a session of nobody":        {"HSET", k.session(o.Session), "facts", "me 1 2"},
		"a play that is none":        {"HSET", k.plays(o.Subject), "film", "c 1 2"},
		"an account that is no hash": {"SET", k.account(), "x"},
		"a session that is no hash":  {"SET", k.session(o.Session), "x"},
	} {
		saved := make(map[string]string)
		for _, key := range []string{k.account(), k.session(o.Session), k.plays(o.Subject)} {
			saved[key] = c.Dump(t.Context(), key).Val()
		}
		do(t, c, spoil...)
		if state, err := s.Check(t.Context(), query(o, "film")); err == nil {
			t.Errorf("%s: decided %+v", name, state)
		}
		for key, dump := range saved {
			do(t, c, "RESTORE", key, 0, dump, "REPLACE")
		}
		if _, err := s.Check(t.Context(), query(o, "film")); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
	}
}

// TestEvictionPolicy sees that a server which may evict links is refused, also
// when it comes in place of one that may not.
func TestEvictionPolicy(t *testing.T) {
	srv := redistest.Start(t)
	s, c := open(t, srv.URL(), nil), admin(t, srv.URL())
	for policy, refused := range map[string]bool{
		"noeviction": false, "volatile-lru": false, "volatile-lfu": false, "volatile-random": false, "volatile-ttl": false,
		"allkeys-lru": true, "allkeys-lfu": true, "allkeys-random": true,
	} {
		do(t, c, "CONFIG", "SET", "maxmemory-policy", policy)
		do(t, c, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") // so that the store connects anew
		recovered := s.Ready(t.Context())
		if recovered != nil && !strings.Contains(recovered.Error(), "maxmemory") {
			recovered = s.Ready(t.Context()) // the first met a connection that was killed
		}
		if got := recovered != nil; got != refused {
			t.Errorf("%s: refused %v, want %v: %v", policy, got, refused, recovered)
		}
		if refused && !strings.Contains(recovered.Error(), "set maxmemory-policy to noeviction") {
			t.Errorf("%s: %v does not say what to do", policy, recovered)
		}
	}
}
