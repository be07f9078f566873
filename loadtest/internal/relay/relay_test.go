package relay

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// echo answers each line with itself.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn) // ends with the connection
			}()
		}
	}()
	return l.Addr().String()
}

func TestRelay(t *testing.T) {
	lost := make(chan struct{}, 1)
	r, err := Start(echo(t), func() Hook {
		return func(fromClient bool, piece []byte) Fate {
			switch {
			case fromClient && bytes.Contains(piece, []byte("lose")):
				lost <- struct{}{}
				return Drop
			case !fromClient && bytes.Contains(piece, []byte("cut")):
				return Cut
			}
			return Pass
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	conn, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	say := func(text string) {
		t.Helper()
		if _, err := io.WriteString(conn, text+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(want string) {
		t.Helper()
		if got, err := lines.ReadString('\n'); err != nil || got != want+"\n" {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
	say("one")
	hear("one")
	say("lose")
	<-lost // or the next line could come in the same piece
	r2, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer r2.Close()
	say("two")
	hear("two")
	say("cut")
	if got, err := lines.ReadString('\n'); err != io.EOF {
		t.Fatalf("%q, %v; want the end", got, err)
	}
	r.Close()
	if _, err := r2.Read(make([]byte, 1)); err == nil {
		t.Fatal("a connection outlived the relay")
	}
	if _, err := net.Dial("tcp", r.Addr); err == nil {
		t.Fatal("the relay still listens")
	}
}
