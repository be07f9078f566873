package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/usher-media/usher/internal/budget"
	"github.com/usher-media/usher/internal/gate"
)

// errRefused tells the handlers behind the gate to stop writing: the answer
// was replaced by a refusal.
var errRefused = errors.New("usher refused the answer")

// answer is a request, the decision about it, and if it passed, its response
// writer. It holds the header
// back until it is known whether a byte of media leaves, charges the view
// before that byte, and gives the reservation back when none does. Bytes then
// flow past it: ReadFrom goes through to the connection, so sendfile is kept.
//
// There is one for each request, and it is never used again for another: a
// handler that writes once more after it has returned, against all rules, must
// not write into the answer of somebody else.
type answer struct {
	caddyhttp.ResponseWriterWrapper
	request *http.Request
	handler *Handler
	in      request
	bounded budget.Context // of the decision
	verdict gate.Verdict

	status  int  // 0: no header yet
	sent    bool // the header went out
	due     bool // the view is charged with the first byte
	refused bool
	held    *held // a manifest that is not whole yet
	body    *body // of an upload
	bytes   int64
	stream  stream // registered with the first byte; of an upload, before

	values [11]string // room for the values of headers that are set
	taken  int
}

func newAnswer(w http.ResponseWriter, r *http.Request, h *Handler) *answer {
	a := &answer{request: r, handler: h}
	a.ResponseWriter, a.in.came = w, time.Now()
	return a
}

// set sets a header as http.Header.Set does, with a name in canonical form and
// without an allocation for each. The value is not shared with other requests:
// handlers change values in place.
func (a *answer) set(header http.Header, name, value string) {
	if a.taken == len(a.values) {
		header[name] = []string{value}
		return
	}
	a.values[a.taken] = value
	header[name] = a.values[a.taken : a.taken+1 : a.taken+1]
	a.taken++
}

// WriteHeader looks at what upstream answers. The header of a chargeable
// answer waits for its first byte.
func (a *answer) WriteHeader(status int) {
	switch {
	case a.refused || a.status != 0:
		return
	case status >= 100 && status < 200:
		return // hints would go out with upstream's headers, before anything is charged
	}
	if status >= http.StatusBadRequest && a.refuseUpload() {
		return
	}
	a.status = status
	a.tidy()
	if a.rewrites() {
		a.expectManifest()
	}
	if status < 200 || status > 299 || a.request.Method != http.MethodGet {
		a.sendHeader()
		return
	}
	if a.verdict.Gathers && !a.gather() {
		return
	}
	if a.needsSlot() && !a.take() {
		return
	}
	a.due = a.verdict.Holding && status != http.StatusNoContent && a.bears() && a.Header().Get("Content-Length") != "0"
	if !a.due && !a.hold() {
		a.sendHeader()
	}
}

func (a *answer) sendHeader() {
	if !a.sent {
		a.sent = true
		a.ResponseWriter.WriteHeader(a.status)
	}
}

// ready brings the answer to where bytes may flow.
func (a *answer) ready() bool {
	if a.refused || (a.due && !a.charge()) {
		return false
	}
	a.sendHeader()
	if a.stream.answer == nil { // an upload is registered already
		a.handler.app.backing.streams.add(a)
	}
	return !a.stream.cut.Load()
}

// Write sends bytes, after the view was charged.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.held != nil {
		return a.collect(p)
	}
	if len(p) == 0 && a.due {
		return 0, nil
	}
	if !a.ready() {
		return 0, errRefused
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// ReadFrom sends a file. The inner writer's ReadFrom ends in sendfile(2).
func (a *answer) ReadFrom(r io.Reader) (int64, error) {
	var head int64
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.held != nil {
		return io.Copy(struct{ io.Writer }{a}, r)
	}
	if a.due {
		var err error
		if head, err = a.chargeFirst(r); head == 0 || err != nil {
			return head, err
		}
	}
	if !a.ready() {
		return 0, errRefused
	}
	n, err := a.ResponseWriterWrapper.ReadFrom(sendable(r, a.ResponseWriter, a.request, &a.stream.cut))
	a.bytes += n
	return head + n, err
}

// firstPiece is how much is read before a view is charged, to see that there
// is a byte at all.
const firstPiece = 512

// chargeFirst sends the first piece of r, which charges the view. Nothing is
// charged where there is none.
func (a *answer) chargeFirst(r io.Reader) (int64, error) {
	piece := make([]byte, firstPiece)
	n, err := io.ReadAtLeast(r, piece, 1)
	if n == 0 {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return 0, err
	}
	sent, err := a.Write(piece[:n])
	return int64(sent), err
}

// FlushError sends the header on without charging: no byte of media has left.
// A manifest leaves whole, or not at all.
func (a *answer) FlushError() error {
	if a.refused {
		return errRefused
	}
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.refused {
		return errRefused
	}
	if a.held != nil {
		return nil
	}
	a.sendHeader()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// finish ends the answer, also when upstream panicked.
func (a *answer) finish() {
	if a.stream.answer != nil {
		a.handler.app.backing.streams.remove(&a.stream)
	}
	if a.status != 0 && !a.refused && a.held == nil {
		a.sendHeader()
	}
	if a.verdict.Holding {
		a.giveBack()
	}
	if !a.refused {
		countRequest(&a.verdict)
		a.noteRequest()
		a.countDownload()
		bytesTotal.Add(float64(a.bytes))
	}
	a.forget()
	a.refused = true // for whoever writes on after it has returned
}

// noteRequest gathers what the answer sent, and that it was asked for: the
// session's rate on all nodes is kept by what they gather.
func (a *answer) noteRequest() {
	if a.verdict.Session.IsZero() {
		return
	}
	fact := usageOf(&a.verdict, time.Now(), a.bytes)
	fact.Requests, fact.Since, fact.Rate = 1, a.in.came, a.handler.policy.Rate
	a.handler.app.backing.usage.Note(fact)
}
