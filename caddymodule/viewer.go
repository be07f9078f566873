package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
	"github.com/usher-media/usher/internal/signin"
	"github.com/usher-media/usher/internal/token"
)

// watchPrefix is the clean URL that a redeemed share link leads to.
const watchPrefix = ownPrefix + "watch/"

// serveOwn answers Usher's own paths.
func (h *Handler) serveOwn(w http.ResponseWriter, r *http.Request, in *request, next caddyhttp.Handler) {
	switch {
	case strings.HasPrefix(in.own, sharePrefix):
		h.serveShare(w, r, in, next)
	case strings.HasPrefix(in.own, watchPrefix):
		h.serveWatch(w, r, in, next)
	case strings.HasPrefix(in.own, pages.AssetPrefix):
		h.assets.ServeHTTP(w, r)
	case in.own == beside(apiPrefix) && h.API:
		api.ServeOpenAPI(w, r)
	case strings.HasPrefix(in.own, apiPrefix+"/") && h.API:
		h.api.ServeHTTP(w, r)
	case signin.Serves(in.own):
		h.signin.ServeHTTP(w, r)
	case pages.ConsoleServes(in.own) && h.Console:
		h.serveConsole(w, r)
	case in.own == ownPrefix+"ready":
		h.serveReady(w, r)
	default:
		h.refuse(w, r, unsigned(gate.NoToken))
	}
}

// refuseUnsigned refuses somebody who has shown nothing.
func (h *Handler) refuseUnsigned(w http.ResponseWriter, r *http.Request, no gate.Reason) {
	h.refuse(w, r, unsigned(no))
}

func unsigned(no gate.Reason) *gate.Verdict {
	return &gate.Verdict{Refusal: gate.Refusal{Reason: no}}
}

// serveShare is the two steps of a share link: looking, which changes nothing,
// and redeeming, which a person does by pressing Watch.
func (h *Handler) serveShare(w http.ResponseWriter, r *http.Request, in *request, next caddyhttp.Handler) {
	code := strings.TrimPrefix(in.own, sharePrefix)
	if code == "" || strings.ContainsAny(code, "/%") {
		h.refuse(w, r, unsigned(gate.NoToken))
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.land(w, r, in, code, next)
	case http.MethodPost:
		h.redeem(w, r, in, code, next)
	case http.MethodOptions:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		h.refuse(w, r, unsigned(gate.BadMethod))
	}
}

func (h *Handler) land(w http.ResponseWriter, r *http.Request, in *request, code string, next caddyhttp.Handler) {
	ctx, cancel := context.WithTimeout(r.Context(), storeBudget)
	defer cancel()
	v, err := h.gate.Land(ctx, time.Now(), code, &in.Request)
	if err != nil {
		h.couldNotDecide(r, err)
		v = *unsigned(gate.StoreDown)
	}
	looked, waits := looksOf(r)
	if newcomer := len(in.Presented) == 0 && in.Device == ""; v.Outcome == gate.Pass && v.Asks == gate.OK && (newcomer || waits) {
		if newcomer {
			looked.each = 0 // who never watched has a share of their own
		}
		if no, spent := looked.spent(&v.Account); spent { // no need to make anybody press a button in vain
			v.Outcome, v.Refusal = gate.Refuse, no
		}
	}
	switch v.Outcome {
	case gate.Pass:
	case gate.Redirect:
		h.app.backing.usage.Note(gate.Usage{Link: v.Link.ID, Opens: 1})
		h.sendOn(w, r, in, &v, next)
		return
	default:
		h.refuseOpening(w, r, in, &v)
		return
	}
	countRequest(&v)
	logVerdict(r, &v)
	h.sawPreview(r, in, &v)
	page := pages.Landing{Action: sharePrefix + code}
	if !in.Speculative { // a preview in a chat tells nothing about the video
		if page = h.landing(v, code, h.gate.KnowsDevice(&in.Request)); v.Asks != gate.OK {
			page = asking(&v, code, gate.OK)
		}
		h.knowDevice(w, r, in, &v.Link)
		if r.Method == http.MethodGet && !waits {
			h.app.backing.usage.Note(gate.Usage{Link: v.Link.ID, Opens: 1})
		}
	}
	h.writeLanding(w, r, http.StatusOK, &v, page)
}

