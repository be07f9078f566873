// Package storytest starts the real binary for tests: one process a server,
// on free loopback ports, with everything it writes in the test's folder.
package storytest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	build     sync.Once
	binary    string
	buildErr  error
	binaryDir string
)

// Main is TestMain for packages that use the binary: it removes what Binary
// built.
func Main(m *testing.M) {
	code := m.Run()
	if binaryDir != "" {
		os.RemoveAll(binaryDir)
	}
	os.Exit(code)
}

// Root is the folder of the module.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Binary builds cmd/usher once for the test process and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	build.Do(func() {
		if binaryDir, buildErr = os.MkdirTemp("", "usher-storytest-"); buildErr != nil {
			return
		}
		binary = filepath.Join(binaryDir, "usher")
		cmd := exec.Command("go", "build", "-o", binary, "./cmd/usher")
		cmd.Dir = Root()
		if out, err := cmd.CombinedOutput(); err != nil {
			buildErr = fmt.Errorf("go build ./cmd/usher: %w\n%s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return binary
}

// FreeAddr returns a loopback address that nothing listens on. Its port is below
// those that the system gives to outgoing connections: between our look and the
// server's start, one of those might take it.
func FreeAddr(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		var dice [2]byte
		rand.Read(dice[:])
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+(int(dice[0])<<8|int(dice[1]))%20_000)
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal(err)
	return ""
}

// Server is a running `usher run`.
type Server struct {
	// Addr is the site's host:port, URL its base URL, Admin the --address of
	// the other commands.
	Addr, URL, Admin string
	// Dir holds the Caddyfile, keys.json, store/ and log.
	Dir string

	t    testing.TB
	env  []string
	cmd  *exec.Cmd
	done chan struct{}
	log  *os.File
}

// Options say what to start.
type Options struct {
	// Caddyfile is the config. In it {addr} is the site's address, {admin} the
	// admin endpoint and {dir} the server's folder. Empty: a file server of
	// {dir}/site behind the gate, embedded store.
	Caddyfile string
	// Dir is the server's folder; empty: a new one.
	Dir string
	// Addr is the site's address; empty: a free one.
	Addr string
	// Env is set beside the environment of the tests, each as NAME=VALUE.
	Env []string
}

// DefaultCaddyfile gates the files of {dir}/site on the embedded store.
const DefaultCaddyfile = `{
	admin {admin}
	persist_config off
	auto_https off
	grace_period 1s
	usher {
		store embedded {dir}/store
		keys {dir}/keys.json
		public_url http://{addr}
	}
}
http://{addr} {
	usher {
		api
		console
	}
	file_server {
		root {dir}/site
	}
}
`

// Start starts a server and waits until its site answers. The server is ended
// with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := New(t, o)
	s.Run()
	return s
}

// New prepares a server without starting it.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Addr == "" {
		o.Addr = FreeAddr(t)
	}
	// Sockets have short paths: the test's folder may be too deep.
	sockets, err := os.MkdirTemp("", "usher-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(sockets) })
	s := &Server{Addr: o.Addr, URL: "http://" + o.Addr, Admin: "unix/" + sockets + "/admin.sock", Dir: o.Dir, t: t}
	if o.Caddyfile == "" {
		o.Caddyfile = DefaultCaddyfile
	}
	s.env = append(os.Environ(), "HOME="+o.Dir, "XDG_DATA_HOME="+o.Dir+"/data", "XDG_CONFIG_HOME="+o.Dir+"/config")
	s.env = append(s.env, o.Env...)
	s.WriteCaddyfile(o.Caddyfile)
	return s
}

// WriteCaddyfile fills in the placeholders and writes the config.
func (s *Server) WriteCaddyfile(text string) {
	s.t.Helper()
	text = strings.NewReplacer("{addr}", s.Addr, "{admin}", s.Admin, "{dir}", s.Dir).Replace(text)
	if err := os.WriteFile(s.caddyfile(), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) caddyfile() string { return filepath.Join(s.Dir, "Caddyfile") }

// Run starts the process; it may be called again after Kill or Stop.
func (s *Server) Run() {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	s.log = log
	s.cmd = exec.Command(Binary(s.t), "run", "--config", s.caddyfile(), "--adapter", "caddyfile")
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.env, log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	s.done = done
	cmd := s.cmd
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		log.Close()
	})
	s.waitUp()
}

// hasKeys reports whether the keyring is there, if it is to be in the server's
// folder: the site may answer before it is made.
func (s *Server) hasKeys() bool {
	keys := filepath.Join(s.Dir, "keys.json")
	config, err := os.ReadFile(s.caddyfile())
	if err != nil || !bytes.Contains(config, []byte("keys "+keys)) {
		return true
	}
	_, err = os.Stat(keys)
	return err == nil
}

func (s *Server) waitUp() {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-s.done:
			s.t.Fatalf("the server ended at its start:\n%s", s.Log())
		default:
		}
		resp, err := http.Get(s.URL + "/_usher/ready")
		if err == nil {
			resp.Body.Close()
		}
		if err == nil && s.hasKeys() {
			return
		}
		time.Sleep(10 * time.Millisecond) // between tries; the loop ends by the answer
	}
	s.t.Fatalf("the server does not answer:\n%s", s.Log())
}

// PID is the process id of the running server.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Kill ends the process at once, as a crash would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// Stop ends the process as an operator would.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.done
}

// Log returns everything the server wrote.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
	return string(text)
}

// Reload loads the config again, as `usher reload` does.
func (s *Server) Reload() (string, error) {
	return s.run(nil, "reload", "--config", s.caddyfile(), "--adapter", "caddyfile", "--address", s.Admin, "--force")
}

// CLI runs a command against the server and returns its standard output; a
// failure fails the test with what the command said.
func (s *Server) CLI(args ...string) string {
	s.t.Helper()
	out, err := s.TryCLI(args...)
	if err != nil {
		s.t.Fatalf("usher %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// TryCLI is CLI for commands that may fail: the error has the command's
// standard error in it.
func (s *Server) TryCLI(args ...string) (string, error) {
	return s.run(nil, append(args, "--address", s.Admin)...)
}

func (s *Server) run(stdin []byte, args ...string) (string, error) {
	program := Binary(s.t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Dir, cmd.Stdin = s.env, s.Dir, bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, errs.String())
	}
	return out.String(), nil
}

// Validate runs `usher validate` on the server's config.
func (s *Server) Validate() (string, error) {
	return s.run(nil, "validate", "--config", s.caddyfile(), "--adapter", "caddyfile")
}

// RunToEnd runs the server and waits until it ends by itself, which a server
// with a fault does.
func (s *Server) RunToEnd() error {
	_, err := s.run(nil, "run", "--config", s.caddyfile(), "--adapter", "caddyfile")
	return err
}

// TryOffline runs a command that needs no server.
func (s *Server) TryOffline(args ...string) (string, error) { return s.run(nil, args...) }
