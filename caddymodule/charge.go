package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/gate"
)

// needsSlot tells an answer that bears media although its request did not
// look so: a probe that is answered with more than a probe may have, or a film
// under a name that promises less (path info, "init").
func (a *answer) needsSlot() bool {
	v, header := &a.verdict, a.Header()
	if v.Public || v.Countable || !a.bears() {
		return false
	}
	switch v.Class {
	case gate.Media:
		return !gate.IsProbe(a.status, header.Get("Content-Range"))
	case gate.Initial: // by the whole file: in parts it would be free
		size, known := a.fileSize()
		return !known || size > gate.MaxInitial
	default:
		return a.playable()
	}
}

// playable reports an answer that says that it is picture or sound.
func (a *answer) playable() bool {
	kind := strings.ToLower(a.Header().Get("Content-Type"))
	return strings.HasPrefix(kind, "video/") || strings.HasPrefix(kind, "audio/")
}

func (a *answer) bears() bool { return gate.Bears(a.in.Path, a.Header().Get("Content-Type")) }

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
	v := a.verdict
	err := a.handler.gate.Take(ctx, &v)
	if err != nil || v.Outcome != gate.Pass {
		a.replace(v, err)
		return false
	}
	a.verdict = v
	tellTerms(a.set, a.Header(), v.Terms)
	return true
}

// gather notes, before the manifest leaves, that renditions below it are one
// asset: the player's next request may be for one of them, on any node.
func (a *answer) gather() bool {
	ctx, cancel := a.storeContext()
	defer cancel()
	if err := a.handler.gate.Gather(ctx, &a.verdict); err != nil {
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
	settled, err := a.handler.gate.Charge(ctx, &a.verdict)
	if err != nil || settled.Refused.Reason != gate.OK {
		v := a.verdict
		v.Refusal, v.Account = settled.Refused, settled.Account
		a.replace(v, err)
		return false
	}
	a.verdict.Holding = false
	if settled.Charged {
		playsCharged.Inc()
		a.tellCharged(&settled)
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
	a.handler.refuse(a.ResponseWriter, a.request, &v)
}

// keepRefusal lets a refusal that took the place of upstream's answer arrive.
// The reverse proxy aborts the connection when its writes fail; the refusal is
// whole, so the connection need not be. So it is with a manifest of which a part
// came: nothing of it has left.
func (a *answer) keepRefusal() {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler && a.held != nil && a.request.Context().Err() == nil { //nolint:errorlint // as below
		a.spoil(errCutShort)
	}
	if !a.refused || a.sent || p != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
		panic(p)
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
	if a.refuseUpload() {
		return
	}
	if a.held != nil {
		a.spoil(err)
		return
	}
	if status >= http.StatusInternalServerError {
		a.handler.logger.Error("the handler behind the gate failed", zap.Int("status", status), zap.Error(err))
	}
	if a.status == 0 {
		a.WriteHeader(status)
	}
}

// refuseUpload puts a refusal in the place of what a handler makes of an upload
// that we ended, and reports whether it did.
func (a *answer) refuseUpload() bool {
	no := a.uploadRefused()
	if no == gate.OK {
		return false
	}
	v := a.verdict
	v.Refusal = gate.Refusal{Reason: no}
	a.replace(v, nil)
	return true
}

// uploadRefused is why an upload ended that nothing was answered to; OK: it was
// not us who ended it.
func (a *answer) uploadRefused() gate.Reason {
	if a.body == nil || a.status != 0 {
		return gate.OK
	}
	if reason, cut := a.stream.because(); cut {
		return reason
	}
	if a.body.over.Load() {
		return gate.TooLarge
	}
	return gate.OK
}

func (a *answer) giveBack() {
	ctx, cancel := a.storeContext()
	defer cancel()
	if err := a.handler.gate.GiveBack(ctx, &a.verdict); err != nil {
		a.handler.logger.Warn("a reservation could not be given back; it lapses by itself", zap.Error(err))
		return
	}
	playsReturned.Inc()
}
