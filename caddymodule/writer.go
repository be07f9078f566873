package caddymodule

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/gate"
)

// errRefused tells the handlers behind the gate to stop writing: the answer
// was replaced by a refusal.
var errRefused = errors.New("usher refused the answer")

// answer is the response writer of a request that passed. It holds the header
// back until it is known whether a byte of media leaves, charges the view
// before that byte, and gives the reservation back when none does. Bytes then
// flow past it: ReadFrom goes through to the connection, so sendfile is kept.
type answer struct {
	*caddyhttp.ResponseWriterWrapper
	request *http.Request
	handler *Handler
	verdict gate.Verdict

	status  int // 0: no header yet
	path    gate.Path
	sent    bool // the header went out
	due     bool // the view is charged with the first byte
	refused bool
	bytes   int64
	stream  *stream // set with the first byte
}

func newAnswer(w http.ResponseWriter, r *http.Request, h *Handler, in request, v gate.Verdict) *answer {
	return &answer{
		path:                  in.Path,
		ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		request:               r, handler: h, verdict: v,
	}
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
	a.status = status
	a.tidy()
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
	if !a.due {
		a.sendHeader()
	}
}

// needsSlot tells an answer that bears media although its request did not
// look so: a probe that is answered with more than a probe may have, or a film
// under a name that promises less (path info, "init").
func (a *answer) needsSlot() bool {
	v, header := a.verdict, a.Header()
	if v.Countable || !a.bears() {
		return false
	}
	switch v.Class {
	case gate.Media:
		return !gate.IsProbe(a.status, header.Get("Content-Range"))
	case gate.Initial: // by the whole file: in parts it would be free
		size, known := a.fileSize()
		return !known || size > gate.MaxInitial
	default:
		kind := strings.ToLower(header.Get("Content-Type"))
		return strings.HasPrefix(kind, "video/") || strings.HasPrefix(kind, "audio/")
	}
}

func (a *answer) bears() bool { return gate.Bears(a.path, a.Header().Get("Content-Type")) }

// fileSize is the size of the file that the answer is of, or is a part of.
func (a *answer) fileSize() (size int64, known bool) {
	text := a.Header().Get("Content-Length")
	if a.status == http.StatusPartialContent {
		_, text, _ = strings.Cut(a.Header().Get("Content-Range"), "/")
	}
	size, err := strconv.ParseInt(text, 10, 64)
	return size, err == nil
}

func (a *answer) take() bool {
	ctx, cancel := a.storeContext()
	defer cancel()
	v, err := a.handler.gate.Take(ctx, a.verdict)
	if err != nil || v.Outcome != gate.Pass {
		a.replace(v, err)
		return false
	}
	a.verdict = v
	tellTerms(a.Header(), v)
	return true
}

// gather notes, before the manifest leaves, that renditions below it are one
// asset: the player's next request may be for one of them.
func (a *answer) gather() bool {
	ctx, cancel := a.storeContext()
	defer cancel()
	if err := a.handler.gate.Gather(ctx, a.verdict); err != nil {
		a.replace(gate.Verdict{}, err)
		return false
	}
	return true
}

// charge makes the reservation a view, durably, before the first byte.
func (a *answer) charge() bool {
	a.due = false
	ctx, cancel := a.storeContext()
	defer cancel()
	settled, err := a.handler.gate.Charge(ctx, a.verdict)
	if err != nil || settled.Refused.Reason != gate.OK {
		v := a.verdict
		v.Refusal, v.Account = settled.Refused, settled.Account
		a.replace(v, err)
		return false
	}
	a.verdict.Holding = false
	if settled.Charged {
		playsTotal.WithLabelValues(playCharged).Inc()
	}
	return true
}

// storeContext bounds a store trip. It outlives the client's interest: a
// charge or a give-back must not be lost because the client went away.
func (a *answer) storeContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(a.request.Context()), storeBudget)
}

// replace puts a refusal in the place of upstream's answer. Where the header
// has left already (a flush came before the first byte) only cutting the
// connection is left.
func (a *answer) replace(v gate.Verdict, err error) {
	a.refused = true
	if a.sent {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		a.handler.couldNotDecide(a.request, err)
		v.Refusal = gate.Refusal{Reason: gate.StoreDown}
	}
	header := a.Header()
	for name := range header {
		if name != "Server" && name != "Alt-Svc" {
			delete(header, name)
		}
	}
	v.Signed = true
	a.handler.refuse(a.ResponseWriter, a.request, v)
}

// keepRefusal lets a refusal that took the place of upstream's answer arrive.
// The reverse proxy aborts the connection when its writes fail; the refusal is
// whole, so the connection need not be.
func (a *answer) keepRefusal() {
	p := recover()
	if p == nil {
		return
	}
	if !a.refused || a.sent || p != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
		panic(p)
	}
}

