package wire

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

func TestParseHead(t *testing.T) {
	for _, try := range []struct {
		head string
		want Answer
		err  error
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", Answer{Status: 200, Length: 65536}, nil},
		{"HTTP/1.1 200\r\ncontent-LENGTH:2\r\n\r\n", Answer{Status: 200, Length: 2}, nil},
		{"HTTP/1.1 410 Gone\r\nX: y\r\nContent-Length: 0\r\nZ: a\r\n\r\n", Answer{Status: 410}, nil},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", Answer{Status: 304}, nil},
		{"HTTP/1.1 204 No Content\r\n\r\n", Answer{Status: 204}, nil},
		{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", Answer{}, errStatus},
		{"HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\n", Answer{}, errStatus},
		{"HTTP/1.1 20\r\nContent-Length: 1\r\n\r\n", Answer{}, errStatus},
		{"HTTP/1.1 099 Low\r\nContent-Length: 1\r\n\r\n", Answer{}, errStatus},
		{"HTTP/1.1 100 Continue\r\n\r\n", Answer{}, errInterim},
		{"HTTP/1.1 200 OK\r\n\r\n", Answer{}, errLength},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Answer{}, errLength},
		{"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", Answer{}, errLength},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", Answer{}, errLength},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", Answer{}, errLength},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Answer{}, errChunked},
	} {
		got, err := parseHead([]byte(try.head))
		if got != try.want || !errors.Is(err, try.err) {
			t.Errorf("%q: %+v, %v; want %+v, %v", try.head, got, err, try.want, try.err)
		}
	}
}

// serve answers each request on the connection with the parts, each in a write
// of its own; at an empty one it hangs up.
func serve(t *testing.T, parts ...string) *Conn {
	t.Helper()
	client, server := net.Pipe()
	pieces := make([][]byte, len(parts))
	for i, part := range parts {
		pieces[i] = []byte(part)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		request := make([]byte, 4096)
		for {
			if _, err := server.Read(request); err != nil {
				return
			}
			for _, piece := range pieces {
				if len(piece) == 0 {
					return
				}
				if _, err := server.Write(piece); err != nil {
					return
				}
			}
		}
	}()
	t.Cleanup(func() {
		client.Close()
		<-done
	})
	return NewConn(client)
}

func TestDo(t *testing.T) {
	request := Get("example", "/a.ts")
	for name, try := range map[string]struct {
		parts []string
		want  Answer
		err   error
	}{
		"at once":        {[]string{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"}, Answer{200, 3, 'a', 'c'}, nil},
		"in pieces":      {[]string{"HTTP/1.1 2", "00 OK\r\nContent-Length: 3\r\n\r", "\n", "ab", "c"}, Answer{200, 3, 'a', 'c'}, nil},
		"no body":        {[]string{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}, Answer{Status: 404}, nil},
		"long body":      {[]string{"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", "x" + strings.Repeat("y", 299998) + "z"}, Answer{200, 300000, 'x', 'z'}, nil},
		"too much":       {[]string{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"}, Answer{}, errTooMuch},
		"long head":      {[]string{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", bufferSize)}, Answer{}, errLongHead},
		"closed":         {[]string{""}, Answer{}, io.EOF},
		"closed in head": {[]string{"HTTP/1.1 200", ""}, Answer{}, io.ErrUnexpectedEOF},
		"closed in body": {[]string{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", ""}, Answer{}, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, try.parts...)
			for range 2 { // the second answer must find nothing of the first
				got, err := c.Do(request)
				if !errors.Is(err, try.err) || err == nil && got != try.want {
					t.Fatalf("%+v, %v; want %+v, %v", got, err, try.want, try.err)
				}
				if err != nil {
					return
				}
			}
		})
	}
}

// The generator shares the machine with what it measures.
func TestDoAllocatesNothing(t *testing.T) {
	c := serve(t, "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: 3\r\n\r\nabc")
	request := Get("example", "/a.ts")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.Do(request); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%g allocations a request", n)
	}
}

func TestGet(t *testing.T) {
	const want = "GET /a HTTP/1.1\r\nHost: h:1\r\nRange: bytes=0-1\r\n\r\n"
	if got := string(Get("h:1", "/a", "Range: bytes=0-1")); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
