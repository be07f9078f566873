package wire

import (
	"bytes"
	"errors"
)

var (
	headEnd       = []byte("\r\n\r\n")
	lineEnd       = []byte("\r\n")
	protocol      = []byte("HTTP/1.1 ")
	contentLength = []byte("content-length:")
	transfer      = []byte("transfer-encoding:")
)

// What is wrong with an answer. They are fixed values: an error per answer
// would be an allocation per answer just when something is overloaded.
var (
	errLongHead = errors.New("the head of the answer is longer than the buffer")
	errTooMuch  = errors.New("more bytes came than the answer has")
	errStatus   = errors.New("no status line of HTTP/1.1")
	errInterim  = errors.New("an interim answer: ask for none")
	errLength   = errors.New("no Content-Length, or not one plain number")
	errChunked  = errors.New("the answer is chunked: measure something of known length")
)

// maxLength keeps the sum of digits from running over.
const maxLength = 1 << 50

// parseHead reads the head of an answer, empty line included.
func parseHead(head []byte) (Answer, error) {
	line, rest, _ := bytes.Cut(head, lineEnd)
	status, ok := bytes.CutPrefix(line, protocol)
	if !ok || len(status) < 3 || len(status) > 3 && status[3] != ' ' {
		return Answer{}, errStatus
	}
	code, ok := number(status[:3])
	switch {
	case !ok || code < 100:
		return Answer{}, errStatus
	case code < 200:
		return Answer{}, errInterim
	}
	a := Answer{Status: int(code), Length: -1}
	for len(rest) > len(lineEnd) {
		line, rest, _ = bytes.Cut(rest, lineEnd)
		if hasName(line, transfer) {
			return Answer{}, errChunked
		}
		if !hasName(line, contentLength) {
			continue
		}
		n, ok := number(bytes.TrimSpace(line[len(contentLength):]))
		if !ok || a.Length >= 0 {
			return Answer{}, errLength
		}
		a.Length = n
	}
	switch {
	case code == 204 || code == 304:
		a.Length = 0 // these have no body, whatever the head says (RFC 9112, 6.3)
	case a.Length < 0:
		return Answer{}, errLength
	}
	return a, nil
}

// hasName compares the beginning of a header line with a name in lower case.
func hasName(line, name []byte) bool {
	if len(line) < len(name) {
		return false
	}
	for i, want := range name {
		got := line[i]
		if 'A' <= got && got <= 'Z' {
			got += 'a' - 'A'
		}
		if got != want {
			return false
		}
	}
	return true
}

func number(digits []byte) (int64, bool) {
	var n int64
	for _, d := range digits {
		if d < '0' || d > '9' || n > maxLength {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	return n, len(digits) > 0
}
