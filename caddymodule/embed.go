package caddymodule

import (
	"net/http"
	"strings"

	"github.com/usher-media/usher/internal/gate"
	"github.com/usher-media/usher/internal/pages"
)

// A collection may name sites whose pages show its media. To those, and to no
// other, a browser lets scripts read an answer (CORS), and framing a link's
// pages is theirs alone. None of it lets anybody pass.

// exposed are the headers that pages of other sites may read.
const exposed = "Content-Range, Content-Length, Accept-Ranges, Date, Usher-Views-Left, Usher-Expires, Usher-Reason"

// preflightAge is how long browsers need not ask again, in seconds: two hours is
// the most that any of them keeps to. What they then ask for is looked at anew.
const preflightAge = "7200"

// shareWith lets the request's origin read the answer, if it may.
func shareWith(header http.Header, embed *gate.Embedding, origin string) {
	if embed == nil {
		return
	}
	for name := range header { // what upstream says is for a site without a gate
		if strings.HasPrefix(name, "Access-Control-") {
			delete(header, name)
		}
	}
	header.Add("Vary", "Origin")
	if !embed.Allows(origin) {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Set("Access-Control-Expose-Headers", exposed)
}

// originOf is the origin that the request says it comes from; empty: none.
func originOf(r *http.Request) string {
	if origins := r.Header["Origin"]; len(origins) == 1 {
		return origins[0]
	}
	return ""
}

// shareAnswer is shareWith for an answer of the gate's own to a request for media.
func (h *Handler) shareAnswer(header http.Header, r *http.Request) {
	origin := originOf(r)
	if origin == "" {
		return
	}
	_, rest, ok := gate.SplitTarget(gate.EncodePath(r.URL.Path))
	if p, canonical := gate.ParsePath(rest); ok && canonical && !strings.HasPrefix(rest, ownPrefix) && !strings.HasPrefix(rest, sharePrefix) {
		shareWith(header, h.gate.EmbeddingAt(p), origin)
	}
}

// serveOptions answers a question about what may be asked. No credential is
// looked at, and nothing is granted by it: browsers send none along.
func (h *Handler) serveOptions(w http.ResponseWriter, r *http.Request, in *request) {
	header := w.Header()
	header.Set("Allow", "GET, HEAD, OPTIONS")
	if h.Upload > 0 {
		header.Set("Allow", "GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE")
	}
	if embed := h.gate.EmbeddingAt(in.Path); embed.Allows(originOf(r)) && r.Header.Get("Access-Control-Request-Method") != "" {
		shareWith(header, embed, originOf(r))
		header.Set("Access-Control-Allow-Methods", "GET, HEAD")
		header.Set("Access-Control-Allow-Headers", "Range, If-Range, If-Match, If-None-Match, If-Modified-Since, Authorization")
		header.Set("Access-Control-Max-Age", preflightAge)
	}
	w.WriteHeader(http.StatusNoContent)
}

// pageHeaders sets the headers of a page about a link, which may be framed by
// whoever may embed what it leads to.
func (h *Handler) pageHeaders(header http.Header, link *gate.Link) {
	pages.SetHeaders(header)
	header.Set("Vary", "Accept, Accept-Language, Cookie, Authorization")
	if ancestors := h.gate.EmbeddingOf(link).Ancestors(); ancestors != "" {
		pages.AllowFraming(header, ancestors)
	}
}

// framed tells a page in a frame of another site: its cookies have to be
// those of that frame on that site.
func (h *Handler) framed(r *http.Request, link *gate.Link) bool {
	return r.Header.Get("Sec-Fetch-Dest") == "iframe" && h.secure(r) && h.gate.EmbeddingOf(link) != nil
}