func (h *Handler) writeLanding(w http.ResponseWriter, r *http.Request, status int, v *gate.Verdict, page pages.Landing) {
	h.pageHeaders(w.Header(), &v.Link)
	// With no-referrer, browsers say "Origin: null" in the form's post, and the
	// post could not be told from somebody else's.
	w.Header().Set("Referrer-Policy", "same-origin")
	h.writePage(w, r, status, func(to io.Writer) error { return page.Render(to, h.reader(r, v)) })
}

func (h *Handler) landing(v gate.Verdict, code string, returning bool) pages.Landing {
	page := pages.Landing{
		Title: v.Link.Title, Action: sharePrefix + code, ExpiresAt: v.Account.ExpiresAt, Resume: time.Duration(h.Idle),
		Views: v.Account.Views,
	}
	if !returning { // what a returning viewer has left of their own is counted when they press Watch
		page.Each, page.EachLeft = v.Account.ViewsEach, v.Account.ViewsEach
	}
	page.ViewsLeft, _ = v.Account.Left()
	return page
}

// knowDevice gives a browser its device id, so that two tabs and a double
// click are one device. The id is signed and stored nowhere.
func (h *Handler) knowDevice(w http.ResponseWriter, r *http.Request, in *request, link *gate.Link) {
	if r.Method == http.MethodGet && !h.gate.KnowsDevice(&in.Request) {
		h.setDevice(w, r, link, gate.DeviceID(token.NewID(time.Now())))
	}
}

func (h *Handler) redeem(w http.ResponseWriter, r *http.Request, in *request, code string, next caddyhttp.Handler) {
	if !browser.SameOrigin(r) {
		h.refuse(w, r, unsigned(gate.CrossOrigin))
		return
	}
	budget := storeBudget
	if in.Password = password(w, r); in.Password != "" {
		budget = passwordBudget
	}
	ctx, cancel := context.WithTimeout(r.Context(), budget)
	defer cancel()
	v, err := h.gate.Redeem(ctx, time.Now(), code, &in.Request)
	if err != nil {
		h.couldNotDecide(r, err)
		v = *unsigned(gate.StoreDown)
	}
	if v.Outcome == gate.Refuse && v.Asks == gate.PasswordNeeded && wantsPage(r) {
		if v.Refusal.Reason == gate.TooManyTries {
			h.tell(events.PasswordGuessed, in, &v)
		}
		h.askAgain(w, r, &v, code)
		return
	}
	if v.Outcome != gate.Redirect {
		h.refuseOpening(w, r, in, &v)
		return
	}
	h.sendOn(w, r, in, &v, next)
}

// sendOn sends a browser on to what it may watch in the session that was opened.
func (h *Handler) sendOn(w http.ResponseWriter, r *http.Request, in *request, v *gate.Verdict, next caddyhttp.Handler) {
	countRequest(v)
	h.sawOpening(r, in, v)
	logVerdict(r, v)
	h.tellOpened(in, v)
	h.setCookies(w, r, v)
	pages.SetHeaders(w.Header())
	w.Header().Set("Location", h.afterRedeem(r, *v, next))
	w.WriteHeader(http.StatusSeeOther)
}

// afterRedeem is where the browser goes: a clean URL where cookies carry, else
// the media itself.
func (h *Handler) afterRedeem(r *http.Request, v gate.Verdict, next caddyhttp.Handler) string {
	if h.carries("cookie") {
		return watchURL(v.Link.ID, 0)
	}
	if parts := h.partsOf(r, v.Link, next); len(parts) > 0 {
		return h.sessionPath(&v, parts[0].entries[0].String(), "")
	}
	root := ""
	if starts := h.gate.Starts(&v.Link); len(starts) > 0 {
		root = starts[0].Root()
	}
	return h.sessionPath(&v, root+"/", "")
}

// serveWatch is the player page of the session in the cookie.
func (h *Handler) serveWatch(w http.ResponseWriter, r *http.Request, in *request, next caddyhttp.Handler) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.refuse(w, r, unsigned(gate.BadMethod))
		return
	}
	path, qr := strings.CutSuffix(in.own, qrSuffix)
	link, chosen, ok := partIn(path)
	if !ok {
		h.refuse(w, r, unsigned(gate.NoToken))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeBudget)
	defer cancel()
	v, err := h.gate.Look(ctx, time.Now(), &in.Request)
	switch {
	case err != nil:
		h.couldNotDecide(r, err)
		v = *unsigned(gate.StoreDown)
	case v.Outcome == gate.Pass && v.Link.ID.String() != link:
		v.Outcome, v.Refusal.Reason = gate.Refuse, gate.NoSession // another link was opened in this browser since
	}
	if v.Outcome != gate.Pass {
		h.refuse(w, r, &v)
		return
	}
	page := h.watchPage(r, v, chosen, next)
	if qr {
		h.writeQR(w, r, &v, &page)
		return
	}
	countRequest(&v)
	logVerdict(r, &v)
	h.pageHeaders(w.Header(), &v.Link)
	h.writePage(w, r, http.StatusOK, func(to io.Writer) error { return page.Render(to, h.reader(r, &v)) })
}

