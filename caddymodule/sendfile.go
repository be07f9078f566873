package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// fileRange is the part of a file that an answer sends, in a form that keeps
// sendfile(2) under Caddy's idle timeouts. Caddy sends files in chunks and
// wraps an io.LimitedReader around what it is given for each; the file server
// gives it one already, and net looks through a single one only, so every byte
// is copied through user space. This reader bounds itself instead, and shows
// its descriptor to net as long as there is enough for the chunk under way.
// The rest of the range, less than a chunk, goes by Read.
type fileRange struct {
	file       *os.File
	start, end int64
	chunk      int64
	cut        *atomic.Bool // the answer was cut

	at    int64 // the file's offset
	stale bool  // the kernel may have moved it since
}

var errTail = errors.New("less than a chunk is left")

// sendable returns what to hand to the writer below in the place of r. Only a
// bounded file on a connection with idle timeouts needs help.
func sendable(r io.Reader, req *http.Request, cut *atomic.Bool) io.Reader {
	server, _ := req.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	limited, isLimited := r.(*io.LimitedReader)
	if !isLimited || server == nil || server.WriteIdleTimeout <= 0 || server.MaxWriteChunk <= 0 {
		return r
	}
	file, isFile := limited.R.(*os.File)
	if !isFile {
		return r
	}
	at, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return r
	}
	return &fileRange{file: file, start: at, at: at, end: at + limited.N, chunk: int64(server.MaxWriteChunk), cut: cut}
}

// left is how much of the range was not sent yet. Both ways of sending move
// the file's own offset.
func (f *fileRange) left() int64 {
	if f.stale {
		at, err := f.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0
		}
		f.at, f.stale = at, false
	}
	return f.end - f.at
}

// Read reads on, never past the range.
func (f *fileRange) Read(p []byte) (int, error) {
	if f.cut.Load() {
		return 0, errRefused
	}
	left := f.left()
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := f.file.Read(p[:min(int64(len(p)), left)])
	f.at += int64(n)
	return n, err
}

// SyscallConn is how net gets at the descriptor. net then sends what is left
// of the chunk under way, whatever we say, so it must not get it where the
// range ends before. Chunks follow one another from where the range starts:
// Caddy ends the answer after one that is not full.
func (f *fileRange) SyscallConn() (syscall.RawConn, error) {
	if f.cut.Load() {
		return nil, errRefused
	}
	left := f.left()
	if left < f.chunk-(f.at-f.start)%f.chunk {
		return nil, errTail
	}
	f.stale = true
	return f.file.SyscallConn()
}
