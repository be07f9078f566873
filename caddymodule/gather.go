package caddymodule

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/text/unicode/norm"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/token"
)

// Prefixes of Usher's own paths on a gated site.
const (
	sharePrefix = "/s/"
	ownPrefix   = "/_usher/"
	apiPrefix   = "/_usher/api/v1"
)

// request is a gate.Request and what only answering needs.
type request struct {
	gate.Request
	// own is the raw path of one of Usher's own pages; empty: media.
	own string
}

// holds reports whether a text holds a token that came with this request. What
// is shorter than a token is none, and may be part of anything.
func (in request) holds(text string) bool {
	for _, c := range in.Presented {
		if len(c.Text) >= minToken && strings.Contains(text, c.Text) {
			return true
		}
	}
	return len(in.Device) >= minToken && strings.Contains(text, in.Device)
}

var minToken = token.SealedLen(token.LinkCode)

// gather reads what Caddy handed us, strictly: one path spelling, one
// credential, bounded everything. It changes nothing about the request.
func (h *Handler) gather(r *http.Request) (request, gate.Reason) {
	in := request{Request: gate.Request{
		Method: r.Method, Client: clientAddr(r), Agent: bounded(r.UserAgent(), 512),
		Browser: r.Header.Get("Sec-Fetch-Mode") != "" || r.Header.Get("Sec-Fetch-Site") != "",
	}}
	in.Speculative = speculative(r) || gate.Previewer(in.Agent)
	if !hopByHopOnly(r.Header["Connection"]) || (r.ContentLength != 0 && r.Method != http.MethodPost && r.Method != http.MethodPatch && r.Method != http.MethodDelete) {
		return in, gate.BadRequest
	}
	rawPath, rawQuery, ok := target(r)
	if !ok {
		return in, gate.BadRequest
	}
	if strings.HasPrefix(rawPath, sharePrefix) || strings.HasPrefix(rawPath, ownPrefix) {
		in.own = rawPath
		in.Device, in.Presented = h.cookies(r)
		return in, gate.OK
	}
	if !slices.Contains(mediaMethods, r.Method) {
		return in, gate.BadMethod
	}
	return h.gatherMedia(r, in, rawPath, rawQuery)
}

var mediaMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

func (h *Handler) gatherMedia(r *http.Request, in request, rawPath, rawQuery string) (request, gate.Reason) {
	session, rest, ok := gate.SplitTarget(rawPath)
	if !ok || (session != "" && !h.carries("path")) {
		return in, gate.BadRequest
	}
	if in.Path, ok = gate.ParsePath(rest); !ok || !norm.NFC.IsNormalString(in.Path.String()) {
		return in, gate.BadRequest
	}
	tokens, query, ok := gate.SplitQuery(rawQuery)
	if !ok {
		return in, gate.BadRequest
	}
	in.Query = query
	if session != "" {
		in.Presented = append(in.Presented, gate.Credential{Carrier: gate.InPath, Text: session})
	}
	for _, t := range tokens {
		in.Presented = append(in.Presented, gate.Credential{Carrier: gate.InQuery, Text: t})
	}
	for _, t := range bearer(r) {
		in.Presented = append(in.Presented, gate.Credential{Carrier: gate.InHeader, Text: t})
	}
	device, fromCookie := h.cookies(r)
	in.Device, in.Presented = device, append(in.Presented, fromCookie...)
	if gate.ClassOf(in.Path) == gate.Manifest {
		return in, gate.OK // its Range is dropped before upstream: manifests are answered whole
	}
	if in.Range = ranges(r.Header["Range"]); in.Range == gate.RangeBad {
		return in, gate.BadRange
	}
	return in, gate.OK
}

// target returns the raw path and query of the request line. They must be
// those that Caddy's handlers see too: a rewrite before the gate would let it
// decide about one path while viewers and upstream speak of others.
func target(r *http.Request) (rawPath, rawQuery string, ok bool) {
	original := r
	if o, found := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); found {
		original = &o
	}
	if original.URL == nil || original.URL.Path != r.URL.Path || original.URL.RawQuery != r.URL.RawQuery {
		return "", "", false
	}
	raw := original.RequestURI
	if raw == "" || raw[0] != '/' || strings.ContainsRune(raw, '#') || len(raw) > 8<<10 {
		return "", "", false // absolute form, authority form, "*", fragments
	}
	rawPath, rawQuery, hasQuery := strings.Cut(raw, "?")
	if hasQuery && rawQuery == "" {
		return rawPath, "", true
	}
	return rawPath, rawQuery, rawQuery == r.URL.RawQuery
}

// ranges reads the Range header; two of them are one too many.
func ranges(values []string) gate.RangeKind {
	switch len(values) {
	case 0:
		return gate.RangeNone
	case 1:
		if values[0] == "" {
			return gate.RangeBad
		}
		return gate.ParseRange(values[0])
	default:
		return gate.RangeBad
	}
}

// bearer returns the bearer credentials of the Authorization headers. Other
// schemes are none of ours and pass on.
func bearer(r *http.Request) []string {
	var tokens []string
	for _, value := range r.Header["Authorization"] {
		scheme := value
		if i := strings.IndexAny(value, " \t"); i >= 0 {
			scheme = value[:i]
		}
		if strings.EqualFold(scheme, "Bearer") {
			tokens = append(tokens, strings.TrimSpace(value[len(scheme):]))
		}
	}
	return tokens
}

// cookieNames are Usher's cookies on this site.
func (h *Handler) cookieNames(r *http.Request) (session, device string) {
	if h.secure(r) {
		return "__Host-usher", "__Host-usher-device"
	}
	return "usher", "usher-device"
}

// cookies returns the device cookie and the session cookie as a credential.
// A cookie that is there twice with two values was planted by somebody (a
// sibling host, a path): neither counts.
func (h *Handler) cookies(r *http.Request) (device string, session []gate.Credential) {
	sessionName, deviceName := h.cookieNames(r)
	device = oneCookie(r, deviceName)
	if text := oneCookie(r, sessionName); text != "" && h.carries("cookie") {
		session = []gate.Credential{{Carrier: gate.InCookie, Text: text}}
	}
	return device, session
}

func oneCookie(r *http.Request, name string) string {
	found := ""
	for i, c := range r.CookiesNamed(name) {
		if i > 0 && found != c.Value {
			return ""
		}
		found = c.Value
	}
	return found
}

// clientAddr is the address Caddy resolved, which honours trusted_proxies; no
// forwarding header is read here.
func clientAddr(r *http.Request) netip.Addr {
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// speculative reports a fetch that nobody asked to see yet.
func speculative(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		value := strings.ToLower(r.Header.Get(name))
		if strings.Contains(value, "prefetch") || strings.Contains(value, "preview") || strings.Contains(value, "prerender") {
			return true
		}
	}
	return false
}

// hopByHopOnly refuses a Connection header that names end-to-end headers: a
// later hop would take them away (Traefik CVE-2024-45410), ours among them.
func hopByHopOnly(values []string) bool {
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "", "close", "keep-alive", "upgrade", "te", "trailer", "http2-settings":
			default:
				return false
			}
		}
	}
	return true
}

func bounded(s string, most int) string { return s[:min(len(s), most)] }
