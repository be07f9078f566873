package redistest

import (
	"net"
	"os"
	"testing"
	"time"
)

func TestServer(t *testing.T) {
	var s *Server
	t.Run("life", func(t *testing.T) {
		s = Start(t, "--maxmemory", "64mb")
		if conn, err := net.Dial("tcp", s.Addr); err != nil {
			t.Error(err)
		} else {
			conn.Close()
		}
		s.Stop()
		if conn, err := net.Dial("unix", s.Socket()); err != nil {
			t.Error(err)
		} else {
			if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
				t.Error(err)
			}
			if _, err := conn.Write([]byte("PING\r\n")); err != nil {
				t.Error(err)
			}
			if n, err := conn.Read(make([]byte, 8)); err == nil {
				t.Errorf("a stopped server answered %d bytes", n)
			}
			conn.Close()
		}
		s.Cont()
		if err := ping(s.Socket()); err != nil {
			t.Error(err)
		}
		s.Kill()
		s.Kill()
		if _, err := net.Dial("tcp", s.Addr); err == nil {
			t.Error("a killed server still listens")
		}
		s.Restart()
	})
	if _, err := net.Dial("tcp", s.Addr); err == nil {
		t.Error("the server outlived its test")
	}
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("the server's files outlived its test: %v", err)
	}
}
