package caddymodule

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/usher-media/usher/internal/browser"
	"github.com/usher-media/usher/internal/gate"
)

// pass hands the request on: to the path that was decided about, without
// anything of ours, with identity headers that only we can have set.
func (a *answer) pass(next caddyhttp.Handler) {
	r := a.request
	logVerdict(r, &a.verdict)
	a.sawPassing()
	a.handler.strip(r, &a.in)
	a.identify(r.Header)
	if a.rewrites() {
		a.set(r.Header, "Accept-Encoding", "identity") // deleted, Go's client would ask for gzip
	}
	defer a.finish()
	defer a.keepRefusal()
	if err := next.ServeHTTP(a, r); err != nil {
		a.fail(err)
	}
	if a.held != nil {
		a.deliver()
	}
}

// strip makes the request say exactly what was authorised.
func (h *Handler) strip(r *http.Request, in *request) {
	r.URL.Path, r.URL.RawPath = in.Path.String(), ""
	r.URL.RawQuery, r.URL.ForceQuery = in.Query, false
	r.RequestURI = r.URL.Path
	if in.Query != "" || !plain(r.URL.Path) {
		r.RequestURI = r.URL.RequestURI()
	}
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		*original.URL = *r.URL // FastCGI, and the file server's redirects, speak of this one
	}
	if len(bearer(r)) > 0 {
		delete(r.Header, "Authorization")
	}
	if referer := first(r.Header["Referer"]); referer != "" {
		r.Header.Set("Referer", redact(referer)) // GStreamer sends the signed URL there
	}
	stripCookies(r, in)
	for name, values := range r.Header {
		if unwanted(name) || slices.ContainsFunc(values, in.holds) {
			delete(r.Header, name)
		}
	}
	if gate.ClassOf(in.Path) == gate.Manifest {
		delete(r.Header, "Range")
		delete(r.Header, "If-Range")
	}
}

// plain reports a path that needs no encoding and has one by itself: almost
// every path of a segment.
func plain(path string) bool {
	for _, c := range []byte(path) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '/', c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

// longestUnwanted is how much of a name is worth looking at.
const longestUnwanted = 24

// unwanted tells headers that are ours to set, in any spelling that a server
// behind us may fold into it (CGI makes one variable of "-", "_" and, in some
// servers, of all that is no letter), and those by which clients override what
// a proxy decided about (Symfony CVE-2018-14773, oauth2-proxy CVE-2026-40575).
func unwanted(name string) bool {
	var folded [longestUnwanted]byte
	n := min(len(name), len(folded))
	for i := range n {
		folded[i] = foldHeader(name[i])
	}
	if strings.HasPrefix(string(folded[:n]), "usher-") {
		return true
	}
	if len(name) > n {
		return false
	}
	switch string(folded[:n]) {
	case "x-original-url", "x-rewrite-url", "x-override-url", "x-http-destinationurl", "request-uri", "base-url",
		"x-forwarded-uri", "x-forwarded-path", "x-forwarded-prefix", "x-envoy-original-path",
		"x-accel-redirect", "x-sendfile", "x-http-method", "x-http-method-override", "x-method-override",
		"upgrade", "http2-settings", "expect":
		return true
	}
	return false
}

func foldHeader(c byte) byte {
	switch {
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return c
	case 'A' <= c && c <= 'Z':
		return c - 'A' + 'a'
	}
	return '-'
}

// stripCookies takes our cookies out, and those that another parser would find
// ours in: "a=1, usher=…" is two cookies to a reader of RFC 2109.
func stripCookies(r *http.Request, in *request) {
	lines := r.Header["Cookie"]
	if len(lines) == 0 {
		return
	}
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.TrimSpace(pair)
			name, _, _ := strings.Cut(pair, "=")
			if pair != "" && !browser.Ours(name) && !in.holds(pair) {
				kept = append(kept, pair)
			}
		}
	}
	r.Header.Del("Cookie")
	if len(kept) > 0 {
		r.Header.Set("Cookie", strings.Join(kept, "; "))
	}
}

