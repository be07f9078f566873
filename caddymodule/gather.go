package caddymodule

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/text/unicode/norm"

	"github.com/usher-media/usher/internal/browser"
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
	// carriers is room for the credentials that a request may have.
	carriers [4]gate.Credential
	// own is the raw path of one of Usher's own pages; empty: media.
	own string
	// came is when the request came.
	came time.Time
}

// holds reports whether a text holds a token that came with this request. What
// is shorter than a token is none, and may be part of anything.
func (in *request) holds(text string) bool {
	for _, c := range in.Presented {
		if len(c.Text) >= minToken && strings.Contains(text, c.Text) {
			return true
		}
	}
	return (len(in.Device) >= minToken && strings.Contains(text, in.Device)) ||
		(len(in.SignIn) >= minToken && strings.Contains(text, in.SignIn))
}

var minToken = token.SealedLen(token.LinkCode)

// gather reads what Caddy handed us, strictly: one path spelling, one
// credential, bounded everything. It changes nothing about the request.
// Names of headers are written in canonical form and looked up as they are:
// this runs on every request.
func (h *Handler) gather(r *http.Request, in *request) gate.Reason {
	in.Request = gate.Request{
		Method: r.Method, Client: clientAddr(r), Agent: bounded(first(r.Header["User-Agent"]), 512),
		Presented: in.carriers[:0],
		Browser:   len(r.Header["Sec-Fetch-Mode"]) > 0 || len(r.Header["Sec-Fetch-Site"]) > 0,
	}
	in.Speculative = speculative(r) || gate.Previewer(in.Agent)
	if !hopByHopOnly(r.Header["Connection"]) || (r.ContentLength != 0 && !in.Writes()) {
		return gate.BadRequest
	}
	rawPath, rawQuery, ok := target(r)
	if !ok {
		return gate.BadRequest
	}
	if strings.HasPrefix(rawPath, sharePrefix) || strings.HasPrefix(rawPath, ownPrefix) {
		in.own = rawPath
		in.Navigates = first(r.Header["Sec-Fetch-Mode"]) == "navigate" && first(r.Header["Sec-Fetch-Dest"]) == "document"
		h.cookies(r, in)
		return gate.OK
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions && (h.Upload == 0 || !in.Writes()) {
		return gate.BadMethod
	}
	return h.gatherMedia(r, in, rawPath, rawQuery)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (h *Handler) gatherMedia(r *http.Request, in *request, rawPath, rawQuery string) gate.Reason {
	session, rest, ok := gate.SplitTarget(rawPath)
	if !ok || (session != "" && !h.carries("path")) {
		return gate.BadRequest
	}
	if in.Path, ok = gate.ParsePath(rest); !ok || !norm.NFC.IsNormalString(in.Path.String()) {
		return gate.BadRequest
	}
	tokens, query, ok := gate.SplitQuery(rawQuery)
	if !ok {
		return gate.BadRequest
	}
	in.Query, in.Download = gate.SplitDownload(query)
	in.Document = first(r.Header["Sec-Fetch-Dest"]) == "document"
	if session != "" {
		in.Presented = append(in.Presented, gate.Credential{Carrier: gate.InPath, Text: session})
	}
	for _, t := range tokens {
		in.Presented = append(in.Presented, gate.Credential{Carrier: gate.InQuery, Text: t})
	}
	for _, t := range bearer(r) {
		in.Presented = append(in.Presented, gate.Credential{Carrier: gate.InHeader, Text: t})
	}
	h.cookies(r, in)
	if gate.ClassOf(in.Path) == gate.Manifest {
		return gate.OK // its Range is dropped before upstream: manifests are answered whole
	}
	if in.Range = ranges(r.Header["Range"]); in.Range == gate.RangeBad {
		return gate.BadRange
	}
	return gate.OK
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

// cookies adds the device cookie and the sign-in cookie, and the session cookie
// as a credential.
func (h *Handler) cookies(r *http.Request, in *request) {
	if len(r.Header["Cookie"]) == 0 {
		return
	}
	names := browser.NamesFor(h.secure(r))
	in.Device = browser.Cookie(r, names.Device)
	in.SignIn = browser.Cookie(r, names.Person)
	if text := browser.Cookie(r, names.Session); text != "" && h.carries("cookie") {
		in.Presented = append(in.Presented, gate.Credential{Carrier: gate.InCookie, Text: text})
	}
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
	for _, name := range [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		values := r.Header[name]
		if len(values) == 0 {
			continue
		}
		value := strings.ToLower(values[0])
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