// watchURL is the page of one of the parts of a link, which are counted from 0.
func watchURL(link gate.LinkID, part int) string {
	if part == 0 {
		return watchPrefix + link.String()
	}
	return watchPrefix + link.String() + "/" + strconv.Itoa(part+1)
}

// partIn reads which part a path of the watch page is about; false: it is none.
func partIn(path string) (link string, part int, ok bool) {
	link, number, several := strings.Cut(strings.TrimPrefix(path, watchPrefix), "/")
	if !several {
		return link, 0, true
	}
	n, err := strconv.Atoi(number)
	return link, n - 1, err == nil && n >= 2 && strconv.Itoa(n) == number
}

func (h *Handler) watchPage(r *http.Request, v gate.Verdict, chosen int, next caddyhttp.Handler) pages.Watch {
	page := pages.Watch{
		Title: v.Link.Title, ExpiresAt: v.Account.ExpiresAt, Resume: time.Duration(h.Idle),
		Views: v.Account.Views,
	}
	page.ViewsLeft, _ = v.Account.Left()
	parts := h.partsOf(r, v.Link, next)
	if chosen < len(parts) {
		for _, entry := range parts[chosen].entries {
			page.Sources = append(page.Sources, pages.Source{URL: h.sessionPath(&v, entry.String(), ""), Type: sourceType(entry)})
			if v.Can&gate.Download != 0 && gate.ClassOf(entry) == gate.Media {
				page.Download = h.sessionPath(&v, entry.String(), gate.QueryDownload)
			}
		}
	}
	if len(parts) > 1 {
		for i, one := range parts {
			page.Parts = append(page.Parts, pages.Part{Name: one.name, URL: watchURL(v.Link.ID, i), Shown: i == chosen})
		}
	}
	if len(page.Sources) > 0 && h.carries("path") {
		page.AppURL = strings.TrimSuffix(h.app.PublicURL, "/") + page.Sources[0].URL
		page.QR = qrFor(&page, v.Link.ID, chosen)
	}
	return page
}

func sourceType(p gate.Path) string {
	switch base := strings.ToLower(p.Base()); {
	case strings.HasSuffix(base, ".m3u8"):
		return "application/vnd.apple.mpegurl"
	case strings.HasSuffix(base, ".mpd"):
		return "application/dash+xml"
	case strings.HasSuffix(base, ".mp4"):
		return "video/mp4"
	case strings.HasSuffix(base, ".webm"):
		return "video/webm"
	}
	return ""
}

func (h *Handler) serveConsole(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.refuse(w, r, unsigned(gate.BadMethod))
		return
	}
	console := pages.Console{API: apiPrefix, SignIn: signin.Path, SignOut: signin.OutPath}
	for _, p := range api.Presets() {
		console.Presets = append(console.Presets, pages.Preset{Name: p.Name, Sentence: p.Sentence, NamesPersons: p.NamesPersons})
	}
	pages.SetConsoleHeaders(w.Header())
	h.writePage(w, r, http.StatusOK, console.Render)
}

// serveReady is for load balancers: may this node decide?
func (h *Handler) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), storeBudget)
	defer cancel()
	if err := h.app.backing.Ready(ctx); err != nil {
		if !errors.Is(err, context.Canceled) {
			h.couldNotDecide(r, err)
		}
		h.refuse(w, r, unsigned(gate.StoreDown))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ready\n")
}

// writePage renders whole before the first byte: an error leaves no half page.
func (h *Handler) writePage(w http.ResponseWriter, r *http.Request, status int, render func(io.Writer) error) {
	var page bytes.Buffer
	if err := render(&page); err != nil {
		h.logger.Error("a page could not be made", zap.Error(err))
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = page.WriteTo(w) // the client went away
	}
}