// identify tells upstream who asks. Client copies of these headers are gone.
func (a *answer) identify(header http.Header) {
	if a.verdict.Public {
		return // nobody was asked for
	}
	a.set(header, "Usher-Link", a.verdict.Labels.Link)
	if session := a.verdict.Labels.Session; session != "" {
		a.set(header, "Usher-Session", session)
	}
	a.set(header, "Usher-Capabilities", a.verdict.Can.String())
	if person := a.verdict.Labels.Person; person != "" {
		a.set(header, "Usher-Person", person)
	}
}

// redirect sends the client to its session: in the path, which every player
// hands on to segments, or to the clean URL where only cookies carry.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, in *request, v *gate.Verdict) {
	logVerdict(r, v)
	h.setCookies(w, r, v)
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Location", h.sessionPath(v, in.Path.String(), in.asked()))
	w.WriteHeader(http.StatusFound)
}

// sessionPath is where a session finds a path, root-relative and encoded.
func (h *Handler) sessionPath(v *gate.Verdict, path, query string) string {
	encoded := gate.EncodePath(path)
	if h.carries("path") {
		encoded = "/~" + v.Token + encoded
	}
	if query != "" {
		encoded += "?" + query
	}
	return encoded
}

// setCookies gives the client its device and, where cookies carry, its session.
func (h *Handler) setCookies(w http.ResponseWriter, r *http.Request, v *gate.Verdict) {
	h.setDevice(w, r, &v.Link, v.Device)
	if h.carries("cookie") {
		h.setCookie(w, r, &v.Link, browser.NamesFor(h.secure(r)).Session, v.Token, time.Duration(h.MaxPlay))
	}
}

func (h *Handler) setDevice(w http.ResponseWriter, r *http.Request, link *gate.Link, device gate.DeviceID) {
	h.setCookie(w, r, link, browser.NamesFor(h.secure(r)).Device, h.gate.DeviceToken(device), browser.DeviceLife)
}

// setCookie sets a cookie of ours. In a frame of another site browsers keep only
// those that are for no other site's frames (CHIPS).
func (h *Handler) setCookie(w http.ResponseWriter, r *http.Request, link *gate.Link, name, value string, life time.Duration) {
	cookie := browser.NewCookie(name, value, life, h.secure(r))
	if h.framed(r, link) {
		cookie.SameSite, cookie.Partitioned = http.SameSiteNoneMode, true
	}
	http.SetCookie(w, cookie)
}

// blank answers a speculative request: nothing to see, nothing was used.
func blank(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex, noarchive")
	w.WriteHeader(http.StatusNoContent)
}

// tellTerms puts what is left of a link into headers for owners' players.
func tellTerms(set func(http.Header, string, string), header http.Header, terms gate.TermsText) {
	if terms.Left != "" {
		set(header, "Usher-Views-Left", terms.Left)
	}
	if terms.Expires != "" {
		set(header, "Usher-Expires", terms.Expires)
	}
}

// logVerdict adds the verdict to the request's access log line. Ids are not
// credentials; no token is ever logged.
func logVerdict(r *http.Request, v *gate.Verdict) {
	server, _ := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if server == nil || server.Logs == nil {
		return // nobody writes it
	}
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		extra.Set(zap.Inline(logged{v.Outcome, v.Refusal.Reason, v.Link.ID, v.Session}))
	}
}

// logged is what the access log says about a decision.
type logged struct {
	outcome gate.Outcome
	reason  gate.Reason
	link    gate.LinkID
	session gate.SessionID
}

// MarshalLogObject writes the fields beside those of the request.
func (l logged) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("usher_verdict", l.outcome.String())
	to.AddString("usher_reason", l.reason.String())
	if !l.link.IsZero() {
		to.AddString("usher_link", l.link.String())
	}
	if !l.session.IsZero() {
		to.AddString("usher_session", l.session.String())
	}
	return nil
}
