package caddymodule

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/usher-media/usher/internal/gate"
)

// maxEntries bounds what is remembered about links to folders.
const maxEntries = 10_000

// entryLife is how long what was found is believed, nothing included: folders
// are filled and packaged again while their links live.
const entryLife = 30 * time.Second

// entries remembers where players start in folders whose link does not say.
type entries struct {
	mu     sync.Mutex
	byLink map[gate.LinkID]found
}

// found is what a link had to start with, at that time.
type found struct {
	parts []part
	at    time.Time
}

// part is one thing to watch on a link: a link to a collection may have several.
type part struct {
	// name is that of its file or folder.
	name string
	// entries are what a player starts with, the best first.
	entries []gate.Path
}

func newEntries() *entries { return &entries{byLink: map[gate.LinkID]found{}} }

func (e *entries) get(id gate.LinkID, now time.Time) ([]part, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, ok := e.byLink[id]
	return f.parts, ok && now.Sub(f.at) < entryLife
}

func (e *entries) put(id gate.LinkID, parts []part, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.byLink) >= maxEntries {
		clear(e.byLink)
	}
	e.byLink[id] = found{parts, now}
}

// usualEntries are the names that packagers give to what a player opens first.
var usualEntries = []string{"master.m3u8", "index.m3u8", "playlist.m3u8", "main.m3u8", "stream.m3u8", "manifest.mpd"}

// atEntry turns a request for the folder of a link into one for the file that
// a player starts with, if there is one. Everything else stays as it is.
func (h *Handler) atEntry(r *http.Request, in *request, next caddyhttp.Handler) {
	ctx, cancel := context.WithTimeout(r.Context(), storeBudget)
	defer cancel()
	v, ok, err := h.gate.Folder(ctx, time.Now(), &in.Request)
	if err != nil || !ok {
		return // the decision meets the same, and answers it
	}
	if v.Outcome == gate.Pass {
		if parts := h.partsOf(r, v.Link, next); len(parts) > 0 {
			in.Path = parts[0].entries[0]
		}
		return
	}
	for _, start := range h.gate.Starts(&v.Link) { // refused wherever it starts: upstream is not asked
		if p, err := start.Entry(entryIn(start, v.Link.Entry)); err == nil {
			in.Path = p
			return
		}
	}
}

// entryIn is a file that a player may start with in a folder; of a file, itself.
func entryIn(start gate.Scope, entry string) string {
	if !start.Tree() {
		return ""
	}
	return cmp.Or(entry, usualEntries[0])
}

// partsOf finds what there is to watch on a link, in order. A place where nothing
// was found that a player could start with is no part.
func (h *Handler) partsOf(r *http.Request, link gate.Link, next caddyhttp.Handler) []part {
	if known, ok := h.entries.get(link.ID, time.Now()); ok {
		return known
	}
	var parts []part
	for _, start := range h.gate.Starts(&link) {
		if found := h.entriesIn(r, start, link.Entry, next); len(found) > 0 {
			parts = append(parts, part{path.Base(start.Root()), found})
		}
	}
	h.entries.put(link.ID, parts, time.Now())
	return parts
}

// entriesIn finds what a player starts with in a folder, the best first: the
// link's own entry, or a playlist under one of its usual names, and a plain
// file named like the folder, for browsers that play no playlists.
func (h *Handler) entriesIn(r *http.Request, start gate.Scope, entry string, next caddyhttp.Handler) []gate.Path {
	if !start.Tree() {
		p, err := start.Entry("")
		return oneOrNone(p, err)
	}
	var found []gate.Path
	if entry != "" {
		found = oneOrNone(start.Entry(entry))
	}
	for i, name := range append(usualEntries, path.Base(start.Root())+".mp4") {
		playlist := i < len(usualEntries)
		if playlist && len(found) > 0 {
			continue
		}
		if p, err := start.Entry(name); err == nil && !slices.Contains(found, p) && h.exists(r, p, next) {
			found = append(found, p)
		}
	}
	return found
}

func oneOrNone(p gate.Path, err error) []gate.Path {
	if err != nil {
		return nil
	}
	return []gate.Path{p}
}

func (h *Handler) exists(r *http.Request, p gate.Path, next caddyhttp.Handler) bool {
	status := h.head(r, p, next)
	return status >= 200 && status < 300
}

// head asks the handlers behind the gate for the head of a path, as a request of
// the gate's own: nothing of the viewer's request goes along. 0: they did not say.
func (h *Handler) head(r *http.Request, p gate.Path, next caddyhttp.Handler) (status int) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	sub, err := http.NewRequestWithContext(ctx, http.MethodHead, gate.EncodePath(p.String()), nil)
	if err != nil {
		return 0
	}
	sub.Host, sub.RemoteAddr, sub.TLS, sub.RequestURI = r.Host, r.RemoteAddr, r.TLS, sub.URL.RequestURI()
	server, _ := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if server == nil {
		return 0
	}
	head := &headOnly{header: http.Header{}}
	sub = caddyhttp.PrepareRequest(sub, caddy.NewReplacer(), head, server)
	inheritVars(sub, r)
	if err := next.ServeHTTP(head, sub); err != nil {
		known, _ := errors.AsType[caddyhttp.HandlerError](err)
		return known.StatusCode
	}
	return head.status
}

// inheritVars gives a request of the gate's own the variables that the site's
// routes set before the gate, such as the root of files. Who the client is
// stays its own.
func inheritVars(sub, r *http.Request) {
	from, _ := r.Context().Value(caddyhttp.VarsCtxKey).(map[string]any)
	for name, value := range from {
		if name != caddyhttp.ClientIPVarKey && name != caddyhttp.TrustedProxyVarKey {
			caddyhttp.SetVar(sub.Context(), name, value)
		}
	}
}

// headOnly keeps a status and drops the rest.
type headOnly struct {
	header http.Header
	status int
}

func (o *headOnly) Header() http.Header { return o.header }

func (o *headOnly) WriteHeader(status int) {
	if o.status == 0 && status >= 200 {
		o.status = status
	}
}

func (o *headOnly) Write(p []byte) (int, error) {
	o.WriteHeader(http.StatusOK)
	return len(p), nil
}
