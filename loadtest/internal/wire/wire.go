// Package wire is the lean half of the load generator: HTTP/1.1 over one plain
// connection, requests as prepared bytes, answers read into a fixed buffer.
// The generator shares the machine with what it measures: net/http costs more
// per request than the gate, and would be most of what is seen.
//
// It understands little and is strict about that little: a status line, a
// Content-Length, and that many bytes. Chunked answers, interim answers and
// heads longer than the buffer are errors.
package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// bufferSize holds any head and a whole segment, so that most answers take few
// reads.
const bufferSize = 128 << 10

// Conn is one connection. It is not safe for concurrent use.
type Conn struct {
	conn net.Conn
	buf  []byte
}

// Dial connects to a server.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return NewConn(conn), nil
}

// NewConn speaks over a connection that is there already.
func NewConn(conn net.Conn) *Conn { return &Conn{conn: conn, buf: make([]byte, bufferSize)} }

// Close closes the connection; what waits on it fails.
func (c *Conn) Close() error { return c.conn.Close() }

// SetDeadline bounds everything until then.
func (c *Conn) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// Get returns the bytes of a GET.
func Get(addr, path string, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n", path, addr)
	for _, header := range headers {
		b.WriteString(header + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// Answer is what is kept of an answer.
type Answer struct {
	Status int
	// Length is the body's, First and Last its first and last byte.
	Length      int64
	First, Last byte
}

// Do sends the request and reads the whole answer. It allocates nothing.
func (c *Conn) Do(request []byte) (Answer, error) {
	if _, err := c.conn.Write(request); err != nil {
		return Answer{}, err
	}
	return c.read()
}

func (c *Conn) read() (Answer, error) {
	have, end := 0, -1
	for end < 0 {
		if have == len(c.buf) {
			return Answer{}, errLongHead
		}
		n, err := c.conn.Read(c.buf[have:])
		from := max(0, have-len(headEnd)+1)
		have += n
		if i := bytes.Index(c.buf[from:have], headEnd); i >= 0 {
			end = from + i + len(headEnd)
		} else if err != nil {
			return Answer{}, cutShort(err, have > 0)
		}
	}
	a, err := parseHead(c.buf[:end])
	if err != nil {
		return Answer{}, err
	}
	return a, c.discard(&a, c.buf[end:have])
}

// discard reads the body, of which some may have come with the head.
func (c *Conn) discard(a *Answer, came []byte) error {
	left := a.Length
	if int64(len(came)) > left {
		return errTooMuch
	}
	for part := came; ; {
		if len(part) > 0 {
			if left == a.Length {
				a.First = part[0]
			}
			a.Last = part[len(part)-1]
			left -= int64(len(part))
		}
		if left == 0 {
			return nil
		}
		n, err := c.conn.Read(c.buf[:min(int64(len(c.buf)), left)])
		if err != nil && int64(n) < left {
			return cutShort(err, true)
		}
		part = c.buf[:n]
	}
}

// cutShort keeps io.EOF for a connection that was closed between answers.
func cutShort(err error, begun bool) error {
	if begun && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
