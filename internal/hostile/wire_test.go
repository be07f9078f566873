package hostile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answer is what came back, as a client reads it and as it was on the wire.
type answer struct {
	// status is 0 where the connection was closed without an answer.
	status  int
	header  http.Header
	trailer http.Header
	body    []byte
	wire    []byte
}

// patience is how long an answer may take. Two busy cores and the race
// detector are slow, a server that waits for ever is slower.
const patience = 20 * time.Second

// send writes a request byte for byte, as no client library would, and reads
// the answer. Interim answers are passed over.
func (l *lane) send(request string) (answer, error) {
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		return answer{}, err
	}
	// Thousands of connections a minute: an orderly close would leave each
	// one's port in use for a while.
	_ = conn.(*net.TCPConn).SetLinger(0)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	go func() {
		// The server may answer and stop reading before it has all of it.
		_, _ = io.WriteString(conn, request)
	}()
	return read(conn, request)
}

func read(conn io.Reader, request string) (answer, error) {
	var wire bytes.Buffer
	reader := bufio.NewReader(io.TeeReader(conn, &wire))
	method, _, _ := strings.Cut(request, " ")
	for {
		resp, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return answer{wire: wire.Bytes()}, closedOr(err)
		}
		if resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		a := answer{status: resp.StatusCode, header: resp.Header, trailer: resp.Trailer, body: body, wire: wire.Bytes()}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil // the gate may cut an answer; what came is looked at
		}
		return a, err
	}
}

// closedOr takes a connection that was closed for an answer: it says no.
func closedOr(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "connection reset") {
		return nil
	}
	return err
}

// patiently is send, and once more where the answer is 503 with Retry-After:
// the store did not answer in its 250 ms, which happens on a machine that has
// other things to do. Whoever is told so five times in a row has found a fault.
func (l *lane) patiently(request string) (answer, []hit, error) {
	for try := 1; ; try++ {
		a, err := l.send(request)
		var hits []hit
		if l.origin != nil {
			hits = l.origin.take()
		}
		if err != nil || a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "1" || try == 5 {
			return a, hits, err
		}
		time.Sleep(time.Second) // as told
	}
}

// must is send for the suite's own preparations.
func (l *lane) must(t testing.TB, request string) answer {
	t.Helper()
	a, _, err := l.patiently(request)
	if err != nil {
		t.Fatalf("%s: %v", l.name, err)
	}
	return a
}