func (a *answer) sendHeader() {
	if !a.sent {
		a.sent = true
		a.ResponseWriter.WriteHeader(a.status)
	}
}

// fail answers for a handler behind the gate that gave an error and no answer.
// The error ends here: Caddy would log it with the request's URL, in which the
// session stands, and run the site's error routes with that URL.
func (a *answer) fail(err error) {
	status := http.StatusInternalServerError
	if known := (caddyhttp.HandlerError{}); errors.As(err, &known) && known.StatusCode >= 400 {
		status = known.StatusCode
	}
	if a.refused {
		return // it only says that we made it stop
	}
	if status >= http.StatusInternalServerError {
		a.handler.logger.Error("the handler behind the gate failed", zap.Int("status", status), zap.Error(err))
	}
	if a.status == 0 {
		a.WriteHeader(status)
	}
}

// ready brings the answer to where bytes may flow.
func (a *answer) ready() bool {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.refused || (a.due && !a.charge()) {
		return false
	}
	a.sendHeader()
	if a.stream == nil {
		a.stream = a.handler.app.backing.streams.add(a.handler.gate, a.verdict, a.ResponseWriter, a.request)
	}
	return !a.stream.cut.Load()
}

// Write sends bytes, after the view was charged.
func (a *answer) Write(p []byte) (int, error) {
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
	if a.due {
		var err error
		if head, err = a.chargeFirst(r); head == 0 || err != nil {
			return head, err
		}
	}
	if !a.ready() {
		return 0, errRefused
	}
	n, err := a.ResponseWriterWrapper.ReadFrom(sendable(r, a.request, &a.stream.cut))
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
	a.sendHeader()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// finish ends the answer, also when upstream panicked.
func (a *answer) finish() {
	if a.stream != nil {
		a.handler.app.backing.streams.remove(a.stream)
	}
	if a.status != 0 && !a.refused {
		a.sendHeader()
	}
	if a.verdict.Holding {
		a.giveBack()
	}
	if !a.refused {
		countRequest(a.verdict)
	}
	if a.bytes > 0 {
		a.handler.app.backing.usage.Note(usageOf(a.verdict, time.Now(), a.bytes))
	}
}

func (a *answer) giveBack() {
	ctx, cancel := a.storeContext()
	defer cancel()
	if err := a.handler.gate.GiveBack(ctx, a.verdict); err != nil {
		a.handler.logger.Warn("a reservation could not be given back; it lapses by itself", zap.Error(err))
		return
	}
	playsTotal.WithLabelValues(playReturned).Inc()
}

// tidy sets the headers of a gated answer. What upstream says about caching
// and cookies is for a site without a gate; a shared cache must not keep what
// one viewer was allowed.
func (a *answer) tidy() {
	header := a.Header()
	for _, name := range []string{"Set-Cookie", "X-Accel-Redirect", "X-Sendfile"} {
		header.Del(name)
	}
	for name := range header {
		if strings.HasPrefix(name, "Usher-") {
			delete(header, name)
		}
	}
	header.Set("Cache-Control", "private, max-age=0, must-revalidate")
	header.Add("Vary", "Cookie, Authorization")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex, noarchive")
	if kind := mediaType(a.request.URL.Path, header.Get("Content-Type")); kind != "" {
		header.Set("Content-Type", kind)
	}
	if location := header.Get("Location"); location != "" {
		header.Set("Location", a.carryLocation(location))
	}
	tellTerms(header, a.verdict)
}

// carryLocation keeps a redirect of upstream's inside the session.
func (a *answer) carryLocation(location string) string {
	rooted := strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//")
	if !rooted || a.verdict.Carrier != gate.InPath {
		return location
	}
	return "/~" + a.verdict.Token + location
}

// mediaType corrects the type of streaming files where upstream does not know
// them: browsers play a playlist by its type, and ".ts" is another thing in
// many tables.
func mediaType(path, given string) string {
	kind, known := streamingTypes[strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])]
	if !known {
		return ""
	}
	given, _, _ = strings.Cut(given, ";")
	switch given {
	case "", "text/plain", "application/octet-stream", "text/vnd.trolltech.linguist", "text/xml", "application/xml", "audio/x-mpegurl", "audio/mpegurl":
		return kind
	}
	return ""
}

var streamingTypes = map[string]string{
	"m3u8": "application/vnd.apple.mpegurl",
	"mpd":  "application/dash+xml",
	"ts":   "video/mp2t",
	"m4s":  "video/iso.segment",
	"vtt":  "text/vtt",
}
