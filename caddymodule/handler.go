package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/signin"
)

func init() { caddy.RegisterModule(Handler{}) }

// Handler is the gate of one site.
type Handler struct {
	config.Site

	app     *App
	gate    *gate.Gate
	limits  *limits
	policy  gate.Policy
	entries *entries
	brands  brands
	assets  http.Handler
	api     http.Handler
	signin  http.Handler
	logger  *zap.Logger
}

// CaddyModule describes the handler to Caddy.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.usher", New: func() caddy.Module { return new(Handler) }}
}

// Provision compiles the site's settings.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	h.Site = h.Site.WithDefaults()
	if err := h.Site.Validate(); err != nil {
		return err
	}
	if h.Console && !h.API {
		return fmt.Errorf("console: the console talks to the API: add the word api to this site too")
	}
	app, err := ctx.App("usher")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	rememberConns(ctx)
	endWithServer(ctx, h.app.end)
	h.limits = newLimits(h.Rate)
	h.app.rates.add(h.limits)
	h.policy = h.policyOf()
	h.gate = h.app.gateFor(h.limits.session, h.policy)
	h.entries = newEntries()
	h.app.backing.flushFor(time.Duration(min(h.Idle, h.SeatIdle, h.SessionLife)))
	if h.brands, err = readBrands(h.Brand); err != nil {
		return err
	}
	h.assets = pages.Assets(h.brands.all...)
	h.signin = signin.Web{Desk: h.app.desk, Secure: h.secure, Client: clientAddr, Refuse: h.refuseUnsigned, Brand: h.brands.site}
	h.api = http.StripPrefix(apiPrefix, api.NewOnSite(h.app.apiBackend(h.gate), h.secure))
	return nil
}

// policyOf is what the site's settings mean for decisions.
func (h *Handler) policyOf() gate.Policy {
	return gate.Policy{
		Pace: gate.Pace{
			Idle: time.Duration(h.Idle), Max: time.Duration(h.MaxPlay), Lapse: time.Duration(h.Lapse),
			Seat: time.Duration(h.SeatIdle),
		},
		Rate:           gate.Rate{Interval: h.Rate.Interval(), Burst: int64(h.Rate.Burst)},
		SessionLife:    time.Duration(h.MaxPlay),
		Unused:         time.Duration(h.SessionLife),
		FinishAfterEnd: h.AfterExpiry == "finish",
		Lease:          h.Lease(),
		InPath:         h.carries("path"),
	}
}

// storeBudget is the most that deciding about one request may take.
const storeBudget = 250 * time.Millisecond

// ServeHTTP answers Usher's own pages itself and puts everything else to the
// gate. It returns no error for a refusal: Caddy would restore the original
// URL and run the site's error routes with it, and those may serve files.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if err := h.app.backing.enter(); err != nil {
		h.logger.Error("the store cannot be opened", zap.Error(err))
		h.refuse(w, r, unsigned(gate.StoreDown))
		return nil
	}
	defer h.app.backing.exit()

	a := newAnswer(w, r, h)
	in := &a.in
	no := h.gather(r, in)
	if no == gate.OK && !h.limits.group(in.Client, in.came) {
		no = gate.TooFast
	}
	if no != gate.OK {
		h.refuse(w, r, unsigned(no))
		return nil
	}
	switch {
	case in.own != "":
		h.serveOwn(w, r, in, next)
		return nil
	case r.Method == http.MethodOptions:
		h.serveOptions(w, r, in)
		return nil
	case in.Writes():
		h.serveUpload(w, r, a, next)
		return nil
	}
	if in.Path.Dir() && r.Method == http.MethodGet && !in.Speculative {
		h.atEntry(r, in, next)
	}
	err := a.decide()
	h.answer(w, r, a, err, next)
	return nil
}

// decide asks the gate inside the store budget, and times it.
func (a *answer) decide() (err error) {
	a.bounded.Start(a.request.Context(), a.in.came.Add(storeBudget))
	defer a.bounded.Stop()
	h := a.handler
	a.verdict, err = h.gate.Decide(&a.bounded, a.in.came, &a.in.Request)
	decisionSeconds.Observe(time.Since(a.in.came).Seconds())
	if h.policy.Lease > 0 && !a.verdict.Session.IsZero() {
		countRecall(a.verdict.Recalled)
	}
	return err
}

// answer turns a verdict into a response. Here alone "could not decide"
// becomes a refusal.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, a *answer, err error, next caddyhttp.Handler) {
	in, v := &a.in, &a.verdict
	if err != nil {
		h.couldNotDecide(r, err)
		v = &gate.Verdict{Refusal: gate.Refusal{Reason: gate.StoreDown}, Signed: v.Signed}
	}
	switch v.Outcome {
	case gate.Pass:
		a.pass(next)
	case gate.Redirect:
		countRequest(v)
		h.sawOpening(r, in, v)
		h.tellOpened(in, v)
		h.shareAnswer(w.Header(), r)
		h.redirect(w, r, in, v)
	case gate.Blank:
		countRequest(v)
		h.sawPreview(r, in, v)
		h.shareAnswer(w.Header(), r)
		blank(w)
	default:
		h.refuseOpening(w, r, in, v)
	}
}

func (h *Handler) couldNotDecide(r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client went away; that says nothing about the store
	}
	if c := h.logger.Check(zap.WarnLevel, "could not decide"); c != nil {
		c.Write(zap.Error(err))
	}
}

func (h *Handler) carries(way string) bool { return slices.Contains(h.Carry, way) }

// secure reports whether viewers reach the site by TLS. Behind a proxy that
// ends TLS only the operator knows: a request header may be forged.
func (h *Handler) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(h.app.PublicURL, "https://")
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
