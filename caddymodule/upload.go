package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
)

// serveUpload puts a request that changes what is at its path to the gate. A
// page of another site must not make a viewer's browser change anything, and a
// browser says from where it was sent.
func (h *Handler) serveUpload(w http.ResponseWriter, r *http.Request, a *answer, next caddyhttp.Handler) {
	switch {
	case !browser.SameOrigin(r):
		h.refuse(w, r, unsigned(gate.CrossOrigin))
		return
	case r.ContentLength > int64(h.Upload):
		h.refuse(w, r, unsigned(gate.TooLarge))
		return
	}
	err := a.decideWrite(next)
	if err == nil && a.verdict.Outcome == gate.Pass {
		a.body = &body{ReadCloser: http.MaxBytesReader(w, r.Body, int64(h.Upload)), stream: &a.stream}
		r.Body = a.body
		h.app.backing.streams.add(a) // until it is finished, which every answer is that passes
	}
	h.answer(w, r, a, err, next)
}

// decideWrite asks the gate, and the upstream whether there is something at a path
// that nothing is known of.
func (a *answer) decideWrite(next caddyhttp.Handler) error {
	ctx, cancel := a.storeContext()
	defer cancel()
	var err error
	a.verdict, err = a.handler.gate.Write(ctx, a.in.came, &a.in.Request)
	decisionSeconds.Observe(time.Since(a.in.came).Seconds())
	if err != nil || a.verdict.Outcome != gate.Pass || !a.verdict.Claimed {
		return err
	}
	status := a.handler.head(a.request, a.in.Path, next)
	settling, done := a.storeContext()
	defer done()
	there := status != http.StatusNotFound && status != http.StatusGone // whatever cannot be said is taken for yes
	return a.handler.gate.Claim(settling, a.in.came, &a.verdict, there)
}

// forget removes the record of whose the object was that the upstream deleted.
func (a *answer) forget() {
	gone := a.status >= 200 && a.status < 300 || a.status == http.StatusNotFound || a.status == http.StatusGone
	if a.request.Method != http.MethodDelete || !gone || a.refused {
		return
	}
	ctx, cancel := a.storeContext()
	defer cancel()
	if err := a.handler.gate.Forget(ctx, &a.verdict); err != nil {
		a.handler.logger.Warn("a deleted object keeps its owner", zap.Error(err))
	}
}

// errCut tells whoever reads an upload that it may not go on.
var errCut = errors.New("usher cut the upload")

// body is that of an upload, and knows whether it was too large.
type body struct {
	io.ReadCloser
	stream *stream
	over   atomic.Bool
}

// Read notes where the bound was hit: what handlers make of the error is theirs.
// Once the upload was cut nothing comes of it any more, not even its end: what the
// upstream got is no whole file for it.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.stream.cut.Load() {
		return 0, errCut
	}
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		b.over.Store(true)
	}
	return n, err
}
