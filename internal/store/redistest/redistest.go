// Package redistest runs a real redis-server for a test.
package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take to start or to end.
const patience = 10 * time.Second

// Server is a redis-server on a free loopback port. It keeps nothing on disk
// unless its arguments say so, and ends with its test.
type Server struct {
	// Addr is where it listens.
	Addr string

	t    testing.TB
	bin  string
	dir  string
	args []string

	mu  sync.Mutex
	run *run // nil while there is none
}

// run is one life of a server.
type run struct {
	process *os.Process
	log     bytes.Buffer
	ended   chan struct{} // closed when it has ended and log is complete
}

// Start starts a server and waits until it answers. The arguments are those of
// redis-server and override the defaults: "--appendonly", "yes".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is not on PATH: `make tools` installs it")
	}
	// Not t.TempDir, which repeats the test's name: a socket's path is short.
	dir, err := os.MkdirTemp("", "redistest")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, bin: bin, dir: dir, args: args}
	t.Cleanup(func() {
		s.Kill()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	// A free port may be taken by somebody else before the server has it.
	for range 5 {
		s.Addr = freeAddr(t)
		if err = s.start(); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// URL is the server's store URL.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Socket is the path of the server's unix socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, "redis.sock") }

// Restart starts the server again, on the same port and with the same files.
// One that still runs is killed first.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends the server at once, as a crash would. One that has ended stays so.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		s.run.kill()
		s.run = nil
	}
}

func (r *run) kill() {
	_ = r.process.Kill() // fails only where it has ended already
	<-r.ended
}

// Stop makes the server hang: it accepts and answers nothing until Cont.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Cont ends a Stop.
func (s *Server) Cont() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		s.t.Fatalf("redis-server has ended and takes no %v", sig)
	}
	if err := s.run.process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// start runs the server and waits until it answers.
func (s *Server) start() error {
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	r := &run{ended: make(chan struct{})}
	cmd := exec.Command(s.bin, append([]string{
		"--bind", "127.0.0.1", "--port", port, "--unixsocket", s.Socket(), "--dir", s.dir,
		"--save", "", "--appendonly", "no",
	}, s.args...)...)
	cmd.Stdout, cmd.Stderr = &r.log, &r.log
	if err := cmd.Start(); err != nil {
		return err
	}
	r.process = cmd.Process
	go func() {
		defer close(r.ended)
		_ = cmd.Wait() // says how it ended, which is by our hand or in the log
	}()
	if err := s.awaitPong(r); err != nil {
		r.kill()
		return fmt.Errorf("redis-server did not start: %w\n%s", err, &r.log)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run = r
	return nil
}

// awaitPong asks until the server answers.
func (s *Server) awaitPong(r *run) error {
	deadline := time.After(patience)
	for {
		err := ping(s.Socket())
		if err == nil {
			return nil
		}
		select {
		case <-r.ended:
			return errors.New("it has ended")
		case <-deadline:
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// ping asks on the socket, where nobody else can answer: a port that was free
// may be another server's by now. The socket is opened after the port.
func ping(socket string) error {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	// A server that wants a password has answered by saying so.
	if bytes.HasPrefix(answer[:n], []byte("+PONG")) || bytes.HasPrefix(answer[:n], []byte("-NOAUTH")) {
		return nil
	}
	return fmt.Errorf("it answered %q", answer[:n])
}
