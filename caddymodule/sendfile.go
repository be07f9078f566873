package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"sync/atomic"
	"syscall"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// fileRange is the part of a file that an answer sends, in a form that keeps
// sendfile(2) under Caddy's idle timeouts. Caddy sends files in chunks and
// wraps an io.LimitedReader around what it is given for each; the file server
// gives it one already, and net looks through a single one only, so every byte
// is copied through user space. This reader bounds itself instead, and shows
// its descriptor to net as long as there is enough for a chunk. The rest of the
// range goes by Read.
type fileRange struct {
	file       *os.File
	start, end int64
	chunk      int64 // the most that net sends at once
	// aligned says that nobody reads on the way to the writer that makes the
	// chunks: then they follow one another from start.
	aligned bool
	cut     *atomic.Bool // the answer was cut

	at    int64 // the file's offset
	stale bool  // the kernel may have moved it since
}

var errTail = errors.New("less than a chunk is left")

// sendable returns what to hand to the writer below in the place of r. Only
// where Caddy's idle timeouts are on does anything need help: there, bounded
// files lose sendfile(2), and the deadline that cuts an answer is moved on
// with each chunk, so that the source has to say that it is over.
func sendable(r io.Reader, below http.ResponseWriter, req *http.Request, cut *atomic.Bool) io.Reader {
	_, idle := caddyhttp.IdleTimeoutsFromContext(req.Context())
	if idle == nil {
		return r
	}
	limited, isLimited := r.(*io.LimitedReader)
	if !isLimited {
		return cutReader{r, cut}
	}
	file, isFile := limited.R.(*os.File)
	if !isFile {
		return cutReader{r, cut}
	}
	at, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return cutReader{r, cut}
	}
	chunk := int64(idle.MaxChunk)
	if chunk <= 0 {
		chunk = caddyhttp.DefaultMaxWriteChunk
	}
	return &fileRange{
		file: file, start: at, at: at, end: at + limited.N, chunk: chunk, aligned: straight(below, idle), cut: cut,
	}
}

// straight reports whether what is read from goes to the writer that makes the
// chunks as it is. Between the two may stand the recorder of the access log,
// which only counts; whatever else stands there may read ahead, as encode does.
func straight(below http.ResponseWriter, idle *caddyhttp.IdleTimeoutWriter) bool {
	if reflect.TypeOf(below) == recorderType {
		if wrapper, ok := below.(interface{ Unwrap() http.ResponseWriter }); ok {
			below = wrapper.Unwrap()
		}
	}
	return below == http.ResponseWriter(idle)
}

// recorderType is Caddy's own recorder, and no other of that interface.
var recorderType = reflect.TypeOf(caddyhttp.NewResponseRecorder(nil, nil, nil))

// cutReader is a source that ends when its answer is cut.
type cutReader struct {
	io.Reader
	cut *atomic.Bool
}

// Read reads on.
func (c cutReader) Read(p []byte) (int, error) {
	if c.cut.Load() {
		return 0, errRefused
	}
	return c.Reader.Read(p)
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

// SyscallConn is how net gets at the descriptor. net then sends a chunk, or
// what is left of the one under way, whatever we say and whatever length was
// promised, so it must not get it where the range might end before. Aligned
// chunks follow one another from where the range starts, since Caddy ends the
// answer after one that is not full.
func (f *fileRange) SyscallConn() (syscall.RawConn, error) {
	if f.cut.Load() {
		return nil, errRefused
	}
	left, most := f.left(), f.chunk
	if f.aligned {
		most -= (f.at - f.start) % f.chunk
	}
	if left < most {
		return nil, errTail
	}
	f.stale = true
	return f.file.SyscallConn()
}
